#include <sys/socket.h>

#include "net/recv_impl.h"

/* What arrives waits so long at most before it is read. */
#define REST_US		50000
/* Publishers are read together, at multiples of this. */
#define GRID_US		10000
/* So much is read at once: half of the first receive window. */
#define REST_BYTES	(32 * 1024)
/* So often in a row there was nothing: wait for the next byte instead. */
#define MISSES		8

/* The socket is readable for epoll when there are so many bytes, or its end. */
static void
set_threshold(struct conn *c, int bytes)
{
	/* If it fails, the socket is read more often than it need be. */
	setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

static void
leave(struct recv *r, struct conn *c)
{
	if (c->rest_us == 0)
		return;
	c->rest_us = 0;
	c->misses = 0;
	TAILQ_REMOVE(&r->resting, c, rest);
	if (c->state != CONN_DEAD)
		set_threshold(c, 1);
}

/* Its pipe takes no more: epoll is not asked about the socket. */
static bool
is_full(const struct conn *c)
{
	return c->pub != NULL && c->pub->full;
}

/* The list is by time: nearly always this is its end. */
static void
insert(struct recv *r, struct conn *c)
{
	struct conn *before;

	TAILQ_FOREACH_REVERSE(before, &r->resting, conn_list, rest)
		if (before->rest_us <= c->rest_us)
			break;
	if (before != NULL)
		TAILQ_INSERT_AFTER(&r->resting, before, c, rest);
	else
		TAILQ_INSERT_HEAD(&r->resting, c, rest);
}

void
pace(struct recv *r, struct conn *c)
{
	int64_t us = is_full(c) ? GRID_US : REST_US;

	if (c->state != CONN_OPEN || c->paused || c->pub == NULL) {
		leave(r, c);
		return;
	}
	if (c->rest_us == 0)
		set_threshold(c, REST_BYTES);
	else
		TAILQ_REMOVE(&r->resting, c, rest);
	c->misses = 0;
	c->rest_us = (r->now_us + us) / GRID_US * GRID_US;
	insert(r, c);
}

void
pace_missed(struct recv *r, struct conn *c)
{
	unsigned misses = c->misses + (is_full(c) ? 0u : 1u);

	if (c->rest_us == 0)
		return;
	if (misses == MISSES) {
		leave(r, c);
		return;
	}
	pace(r, c);
	c->misses = (uint8_t)misses;
}

void
pace_run(struct recv *r)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&r->resting)) != NULL &&
	    c->rest_us <= r->now_us)
		conn_read(r, c);
}

int64_t
pace_next_us(const struct recv *r)
{
	const struct conn *c = TAILQ_FIRST(&r->resting);

	return c == NULL ? RECV_NEVER : c->rest_us;
}
