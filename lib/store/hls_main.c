#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "media/codec.h"
#include "media/mp4.h"
#include "store/hls.h"
#include "store/samples.h"
#include "store/spool.h"
#include "store/timeline.h"

/* The newest so many segments tell the frame rate. */
#define FRAME_SEGMENTS	16

static uint64_t
rate_bps(uint64_t bytes, int64_t us)
{
	return us <= 0 ? 0 :
	    (uint64_t)((double)bytes * 8e6 / (double)us + 0.5);
}

void
hls_rate(const struct hls_load *loads, size_t n, uint32_t target_s,
    uint64_t *peak_bps, uint64_t *average_bps)
{
	int64_t min_us = target_s * INT64_C(500000), us, all_us = 0;
	int64_t max_us = target_s * INT64_C(1500000) + 500000;
	uint64_t bytes, all_bytes = 0, bps;
	size_t i, j;

	*peak_bps = 0;
	for (i = 0; i < n; i++) {
		us = 0;
		bytes = 0;
		for (j = i; j < n && loads[j].bytes != 0 && us < max_us; j++) {
			us += loads[j].us;
			bytes += loads[j].bytes;
			bps = rate_bps(bytes, us);
			if (us >= min_us && us <= max_us && bps > *peak_bps)
				*peak_bps = bps;
		}
		if (loads[i].bytes != 0) {
			all_us += loads[i].us;
			all_bytes += loads[i].bytes;
		}
	}
	*average_bps = rate_bps(all_bytes, all_us);
	if (*peak_bps < *average_bps)		/* no run was long enough */
		*peak_bps = *average_bps;
}

static int
measure(const struct timeline *t, const struct timeline_row *row,
    const struct hls_span *span, size_t listed, uint32_t padding,
    struct playlist_rendition *r, struct err *err)
{
	struct hls_load *loads = calloc(listed + 1, sizeof(*loads));
	const struct timeline_seg *seg;
	size_t i;

	if (loads == NULL)
		return err_nomem(err);
	for (i = 0; i < listed; i++) {
		seg = timeline_find(row, t->entries[span->first + i].seq);
		if (seg != NULL)
			loads[i] = (struct hls_load){ timeline_seg_us(seg),
			    seg->bytes + padding };
	}
	hls_rate(loads, listed, span->target_s, &r->peak_bps,
	    &r->average_bps);
	free(loads);
	return 0;
}

/*
 * Time stamps in milliseconds make 29.970 of 29.969 or 29.971 from one
 * window to the next: a usual rate that is near is meant.
 */
static uint32_t
usual_rate(uint32_t milli_fps)
{
	static const uint32_t usual[] = { 23976, 24000, 25000, 29970, 30000,
	    50000, 59940, 60000 };
	uint32_t distance;
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		distance = milli_fps > usual[i] ? milli_fps - usual[i] :
		    usual[i] - milli_fps;
		if (distance * 2000 <= usual[i])	/* 0.05 % */
			return usual[i];
	}
	return milli_fps;
}

static uint32_t
frame_rate(struct spool *s, struct timeline_row *row, struct spool_key *key,
    uint32_t first, uint32_t last)
{
	struct timeline_seg *seg;
	uint64_t frames = 0;
	int64_t us = 0;
	uint32_t seq;
	int n = 0;

	for (seq = last + 1; seq-- > first && n < FRAME_SEGMENTS; ) {
		seg = timeline_find(row, seq);
		if (seg == NULL || seg->epoch != key->epoch)
			continue;
		key->seq = seq;
		if (!samples_read(s, key, seg))
			continue;
		frames += seg->frames;
		us += timeline_seg_us(seg);
		n++;
	}
	if (us == 0)
		return 0;
	return usual_rate((uint32_t)((double)frames * 1e9 / (double)us +
	    0.5));
}

/* Codec, size and channels from the init segment of KEY's epoch. */
static int
describe(struct spool *s, const struct spool_key *key,
    struct playlist_rendition *r, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct mp4 m = { 0 };
	struct buf b;
	int rc = -1;

	spool_init_path(key, path);
	buf_init(&b, LIMIT_INIT_BYTES);
	if (spool_read_init(s, key, &b, err) == -1 ||
	    mp4_parse(&m, b.p, b.n, err) == -1)
		goto out;
	if (m.ntracks != 1) {
		err_set(err, ERR_DATA, "%zu tracks, want one", m.ntracks);
		goto out;
	}
	r->kind = m.tracks[0].kind;
	r->width = m.tracks[0].width;
	r->height = m.tracks[0].height;
	r->channels = m.tracks[0].channels;
	r->sample_rate = m.tracks[0].sample_rate;
	r->timescale = m.tracks[0].timescale;
	r->transfer = codec_transfer(&m.tracks[0]);
	rc = codec_string(&m.tracks[0], r->codecs, err);
out:
	mp4_release(&m);
	buf_release(&b);
	return rc == -1 ? err_wrap(err, "'%s'", path) : 0;
}

/*
 * The same.  An init segment never changes, but it may be gone: then what is
 * remembered of it in ROW is no good either.
 */
static int
describe_once(struct spool *s, const struct spool_key *key,
    struct timeline_row *row, struct playlist_rendition *r, struct err *err)
{
	if (row->init != NULL && row->init_epoch == key->epoch &&
	    spool_init_exists(s, key)) {
		*r = *row->init;
		return 0;
	}
	if (describe(s, key, r, err) == -1)
		return -1;
	if (row->init == NULL &&
	    (row->init = malloc(sizeof(*row->init))) == NULL)
		return err_nomem(err);
	*row->init = *r;
	row->init_epoch = key->epoch;
	return 0;
}

int
hls_rendition(struct spool *s, const struct timeline *t,
    struct timeline_row *row, const struct hls_span *span, size_t listed,
    uint32_t padding, struct playlist_rendition *r, struct err *err)
{
	const struct timeline_entry *e = &t->entries[span->first];
	const struct timeline_seg *newest = NULL;
	struct spool_key key = { .epoch = 0 };
	size_t i;

	for (i = listed; i > 0 && newest == NULL; i--)
		newest = timeline_find(row, e[i - 1].seq);
	if (newest == NULL)
		return 0;
	memset(r, 0, sizeof(*r));
	memcpy(r->name, row->name, sizeof(r->name));
	memcpy(key.stream, t->stream, sizeof(key.stream));
	memcpy(key.rendition, row->name, sizeof(key.rendition));
	key.epoch = newest->epoch;
	if (describe_once(s, &key, row, r, err) == -1) {
		if (err->cls == ERR_OS)
			return -1;
		log_warning("%s", err->text);
		return 0;
	}
	if (measure(t, row, span, listed, padding, r, err) == -1)
		return -1;
	if (r->kind == TRACK_VIDEO)
		r->milli_fps = frame_rate(s, row, &key, e[0].seq,
		    newest->seq);
	return 1;
}
