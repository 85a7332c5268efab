#include "media/retime.h"

#include <inttypes.h>

#include "base/err.h"
#include "media/mp4.h"

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
check(const int64_t *sorted, size_t n, int64_t start, int64_t end,
    struct err *err)
{
	size_t i;

	if (n == 0)
		return err_set(err, ERR_BUG, "no pictures to time");
	for (i = 1; i < n; i++)
		if (sorted[i] == sorted[i - 1])
			return err_set(err, ERR_BUG,
			    "two pictures at %" PRId64, sorted[i]);
	if (sorted[0] < start || sorted[n - 1] >= end)
		return err_set(err, ERR_BUG, "pictures from %" PRId64 " to %"
		    PRId64 " outside of [%" PRId64 ", %" PRId64 ")",
		    sorted[0], sorted[n - 1], start, end);
	if ((uint64_t)end - (uint64_t)start > INT32_MAX)
		return err_set(err, ERR_DATA, "interval too long");
	return 0;
}

/* DTS[] ends with END; each must leave room for its picture's PTS. */
static void
pull_forward(const int64_t *pts, size_t n, uint32_t delay, int64_t *dts)
{
	int64_t first = INT64_MAX;	/* of the PTS from here on */
	size_t i;

	for (i = n; i-- > 0;) {
		if (pts[i] < first)
			first = pts[i];
		if (dts[i] > first + delay)
			dts[i] = first + delay;
		if (dts[i] >= dts[i + 1])
			dts[i] = dts[i + 1] - 1;
	}
}

int
retime(const int64_t *pts, size_t n, int64_t start, int64_t end,
    uint32_t delay, struct mp4_sample *samples, struct err *err)
{
	int64_t *dts = calloc(n + 1, sizeof(*dts));
	size_t i;
	int rc = -1;

	if (dts == NULL)
		return err_nomem(err);
	memcpy(dts, pts, n * sizeof(*dts));
	qsort(dts, n, sizeof(*dts), compare);
	if (check(dts, n, start, end, err) == -1)
		goto out;
	dts[0] = start;
	dts[n] = end;
	pull_forward(pts, n, delay, dts);
	if (dts[0] != start) {
		err_set(err, ERR_DATA, "pictures reordered too far");
		goto out;
	}
	for (i = 0; i < n; i++) {
		samples[i].duration = (uint32_t)(dts[i + 1] - dts[i]);
		samples[i].cts = (int32_t)(pts[i] - dts[i] + delay);
	}
	rc = 0;
out:
	free(dts);
	return rc;
}
