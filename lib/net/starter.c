#include "net/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sandbox.h"

#define NFACTS		5
#define FACT_BYTES	384
#define MAX_FDS		3
/* Some for each program that runs, if the parent does not read at all. */
#define NEWS_BYTES	(16 * 1024 * 1024)

/* What goes to the starter. */
struct request {
	enum { START, KILL }	what;
	uint64_t		id;
	size_t			which;		/* START */
	bool			has_facts;
	char			facts[NFACTS][FACT_BYTES];
	int			signal;		/* KILL */
};

struct run {
	uint64_t	id;
	pid_t		pid;
};

/* The child's own. */
struct child {
	char *const	*const *argv;
	size_t		 nargv;
	char *const	*env;
	size_t		 nenv;
	int		 fd, signal_fd;
	struct run	*runs;
	size_t		 nruns, room;
	struct buf	 news;		/* events that FD did not take yet */
};

static bool
ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && memcmp(s + n - m, end, m) == 0;
}

static bool
is_inherited(const char *var)
{
	static const char *const dropped[] = {
		"PROTO", "RTMPREMOTEIP", "RTMPREMOTEPORT", "LIVESPOOL_STREAM",
		"LIVESPOOL_APP", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
		"LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"
	};
	static const char *const secrets[] = {
		"_KEY", "_SECRET", "_TOKEN", "_PASSWORD"
	};
	size_t n = strcspn(var, "="), i;

	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (n == strlen(dropped[i]) && memcmp(var, dropped[i], n) == 0)
			return false;
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (ends_with(var, n, secrets[i]))
			return false;
	return true;
}

char **
starter_environment(char *const from[])
{
	size_t n = 0, i;
	char **env;

	while (from[n] != NULL)
		n++;
	env = calloc(n + 1, sizeof(*env));
	if (env == NULL)
		return NULL;
	for (n = 0, i = 0; from[i] != NULL; i++)
		if (is_inherited(from[i]))
			env[n++] = from[i];
	return env;
}

static int
set_files(posix_spawn_file_actions_t *actions, const int fds[], size_t nfds)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < nfds && rc == 0; i++)
		rc = posix_spawn_file_actions_adddup2(actions, fds[i], (int)i);
	return rc != 0 ? rc : posix_spawn_file_actions_addclosefrom_np(actions,
	    STDERR_FILENO + 1);
}

static int
spawn(char *const argv[], char *const env[], const int fds[], size_t nfds,
    pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	if ((rc = posix_spawn_file_actions_init(&actions)) != 0)
		return rc;
	if ((rc = posix_spawnattr_init(&attr)) != 0)
		goto out_actions;
	sigemptyset(&none);
	sigfillset(&all);
	if ((rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0 &&
	    (rc = posix_spawnattr_setpgroup(&attr, 0)) == 0 &&
	    (rc = posix_spawnattr_setsigmask(&attr, &none)) == 0 &&
	    (rc = posix_spawnattr_setsigdefault(&attr, &all)) == 0 &&
	    (rc = set_files(&actions, fds, nfds)) == 0)
		rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* What the parent is to hear. */
static void
tell(struct child *c, uint64_t id, enum starter_what what, int value)
{
	struct starter_event ev = { .id = id, .what = what, .value = value };

	buf_put(&c->news, &ev, sizeof(ev));
}

/*
 * As much of it as the parent takes now: to wait for it, while it waits for
 * us to take a request, would be for ever.  If it is gone, what it has asked
 * for is still to be done.
 */
static void
send_news(struct child *c)
{
	const size_t one = sizeof(struct starter_event);
	size_t sent = 0;

	while (sent < c->news.n) {
		if (send(c->fd, c->news.p + sent, one,
		    MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)one)
			sent += one;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			sent = c->news.n;
	}
	buf_drop(&c->news, sent);
}

/* Nothing in a request is trusted: its sender may have been taken over. */
static int
child_start(struct child *c, struct request *req, const int fds[],
    size_t nfds)
{
	struct run *runs;
	char **env;
	pid_t pid;
	size_t i;
	int rc;

	if (req->which >= c->nargv || c->argv[req->which] == NULL)
		return EINVAL;
	if (c->nruns == c->room) {
		runs = realloc(c->runs, (c->room + 64) * sizeof(*runs));
		if (runs == NULL)
			return ENOMEM;
		c->runs = runs;
		c->room += 64;
	}
	env = calloc(c->nenv + NFACTS + 1, sizeof(*env));
	if (env == NULL)
		return ENOMEM;
	memcpy(env, c->env, c->nenv * sizeof(*env));
	for (i = 0; i < NFACTS && req->has_facts; i++) {
		req->facts[i][FACT_BYTES - 1] = '\0';
		env[c->nenv + i] = req->facts[i];
	}
	rc = spawn(c->argv[req->which], env, fds, nfds, &pid);
	free(env);
	if (rc == 0)
		c->runs[c->nruns++] = (struct run){ req->id, pid };
	return rc;
}

static void
child_kill(const struct child *c, const struct request *req)
{
	size_t i;

	for (i = 0; i < c->nruns; i++)
		if (c->runs[i].id == req->id)
			kill(-c->runs[i].pid, req->signal);
}

/* A request, with the descriptors that came along.  Its size; 0 at the end. */
static ssize_t
child_receive(int fd, struct request *req, int fds[MAX_FDS], size_t *nfds)
{
	union {
		char		space[CMSG_SPACE(MAX_FDS * sizeof(int))];
		struct cmsghdr	align;
	} control;
	struct iovec iov = { req, sizeof(*req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space) };
	struct cmsghdr *cmsg;
	ssize_t n;

	*nfds = 0;
	/* ECONNRESET: it ended with news unread; what it asked for comes yet. */
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	if (n <= 0)
		return n;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg != NULL && cmsg->cmsg_level == SOL_SOCKET &&
	    cmsg->cmsg_type == SCM_RIGHTS) {
		*nfds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(cmsg), *nfds * sizeof(int));
	}
	return n;
}

/* False when the parent is gone. */
static bool
child_serve(struct child *c)
{
	struct request req;
	int fds[MAX_FDS], errnum;
	size_t nfds, i;

	if (child_receive(c->fd, &req, fds, &nfds) != (ssize_t)sizeof(req))
		return false;
	if (req.what == KILL) {
		child_kill(c, &req);
	} else {
		errnum = child_start(c, &req, fds, nfds);
		tell(c, req.id, errnum == 0 ? STARTER_RUNS : STARTER_FAILED,
		    errnum);
	}
	for (i = 0; i < nfds; i++)
		close(fds[i]);
	return true;
}

static void
child_reap(struct child *c)
{
	struct signalfd_siginfo ignored;
	int status;
	pid_t pid;
	size_t i;

	while (read(c->signal_fd, &ignored, sizeof(ignored)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < c->nruns && c->runs[i].pid != pid; i++)
			;
		if (i == c->nruns)
			continue;
		tell(c, c->runs[i].id, STARTER_ENDED, status);
		c->runs[i] = c->runs[--c->nruns];
	}
}

static void
child_loop(struct child *c)
{
	struct pollfd p[2] = {
		{ .fd = c->signal_fd, .events = POLLIN },
		{ .fd = c->fd },
	};
	bool go_on = true;

	while (go_on) {
		p[1].events = POLLIN | (c->news.n > 0 ? POLLOUT : 0);
		if (poll(p, 2, -1) == -1)
			continue;	/* EINTR */
		if (p[0].revents != 0)
			child_reap(c);
		if ((p[1].revents & ~POLLOUT) != 0)
			go_on = child_serve(c);
		send_news(c);
		go_on = go_on && !c->news.bad;
	}
}

/* Descriptors 3 and on are ours alone: the parent, signals. */
static int
child_files(struct child *c, int fd)
{
	sigset_t set;

	c->fd = fd == STDERR_FILENO + 1 ? fd :
	    dup3(fd, STDERR_FILENO + 1, O_CLOEXEC);
	if (c->fd == -1 || close_range(STDERR_FILENO + 2, ~0U, 0) == -1)
		return -1;
	/* A terminal's Ctrl-C is the parent's affair: it asks, or ends. */
	sigfillset(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -1;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	c->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return c->signal_fd == -1 ? -1 : 0;
}

/* The parent hears at first how it went. */
static void
child_main(struct child *c, int fd, const char *user)
{
	struct err err = ERR_INIT;
	int rc = child_files(c, fd);

	if (rc == -1)
		err_sys(&err, ERR_OS, "cannot set up descriptors");
	else if (user != NULL)
		rc = sandbox_user(user, &err);
	if (send(c->fd, &err, sizeof(err), MSG_NOSIGNAL) != -1 && rc == 0)
		child_loop(c);
	_exit(0);
}

/* The N bytes at P from the child, in one piece.  1; 0: none now; or -1. */
static int
receive(struct starter *s, void *p, size_t n, int flags, struct err *err)
{
	ssize_t got;

	do
		got = recv(s->fd, p, n, flags);
	while (got == -1 && errno == EINTR);
	if (got == -1 && errno == EAGAIN)
		return 0;
	return got == (ssize_t)n ? 1 : err_set(err, ERR_OS,
	    "the process that starts programs is gone");
}

int
starter_begin(struct starter *s, char *const *const argv[], size_t n,
    char *const env[], const char *user, struct err *err)
{
	struct child c = { .argv = argv, .nargv = n, .env = env };
	struct err its = ERR_INIT;
	int ends[2];

	while (env[c.nenv] != NULL)
		c.nenv++;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return err_sys(err, ERR_OS, "cannot make a socket pair");
	buf_init(&c.news, NEWS_BYTES);
	*s = (struct starter){ .fd = ends[0] };
	if ((s->pid = fork()) == 0)
		child_main(&c, ends[1], user);
	close(ends[1]);
	if (s->pid == -1)
		err_sys(err, ERR_OS, "cannot fork");
	else if (receive(s, &its, sizeof(its), 0, err) == 1) {
		if (its.cls == ERR_NONE)
			return 0;
		*err = its;
	}
	starter_end(s);
	return -1;
}

static int
send_request(struct starter *s, const struct request *req, const int fds[],
    size_t nfds)
{
	union {
		char		space[CMSG_SPACE(MAX_FDS * sizeof(int))];
		struct cmsghdr	align;
	} control = { .space = { 0 } };
	/* The type of iov_base is without const; sendmsg(2) only reads. */
	struct iovec iov = { (void *)(uintptr_t)req, sizeof(*req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t n;

	if (nfds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(s->fd, &msg, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

static void
write_facts(struct request *req, const struct starter_facts *facts)
{
	req->has_facts = true;
	snprintf(req->facts[0], FACT_BYTES, "PROTO=RTMP");
	snprintf(req->facts[1], FACT_BYTES, "RTMPREMOTEIP=%s",
	    facts->remote_ip);
	snprintf(req->facts[2], FACT_BYTES, "RTMPREMOTEPORT=%s",
	    facts->remote_port);
	snprintf(req->facts[3], FACT_BYTES, "LIVESPOOL_STREAM=%s",
	    facts->stream);
	snprintf(req->facts[4], FACT_BYTES, "LIVESPOOL_APP=%s", facts->app);
}

uint64_t
starter_start(struct starter *s, size_t which,
    const struct starter_facts *facts, const int fds[], size_t nfds,
    struct err *err)
{
	struct request req = { .what = START, .which = which,
	    .id = s->last_id + 1 };

	if (nfds > MAX_FDS) {
		err_set(err, ERR_BUG, "%zu descriptors", nfds);
		return 0;
	}
	if (facts != NULL)
		write_facts(&req, facts);
	if (send_request(s, &req, fds, nfds) == -1) {
		err_sys(err, ERR_OS, "cannot ask for a program");
		return 0;
	}
	return ++s->last_id;
}

void
starter_kill(struct starter *s, uint64_t id, int signal)
{
	const struct request req = { .what = KILL, .id = id,
	    .signal = signal };

	/* When the starter is gone, starter_next() will tell. */
	(void)send_request(s, &req, NULL, 0);
}

int
starter_next(struct starter *s, struct starter_event *event, struct err *err)
{
	return receive(s, event, sizeof(*event), MSG_DONTWAIT, err);
}

void
starter_end(struct starter *s)
{
	close(s->fd);
	if (s->pid > 0)
		while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
			;
}
