#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "media/fragment.h"
#include "store/expire_impl.h"
#include "store/join.h"
#include "store/listed.h"
#include "store/timeline.h"

static struct spool_key
key_of(const struct expire_cursor *c, const char *rendition, uint32_t epoch,
    uint32_t seq)
{
	struct spool_key key = { .epoch = epoch, .seq = seq };

	memcpy(key.stream, c->stream, sizeof(key.stream));
	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	return key;
}

static bool
selected(const struct expire_conf *conf, const char *name)
{
	return conf->nnames == 0 ||
	    name_among(name, conf->names, conf->nnames);
}

/* The selected names that the stream has, originals first. */
static int
choose_names(struct expire_cursor *c, const struct expire_conf *conf,
    struct err *err)
{
	char **all = spool_renditions(c->s, c->stream, err);
	size_t n = 0, i;
	int rc = 0;

	if (all == NULL)
		return -1;
	while (all[n] != NULL)
		n++;
	if ((c->names = calloc(n + 2, sizeof(*c->names))) == NULL) {
		spool_free_names(all);
		return err_nomem(err);
	}
	n = 0;
	if (selected(conf, SPOOL_SRC) &&
	    (c->names[n++] = strdup(SPOOL_SRC)) == NULL)
		rc = err_nomem(err);
	for (i = 0; all[i] != NULL && rc == 0; i++)
		if (selected(conf, all[i]) &&
		    (c->names[n++] = strdup(all[i])) == NULL)
			rc = err_nomem(err);
	spool_free_names(all);
	return rc;
}

static int
compare_places(const void *a, const void *b)
{
	const struct expire_place *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

static int
add_places(struct expire_cursor *c, const char *name, uint32_t epoch,
    struct err *err)
{
	struct spool_key key = key_of(c, name, epoch, 0);
	struct expire_place *more;
	uint32_t *groups;
	size_t n, i;
	int rc = 0;

	if (spool_groups(c->s, &key, &groups, &n, err) == -1)
		return -1;
	if (n > 0) {
		more = realloc(c->places, (c->nplaces + n) * sizeof(*more));
		if (more == NULL)
			rc = err_nomem(err);
		else
			c->places = more;
	}
	for (i = 0; i < n && rc == 0; i++)
		c->places[c->nplaces++] = (struct expire_place){ epoch,
		    groups[i] };
	free(groups);
	return rc;
}

static int
find_places(struct expire_cursor *c, struct err *err)
{
	uint32_t *epochs;
	size_t n, i, j, unique = 0;
	int rc = 0;

	for (j = 0; c->names[j] != NULL && rc == 0; j++) {
		if (spool_epochs(c->s, c->stream, c->names[j], &epochs, &n,
		    err) == -1)
			return -1;
		for (i = 0; i < n && rc == 0; i++)
			rc = add_places(c, c->names[j], epochs[i], err);
		free(epochs);
	}
	if (rc == -1 || c->nplaces == 0)
		return rc;
	qsort(c->places, c->nplaces, sizeof(*c->places), compare_places);
	for (i = 0; i < c->nplaces; i++)
		if (i == 0 || compare_places(&c->places[i],
		    &c->places[unique - 1]) != 0)
			c->places[unique++] = c->places[i];
	c->nplaces = unique;
	return 0;
}

/*
 * Leave out the places of which nothing is listed.  One whose group before
 * is, is looked at: its first fragments may need those.
 */
static void
keep_listed(struct expire_cursor *c, struct listed *l)
{
	const struct expire_place *p;
	struct spool_key key;
	size_t i, n = 0;

	for (i = 0; i < c->nplaces; i++) {
		p = &c->places[i];
		key = key_of(c, SPOOL_SRC, p->epoch, p->group * SPOOL_GROUP);
		if (!listed_has_group(l, &key)) {
			if (p->group == 0)
				continue;
			key.seq -= SPOOL_GROUP;
			if (!listed_has_group(l, &key))
				continue;
		}
		c->places[n++] = *p;
	}
	c->nplaces = n;
}

/* What the next place has, in any of the selected renditions. */
static int
read_place(struct expire_cursor *c, struct err *err)
{
	const struct expire_place *p = &c->places[c->at++];
	struct spool_key key;
	bool there[SPOOL_GROUP];
	size_t i, j;

	memset(c->there, 0, sizeof(c->there));
	c->next = 0;
	for (i = 0; c->names[i] != NULL; i++) {
		key = key_of(c, c->names[i], p->epoch, 0);
		if (spool_group(c->s, &key, p->group, there, err) == -1)
			return -1;
		for (j = 0; j < SPOOL_GROUP; j++)
			c->there[j] = c->there[j] || there[j];
	}
	return 0;
}

/*
 * The head of the original speaks for all renditions; without one, the first
 * rendition's does.  A wrong clock must not make anything old: of arrival
 * and file time the later counts, unless the arrival is still to come.
 */
static void
look_at(const struct expire_cursor *c, struct expire_item *item)
{
	struct spool_key key = key_of(c, SPOOL_SRC, item->epoch, item->seq);
	struct fragment_info info;
	struct err ignored = ERR_INIT;
	uint64_t bytes;
	size_t i;

	item->time_us = c->now_us;
	item->dependent = true;		/* what cannot be read: with others */
	if (!spool_exists(c->s, &key))
		for (i = 0; c->names[i] != NULL; i++) {
			key = key_of(c, c->names[i], item->epoch, item->seq);
			if (spool_exists(c->s, &key))
				break;
		}
	if (spool_mtime_us(c->s, &key, &item->time_us, &ignored) == -1 ||
	    spool_info(c->s, &key, &info, &bytes, &ignored) == -1)
		return;
	if (info.arrival_us > item->time_us && info.arrival_us <= c->now_us)
		item->time_us = info.arrival_us;
	item->dependent = (info.flags & FRAGMENT_DEPENDENT) != 0;
}

/* The next fragment into c->item.  1, 0 at the end, -1. */
static int
next_item(struct expire_cursor *c, struct err *err)
{
	for (;;) {
		while (c->at > 0 && c->next < SPOOL_GROUP &&
		    !c->there[c->next])
			c->next++;
		if (c->at > 0 && c->next < SPOOL_GROUP)
			break;
		if (c->at == c->nplaces)
			return 0;
		if (read_place(c, err) == -1)
			return -1;
	}
	c->item.epoch = c->places[c->at - 1].epoch;
	c->item.seq = c->places[c->at - 1].group * SPOOL_GROUP + c->next++;
	look_at(c, &c->item);
	return 1;
}

/* c->item needs the unit. */
static bool
belongs(const struct expire_cursor *c)
{
	const struct expire_item *last;

	if (c->nunit == 0 || c->nunit == EXPIRE_UNIT_MAX)
		return false;
	last = &c->unit[c->nunit - 1];
	return c->item.dependent && c->item.epoch == last->epoch &&
	    c->item.seq == last->seq + 1;
}

int
expire_cursor_next(struct expire_cursor *c, struct err *err)
{
	int rc = 1;

	c->nunit = 0;
	for (;;) {
		if (!c->ahead && (rc = next_item(c, err)) != 1)
			return rc;
		c->ahead = true;
		if (c->item.seq >= c->end) {
			if (belongs(c))
				c->nunit = 0;
			return 0;
		}
		if (c->nunit > 0 && !belongs(c))
			return 0;
		c->unit[c->nunit++] = c->item;
		c->ahead = false;
	}
}

struct expire_size
expire_cursor_size(const struct expire_cursor *c, uint32_t epoch,
    uint32_t seq)
{
	struct expire_size size = { 0 };
	struct join_size joined;
	struct spool_key key;
	struct stat st;
	char path[SPOOL_PATH_BYTES];
	size_t i;

	for (i = 0; c->names[i] != NULL; i++) {
		key = key_of(c, c->names[i], epoch, seq);
		spool_path(&key, path);
		if (fstatat(c->s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		joined = join_sizes(c->s, &key);
		size.bytes += (uint64_t)st.st_size + joined.bytes;
		size.room += (uint64_t)st.st_blocks * 512 + joined.room;
	}
	return size;
}

/* All that the stream has, also what will stay; then back to the start. */
static int
count_bytes(struct expire_cursor *c, struct err *err)
{
	uint32_t j;

	while (c->at < c->nplaces) {
		if (read_place(c, err) == -1)
			return -1;
		for (j = 0; j < SPOOL_GROUP; j++)
			if (c->there[j])
				c->bytes += expire_cursor_size(c,
				    c->places[c->at - 1].epoch,
				    c->places[c->at - 1].group * SPOOL_GROUP +
				    j).bytes;
	}
	c->at = 0;
	return 0;
}

/* Where the walk ends, and whether the stream is over. */
static int
find_end(struct expire_cursor *c, const struct expire_conf *conf,
    struct err *err)
{
	struct expire_item newest = { 0 };
	struct timeline t = { .first = 0 };
	uint32_t live;

	snprintf(t.stream, sizeof(t.stream), "%s", c->stream);
	if (timeline_newest(&t, c->s, &c->end, err) == -1 ||
	    spool_newest(c->s, c->stream, SPOOL_SRC, &c->newest, err) == -1 ||
	    expire_live_from(c->s, c->stream, &live, err) == -1)
		return -1;
	newest.epoch = c->newest.epoch;
	newest.seq = c->newest.seq;
	look_at(c, &newest);
	c->over = conf->age_us != 0 && conf->nnames == 0 &&
	    newest.seq != 0 &&
	    c->now_us - newest.time_us > conf->age_us;
	if (newest.seq != 0 && newest.seq < c->end)
		c->end = newest.seq;
	if (!c->over && live < c->end)
		c->end = live;
	return 0;
}

int
expire_cursor_open(struct expire_cursor *c, struct spool *s,
    const char *stream, const struct expire_conf *conf, int64_t now_us,
    struct err *err)
{
	c->s = s;
	c->now_us = now_us;
	snprintf(c->stream, sizeof(c->stream), "%s", stream);
	if (choose_names(c, conf, err) == -1 || find_places(c, err) == -1 ||
	    find_end(c, conf, err) == -1)
		return -1;
	if (conf->limit_bytes && count_bytes(c, err) == -1)
		return -1;
	if (conf->listed != NULL)
		keep_listed(c, conf->listed);
	return expire_cursor_next(c, err);
}

void
expire_cursor_release(struct expire_cursor *c)
{
	spool_free_names(c->names);
	free(c->places);
}
