#include "media/split.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"
#include "media/aac.h"
#include "media/av1.h"
#include "media/flv.h"
#include "media/nal.h"
#include "media/split_priv.h"
#include "media/vp9.h"

/* A whole tag must fit, a read behind it, and what samples are in. */
#define READ_BYTES	(64 * 1024)
#define INPUT_MAX	(LIMIT_FLV_BODY_BYTES + 2 * READ_BYTES + \
			    2 * LIMIT_FRAGMENT_BYTES)
/* Input memory above this is given back when it is empty. */
#define INPUT_KEEP	(1024 * 1024)
/* 2^33 ticks of 90 kHz, and how near to it a step back is one of these. */
#define WRAP_33_MS	INT64_C(95443718)
#define WRAP_NEAR_MS	1000

/* No encoder delays a picture by more. */
#define CTS_MAX_MS	10000
/* 34 years either way: hostile, and near to where sums overflow. */
#define TIME_MAX_MS	(INT64_C(1) << 40)
/* One step of audio without video counts for no more. */
#define AUDIO_STEP_MAX_MS	1000

struct split *
split_new(const struct split_conf *conf, struct err *err)
{
	struct split *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		err_nomem(err);
		return NULL;
	}
	s->conf = *conf;
	buf_init(&s->in, INPUT_MAX);
	split_track(s, TRACK_VIDEO, 0);
	split_track(s, TRACK_AUDIO, 0);
	return s;
}

void
split_free(struct split *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->ntracks; i++) {
		buf_release(&s->tracks[i].record);
		buf_release(&s->tracks[i].config);
		buf_release(&s->tracks[i].data);
		free(s->tracks[i].samples);
		free(s->tracks[i].where);
	}
	split_hold_release(&s->hold);
	buf_release(&s->moov);
	buf_release(&s->head);
	free(s->iov);
	buf_release(&s->in);
	free(s);
}

const struct split_stats *
split_stats(const struct split *s)
{
	return &s->stats;
}

void
split_notice(const struct split *s, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (s->conf.notice == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->conf.notice(s->conf.arg, text);
}

uint8_t *
split_room(struct split *s, size_t *bytes, struct err *err)
{
	uint8_t *to = buf_room(&s->in, READ_BYTES);

	if (to == NULL) {
		err_nomem(err);		/* INPUT_MAX has room for any tag */
		return NULL;
	}
	*bytes = READ_BYTES;
	return to;
}

/* What came out of MPEG-TS wraps at 33 bits of 90 kHz: each track when it gets
   there. */
static bool
wraps_33(int64_t step_ms)
{
	return step_ms > -WRAP_33_MS - WRAP_NEAR_MS &&
	    step_ms < -WRAP_33_MS + WRAP_NEAR_MS;
}

/*
 * 32 bits of milliseconds to a time that goes on: by the signed difference
 * to the last frame of the track, or for its first to the last one at all.
 */
static int
unwrap(struct split *s, struct split_track *t, uint32_t ts_ms, int64_t *ms,
    struct err *err)
{
	const int64_t last = t->have_raw ? t->raw_ms : s->raw_ms;

	if (!t->have_raw)
		t->wrapped_ms = s->wrapped_ms;
	ts_ms += t->wrapped_ms;
	*ms = ts_ms;
	if (s->have_first)
		*ms = last + (int32_t)(ts_ms - (uint32_t)last);
	if (s->have_first && wraps_33(*ms - last)) {
		*ms += WRAP_33_MS;
		t->wrapped_ms += WRAP_33_MS;
		s->wrapped_ms = t->wrapped_ms;
	}
	if (*ms > TIME_MAX_MS || *ms < -TIME_MAX_MS)
		return err_set(err, ERR_DATA,
		    "timestamps out of range: %" PRId64 " ms", *ms);
	if (t->have_raw && *ms > t->raw_ms &&
	    t == split_first(s, TRACK_AUDIO))
		s->no_video_ms += *ms - t->raw_ms < AUDIO_STEP_MAX_MS ?
		    *ms - t->raw_ms : AUDIO_STEP_MAX_MS;
	if (!s->have_first) {
		s->have_first = true;
		s->first_ms = *ms;
	}
	t->raw_ms = s->raw_ms = *ms;
	t->have_raw = true;
	return 0;
}

/* Store what FLV should not have had, as ISO BMFF wants it. */
static int
take_unclean(struct split *s, struct split_sample *x, uint8_t length_bytes,
    const struct nal_unit *unit, struct err *err)
{
	struct buf fixed;
	int rc;

	buf_init(&fixed, 2 * LIMIT_FLV_BODY_BYTES);
	nal_put_unit(&fixed, x->p, x->bytes, length_bytes, unit);
	rc = buf_ok(&fixed, err);
	if (rc == 0 && fixed.n > 0 && fixed.n <= LIMIT_FLV_BODY_BYTES) {
		x->p = fixed.p;
		x->in_input = false;
		x->bytes = fixed.n;
		rc = split_take(s, x, err);
	} else if (rc == 0) {
		s->stats.ignored++;
	}
	buf_release(&fixed);
	return rc;
}

/*
 * What is in the picture, not what the tag says of it: its key flag lies now
 * and then.
 */
static int
take_video(struct split *s, const struct split_track *t,
    struct split_sample *x, struct err *err)
{
	struct nal_unit unit = { .clean = true };
	struct vp9_frame vp9;
	struct av1_unit av1;

	if (t->codec == CODEC_VP9) {
		unit.picture = vp9_frame_parse(x->p, x->bytes, &vp9);
		unit.sync = vp9.key;
	} else if (t->codec == CODEC_AV1) {
		av1_trim(&x->p, &x->bytes);
		av1_unit_scan(x->p, x->bytes, &av1);
		unit.picture = av1.picture;
		unit.sync = av1.sync;
	} else {
		nal_unit_scan(t->codec, x->p, x->bytes,
		    t->params.nal_length_bytes, &unit);
	}
	if (!unit.picture) {
		s->stats.ignored++;
		return 0;
	}
	x->sync = unit.sync;
	x->open = unit.open;
	if (x->cts_ms > CTS_MAX_MS || x->cts_ms < -CTS_MAX_MS) {
		s->stats.ignored++;
		x->cts_ms = 0;
	}
	if (!unit.clean)
		return take_unclean(s, x, t->params.nal_length_bytes, &unit,
		    err);
	return split_take(s, x, err);
}

static int
take_audio(struct split *s, const struct split_track *t,
    struct split_sample *x, struct err *err)
{
	if (t->codec == CODEC_AAC)
		aac_skip_adts(&x->p, &x->bytes);
	else
		x->ticks = params_frame_ticks(t->codec, x->p, x->bytes);
	if (x->ticks == 0)
		x->ticks = t->params.frame_ticks;
	return split_take(s, x, err);
}

static int
take_frame(struct split *s, struct split_track *t, uint32_t ts_ms,
    const struct flv_body *b, int64_t arrival_us, struct err *err)
{
	struct split_sample x = { .track = (size_t)(t - s->tracks),
	    .kind = t->kind, .cts_ms = b->cts_ms, .nano_ns = b->nano_ns,
	    .sync = true, .p = b->p, .in_input = true, .bytes = b->bytes,
	    .arrival_us = arrival_us };

	if (b->bytes == 0)
		return 0;			/* a sign of life */
	if (unwrap(s, t, ts_ms, &x.ms, err) == -1 ||
	    split_take_key(s, t, b, err) == -1)
		return -1;
	if (!t->configured || t->codec != b->codec)
		return split_drop(s, &x);
	return t->kind == TRACK_VIDEO ? take_video(s, t, &x, err) :
	    take_audio(s, t, &x, err);
}

/* A codec that no fragment can have ends the stream of a default track. */
static int
take_foreign(struct split *s, enum track_kind kind, const struct flv_body *b,
    struct err *err)
{
	if (b->track == 0 && !s->tracks[kind].configured)
		return err_set(err, ERR_DATA, "%s codec %s is not supported: "
		    "want %s", split_kind_name(kind), b->name,
		    kind == TRACK_VIDEO ? "H.264, HEVC, AV1 or VP9" :
		    "AAC, Opus, MP3, FLAC, AC-3 or E-AC-3");
	s->stats.ignored++;
	return 0;
}

static int
take_body(struct split *s, enum track_kind kind, const struct flv_body *b,
    uint32_t ts_ms, int64_t arrival_us, struct err *err)
{
	struct split_track *t;

	switch (b->content) {
	case FLV_NOTHING:
		return 0;
	case FLV_FOREIGN:
		return take_foreign(s, kind, b, err);
	case FLV_UNKNOWN:
		s->stats.ignored++;
		return 0;
	case FLV_CONFIG:
	case FLV_LAYOUT:
	case FLV_FRAME:
		break;
	}
	if ((t = split_track(s, kind, b->track)) == NULL) {
		s->stats.ignored++;
		return 0;
	}
	if (b->content == FLV_CONFIG)
		return split_take_record(s, t, b, err);
	if (b->content == FLV_LAYOUT)
		return split_take_layout(s, t, b, err);
	return take_frame(s, t, ts_ms, b, arrival_us, err);
}

static int
take_tag(struct split *s, const struct flv_tag *tag, int64_t arrival_us,
    struct err *err)
{
	const enum track_kind kind = tag->type == FLV_VIDEO ? TRACK_VIDEO :
	    TRACK_AUDIO;
	struct flv_bodies bodies;
	struct flv_body body;

	if (tag->type == FLV_SCRIPT)
		return 0;		/* its claims are often wrong */
	flv_bodies(&bodies, tag);
	while (flv_bodies_next(&bodies, &body))
		if (take_body(s, kind, &body, tag->ts_ms, arrival_us,
		    err) == -1)
			return -1;
	return 0;
}

/* A damaged tag: samples are missing, so what follows is another epoch. */
static int
lose(struct split *s, const struct err *why, struct err *err)
{
	split_notice(s, "%s: looking for the next tag", why->text);
	s->lost = true;
	split_hold_clear(s);
	return split_end_epoch(s, 0, err);
}

/* 1 after a step, 0 when more input is needed, -1. */
static int
step(struct split *s, struct rd *in, int64_t arrival_us, struct err *err)
{
	struct err why = ERR_INIT;
	struct flv_tag tag;
	uint64_t offset;
	int rc;

	if (!s->have_header) {
		rc = flv_header(in, &s->hint, err);
		s->have_header = rc == FLV_TAG;
		s->hint &= FLV_HAS_VIDEO | FLV_HAS_AUDIO;
		return rc;
	}
	if (s->lost) {
		offset = rd_offset(in);
		rc = (int)flv_resync(in);
		s->stats.skipped_bytes += rd_offset(in) - offset;
		s->lost = rc != FLV_TAG;
		if (!s->lost)
			split_notice(s, "going on at byte %" PRIu64,
			    rd_offset(in));
		return rc;
	}
	rc = flv_next(in, LIMIT_FLV_BODY_BYTES, &tag, &why);
	if (rc == -1)
		return lose(s, &why, err) == -1 ? -1 : 1;
	if (rc == FLV_TAG && take_tag(s, &tag, arrival_us, err) == -1)
		return -1;
	return rc;
}

int
split_feed(struct split *s, size_t n, int64_t arrival_us, struct err *err)
{
	struct rd in;
	int rc;

	s->in.n += n;
	rd_init(&in, s->in.p + s->used, s->in.n - s->used,
	    s->offset + s->used);
	while ((rc = step(s, &in, arrival_us, err)) == 1)
		;
	s->used += (size_t)(in.p - in.start);
	if (rc == -1 || split_data_trim(s, err) == -1)
		return -1;
	if (s->in.n == 0 && s->in.cap > INPUT_KEEP)
		buf_release(&s->in);
	return 0;
}

int
split_finish(struct split *s, enum split_end how, struct err *err)
{
	const size_t rest = s->in.n - s->used;

	if (split_decide(s, err) == -1 ||
	    split_end_epoch(s, FRAGMENT_LAST, err) == -1)
		return -1;
	if (s->lost)
		s->stats.skipped_bytes += rest;
	else if (how == SPLIT_END_INPUT && !s->have_header)
		return err_set(err, ERR_DATA, rest == 0 ? "input is empty" :
		    "input is not FLV");
	else if (how == SPLIT_END_INPUT && rest > 0)
		return err_set(err, ERR_DATA,
		    "input ends inside the FLV tag at byte %" PRIu64,
		    s->offset + s->used);
	if (s->stats.skipped_bytes > 0)
		return err_set(err, ERR_DATA, "input is damaged: %" PRIu64
		    " bytes skipped", s->stats.skipped_bytes);
	return 0;
}
