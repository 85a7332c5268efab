#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/handover.h"
#include "net/recv.h"
#include "net/recv_impl.h"

#define NEWCOMER_US		10000000	/* to get ready */

int
control_open(struct recv *r, struct err *err)
{
	r->control.kind = WATCH_CONTROL;
	r->newcomer.kind = WATCH_NEWCOMER;
	r->control_fd = r->conf->control_fd;
	return r->control_fd == -1 ? 0 :
	    recv_watch(r, r->control_fd, &r->control, err);
}

static void
close_newcomer(struct recv *r)
{
	if (r->newcomer_fd != -1)
		close(r->newcomer_fd);
	r->newcomer_fd = -1;
	r->newcomer_us = RECV_NEVER;
}

/* Closing is not enough: another process may have the same socket. */
static void
close_control(struct recv *r)
{
	epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, r->control_fd, NULL);
	close(r->control_fd);
	r->control_fd = -1;
}

static void
newcomer_leave(struct recv *r, const char *why)
{
	if (r->newcomer_fd == -1)
		return;
	log_warning("handover: the other server %s: this one goes on", why);
	close_newcomer(r);
}

/*
 * Its path goes first: who comes now must not find a socket of the dead.  But
 * a newcomer on its way has both already, and keeps them.
 */
void
control_close(struct recv *r)
{
	if (r->control_fd == -1)
		return;
	if (r->newcomer_fd == -1)
		unlink(r->conf->handover);
	close_newcomer(r);
	close_control(r);
}

void
control_ready(struct recv *r)
{
	struct err err = ERR_INIT;
	int fd;

	if (r->control_fd == -1)
		return;
	if (r->newcomer_fd != -1) {	/* one at a time */
		fd = accept4(r->control_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd != -1)
			close(fd);
		return;
	}
	r->newcomer_fd = handover_give(r->control_fd, r->conf->listeners);
	if (r->newcomer_fd == -1)
		return;
	r->newcomer_us = r->now_us + NEWCOMER_US;
	recv_check_by(r, r->newcomer_us);
	if (recv_watch(r, r->newcomer_fd, &r->newcomer, &err) == -1)
		newcomer_leave(r, err.text);
}

void
newcomer_ready(struct recv *r)
{
	enum handover_word word = HANDOVER_NOTHING;

	if (r->newcomer_fd != -1)
		word = handover_hear(r->newcomer_fd);
	if (word == HANDOVER_GONE)
		newcomer_leave(r, "has gone");
	if (word != HANDOVER_READY)
		return;
	close_newcomer(r);
	close_control(r);	/* the other one's, with its path */
	log_info("handed over: %zu publishers go on here", r->npubs);
	recv_drain(r);
}

void
newcomer_check(struct recv *r)
{
	if (r->newcomer_us <= r->now_us)
		newcomer_leave(r, "was not ready in time");
	recv_check_by(r, r->newcomer_us);
}
