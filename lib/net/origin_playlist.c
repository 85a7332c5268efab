#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/watch.h"
#include "net/origin_impl.h"

/*
 * A version in memory costs its text, and once more for all its other forms
 * together: gzip makes a third of it, and deltas are short.
 */
#define FORMS		2

static struct playlist_list *
path_bucket(struct origin *o, const char *path)
{
	uint32_t h = 2166136261;	/* FNV-1a */

	for (; *path != '\0'; path++)
		h = (h ^ (unsigned char)*path) * 16777619;
	return &o->by_path[h % PLAYLIST_BUCKETS];
}

static void
remove_playlist(struct origin *o, struct playlist *p)
{
	struct playlist *other;

	if (p->watch != -1) {
		LIST_REMOVE(p, by_watch);
		LIST_FOREACH(other, &o->by_watch[(unsigned)p->watch %
		    PLAYLIST_BUCKETS], by_watch)
			if (other->watch == p->watch)
				break;
		if (other == NULL)
			watch_many_remove(o->watch_fd, p->watch);
	}
	LIST_REMOVE(p, by_path);
	TAILQ_REMOVE(&o->by_use, p, by_use);
	o->playlists--;
	version_unref(p->now);
	pthread_mutex_destroy(&p->load);
	free(p);
}

/* Forget what was not asked for the longest time, for BYTES of room. */
static bool
make_room(struct origin *o, size_t bytes)
{
	struct playlist *p, *next;

	for (p = TAILQ_FIRST(&o->by_use); p != NULL &&
	    (o->playlists > LIMIT_HTTP_PLAYLISTS ||
	    atomic_load(&o->playlist_bytes) + bytes >
	    LIMIT_HTTP_PLAYLISTS_BYTES); p = next) {
		next = TAILQ_NEXT(p, by_use);
		if (p->refs == 0)
			remove_playlist(o, p);
	}
	return o->playlists <= LIMIT_HTTP_PLAYLISTS &&
	    atomic_load(&o->playlist_bytes) + bytes <=
	    LIMIT_HTTP_PLAYLISTS_BYTES;
}

static struct playlist *
add_playlist(struct origin *o, const char *path)
{
	size_t n = strlen(path) + 1;
	struct playlist *p = calloc(1, sizeof(*p) + n);
	char *copy;

	if (p == NULL)
		return NULL;
	copy = (char *)(p + 1);
	memcpy(copy, path, n);
	p->path = copy;
	p->name = strrchr(copy, '/') == NULL ? copy : strrchr(copy, '/') + 1;
	p->watch = -1;
	TAILQ_INIT(&p->held);
	pthread_mutex_init(&p->load, NULL);
	LIST_INSERT_HEAD(path_bucket(o, path), p, by_path);
	TAILQ_INSERT_TAIL(&o->by_use, p, by_use);
	o->playlists++;
	return p;
}

static void
watch_playlist(struct origin *o, struct playlist *p)
{
	char dir[LIMIT_HTTP_PATH_BYTES];
	struct err err = ERR_INIT;
	size_t n = (size_t)(p->name - p->path);
	int fd;

	memcpy(dir, p->path, n);
	dir[n > 0 ? n - 1 : 0] = '\0';
	fd = beneath_open_dir(o->conf.www_fd, dir);
	if (fd != -1 && o->watch_fd != -1 && !o->conf.poll)
		p->watch = watch_many_add(o->watch_fd, fd, &err);
	if (fd != -1)
		close(fd);
	p->polled = p->watch == -1;
	if (!p->polled)
		LIST_INSERT_HEAD(&o->by_watch[(unsigned)p->watch %
		    PLAYLIST_BUCKETS], p, by_watch);
}

static struct playlist *
find_playlist(struct origin *o, const char *path, bool watch)
{
	struct playlist *p;

	pthread_mutex_lock(&o->lock);
	LIST_FOREACH(p, path_bucket(o, path), by_path)
		if (strcmp(p->path, path) == 0)
			break;
	if (p == NULL) {
		make_room(o, 0);
		p = add_playlist(o, path);
	}
	if (p != NULL) {
		p->refs++;
		TAILQ_REMOVE(&o->by_use, p, by_use);
		TAILQ_INSERT_TAIL(&o->by_use, p, by_use);
		if (watch && p->watch == -1 && TAILQ_EMPTY(&p->held))
			watch_playlist(o, p);
	}
	pthread_mutex_unlock(&o->lock);
	return p;
}

void
playlist_put(struct origin *o, struct playlist *p)
{
	pthread_mutex_lock(&o->lock);
	if (--p->refs == 0 && p->now == NULL)
		remove_playlist(o, p);
	pthread_mutex_unlock(&o->lock);
}

/* The text of V is read: the rest. */
static void
understand(struct version *v, const char *path)
{
	const char *text = (const char *)v->text.p;
	char hint[LIMIT_HTTP_PATH_BYTES];

	http_playlist_parse(text, v->text.n, &v->says);
	http_etag(&v->st, v->etag);
	v->made[0][0] = true;
	if (http_playlist_hint(text, &v->says, path, hint, sizeof(hint)))
		v->hint = strdup(hint);
}

/* What FD has, which *ST is of; NULL with errno. */
static struct version *
read_version(struct origin *o, const char *path, int fd,
    const struct stat *st)
{
	struct version *v = calloc(1, sizeof(*v));
	struct err err = ERR_INIT;
	int i;

	if (v == NULL)
		return NULL;
	v->o = o;
	v->st = *st;
	v->bytes = sizeof(*v) + FORMS * (size_t)st->st_size;
	atomic_init(&v->users, 1);
	atomic_init(&v->refs, 1);
	pthread_mutex_init(&v->lock, NULL);
	for (i = 0; i < 4; i++)
		buf_init(&v->body[i / 2][i % 2], LIMIT_HTTP_PLAYLIST_BYTES);
	v->text.max = LIMIT_HTTP_PLAYLIST_BYTES;
	atomic_fetch_add(&o->playlist_bytes, v->bytes);
	if (file_slurp_fd(fd, &v->text, &err) == -1 ||
	    (v->text.p == NULL && buf_room(&v->text, 1) == NULL)) {
		version_unref(v);
		errno = EBUSY;
		return NULL;
	}
	understand(v, path);
	return v;
}

/* The new version of P, if its file is not what it was; else NULL: errno. */
static struct version *
read_playlist(struct origin *o, struct playlist *p, bool *same)
{
	struct version *v = NULL;
	struct stat st;
	bool room;
	int fd;

	fd = beneath_open(o->conf.www_fd, p->path, &st);
	if (fd == -1)
		return NULL;
	*same = p->now != NULL && is_same_file(&p->now->st, &st);
	if (*same) {
		close(fd);
		return NULL;
	}
	if (st.st_size > LIMIT_HTTP_PLAYLIST_BYTES) {
		errno = EFBIG;
	} else {
		pthread_mutex_lock(&o->lock);
		room = make_room(o, FORMS * (size_t)st.st_size);
		pthread_mutex_unlock(&o->lock);
		errno = EBUSY;
		if (room)
			v = read_version(o, p->path, fd, &st);
	}
	fd = (close(fd), errno);	/* of above */
	errno = fd;
	return v;
}

struct version *
playlist_load(struct origin *o, struct playlist *p)
{
	struct version *v, *before = NULL;
	bool same = false;
	int errnum;

	/* One after the other: what is opened later is newer. */
	pthread_mutex_lock(&p->load);
	v = read_playlist(o, p, &same);
	errnum = errno;
	pthread_mutex_lock(&o->lock);
	if (same) {
		v = p->now;
	} else {
		before = p->now;
		p->now = v;
	}
	if (v != NULL)
		version_ref(v);
	pthread_mutex_unlock(&o->lock);
	pthread_mutex_unlock(&p->load);
	version_unref(before);
	errno = errnum;
	return v;
}

struct playlist *
playlist_get(struct origin *o, const char *path, bool watch,
    struct version **v)
{
	struct playlist *p = find_playlist(o, path, watch);
	int errnum;

	if (p == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	if ((*v = playlist_load(o, p)) == NULL) {
		errnum = errno;
		playlist_put(o, p);
		errno = errnum;
		return NULL;
	}
	return p;
}

void
playlists_init(struct origin *o)
{
	int i;

	for (i = 0; i < PLAYLIST_BUCKETS; i++) {
		LIST_INIT(&o->by_path[i]);
		LIST_INIT(&o->by_watch[i]);
	}
	TAILQ_INIT(&o->by_use);
	TAILQ_INIT(&o->by_wait);
	for (i = 0; i < LIMIT_HTTP_THREADS; i++)
		TAILQ_INIT(&o->ready[i]);
}

void
playlists_release(struct origin *o)
{
	struct playlist *p, *next;

	for (p = TAILQ_FIRST(&o->by_use); p != NULL; p = next) {
		next = TAILQ_NEXT(p, by_use);
		remove_playlist(o, p);
	}
}
