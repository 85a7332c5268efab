/*
 * fuzz-flv - fragment-split on anything: whatever comes out must be whole
 * fragments, in order.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "media/split.h"

int	LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct seen {
	bool	any;
	int64_t	end;
};

static void
check_order(struct seen *seen, const struct fragment_info *info)
{
	if ((info->flags & FRAGMENT_EPOCH_START) == 0 &&
	    (!seen->any || info->start != seen->end))
		abort();
	if (((info->flags & FRAGMENT_DEPENDENT) != 0) != (info->back > 0))
		abort();
	if (info->end <= info->start)
		abort();
	seen->any = true;
	seen->end = info->end;
}

static int
emit(void *arg, struct iovec *iov, int count, struct err *err)
{
	struct fragment_info info;
	struct buf b;
	struct mp4 m;
	size_t bytes;

	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	for (int i = 0; i < count; i++)
		buf_put(&b, iov[i].iov_base, iov[i].iov_len);
	if (buf_ok(&b, err) == -1 || mp4_parse(&m, b.p, b.n, err) == -1 ||
	    fragment_length(b.p, b.n, &bytes, err) != 1 || bytes != b.n ||
	    fragment_get_info(b.p, b.n, &info, err) == -1 || m.nruns == 0)
		abort();
	check_order(arg, &info);
	mp4_release(&m);
	buf_release(&b);
	return 0;
}

static void
split_all(const uint8_t *p, size_t n, enum split_cut cut)
{
	struct seen seen = { 0 };
	const struct split_conf conf = { .duration_ms = 1000,
	    .max_gap_ms = 10000, .cut = cut, .emit = emit, .arg = &seen };
	struct err err = ERR_INIT;
	struct split *s = split_new(&conf, &err);
	size_t room, step;
	uint8_t *to;
	int rc = 0;

	while (s != NULL && n > 0 && rc == 0) {
		if ((to = split_room(s, &room, &err)) == NULL)
			break;
		step = n < 61 ? n : 61;
		memcpy(to, p, step);
		p += step;
		n -= step;
		rc = split_feed(s, step, 1700000000000000, &err);
	}
	if (s != NULL && split_finish(s, SPLIT_END_INPUT, &err) == -1 &&
	    err.cls != ERR_DATA)
		abort();
	split_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	split_all(p, n, SPLIT_CUT_EXACT);
	split_all(p, n, SPLIT_CUT_KEYFRAME);
	return 0;
}
