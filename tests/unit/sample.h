/*
 * sample - whole fragments without an encoder, for tests of the store.
 */
#ifndef UNIT_SAMPLE_H
#define UNIT_SAMPLE_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/fragment.h"
#include "media/mp4.h"

#define SAMPLE_TIMESCALE	90000

/*
 * Append an original of one second and one sample, SECOND from the start,
 * that arrived at ARRIVAL_US.
 */
static inline void
sample_arrived(struct buf *b, uint32_t flags, uint32_t second,
    int64_t arrival_us)
{
	static const uint8_t avcc[] = { 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4,
	    0x67, 0x64, 0, 0x1f, 1, 0, 1, 0x68 };
	static const uint8_t picture[400];
	const struct track track = { .id = 1, .kind = TRACK_VIDEO,
	    .codec = CODEC_H264, .timescale = SAMPLE_TIMESCALE, .width = 64,
	    .height = 64, .config = avcc, .config_bytes = sizeof(avcc) };
	const struct mp4_sample sample = { .p = picture,
	    .bytes = sizeof(picture), .duration = SAMPLE_TIMESCALE,
	    .sync = (flags & FRAGMENT_DEPENDENT) == 0 };
	const struct mp4_run run = { .track_id = 1,
	    .dts = (uint64_t)second * SAMPLE_TIMESCALE, .samples = &sample,
	    .count = 1 };
	const struct fragment_info info = { .flags = flags,
	    .back = (flags & FRAGMENT_DEPENDENT) != 0,
	    .timescale = SAMPLE_TIMESCALE,
	    .start = (int64_t)second * SAMPLE_TIMESCALE,
	    .end = (int64_t)(second + 1) * SAMPLE_TIMESCALE,
	    .arrival_us = arrival_us };

	const size_t at = b->n;
	struct err err = ERR_INIT;

	mp4_put_ftyp(b);
	fragment_put_info(b, &info);
	mp4_put_moov(b, &track, 1);
	mp4_put_fragment(b, 0, &run, 1);
	if (fragment_seal(&(struct iovec){ b->p + at, b->n - at }, 1, &err) ==
	    -1)
		exit(99);
}

static inline void
sample_fragment(struct buf *b, uint32_t flags, uint32_t second)
{
	sample_arrived(b, flags, second, 0);
}

#endif /* UNIT_SAMPLE_H */
