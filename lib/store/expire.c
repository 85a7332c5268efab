#include "store/expire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/err.h"
#include "store/expire_impl.h"
#include "store/failed.h"
#include "store/join.h"
#include "store/listed.h"

struct expiry {
	struct spool			*s;
	const struct expire_conf	*conf;
	struct expire_cursor		*cursors;	/* owned */
	size_t				 n;
	int64_t				 now_us;
	uint64_t			 total;		/* bytes of all */
	uint64_t			 need;		/* bytes to be freed */
	expire_fn			*fn;
	void				*arg;
	struct expire_result		*result;
};

/* How much is lacking at the start: what is freed is not seen at once. */
static int
find_need(struct expiry *e, struct err *err)
{
	uint64_t want = e->conf->free_bytes, unit, there;
	struct statvfs v;

	if (want == 0 && e->conf->free_percent == 0)
		return 0;
	if (fstatvfs(e->s->fd, &v) == -1)
		return err_sys(err, ERR_IO, "cannot ask the file system of "
		    "'%s' for its room", e->s->dir);
	unit = v.f_frsize;
	if (e->conf->free_percent != 0)
		want = unit * (v.f_blocks / 100 * e->conf->free_percent +
		    v.f_blocks % 100 * e->conf->free_percent / 100);
	there = unit * v.f_bavail;
	e->need = want > there ? want - there : 0;
	return 0;
}

/* How many bytes too many there are for C's next unit to stay. */
static uint64_t
excess(const struct expiry *e, const struct expire_cursor *c)
{
	uint64_t there = e->conf->each ? c->bytes : e->total, most = 0;

	if (e->conf->limit_bytes && there > e->conf->bytes)
		most = there - e->conf->bytes;
	return most > e->need ? most : e->need;
}

/* The unit's youngest member: units go as a whole. */
static int64_t
unit_time_us(const struct expire_cursor *c)
{
	int64_t time_us = c->unit[0].time_us;
	size_t i;

	for (i = 1; i < c->nunit; i++)
		if (c->unit[i].time_us > time_us)
			time_us = c->unit[i].time_us;
	return time_us;
}

static bool
is_due(const struct expiry *e, const struct expire_cursor *c)
{
	int64_t age_us = e->now_us - unit_time_us(c);

	if (e->conf->keep_us != 0 && age_us < e->conf->keep_us)
		return false;
	return (e->conf->age_us != 0 && age_us > e->conf->age_us) ||
	    excess(e, c) > 0;
}

/* The stream whose next unit is due and the oldest. */
static struct expire_cursor *
oldest(const struct expiry *e)
{
	struct expire_cursor *best = NULL, *c;
	size_t i;

	for (i = 0; i < e->n; i++) {
		c = &e->cursors[i];
		if (c->nunit > 0 && is_due(e, c) && (best == NULL ||
		    unit_time_us(c) < unit_time_us(best)))
			best = c;
	}
	return best;
}

/* 1 when a member of the unit is an original that lacks a rendition. */
static bool
has_pending(const struct expiry *e, const struct expire_cursor *c)
{
	struct spool_key key = { .rendition = SPOOL_SRC };
	size_t i;

	if (e->conf->ladder == NULL || c->names[0] == NULL ||
	    strcmp(c->names[0], SPOOL_SRC) != 0)
		return false;
	memcpy(key.stream, c->stream, sizeof(key.stream));
	for (i = 0; i < c->nunit; i++) {
		key.epoch = c->unit[i].epoch;
		key.seq = c->unit[i].seq;
		if (spool_exists(e->s, &key) && store_missing(e->s,
		    e->conf->ladder, e->conf->tier, &key) != NULL)
			return true;
	}
	return false;
}

/* True unless the unit has a file that is not among those listed. */
static bool
may_go(const struct expiry *e, const struct expire_cursor *c)
{
	struct spool_key key = { 0 };
	size_t i, j;

	if (e->conf->listed == NULL)
		return true;
	memcpy(key.stream, c->stream, sizeof(key.stream));
	for (i = 0; i < c->nunit; i++) {
		key.epoch = c->unit[i].epoch;
		key.seq = c->unit[i].seq;
		for (j = 0; c->names[j] != NULL; j++) {
			snprintf(key.rendition, sizeof(key.rendition), "%s",
			    c->names[j]);
			if (!listed_has(e->conf->listed, &key) &&
			    spool_exists(e->s, &key))
				return false;
		}
	}
	return true;
}

static void
subtract(uint64_t *from, uint64_t n)
{
	*from = *from > n ? *from - n : 0;
}

static int
remove_file(struct expiry *e, const struct spool_key *key, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct join_size joined;
	struct line line;
	int rc = 1;

	/* A damaged head has no facts, but the file must go too. */
	if (line_of(e->s, key, &line, &ignored) == -1) {
		if (!spool_exists(e->s, key))
			return 0;
		line.key = *key;
		line.info = (struct fragment_info){ .timescale = 1 };
		line.bytes = 0;
	}
	joined = join_sizes(e->s, key);
	if (!e->conf->dry_run && (join_remove(e->s, key, err) == -1 ||
	    (rc = spool_remove(e->s, key, err)) != 1))
		return rc == 1 ? -1 : rc;
	e->result->files++;
	e->result->bytes += joined.bytes;
	e->result->bytes += line.bytes;
	return e->fn(&line, e->arg, err);
}

/* Nothing more is to be done for the original KEY. */
static int
forget(struct spool *s, const struct spool_key *key, struct err *err)
{
	if (failed_forget(s, key, err) == -1)
		return -1;
	return spool_ticket_drop(s, key, err);
}

/* The original first: without it, what is left of it is not pending. */
static int
remove_item(struct expiry *e, struct expire_cursor *c,
    const struct expire_item *item, struct err *err)
{
	struct spool_key key = { .epoch = item->epoch, .seq = item->seq };
	size_t i;
	int rc = 0;

	memcpy(key.stream, c->stream, sizeof(key.stream));
	for (i = 0; c->names[i] != NULL && rc == 0; i++) {
		snprintf(key.rendition, sizeof(key.rendition), "%s",
		    c->names[i]);
		rc = remove_file(e, &key, err);
		if (rc == 0 && i == 0 && !e->conf->dry_run &&
		    strcmp(key.rendition, SPOOL_SRC) == 0)
			rc = forget(e->s, &key, err);
	}
	return rc;
}

static int
remove_unit(struct expiry *e, struct expire_cursor *c, struct err *err)
{
	struct expire_size size;
	size_t i;
	int rc = 0;

	for (i = 0; i < c->nunit && rc == 0; i++) {
		size = expire_cursor_size(c, c->unit[i].epoch,
		    c->unit[i].seq);
		rc = remove_item(e, c, &c->unit[i], err);
		subtract(&c->bytes, size.bytes);
		subtract(&e->total, size.bytes);
		subtract(&e->need, size.room);
	}
	return rc;
}

static int
remove_due(struct expiry *e, struct err *err)
{
	struct expire_cursor *c;
	int rc = 0;

	while (rc == 0 && (c = oldest(e)) != NULL) {
		if (!may_go(e, c))
			rc = 0;
		else if (has_pending(e, c))
			e->result->pending += c->nunit;
		else
			rc = remove_unit(e, c, err);
		if (rc == 0)
			rc = expire_cursor_next(c, err);
	}
	return rc;
}

static int
open_cursors(struct expiry *e, char *const *streams, struct err *err)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		if (expire_cursor_open(&e->cursors[i], e->s, streams[i],
		    e->conf, e->now_us, err) == -1)
			return -1;
		e->total += e->cursors[i].bytes;
		/* Before what they list goes. */
		if (e->cursors[i].over && e->cursors[i].nunit > 0 &&
		    is_due(e, &e->cursors[i]) && !e->conf->dry_run &&
		    expire_drop_live(e->s, streams[i], err) == -1)
			return -1;
	}
	return 0;
}

/* What no rule allowed to remove. */
static uint64_t
still_missing(const struct expiry *e)
{
	uint64_t most = e->conf->bytes, over = 0, there;
	size_t i;

	for (i = 0; i < e->n && e->conf->limit_bytes && e->conf->each; i++) {
		there = e->cursors[i].bytes;
		over += there > most ? there - most : 0;
	}
	if (e->conf->limit_bytes && !e->conf->each && e->total > most)
		over = e->total - most;
	return over > e->need ? over : e->need;
}

static int
tidy(struct expiry *e, struct err *err)
{
	size_t i;

	e->result->missing = still_missing(e);
	if (e->conf->dry_run)
		return 0;
	for (i = 0; i < e->n; i++)
		if (expire_tidy(&e->cursors[i], err) == -1)
			return -1;
	return 0;
}

int
expire(struct spool *s, const struct expire_conf *conf, char *const *streams,
    size_t n, expire_fn *fn, void *arg, struct expire_result *result,
    struct err *err)
{
	struct expiry e = { .s = s, .conf = conf, .n = n, .fn = fn,
	    .arg = arg, .result = result };
	size_t i;
	int rc = -1;

	memset(result, 0, sizeof(*result));
	if ((e.cursors = calloc(n + 1, sizeof(*e.cursors))) == NULL)
		return err_nomem(err);
	if (spool_now_us(s, &e.now_us, err) == 0 &&
	    find_need(&e, err) == 0 && open_cursors(&e, streams, err) == 0 &&
	    (rc = remove_due(&e, err)) == 0)
		rc = tidy(&e, err);
	for (i = 0; i < n; i++)
		expire_cursor_release(&e.cursors[i]);
	free(e.cursors);
	return rc;
}
