#include "net/recv.h"
#include "net/recv_impl.h"

#define STOP_US			10000000
#define LEAVE_US		1000000

/* GStreamer takes it for an error when the server closes first. */
void
recv_leave(struct recv *r)
{
	struct conn *c, *next;

	r->leave_us = r->now_us + LEAVE_US;
	recv_check_by(r, r->leave_us);
	for (c = TAILQ_FIRST(&r->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->served)
			continue;
		c->told = true;
		conn_close(r, c);
	}
}

/* Handlers see the end of their input, and have STOP_US to finish. */
static void
stop(struct recv *r)
{
	struct conn *c;

	if (r->stop_us != RECV_NEVER)
		return;
	r->stop_us = r->now_us + STOP_US;
	recv_check_by(r, r->stop_us);
	recv_stop_listening(r);
	while ((c = TAILQ_FIRST(&r->conns)) != NULL) {
		c->told = true;
		conn_close(r, c);
	}
}

void
recv_drain(struct recv *r)
{
	struct conn *c, *next;

	recv_stop_listening(r);
	r->draining = true;
	if (r->conf->drain_us < 0)
		return;
	if (r->conf->drain_us == 0) {
		stop(r);
		return;
	}
	if (r->drain_us > r->now_us + r->conf->drain_us)
		r->drain_us = r->now_us + r->conf->drain_us;
	recv_check_by(r, r->drain_us);
	for (c = TAILQ_FIRST(&r->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		conn_ask_away(r, c);
	}
}

void
recv_end(struct recv *r)
{
	if (r->asked_to_end) {
		r->done = true;		/* asked twice: now */
		return;
	}
	r->asked_to_end = true;
	if (r->conf->drain_us < 0)
		stop(r);
	else
		recv_drain(r);
}

void
recv_end_check(struct recv *r)
{
	newcomer_check(r);
	if (r->drain_us <= r->now_us)
		stop(r);
	if (r->stop_us <= r->now_us || r->leave_us <= r->now_us)
		r->done = true;
	if (r->stop_us == RECV_NEVER)
		recv_check_by(r, r->drain_us);
	recv_check_by(r, r->stop_us);
	recv_check_by(r, r->leave_us);
}

bool
recv_is_over(const struct recv *r)
{
	return r->done ||
	    ((r->stop_us != RECV_NEVER || r->draining) &&
	    TAILQ_EMPTY(&r->conns) && TAILQ_EMPTY(&r->pubs)) ||
	    (r->leave_us != RECV_NEVER && TAILQ_EMPTY(&r->conns));
}
