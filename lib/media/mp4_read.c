#include "media/mp4.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"

#define TFHD_BASE_OFFSET	0x000001u
#define TFHD_DESCRIPTION	0x000002u
#define TFHD_DURATION		0x000008u
#define TFHD_SIZE		0x000010u
#define TFHD_FLAGS		0x000020u
#define TRUN_OFFSET		0x000001u
#define TRUN_FIRST_FLAGS	0x000004u
#define TRUN_DURATION		0x000100u
#define TRUN_SIZE		0x000200u
#define TRUN_FLAGS		0x000400u
#define TRUN_CTS		0x000800u
#define SAMPLE_IS_NONSYNC	0x00010000u

/* Far from where adding durations to it could overflow. */
#define DTS_MAX			(UINT64_C(1) << 62)

struct box {
	uint32_t	 type;
	uint64_t	 offset;	/* in the file */
	struct rd	 body;
};

/* What a sample has when trun and tfhd do not say. */
struct defaults {
	uint32_t	 track_id;
	uint32_t	 duration, bytes, flags;
};

struct parser {
	struct mp4	*m;
	const uint8_t	*file;
	size_t		 file_bytes;
	struct defaults	 trex[MP4_TRACKS_MAX];
	size_t		 ntrex;
	size_t		 first[MP4_TRACKS_MAX];	/* sample index of runs[i] */
	size_t		 nsamples, cap;
	uint64_t	 moof_offset;
	bool		 have_moov, have_moof;
};

int
mp4_box(const uint8_t *p, size_t n, uint64_t *bytes, uint32_t *type,
    struct err *err)
{
	struct rd r;
	uint64_t size;
	size_t header = 8;

	rd_init(&r, p, n, 0);
	size = rd_u32(&r);
	*type = rd_u32(&r);
	if (r.bad)
		return 0;
	if (size == 1) {
		size = rd_u64(&r);
		header = 16;
		if (r.bad)
			return 0;
	}
	if (size < header)
		return err_set(err, ERR_DATA, "bad box size %" PRIu64, size);
	*bytes = size;
	return 1;
}

static char
type_letter(uint32_t type, int shift)
{
	uint32_t c = type >> shift & 0xff;

	return c >= 0x20 && c < 0x7f ? (char)c : '?';
}

/* "box 'trun' at byte 123: WHAT". */
static int
box_error(const struct box *box, const char *what, struct err *err)
{
	return err_set(err, ERR_DATA, "box '%c%c%c%c' at byte %" PRIu64 ": %s",
	    type_letter(box->type, 24), type_letter(box->type, 16),
	    type_letter(box->type, 8), type_letter(box->type, 0),
	    box->offset, what);
}

/* The next box of IN: 1; 0 at its end; -1 with ERR_DATA. */
static int
next_box(struct rd *in, struct box *box, struct err *err)
{
	uint64_t offset = rd_offset(in), bytes;
	size_t left = rd_left(in), header;
	int rc;

	if (left == 0)
		return 0;
	rc = mp4_box(in->p, left, &bytes, &box->type, err);
	if (rc == -1)
		return err_wrap(err, "box at byte %" PRIu64, offset);
	box->offset = offset;
	if (rc == 0)
		return err_set(err, ERR_DATA,
		    "box at byte %" PRIu64 ": cut short", offset);
	if (bytes > left)
		return box_error(box, "larger than what it is in", err);
	/* A size of 1 announced the 64-bit one. */
	header = in->p[0] == 0 && in->p[1] == 0 && in->p[2] == 0 &&
	    in->p[3] == 1 ? 16 : 8;
	box->body = rd_sub(in, (size_t)bytes);
	rd_bytes(&box->body, header);
	return 1;
}

/* Version and flags of a full box. */
static uint8_t
full_box(struct rd *r, uint32_t *flags)
{
	uint8_t version = rd_u8(r);

	*flags = rd_u24(r);
	return version;
}

static int
parse_tkhd(struct box *box, struct track *t, struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags;

	rd_bytes(r, full_box(r, &flags) == 1 ? 16 : 8);
	t->id = rd_u32(r);
	if (r->bad)
		return box_error(box, "too short", err);
	if (t->id == 0)
		return box_error(box, "track ID 0", err);
	return 0;
}

static int
parse_mdhd(struct box *box, struct track *t, struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags;

	rd_bytes(r, full_box(r, &flags) == 1 ? 16 : 8);
	t->timescale = rd_u32(r);
	if (r->bad)
		return box_error(box, "too short", err);
	if (t->timescale == 0)
		return box_error(box, "timescale 0", err);
	return 0;
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

static int	parse_esds(struct box *box, struct track *t, struct err *err);

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
parse_entry(struct box *entry, const struct entry *e, struct track *t,
    struct err *err)
{
	struct box box;
	int rc;

	t->codec = e->codec;
	while ((rc = next_box(&entry->body, &box, err)) == 1) {
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
		return box_error(entry, "no usable configuration", err);
	return 0;
}

static int
parse_visual(struct box *box, const struct entry *e, struct track *t,
    struct err *err)
{
	struct rd *r = &box->body;

	rd_bytes(r, 24);
	t->width = rd_u16(r);
	t->height = rd_u16(r);
	rd_bytes(r, 50);
	if (r->bad)
		return box_error(box, "too short", err);
	return parse_entry(box, e, t, err);
}

static int
parse_sound(struct box *entry, const struct entry *e, struct track *t,
    struct err *err)
{
	struct rd *r = &entry->body;

	rd_bytes(r, 16);
	t->channels = rd_u16(r);
	rd_bytes(r, 6);
	t->sample_rate = rd_u32(r) >> 16;
	if (r->bad)
		return box_error(entry, "too short", err);
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
parse_esds(struct box *box, struct track *t, struct err *err)
{
	struct rd es, config, specific;
	uint32_t flags;
	uint8_t es_flags, object;

	full_box(&box->body, &flags);
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
		return box_error(box, "no usable configuration", err);
	if (object == 0x6b || object == 0x69)	/* MPEG-1, MPEG-2 audio */
		t->codec = CODEC_MP3;
	if (object != 0x40)
		return 0;			/* not MPEG-4 audio */
	specific = descriptor(&config, 5);
	if (specific.bad || rd_left(&specific) < 2)
		return box_error(box, "no usable configuration", err);
	t->codec = CODEC_AAC;
	t->config_bytes = rd_left(&specific);
	t->config = rd_bytes(&specific, t->config_bytes);
	return 0;
}

/* The first sample entry; one of another codec leaves CODEC_NONE. */
static int
parse_stsd(struct box *box, struct track *t, struct err *err)
{
	const struct entry *e;
	struct box entry;
	uint32_t flags;
	int rc;

	full_box(&box->body, &flags);
	rd_u32(&box->body);
	if (box->body.bad)
		return box_error(box, "too short", err);
	if ((rc = next_box(&box->body, &entry, err)) != 1)
		return rc == -1 ? -1 : box_error(box, "no entry", err);
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
	struct box box, child;
	int rc, rc2;

	while ((rc = next_box(r, &box, err)) == 1) {
		if (box.type != MP4_TYPE('s', 't', 'b', 'l'))
			continue;
		while ((rc2 = next_box(&box.body, &child, err)) == 1)
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
	struct box box;
	uint32_t flags, handler;
	int rc;

	while ((rc = next_box(r, &box, err)) == 1) {
		switch (box.type) {
		case MP4_TYPE('m', 'd', 'h', 'd'):
			if (parse_mdhd(&box, t, err) == -1)
				return -1;
			break;
		case MP4_TYPE('h', 'd', 'l', 'r'):
			full_box(&box.body, &flags);
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
parse_elst(struct box *box, struct track *t, struct err *err)
{
	uint32_t flags, count;
	uint64_t start = 0;
	bool wide = full_box(&box->body, &flags) == 1, empty = true;

	for (count = rd_u32(&box->body); count > 0 && empty &&
	    !box->body.bad; count--) {
		rd_bytes(&box->body, wide ? 8 : 4);
		start = wide ? rd_u64(&box->body) : rd_u32(&box->body);
		empty = start == (wide ? UINT64_MAX : UINT32_MAX);
		rd_u32(&box->body);
	}
	if (box->body.bad || (!empty && start > INT32_MAX))
		return box_error(box, "bad edit list", err);
	t->media_start = empty ? 0 : (uint32_t)start;
	return 0;
}

static int
parse_edts(struct rd *r, struct track *t, struct err *err)
{
	struct box box;
	int rc;

	while ((rc = next_box(r, &box, err)) == 1)
		if (box.type == MP4_TYPE('e', 'l', 's', 't') &&
		    parse_elst(&box, t, err) == -1)
			return -1;
	return rc;
}

static int
parse_trak(struct parser *ps, struct box *trak, struct err *err)
{
	struct mp4 *m = ps->m;
	struct track t = { 0 };
	struct box box;
	bool keep = false;
	int rc;

	while ((rc = next_box(&trak->body, &box, err)) == 1) {
		if (box.type == MP4_TYPE('t', 'k', 'h', 'd') &&
		    parse_tkhd(&box, &t, err) == -1)
			return -1;
		if (box.type == MP4_TYPE('e', 'd', 't', 's') &&
		    parse_edts(&box.body, &t, err) == -1)
			return -1;
		if (box.type == MP4_TYPE('m', 'd', 'i', 'a') &&
		    parse_mdia(&box.body, &t, &keep, err) == -1)
			return -1;
	}
	if (rc == -1)
		return -1;
	if (!keep)
		return 0;
	if (t.id == 0 || t.timescale == 0)
		return box_error(trak, "no tkhd or mdhd", err);
	if (mp4_track(m, t.id) != NULL)
		return box_error(trak, "track ID used twice", err);
	if (m->ntracks == MP4_TRACKS_MAX)
		return box_error(trak, "too many tracks", err);
	m->tracks[m->ntracks++] = t;
	return 0;
}

static int
parse_mvex(struct parser *ps, struct box *mvex, struct err *err)
{
	struct defaults d;
	struct box box;
	uint32_t flags;
	int rc;

	while ((rc = next_box(&mvex->body, &box, err)) == 1) {
		if (box.type != MP4_TYPE('t', 'r', 'e', 'x'))
			continue;
		full_box(&box.body, &flags);
		d.track_id = rd_u32(&box.body);
		rd_u32(&box.body);
		d.duration = rd_u32(&box.body);
		d.bytes = rd_u32(&box.body);
		d.flags = rd_u32(&box.body);
		if (box.body.bad)
			return box_error(&box, "too short", err);
		if (ps->ntrex == MP4_TRACKS_MAX)
			return box_error(&box, "too many tracks", err);
		ps->trex[ps->ntrex++] = d;
	}
	return rc;
}

static int
parse_moov(struct parser *ps, struct box *moov, struct err *err)
{
	struct box box;
	int rc;

	if (ps->have_moov)
		return box_error(moov, "more than one", err);
	ps->have_moov = true;
	while ((rc = next_box(&moov->body, &box, err)) == 1) {
		if (box.type == MP4_TYPE('t', 'r', 'a', 'k') &&
		    parse_trak(ps, &box, err) == -1)
			return -1;
		if (box.type == MP4_TYPE('m', 'v', 'e', 'x') &&
		    parse_mvex(ps, &box, err) == -1)
			return -1;
	}
	return rc;
}

static int
parse_tfhd(struct parser *ps, struct box *box, struct defaults *d,
    uint64_t *base, struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags;

	full_box(r, &flags);
	d->track_id = rd_u32(r);
	for (size_t i = 0; i < ps->ntrex; i++)
		if (ps->trex[i].track_id == d->track_id)
			*d = ps->trex[i];
	if ((flags & TFHD_BASE_OFFSET) != 0)
		*base = rd_u64(r);
	if ((flags & TFHD_DESCRIPTION) != 0)
		rd_u32(r);
	if ((flags & TFHD_DURATION) != 0)
		d->duration = rd_u32(r);
	if ((flags & TFHD_SIZE) != 0)
		d->bytes = rd_u32(r);
	if ((flags & TFHD_FLAGS) != 0)
		d->flags = rd_u32(r);
	if (r->bad)
		return box_error(box, "too short", err);
	if (d->track_id == 0 || mp4_run(ps->m, d->track_id) != NULL)
		return box_error(box, "track ID 0 or used twice", err);
	return 0;
}

static int
parse_tfdt(struct box *box, uint64_t *dts, struct err *err)
{
	uint32_t flags;

	*dts = full_box(&box->body, &flags) == 1 ? rd_u64(&box->body) :
	    rd_u32(&box->body);
	if (box->body.bad)
		return box_error(box, "too short", err);
	if (*dts > DTS_MAX)
		return box_error(box, "time out of range", err);
	return 0;
}

/*
 * A count is only a promise: each sample must have an entry in trun or
 * bytes in the file.  Returns false if COUNT samples cannot be there.
 */
static bool
samples_fit(const struct parser *ps, const struct rd *r, uint32_t flags,
    const struct defaults *d, uint32_t count)
{
	size_t entry = 0;

	for (uint32_t f = TRUN_DURATION; f <= TRUN_CTS; f <<= 1)
		entry += (flags & f) != 0 ? 4 : 0;
	if (entry > 0 && count > rd_left(r) / entry)
		return false;
	if ((flags & TRUN_SIZE) == 0 &&
	    (d->bytes == 0 || count > ps->file_bytes / d->bytes))
		return false;
	return true;
}

static int
samples_reserve(struct parser *ps, size_t n, struct err *err)
{
	struct mp4_sample *samples;

	if (n <= ps->cap - ps->nsamples)
		return 0;
	samples = reallocarray(ps->m->samples, ps->nsamples + n,
	    sizeof(*samples));
	if (samples == NULL)
		return err_nomem(err);
	ps->m->samples = samples;
	ps->cap = ps->nsamples + n;
	return 0;
}

/* Append the samples of one trun; *DATA moves behind their bytes. */
static int
parse_trun(struct parser *ps, struct box *box, const struct defaults *d,
    uint64_t base, uint64_t *data, struct mp4_run *run, struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags, count, first_flags, sample_flags;
	struct mp4_sample *s;

	full_box(r, &flags);
	count = rd_u32(r);
	if ((flags & TRUN_OFFSET) != 0)		/* signed; wraps if it lies */
		*data = base + (uint64_t)(int64_t)(int32_t)rd_u32(r);
	first_flags = (flags & TRUN_FIRST_FLAGS) != 0 ? rd_u32(r) : d->flags;
	if (r->bad)
		return box_error(box, "too short", err);
	if (count > LIMIT_FRAGMENT_SAMPLES - run->count ||
	    !samples_fit(ps, r, flags, d, count))
		return box_error(box, "too many samples", err);
	if (samples_reserve(ps, count, err) == -1)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		s = &ps->m->samples[ps->nsamples++];
		sample_flags = i == 0 ? first_flags : d->flags;
		s->duration = (flags & TRUN_DURATION) != 0 ? rd_u32(r) :
		    d->duration;
		s->bytes = (flags & TRUN_SIZE) != 0 ? rd_u32(r) : d->bytes;
		if ((flags & TRUN_FLAGS) != 0)
			sample_flags = rd_u32(r);
		s->cts = (flags & TRUN_CTS) != 0 ? (int32_t)rd_u32(r) : 0;
		s->sync = (sample_flags & SAMPLE_IS_NONSYNC) == 0;
		if (*data > ps->file_bytes ||
		    s->bytes > ps->file_bytes - *data)
			return box_error(box, "samples outside the file", err);
		s->p = ps->file + *data;
		*data += s->bytes;
	}
	run->count += count;
	return 0;
}

static int
parse_traf(struct parser *ps, struct box *traf, struct err *err)
{
	struct mp4 *m = ps->m;
	struct defaults d = { 0 };
	struct mp4_run run = { 0 };
	uint64_t base = ps->moof_offset, data = base;
	bool have_tfdt = false;
	struct box box;
	int rc;

	if (m->nruns == MP4_TRACKS_MAX)
		return box_error(traf, "too many tracks", err);
	ps->first[m->nruns] = ps->nsamples;
	while ((rc = next_box(&traf->body, &box, err)) == 1) {
		switch (box.type) {
		case MP4_TYPE('t', 'f', 'h', 'd'):
			if (parse_tfhd(ps, &box, &d, &base, err) == -1)
				return -1;
			data = base;
			break;
		case MP4_TYPE('t', 'f', 'd', 't'):
			if (parse_tfdt(&box, &run.dts, err) == -1)
				return -1;
			have_tfdt = true;
			break;
		case MP4_TYPE('t', 'r', 'u', 'n'):
			if (d.track_id == 0)
				return box_error(&box, "before tfhd", err);
			if (parse_trun(ps, &box, &d, base, &data, &run,
			    err) == -1)
				return -1;
			break;
		}
	}
	if (rc == -1)
		return -1;
	if (d.track_id == 0 || !have_tfdt)
		return box_error(traf, "no tfhd or tfdt", err);
	run.track_id = d.track_id;
	m->runs[m->nruns++] = run;
	return 0;
}

static int
parse_moof(struct parser *ps, struct box *moof, struct err *err)
{
	struct box box;
	int rc;

	if (ps->have_moof)
		return box_error(moof, "more than one", err);
	ps->have_moof = true;
	ps->moof_offset = moof->offset;
	while ((rc = next_box(&moof->body, &box, err)) == 1)
		if (box.type == MP4_TYPE('t', 'r', 'a', 'f') &&
		    parse_traf(ps, &box, err) == -1)
			return -1;
	return rc;
}

static int
parse_prft(struct parser *ps, struct box *box, struct err *err)
{
	uint32_t flags;
	uint64_t ntp;

	full_box(&box->body, &flags);
	rd_u32(&box->body);
	ntp = rd_u64(&box->body);
	if (box->body.bad)
		return box_error(box, "too short", err);
	if (ps->m->wall_us == 0)
		ps->m->wall_us = clock_wall_from_ntp(ntp);
	return 0;
}

static int
parse_top(struct parser *ps, struct box *box, struct err *err)
{
	switch (box->type) {
	case MP4_TYPE('m', 'o', 'o', 'v'):
		return parse_moov(ps, box, err);
	case MP4_TYPE('p', 'r', 'f', 't'):
		return parse_prft(ps, box, err);
	case MP4_TYPE('m', 'o', 'o', 'f'):
		return parse_moof(ps, box, err);
	}
	return 0;
}

int
mp4_parse(struct mp4 *m, const uint8_t *p, size_t n, struct err *err)
{
	struct parser ps = { .m = m, .file = p, .file_bytes = n };
	struct box box;
	struct rd r;
	int rc;

	memset(m, 0, sizeof(*m));
	rd_init(&r, p, n, 0);
	while ((rc = next_box(&r, &box, err)) == 1)
		if (parse_top(&ps, &box, err) == -1)
			return -1;
	if (rc == -1)
		return -1;
	if (!ps.have_moov && !ps.have_moof)
		return err_set(err, ERR_DATA, "no moov and no moof");
	/* Only now: the array moved while it grew. */
	for (size_t i = 0; i < m->nruns; i++)
		m->runs[i].samples = m->samples == NULL ? NULL :
		    m->samples + ps.first[i];
	return 0;
}

void
mp4_release(struct mp4 *m)
{
	free(m->samples);
	memset(m, 0, sizeof(*m));
}

const struct track *
mp4_track(const struct mp4 *m, uint32_t id)
{
	for (size_t i = 0; i < m->ntracks; i++)
		if (m->tracks[i].id == id)
			return &m->tracks[i];
	return NULL;
}

const struct mp4_run *
mp4_run(const struct mp4 *m, uint32_t id)
{
	for (size_t i = 0; i < m->nruns; i++)
		if (m->runs[i].track_id == id)
			return &m->runs[i];
	return NULL;
}
