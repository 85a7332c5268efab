#include "store/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/failed.h"
#include "store/index.h"

bool
pending_counts(const struct rendition *r, enum pending_tier tier)
{
	switch (tier) {
	case PENDING_LIVE:
		return r->tier == LADDER_LIVE;
	case PENDING_BATCH:
		return r->tier == LADDER_BATCH;
	case PENDING_ALL:
		return true;
	}
	return false;
}

static void
set_rendition(struct spool_key *key, const struct rendition *r)
{
	memcpy(key->rendition, r->name, sizeof(key->rendition));
}

const struct rendition *
store_missing(struct spool *s, const struct ladder *l,
    enum pending_tier tier, const struct spool_key *key)
{
	struct spool_key k = *key;
	const struct rendition *r;
	size_t i;

	for (i = 0; i < l->count; i++) {
		r = &l->renditions[i];
		if (!pending_counts(r, tier))
			continue;
		set_rendition(&k, r);
		if (!spool_exists(s, &k) && !spool_none(s, &k))
			return failed_parked(s, key) ? NULL : r;
	}
	return NULL;
}

int
pending_behind(struct spool *s, const struct spool_key *key,
    uint32_t *behind, struct err *err)
{
	struct spool_key newest;
	int64_t stored_us, now_us, age_s;
	int rc = spool_newest(s, key->stream, SPOOL_SRC, &newest, err);

	*behind = rc == 1 && newest.seq > key->seq ? newest.seq - key->seq : 0;
	if (rc != 1 || !spool_exists(s, key))
		return rc == -1 ? -1 : 0;
	if (spool_mtime_us(s, key, &stored_us, err) == -1 ||
	    spool_now_us(s, &now_us, err) == -1)
		return -1;
	age_s = (now_us - stored_us) / 1000000;
	if (age_s > *behind)
		*behind = age_s < UINT32_MAX ? (uint32_t)age_s : UINT32_MAX;
	return 0;
}

struct walk {
	const struct pending	*p;
	uint32_t		 first, last;	/* seq */
	struct index		 ix;
	bool			*skip;	/* of each rendition, in this epoch */
	bool			 all;	/* no original is left out */
	bool			 parked;	/* some may be: failed.h */
	spool_fn		*fn;
	void			*arg;
	struct err		*err;
};

/* The Ith of COUNT in the order of the walk. */
static size_t
nth(const struct walk *w, size_t i, size_t count)
{
	return w->p->order == PENDING_OLDEST_FIRST ? i : count - 1 - i;
}

/* True when it is remembered that nothing in the group lacks a rendition. */
static bool
remembered(struct walk *w, const struct spool_key *key, uint32_t group)
{
	struct spool_key k = *key;
	size_t i;

	for (i = 0; i < w->p->l->count; i++) {
		if (w->skip[i])
			continue;
		set_rendition(&k, &w->p->l->renditions[i]);
		if (index_find(&w->ix, &k, group) == NULL)
			return false;
	}
	return true;
}

/* Remember that a directory of renditions has all the originals. */
static void
note_rendition(struct walk *w, const struct spool_key *key, uint32_t group,
    const struct index_stamp *stamp)
{
	struct index_entry e = { .epoch = key->epoch, .group = group,
	    .stamp = *stamp, .bytes = INDEX_BYTES_UNKNOWN };

	memcpy(e.rendition, key->rendition, sizeof(e.rendition));
	index_note(&w->ix, &e);
}

/*
 * LACKS[i]: original i of the group, of those in SRC, lacks a rendition.
 * With NOTE the originals rest.
 */
static int
find_lacking(struct walk *w, const struct spool_key *key, uint32_t group,
    bool note, const bool src[SPOOL_GROUP], bool lacks[SPOOL_GROUP])
{
	struct spool_key k = *key;
	struct index_stamp stamp;
	bool there[SPOOL_GROUP], rests, complete;
	size_t i, j;

	memset(lacks, false, SPOOL_GROUP * sizeof(*lacks));
	for (i = 0; i < w->p->l->count; i++) {
		if (w->skip[i])
			continue;
		set_rendition(&k, &w->p->l->renditions[i]);
		rests = note && index_rests(&w->ix, &k, group, &stamp);
		if (spool_group(w->p->s, &k, group, there, w->err) == -1)
			return -1;
		complete = true;
		for (j = 0; j < SPOOL_GROUP; j++)
			if (src[j] && !there[j]) {
				lacks[j] = true;
				complete = false;
			}
		if (rests && complete)
			note_rendition(w, &k, group, &stamp);
	}
	return 0;
}

/*
 * Read what originals are in the group.  1; 0 when it is remembered that
 * none of them lacks anything; -1.  *NOTE: they rest.
 */
static int
read_originals(struct walk *w, const struct spool_key *key, uint32_t group,
    bool src[SPOOL_GROUP], bool *note)
{
	struct index_entry e = { .rendition = SPOOL_SRC, .epoch = key->epoch,
	    .group = group, .bytes = INDEX_BYTES_UNKNOWN };
	bool known = index_find(&w->ix, key, group) != NULL;
	uint32_t i;

	if (known && remembered(w, key, group))
		return 0;
	*note = known || index_rests(&w->ix, key, group, &e.stamp);
	if (spool_group(w->p->s, key, group, src, w->err) == -1)
		return -1;
	if (known || !*note)
		return 1;
	for (i = 0; i < SPOOL_GROUP; i++)
		if (src[i]) {
			e.last = group * SPOOL_GROUP + i;
			if (e.count++ == 0)
				e.first = e.last;
		}
	index_note(&w->ix, &e);
	return 1;
}

static int
walk_group(struct walk *w, struct spool_key *key, uint32_t group)
{
	bool src[SPOOL_GROUP], lacks[SPOOL_GROUP], note;
	size_t i, j;
	int rc;

	/* Originals first: what is made meanwhile then counts as made. */
	if ((rc = read_originals(w, key, group, src, &note)) != 1)
		return rc;
	if (find_lacking(w, key, group, note, src, lacks) == -1)
		return -1;
	for (i = 0; i < SPOOL_GROUP; i++) {
		j = nth(w, i, SPOOL_GROUP);
		key->seq = group * SPOOL_GROUP + (uint32_t)j;
		if (!lacks[j] || key->seq < w->first || key->seq > w->last ||
		    (w->parked && failed_parked(w->p->s, key)))
			continue;
		if ((rc = w->fn(key, w->arg, w->err)) != 0)
			return rc;
	}
	return 0;
}

/* Mark what this epoch does not wait for.  True when something is left. */
static bool
mark_skipped(const struct walk *w, const struct spool_key *key)
{
	struct spool_key k = *key;
	const struct rendition *r = w->p->l->renditions;
	bool left = false;
	size_t i;

	for (i = 0; i < w->p->l->count; i++) {
		set_rendition(&k, &r[i]);
		w->skip[i] = !pending_counts(&r[i], w->p->tier) ||
		    spool_none(w->p->s, &k);
		left = left || !w->skip[i];
	}
	return left;
}

static int
walk_epoch(struct walk *w, struct spool_key *key)
{
	uint32_t *groups, group;
	size_t count, i;
	int rc = 0;

	if (!mark_skipped(w, key)) {
		w->all = false;
		return 0;
	}
	if (spool_groups(w->p->s, key, &groups, &count, w->err) == -1)
		return -1;
	for (i = 0; i < count && rc == 0; i++) {
		group = groups[nth(w, i, count)];
		if (group >= w->first / SPOOL_GROUP &&
		    group <= w->last / SPOOL_GROUP)
			rc = walk_group(w, key, group);
		else
			w->all = false;
	}
	free(groups);
	return rc;
}

static int
walk_stream(struct walk *w, const char *stream)
{
	struct spool_key key = { .rendition = SPOOL_SRC };
	uint32_t *epochs;
	size_t count, i;
	int rc = 0;

	snprintf(key.stream, sizeof(key.stream), "%s", stream);
	if (spool_epochs_in(w->p->s, stream, SPOOL_SRC, w->first, w->last,
	    &epochs, &count, w->err) == -1)
		return -1;
	index_open(&w->ix, w->p->s, stream);
	for (i = 0; i < count && rc == 0; i++) {
		key.epoch = epochs[nth(w, i, count)];
		if (w->p->sel.epoch == 0 || w->p->sel.epoch == key.epoch)
			rc = walk_epoch(w, &key);
	}
	index_close(&w->ix, w->all && rc == 0);
	free(epochs);
	return rc;
}

int
pending_each(const struct pending *p, const char *stream, spool_fn *fn,
    void *arg, struct err *err)
{
	struct walk w = { .p = p, .fn = fn, .arg = arg, .err = err };
	int rc;

	if (p->l == NULL)
		return select_each(p->s, stream, SPOOL_SRC, &p->sel, fn, arg,
		    err);
	rc = select_numbers(p->s, stream, SPOOL_SRC, &p->sel, &w.first,
	    &w.last, err);
	if (rc != 1)
		return rc;
	w.all = p->sel.epoch == 0 && w.first == 0 && w.last == SPOOL_SEQ_MAX;
	w.parked = failed_any(p->s);
	if ((w.skip = calloc(p->l->count + 1, sizeof(*w.skip))) == NULL)
		return err_nomem(err);
	rc = walk_stream(&w, stream);
	free(w.skip);
	return rc;
}
