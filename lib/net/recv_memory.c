#include "base/limits.h"
#include "net/recv.h"
#include "net/recv_impl.h"

/* A stranger with less than this is not worth closing. */
#define GREEDY_BYTES	(16 * 1024)

static void
count(struct recv *r, size_t *counted, size_t bytes)
{
	r->memory = r->memory - *counted + bytes;
	*counted = bytes;
}

void
memory_count(struct recv *r, struct conn *c)
{
	const struct rtmp_chunks *chunks = &c->rtmp.chunks;

	count(r, &c->memory, c->state == CONN_DEAD ? 0 : sizeof(*c) +
	    c->in.cap + c->out.cap + chunks->held_bytes +
	    chunks->cap * sizeof(*chunks->streams));
}

void
memory_count_pub(struct recv *r, struct pub *p)
{
	count(r, &p->memory, p->pending.cap);
}

/*
 * From here on nobody may have more than an equal share of this half.  What
 * others took before is no more than it, so that all stays below the maximum.
 */
static size_t
half(const struct recv *r)
{
	return r->conf->max_memory / 2;
}

static size_t
share(const struct recv *r)
{
	return half(r) / (r->nconns + 1);
}

static struct conn *
greediest_stranger(const struct recv *r)
{
	struct guard_conn *g;
	struct conn *c, *found = NULL;

	TAILQ_FOREACH(g, &r->guard.strangers, of_all) {
		c = conn_of(g);
		/* The newest of equals. */
		if (found == NULL || c->memory >= found->memory)
			found = c;
	}
	return found != NULL && found->memory >= GREEDY_BYTES ? found : NULL;
}

bool
memory_admits(struct recv *r, struct conn *c)
{
	struct conn *greedy;
	size_t own;

	while (r->memory > half(r) &&
	    (greedy = greediest_stranger(r)) != NULL) {
		conn_tell(greedy, "closed to make room: too much memory in "
		    "use");
		conn_close(r, greedy);
	}
	if (c->state == CONN_DEAD)
		return false;
	if (r->memory <= half(r))
		return true;
	own = c->memory + (c->pub != NULL ? c->pub->memory : 0);
	if (own <= share(r))
		return true;
	c->starved = true;
	r->starving = true;
	conn_pause(r, c);
	recv_check_by(r, c->active_us + r->conf->idle_us);
	return false;
}

bool
memory_is_stuck(const struct recv *r, const struct conn *c)
{
	return c->starved && c->memory > share(r);
}

/* With room again for a while, not for one message. */
void
memory_resume(struct recv *r)
{
	struct conn *c, *next;

	if (!r->starving || r->memory > half(r) - half(r) / 8)
		return;
	r->starving = false;
	for (c = TAILQ_FIRST(&r->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (!c->starved)
			continue;
		c->starved = false;
		/* Else it goes on when its handler has read. */
		if (c->pub == NULL || pub_may_read(c->pub))
			conn_resume(r, c);
	}
}
