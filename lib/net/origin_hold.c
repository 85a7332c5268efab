#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/watch.h"
#include "net/origin_impl.h"

/* How often the clock is looked at: with nothing held, with something, and
   with something that inotify does not tell of. */
#define IDLE_MS		1000
#define HELD_MS		100
#define POLL_MS		25
#define POLL_BATCH	256

/* A number for each serving thread; those over the limit share. */
static unsigned
this_thread(void)
{
	static atomic_uint threads;
	static _Thread_local unsigned me;	/* and 1; 0: none yet */

	if (me == 0)
		me = atomic_fetch_add(&threads, 1) + 1;
	return me % LIMIT_HTTP_THREADS;
}

static int64_t
longest_us(const struct version *v)
{
	int64_t s = (int64_t)LIMIT_HTTP_HOLD_TARGETS * v->says.target_s;

	return (s < LIMIT_HTTP_HOLD_S ? s : LIMIT_HTTP_HOLD_S) * 1000000;
}

enum held
hold(const struct request *rq, enum hold why, struct playlist *p,
    struct version *v)
{
	struct origin *o = rq->o;
	struct conn *c = rq->conn;
	enum held held = HELD_CHANGED;

	pthread_mutex_lock(&o->lock);
	if (atomic_load(&o->draining)) {
		held = HELD_NOT;
	} else if (p->now == v) {
		held = HELD;
		c->hold = why;
		c->playlist = p;
		c->thread = this_thread();
		c->version = version_ref(v);
		c->late_us = clock_mono_us() + longest_us(v);
		p->refs++;
		if (TAILQ_EMPTY(&p->held))
			TAILQ_INSERT_TAIL(&o->by_wait, p, by_wait);
		TAILQ_INSERT_TAIL(&p->held, c, held);
		atomic_fetch_add(&o->waiting, 1);
		count(o, COUNT_HELD, 1);
		MHD_suspend_connection(c->con);
	}
	pthread_mutex_unlock(&o->lock);
	return held;
}

/* The playlists that may hint at a part: of its directory and those above. */
static bool
next_above(const char *path, size_t *n, char out[LIMIT_HTTP_PATH_BYTES])
{
	static const char name[] = "live.m3u8";

	while (*n > 0 && path[--*n] != '/')
		;
	if (*n == 0 || *n + 1 + sizeof(name) > LIMIT_HTTP_PATH_BYTES)
		return false;
	snprintf(out, LIMIT_HTTP_PATH_BYTES, "%.*s/%s", (int)*n, path, name);
	return true;
}

/* P is a playlist above: hold the request if it hints at the part. */
static bool
hold_hinted(const struct request *rq, struct playlist *p, struct version *v)
{
	enum held held = HELD_CHANGED;

	while (v != NULL && held == HELD_CHANGED) {
		held = HELD_NOT;
		if (v->hint != NULL && strcmp(v->hint, rq->path) == 0)
			held = hold(rq, HOLD_PART, p, v);
		version_unref(v);
		v = held == HELD_CHANGED ? playlist_load(rq->o, p) : NULL;
	}
	return held == HELD;
}

bool
hold_part(const struct request *rq, uint32_t *target_s)
{
	char path[LIMIT_HTTP_PATH_BYTES];
	size_t n = strlen(rq->path);
	struct playlist *p;
	struct version *v;
	bool held;

	while (next_above(rq->path, &n, path)) {
		if ((p = playlist_get(rq->o, path, true, &v)) == NULL)
			continue;
		*target_s = v->says.target_s;
		held = hold_hinted(rq, p, v);
		playlist_put(rq->o, p);
		return held;
	}
	return false;
}

/* Resume what is released of THREAD: from itself, they all run in one turn. */
static void
resume_ready(struct origin *o, unsigned thread)
{
	struct conn_list list = TAILQ_HEAD_INITIALIZER(list);
	struct conn *c;

	pthread_mutex_lock(&o->lock);
	TAILQ_CONCAT(&list, &o->ready[thread], held);
	pthread_mutex_unlock(&o->lock);
	while ((c = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, c, held);
		MHD_resume_connection(c->con);
	}
}

void
hold_forget(struct origin *o, struct conn *c)
{
	if (c->hold == HOLD_NONE)
		return;
	if (c->status == 0)		/* no answer: the viewer left */
		resume_ready(o, c->thread);
	version_unref(c->version);
	playlist_put(o, c->playlist);
	c->hold = HOLD_NONE;
}

enum MHD_Result
answer_held(const struct request *rq)
{
	struct conn *c = rq->conn;
	struct version *v = c->version;
	char cache[HTTP_CACHE_BYTES];

	resume_ready(rq->o, c->thread);
	if (c->hold == HOLD_LATE) {
		http_cache_control(HTTP_BLOCKING,
		    MHD_HTTP_SERVICE_UNAVAILABLE, v->says.target_s, 0, cache);
		return answer_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, cache,
		    "the stream does not go on\n");
	}
	if (!http_is_playlist(rq->path)) {
		hold_forget(rq->o, c);
		return answer_file(rq);
	}
	return v != NULL ? answer_version(rq, v, &c->reload) :
	    answer_missing(rq, ENOENT, 0);
}

/* With o->lock: C is held no more, and its answer is to be of V. */
static void
release(struct origin *o, struct conn *c, enum hold how, struct version *v)
{
	struct playlist *p = c->playlist;

	TAILQ_REMOVE(&p->held, c, held);
	if (TAILQ_EMPTY(&p->held))
		TAILQ_REMOVE(&o->by_wait, p, by_wait);
	c->hold = how;
	if (v != c->version) {
		version_unref(c->version);
		c->version = v == NULL ? NULL : version_ref(v);
	}
	atomic_fetch_sub(&o->waiting, 1);
	TAILQ_INSERT_TAIL(&o->ready[c->thread], c, held);
}

/*
 * One connection of each thread that has something released; it resumes the
 * others.  A thread that is told of each by another one wakes for each, and
 * looks through all that it holds every time.
 */
static void
wake_threads(struct origin *o)
{
	struct conn_list first = TAILQ_HEAD_INITIALIZER(first);
	struct conn *c;
	size_t i;

	pthread_mutex_lock(&o->lock);
	for (i = 0; i < LIMIT_HTTP_THREADS; i++) {
		if ((c = TAILQ_FIRST(&o->ready[i])) == NULL)
			continue;
		TAILQ_REMOVE(&o->ready[i], c, held);
		TAILQ_INSERT_TAIL(&first, c, held);
	}
	pthread_mutex_unlock(&o->lock);
	while ((c = TAILQ_FIRST(&first)) != NULL) {
		TAILQ_REMOVE(&first, c, held);
		MHD_resume_connection(c->con);
	}
}

static bool
goes_on_waiting(const struct conn *c, const struct version *v)
{
	if (v == NULL)
		return false;
	if (c->hold == HOLD_RELOAD)
		return http_reload_judge(&c->reload, &v->says) != HTTP_NOW;
	return v->hint != NULL && strcmp(v->hint, c->version->hint) == 0;
}

/* P may have changed: release who waited for that.  P is put. */
static void
look_at(struct origin *o, struct playlist *p)
{
	struct version *v = playlist_load(o, p);
	struct conn *c, *next;

	pthread_mutex_lock(&o->lock);
	for (c = TAILQ_FIRST(&p->held); c != NULL; c = next) {
		next = TAILQ_NEXT(c, held);
		if (!goes_on_waiting(c, v))
			release(o, c, HOLD_READY, v);
	}
	pthread_mutex_unlock(&o->lock);
	wake_threads(o);
	version_unref(v);
	playlist_put(o, p);
}

/* That directory is watched no more. */
static void
watch_ended(struct origin *o, int number)
{
	struct playlist_list *bucket =
	    &o->by_watch[(unsigned)number % PLAYLIST_BUCKETS];
	struct playlist *p, *next;

	pthread_mutex_lock(&o->lock);
	for (p = LIST_FIRST(bucket); p != NULL; p = next) {
		next = LIST_NEXT(p, by_watch);
		if (p->watch == number) {
			LIST_REMOVE(p, by_watch);
			p->watch = -1;
			/* Whoever waits here is told by looking. */
			p->polled = !TAILQ_EMPTY(&p->held);
		}
	}
	pthread_mutex_unlock(&o->lock);
}

/*
 * Take up to POLL_BATCH of the playlists that are waited for and polled, or
 * of ALL of them; *LEFT are not yet seen, in this turn.
 */
static size_t
next_batch(struct origin *o, bool all, size_t *left,
    struct playlist *batch[POLL_BATCH])
{
	struct playlist *p;
	size_t n = 0;

	pthread_mutex_lock(&o->lock);
	while (*left > 0 && n < POLL_BATCH &&
	    (p = TAILQ_FIRST(&o->by_wait)) != NULL) {
		TAILQ_REMOVE(&o->by_wait, p, by_wait);
		TAILQ_INSERT_TAIL(&o->by_wait, p, by_wait);
		--*left;
		if (!all && !p->polled)
			continue;
		p->refs++;
		batch[n++] = p;
	}
	pthread_mutex_unlock(&o->lock);
	return n;
}

static void
look_at_held(struct origin *o, bool all)
{
	struct playlist *batch[POLL_BATCH], *p;
	size_t n, left = 0;

	pthread_mutex_lock(&o->lock);
	TAILQ_FOREACH(p, &o->by_wait, by_wait)
		left++;
	pthread_mutex_unlock(&o->lock);
	while ((n = next_batch(o, all, &left, batch)) > 0)
		while (n > 0)
			look_at(o, batch[--n]);
}

static void
on_name(int number, const char *name, void *arg)
{
	struct origin *o = arg;
	struct playlist *p;

	if (number == -1) {
		look_at_held(o, true);
		return;
	}
	if (name == NULL) {
		watch_ended(o, number);
		return;
	}
	pthread_mutex_lock(&o->lock);
	LIST_FOREACH(p, &o->by_watch[(unsigned)number % PLAYLIST_BUCKETS],
	    by_watch)
		if (p->watch == number && !TAILQ_EMPTY(&p->held) &&
		    strcmp(p->name, name) == 0)
			break;
	if (p != NULL)
		p->refs++;
	pthread_mutex_unlock(&o->lock);
	if (p != NULL)
		look_at(o, p);
}

/* Those whose time is over; in the order of the list it comes. */
static void
release_late(struct origin *o, int64_t now_us)
{
	struct playlist *p, *next;
	struct conn *c;

	pthread_mutex_lock(&o->lock);
	for (p = TAILQ_FIRST(&o->by_wait); p != NULL; p = next) {
		next = TAILQ_NEXT(p, by_wait);
		while ((c = TAILQ_FIRST(&p->held)) != NULL &&
		    c->late_us <= now_us) {
			release(o, c, HOLD_LATE, c->version);
			count(o, COUNT_LATE, 1);
		}
	}
	pthread_mutex_unlock(&o->lock);
	wake_threads(o);
}

/* How long nothing needs to be done, if nothing happens. */
static int
patience_ms(struct origin *o)
{
	struct playlist *p;
	int ms = IDLE_MS;

	pthread_mutex_lock(&o->lock);
	TAILQ_FOREACH(p, &o->by_wait, by_wait) {
		ms = HELD_MS;
		if (p->polled) {
			ms = POLL_MS;
			break;
		}
	}
	pthread_mutex_unlock(&o->lock);
	return ms;
}

static void *
keeper(void *arg)
{
	struct origin *o = arg;
	struct pollfd fds[] = { { .fd = o->keeper_fd, .events = POLLIN },
	    { .fd = o->watch_fd, .events = POLLIN } };
	struct err err = ERR_INIT;
	int64_t now_us, clock_us = 0;

	for (;;) {
		poll(fds, 2, patience_ms(o));
		if (fds[0].revents != 0)
			return NULL;
		if (fds[1].revents != 0 &&
		    watch_many_read(o->watch_fd, on_name, o, &err) == -1) {
			log_warning("%s", err.text);
			fds[1].fd = -1;
		}
		look_at_held(o, false);
		now_us = clock_mono_us();
		if (now_us - clock_us < HELD_MS * 1000)
			continue;
		clock_us = now_us;
		release_late(o, now_us);
		conns_sweep(o, now_us);
		segments_sweep(o, now_us);
	}
}

int
keeper_start(struct origin *o, struct err *err)
{
	struct err why = ERR_INIT;

	o->keeper_fd = eventfd(0, EFD_CLOEXEC);
	if (o->keeper_fd == -1)
		return err_sys(err, ERR_OS, "cannot make an eventfd");
	if ((o->watch_fd = watch_many_open(&why)) == -1)
		log_warning("%s: playlists are looked at instead", why.text);
	errno = pthread_create(&o->keeper, NULL, keeper, o);
	if (errno == 0)
		return 0;
	err_sys(err, ERR_OS, "cannot start a thread");
	close(o->keeper_fd);
	if (o->watch_fd != -1)
		close(o->watch_fd);
	return -1;
}

void
hold_no_more(struct origin *o)
{
	pthread_mutex_lock(&o->lock);
	atomic_store(&o->draining, true);	/* seen by hold() */
	pthread_mutex_unlock(&o->lock);
	release_late(o, INT64_MAX);
}

void
keeper_stop(struct origin *o)
{
	uint64_t one = 1;
	unsigned i;

	hold_no_more(o);
	if (write(o->keeper_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(o->keeper, NULL);
	/* libmicrohttpd aborts if it is stopped with one suspended. */
	for (i = 0; i < LIMIT_HTTP_THREADS; i++)
		resume_ready(o, i);
	close(o->keeper_fd);
	if (o->watch_fd != -1)
		close(o->watch_fd);
}
