/*
 * segment-store put: stdin is fragments, stdout a line for each that is
 * durable.
 */
#include <inttypes.h>
#include <poll.h>
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

/* There is no room for the first of ITEMS.  Hold it until there is, or -1. */
static int
put_later(struct put *p, struct put_item *items, size_t count,
    struct err *err)
{
	int64_t since_us = clock_mono_us();
	sigset_t stop, before;
	int rc = -1;

	if (wait_us == 0)
		return -1;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, &before);
	log_warning("%s; holding the input", err->text);
	while (rc == -1 && err->cls == ERR_AGAIN &&
	    clock_mono_us() - since_us < wait_us) {
		if (!pause_unless_told(&stop)) {
			err_wrap(err, "told to stop while waiting");
			break;
		}
		rc = put_store(p, items, count, err);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc > 0)
		log_warning("storing again after %.1f s",
		    (double)(clock_mono_us() - since_us) / 1e6);
	return rc;
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

/* The fragments at the start of BUF that are whole and checked. */
struct input {
	struct buf	 buf;
	uint64_t	 offset;	/* of BUF in the input */
	struct put_item	 items[LIMIT_PUT_FRAGMENTS];
	size_t		 count;
	size_t		 bytes;		/* of all ITEMS */
	int64_t		 since_us;	/* when the first one was whole */
};

/* One that waits is stored with the next only when that is here already. */
static bool
may_wait(const struct input *in)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return in->count == 0 || (in->bytes < LIMIT_PUT_BYTES &&
	    clock_mono_us() - in->since_us < LIMIT_PUT_COLLECT_US &&
	    poll(&fd, 1, 0) == 1);
}

/* Its memory may move until all items are known: their P is set later. */
static int
add_item(struct put *p, struct input *in, size_t n, struct err *err)
{
	struct put_item *item = &in->items[in->count];

	item->p = in->buf.p + in->bytes;
	item->n = n;
	if (put_check(item, err) == -1)
		return -1;
	put_ahead(p, in->items, in->count);
	if (in->count++ == 0)
		in->since_us = clock_mono_us();
	in->bytes += n;
	return 0;
}

/* The next fragment.  1; 0 at the end of input, or for now; -1. */
static int
collect_one(struct put *p, struct input *in, struct err *err)
{
	size_t n;
	int rc;

	while ((rc = fragment_length(in->buf.p + in->bytes,
	    in->buf.n - in->bytes, &n, err)) == 0) {
		if (!may_wait(in))
			return 0;
		if ((rc = read_more(&in->buf, err)) == -1)
			return -1;
		if (rc == 1)
			continue;
		return in->buf.n == in->bytes ? 0 : err_set(err, ERR_DATA,
		    "input ends in the middle of it");
	}
	return rc == -1 || add_item(p, in, n, err) == -1 ? -1 : 1;
}

/* All that is here, or the next one.  0, also at the end of input, or -1. */
static int
collect(struct put *p, struct input *in, struct err *err)
{
	size_t i, at = 0;
	int rc = 1;

	in->count = in->bytes = 0;
	while (rc == 1 && in->count < LIMIT_PUT_FRAGMENTS &&
	    in->bytes < LIMIT_PUT_BYTES)
		rc = collect_one(p, in, err);
	for (i = 0; i < in->count; at += in->items[i++].n)
		in->items[i].p = in->buf.p + at;
	/* What is wrong behind whole ones is met again after they are stored. */
	return rc == -1 && in->count == 0 ? -1 : 0;
}

static int
print_stored(struct args *a, const struct put_item *item, struct err *err)
{
	struct line line;

	/* A ticket is a hint: without it the fragment is found by listing. */
	if (spool_ticket_put(&a->spool, &item->key, err) == -1)
		log_warning("%s", err->text);
	if (line_fill(&a->spool, &item->key, &item->info, item->n, &line,
	    err) == -1)
		return -1;
	return line_print(stdout, &line, LINE_TAB, err);
}

static int
store_collected(struct args *a, struct put *p, struct input *in,
    struct err *err)
{
	size_t bytes = 0;
	int n, i;

	if ((n = put_store(p, in->items, in->count, err)) == -1 &&
	    (err->cls != ERR_AGAIN ||
	    (n = put_later(p, in->items, in->count, err)) == -1))
		return -1;
	for (i = 0; i < n; i++) {
		if (print_stored(a, &in->items[i], err) == -1)
			return -1;
		bytes += in->items[i].n;
	}
	buf_drop(&in->buf, bytes);
	in->offset += bytes;
	return 0;
}

static int
put_stdin(struct args *a, struct put *p, struct input *in, struct err *err)
{
	for (;;) {
		if (collect(p, in, err) == -1)
			break;
		if (in->count == 0)
			return 0;
		if (store_collected(a, p, in, err) == -1)
			break;
	}
	return err->cls != ERR_DATA ? -1 : err_wrap(err,
	    "input: fragment at byte %" PRIu64, in->offset);
}

static int
run(struct args *a, struct err *err)
{
	static struct input in;		/* large */
	struct put p;
	int rc;

	if (check_stream_name(a->operands[0], err) == -1)
		return -1;
	if (isatty(STDIN_FILENO))
		return err_set(err, ERR_USAGE,
		    "fragments are expected on standard input, not a terminal");
	if (put_begin(&p, &a->spool, a->operands[0], err) == -1)
		return -1;
	buf_init(&in.buf, LIMIT_FRAGMENT_BYTES + LIMIT_PUT_BYTES + READ_BYTES);
	rc = put_stdin(a, &p, &in, err);
	put_end(&p);
	buf_release(&in.buf);
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
