#include "base/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"

#define READ_BYTES	65536

/* In front of the output: what the child says of itself. */
struct verdict {
	uint32_t	cls;
	char		text[sizeof(((struct err *)0)->text)];
};

static int
limit(int what, const char *name, rlim_t soft, rlim_t hard, struct err *err)
{
	const struct rlimit r = { soft, hard };

	if (setrlimit((__rlimit_resource_t)what, &r) == -1)
		return err_sys(err, ERR_OS, "cannot limit %s", name);
	return 0;
}

static int
set_limits(const struct jail *j, struct err *err)
{
#ifndef __SANITIZE_ADDRESS__	/* which reserves terabytes */
	if (limit(RLIMIT_AS, "memory", j->memory, j->memory, err) == -1)
		return -1;
#endif
	if (limit(RLIMIT_CORE, "core files", 0, 0, err) == -1)
		return -1;
	return limit(RLIMIT_CPU, "processor time", j->cpu_s, j->cpu_s + 1,
	    err);
}

/* Standard output, which is the pipe, and standard error are what is left. */
static int
shut_descriptors(int null, struct err *err)
{
	if (dup2(null, STDIN_FILENO) == -1 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) == -1)
		return err_sys(err, ERR_OS, "cannot close descriptors");
	return 0;
}

/* The calls of threads, and what libraries ask about the machine. */
static int
give_up_all(struct err *err)
{
	static const char *const calls[] = {
		"clone", "getcpu", "get_mempolicy", "membarrier", "rseq",
		"sched_getaffinity", "sched_getparam", "sched_getscheduler",
		"sched_yield", "set_robust_list", "sigaltstack", "uname",
	};
	int files = sandbox_paths(NULL, 0, err), rc;

	if (files == -1)
		return -1;
	rc = sandbox_calls(calls, sizeof(calls) / sizeof(calls[0]), err);
	if (rc != -1 && (files == 1 || rc == 1))
		log_info("not in a sandbox: this kernel or build lacks %s",
		    files == 0 ? "seccomp" : rc == 0 ? "Landlock" :
		    "Landlock and seccomp");
	return rc == -1 ? -1 : 0;
}

static int
read_then_work(const struct jail *j, struct buf *out, struct err *err)
{
	const struct sandbox_path readable = { j->readable, false };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1)
		return err_sys(err, ERR_OS, "cannot open '/dev/null'");
	if (set_limits(j, err) == -1 ||
	    sandbox_paths(&readable, 1, err) == -1 ||
	    j->read(j->arg, err) == -1 ||
	    shut_descriptors(null, err) == -1 ||
	    give_up_all(err) == -1 ||
	    j->work(j->arg, out, err) == -1)
		return -1;
	return buf_ok(out, err);
}

/* The child.  Its verdict goes down the pipe, whatever it is. */
static void
child(const struct jail *j, int fd, pid_t parent)
{
	struct verdict verdict = { .cls = ERR_NONE };
	struct err err = ERR_INIT;
	struct buf out;

	buf_init(&out, j->output_max);
	/* A killed parent must not leave work behind that nobody awaits. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent ||
	    dup2(fd, STDOUT_FILENO) == -1)
		_exit(ERR_OS);
	/* The parent hears of these, and lets us finish. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (read_then_work(j, &out, &err) == -1) {
		verdict.cls = err.cls;
		memcpy(verdict.text, err.text, sizeof(verdict.text));
		out.n = 0;
	}
	if (file_write_all(STDOUT_FILENO, &verdict, sizeof(verdict),
	    &err) == -1 ||
	    file_write_all(STDOUT_FILENO, out.p, out.n, &err) == -1)
		_exit(ERR_IO);
	_exit(0);
}

/*
 * All that comes from FD until its end.  0; 1 when the time is over or B is
 * full; -1.
 */
static int
collect(int fd, int64_t until_us, struct buf *b, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left_us;
	uint8_t *room;
	size_t left;
	ssize_t n;

	while ((left_us = until_us - clock_mono_us()) > 0) {
		if (poll(&p, 1, (int)(left_us / 1000 + 1)) == -1 &&
		    errno != EINTR)
			return err_sys(err, ERR_OS, "cannot wait");
		if ((p.revents & (POLLIN | POLLHUP)) == 0)
			continue;
		left = b->max - b->n < READ_BYTES ? b->max - b->n : READ_BYTES;
		if (left == 0)
			return 1;
		if ((room = buf_room(b, left)) == NULL)
			return buf_ok(b, err);
		if ((n = file_read_some(fd, room, left, err)) <= 0)
			return (int)n;
		b->n += (size_t)n;
	}
	return 1;
}

static int
judge_signal(const struct jail *j, int signo, struct err *err)
{
	switch (signo) {
	case SIGXCPU:
		err_set(err, ERR_AGAIN, "used more than %" PRIu64
		    " s of processor time", j->cpu_s);
		break;
	case SIGKILL:
		err_set(err, ERR_OS, "killed");
		break;
	case SIGSYS:
		err_set(err, ERR_BUG, "tried to run a program");
		break;
	default:
		err_set(err, ERR_BUG, "crashed: signal %d: %s", signo,
		    strsignal(signo));
		break;
	}
	return 1;
}

static void
take_verdict(const struct buf *b, struct verdict *v)
{
	char *c;

	memcpy(v, b->p, sizeof(*v));
	v->text[sizeof(v->text) - 1] = '\0';
	for (c = v->text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (v->cls > ERR_CONFIG)
		v->cls = ERR_BUG;
}

static int
judge(const struct jail *j, int status, const struct buf *b, struct buf *out,
    struct err *err)
{
	struct verdict v;

	if (WIFSIGNALED(status))
		return judge_signal(j, WTERMSIG(status), err);
	if (WEXITSTATUS(status) != 0 || b->n < sizeof(v)) {
		err_set(err, ERR_BUG, "ended with status %d",
		    WEXITSTATUS(status));
		return 1;
	}
	take_verdict(b, &v);
	if (v.cls != ERR_NONE) {
		err_set(err, (enum err_class)v.cls, "%s", v.text);
		return 1;
	}
	buf_put(out, b->p + sizeof(v), b->n - sizeof(v));
	return buf_ok(out, err);
}

static int
reap(pid_t pid, int *status, struct err *err)
{
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return err_sys(err, ERR_OS, "cannot wait for a child");
	return 0;
}

/* The parent, with the child PID that writes to FD. */
static int
oversee(const struct jail *j, pid_t pid, int fd, struct buf *out,
    struct err *err)
{
	int64_t until_us = clock_mono_us() + j->timeout_us;
	struct buf b;
	int status = 0, rc;

	buf_init(&b, sizeof(struct verdict) + j->output_max + 1);
	rc = collect(fd, until_us, &b, err);
	if (rc != 0)
		kill(pid, SIGKILL);
	if (reap(pid, &status, rc == -1 ? &(struct err)ERR_INIT : err) == -1)
		rc = -1;
	if (rc == 1 && b.n == b.max)
		err_set(err, ERR_DATA, "more than %zu bytes came out",
		    j->output_max);
	else if (rc == 1)
		err_set(err, ERR_AGAIN, "took longer than %" PRId64 " ms",
		    j->timeout_us / 1000);
	else if (rc == 0)
		rc = judge(j, status, &b, out, err);
	buf_release(&b);
	return rc;
}

int
jail_run(const struct jail *j, struct buf *out, struct err *err)
{
	pid_t parent = getpid(), pid;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_OS, "cannot make a pipe");
	if ((pid = fork()) == 0)
		child(j, ends[1], parent);
	close(ends[1]);
	if (pid == -1)
		rc = err_sys(err, ERR_OS, "cannot fork");
	else
		rc = oversee(j, pid, ends[0], out, err);
	close(ends[0]);
	return rc;
}
