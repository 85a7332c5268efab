#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/recv.h"
#include "net/recv_impl.h"

#define LOG_PERIOD_US	5000000
/* Descriptors for what is neither connection nor handler. */
#define SPARE_FILES	24

int
strangers_init(struct recv *r, struct err *err)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == -1)
		return err_sys(err, ERR_OS, "cannot get the limit of files");
	r->max_files = lim.rlim_cur > INT32_MAX ? INT32_MAX : lim.rlim_cur;
	return guard_init(&r->guard, err);
}

void
strangers_release(struct recv *r)
{
	guard_release(&r->guard);
}

struct conn *
conn_of(struct guard_conn *g)
{
	return (struct conn *)(void *)((char *)g -
	    offsetof(struct conn, guarded));
}

/* False when there is none. */
static bool
make_room(struct recv *r, struct guard_conn *g, const char *why)
{
	if (g == NULL)
		return false;
	conn_tell(conn_of(g), "closed to make room: %s", why);
	conn_close(r, conn_of(g));
	return true;
}

/*
 * Of all strangers the oldest that has not even finished its handshake: in a
 * flood of such, who means to publish is past that in a moment.
 */
static struct guard_conn *
least_of_all(const struct recv *r)
{
	struct guard_conn *g;

	TAILQ_FOREACH(g, &r->guard.strangers, of_all)
		if (conn_of(g)->rtmp.state != RTMP_CHUNKS)
			return g;
	return TAILQ_FIRST(&r->guard.strangers);
}

bool
strangers_make_room(struct recv *r)
{
	if (r->guard.nstrangers >= r->conf->max_publishers +
	    LIMIT_RECV_WAITING)
		make_room(r, least_of_all(r), "too many connections");
	/* Each stranger may yet want a descriptor for its handler. */
	if (r->nconns + r->npubs + r->nasking + SPARE_FILES < r->max_files)
		return true;
	return make_room(r, least_of_all(r), "too few descriptors");
}

bool
strangers_enter(struct recv *r, struct conn *c)
{
	c->host = guard_enter(&r->guard, c->peer.ip, r->now_us);
	if (c->host == NULL)
		return false;
	if (c->host->nstrangers >= r->conf->max_per_address)
		make_room(r, TAILQ_FIRST(&c->host->strangers),
		    "too many connections of this address");
	guard_add(&r->guard, c->host, &c->guarded);
	c->quota = &r->quota;
	return true;
}

void
strangers_leave(struct recv *r, struct conn *c)
{
	guard_remove(&r->guard, &c->guarded);
	guard_leave(&r->guard, c->host);
	c->host = NULL;
}

void
strangers_publish(struct recv *r, struct conn *c, bool publishes)
{
	if (publishes)
		guard_remove(&r->guard, &c->guarded);
	else
		guard_add(&r->guard, c->host, &c->guarded);
}

void
strangers_wrong_key(struct recv *r, struct conn *c, const char *reason)
{
	int64_t delay_us = guard_fault(c->host, r->now_us);

	conn_tell(c, "publish refused: %s", reason);
	if (delay_us == 0) {
		pub_refuse(r, c, REFUSED_KEY, "bad key");
		return;
	}
	conn_hold(r, c);
	c->due_us = r->now_us + delay_us;
	recv_check_by(r, c->due_us);
}

void
strangers_due(struct recv *r, struct conn *c)
{
	if (c->job != NULL)
		auth_due(r, c);
	else
		pub_refuse(r, c, REFUSED_KEY, "bad key");
}

bool
strangers_may_log(struct conn *c)
{
	if (c->pub != NULL || c->served)
		return true;
	if (c->quota->lines < LIMIT_RECV_LOG_LINES) {
		c->quota->lines++;
		return true;
	}
	c->quota->hidden++;
	return false;
}

void
strangers_log_rest(struct recv *r)
{
	struct log_quota *q = &r->quota;

	if (q->lines == 0)
		return;
	if (q->end_us == 0)
		q->end_us = r->now_us + LOG_PERIOD_US;
	if (q->end_us > r->now_us) {
		recv_check_by(r, q->end_us);
		return;
	}
	if (q->hidden > 0)
		log_warning("%zu more connections that did not publish, in "
		    "%d s", q->hidden, LOG_PERIOD_US / 1000000);
	*q = (struct log_quota){ 0 };
}
