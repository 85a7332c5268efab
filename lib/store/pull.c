#include "store/pull.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/watch.h"
#include "store/claim.h"
#include "store/failed.h"

#define SECOND_US	1000000
#define LOOK_LOCAL_US	(10 * SECOND_US)	/* for what nobody told of */
#define LOOK_REMOTE_US	(SECOND_US / 10)
#define LATER_US	(5 * SECOND_US)		/* between looks, if in vain */
#define RENEW_US	(2 * SECOND_US)

struct job {
	struct claim		claim;
	enum spool_queue	from;
	pid_t			pid;
};

/* Tickets that were put off, and are taken one by one. */
struct later {
	struct ticket	*tickets;	/* owned */
	size_t		 count, next;
	int64_t		 look_us;	/* when to look for more */
};

struct pull {
	const struct pull_conf	*conf;
	struct job		*jobs;		/* owned */
	size_t			 running;
	size_t			 running_from[2];	/* enum spool_queue */
	struct later		 later;
	sigset_t		 before;	/* the mask, for children */
	int			 signals;	/* signalfd */
	int			 queue;		/* inotify, or -1 */
	bool			 stopping;
	bool			 dirty;		/* there may be tickets */
	int64_t			 every_us;	/* how often to look */
	int64_t			 look_us, renew_us;	/* when next */
};

static int
start(struct pull *p, enum spool_queue from, const struct claim *c,
    struct err *err)
{
	const struct pull_conf *conf = p->conf;
	pid_t pid = fork();

	if (pid == -1)
		return err_sys(err, ERR_OS, "cannot fork");
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &p->before, NULL);
		_exit(conf->work(&c->key, from, conf->arg));
	}
	p->jobs[p->running++] = (struct job){ *c, from, pid };
	p->running_from[from]++;
	return 0;
}

/* 1: it is ours and runs; 0; -1. */
static int
take(struct pull *p, enum spool_queue from, const struct spool_key *key,
    struct err *err)
{
	struct spool *s = p->conf->s;
	struct claim c = { .key = *key };
	int rc;

	snprintf(c.owner, sizeof(c.owner), "%s", p->conf->owner);
	if ((rc = claim_take(s, from, key, c.owner, err)) != 1)
		return rc;
	if (!spool_exists(s, key))
		return claim_drop(s, &c, err);
	return start(p, from, &c, err) == -1 ? -1 : 1;
}

static bool
has_room(const struct pull *p, enum spool_queue q)
{
	return !p->stopping && p->running_from[q] < p->conf->jobs;
}

/* Fill the free slots.  What is late is not for them. */
static int
take_some(struct pull *p, struct err *err)
{
	const struct pull_conf *conf = p->conf;
	enum pending_order order = conf->late > 0 ? PENDING_OLDEST_FIRST :
	    PENDING_NEWEST_FIRST;
	struct ticket *t;
	size_t count, i;
	int rc = 0;

	if (!p->dirty || !has_room(p, QUEUE_LIVE))
		return 0;
	if (claim_order(conf->s, QUEUE_LIVE, order, &t, &count, err) == -1)
		return -1;
	for (i = 0; i < count && has_room(p, QUEUE_LIVE) && rc != -1; i++)
		if (conf->late > 0 && t[i].behind > conf->late)
			rc = spool_ticket_defer(conf->s, &t[i].key, err);
		else
			rc = take(p, QUEUE_LIVE, &t[i].key, err);
	free(t);
	p->dirty = i < count;
	return rc == -1 ? -1 : 0;
}

static int
look_later(struct later *l, struct spool *s, struct err *err)
{
	int64_t now_us = clock_mono_us();
	int rc;

	if (now_us < l->look_us)
		return 0;
	free(l->tickets);
	l->next = 0;
	rc = claim_order(s, QUEUE_LATER, PENDING_OLDEST_FIRST, &l->tickets,
	    &l->count, err);
	if (l->count == 0)
		l->look_us = now_us + LATER_US;
	return rc;
}

/* Nothing waits that is not late: do what was put off. */
static int
take_later(struct pull *p, struct err *err)
{
	struct later *l = &p->later;
	int rc = 0;

	if (p->conf->late == 0 || p->dirty)
		return 0;
	if (l->next == l->count && has_room(p, QUEUE_LATER))
		rc = look_later(l, p->conf->s, err);
	while (rc != -1 && l->next < l->count && has_room(p, QUEUE_LATER))
		rc = take(p, QUEUE_LATER, &l->tickets[l->next++].key, err);
	return rc == -1 ? -1 : 0;
}

static int
reap(struct pull *p, struct err *err)
{
	int status, rc = 0;
	struct job job;
	pid_t pid;
	size_t i;

	while (rc == 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < p->running && p->jobs[i].pid != pid; i++)
			continue;
		if (i == p->running)
			continue;
		job = p->jobs[i];
		p->jobs[i] = p->jobs[--p->running];
		p->running_from[job.from]--;
		if (WIFSIGNALED(status))
			log_error("stream '%s', fragment %u: killed by signal "
			    "%d", job.claim.key.stream, job.claim.key.seq,
			    WTERMSIG(status));
		/* Who parked it has dropped a ticket: here it is a claim. */
		if (status == 0 || failed_parked(p->conf->s, &job.claim.key))
			rc = claim_drop(p->conf->s, &job.claim, err);
	}
	return rc;
}

static int
take_signals(struct pull *p, struct err *err)
{
	struct signalfd_siginfo si;

	while (read(p->signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
		if (si.ssi_signo != SIGCHLD)
			p->stopping = true;
	return reap(p, err);
}

static int
renew(struct pull *p, struct err *err)
{
	size_t i;

	for (i = 0; i < p->running; i++)
		if (claim_renew(p->conf->s, &p->jobs[i].claim, err) == -1)
			return -1;
	return 0;
}

static void
note(const char *name, void *arg)
{
	bool *dirty = arg;

	(void)name;
	*dirty = true;
}

/* Wait until something may have happened. */
static int
await(struct pull *p, struct err *err)
{
	struct pollfd fds[2] = {
		{ .fd = p->signals, .events = POLLIN },
		{ .fd = p->queue, .events = POLLIN }
	};
	int64_t at_us = p->look_us < p->renew_us ? p->look_us : p->renew_us;
	int64_t left_us;

	if (has_room(p, QUEUE_LATER) && p->conf->late > 0 && !p->dirty &&
	    p->later.look_us < at_us)
		at_us = p->later.look_us;
	left_us = at_us - clock_mono_us();

	if (poll(fds, 2, left_us <= 0 ? 0 : (int)((left_us + 999) / 1000)) ==
	    -1 && errno != EINTR)
		return err_sys(err, ERR_OS, "cannot wait");
	if (p->queue != -1 && watch_read(p->queue, note, &p->dirty, err) == -1)
		return -1;
	return take_signals(p, err);
}

/* What the file system refuses today it may grant tomorrow. */
static void
forgive(int rc, const struct err *err)
{
	if (rc == -1)
		log_warning("%s", err->text);
}

static int
loop(struct pull *p, struct err *err)
{
	int64_t now_us;

	while (!p->stopping || p->running > 0) {
		now_us = clock_mono_us();
		if (now_us >= p->look_us) {
			p->dirty = true;
			p->look_us = now_us + p->every_us;
		}
		if (now_us >= p->renew_us) {
			forgive(renew(p, err), err);
			p->renew_us = now_us + RENEW_US;
		}
		forgive(take_some(p, err), err);
		forgive(take_later(p, err), err);
		if (await(p, err) == -1)
			return -1;
	}
	return 0;
}

static int
open_queue(struct pull *p, struct err *err)
{
	char path[4096 + 8];

	snprintf(path, sizeof(path), "%s/queue", p->conf->s->dir);
	p->every_us = LOOK_REMOTE_US;
	if ((p->queue = watch_open(path, WATCH_NEW, err)) != -1) {
		if (watch_sees_all(path))
			p->every_us = LOOK_LOCAL_US;
		return 0;
	}
	if (err->cls != ERR_OS)
		return -1;
	log_warning("%s; looking every %d ms instead", err->text,
	    LOOK_REMOTE_US / 1000);
	return 0;
}

static int
open_signals(struct pull *p, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, &p->before) == -1 ||
	    (p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return err_sys(err, ERR_OS, "cannot wait for signals");
	return 0;
}

int
pull_run(const struct pull_conf *conf, struct err *err)
{
	struct pull p = { .conf = conf, .signals = -1, .queue = -1 };
	int rc = -1;

	p.jobs = calloc(2 * conf->jobs, sizeof(*p.jobs));
	if (p.jobs == NULL)
		err_nomem(err);
	else if (open_signals(&p, err) == 0 && open_queue(&p, err) == 0)
		rc = loop(&p, err);
	if (p.queue != -1)
		close(p.queue);
	if (p.signals != -1) {
		close(p.signals);
		sigprocmask(SIG_SETMASK, &p.before, NULL);
	}
	free(p.jobs);
	free(p.later.tickets);
	return rc;
}
