#include "store/tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"

/* A stream is looked at for so long after a change: the next one may not show
   in the times of its directories.  A ticket comes so long after its original
   at most. */
#define SETTLE_US	3000000

struct place {
	uint32_t	epoch, seq;
};

/* An original that was pending when tail_again() looked. */
struct offer {
	struct place	at;
	unsigned	times;
	int64_t		since_us;
};

struct tail_stream {
	char		 name[NAME_BYTES];
	struct place	 newest;	/* that was looked at */
	bool		 listed;	/* the first time */
	bool		 there;
	int64_t		 found_us;	/* when something new was listed */
	int64_t		 moved_us;	/* when a directory had changed */
	int64_t		 change_ns[3];	/* stream, epoch, group directory */
	struct offer	*offers;	/* owned; ascending */
	size_t		 noffers;
};

static int
compare(struct place a, struct place b)
{
	if (a.epoch != b.epoch)
		return a.epoch < b.epoch ? -1 : 1;
	return (a.seq > b.seq) - (a.seq < b.seq);
}

static struct place
place_of(const struct spool_key *key)
{
	return (struct place){ key->epoch, key->seq };
}

void
tail_release(struct tail *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		free(t->streams[i].offers);
	free(t->streams);
	t->streams = NULL;
	t->count = 0;
}

static struct tail_stream *
find(struct tail *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->streams[i].name, name) == 0)
			return &t->streams[i];
	return NULL;
}

static bool
wanted(const struct tail *t, const char *name)
{
	return t->nonly == 0 || name_among(name, t->only, t->nonly);
}

/* Places in the array stay what they are, while a list is told as well. */
static int
add(struct tail *t, const char *name, struct err *err)
{
	struct tail_stream *more;

	if (t->count == LIMIT_TAIL_STREAMS)
		return err_set(err, ERR_AGAIN, "more than %d streams",
		    LIMIT_TAIL_STREAMS);
	/* Grown when the count is a power of two. */
	if ((t->count & (t->count - 1)) == 0) {
		more = realloc(t->streams, (t->count == 0 ? 1 : 2 * t->count) *
		    sizeof(*more));
		if (more == NULL)
			return err_nomem(err);
		t->streams = more;
	}
	more = &t->streams[t->count++];
	memset(more, 0, sizeof(*more));
	snprintf(more->name, sizeof(more->name), "%s", name);
	return 0;
}

/* The first SEQ that is not late while NEWEST is the last. */
static uint32_t
first_in_time(const struct tail *t, uint32_t newest)
{
	return t->late > 0 && newest > t->late ? newest - t->late : 0;
}

/* Telling what is behind AFTER, up to UPTO. */
struct told {
	struct tail	*t;
	struct place	 after, upto;
};

static int
tell(const struct spool_key *key, void *arg, struct err *err)
{
	const struct told *told = arg;
	struct tail *t = told->t;
	struct place at = place_of(key);
	int rc;

	if (compare(at, told->after) <= 0 || compare(at, told->upto) > 0)
		return 0;
	if (t->between != NULL && t->depth == 1 &&
	    (rc = t->between(t->arg, err)) != 0)
		return rc;
	return t->fn(key, t->arg, err);
}

static int
list(struct tail *t, const char *name, const struct told *told,
    struct err *err)
{
	struct pending p = *t->p;
	struct told copy = *told;
	char stream[NAME_BYTES];
	int rc;

	/* New streams may move the array while this goes on. */
	snprintf(stream, sizeof(stream), "%s", name);
	if (told->after.epoch != 0)
		p.sel.from_us = INT64_MIN;
	if (told->after.epoch == told->upto.epoch)
		p.sel.first = told->after.seq + 1;
	else if (told->after.seq > SPOOL_GROUP)
		/* A fragment that lost a race had a number too high. */
		p.sel.first = told->after.seq - SPOOL_GROUP;
	p.sel.last = told->upto.seq;
	if (p.sel.first < first_in_time(t, told->upto.seq))
		p.sel.first = first_in_time(t, told->upto.seq);
	t->depth++;
	rc = pending_each(&p, stream, tell, &copy, err);
	t->depth--;
	return rc;
}

/* Tell what is new in the stream at place I. */
static int
list_new(struct tail *t, size_t i, struct err *err)
{
	struct tail_stream *ts = &t->streams[i];
	struct told told = { .t = t, .after = ts->newest };
	struct spool_key key;
	int rc;

	rc = spool_newest(t->p->s, ts->name, SPOOL_SRC, &key, err);
	if (rc == -1)
		return -1;
	ts->listed = true;
	if (rc == 0)
		return 0;
	/* It may have gone back: what lost a race was taken away. */
	ts->newest = told.upto = place_of(&key);
	if (compare(told.upto, told.after) == 0)
		return 0;
	ts->found_us = clock_mono_us();
	if (compare(told.upto, told.after) < 0)
		return 0;
	rc = list(t, ts->name, &told, err);
	if (rc == -1) {			/* all of it again, then */
		ts = &t->streams[i];
		ts->newest = told.after;
		ts->listed = told.after.epoch != 0;
	}
	return rc;
}

static int64_t
change_ns(struct spool *s, const char *path)
{
	struct stat st;

	if (fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* May something have come to TS?  Three directories tell. */
static bool
moved(const struct tail *t, struct tail_stream *ts)
{
	struct spool_key key = { .rendition = SPOOL_SRC,
	    .epoch = ts->newest.epoch };
	char path[SPOOL_PATH_BYTES];
	int64_t now_ns[3];
	size_t i;

	memcpy(key.stream, ts->name, sizeof(key.stream));
	spool_group_path(&key, ts->newest.seq / SPOOL_GROUP, path);
	for (i = 3; i-- > 0; *strrchr(path, '/') = '\0')
		now_ns[i] = change_ns(t->p->s, path);
	if (memcmp(now_ns, ts->change_ns, sizeof(now_ns)) != 0)
		ts->moved_us = clock_mono_us();
	memcpy(ts->change_ns, now_ns, sizeof(now_ns));
	return !ts->listed || clock_mono_us() - ts->moved_us < SETTLE_US;
}

static void
drop_gone(struct tail *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->count; i++) {
		if (t->streams[i].there) {
			t->streams[n++] = t->streams[i];
			continue;
		}
		t->noffers -= t->streams[i].noffers;
		free(t->streams[i].offers);
	}
	t->count = n;
}

static int
learn_streams(struct tail *t, struct err *err)
{
	struct tail_stream *ts;
	char **names;
	size_t i;
	int rc = 0;

	if ((names = spool_streams(t->p->s, err)) == NULL)
		return -1;
	for (i = 0; i < t->count; i++)
		t->streams[i].there = false;
	for (i = 0; names[i] != NULL && rc == 0; i++) {
		if (!wanted(t, names[i]))
			continue;
		if (find(t, names[i]) == NULL)
			rc = add(t, names[i], err);
		if ((ts = find(t, names[i])) != NULL)
			ts->there = true;
	}
	spool_free_names(names);
	if (rc == 0)
		drop_gone(t);
	return rc;
}

int
tail_look(struct tail *t, struct err *err)
{
	size_t i;
	int rc;

	if (t->depth > 0)
		return 0;
	rc = learn_streams(t, err);
	for (i = 0; i < t->count && rc == 0; i++)
		if (moved(t, &t->streams[i]))
			rc = list_new(t, i, err);
	return rc;
}

/* Tell KEY if it lacks something, and is in time. */
static int
tell_one(struct tail *t, const struct tail_stream *ts,
    const struct spool_key *key, struct err *err)
{
	if (key->seq < first_in_time(t, ts->newest.seq))
		return 0;
	if (!spool_exists(t->p->s, key) || (t->p->l != NULL &&
	    store_missing(t->p->s, t->p->l, t->p->tier, key) == NULL))
		return 0;
	return t->fn(key, t->arg, err);
}

int
tail_ticket(struct tail *t, const struct spool_key *key, struct err *err)
{
	struct place at = place_of(key);
	struct tail_stream *ts;

	if (!wanted(t, key->stream))
		return 0;
	ts = find(t, key->stream);
	if (ts == NULL && add(t, key->stream, err) == -1)
		return -1;
	if (ts == NULL)
		ts = &t->streams[t->count - 1];
	ts->there = true;
	if (!ts->listed && t->depth > 0)
		return 0;		/* its turn comes */
	if (ts->listed && at.epoch == ts->newest.epoch &&
	    at.seq == ts->newest.seq + 1) {
		ts->newest = at;
		return tell_one(t, ts, key, err);
	}
	if (!ts->listed || compare(at, ts->newest) > 0)
		return list_new(t, (size_t)(ts - t->streams), err);
	if (clock_mono_us() - ts->found_us < SETTLE_US)
		return 0;
	return tell_one(t, ts, key, err);
}

/* tail_again() at work on one stream. */
struct again {
	struct tail	*t;
	struct place	 upto;
	struct offer	*old;
	size_t		 nold;
	struct offer	*offers;	/* what is pending now */
	size_t		 n, cap;
	int64_t		 now_us;
};

static int
compare_offers(const void *a, const void *b)
{
	const struct offer *x = a, *y = b;

	return compare(x->at, y->at);
}

static int
offer_again(const struct spool_key *key, void *arg, struct err *err)
{
	struct again *a = arg;
	struct offer o = { .at = place_of(key), .since_us = a->now_us };
	struct offer *known = NULL, *more;

	if (compare(o.at, a->upto) > 0 ||
	    a->t->noffers + a->n >= LIMIT_TAIL_OFFERS)
		return 0;
	if (a->nold > 0)
		known = bsearch(&o, a->old, a->nold, sizeof(o),
		    compare_offers);
	if (known != NULL)
		o = *known;
	if (a->n == a->cap) {
		a->cap = a->cap == 0 ? 16 : 2 * a->cap;
		more = realloc(a->offers, a->cap * sizeof(*more));
		if (more == NULL)
			return err_nomem(err);
		a->offers = more;
	}
	if (known == NULL || o.times == LIMIT_TAIL_AGAIN ||
	    a->now_us - o.since_us < a->t->again_us) {
		a->offers[a->n++] = o;
		return 0;
	}
	o.times++;
	o.since_us = a->now_us;
	a->offers[a->n++] = o;
	return a->t->fn(key, a->t->arg, err);
}

int
tail_again(struct tail *t, struct err *err)
{
	struct pending p = *t->p;
	struct tail_stream *ts;
	struct again a;
	size_t i;
	int rc = 0;

	p.order = PENDING_OLDEST_FIRST;
	for (i = 0; i < t->count && rc == 0; i++) {
		ts = &t->streams[i];
		a = (struct again){ .t = t, .upto = ts->newest,
		    .old = ts->offers, .nold = ts->noffers,
		    .now_us = clock_mono_us() };
		t->noffers -= ts->noffers;
		p.sel.first = t->p->sel.first;
		if (p.sel.first < first_in_time(t, ts->newest.seq))
			p.sel.first = first_in_time(t, ts->newest.seq);
		rc = pending_each(&p, ts->name, offer_again, &a, err);
		free(ts->offers);
		ts->offers = a.offers;
		ts->noffers = a.n;
		t->noffers += a.n;
	}
	return rc;
}
