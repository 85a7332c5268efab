#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/flv.h"
#include "media/split_priv.h"

struct split_track *
split_track(struct split *s, enum track_kind kind, uint8_t number)
{
	struct split_track *t;

	for (size_t i = 0; i < s->ntracks; i++) {
		t = &s->tracks[i];
		if (t->kind == kind && t->number == number)
			return t;
	}
	if (s->ntracks == SPLIT_TRACKS)
		return NULL;
	t = &s->tracks[s->ntracks++];
	t->kind = kind;
	t->number = number;
	buf_init(&t->record, LIMIT_CODEC_CONFIG_BYTES);
	buf_init(&t->config, LIMIT_CODEC_CONFIG_BYTES);
	return t;
}

struct split_track *
split_first(struct split *s, enum track_kind kind)
{
	struct split_track *first = &s->tracks[kind];

	if (first->configured || s->ntracks == SPLIT_TRACKS_DEFAULT)
		return first;
	for (size_t i = SPLIT_TRACKS_DEFAULT; i < s->ntracks; i++) {
		struct split_track *t = &s->tracks[i];

		if (t->kind == kind && t->configured &&
		    (!first->configured || t->number < first->number))
			first = t;
	}
	return first;
}

uint32_t
split_track_id(const struct split_track *t)
{
	return 1 + 2 * (uint32_t)t->number + (t->kind == TRACK_AUDIO);
}

const char *
split_kind_name(enum track_kind kind)
{
	return kind == TRACK_VIDEO ? "video" : "audio";
}

static bool
same_params(const struct split_track *t, const struct params *params,
    const struct buf *config)
{
	const struct track *a = &t->params.track, *b = &params->track;

	return a->codec == b->codec && a->width == b->width &&
	    a->height == b->height && a->sample_rate == b->sample_rate &&
	    a->channels == b->channels && t->config.n == config->n &&
	    (config->n == 0 ||
	    memcmp(t->config.p, config->p, config->n) == 0);
}

/* T has these parameters from now on, which may be those it has. */
static int
adopt(struct split *s, struct split_track *t, const struct params *params,
    const struct buf *config, struct err *err)
{
	const size_t index = (size_t)(t - s->tracks);

	if (t->configured && same_params(t, params, config))
		return 0;
	/* What is held belongs to the configuration before: use it first. */
	if (s->hold.count[index] > 0) {
		if (split_decide(s, err) == -1)
			return -1;
		split_hold_drop_track(s, index);
	}
	if (t->configured)
		split_notice(s, "new %s configuration",
		    split_kind_name(t->kind));
	t->params = *params;
	buf_reset(&t->config);
	buf_put(&t->config, config->p, config->n);
	t->configured = t->changed = true;
	s->pending = s->started;
	return buf_ok(&t->config, err);
}

static void
ignore(struct split *s, const struct split_track *t, const struct err *why)
{
	split_notice(s, "%s configuration ignored: %s",
	    split_kind_name(t->kind), why->text);
	s->stats.ignored++;
}

/* Codecs that work with a record of no bytes, or with none at all. */
static bool
needs_record(enum codec codec)
{
	switch (codec) {
	case CODEC_OPUS:
	case CODEC_VP9:
	case CODEC_MP3:
	case CODEC_AC3:
	case CODEC_EAC3:
		return false;
	case CODEC_NONE:
	case CODEC_JPEG:
	case CODEC_H264:
	case CODEC_HEVC:
	case CODEC_AV1:
	case CODEC_AAC:
	case CODEC_FLAC:
		break;
	}
	return true;
}

static int
set_record(struct split_track *t, enum codec codec, const uint8_t *p,
    size_t n, struct err *err)
{
	t->codec = codec;
	t->key = 0;
	buf_reset(&t->record);
	buf_put(&t->record, p, n);
	return buf_ok(&t->record, err);
}

int
split_take_record(struct split *s, struct split_track *t,
    const struct flv_body *b, struct err *err)
{
	struct err why = ERR_INIT;
	struct params params;
	struct buf config;
	int rc;

	if (b->bytes == 0 && needs_record(b->codec))
		return 0;
	if (t->codec == b->codec && t->record.n == b->bytes &&
	    (b->bytes == 0 || memcmp(t->record.p, b->p, b->bytes) == 0))
		return 0;
	buf_init(&config, LIMIT_CODEC_CONFIG_BYTES);
	rc = params_read(b->codec, b->p, b->bytes, &params, &config, &why);
	if (rc == 1)
		rc = buf_ok(&config, &why) == -1 ? -1 : 1;
	if (rc == -1) {
		ignore(s, t, &why);
		rc = 0;
	} else {
		t->by_frame = rc == 0;
		if (rc == 1)
			rc = adopt(s, t, &params, &config, err);
		if (rc == 0)
			rc = set_record(t, b->codec, b->p, b->bytes, err);
	}
	buf_release(&config);
	return rc;
}

int
split_take_layout(struct split *s, struct split_track *t,
    const struct flv_body *b, struct err *err)
{
	(void)s;
	/* Others say it themselves.  The order comes first, then the count. */
	if (b->codec != CODEC_OPUS || t->codec != CODEC_OPUS ||
	    !t->by_frame || b->bytes < 2)
		return 0;
	return set_record(t, CODEC_OPUS, b->p + 1, 1, err);
}

int
split_take_key(struct split *s, struct split_track *t,
    const struct flv_body *b, struct err *err)
{
	struct err why = ERR_INIT;
	struct params params;
	struct buf config;
	uint64_t key;
	int rc;

	if (t->codec != b->codec) {	/* not announced */
		if (needs_record(b->codec))
			return 0;
		t->by_frame = true;
		if (set_record(t, b->codec, NULL, 0, err) == -1)
			return -1;
	}
	if (!t->by_frame)
		return 0;
	key = params_key(b->codec, b->p, b->bytes);
	if (key == 0 || key == t->key)
		return 0;
	t->key = key;
	buf_init(&config, LIMIT_CODEC_CONFIG_BYTES);
	rc = params_from_frame(b->codec, t->record.p, t->record.n, b->p,
	    b->bytes, &params, &config, &why);
	if (rc == 0)
		rc = buf_ok(&config, &why);
	if (rc == 0) {
		rc = adopt(s, t, &params, &config, err);
	} else {
		ignore(s, t, &why);
		rc = 0;
	}
	buf_release(&config);
	return rc;
}
