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

#include "base/err.h"
#include "base/sandbox.h"

#define NFACTS		5
#define FACT_BYTES	384
#define MAX_FDS		3

/* What goes to the starter.  Its answer to START is one struct answer. */
struct request {
	enum { START, KILL }	what;
	size_t			which;		/* START */
	bool			has_facts;
	char			facts[NFACTS][FACT_BYTES];
	pid_t			pid;		/* KILL */
	int			signal;
};

struct answer {
	pid_t	pid;
	int	errnum;		/* of posix_spawn(3), 0: started */
};

struct ended {
	pid_t	pid;
	int	status;
};

/* The child's own. */
struct child {
	char *const	*const *argv;
	size_t		 nargv;
	char *const	*env;
	size_t		 nenv;
	int		 ask_fd, exits_fd, signal_fd;
	pid_t		*pids;		/* that run */
	size_t		 npids, room;
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

/* Nothing in a request is trusted: its sender may have been taken over. */
static int
child_start(struct child *c, struct request *req, const int fds[],
    size_t nfds, pid_t *pid)
{
	char **env;
	pid_t *pids;
	size_t i;
	int rc;

	if (req->which >= c->nargv || c->argv[req->which] == NULL)
		return EINVAL;
	if (c->npids == c->room) {
		pids = realloc(c->pids, (c->room + 64) * sizeof(*pids));
		if (pids == NULL)
			return ENOMEM;
		c->pids = pids;
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
	rc = spawn(c->argv[req->which], env, fds, nfds, pid);
	free(env);
	if (rc == 0)
		c->pids[c->npids++] = *pid;
	return rc;
}

static void
child_kill(const struct child *c, const struct request *req)
{
	size_t i;

	for (i = 0; i < c->npids; i++)
		if (c->pids[i] == req->pid)
			kill(-req->pid, req->signal);
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
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
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
	struct answer answer = { .pid = -1 };
	int fds[MAX_FDS];
	size_t nfds, i;
	ssize_t n;

	n = child_receive(c->ask_fd, &req, fds, &nfds);
	if (n <= 0)
		return false;
	if (n != (ssize_t)sizeof(req))
		answer.errnum = EINVAL;
	else if (req.what == START)
		answer.errnum = child_start(c, &req, fds, nfds, &answer.pid);
	else
		child_kill(c, &req);
	for (i = 0; i < nfds; i++)
		close(fds[i]);
	return n == (ssize_t)sizeof(req) && req.what == KILL ? true :
	    send(c->ask_fd, &answer, sizeof(answer), MSG_NOSIGNAL) != -1;
}

/*
 * A parent that is gone cannot be told, but may have asked for more before:
 * that it is gone is seen behind its last request.
 */
static void
child_reap(struct child *c)
{
	struct signalfd_siginfo ignored;
	struct ended e;
	size_t i;

	while (read(c->signal_fd, &ignored, sizeof(ignored)) > 0)
		;
	while ((e.pid = waitpid(-1, &e.status, WNOHANG)) > 0) {
		for (i = 0; i < c->npids; i++)
			if (c->pids[i] == e.pid) {
				c->pids[i] = c->pids[--c->npids];
				break;
			}
		(void)send(c->exits_fd, &e, sizeof(e), MSG_NOSIGNAL);
	}
}

static void
child_loop(struct child *c)
{
	struct pollfd p[2] = {
		{ .fd = c->signal_fd, .events = POLLIN },
		{ .fd = c->ask_fd, .events = POLLIN },
	};
	bool go_on = true;

	while (go_on) {
		if (poll(p, 2, -1) == -1)
			continue;	/* EINTR */
		if (p[0].revents != 0)
			child_reap(c);
		if (p[1].revents != 0)
			go_on = child_serve(c);
	}
}

/* Descriptors 3 and on are ours alone: ask, exits, signals. */
static int
child_files(struct child *c, int ask_fd, int exits_fd)
{
	sigset_t set;

	/* Above what they become, so that none is overwritten. */
	ask_fd = fcntl(ask_fd, F_DUPFD_CLOEXEC, 10);
	exits_fd = fcntl(exits_fd, F_DUPFD_CLOEXEC, 10);
	c->ask_fd = dup3(ask_fd, STDERR_FILENO + 1, O_CLOEXEC);
	c->exits_fd = dup3(exits_fd, STDERR_FILENO + 2, O_CLOEXEC);
	if (c->ask_fd == -1 || c->exits_fd == -1 ||
	    close_range(STDERR_FILENO + 3, ~0U, 0) == -1)
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
child_main(struct child *c, int ask_fd, int exits_fd, const char *user)
{
	struct err err = ERR_INIT;
	int rc = child_files(c, ask_fd, exits_fd);

	if (rc == -1)
		err_sys(&err, ERR_OS, "cannot set up descriptors");
	else if (user != NULL)
		rc = sandbox_user(user, &err);
	if (send(c->ask_fd, &err, sizeof(err), MSG_NOSIGNAL) != -1 && rc == 0)
		child_loop(c);
	_exit(0);
}

/* The N bytes at P from the child, in one piece. */
static int
receive(struct starter *s, void *p, size_t n, struct err *err)
{
	ssize_t got;

	do
		got = recv(s->ask_fd, p, n, 0);
	while (got == -1 && errno == EINTR);
	return got == (ssize_t)n ? 0 : err_set(err, ERR_OS,
	    "the process that starts programs is gone");
}

int
starter_begin(struct starter *s, char *const *const argv[], size_t n,
    char *const env[], const char *user, struct err *err)
{
	struct child c = { .argv = argv, .nargv = n, .env = env };
	struct err its = ERR_INIT;
	int ask[2], exits[2];

	while (env[c.nenv] != NULL)
		c.nenv++;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ask) == -1)
		return err_sys(err, ERR_OS, "cannot make a socket pair");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    exits) == -1) {
		err_sys(err, ERR_OS, "cannot make a socket pair");
		close(ask[0]);
		close(ask[1]);
		return -1;
	}
	s->argv = argv;
	s->ask_fd = ask[0];
	s->exits_fd = exits[0];
	if ((s->pid = fork()) == 0)
		child_main(&c, ask[1], exits[1], user);
	close(ask[1]);
	close(exits[1]);
	if (s->pid == -1)
		err_sys(err, ERR_OS, "cannot fork");
	else if (receive(s, &its, sizeof(its), err) == 0) {
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
		n = sendmsg(s->ask_fd, &msg, MSG_NOSIGNAL);
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

pid_t
starter_start(struct starter *s, size_t which,
    const struct starter_facts *facts, const int fds[], size_t nfds,
    struct err *err)
{
	struct request req = { .what = START, .which = which };
	struct answer answer;

	if (nfds > MAX_FDS)
		return err_set(err, ERR_BUG, "%zu descriptors", nfds);
	if (facts != NULL)
		write_facts(&req, facts);
	if (send_request(s, &req, fds, nfds) == -1)
		return err_sys(err, ERR_OS, "cannot ask for a program");
	if (receive(s, &answer, sizeof(answer), err) == -1)
		return -1;
	if (answer.errnum == 0)
		return answer.pid;
	errno = answer.errnum;
	return err_sys(err, errno == ENOENT ? ERR_UNAVAILABLE : ERR_OS,
	    "cannot run '%s'", s->argv[which][0]);
}

void
starter_kill(struct starter *s, pid_t pid, int signal)
{
	const struct request req = { .what = KILL, .pid = pid,
	    .signal = signal };

	/* When the starter is gone, starter_next() will tell. */
	(void)send_request(s, &req, NULL, 0);
}

int
starter_next(struct starter *s, pid_t *pid, int *status, struct err *err)
{
	struct ended e;
	ssize_t n;

	do
		n = recv(s->exits_fd, &e, sizeof(e), MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n != (ssize_t)sizeof(e))
		return err_set(err, ERR_OS,
		    "the process that starts programs is gone");
	*pid = e.pid;
	*status = e.status;
	return 1;
}

void
starter_end(struct starter *s)
{
	close(s->ask_fd);
	close(s->exits_fd);
	if (s->pid > 0)
		while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
			;
}
