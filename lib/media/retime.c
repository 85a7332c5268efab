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

int
retime(const int64_t *pts, size_t n, int64_t start, int64_t end,
    struct mp4_sample *samples, struct err *err)
{
	int64_t *sorted = calloc(n + 1, sizeof(*sorted));
	size_t i;

	if (sorted == NULL)
		return err_nomem(err);
	memcpy(sorted, pts, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare);
	if (check(sorted, n, start, end, err) == -1) {
		free(sorted);
		return -1;
	}
	sorted[0] = start;
	sorted[n] = end;
	for (i = 0; i < n; i++) {
		samples[i].duration = (uint32_t)(sorted[i + 1] - sorted[i]);
		samples[i].cts = (int32_t)(pts[i] - sorted[i]);
	}
	free(sorted);
	return 0;
}
