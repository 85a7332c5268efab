/*
 * Segments that are asked for now, kept mapped with their whole answer: it
 * then leaves with its head in one system call, while libmicrohttpd sends a
 * file in pieces of 128 KiB.  A path is looked up each time all the same: what
 * is kept goes by the file's identity, and a file that went is not found.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/origin_impl.h"

struct segment {
	LIST_ENTRY(segment)	 by_file;
	TAILQ_ENTRY(segment)	 by_use;
	struct origin		*o;
	struct stat		 st;
	void			*p;
	int64_t			 used_us;	/* last, monotonic */
	struct MHD_Response	*resp;		/* its callback frees all this */
};

static size_t
size_of(const struct segment *s)
{
	return (size_t)s->st.st_size;
}

static void
unmap(void *arg)
{
	struct segment *s = arg;

	munmap(s->p, size_of(s));
	atomic_fetch_sub(&s->o->mapped_bytes, size_of(s));
	atomic_fetch_sub(&s->o->mapped, 1);
	free(s);
}

static struct segment_list *
bucket_of(struct origin *o, const struct stat *st)
{
	return &o->by_file[(st->st_ino ^ (uintmax_t)st->st_mtim.tv_nsec) %
	    SEGMENT_BUCKETS];
}

/* With o->segments_lock. */
static struct segment *
find(struct origin *o, const struct stat *st)
{
	struct segment *s;

	LIST_FOREACH(s, bucket_of(o, st), by_file)
		if (s->st.st_dev == st->st_dev && is_same_file(&s->st, st))
			return s;
	return NULL;
}

/* With o->segments_lock: it goes when the last answer with it has left. */
static void
drop(struct origin *o, struct segment *s)
{
	LIST_REMOVE(s, by_file);
	TAILQ_REMOVE(&o->segments, s, by_use);
	MHD_destroy_response(s->resp);
}

static bool
is_full(struct origin *o, size_t bytes)
{
	return atomic_load(&o->mapped) >= LIMIT_HTTP_MAPPED ||
	    atomic_load(&o->mapped_bytes) + bytes > LIMIT_HTTP_MAPPED_BYTES;
}

/* Room for BYTES more, if need be in the place of the longest unused. */
static bool
make_room(struct origin *o, size_t bytes)
{
	struct segment *s;

	pthread_mutex_lock(&o->segments_lock);
	while (is_full(o, bytes) && (s = TAILQ_FIRST(&o->segments)) != NULL)
		drop(o, s);
	pthread_mutex_unlock(&o->segments_lock);
	return !is_full(o, bytes);
}

/* F, mapped, with its answer, and not yet known; NULL: not to be had. */
static struct segment *
map(const struct request *rq, const struct found *f)
{
	size_t bytes = (size_t)f->st.st_size;
	struct segment *s;

	if (!make_room(rq->o, bytes) || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->o = rq->o;
	s->st = f->st;
	s->p = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, f->fd,
	    0);
	if (s->p == MAP_FAILED) {
		free(s);
		return NULL;
	}
	atomic_fetch_add(&rq->o->mapped, 1);
	atomic_fetch_add(&rq->o->mapped_bytes, bytes);
	s->resp = MHD_create_response_from_buffer_with_free_callback_cls(
	    bytes, s->p, unmap, s);
	if (s->resp == NULL) {
		unmap(s);
		return NULL;
	}
	add_file_headers(rq, f, s->resp);
	return s;
}

/* With o->segments_lock: NEW, or what another thread made meanwhile. */
static struct segment *
add(struct origin *o, struct segment *new)
{
	struct segment *s = find(o, &new->st);

	if (s != NULL) {
		MHD_destroy_response(new->resp);
		return s;
	}
	LIST_INSERT_HEAD(bucket_of(o, &new->st), new, by_file);
	TAILQ_INSERT_TAIL(&o->segments, new, by_use);
	return new;
}

bool
answer_segment(const struct request *rq, const struct found *f,
    enum MHD_Result *rc)
{
	struct origin *o = rq->o;
	struct segment *s, *new = NULL;

	/* TLS reads each byte, and a page that went would be a signal. */
	if (rq->conn->tls || !f->media || !http_is_segment(f->name) ||
	    f->st.st_size == 0 ||
	    f->st.st_size > LIMIT_HTTP_MAPPED_FILE_BYTES)
		return false;
	pthread_mutex_lock(&o->segments_lock);
	s = find(o, &f->st);
	if (s == NULL) {
		/* It may have to be read from a disk. */
		pthread_mutex_unlock(&o->segments_lock);
		if ((new = map(rq, f)) == NULL)
			return false;
		pthread_mutex_lock(&o->segments_lock);
		s = add(o, new);
	}
	s->used_us = clock_mono_us();
	TAILQ_REMOVE(&o->segments, s, by_use);
	TAILQ_INSERT_TAIL(&o->segments, s, by_use);
	/* Within the lock: now it is the answer's too. */
	*rc = answer_with(rq, MHD_HTTP_OK, s->resp, size_of(s));
	pthread_mutex_unlock(&o->segments_lock);
	return true;
}

void
segments_sweep(struct origin *o, int64_t now_us)
{
	int64_t since_us = now_us - LIMIT_HTTP_MAPPED_S * INT64_C(1000000);
	struct segment *s;

	pthread_mutex_lock(&o->segments_lock);
	while ((s = TAILQ_FIRST(&o->segments)) != NULL &&
	    s->used_us < since_us)
		drop(o, s);
	pthread_mutex_unlock(&o->segments_lock);
}

void
segments_init(struct origin *o)
{
	int i;

	for (i = 0; i < SEGMENT_BUCKETS; i++)
		LIST_INIT(&o->by_file[i]);
	TAILQ_INIT(&o->segments);
	pthread_mutex_init(&o->segments_lock, NULL);
}

void
segments_release(struct origin *o)
{
	segments_sweep(o, INT64_MAX);
	pthread_mutex_destroy(&o->segments_lock);
}
