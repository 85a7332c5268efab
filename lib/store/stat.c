#include "store/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "media/fragment.h"
#include "store/failed.h"
#include "store/index.h"
#include "store/select.h"

/* Add the size of KEY's file.  1, 0 when it was removed meanwhile, -1. */
static int
add_size(struct spool *s, const struct spool_key *key, uint64_t *bytes,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct stat st;

	spool_path(key, path);
	if (fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		*bytes += (uint64_t)st.st_size;
		return 1;
	}
	if (errno == ENOENT)
		return 0;
	return err_sys(err, ERR_IO, "cannot stat '%s/%s'", s->dir, path);
}

/* Look at each original of a group, and remember the sums if it rests. */
static int
count_group(struct index *ix, const struct spool_key *key, uint32_t group,
    struct index_entry *e, struct err *err)
{
	struct spool_key k = *key;
	bool there[SPOOL_GROUP], rests;
	uint32_t i;
	int rc;

	*e = (struct index_entry){ .rendition = SPOOL_SRC,
	    .epoch = key->epoch, .group = group };
	rests = index_rests(ix, key, group, &e->stamp);
	if (spool_group(ix->s, key, group, there, err) == -1)
		return -1;
	for (i = 0; i < SPOOL_GROUP; i++) {
		if (!there[i])
			continue;
		k.seq = group * SPOOL_GROUP + i;
		if ((rc = add_size(ix->s, &k, &e->bytes, err)) == -1)
			return -1;
		if (rc == 0)
			continue;
		e->last = k.seq;
		if (e->count++ == 0)
			e->first = k.seq;
	}
	if (rests)
		index_note(ix, e);
	return 0;
}

static int
add_group(struct index *ix, const struct spool_key *key, uint32_t group,
    struct stream_stat *st, struct err *err)
{
	const struct index_entry *known = index_find(ix, key, group);
	struct index_entry e;

	if (known != NULL && known->bytes != INDEX_BYTES_UNKNOWN)
		e = *known;
	else if (count_group(ix, key, group, &e, err) == -1)
		return -1;
	if (e.count == 0)
		return 0;
	if (st->fragments == 0)
		st->first = e.first;
	st->last = e.last;
	st->fragments += e.count;
	st->bytes += e.bytes;
	return 0;
}

static int
add_epoch(struct index *ix, const struct spool_key *key,
    struct stream_stat *st, struct err *err)
{
	uint64_t before = st->fragments;
	uint32_t *groups;
	size_t count, i;
	int rc = 0;

	if (spool_groups(ix->s, key, &groups, &count, err) == -1)
		return -1;
	for (i = 0; i < count && rc == 0; i++)
		rc = add_group(ix, key, groups[i], st, err);
	free(groups);
	st->epochs += st->fragments > before;
	return rc;
}

static int
add_epochs(struct spool *s, struct stream_stat *st, struct err *err)
{
	struct spool_key key = { .rendition = SPOOL_SRC };
	struct index ix;
	uint32_t *epochs;
	size_t count, i;
	int rc = 0;

	memcpy(key.stream, st->stream, sizeof(key.stream));
	if (spool_epochs(s, st->stream, SPOOL_SRC, &epochs, &count,
	    err) == -1)
		return -1;
	index_open(&ix, s, st->stream);
	for (i = 0; i < count && rc == 0; i++) {
		key.epoch = epochs[i];
		rc = add_epoch(&ix, &key, st, err);
	}
	index_close(&ix, rc == 0);
	free(epochs);
	return rc;
}

struct rate {
	struct spool		*s;
	struct stream_stat	*st;
};

static int
add_rate(const struct spool_key *key, void *arg, struct err *err)
{
	const struct rate *r = arg;
	int rc = add_size(r->s, key, &r->st->rate_bytes, err);

	if (rc == 1)
		r->st->rate_fragments++;
	return rc == -1 ? -1 : 0;
}

/* The newest arrived at *US, by what it says, else by its file; its INFO. */
static int
newest_arrival(struct spool *s, const struct spool_key *newest,
    struct fragment_info *info, int64_t *us, struct err *err)
{
	uint64_t bytes;

	*info = (struct fragment_info){ 0 };
	if (spool_info(s, newest, info, &bytes, err) == -1)
		*info = (struct fragment_info){ 0 };
	*us = info->arrival_us;
	return *us != 0 ? 0 : spool_mtime_us(s, newest, us, err);
}

int
stat_stream(struct spool *s, const char *stream, struct stream_stat *st,
    struct err *err)
{
	struct rate r = { s, st };
	struct select sel = SELECT_ALL;
	struct fragment_info info;
	struct spool_key newest;
	int64_t age_us;
	int rc;

	memset(st, 0, sizeof(*st));
	snprintf(st->stream, sizeof(st->stream), "%s", stream);
	if (add_epochs(s, st, err) == -1)
		return -1;
	if (st->fragments == 0)
		return 0;
	rc = spool_newest(s, stream, SPOOL_SRC, &newest, err);
	if (rc != 1)
		return rc;
	if (newest_arrival(s, &newest, &info, &st->newest_us, err) == -1)
		return err->errnum == ENOENT ? 0 : -1;
	age_us = clock_wall_us() - st->newest_us;
	if (age_us > STAT_RATE_S * INT64_C(1000000))
		return 0;
	/* Dates may be others than those of the clock: not their distance. */
	sel.from_us = (info.date_us != 0 ? info.date_us : st->newest_us) +
	    age_us - STAT_RATE_S * INT64_C(1000000);
	return select_each(s, stream, SPOOL_SRC, &sel, add_rate, &r, err);
}

struct lacking {
	struct spool		*s;
	const struct ladder	*kept;	/* what may not be shed */
	struct stream_stat	*st;
};

static int
count_pending(const struct spool_key *key, void *arg, struct err *err)
{
	const struct lacking *l = arg;

	(void)err;
	l->st->pending++;
	l->st->shed += store_missing(l->s, l->kept, PENDING_LIVE, key) == NULL;
	return 0;
}

int
stat_pending(struct spool *s, const struct ladder *l, struct stream_stat *st,
    struct err *err)
{
	const struct pending p = { s, l, PENDING_LIVE, PENDING_OLDEST_FIRST,
	    SELECT_ALL };
	struct ladder kept = { calloc(l->count + 1, sizeof(*l->renditions)),
	    0 };
	struct lacking lacking = { s, &kept, st };
	size_t i;
	int rc;

	if (kept.renditions == NULL)
		return err_nomem(err);
	for (i = 0; i < l->count; i++)
		if (l->renditions[i].shed == 0)
			kept.renditions[kept.count++] = l->renditions[i];
	st->pending = st->shed = 0;
	rc = pending_each(&p, st->stream, count_pending, &lacking, err);
	free(kept.renditions);
	return rc;
}

struct tickets {
	enum spool_queue	 q;
	struct stream_stat	*st;
	size_t			 n;
};

static int
count_ticket(const struct spool_key *key, void *arg, struct err *err)
{
	struct tickets *t = arg;
	size_t i;

	(void)err;
	for (i = 0; i < t->n; i++)
		if (strcmp(t->st[i].stream, key->stream) == 0)
			*(t->q == QUEUE_LIVE ? &t->st[i].tickets :
			    &t->st[i].later) += 1;
	return 0;
}

static int
count_failed(const struct spool_key *key, void *arg, struct err *err)
{
	struct tickets *t = arg;
	size_t i;

	(void)err;
	for (i = 0; i < t->n; i++)
		if (strcmp(t->st[i].stream, key->stream) == 0)
			t->st[i].failed++;
	return 0;
}

int
stat_tickets(struct spool *s, struct stream_stat *st, size_t n,
    struct err *err)
{
	struct tickets live = { QUEUE_LIVE, st, n };
	struct tickets later = { QUEUE_LATER, st, n };
	size_t i;

	for (i = 0; i < n; i++)
		st[i].tickets = st[i].later = st[i].failed = 0;
	if (spool_each_ticket(s, QUEUE_LIVE, count_ticket, &live, err) == -1 ||
	    spool_each_ticket(s, QUEUE_LATER, count_ticket, &later, err) == -1)
		return -1;
	return failed_each(s, count_failed, &live, err);
}
