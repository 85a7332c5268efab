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
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"

#define READ_BYTES	65536

/* What comes from the child: pieces, and at the end what it says of itself. */
struct head {
	uint32_t	is_piece;	/* else a verdict follows */
	uint32_t	bytes;		/* that follow */
};

struct verdict {
	uint32_t	cls;
	char		text[sizeof(((struct err *)0)->text)];
};

/* How far it is with the child; -1 is an error of ours. */
enum {
	GOES_ON,
	AT_FAULT,	/* the child is, and the error says why */
	ENDED,		/* nothing comes any more */
	ENOUGH,		/* nothing more is wanted */
};

/* The parent, and the child PID that writes to FD. */
struct guard {
	const struct jail	*j;
	pid_t			 pid;
	int			 fd;
	int64_t			 until_us;	/* the next piece is due */
	size_t			 pieces;	/* that came */
	struct verdict		 verdict;
	bool			 judged;	/* it is there */
};

static int
limit(int what, const char *name, rlim_t soft, rlim_t hard, struct err *err)
{
	const struct rlimit r = { soft, hard };

	if (setrlimit((__rlimit_resource_t)what, &r) == -1)
		return err_sys(err, ERR_OS, "cannot limit %s", name);
	return 0;
}

/* The parent raises the soft one, which needs no privilege, up to the other. */
static int
limit_time(const struct jail *j, struct err *err)
{
	rlim_t soft = j->cpu_s, hard = j->pieces_max * (j->cpu_s + 1);
	struct rlimit own;

	if (getrlimit(RLIMIT_CPU, &own) == 0 && own.rlim_max < hard)
		hard = own.rlim_max;
	return limit(RLIMIT_CPU, "processor time", soft < hard ? soft : hard,
	    hard, err);
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
	return limit_time(j, err);
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
read_then_work(const struct jail *j, struct err *err)
{
	const struct sandbox_path readable = { j->readable, false };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1)
		return err_sys(err, ERR_OS, "cannot open '/dev/null'");
	if (set_limits(j, err) == -1 ||
	    sandbox_paths(&readable, 1, err) == -1 ||
	    j->read(j->arg, err) == -1 ||
	    shut_descriptors(null, err) == -1 ||
	    give_up_all(err) == -1)
		return -1;
	return j->work(j->arg, err);
}

static int
put(bool is_piece, const void *p, size_t n, struct err *err)
{
	const struct head head = { is_piece, (uint32_t)n };

	if (file_write_all(STDOUT_FILENO, &head, sizeof(head), err) == -1)
		return -1;
	return file_write_all(STDOUT_FILENO, p, n, err);
}

int
jail_put(const struct buf *piece, struct err *err)
{
	if (buf_ok(piece, err) == -1)
		return -1;
	if (piece->n > UINT32_MAX)
		return err_set(err, ERR_DATA, "a piece of %zu bytes",
		    piece->n);
	return put(true, piece->p, piece->n, err);
}

/* The child.  Its verdict goes down the pipe, whatever it is. */
static void
child(const struct jail *j, int fd, pid_t parent)
{
	struct verdict verdict = { .cls = ERR_NONE };
	struct err err = ERR_INIT;

	/* A killed parent must not leave work behind that nobody awaits. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent ||
	    dup2(fd, STDOUT_FILENO) == -1)
		_exit(ERR_OS);
	/* The parent hears of these, and lets us finish. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (read_then_work(j, &err) == -1) {
		verdict.cls = err.cls;
		memcpy(verdict.text, err.text, sizeof(verdict.text));
	}
	if (put(false, &verdict, sizeof(verdict), &err) == -1)
		_exit(ERR_IO);
	_exit(0);
}

/* N bytes, appended to B. */
static int
collect(const struct guard *g, struct buf *b, size_t n, struct err *err)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	int64_t left_us;
	uint8_t *room;
	size_t some;
	ssize_t got;

	while (n > 0) {
		if ((left_us = g->until_us - clock_mono_us()) <= 0) {
			err_set(err, ERR_AGAIN, "took longer than %" PRId64
			    " ms", g->j->timeout_us / 1000);
			return AT_FAULT;
		}
		if (poll(&p, 1, (int)(left_us / 1000 + 1)) == -1 &&
		    errno != EINTR)
			return err_sys(err, ERR_OS, "cannot wait");
		if ((p.revents & (POLLIN | POLLHUP)) == 0)
			continue;
		some = n < READ_BYTES ? n : READ_BYTES;
		if ((room = buf_room(b, some)) == NULL)
			return buf_ok(b, err);
		if ((got = file_read_some(g->fd, room, some, err)) <= 0)
			return got == 0 ? ENDED : -1;
		b->n += (size_t)got;
		n -= (size_t)got;
	}
	return GOES_ON;
}

/* What it used does not count for the next piece. */
static int
grant(const struct guard *g, struct err *err)
{
	struct rlimit r;
	struct timespec used;
	clockid_t id;

	if (clock_getcpuclockid(g->pid, &id) != 0 ||
	    clock_gettime(id, &used) == -1 ||
	    prlimit(g->pid, RLIMIT_CPU, NULL, &r) == -1)
		return 0;	/* it has ended */
	r.rlim_cur = (rlim_t)used.tv_sec + 1 + g->j->cpu_s;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	if (prlimit(g->pid, RLIMIT_CPU, &r, NULL) == -1 && errno != ESRCH)
		return err_sys(err, ERR_OS, "cannot limit processor time");
	return 0;
}

static int
take_piece(struct guard *g, const struct buf *b, struct err *err)
{
	int rc = g->j->take(g->j->arg, b, err);

	if (rc != 0)
		return rc == 1 ? ENOUGH : -1;
	g->pieces++;
	g->until_us = clock_mono_us() + g->j->timeout_us;
	return grant(g, err);
}

static int
take_verdict(struct guard *g, const struct buf *b)
{
	struct verdict *v = &g->verdict;
	char *c;

	memcpy(v, b->p, sizeof(*v));
	v->text[sizeof(v->text) - 1] = '\0';
	for (c = v->text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (v->cls > ERR_CONFIG)
		v->cls = ERR_BUG;
	g->judged = true;
	return GOES_ON;
}

/* Is what HEAD announces more than there may be? */
static int
check_head(const struct guard *g, const struct head *head, struct err *err)
{
	if (g->judged || (!head->is_piece &&
	    head->bytes != sizeof(g->verdict)))
		err_set(err, ERR_BUG, "what came out is no end");
	else if (!head->is_piece)
		return GOES_ON;
	else if (head->bytes > g->j->piece_max)
		err_set(err, ERR_DATA, "more than %zu bytes came out",
		    g->j->piece_max);
	else if (g->pieces == g->j->pieces_max)
		err_set(err, ERR_BUG, "more than %zu pieces came out",
		    g->j->pieces_max);
	else
		return GOES_ON;
	return AT_FAULT;
}

/* A piece, or the verdict. */
static int
follow(struct guard *g, struct buf *b, struct err *err)
{
	struct head head;
	int rc;

	buf_reset(b);
	if ((rc = collect(g, b, sizeof(head), err)) != GOES_ON)
		return rc;
	memcpy(&head, b->p, sizeof(head));
	if ((rc = check_head(g, &head, err)) != GOES_ON)
		return rc;
	buf_reset(b);
	if ((rc = collect(g, b, head.bytes, err)) != GOES_ON)
		return rc;
	return head.is_piece ? take_piece(g, b, err) : take_verdict(g, b);
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

static int
judge(const struct guard *g, int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return judge_signal(g->j, WTERMSIG(status), err);
	if (WEXITSTATUS(status) != 0 || !g->judged) {
		err_set(err, ERR_BUG, "ended with status %d",
		    WEXITSTATUS(status));
		return 1;
	}
	if (g->verdict.cls == ERR_NONE)
		return 0;
	err_set(err, (enum err_class)g->verdict.cls, "%s", g->verdict.text);
	return 1;
}

static int
reap(pid_t pid, int *status, struct err *err)
{
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return err_sys(err, ERR_OS, "cannot wait for a child");
	return 0;
}

static int
oversee(struct guard *g, struct err *err)
{
	const struct jail *j = g->j;
	struct err *late = err;
	struct buf b;
	int status = 0, rc;

	buf_init(&b, j->piece_max > sizeof(g->verdict) ? j->piece_max :
	    sizeof(g->verdict));
	g->until_us = clock_mono_us() + j->timeout_us;
	while ((rc = follow(g, &b, err)) == GOES_ON)
		;
	buf_release(&b);
	if (rc != ENDED)
		kill(g->pid, SIGKILL);
	if (rc == -1 || rc == AT_FAULT)
		late = &(struct err)ERR_INIT;	/* what was first counts */
	if (reap(g->pid, &status, late) == -1)
		return -1;
	if (rc == ENDED)
		return judge(g, status, err);
	return rc == ENOUGH ? 0 : rc == AT_FAULT ? 1 : -1;
}

int
jail_run(const struct jail *j, struct err *err)
{
	struct guard g = { .j = j };
	pid_t parent = getpid();
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_OS, "cannot make a pipe");
	if ((g.pid = fork()) == 0)
		child(j, ends[1], parent);
	close(ends[1]);
	g.fd = ends[0];
	if (g.pid == -1)
		rc = err_sys(err, ERR_OS, "cannot fork");
	else
		rc = oversee(&g, err);
	close(ends[0]);
	return rc;
}
