#include "base/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "scratch.h"
#include "tap.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOXED	false
#else
#define SANDBOXED	true
#endif

typedef int work_fn(struct buf *out, struct err *err);

#define PIECES	3

static char dir[4096], inside[4200];
static pid_t tester;

static int
read_inside(void *arg, struct err *err)
{
	int fd;

	(void)arg;
	if ((fd = open(inside, O_RDONLY)) == -1)
		return err_sys(err, ERR_INPUT, "inside");
	close(fd);
	if (SANDBOXED && (open("/etc/passwd", O_RDONLY) != -1 ||
	    open(inside, O_WRONLY) != -1))
		return err_set(err, ERR_BUG, "the first step reads too much");
	return 0;
}

/* In the child a function to run; in the parent what came of it. */
struct arg {
	work_fn	*fn;
	char	 text[64];
	int	 pieces, wanted;
};

static int
work(void *arg, struct err *err)
{
	struct arg *a = arg;
	struct buf out;

	buf_init(&out, 63);
	if (a->fn(&out, err) == -1)
		return -1;
	return jail_put(&out, err);
}

static int
take(void *arg, const struct buf *piece, struct err *err)
{
	struct arg *a = arg;
	size_t n = strlen(a->text);

	(void)err;
	snprintf(a->text + n, sizeof(a->text) - n, "%.*s", (int)piece->n,
	    piece->n > 0 ? (char *)piece->p : "");
	return ++a->pieces == a->wanted;
}

/* What a jail for FN returns, with its output in TEXT and its error in ERR. */
static int
run_for(work_fn *fn, int wanted, char text[64], struct err *err)
{
	struct arg a = { .fn = fn, .wanted = wanted };
	struct jail j = { .memory = 256 << 20, .timeout_us = 20000000,
	    .cpu_s = 1, .pieces_max = PIECES, .piece_max = 63,
	    .readable = dir, .read = read_inside, .work = work, .take = take,
	    .arg = &a };
	int rc;

	*err = (struct err)ERR_INIT;
	fflush(stdout);
	rc = jail_run(&j, err);
	memcpy(text, a.text, sizeof(a.text));
	return rc;
}

static int
run(work_fn *fn, char text[64], struct err *err)
{
	return run_for(fn, PIECES + 1, text, err);
}

static int
say_hello(struct buf *out, struct err *err)
{
	(void)err;
	buf_put_str(out, "hello");
	return 0;
}

static int
complain(struct buf *out, struct err *err)
{
	buf_put_str(out, "half");
	return err_set(err, ERR_DATA, "bad\tpicture\n%d", 7);
}

/* What each attempt gave: 1 means that it was let through. */
static int
try_everything(struct buf *out, struct err *err)
{
	(void)err;
	buf_printf(out, "%d%d%d%d%d%d%d", open(inside, O_RDONLY) != -1,
	    open("/etc/passwd", O_RDONLY) != -1,
	    open("/tmp/planted", O_WRONLY | O_CREAT, 0600) != -1,
	    socket(AF_INET, SOCK_STREAM, 0) != -1,
	    socket(AF_UNIX, SOCK_STREAM, 0) != -1,
	    fork() != -1, kill(tester, 0) != -1);
	return 0;
}

/* Descriptors but the pipe and standard error. */
static int
count_descriptors(struct buf *out, struct err *err)
{
	int fd, n = 0;

	(void)err;
	for (fd = 3; fd < 100; fd++)
		n += lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
	buf_printf(out, "%d", n);
	return 0;
}

static void *
thread(void *arg)
{
	*(int *)arg = 1;
	return arg;
}

static int
make_thread(struct buf *out, struct err *err)
{
	pthread_t id;
	int ran = 0;

	(void)err;
	if (pthread_create(&id, NULL, thread, &ran) == 0)
		pthread_join(id, NULL);
	buf_printf(out, "%d", ran);
	return 0;
}

static int
run_program(struct buf *out, struct err *err)
{
	char *const argv[] = { "true", NULL };

	(void)out;
	(void)err;
	execv("/bin/true", argv);
	return 0;
}

static int
crash(struct buf *out, struct err *err)
{
	(void)out;
	(void)err;
	signal(SIGSEGV, SIG_DFL);	/* a sanitizer's */
	raise(SIGSEGV);
	return 0;
}

static int
leave(struct buf *out, struct err *err)
{
	(void)out;
	(void)err;
	_exit(3);
}

static int
spin(struct buf *out, struct err *err)
{
	volatile int on = 1;

	(void)out;
	(void)err;
	while (on)
		;
	return 0;
}

static int
eat(struct buf *out, struct err *err)
{
	size_t n = 0;
	char *p;

	(void)out;
	while ((p = malloc(1 << 20)) != NULL && n++ < 1024)
		*p = 1;
	return n > 1024 ? 0 : err_nomem(err);
}

static int
put_piece(size_t n, struct err *err)
{
	struct buf b;
	int rc;

	buf_init(&b, 64);
	while (b.n < n)
		buf_put_u8(&b, '.');
	rc = jail_put(&b, err);
	buf_release(&b);
	return rc;
}

static int
flood(struct buf *out, struct err *err)
{
	(void)out;
	return put_piece(64, err);
}

static int
overdo(struct buf *out, struct err *err)
{
	int i;

	(void)out;
	for (i = 0; i < PIECES; i++)
		if (put_piece(1, err) == -1)
			return -1;
	return 0;
}

/* Each of three takes less than the limit of time of one. */
static int
take_turns(struct buf *out, struct err *err)
{
	struct timespec now;
	struct buf piece;
	long from, i;

	buf_init(&piece, 8);
	for (i = 0; i < PIECES - 1; i++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
		from = now.tv_sec * 1000 + now.tv_nsec / 1000000;
		do
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
		while (now.tv_sec * 1000 + now.tv_nsec / 1000000 - from < 800);
		buf_reset(&piece);
		buf_printf(&piece, "%ld ", i);
		if (jail_put(&piece, err) == -1)
			return -1;
	}
	buf_put_str(out, "end");
	return 0;
}

/* The first piece is one, and then it fails. */
static int
half(struct buf *out, struct err *err)
{
	buf_put_str(out, "half");
	if (jail_put(out, err) == -1)
		return -1;
	return err_set(err, ERR_DATA, "the other half is bad");
}

/* Bytes of its own where the verdict should be. */
static int
lie(struct buf *out, struct err *err)
{
	const uint32_t head[2] = { 0, 516 };
	char lies[sizeof(head) + 516];

	(void)out;
	(void)err;
	memset(lies, 0x1b, sizeof(lies));
	memcpy(lies, head, sizeof(head));
	_exit(write(STDOUT_FILENO, lies, sizeof(lies)) != sizeof(lies));
}

/* Neither a piece nor a verdict. */
static int
babble(struct buf *out, struct err *err)
{
	static const char zero[516 + 8];

	(void)out;
	(void)err;
	_exit(write(STDOUT_FILENO, zero, sizeof(zero)) != sizeof(zero));
}

static void
check_hang(void)
{
	struct arg a = { .fn = spin };
	struct jail j = { .memory = 256 << 20, .timeout_us = 50000,
	    .cpu_s = 60, .pieces_max = 1, .piece_max = 63, .readable = dir,
	    .read = read_inside, .work = work, .take = take, .arg = &a };
	struct err err = ERR_INIT;

	ok(jail_run(&j, &err) == 1 && err.cls == ERR_AGAIN &&
	    strcmp(err.text, "took longer than 50 ms") == 0,
	    "a limit of time: %s", err.text);
}

static void
check_lie(void)
{
	struct err err;
	char text[64];

	ok(run(lie, text, &err) == 1 && err.cls == ERR_BUG &&
	    err.text[0] == '?', "a lie is no verdict");
}

static void
check_pieces(void)
{
	struct err err;
	char text[64];

	ok(run(take_turns, text, &err) == 0 && strcmp(text, "0 1 end") == 0,
	    "each piece has the time of one (%s)", text);
	ok(run(half, text, &err) == 1 && err.cls == ERR_DATA &&
	    strcmp(text, "half") == 0, "what came before a failure is there");
	ok(run_for(take_turns, 1, text, &err) == 0 &&
	    strcmp(text, "0 ") == 0, "enough is enough (%s)", text);
}

static void
check(work_fn *fn, int rc, enum err_class cls, const char *want,
    const char *what)
{
	struct err err;
	char text[64];
	int got = run(fn, text, &err);

	if (rc == 1)
		snprintf(text, sizeof(text), "%.63s", err.text);
	ok(got == rc && err.cls == cls && strcmp(text, want) == 0,
	    "%s (%d %d: '%s')", what, got, (int)err.cls, text);
}

int
main(void)
{
	FILE *file;

	snprintf(dir, sizeof(dir), "%s", scratch());
	snprintf(inside, sizeof(inside), "%s/file", dir);
	if ((file = fopen(inside, "w")) != NULL)
		fclose(file);
	tester = getpid();
	check(say_hello, 0, ERR_NONE, "hello", "what is put out comes back");
	check(complain, 1, ERR_DATA, "bad?picture?7",
	    "an error comes back without control characters");
	check(make_thread, 0, ERR_NONE, "1", "threads are there");
	check(count_descriptors, 0, ERR_NONE, "0", "no descriptor is");
	check(crash, 1, ERR_BUG, "crashed: signal 11: Segmentation fault",
	    "a crash");
	check(leave, 1, ERR_BUG, "ended with status 3", "an exit");
	check(spin, 1, ERR_AGAIN, "used more than 1 s of processor time",
	    "a limit of processor time");
	check_hang();
	check(flood, 1, ERR_DATA, "more than 63 bytes came out",
	    "too much comes out");
	check(overdo, 1, ERR_BUG, "more than 3 pieces came out",
	    "too many pieces");
	check(babble, 1, ERR_BUG, "what came out is no end", "no end");
	check_pieces();
	if (SANDBOXED) {
		check(try_everything, 0, ERR_NONE, "0000000",
		    "no file, no socket, no process, no signal");
		check(run_program, 1, ERR_BUG, "tried to run a program",
		    "no program");
		check(eat, 1, ERR_OS, "out of memory", "a limit of memory");
	}
	check_lie();
	return done_testing();
}
