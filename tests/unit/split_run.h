/*
 * split_run - one splitter, the FLV that goes in and the fragments that come
 * out, for tests of split.
 */
#ifndef UNIT_SPLIT_RUN_H
#define UNIT_SPLIT_RUN_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "media/split.h"
#include "tap.h"

#define OUT_MAX	64

/* Baseline, 160x128 and 160x144. */
static const uint8_t avcc[] = { 1, 0x42, 0x00, 0x1e, 0xff, 0xe1, 0, 8, 0x67,
    0x42, 0x00, 0x1e, 0xdc, 0x28, 0x44, 0x40, 1, 0, 2, 0x68, 0xce };
static const uint8_t avcc2[] = { 1, 0x42, 0x00, 0x1e, 0xff, 0xe1, 0, 8, 0x67,
    0x42, 0x00, 0x1e, 0xdc, 0x28, 0x4c, 0x40, 1, 0, 2, 0x68, 0xce };
static const uint8_t asc[] = { 0x11, 0x90 };		/* LC, 48 kHz */
static const uint8_t asc960[] = { 0x11, 0x94 };
static const uint8_t asc_he[] = { 0x2b, 0x11, 0x88, 0x00 };	/* 24 kHz core */

static const uint8_t idr[] = { 0, 0, 0, 2, 0x65, 0x88 };
static const uint8_t inter[] = { 0, 0, 0, 2, 0x41, 0x9a };

/* One splitter, what goes in and what came out. */
struct run {
	struct split	*s;
	struct buf	 in;
	struct buf	 out[OUT_MAX];
	struct fragment_info info[OUT_MAX];
	struct mp4	 mp4[OUT_MAX];
	size_t		 n;
	int		 fail_at;	/* emit() fails then; -1: never */
	bool		 discard;	/* do not keep what comes out */
	int		 rc;
	struct err	 err;
	struct split_stats stats;
};

static inline int
emit(void *arg, struct iovec *iov, int count, struct err *err)
{
	struct run *r = arg;
	struct buf *b = &r->out[r->n];

	if (r->discard)
		return 0;
	if ((int)r->n == r->fail_at)
		return err_set(err, ERR_IO, "no more");
	if (r->n == OUT_MAX)
		abort();
	buf_init(b, LIMIT_FRAGMENT_BYTES);
	for (int i = 0; i < count; i++)
		buf_put(b, iov[i].iov_base, iov[i].iov_len);
	r->n++;
	return 0;
}

static inline void
begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->fail_at = -1;
	buf_init(&r->in, 1 << 28);
	buf_put(&r->in, "FLV\1\5\0\0\0\x09\0\0\0\0", 13);
}

static inline void
put_tag(struct run *r, uint8_t type, int64_t ms, const void *head,
    size_t head_bytes, const void *body, size_t n)
{
	struct buf *b = &r->in;
	const uint32_t ts = (uint32_t)ms;

	buf_put_u8(b, type);
	buf_put_u24(b, (uint32_t)(head_bytes + n));
	buf_put_u24(b, ts & 0xffffff);
	buf_put_u8(b, (uint8_t)(ts >> 24));
	buf_put_u24(b, 0);
	buf_put(b, head, head_bytes);
	buf_put(b, body, n);
	buf_put_u32(b, (uint32_t)(11 + head_bytes + n));
}

#define VIDEO_CONFIG(r, c)	\
	put_tag(r, 9, 0, "\x17\0\0\0\0", 5, c, sizeof(c))
#define AUDIO_CONFIG(r, c)	put_tag(r, 8, 0, "\xaf\0", 2, c, sizeof(c))

static inline void
video(struct run *r, int64_t ms, int32_t cts_ms, bool key)
{
	const uint8_t head[] = { key ? 0x17 : 0x27, 1,
	    (uint8_t)((uint32_t)cts_ms >> 16), (uint8_t)((uint32_t)cts_ms >> 8),
	    (uint8_t)cts_ms };

	put_tag(r, 9, ms, head, sizeof(head), key ? idr : inter, 6);
}

static inline void
audio(struct run *r, int64_t ms)
{
	put_tag(r, 8, ms, "\xaf\1", 2, "frame", 5);
}

/* 25 pictures a second from FROM_MS until TO_MS, a keyframe every GOP. */
static inline void
pictures(struct run *r, int64_t from_ms, int64_t to_ms, int gop)
{
	int i = 0;

	for (int64_t ms = from_ms; ms < to_ms; ms += 40)
		video(r, ms, 0, i++ % gop == 0);
}

static inline void
sounds(struct run *r, int64_t from_ms, int64_t to_ms)
{
	for (int64_t i = 0; from_ms + i * 64 / 3 < to_ms; i++)
		audio(r, from_ms + i * 64 / 3);
}

static inline void
both(struct run *r, int64_t from_ms, int64_t to_ms, int gop)
{
	int64_t sound = 0, picture = 0;

	for (int64_t ms = from_ms; ms < to_ms; ms++) {
		if (ms == from_ms + picture * 40)
			video(r, ms, 0, picture++ % gop == 0);
		if (ms == from_ms + sound * 64 / 3) {
			audio(r, ms);
			sound++;
		}
	}
}

/* Split what was put, STEP bytes at a time, and read what comes out. */
static inline void
finish_in_steps(struct run *r, const struct split_conf *options, size_t step)
{
	struct split_conf conf = { .duration_ms = 1000, .max_gap_ms = 10000 };
	size_t room, n;
	uint8_t *to;

	if (options != NULL)
		conf = *options;
	conf.emit = emit;
	conf.arg = r;
	r->s = split_new(&conf, &r->err);
	for (size_t at = 0; at < r->in.n && r->rc == 0; at += n) {
		to = split_room(r->s, &room, &r->err);
		n = r->in.n - at < room ? r->in.n - at : room;
		n = n < step ? n : step;
		memcpy(to, r->in.p + at, n);
		r->rc = split_feed(r->s, n, 0, &r->err);
	}
	if (r->rc == 0)
		r->rc = split_finish(r->s, SPLIT_END_INPUT, &r->err);
	r->stats = *split_stats(r->s);
	split_free(r->s);
	for (size_t i = 0; i < r->n; i++)
		if (fragment_get_info(r->out[i].p, r->out[i].n, &r->info[i],
		    &r->err) == -1 || mp4_parse(&r->mp4[i], r->out[i].p,
		    r->out[i].n, &r->err) == -1) {
			ok(false, "fragment %zu: %s", i, r->err.text);
			exit(1);
		}
}

static inline void
finish(struct run *r)
{
	finish_in_steps(r, NULL, SIZE_MAX);
}

static inline void
end(struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		mp4_release(&r->mp4[i]);
		buf_release(&r->out[i]);
	}
	buf_release(&r->in);
}

/* All samples of a kind, in all fragments. */
static inline size_t
samples(const struct run *r, enum track_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->mp4[i].nruns; k++)
			if (mp4_track(&r->mp4[i],
			    r->mp4[i].runs[k].track_id)->kind == kind)
				n += r->mp4[i].runs[k].count;
	return n;
}

/* The run of a kind in fragment I. */
static inline const struct mp4_run *
run_of(const struct run *r, size_t i, enum track_kind kind)
{
	for (size_t k = 0; k < r->mp4[i].nruns; k++)
		if (mp4_track(&r->mp4[i], r->mp4[i].runs[k].track_id)->kind ==
		    kind)
			return &r->mp4[i].runs[k];
	return NULL;
}

/* Intervals and decode times without holes from fragment A to B. */
static inline bool
contiguous(const struct run *r, size_t a, size_t b)
{
	const struct mp4_run *last[MP4_TRACKS_MAX + 1] = { NULL };
	uint64_t dts;

	for (size_t i = a; i <= b; i++) {
		if (i > a && r->info[i].start != r->info[i - 1].end)
			return false;
		for (size_t k = 0; k < r->mp4[i].nruns; k++) {
			const struct mp4_run *run = &r->mp4[i].runs[k];
			const struct mp4_run *prev = last[run->track_id];

			if (prev != NULL) {
				dts = prev->dts;
				for (size_t j = 0; j < prev->count; j++)
					dts += prev->samples[j].duration;
				if (dts != run->dts)
					return false;
			}
			last[run->track_id] = run;
		}
	}
	return true;
}

#endif /* UNIT_SPLIT_RUN_H */
