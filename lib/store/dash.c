#include "store/dash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "store/dash_impl.h"
#include "store/spool.h"

/* What is known of a row in one epoch. */
struct dash_row {
	struct playlist_rendition	r;
	bool				usable;
};

struct dash {
	struct spool		*s;
	struct timeline		*t;
	const struct hls_conf	*conf;
	bool			 low;		/* what is there, at once */
	size_t			 first, end;	/* entries to list */
	struct dash_row		*rows;		/* one for each of T's */
	bool			 video, audio;	/* the epoch has them */
	struct mpd		*m;
};

static const struct timeline_seg *
find(const struct dash *d, size_t row, size_t entry)
{
	if (!d->rows[row].usable)
		return NULL;
	return timeline_find(&d->t->rows[row], d->t->entries[entry].seq);
}

/* Usable or not: what is there must not seem to change as others leave. */
static bool
same_rows(const struct timeline *t, size_t x, size_t y)
{
	size_t i;

	for (i = 0; i < t->nrows; i++)
		if ((timeline_find(&t->rows[i], t->entries[x].seq) == NULL) !=
		    (timeline_find(&t->rows[i], t->entries[y].seq) == NULL))
			return false;
	return true;
}

static bool
same_group(const struct timeline_entry *x, const struct timeline_entry *y)
{
	return x->epoch == y->epoch &&
	    x->seq / SPOOL_GROUP == y->seq / SPOOL_GROUP;
}

/* The entries of FIRST's epoch that are listed. */
static void
span_of_epoch(const struct dash *d, size_t first, struct hls_span *span)
{
	const struct timeline_entry *e = d->t->entries;
	uint32_t rounded_s;
	size_t i;

	*span = (struct hls_span){ .first = first, .target_s = 1 };
	for (i = first; i < d->end && e[i].epoch == e[first].epoch; i++) {
		rounded_s = playlist_rounded_s(e[i].duration_us);
		if (rounded_s > span->target_s)
			span->target_s = rounded_s;
		span->count++;
	}
}

/*
 * A copy of pictures whose fragments do not all begin on a keyframe: no
 * template makes segments of several files.
 */
static bool
dependent(const struct timeline_row *row, uint32_t epoch)
{
	size_t i;

	for (i = 0; i < row->count; i++)
		if (row->segs[i].epoch == epoch &&
		    (row->segs[i].flags & FRAGMENT_DEPENDENT) != 0)
			return true;
	return false;
}

/* Learn what the rows are in the epoch that begins to be listed at FIRST. */
static int
look_at_epoch(struct dash *d, size_t first, struct err *err)
{
	struct timeline *t = d->t;
	struct dash_row *row;
	struct hls_span span;
	size_t i;
	int rc;

	span_of_epoch(d, first, &span);
	d->video = d->audio = false;
	for (i = 0; i < t->nrows; i++) {
		row = &d->rows[i];
		row->usable = false;
		if (dependent(&t->rows[i], t->entries[first].epoch))
			continue;
		rc = hls_rendition(d->s, t, &t->rows[i], &span, span.count,
		    0, &row->r, err);
		if (rc == -1)
			return -1;
		row->usable = rc == 1 && row->r.timescale != 0;
		if (row->usable && row->r.kind == TRACK_VIDEO)
			d->video = true;
		else if (row->usable)
			d->audio = true;
	}
	return 0;
}

/* T of a time scale in another, to the nearest. */
static int64_t
rescale(int64_t t, uint32_t from, uint32_t to)
{
	int64_t ts = from;

	return t / ts * to + (t % ts * to + ts / 2) / ts;
}

/*
 * The timeline of ROW over the entries [FIRST, END), which it has.  A segment
 * lasts until the next one begins, listed or not.
 */
static int
set_runs(const struct dash *d, size_t row, size_t first, size_t end,
    struct mpd_set *set, struct err *err)
{
	const struct timeline_entry *e = d->t->entries;
	const struct timeline_seg *seg = find(d, row, first), *next;
	int64_t t, until;
	size_t i;

	assert(first < end);
	for (i = first; i < end; i++, seg = next) {
		assert(seg != NULL);	/* all of a Period is there */
		next = i + 1 < d->t->count && e[i + 1].epoch == e[i].epoch ?
		    find(d, row, i + 1) : NULL;
		t = rescale(seg->start, seg->timescale, set->timescale);
		until = rescale(seg->end, seg->timescale, set->timescale);
		if (next != NULL)
			until = rescale(next->start, next->timescale,
			    set->timescale);
		if (until <= t)
			until = t + 1;
		if (mpd_add_run(set, t, until - t, err) == -1)
			return -1;
	}
	return 0;
}

static int
add_row(const struct dash *d, size_t row, size_t first, size_t end,
    const struct timeline_seg *o, struct mpd_period *p, struct err *err)
{
	const struct playlist_rendition *r = &d->rows[row].r;
	struct mpd_set own = { .kind = r->kind, .timescale = r->timescale,
	    .offset = rescale(o->start, o->timescale, r->timescale),
	    .start_number = d->t->entries[first].seq };
	int rc;

	rc = set_runs(d, row, first, end, &own, err);
	if (rc == 0)
		rc = mpd_add_rendition(p, &own, r, err);
	free(own.runs);
	return rc;
}

/* The seq where the Period that has FIRST begins, listed or not. */
static uint32_t
period_seq(const struct dash *d, size_t first)
{
	const struct timeline_entry *e = d->t->entries;
	uint32_t seq;
	size_t i = first;

	while (i > 0 && same_group(&e[i - 1], &e[first]) &&
	    same_rows(d->t, i - 1, first))
		i--;
	seq = e[i].seq;
	if (i > 0 || seq != d->t->first)
		return seq;
	/* Where the last of the rows came or went. */
	seq = e[0].seq / SPOOL_GROUP * SPOOL_GROUP;
	for (i = 0; i < d->t->nrows; i++)
		if (d->t->rows[i].since > seq)
			seq = d->t->rows[i].since;
	return seq;
}

/*
 * The file at SEQ that tells the Period's time: its first picture, or without
 * one its sound, begins with it.  It may be older than what is loaded.
 */
static bool
find_origin(const struct dash *d, size_t first, uint32_t seq,
    struct timeline_seg *o)
{
	const struct timeline *t = d->t;
	struct spool_key key = { .epoch = t->entries[first].epoch,
	    .seq = seq };
	const struct timeline_seg *seg;
	size_t i, row = t->nrows;

	for (i = 0; i < t->nrows; i++)
		if (find(d, i, first) != NULL && (row == t->nrows ||
		    (d->rows[i].r.kind == TRACK_VIDEO &&
		    d->rows[row].r.kind == TRACK_AUDIO)))
			row = i;
	if ((seg = timeline_find(&t->rows[row], seq)) != NULL) {
		*o = *seg;
		return true;
	}
	memcpy(key.stream, t->stream, sizeof(key.stream));
	memcpy(key.rendition, t->rows[row].name, sizeof(key.rendition));
	return timeline_read(d->s, &key, o);
}

static int64_t
duration_us(const struct dash *d, size_t first, size_t end)
{
	int64_t sum_us = 0;
	size_t i;

	for (i = first; i < end; i++)
		sum_us += d->t->entries[i].duration_us;
	return sum_us;
}

/* Pictures and sound, if the epoch has them: players cannot lose one. */
static bool
presentable(const struct dash *d, size_t entry)
{
	bool video = !d->video, audio = !d->audio, any = false;
	size_t i;

	for (i = 0; i < d->t->nrows; i++) {
		if (find(d, i, entry) == NULL)
			continue;
		any = true;
		if (d->rows[i].r.kind == TRACK_VIDEO)
			video = true;
		else
			audio = true;
	}
	return any && video && audio;
}

static int
fill_period(const struct dash *d, size_t first, size_t end,
    const struct timeline_seg *o, struct mpd_period *p, struct err *err)
{
	static const enum track_kind kinds[] = { TRACK_VIDEO, TRACK_AUDIO };
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < d->t->nrows; i++)
			if (find(d, i, first) != NULL &&
			    d->rows[i].r.kind == kinds[k] &&
			    add_row(d, i, first, end, o, p, err) == -1)
				return -1;
	return 0;
}

/* The Period of the entries [FIRST, END), or the end of it. */
static int
add_period(struct dash *d, size_t first, size_t end, struct err *err)
{
	const struct timeline_entry *e = &d->t->entries[first];
	struct mpd_period *p, *more;
	struct timeline_seg o;
	bool vod = d->conf->kind == PLAYLIST_VOD;
	uint32_t seq = vod ? e->seq : period_seq(d, first);

	if (!presentable(d, first) || !find_origin(d, first, seq, &o))
		return 0;
	if (o.date_us == 0 && !vod)
		return 0;	/* it has no place in time */
	more = realloc(d->m->periods, (d->m->count + 1) * sizeof(*more));
	if (more == NULL)
		return err_nomem(err);
	d->m->periods = more;
	p = &more[d->m->count++];
	*p = (struct mpd_period){ .epoch = e->epoch,
	    .group = e->seq / SPOOL_GROUP, .seq = seq,
	    .start_us = o.date_us + (d->low ? 0 : DASH_DELAY_US(d->conf)),
	    .duration_us = duration_us(d, first, end) };
	return fill_period(d, first, end, &o, p, err);
}

static int
add_periods(struct dash *d, struct err *err)
{
	const struct timeline_entry *e = d->t->entries;
	size_t i, first = d->first;

	for (i = d->first; i < d->end; i++) {
		if ((i == d->first || e[i].epoch != e[i - 1].epoch) &&
		    look_at_epoch(d, i, err) == -1)
			return -1;
		if (i + 1 < d->end && same_group(&e[i], &e[i + 1]) &&
		    same_rows(d->t, i, i + 1))
			continue;
		if (add_period(d, first, i + 1, err) == -1)
			return -1;
		first = i + 1;
	}
	return 0;
}

/*
 * When it could be published first, and a microsecond for each file it is made
 * from, so that one that comes late makes it later, whatever becomes of it.
 */
static int64_t
publish_us(const struct dash *d)
{
	const struct timeline *t = d->t;
	const struct timeline_entry *newest = &t->entries[t->count - 1];
	int64_t us = newest->date_us + newest->duration_us;
	size_t i, j;

	for (i = d->first; i < t->count; i++)
		for (j = 0; j < t->nrows; j++)
			us += timeline_find(&t->rows[j],
			    t->entries[i].seq) != NULL;
	return us;
}

/*
 * A player that loads an MPD whose first second is still to come may not find
 * its way; so there is none before players can be where it wants them.
 */
static bool
too_early(const struct dash *d)
{
	int64_t lag_us = d->low ? MPD_LOW_LAG_S * 1000000 :
	    DASH_DELAY_US(d->conf) + MPD_LAG_S * 1000000;
	const struct timeline *t = d->t;
	int64_t us = 0;
	size_t i;

	if (t->count == 0 || d->conf->kind == PLAYLIST_VOD || t->over ||
	    timeline_ended(t, d->first))
		return false;
	for (i = d->first; i < t->count; i++)
		us += t->entries[i].duration_us;
	return us < lag_us;
}

int
dash_model(struct spool *s, struct timeline *t, const struct hls_conf *conf,
    bool low, struct mpd *m, struct err *err)
{
	struct dash d = { .s = s, .t = t, .conf = conf, .low = low,
	    .m = m };
	int rc = 0;

	*m = (struct mpd){ .low = low,
	    .kind = conf->kind == PLAYLIST_VOD ? MPD_VOD :
	    t->over ? MPD_OVER : MPD_LIVE,
	    .window_us = conf->kind == PLAYLIST_LIVE ? conf->window_us : 0 };
	if ((d.rows = calloc(t->nrows + 1, sizeof(*d.rows))) == NULL)
		return err_nomem(err);
	dash_choose(t, conf, low, &d.first, &d.end);
	if (!too_early(&d))
		rc = add_periods(&d, err);
	free(d.rows);
	if (rc == -1 || m->count == 0 || m->kind == MPD_VOD)
		return rc;
	m->publish_us = publish_us(&d);
	return 0;
}

/* Write the one of T, or with LOW the other, if there is something to list. */
static int
publish(struct spool *s, struct timeline *t, const struct hls_conf *conf,
    bool low, hls_written_fn *written, void *arg, struct err *err)
{
	char path[SPOOL_PATH_BYTES], name[HLS_NAME_BYTES + 4];
	struct spool_known *known = low ? &t->low : &t->mpd;
	bool vod = conf->kind == PLAYLIST_VOD;
	struct mpd m;
	struct buf b;
	int rc;

	snprintf(name, sizeof(name), "%s.mpd", low ? "low" :
	    conf->kind == PLAYLIST_LIVE ? "main" : conf->name);
	snprintf(path, sizeof(path), "www/%s/%s", t->stream, name);
	if (conf->keys != NULL ||	/* it lists what is in the clear */
	    (low && conf->part_target_us == 0))
		return spool_drop(s, path, known, err);
	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	rc = dash_model(s, t, conf, low, &m, err);
	if (rc == 0 && m.count > 0) {
		mpd_put(&b, &m, name);
		rc = buf_ok(&b, err);
		if (rc == -1)
			err_wrap(err, "'%s'", path);
		else
			rc = spool_update(s, path, b.p, b.n, vod ?
			    SPOOL_DURABLE : SPOOL_VOLATILE, known, err);
		if (rc == 1 && written != NULL)
			written(path, arg);
	}
	buf_release(&b);
	mpd_release(&m);
	return rc == -1 ? -1 : 0;
}

int
dash_publish(struct spool *s, struct timeline *t, const struct hls_conf *conf,
    hls_written_fn *written, void *arg, struct err *err)
{
	if (publish(s, t, conf, false, written, arg, err) == -1)
		return -1;
	return conf->kind == PLAYLIST_LIVE ?
	    publish(s, t, conf, true, written, arg, err) : 0;
}
