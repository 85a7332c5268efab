#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/mp4_priv.h"

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

static int
take_trak(struct parser *ps, struct mp4_box *trak, struct err *err)
{
	struct mp4 *m = ps->m;
	struct track t;
	int rc = mp4_trak_parse(trak, &t, err);

	if (rc != 1)
		return rc;
	if (mp4_track(m, t.id) != NULL)
		return mp4_box_error(trak, "track ID used twice", err);
	if (m->ntracks == MP4_TRACKS_MAX)
		return mp4_box_error(trak, "too many tracks", err);
	m->tracks[m->ntracks++] = t;
	return 0;
}

static int
parse_mvex(struct parser *ps, struct mp4_box *mvex, struct err *err)
{
	struct defaults d;
	struct mp4_box box;
	uint32_t flags;
	int rc;

	while ((rc = mp4_box_next(&mvex->body, &box, err)) == 1) {
		if (box.type != MP4_TYPE('t', 'r', 'e', 'x'))
			continue;
		mp4_box_full(&box.body, &flags);
		d.track_id = rd_u32(&box.body);
		rd_u32(&box.body);
		d.duration = rd_u32(&box.body);
		d.bytes = rd_u32(&box.body);
		d.flags = rd_u32(&box.body);
		if (box.body.bad)
			return mp4_box_error(&box, "too short", err);
		if (ps->ntrex == MP4_TRACKS_MAX)
			return mp4_box_error(&box, "too many tracks", err);
		ps->trex[ps->ntrex++] = d;
	}
	return rc;
}

static int
parse_moov(struct parser *ps, struct mp4_box *moov, struct err *err)
{
	struct mp4_box box;
	int rc;

	if (ps->have_moov)
		return mp4_box_error(moov, "more than one", err);
	ps->have_moov = true;
	while ((rc = mp4_box_next(&moov->body, &box, err)) == 1) {
		if (box.type == MP4_TYPE('t', 'r', 'a', 'k') &&
		    take_trak(ps, &box, err) == -1)
			return -1;
		if (box.type == MP4_TYPE('m', 'v', 'e', 'x') &&
		    parse_mvex(ps, &box, err) == -1)
			return -1;
	}
	return rc;
}

static int
parse_tfhd(struct parser *ps, struct mp4_box *box, struct defaults *d,
    uint64_t *base, struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags;

	mp4_box_full(r, &flags);
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
		return mp4_box_error(box, "too short", err);
	if (d->track_id == 0 || mp4_run(ps->m, d->track_id) != NULL)
		return mp4_box_error(box, "track ID 0 or used twice", err);
	return 0;
}

static int
parse_tfdt(struct mp4_box *box, uint64_t *dts, struct err *err)
{
	uint32_t flags;

	*dts = mp4_box_full(&box->body, &flags) == 1 ? rd_u64(&box->body) :
	    rd_u32(&box->body);
	if (box->body.bad)
		return mp4_box_error(box, "too short", err);
	if (*dts > DTS_MAX)
		return mp4_box_error(box, "time out of range", err);
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
parse_trun(struct parser *ps, struct mp4_box *box, const struct defaults *d,
    uint64_t base, uint64_t *data, struct mp4_run *run, struct err *err)
{
	struct rd *r = &box->body;
	uint32_t flags, count, first_flags, sample_flags;
	struct mp4_sample *s;

	mp4_box_full(r, &flags);
	count = rd_u32(r);
	if ((flags & TRUN_OFFSET) != 0)		/* signed; wraps if it lies */
		*data = base + (uint64_t)(int64_t)(int32_t)rd_u32(r);
	first_flags = (flags & TRUN_FIRST_FLAGS) != 0 ? rd_u32(r) : d->flags;
	if (r->bad)
		return mp4_box_error(box, "too short", err);
	if (count > LIMIT_FRAGMENT_SAMPLES - run->count ||
	    !samples_fit(ps, r, flags, d, count))
		return mp4_box_error(box, "too many samples", err);
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
			return mp4_box_error(box, "samples outside the file",
			    err);
		s->p = ps->file + *data;
		*data += s->bytes;
	}
	run->count += count;
	return 0;
}

static int
parse_traf(struct parser *ps, struct mp4_box *traf, struct err *err)
{
	struct mp4 *m = ps->m;
	struct defaults d = { 0 };
	struct mp4_run run = { 0 };
	uint64_t base = ps->moof_offset, data = base;
	bool have_tfdt = false;
	struct mp4_box box;
	int rc;

	if (m->nruns == MP4_TRACKS_MAX)
		return mp4_box_error(traf, "too many tracks", err);
	ps->first[m->nruns] = ps->nsamples;
	while ((rc = mp4_box_next(&traf->body, &box, err)) == 1) {
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
				return mp4_box_error(&box, "before tfhd", err);
			if (parse_trun(ps, &box, &d, base, &data, &run,
			    err) == -1)
				return -1;
			break;
		}
	}
	if (rc == -1)
		return -1;
	if (d.track_id == 0 || !have_tfdt)
		return mp4_box_error(traf, "no tfhd or tfdt", err);
	run.track_id = d.track_id;
	m->runs[m->nruns++] = run;
	return 0;
}

static int
parse_moof(struct parser *ps, struct mp4_box *moof, struct err *err)
{
	struct mp4_box box;
	int rc;

	if (ps->have_moof)
		return mp4_box_error(moof, "more than one", err);
	ps->have_moof = true;
	ps->moof_offset = moof->offset;
	while ((rc = mp4_box_next(&moof->body, &box, err)) == 1)
		if (box.type == MP4_TYPE('t', 'r', 'a', 'f') &&
		    parse_traf(ps, &box, err) == -1)
			return -1;
	return rc;
}

static int
parse_prft(struct parser *ps, struct mp4_box *box, struct err *err)
{
	uint32_t flags;
	uint64_t ntp;

	mp4_box_full(&box->body, &flags);
	rd_u32(&box->body);
	ntp = rd_u64(&box->body);
	if (box->body.bad)
		return mp4_box_error(box, "too short", err);
	if (ps->m->wall_us == 0)
		ps->m->wall_us = clock_wall_from_ntp(ntp);
	return 0;
}

static int
parse_top(struct parser *ps, struct mp4_box *box, struct err *err)
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
	struct mp4_box box;
	struct rd r;
	int rc;

	memset(m, 0, sizeof(*m));
	rd_init(&r, p, n, 0);
	while ((rc = mp4_box_next(&r, &box, err)) == 1)
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
