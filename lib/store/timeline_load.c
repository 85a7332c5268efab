#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "media/fragment.h"
#include "store/timeline.h"

#define FRAGMENT_S_MAX	3600			/* longer is nonsense */
/* Every so many times it is not taken for granted that one follows another. */
#define ASK_ALL		16
#define START_S_MAX	INT64_C(100000000000)	/* three thousand years */

static void
set_key(struct spool_key *key, const char *stream, const char *rendition)
{
	memset(key, 0, sizeof(*key));
	snprintf(key->stream, sizeof(key->stream), "%s", stream);
	snprintf(key->rendition, sizeof(key->rendition), "%s", rendition);
}

static int
raise_seq(const struct spool_key *key, void *arg, struct err *err)
{
	uint32_t *seq = arg;

	(void)err;
	if (key->seq > *seq)
		*seq = key->seq;
	return 0;
}

/*
 * Raise *SEQ to the newest of RENDITION.  1, 0 or -1 as spool_newest().  The
 * epoch before the newest is looked at too: what a put left behind that was
 * killed when it had lost a race may be all of an epoch, with a number that
 * the one before is past.
 */
static int
raise_newest(struct spool *s, const char *stream, const char *rendition,
    uint32_t *seq, struct err *err)
{
	struct spool_key key;
	uint32_t *epochs;
	size_t count;
	int rc = spool_newest(s, stream, rendition, &key, err);

	if (rc != 1 || raise_seq(&key, seq, err) == -1)
		return rc;
	if (spool_epochs(s, stream, rendition, &epochs, &count, err) == -1)
		return -1;
	while (count > 0 && epochs[count - 1] >= key.epoch)
		count--;
	if (count > 0) {
		key.epoch = epochs[count - 1];
		if (spool_each_of_epoch(s, &key, key.seq + 1, SPOOL_SEQ_MAX,
		    raise_seq, seq, err) == -1)
			rc = -1;
	}
	free(epochs);
	return rc;
}

/* The newest of any rendition, and the original in T->newest if it is that. */
static int
find_newest(struct timeline *t, struct spool *s, uint32_t *seq,
    struct err *err)
{
	char **names = spool_renditions(s, t->stream, err);
	int found, rc;
	size_t i;

	if (names == NULL)
		return -1;
	found = spool_newest(s, t->stream, SPOOL_SRC, &t->newest, err);
	*seq = found == 1 ? t->newest.seq : 0;
	for (i = 0; found != -1 && names[i] != NULL; i++) {
		rc = raise_newest(s, t->stream, names[i], seq, err);
		found = rc == -1 ? -1 : found | rc;
	}
	spool_free_names(names);
	if (found != 1 || *seq != t->newest.seq)
		t->newest.seq = 0;
	return found;
}

/* 1 when what follows T->newest in its epoch is all there is to look for. */
static int
follow_newest(struct timeline *t, struct spool *s, struct err *err)
{
	struct spool_key next = t->newest;
	uint32_t *epochs;
	size_t count;
	int rc;

	if (spool_epochs(s, t->stream, SPOOL_SRC, &epochs, &count, err) == -1)
		return -1;
	rc = count > 0 && epochs[count - 1] == t->newest.epoch;
	free(epochs);
	/* Numbers may be lost. */
	for (next.seq++; rc == 1 && next.seq <= t->newest.seq + TIMELINE_AHEAD;
	    next.seq++)
		if (spool_exists(s, &next))
			t->newest = next;
	return rc;
}

int
timeline_newest(struct timeline *t, struct spool *s, uint32_t *seq,
    struct err *err)
{
	int rc = 0;

	if (t->newest.seq != 0 && t->asked++ % ASK_ALL != 0)
		rc = follow_newest(t, s, err);
	if (rc == 1)
		*seq = t->newest.seq;
	return rc != 0 ? rc : find_newest(t, s, seq, err);
}

int
timeline_written_us(struct spool *s, const char *stream, uint32_t seq,
    int64_t *us, struct err *err)
{
	char **names = spool_renditions(s, stream, err);
	struct spool_key key;
	size_t i;
	int rc;

	if (names == NULL)
		return -1;
	/* Renditions may be late: they count where there is no original. */
	rc = spool_find(s, stream, SPOOL_SRC, seq, &key, err);
	for (i = 0; rc == 0 && names[i] != NULL; i++)
		rc = spool_find(s, stream, names[i], seq, &key, err);
	if (rc == 0)
		rc = err_set(err, ERR_INPUT, "stream '%s': fragment %" PRIu32
		    " is gone", stream, seq);
	else if (rc == 1)
		rc = spool_mtime_us(s, &key, us, err);
	spool_free_names(names);
	return rc == -1 ? -1 : 0;
}

/* Loading one row. */
struct load {
	struct timeline		*t;
	struct spool		*s;
	uint32_t		 first, last;
	struct timeline_row	 old;		/* what was known; borrowed */
	struct timeline_row	*row;
	size_t			 cap;
	uint32_t		 lowest;	/* seq met in this row */
};

/* An interval of which sums and microseconds cannot overflow. */
static bool
interval_ok(const struct fragment_info *info)
{
	int64_t ts = info->timescale, start_s;

	if (ts == 0)
		return false;
	start_s = info->start / ts;
	return start_s > -START_S_MAX && start_s < START_S_MAX &&
	    info->end > info->start &&
	    info->end / ts - start_s < FRAGMENT_S_MAX;
}

bool
timeline_read(struct spool *s, const struct spool_key *key,
    struct timeline_seg *seg)
{
	struct fragment_info info;
	struct err err = ERR_INIT;
	uint64_t bytes;

	if (spool_info(s, key, &info, &bytes, &err) == -1) {
		/* Expired since its directory was read: nothing is wrong. */
		if (err.errnum == 0)
			log_warning("%s", err.text);
		return false;
	}
	if (!interval_ok(&info)) {
		log_warning("'%s' fragment %" PRIu32 " of '%s': bad interval",
		    key->rendition, key->seq, key->stream);
		return false;
	}
	*seg = (struct timeline_seg){ .epoch = key->epoch, .seq = key->seq,
	    .flags = info.flags, .timescale = info.timescale,
	    .start = info.start, .end = info.end,
	    .date_us = info.date_us, .bytes = bytes };
	return true;
}

static int
add_seg(struct load *l, const struct spool_key *key, struct err *err)
{
	struct timeline_seg *known = timeline_find(&l->old, key->seq), *more;
	struct timeline_seg seg;

	if (known != NULL && known->epoch == key->epoch)
		seg = *known;
	else if (!timeline_read(l->s, key, &seg))
		return 0;
	if (l->row->count == l->cap) {
		l->cap = l->cap == 0 ? 64 : 2 * l->cap;
		more = realloc(l->row->segs, l->cap * sizeof(*more));
		if (more == NULL)
			return err_nomem(err);
		l->row->segs = more;
	}
	l->row->segs[l->row->count++] = seg;
	return 0;
}

/* Since which seq of GROUP it has been as it is at the first one loaded. */
static uint32_t
find_since(const struct load *l, uint32_t group,
    const bool there[SPOOL_GROUP])
{
	uint32_t at = l->first % SPOOL_GROUP;
	bool has = there[at];

	while (at > 0 && there[at - 1] == has)
		at--;
	return !has && at == 0 ? 0 : group * SPOOL_GROUP + at;
}

static int
load_group(struct load *l, struct spool_key *key, uint32_t group,
    struct err *err)
{
	bool there[SPOOL_GROUP];
	uint32_t i, since;

	if (seen_group(&l->row->seen, l->s, key, group, l->first, l->last,
	    there, err) == -1)
		return -1;
	if (group == l->first / SPOOL_GROUP) {
		since = find_since(l, group, there);
		if (since > l->row->since)
			l->row->since = since;
	}
	for (i = 0; i < SPOOL_GROUP; i++) {
		if (!there[i])
			continue;
		key->seq = group * SPOOL_GROUP + i;
		if (key->seq < l->lowest)
			l->lowest = key->seq;
		if (key->seq >= l->first && key->seq <= l->last &&
		    add_seg(l, key, err) == -1)
			return -1;
	}
	return 0;
}

/*
 * 1 when an older epoch may have something in the range too; 0, -1.  A short
 * range needs no list of what there is besides.
 */
static int
load_epoch(struct load *l, struct spool_key *key, struct err *err)
{
	uint32_t *groups, group = l->first / SPOOL_GROUP;
	uint32_t last = l->last / SPOOL_GROUP;
	bool few = last - group <= 1;
	size_t count, i;
	int rc = 1;

	for (; few && group <= last; group++)
		if (load_group(l, key, group, err) == -1)
			return -1;
	if (few && l->lowest <= l->first)
		return 0;
	if (spool_groups(l->s, key, &groups, &count, err) == -1)
		return -1;
	for (i = 0; i < count && rc != -1 && !few; i++)
		if (groups[i] >= l->first / SPOOL_GROUP && groups[i] <= last &&
		    load_group(l, key, groups[i], err) == -1)
			rc = -1;
	if (rc == 1 && count > 0 && (groups[0] < l->first / SPOOL_GROUP ||
	    l->lowest <= l->first))
		rc = 0;
	free(groups);
	return rc;
}

static int
compare_segs(const void *a, const void *b)
{
	const struct timeline_seg *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq > y->seq ? 1 : -1;
	return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

/*
 * A put that was killed when it had lost a race may have left a number that
 * another epoch has as well.  The older one counts; of renditions the one of
 * the original that does.
 */
static void
drop_doubled(struct load *l)
{
	const bool src = strcmp(l->row->name, SPOOL_SRC) == 0;
	struct timeline_seg *segs = l->row->segs;
	const struct timeline_seg *original;
	size_t i, n = 0;

	for (i = 0; i < l->row->count; i++) {
		original = src ? NULL :
		    timeline_find(&l->t->src, segs[i].seq);
		if ((original == NULL || original->epoch == segs[i].epoch) &&
		    (n == 0 || segs[n - 1].seq != segs[i].seq))
			segs[n++] = segs[i];
	}
	l->row->count = n;
}

/*
 * Newest epoch first, so that a stream's past costs nothing: one epoch more
 * than should be needed, for the sake of what a put left behind.
 */
static int
load_row(struct load *l, struct err *err)
{
	struct spool_key key;
	uint32_t *epochs;
	size_t count;
	int rc = 1, done = 0;

	set_key(&key, l->t->stream, l->row->name);
	if (spool_epochs(l->s, key.stream, key.rendition, &epochs, &count,
	    err) == -1)
		return -1;
	seen_again(&l->row->seen);
	l->row->any = count > 0;
	l->cap = 0;
	l->lowest = UINT32_MAX;
	while (rc != -1 && done < 2 && count-- > 0) {
		key.epoch = epochs[count];
		rc = load_epoch(l, &key, err);
		done += rc == 0;
	}
	free(epochs);
	if (l->row->count > 0)
		qsort(l->row->segs, l->row->count, sizeof(*l->row->segs),
		    compare_segs);
	drop_doubled(l);
	return rc == -1 ? -1 : 0;
}

static struct timeline_row *
find_row(struct timeline_row *rows, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static int
load_src(struct load *l, struct err *err)
{
	struct timeline_row row = { .name = SPOOL_SRC,
	    .seen = l->t->src.seen };
	int rc;

	l->old = l->t->src;
	l->row = &row;
	rc = load_row(l, err);
	l->row = NULL;
	free(l->t->src.segs);
	l->t->src = row;
	return rc;
}

/*
 * 1 when L->row has thumbnails; 0; -1.  Its files say so: any of them will
 * do, the newest when none is in the range.
 */
static int
has_images(const struct load *l, struct err *err)
{
	struct timeline_seg seg = { .flags = 0 };
	struct spool_key key;
	int rc;

	if (l->row->count > 0)
		return (l->row->segs[0].flags & FRAGMENT_IMAGES) != 0;
	if (!l->row->any)
		return 0;
	rc = spool_newest(l->s, l->t->stream, l->row->name, &key, err);
	if (rc != 1)
		return rc;
	return timeline_read(l->s, &key, &seg) &&
	    (seg.flags & FRAGMENT_IMAGES) != 0;
}

static int
load_named(struct load *l, const char *name, struct timeline_row *row,
    struct err *err)
{
	const struct timeline *t = l->t;
	struct timeline_row *known;

	snprintf(row->name, sizeof(row->name), "%s", name);
	known = find_row(t->rows, t->nrows, name);
	if (known == NULL)
		known = find_row(t->images, t->nimages, name);
	l->old = (struct timeline_row){ .count = 0 };
	if (known != NULL) {
		l->old = *known;
		row->seen = known->seen;
		known->seen = (struct seen){ .count = 0 };
		row->init = known->init;
		row->init_epoch = known->init_epoch;
		row->list = known->list;
		row->iframes = known->iframes;
		known->init = NULL;
	}
	l->row = row;
	return load_row(l, err) == -1 ? -1 : has_images(l, err);
}

static int
load_rows(struct load *l, char **names, struct err *err)
{
	struct timeline *t = l->t;
	struct timeline_row *rows, *images, row;
	size_t n = 0, i, nrows = 0, nimages = 0;
	int rc = 0;

	while (names[n] != NULL)
		n++;
	rows = calloc(n + 1, sizeof(*rows));
	images = calloc(n + 1, sizeof(*images));
	if (rows == NULL || images == NULL) {
		free(rows);
		free(images);
		return err_nomem(err);
	}
	for (i = 0; i < n && rc != -1; i++) {
		row = (struct timeline_row){ .count = 0 };
		rc = load_named(l, names[i], &row, err);
		if (rc == 1)
			images[nimages++] = row;
		else
			rows[nrows++] = row;
	}
	l->row = NULL;
	timeline_release_rows(t->rows, t->nrows);
	timeline_release_rows(t->images, t->nimages);
	t->rows = rows;
	t->nrows = nrows;
	t->images = images;
	t->nimages = nimages;
	return rc == -1 ? -1 : 0;
}

int
timeline_load(struct timeline *t, struct spool *s, uint32_t first,
    uint32_t last, struct err *err)
{
	struct load l = { .t = t, .s = s, .first = first, .last = last };
	char **names;
	int rc = -1;

	if ((names = spool_renditions(s, t->stream, err)) == NULL)
		return -1;
	t->first = first;
	if (load_src(&l, err) == 0 && load_rows(&l, names, err) == 0)
		rc = timeline_join(t, err);
	spool_free_names(names);
	return rc;
}
