/* segment-store watch: what is pending, then what comes, for ever. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/watch.h"
#include "command.h"
#include "store/tail.h"

#define SECOND_US	1000000
#define POLL_LOCAL_US	(10 * SECOND_US)	/* for what nobody told of */
#define POLL_REMOTE_US	SECOND_US
#define PIPE_BYTES	4096
#define NEVER		INT64_MAX

enum { KEY_AGAIN = KEY_OWN, KEY_HEARTBEAT, KEY_LATE, KEY_NEWEST, KEY_POLL,
    KEY_READY_FD };

static const struct opt_spec opts[] = {
	{ KEY_AGAIN, "again", "TIME",
	    "repeat what is pending so long after its line" },
	OPT_FROM,
	{ KEY_HEARTBEAT, "heartbeat", "TIME",
	    "print a line '-' after so long a silence" },
	OPT_JSON, OPT_LADDER,
	{ KEY_LATE, "late", "TIME",
	    "leave out what is further behind its stream" },
	{ KEY_NEWEST, "newest", NULL, "the newest of each stream first" },
	OPT_NULL,
	{ KEY_POLL, "poll", "TIME", "how often to look without being told" },
	{ KEY_READY_FD, "ready-fd", "N",
	    "write a newline to fd N once nothing can be missed" },
	OPT_SPOOL, OPT_TIER, OPT_END
};

static int64_t again_us, heartbeat_us, late_us, poll_us;
static enum pending_order order;
static int ready_fd = -1;

static int
option(int key, const char *arg, struct err *err)
{
	uint64_t n;

	switch (key) {
	case KEY_AGAIN:
		return opt_time_us("--again", arg, SECOND_US, DAY_US, &again_us,
		    err);
	case KEY_HEARTBEAT:
		return opt_time_us("--heartbeat", arg, SECOND_US / 100, DAY_US,
		    &heartbeat_us, err);
	case KEY_LATE:
		return opt_time_us("--late", arg, SECOND_US, DAY_US, &late_us,
		    err);
	case KEY_POLL:
		return opt_time_us("--poll", arg, SECOND_US / 100, DAY_US,
		    &poll_us, err);
	case KEY_READY_FD:
		if (opt_uint("--ready-fd", arg, 0, 1023, &n, err) == -1)
			return -1;
		ready_fd = (int)n;
		return 0;
	}
	order = PENDING_NEWEST_FIRST;
	return 0;
}

struct watcher {
	struct args	*a;
	struct tail	 tail;
	int		 queue;		/* inotify, or -1 */
	bool		 lost;		/* events were */
	bool		 broken;	/* the queue, or standard output */
	int64_t		 said_us;	/* when a line was printed */
	int		 rc;		/* of a ticket */
	struct err	*err;
};

static int
print_line(const struct spool_key *key, void *arg, struct err *err)
{
	struct watcher *w = arg;
	int rc = print_key(key, w->a, err);

	w->said_us = clock_mono_us();
	w->broken = rc == -1;
	return rc;
}

/* What is in the pipe wakes the reader, too. */
static bool
is_unread(void)
{
	struct stat st;
	int n;

	return fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    ioctl(STDOUT_FILENO, FIONREAD, &n) == 0 && n > 0;
}

/* The reader is told that nothing happened, in the format it reads. */
static int
print_heartbeat(struct watcher *w, struct err *err)
{
	w->said_us = clock_mono_us();
	if (is_unread())
		return 0;
	switch (w->a->format) {
	case LINE_TAB:
		fputs("-\n", stdout);
		break;
	case LINE_NUL:
		fwrite("-", 1, 2, stdout);
		break;
	case LINE_JSON:
		fputs("{}\n", stdout);
		break;
	}
	w->broken = true;
	if (file_flush_stdout(err) == -1)
		return -1;
	w->broken = false;
	return 0;
}

static void
take_name(const char *name, void *arg)
{
	struct watcher *w = arg;
	struct spool_key key;
	struct err ignored = ERR_INIT;

	if (name == NULL)
		w->lost = true;
	else if (w->rc == 0 && spool_parse_ticket(name, &key, &ignored) == 0)
		w->rc = tail_ticket(&w->tail, &key, w->err);
}

/* A look that failed is tried again; standard output that did is the end. */
static int
forgive(struct watcher *w, int rc, const struct err *err)
{
	if (rc == 0 || w->broken)
		return rc;
	log_warning("%s", err->text);
	return 0;
}

/* What inotify has.  0 or -1. */
static int
take_tickets(void *arg, struct err *err)
{
	struct watcher *w = arg;

	if (w->queue == -1)
		return 0;
	w->rc = 0;
	w->err = err;
	if (watch_read(w->queue, take_name, w, err) == -1) {
		w->broken = true;
		return -1;
	}
	w->lost = w->lost || w->rc != 0;
	return forgive(w, w->rc, err);
}

/* Wait until something may have happened, AT_US at the latest. */
static int
wait_until(const struct watcher *w, int64_t at_us, struct err *err)
{
	struct pollfd p[2] = {
		{ .fd = STDOUT_FILENO },		/* is its reader there? */
		{ .fd = w->queue, .events = POLLIN }
	};
	int64_t left_us = at_us - clock_mono_us();
	int ms = left_us <= 0 ? 0 : left_us > 3600 * (int64_t)SECOND_US ?
	    3600000 : (int)((left_us + 999) / 1000);

	if (poll(p, 2, ms) == -1)
		return err_sys(err, ERR_OS, "cannot wait");
	if ((p[0].revents & POLLERR) != 0)
		raise(SIGPIPE);		/* as if we had written to it */
	return 0;
}

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
go_on(struct watcher *w, struct err *err)
{
	int64_t look_us = 0, sweep_us = NEVER, beat_us, now_us;
	int rc = 0;

	if (again_us > 0)
		sweep_us = clock_mono_us() + again_us;
	while (rc == 0) {
		now_us = clock_mono_us();
		if (now_us >= look_us || w->lost) {
			w->lost = false;
			rc = forgive(w, tail_look(&w->tail, err), err);
			look_us = clock_mono_us() + poll_us;
		}
		if (rc == 0 && now_us >= sweep_us) {
			rc = forgive(w, tail_again(&w->tail, err), err);
			sweep_us = clock_mono_us() + again_us;
		}
		if (rc == 0)
			rc = take_tickets(w, err);
		beat_us = heartbeat_us > 0 ? w->said_us + heartbeat_us : NEVER;
		if (rc == 0 && clock_mono_us() >= beat_us)
			rc = print_heartbeat(w, err);
		else if (rc == 0 && !w->lost)
			rc = wait_until(w, earliest(earliest(look_us,
			    sweep_us), beat_us), err);
	}
	return rc;
}

/* Before anything is listed: what comes meanwhile is told of. */
static int
watch_queue(struct watcher *w, struct err *err)
{
	char path[4096 + 8];
	bool sees_all;

	snprintf(path, sizeof(path), "%s/queue", w->a->spool.dir);
	sees_all = watch_sees_all(path);
	if ((w->queue = watch_open(path, WATCH_NEW, err)) == -1) {
		if (err->cls != ERR_OS)
			return -1;
		log_warning("%s; looking every %g s instead", err->text,
		    (double)(poll_us > 0 ? poll_us : POLL_REMOTE_US) / 1e6);
	}
	if (poll_us == 0)
		poll_us = w->queue != -1 && sees_all ? POLL_LOCAL_US :
		    POLL_REMOTE_US;
	/* What waits in a pipe cannot be overtaken any more. */
	if (order == PENDING_NEWEST_FIRST)
		(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
	if (ready_fd != -1 && (write(ready_fd, "\n", 1) != 1 ||
	    close(ready_fd) == -1))
		return err_sys(err, ERR_IO, "cannot write to fd %d", ready_fd);
	return 0;
}

static int
run(struct args *a, struct err *err)
{
	const struct pending p = { &a->spool,
	    a->ladder_file != NULL ? &a->ladder : NULL, a->tier, order,
	    a->sel };
	struct watcher w = { .a = a, .queue = -1 };
	int i, rc;

	if (p.l == NULL && (again_us > 0 || order == PENDING_NEWEST_FIRST))
		return err_set(err, ERR_USAGE,
		    "--again and --newest go by a ladder: give --ladder");
	for (i = 0; i < a->count; i++)
		if (check_stream_name(a->operands[i], err) == -1)
			return -1;
	w.tail = (struct tail){ .p = &p,
	    .only = (const char *const *)a->operands,
	    .nonly = (size_t)a->count, .again_us = again_us,
	    .late = (uint32_t)(late_us / SECOND_US),
	    .fn = print_line, .arg = &w,
	    .between = order == PENDING_NEWEST_FIRST ? take_tickets : NULL };
	if ((rc = watch_queue(&w, err)) == 0)
		rc = go_on(&w, err);
	tail_release(&w.tail);
	if (w.queue != -1)
		close(w.queue);
	return rc;
}

const struct command watch_command = {
	.word = "watch",
	.prog = {
		.name = "segment-store watch",
		.synopsis = "[--spool DIR] [--ladder FILE] [OPTION...] [STREAM...]",
		.summary = "Print the line of each original that lacks a "
		    "rendition, or of all, and of each that comes.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store watch -0 --heartbeat 300ms --ladder l.yaml |\n"
		    "      parallel -0 -u '[ {} = - ] || transcode-job"
		    " --ladder l.yaml {}'\n",
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
