/*
 * segment-store put: stdin is fragments, stdout a line for each that is
 * durable.
 */
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "command.h"
#include "media/fragment.h"
#include "store/put.h"

#define READ_BYTES	65536
#define RETRY_US	250000

enum { KEY_WAIT = KEY_OWN };

static const struct opt_spec opts[] = {
	OPT_SPOOL,
	{ KEY_WAIT, "wait", "TIME",
	    "how long to hold the input while the disk is full (default: 1h)" },
	OPT_END
};

static int64_t wait_us = DAY_US / 24;

static int
option(int key, const char *arg, struct err *err)
{
	(void)key;
	return opt_time_us("--wait", arg, 0, 365 * DAY_US, &wait_us, err);
}

/* Wait RETRY_US.  False when SIGTERM or SIGINT, which are blocked, came. */
static bool
pause_unless_told(const sigset_t *stop)
{
	const struct timespec ts = { .tv_nsec = RETRY_US * 1000L };

	return sigtimedwait(stop, NULL, &ts) == -1;
}

/* The disk was full for FRAGMENT.  Hold it until there is room, or -1. */
static int
put_later(struct put *p, uint8_t *fragment, size_t n,
    struct spool_key *key, struct err *err)
{
	int64_t since_us = clock_mono_us();
	sigset_t stop, before;
	int rc = -1;

	if (wait_us == 0)
		return -1;
	log_warning("%s; holding the input", err->text);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, &before);
	while (rc == -1 && err->cls == ERR_AGAIN &&
	    clock_mono_us() - since_us < wait_us) {
		if (!pause_unless_told(&stop)) {
			err_wrap(err, "told to stop while waiting");
			break;
		}
		rc = put_fragment(p, fragment, n, key, err);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		log_warning("storing again after %.1f s",
		    (double)(clock_mono_us() - since_us) / 1e6);
	return rc;
}

static int
store_fragment(struct args *a, struct put *p, uint8_t *fragment, size_t n,
    struct err *err)
{
	struct spool_key key;
	struct line line;

	if (put_check(fragment, n, err) == -1)
		return -1;
	if (put_fragment(p, fragment, n, &key, err) == -1 &&
	    (err->cls != ERR_AGAIN ||
	    put_later(p, fragment, n, &key, err) == -1))
		return -1;
	/* A ticket is a hint: without it the fragment is found by listing. */
	if (spool_ticket_put(&a->spool, &key, err) == -1)
		log_warning("%s", err->text);
	if (line_of(&a->spool, &key, &line, err) == -1)
		return -1;
	return line_print(stdout, &line, LINE_TAB, err);
}

/* More input behind what B has.  1, 0 at its end, -1. */
static int
read_more(struct buf *b, struct err *err)
{
	uint8_t *to = buf_room(b, READ_BYTES);
	ssize_t n;

	if (to == NULL)
		return buf_ok(b, err);
	if ((n = file_read_some(STDIN_FILENO, to, READ_BYTES, err)) > 0)
		b->n += (size_t)n;
	return n > 0 ? 1 : (int)n;
}

static int
put_stdin(struct args *a, struct put *p, struct buf *b, struct err *err)
{
	uint64_t offset = 0;
	size_t n;
	int rc;

	for (;;) {
		while ((rc = fragment_length(b->p, b->n, &n, err)) == 0) {
			if ((rc = read_more(b, err)) == -1)
				return -1;
			if (rc == 1)
				continue;
			return b->n == 0 ? 0 : err_set(err, ERR_DATA,
			    "input ends in the middle of the fragment at byte "
			    "%" PRIu64, offset);
		}
		if (rc == -1 || store_fragment(a, p, b->p, n, err) == -1)
			return err->cls != ERR_DATA ? -1 : err_wrap(err,
			    "input: fragment at byte %" PRIu64, offset);
		buf_drop(b, n);
		offset += n;
	}
}

static int
run(struct args *a, struct err *err)
{
	struct put p;
	struct buf b;
	int rc;

	if (check_stream_name(a->operands[0], err) == -1)
		return -1;
	if (isatty(STDIN_FILENO))
		return err_set(err, ERR_USAGE,
		    "fragments are expected on standard input, not a terminal");
	if (put_begin(&p, &a->spool, a->operands[0], err) == -1)
		return -1;
	buf_init(&b, LIMIT_FRAGMENT_BYTES + READ_BYTES);
	rc = put_stdin(a, &p, &b, err);
	buf_release(&b);
	return rc;
}

const struct command put_command = {
	.word = "put",
	.prog = {
		.name = "segment-store put",
		.synopsis = "[--spool DIR] [--wait TIME] STREAM",
		.summary = "Store the fragments on standard input; print each "
		    "one's line once it is durable.",
		.opts = opts,
	},
	.min = 1,
	.max = 1,
	.create = true,
	.option = option,
	.run = run,
};
