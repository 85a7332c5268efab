#include "net/recv.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "net/auth.h"
#include "net/handover.h"
#include "net/listen.h"
#include "net/recv_impl.h"
#include "net/starter.h"

#define EVENTS			256	/* of one round */
#define SCRATCH_BYTES		(192 * 1024)
/* Deadlines are looked at together, so often at most. */
#define CHECK_US		20000

void
recv_check_by(struct recv *r, int64_t when_us)
{
	if (when_us < r->check_us)
		r->check_us = when_us == RECV_NEVER ? when_us :
		    (when_us / CHECK_US + 1) * CHECK_US;
}

int
recv_watch(struct recv *r, int fd, struct watch *w, struct err *err)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = w };

	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == -1)
		return err_sys(err, ERR_OS, "cannot watch a descriptor");
	return 0;
}

static void
hear_starter(struct recv *r)
{
	struct starter_event ev;
	struct pub *p;
	int rc;

	while ((rc = starter_next(r->conf->starter, &ev, r->fatal)) == 1) {
		/* Most are about a handler that was just asked for. */
		TAILQ_FOREACH_REVERSE(p, &r->pubs, pub_list, entry)
			if (p->run == ev.id)
				break;
		if (p != NULL)
			pub_handler(r, p, &ev);
		else
			auth_program(r, &ev);
	}
	if (rc == -1)
		r->done = true;
}

static void
reload_keys(struct recv *r)
{
	struct keys keys;
	struct err err = ERR_INIT;

	if (r->conf->keys_file == NULL)
		return;
	if (keys_load(&keys, r->conf->keys_file, &err) == -1) {
		log_error("%s: the old keys stay", err.text);
		return;
	}
	keys_release(&r->keys);
	r->keys = keys;
	log_info("%zu keys from '%s'", keys.n, r->conf->keys_file);
}

static void
take_signals(struct recv *r)
{
	struct signalfd_siginfo info;

	while (read(r->conf->signal_fd, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			reload_keys(r);
			doors_reload(r);
			break;
		case SIGUSR1:
			status_show(r);
			break;
		case SIGINT:
		case SIGTERM:
			recv_end(r);
			break;
		}
	}
}

static void
dispatch(struct recv *r, const struct epoll_event *ev)
{
	struct watch *w = ev->data.ptr;

	switch (w->kind) {
	case WATCH_DOOR:
		door_ready(r, (struct door *)w);
		break;
	case WATCH_SIGNALS:
		take_signals(r);
		break;
	case WATCH_STARTER:
		hear_starter(r);
		break;
	case WATCH_CONTROL:
		control_ready(r);
		break;
	case WATCH_NEWCOMER:
		newcomer_ready(r);
		break;
	case WATCH_CONN:
		conn_ready(r, (struct conn *)w, ev->events);
		break;
	case WATCH_PUB:
		pub_ready(r, (struct pub *)w, ev->events);
		break;
	}
}

/*
 * Act on what is overdue and find the next deadline.  Activity moves
 * deadlines away without a call here, so this may look in vain; seldom.
 */
static void
check_deadlines(struct recv *r)
{
	struct conn *c, *next;
	struct pub *p, *next_pub;

	r->check_us = RECV_NEVER;
	doors_check(r);
	for (c = TAILQ_FIRST(&r->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (conn_deadline(r, c) <= r->now_us)
			conn_expire(r, c);
		else
			recv_check_by(r, conn_deadline(r, c));
	}
	for (p = TAILQ_FIRST(&r->pubs); p != NULL; p = next_pub) {
		next_pub = TAILQ_NEXT(p, entry);
		if (p->kill_us <= r->now_us)
			pub_expire(r, p);
		recv_check_by(r, p->kill_us);
	}
	status_tick(r);
	recv_end_check(r);
}

static void
bury(struct recv *r)
{
	struct conn *c;
	struct pub *p;

	while ((c = TAILQ_FIRST(&r->dead_conns)) != NULL) {
		TAILQ_REMOVE(&r->dead_conns, c, entry);
		conn_free(c);
	}
	while ((p = TAILQ_FIRST(&r->dead_pubs)) != NULL) {
		TAILQ_REMOVE(&r->dead_pubs, p, entry);
		pub_free(p);
	}
}

static int
timeout_ms(const struct recv *r)
{
	int64_t next_us = pace_next_us(r), left_us;

	if (r->check_us < next_us)
		next_us = r->check_us;
	left_us = next_us - r->now_us;
	if (next_us == RECV_NEVER)
		return -1;
	if (left_us <= 0)
		return 0;
	/* Up, so that it is due when epoll returns. */
	return left_us > 60000000 ? 60000 : (int)((left_us + 999) / 1000);
}

static int
loop(struct recv *r)
{
	struct epoll_event events[EVENTS];
	int i, n;

	while (!recv_is_over(r)) {
		n = epoll_wait(r->epoll_fd, events, EVENTS, timeout_ms(r));
		if (n == -1 && errno != EINTR)
			return err_sys(r->fatal, ERR_OS, "cannot wait");
		r->now_us = clock_mono_us();
		for (i = 0; i < n; i++)
			dispatch(r, &events[i]);
		pace_run(r);
		if (r->check_us <= r->now_us)
			check_deadlines(r);
		memory_resume(r);
		strangers_log_rest(r);
		bury(r);
	}
	if (r->fatal->cls != ERR_NONE)
		return -1;
	if ((r->stop_us != RECV_NEVER || r->draining) && r->npubs > 0)
		return err_set(r->fatal, ERR_AGAIN,
		    "%zu handlers are still running", r->npubs);
	return 0;
}

static int
announce(const struct recv_conf *conf, struct err *err)
{
	char text[8 * LIMIT_RECV_LISTENERS];
	size_t n = 0, i;
	int rc;

	if (conf->ready_fd == -1)
		return 0;
	for (i = 0; i < conf->listeners->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u\n",
		    conf->listeners->v[i].port);
	rc = file_write_all(conf->ready_fd, text, n, err);
	close(conf->ready_fd);
	return rc == -1 ? err_wrap(err, "descriptor %d", conf->ready_fd) : 0;
}

static int
set_up(struct recv *r, struct err *err)
{
	const struct recv_conf *conf = r->conf;

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd == -1)
		return err_sys(err, ERR_OS, "cannot make an event queue");
	if ((r->input = malloc(RECV_INPUT_BYTES)) == NULL)
		return err_nomem(err);
	if (strangers_init(r, err) == -1)
		return -1;
	if (buf_room(&r->scratch, SCRATCH_BYTES) == NULL)
		return buf_ok(&r->scratch, err);
	if (conf->keys_file != NULL &&
	    keys_load(&r->keys, conf->keys_file, err) == -1)
		return -1;
	if (status_init(r, err) == -1)
		return -1;
	if (conf->auth != NULL && auth_check(conf->auth, err) == -1)
		return -1;
	if (recv_listen(r, err) == -1 ||
	    recv_watch(r, conf->signal_fd, &r->signals, err) == -1 ||
	    (conf->starter != NULL &&
	    recv_watch(r, conf->starter->fd, &r->starter, err) == -1))
		return -1;
	if (recv_sandbox(conf, err) == -1)
		return -1;
	if (control_open(r, err) == -1 || (conf->handover_from != -1 &&
	    handover_confirm(conf->handover_from, err) == -1))
		return -1;
	return announce(conf, err);
}

static void
tear_down(struct recv *r)
{
	struct conn *c;
	struct pub *p;

	recv_stop_listening(r);
	while ((c = TAILQ_FIRST(&r->conns)) != NULL) {
		c->told = true;
		conn_close(r, c);
	}
	bury(r);
	auth_release(r);
	while ((p = TAILQ_FIRST(&r->pubs)) != NULL) {
		TAILQ_REMOVE(&r->pubs, p, entry);
		if (p->fd != -1 && r->conf->handler)
			close(p->fd);
		pub_free(p);
	}
	if (r->epoll_fd != -1)
		close(r->epoll_fd);
	keys_release(&r->keys);
	strangers_release(r);
	status_release(r);
	tls_server_free(r->tls);
	buf_release(&r->scratch);
	free(r->input);
}

int
recv_run(const struct recv_conf *conf, struct err *err)
{
	struct recv r = {
		.conf = conf,
		.epoll_fd = -1,
		.signals.kind = WATCH_SIGNALS,
		.starter.kind = WATCH_STARTER,
		.conns = TAILQ_HEAD_INITIALIZER(r.conns),
		.dead_conns = TAILQ_HEAD_INITIALIZER(r.dead_conns),
		.resting = TAILQ_HEAD_INITIALIZER(r.resting),
		.pubs = TAILQ_HEAD_INITIALIZER(r.pubs),
		.dead_pubs = TAILQ_HEAD_INITIALIZER(r.dead_pubs),
		.to_ask = TAILQ_HEAD_INITIALIZER(r.to_ask),
		.asking = TAILQ_HEAD_INITIALIZER(r.asking),
		.metrics_dir = -1,
		.status_us = RECV_NEVER,
		.now_us = clock_mono_us(),
		.check_us = RECV_NEVER,
		.control_fd = -1,
		.newcomer_fd = -1,
		.newcomer_us = RECV_NEVER,
		.drain_us = RECV_NEVER,
		.stop_us = RECV_NEVER,
		.leave_us = RECV_NEVER,
		.fatal = err,
	};
	int rc;

	buf_init(&r.scratch, SCRATCH_BYTES);
	rc = set_up(&r, err);
	if (rc == 0)
		rc = loop(&r);
	tear_down(&r);
	return rc;
}
