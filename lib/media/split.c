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
#include "media/avc.h"
#include "media/flv.h"
#include "media/split_priv.h"

/* A whole tag must fit, and a read behind it. */
#define READ_BYTES	65536
#define INPUT_MAX	(LIMIT_FLV_BODY_BYTES + 2 * READ_BYTES)
/* Input memory above this is given back when it is empty. */
#define INPUT_KEEP	(1024 * 1024)

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
	for (size_t i = 0; i < SPLIT_TRACKS; i++)
		buf_init(&s->tracks[i].config, LIMIT_CODEC_CONFIG_BYTES);
	return s;
}

void
split_free(struct split *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SPLIT_TRACKS; i++) {
		buf_release(&s->tracks[i].config);
		buf_release(&s->tracks[i].data);
		free(s->tracks[i].samples);
	}
	split_hold_release(&s->hold);
	buf_release(&s->moov);
	buf_release(&s->head);
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

static const char *
kind_name(enum track_kind kind)
{
	return kind == TRACK_VIDEO ? "video" : "audio";
}

/* What the configuration says; of the track only that is changed. */
static int
parse_config(struct split_track *t, enum track_kind kind, const uint8_t *p,
    size_t n, struct err *err)
{
	struct avc_config avc;
	struct aac_config aac;

	if (n > LIMIT_CODEC_CONFIG_BYTES)
		return err_set(err, ERR_DATA, "configuration of %zu bytes", n);
	if (kind == TRACK_VIDEO) {
		if (avc_config_parse(p, n, &avc, err) == -1)
			return -1;
		t->nal_length_bytes = avc.nal_length_bytes;
		t->desc = (struct track){ .kind = kind, .codec = CODEC_H264,
		    .timescale = VIDEO_TIMESCALE, .width = avc.width,
		    .height = avc.height, .sar_num = avc.sar_num,
		    .sar_den = avc.sar_den };
		return 0;
	}
	if (aac_config_parse(p, n, &aac, err) == -1)
		return -1;
	t->frame_ticks = aac.frame_samples;
	t->desc = (struct track){ .kind = kind, .codec = CODEC_AAC,
	    .timescale = aac.sample_rate, .sample_rate = aac.sample_rate,
	    .channels = aac.channels };
	return 0;
}

static int
take_config(struct split *s, enum track_kind kind, const struct flv_body *b,
    struct err *err)
{
	struct split_track *t = &s->tracks[kind];
	struct err why = ERR_INIT;

	if (b->bytes == 0)
		return 0;
	if (t->configured && t->config.n == b->bytes &&
	    memcmp(t->config.p, b->p, b->bytes) == 0)
		return 0;
	/* What is held belongs to the configuration before: use it first. */
	if (s->hold.count[kind] > 0) {
		if (split_decide(s, err) == -1)
			return -1;
		split_hold_drop_kind(s, kind);
	}
	if (parse_config(t, kind, b->p, b->bytes, &why) == -1) {
		split_notice(s, "%s configuration ignored: %s",
		    kind_name(kind), why.text);
		s->stats.ignored++;
		return 0;
	}
	if (t->configured)
		split_notice(s, "new %s configuration", kind_name(kind));
	buf_reset(&t->config);
	buf_put(&t->config, b->p, b->bytes);
	t->configured = t->changed = true;
	s->pending = s->started;
	return buf_ok(&t->config, err);
}

/*
 * 32 bits of milliseconds to a time that goes on: by the signed difference
 * to the last frame of the track, or of the other one for its first.
 */
static int
unwrap(struct split *s, enum track_kind kind, uint32_t ts_ms, int64_t *ms,
    struct err *err)
{
	struct split_track *t = &s->tracks[kind];
	const struct split_track *other = &s->tracks[kind == TRACK_VIDEO ?
	    TRACK_AUDIO : TRACK_VIDEO];
	const struct split_track *last = t->have_raw ? t : other;

	*ms = ts_ms;
	if (last->have_raw)
		*ms = last->raw_ms +
		    (int32_t)(ts_ms - (uint32_t)last->raw_ms);
	if (*ms > TIME_MAX_MS || *ms < -TIME_MAX_MS)
		return err_set(err, ERR_DATA,
		    "timestamps out of range: %" PRId64 " ms", *ms);
	if (kind == TRACK_AUDIO && t->have_raw && *ms > t->raw_ms)
		s->no_video_ms += *ms - t->raw_ms < AUDIO_STEP_MAX_MS ?
		    *ms - t->raw_ms : AUDIO_STEP_MAX_MS;
	t->raw_ms = *ms;
	t->have_raw = true;
	if (!s->have_first) {
		s->have_first = true;
		s->first_ms = *ms;
	}
	return 0;
}

/* Store what FLV should not have had, as ISO BMFF wants it. */
static int
take_unclean(struct split *s, struct split_sample *x,
    const struct avc_unit *unit, struct err *err)
{
	const uint8_t length_bytes = s->tracks[TRACK_VIDEO].nal_length_bytes;
	struct buf fixed;
	int rc;

	buf_init(&fixed, 2 * LIMIT_FLV_BODY_BYTES);
	avc_put_unit(&fixed, x->p, x->bytes, length_bytes, unit);
	rc = buf_ok(&fixed, err);
	if (rc == 0 && fixed.n > 0 && fixed.n <= LIMIT_FLV_BODY_BYTES) {
		x->p = fixed.p;
		x->bytes = fixed.n;
		rc = split_take(s, x, err);
	} else if (rc == 0) {
		s->stats.ignored++;
	}
	buf_release(&fixed);
	return rc;
}

static int
take_video(struct split *s, struct split_sample *x, struct err *err)
{
	struct avc_unit unit;

	avc_unit_scan(x->p, x->bytes, s->tracks[TRACK_VIDEO].nal_length_bytes,
	    &unit);
	if (!unit.picture) {
		s->stats.ignored++;
		return 0;
	}
	/* Not what the tag says: its key flag lies now and then. */
	x->sync = unit.idr;
	if (x->cts_ms > CTS_MAX_MS || x->cts_ms < -CTS_MAX_MS) {
		s->stats.ignored++;
		x->cts_ms = 0;
	}
	if (!unit.clean)
		return take_unclean(s, x, &unit, err);
	return split_take(s, x, err);
}

static int
take_frame(struct split *s, enum track_kind kind, uint32_t ts_ms,
    const struct flv_body *b, int64_t arrival_us, struct err *err)
{
	struct split_sample x = { .kind = kind, .cts_ms = b->cts_ms,
	    .sync = true, .p = b->p, .bytes = b->bytes,
	    .arrival_us = arrival_us };

	if (b->bytes == 0)
		return 0;			/* a sign of life */
	if (unwrap(s, kind, ts_ms, &x.ms, err) == -1)
		return -1;
	if (!s->tracks[kind].configured) {
		if (kind == TRACK_VIDEO)
			s->stats.video_dropped++;
		else
			s->stats.audio_dropped++;
		return 0;
	}
	if (kind == TRACK_VIDEO)
		return take_video(s, &x, err);
	aac_skip_adts(&x.p, &x.bytes);
	return split_take(s, &x, err);
}

static int
take_tag(struct split *s, const struct flv_tag *tag, int64_t arrival_us,
    struct err *err)
{
	const enum track_kind kind = tag->type == FLV_VIDEO ? TRACK_VIDEO :
	    TRACK_AUDIO;
	struct flv_body body;

	if (tag->type == FLV_SCRIPT)
		return 0;		/* its claims are often wrong */
	flv_body(tag, &body);
	switch (body.content) {
	case FLV_NOTHING:
		return 0;
	case FLV_CONFIG:
		return take_config(s, kind, &body, err);
	case FLV_FRAME:
		return take_frame(s, kind, tag->ts_ms, &body, arrival_us, err);
	case FLV_FOREIGN:
		if (!s->tracks[kind].configured)
			return err_set(err, ERR_DATA,
			    "%s codec %s is not supported: want %s",
			    kind_name(kind), body.codec,
			    codec_name(kind == TRACK_VIDEO ? CODEC_H264 :
			    CODEC_AAC));
		break;
	case FLV_UNKNOWN:
		break;
	}
	s->stats.ignored++;
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
	size_t used;
	int rc;

	s->in.n += n;
	rd_init(&in, s->in.p, s->in.n, s->offset);
	while ((rc = step(s, &in, arrival_us, err)) == 1)
		;
	used = (size_t)(in.p - in.start);
	s->offset += used;
	buf_drop(&s->in, used);
	if (s->in.n == 0 && s->in.cap > INPUT_KEEP)
		buf_release(&s->in);
	return rc;
}

int
split_finish(struct split *s, enum split_end how, struct err *err)
{
	if (split_decide(s, err) == -1 ||
	    split_end_epoch(s, FRAGMENT_LAST, err) == -1)
		return -1;
	if (s->lost)
		s->stats.skipped_bytes += s->in.n;
	else if (how == SPLIT_END_INPUT && !s->have_header)
		return err_set(err, ERR_DATA, s->in.n == 0 ? "input is empty" :
		    "input is not FLV");
	else if (how == SPLIT_END_INPUT && s->in.n > 0)
		return err_set(err, ERR_DATA,
		    "input ends inside the FLV tag at byte %" PRIu64,
		    s->offset);
	if (s->stats.skipped_bytes > 0)
		return err_set(err, ERR_DATA, "input is damaged: %" PRIu64
		    " bytes skipped", s->stats.skipped_bytes);
	return 0;
}
