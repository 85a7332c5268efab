#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/mp4_priv.h"

/* The number behind the two times that tkhd and mdhd begin with; not 0. */
static int
parse_behind_times(struct mp4_box *box, const char *zero, uint32_t *value,
    struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags;

	rd_bytes(r, mp4_box_full(r, &flags) == 1 ? 16 : 8);
	*value = rd_u32(r);
	if (r->bad)
		return mp4_box_error(box, "too short", err);
	if (*value == 0)
		return mp4_box_error(box, zero, err);
	return 0;
}

static int
parse_tkhd(struct mp4_box *box, struct track *t, struct err *err)
{
	return parse_behind_times(box, "track ID 0", &t->id, err);
}

static int
parse_mdhd(struct mp4_box *box, struct track *t, struct err *err)
{
	return parse_behind_times(box, "timescale 0", &t->timescale, err);
}

/* Sample entries we know, and the box in them that has the configuration. */
struct entry {
	uint32_t	type;
	enum codec	codec;
	uint32_t	config_type;
	size_t		config_bytes_min;
};

static const struct entry video_entries[] = {
	{ MP4_TYPE('a', 'v', 'c', '1'), CODEC_H264,
	  MP4_TYPE('a', 'v', 'c', 'C'), 7 },
	{ MP4_TYPE('h', 'v', 'c', '1'), CODEC_HEVC,
	  MP4_TYPE('h', 'v', 'c', 'C'), 23 },
	{ MP4_TYPE('a', 'v', '0', '1'), CODEC_AV1,
	  MP4_TYPE('a', 'v', '1', 'C'), 4 },
	{ MP4_TYPE('v', 'p', '0', '9'), CODEC_VP9,
	  MP4_TYPE('v', 'p', 'c', 'C'), 12 },
	{ MP4_TYPE('j', 'p', 'e', 'g'), CODEC_JPEG, 0, 0 },
	{ 0, CODEC_NONE, 0, 0 }
};

static const struct entry audio_entries[] = {
	{ MP4_TYPE('m', 'p', '4', 'a'), CODEC_AAC,
	  MP4_TYPE('e', 's', 'd', 's'), 0 },
	{ MP4_TYPE('O', 'p', 'u', 's'), CODEC_OPUS,
	  MP4_TYPE('d', 'O', 'p', 's'), 11 },
	{ MP4_TYPE('f', 'L', 'a', 'C'), CODEC_FLAC,
	  MP4_TYPE('d', 'f', 'L', 'a'), 42 },
	{ MP4_TYPE('a', 'c', '-', '3'), CODEC_AC3,
	  MP4_TYPE('d', 'a', 'c', '3'), 3 },
	{ MP4_TYPE('e', 'c', '-', '3'), CODEC_EAC3,
	  MP4_TYPE('d', 'e', 'c', '3'), 5 },
	{ 0, CODEC_NONE, 0, 0 }
};

static int	parse_esds(struct mp4_box *box, struct track *t,
	    struct err *err);

/* Other descriptions than code points of H.273 say nothing to us. */
static void
parse_colr(struct rd *r, struct track_colour *c)
{
	struct track_colour got = { .primaries = 0 };

	if (rd_u32(r) != MP4_TYPE('n', 'c', 'l', 'x'))
		return;
	got.primaries = (uint8_t)rd_u16(r);
	got.transfer = (uint8_t)rd_u16(r);
	got.matrix = (uint8_t)rd_u16(r);
	got.full_range = (rd_u8(r) & 0x80) != 0;
	if (!r->bad)
		*c = got;
}

static bool
take(struct rd *r, uint8_t *to, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (p != NULL)
		memcpy(to, p, n);
	return p != NULL;
}

/* The children of a sample entry like E. */
static int
parse_entry(struct mp4_box *entry, const struct entry *e, struct track *t,
    struct err *err)
{
	struct mp4_box box;
	int rc;

	t->codec = e->codec;
	while ((rc = mp4_box_next(&entry->body, &box, err)) == 1) {
		if (box.type == e->config_type &&
		    e->codec == CODEC_AAC) {
			if (parse_esds(&box, t, err) == -1)
				return -1;
		} else if (box.type == e->config_type) {
			t->config_bytes = rd_left(&box.body);
			t->config = rd_bytes(&box.body, t->config_bytes);
		} else if (box.type == MP4_TYPE('p', 'a', 's', 'p')) {
			t->sar_num = rd_u32(&box.body);
			t->sar_den = rd_u32(&box.body);
		} else if (box.type == MP4_TYPE('c', 'o', 'l', 'r')) {
			parse_colr(&box.body, &t->colour);
		} else if (box.type == MP4_TYPE('m', 'd', 'c', 'v')) {
			t->hdr.has_display = take(&box.body, t->hdr.display,
			    sizeof(t->hdr.display));
		} else if (box.type == MP4_TYPE('c', 'l', 'l', 'i')) {
			t->hdr.has_light = take(&box.body, t->hdr.light,
			    sizeof(t->hdr.light));
		}
	}
	if (rc == -1)
		return -1;
	if (t->config_bytes < e->config_bytes_min ||
	    t->config_bytes > LIMIT_CODEC_CONFIG_BYTES)
		return mp4_box_error(entry, "no usable configuration", err);
	return 0;
}

static int
parse_visual(struct mp4_box *box, const struct entry *e, struct track *t,
    struct err *err)
{
	struct rd *r = &box->body;

	rd_bytes(r, 24);
	t->width = rd_u16(r);
	t->height = rd_u16(r);
	rd_bytes(r, 50);
	if (r->bad)
		return mp4_box_error(box, "too short", err);
	return parse_entry(box, e, t, err);
}

static int
parse_sound(struct mp4_box *entry, const struct entry *e, struct track *t,
    struct err *err)
{
	struct rd *r = &entry->body;

	rd_bytes(r, 16);
	t->channels = rd_u16(r);
	rd_bytes(r, 6);
	t->sample_rate = rd_u32(r) >> 16;
	if (r->bad)
		return mp4_box_error(entry, "too short", err);
	if (t->sample_rate == 0)	/* it has 16 bits: the rest is here */
		t->sample_rate = t->timescale;
	return parse_entry(entry, e, t, err);
}

/* A descriptor of type TAG (14496-1 8.3.3); bad if there is another. */
static struct rd
descriptor(struct rd *r, uint8_t tag)
{
	const struct rd none = { .bad = true };
	uint32_t n = 0;
	uint8_t c;

	if (rd_u8(r) != tag)
		return none;
	for (int i = 0; i < 4; i++) {
		c = rd_u8(r);
		n = n << 7 | (c & 0x7f);
		if ((c & 0x80) == 0)
			return rd_sub(r, n);
	}
	return none;
}

static int
parse_esds(struct mp4_box *box, struct track *t, struct err *err)
{
	struct rd es, config, specific;
	uint32_t flags;
	uint8_t es_flags, object;

	mp4_box_full(&box->body, &flags);
	es = descriptor(&box->body, 3);
	rd_u16(&es);
	es_flags = rd_u8(&es);
	if ((es_flags & 0x80) != 0)
		rd_u16(&es);			/* depends on another stream */
	if ((es_flags & 0x40) != 0)
		rd_bytes(&es, rd_u8(&es));	/* URL */
	if ((es_flags & 0x20) != 0)
		rd_u16(&es);			/* clock stream */
	config = descriptor(&es, 4);
	object = rd_u8(&config);
	rd_bytes(&config, 12);
	t->codec = CODEC_NONE;
	if (config.bad)
		return mp4_box_error(box, "no usable configuration", err);
	if (object == 0x6b || object == 0x69)	/* MPEG-1, MPEG-2 audio */
		t->codec = CODEC_MP3;
	if (object != 0x40)
		return 0;			/* not MPEG-4 audio */
	specific = descriptor(&config, 5);
	if (specific.bad || rd_left(&specific) < 2)
		return mp4_box_error(box, "no usable configuration", err);
	t->codec = CODEC_AAC;
	t->config_bytes = rd_left(&specific);
	t->config = rd_bytes(&specific, t->config_bytes);
	return 0;
}

/* The first sample entry; one of another codec leaves CODEC_NONE. */
static int
parse_stsd(struct mp4_box *box, struct track *t, struct err *err)
{
	const struct entry *e;
	struct mp4_box entry;
	uint32_t flags;
	int rc;

	mp4_box_full(&box->body, &flags);
	rd_u32(&box->body);
	if (box->body.bad)
		return mp4_box_error(box, "too short", err);
	if ((rc = mp4_box_next(&box->body, &entry, err)) != 1)
		return rc == -1 ? -1 : mp4_box_error(box, "no entry", err);
	e = t->kind == TRACK_VIDEO ? video_entries : audio_entries;
	while (e->type != 0 && e->type != entry.type)
		e++;
	if (e->type == 0)
		return 0;
	return t->kind == TRACK_VIDEO ? parse_visual(&entry, e, t, err) :
	    parse_sound(&entry, e, t, err);
}

static int
parse_minf(struct rd *r, struct track *t, struct err *err)
{
	struct mp4_box box, child;
	int rc, rc2;

	while ((rc = mp4_box_next(r, &box, err)) == 1) {
		if (box.type != MP4_TYPE('s', 't', 'b', 'l'))
			continue;
		while ((rc2 = mp4_box_next(&box.body, &child, err)) == 1)
			if (child.type == MP4_TYPE('s', 't', 's', 'd') &&
			    parse_stsd(&child, t, err) == -1)
				return -1;
		if (rc2 == -1)
			return -1;
	}
	return rc;
}

/* *KEEP is cleared for a track that is neither video nor audio. */
static int
parse_mdia(struct rd *r, struct track *t, bool *keep, struct err *err)
{
	struct mp4_box box;
	uint32_t flags, handler;
	int rc;

	while ((rc = mp4_box_next(r, &box, err)) == 1) {
		switch (box.type) {
		case MP4_TYPE('m', 'd', 'h', 'd'):
			if (parse_mdhd(&box, t, err) == -1)
				return -1;
			break;
		case MP4_TYPE('h', 'd', 'l', 'r'):
			mp4_box_full(&box.body, &flags);
			rd_u32(&box.body);
			handler = rd_u32(&box.body);
			*keep = handler == MP4_TYPE('v', 'i', 'd', 'e') ||
			    handler == MP4_TYPE('s', 'o', 'u', 'n');
			t->kind = handler == MP4_TYPE('v', 'i', 'd', 'e') ?
			    TRACK_VIDEO : TRACK_AUDIO;
			break;
		case MP4_TYPE('m', 'i', 'n', 'f'):
			if (*keep && parse_minf(&box.body, t, err) == -1)
				return -1;
			break;
		}
	}
	return rc;
}

/*
 * Where the first edit that has media starts; one that is empty in front of
 * it delays what is shown, and media_time -1 says so.
 */
static int
parse_elst(struct mp4_box *box, struct track *t, struct err *err)
{
	uint32_t flags, count;
	uint64_t start = 0;
	bool wide = mp4_box_full(&box->body, &flags) == 1, empty = true;

	for (count = rd_u32(&box->body); count > 0 && empty &&
	    !box->body.bad; count--) {
		rd_bytes(&box->body, wide ? 8 : 4);
		start = wide ? rd_u64(&box->body) : rd_u32(&box->body);
		empty = start == (wide ? UINT64_MAX : UINT32_MAX);
		rd_u32(&box->body);
	}
	if (box->body.bad || (!empty && start > INT32_MAX))
		return mp4_box_error(box, "bad edit list", err);
	t->media_start = empty ? 0 : (uint32_t)start;
	return 0;
}

static int
parse_edts(struct rd *r, struct track *t, struct err *err)
{
	struct mp4_box box;
	int rc;

	while ((rc = mp4_box_next(r, &box, err)) == 1)
		if (box.type == MP4_TYPE('e', 'l', 's', 't') &&
		    parse_elst(&box, t, err) == -1)
			return -1;
	return rc;
}

int
mp4_trak_parse(struct mp4_box *trak, struct track *t, struct err *err)
{
	struct mp4_box box;
	bool keep = false;
	int rc;

	*t = (struct track){ 0 };
	while ((rc = mp4_box_next(&trak->body, &box, err)) == 1) {
		if (box.type == MP4_TYPE('t', 'k', 'h', 'd') &&
		    parse_tkhd(&box, t, err) == -1)
			return -1;
		if (box.type == MP4_TYPE('e', 'd', 't', 's') &&
		    parse_edts(&box.body, t, err) == -1)
			return -1;
		if (box.type == MP4_TYPE('m', 'd', 'i', 'a') &&
		    parse_mdia(&box.body, t, &keep, err) == -1)
			return -1;
	}
	if (rc == -1)
		return -1;
	if (!keep)
		return 0;
	if (t->id == 0 || t->timescale == 0)
		return mp4_box_error(trak, "no tkhd or mdhd", err);
	return 1;
}
