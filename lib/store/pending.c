#include "store/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

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
			return r;
	}
	return NULL;
}

struct walk {
	struct spool		*s;
	const struct ladder	*l;
	enum pending_tier	 tier;
	enum pending_order	 order;
	bool			*skip;	/* of each rendition, in this epoch */
	spool_fn		*fn;
	void			*arg;
	struct err		*err;
};

/* The Ith of COUNT in the order of the walk. */
static size_t
nth(const struct walk *w, size_t i, size_t count)
{
	return w->order == PENDING_OLDEST_FIRST ? i : count - 1 - i;
}

/* ALL[i]: every rendition of fragment i of the group is there. */
static int
group_complete(const struct walk *w, const struct spool_key *key,
    uint32_t group, bool all[SPOOL_GROUP])
{
	struct spool_key k = *key;
	bool there[SPOOL_GROUP];
	size_t i, j;

	memset(all, true, SPOOL_GROUP * sizeof(*all));
	for (i = 0; i < w->l->count; i++) {
		if (w->skip[i])
			continue;
		set_rendition(&k, &w->l->renditions[i]);
		if (spool_group(w->s, &k, group, there, w->err) == -1)
			return -1;
		for (j = 0; j < SPOOL_GROUP; j++)
			all[j] = all[j] && there[j];
	}
	return 0;
}

static int
walk_group(const struct walk *w, struct spool_key *key, uint32_t group)
{
	bool there[SPOOL_GROUP], all[SPOOL_GROUP];
	size_t i, j;
	int rc;

	/* Originals first: what is made meanwhile then counts as made. */
	if (spool_group(w->s, key, group, there, w->err) == -1 ||
	    group_complete(w, key, group, all) == -1)
		return -1;
	for (i = 0; i < SPOOL_GROUP; i++) {
		j = nth(w, i, SPOOL_GROUP);
		if (!there[j] || all[j])
			continue;
		key->seq = group * SPOOL_GROUP + (uint32_t)j;
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
	const struct rendition *r = w->l->renditions;
	bool left = false;
	size_t i;

	for (i = 0; i < w->l->count; i++) {
		set_rendition(&k, &r[i]);
		w->skip[i] = !pending_counts(&r[i], w->tier) ||
		    spool_none(w->s, &k);
		left = left || !w->skip[i];
	}
	return left;
}

static int
walk_epoch(const struct walk *w, struct spool_key *key)
{
	uint32_t *groups;
	size_t count, i;
	int rc = 0;

	if (!mark_skipped(w, key))
		return 0;
	if (spool_groups(w->s, key, &groups, &count, w->err) == -1)
		return -1;
	for (i = 0; i < count && rc == 0; i++)
		rc = walk_group(w, key, groups[nth(w, i, count)]);
	free(groups);
	return rc;
}

int
pending_each(struct spool *s, const struct ladder *l, enum pending_tier tier,
    enum pending_order order, const char *stream, spool_fn *fn, void *arg,
    struct err *err)
{
	struct walk w = { .s = s, .l = l, .tier = tier, .order = order,
	    .fn = fn, .arg = arg, .err = err };
	struct spool_key key = { .rendition = SPOOL_SRC };
	uint32_t *epochs = NULL;
	size_t count = 0, i;
	int rc = 0;

	snprintf(key.stream, sizeof(key.stream), "%s", stream);
	if ((w.skip = calloc(l->count + 1, sizeof(*w.skip))) == NULL)
		return err_nomem(err);
	if (spool_epochs(s, stream, SPOOL_SRC, &epochs, &count, err) == -1)
		rc = -1;
	for (i = 0; i < count && rc == 0; i++) {
		key.epoch = epochs[nth(&w, i, count)];
		rc = walk_epoch(&w, &key);
	}
	free(epochs);
	free(w.skip);
	return rc;
}
