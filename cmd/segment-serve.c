/*
 * segment-serve - the embedded HTTP origin: serves spool/www and a page.
 *
 * stdin and stdout are not used.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/opt.h"
#include "net/origin.h"
#include "net/tcp.h"

enum {
	KEY_CONNECTIONS = OPT_LONG,
	KEY_LISTEN,
	KEY_PAGE,
	KEY_PER_ADDRESS,
	KEY_READY_FD,
	KEY_SEGMENT_AGE,
	KEY_SPOOL,
	KEY_THREADS,
};

static const struct opt_spec opts[] = {
	{ KEY_CONNECTIONS, "connections", "N",
	    "connections at most (default: 4096)" },
	{ KEY_LISTEN, "listen", "ADDR:PORT",
	    "where to listen (default: 127.0.0.1:8080)" },
	{ KEY_PAGE, "page", "DIR", "serve the files of DIR at / too" },
	{ KEY_PER_ADDRESS, "per-address", "N",
	    "connections of one address at most (default: 256)" },
	{ KEY_READY_FD, "ready-fd", "N",
	    "write the port to descriptor N when ready" },
	{ KEY_SEGMENT_AGE, "segment-age", "TIME",
	    "how long caches may keep segments (default: 1h)" },
	{ KEY_SPOOL, "spool", "DIR",
	    "the spool (default: $LIVESPOOL_SPOOL)" },
	{ KEY_THREADS, "threads", "N", "serving threads (default: one a CPU)" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "segment-serve",
	.synopsis = "--spool DIR [--listen ADDR:PORT] [--page DIR] [OPTION...]",
	.summary = "Serve the playlists and segments of a spool over HTTP.",
	.opts = opts,
	.trailer =
	    "Examples:\n"
	    "  segment-serve --spool /srv/live --listen :8080\n"
	    "  curl http://127.0.0.1:8080/streams.json\n",
};

struct conf {
	const char	*spool, *page;
	char		 addr[OPT_ADDR_BYTES], port[OPT_PORT_BYTES];
	uint64_t	 connections, per_address, threads;
	int64_t		 segment_age_us;
	int		 ready_fd;	/* -1: none */
};

static int
parse_one(struct conf *c, int key, const char *arg, struct err *err)
{
	uint64_t n;

	switch (key) {
	case KEY_CONNECTIONS:
		return opt_uint("--connections", arg, 1, 65536,
		    &c->connections, err);
	case KEY_LISTEN:
		return opt_addr_port("--listen", arg, c->addr, c->port, err);
	case KEY_PAGE:
		c->page = arg;
		return 0;
	case KEY_PER_ADDRESS:
		return opt_uint("--per-address", arg, 1, 65536,
		    &c->per_address, err);
	case KEY_READY_FD:
		if (opt_uint("--ready-fd", arg, 1, 1023, &n, err) == -1)
			return -1;
		c->ready_fd = (int)n;
		return 0;
	case KEY_SEGMENT_AGE:
		return opt_time_us("--segment-age", arg, 0,
		    INT64_C(365) * 86400 * 1000000, &c->segment_age_us, err);
	case KEY_SPOOL:
		c->spool = arg;
		return 0;
	case KEY_THREADS:
		return opt_uint("--threads", arg, 1, LIMIT_HTTP_THREADS,
		    &c->threads, err);
	}
	return err_set(err, ERR_BUG, "option %d is not handled", key);
}

static int
parse_args(struct conf *c, struct opt_state *os, int argc, char *argv[],
    struct err *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const char *arg;
	int key;

	*c = (struct conf){ .spool = getenv("LIVESPOOL_SPOOL"),
	    .addr = "127.0.0.1", .port = "8080", .ready_fd = -1,
	    .connections = LIMIT_HTTP_CONNECTIONS,
	    .per_address = LIMIT_HTTP_PER_ADDRESS,
	    .segment_age_us = INT64_C(3600000000) };
	c->threads = cpus < 1 ? 1 : cpus > LIMIT_HTTP_THREADS ?
	    LIMIT_HTTP_THREADS : (uint64_t)cpus;
	while ((key = opt_next(os, argc, argv, &arg, err)) > 0)
		if (parse_one(c, key, arg, err) == -1)
			return -1;
	if (key == -1 || opt_operands(os, argc, 0, 0, err) == -1)
		return -1;
	if (c->spool == NULL || *c->spool == '\0')
		return err_set(err, ERR_USAGE, "missing --spool DIR");
	return 0;
}

/* A connection and the file it sends need two descriptors. */
static void
raise_descriptors(uint64_t connections)
{
	rlim_t want = (rlim_t)(2 * connections + 64);
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur >= want)
		return;
	rl.rlim_cur = rl.rlim_max < want ? rl.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur < want)
		log_warning("%ju descriptors are too few for %" PRIu64
		    " connections", (uintmax_t)rl.rlim_cur, connections);
}

/* Block what wait_for_end() takes; a peer that goes is no signal. */
static void
set_signals(sigset_t *end)
{
	sigemptyset(end);
	sigaddset(end, SIGTERM);
	sigaddset(end, SIGINT);
	sigprocmask(SIG_BLOCK, end, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
tell_ready(int fd, uint16_t port, struct err *err)
{
	char line[16];
	int n = snprintf(line, sizeof(line), "%u\n", (unsigned)port);

	if (fd == -1)
		return 0;
	if (file_write_all(fd, line, (size_t)n, err) == -1)
		return err_wrap(err, "--ready-fd %d", fd);
	close(fd);
	return 0;
}

/* The first signal lets answers finish; a second one, or time, ends that. */
static void
wait_for_end(struct origin *o, const sigset_t *end)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	int64_t until_us;

	while (sigwaitinfo(end, NULL) == -1 && errno == EINTR)
		;
	until_us = clock_mono_us() + LIMIT_HTTP_DRAIN_MS * INT64_C(1000);
	while (origin_quiesce(o) > 0 && clock_mono_us() < until_us)
		if (sigtimedwait(end, NULL, &step) != -1)
			break;
}

static int
serve(const struct conf *c, struct origin_conf *oc, struct err *err)
{
	struct origin *o;
	uint16_t port;
	sigset_t end;

	set_signals(&end);
	raise_descriptors(c->connections);
	if (tcp_listen(c->addr, c->port, &oc->listen_fd, &port, err) == -1 ||
	    (o = origin_start(oc, err)) == NULL)
		return -1;
	log_info("listening on '%s:%u'", c->addr, (unsigned)port);
	if (tell_ready(c->ready_fd, port, err) == -1) {
		origin_stop(o);
		return -1;
	}
	wait_for_end(o, &end);
	origin_stop(o);
	return 0;
}

static int
open_and_serve(const struct conf *c, struct err *err)
{
	struct origin_conf oc = { .www_fd = -1, .page_fd = -1,
	    .threads = (unsigned)c->threads,
	    .connections = (unsigned)c->connections,
	    .per_address = (unsigned)c->per_address,
	    .segment_age_s = (unsigned)(c->segment_age_us / 1000000) };
	char www[4096];
	int n, rc = -1;

	n = snprintf(www, sizeof(www), "%s/www", c->spool);
	if (n < 0 || (size_t)n >= sizeof(www))
		return err_set(err, ERR_USAGE, "--spool: path too long");
	if ((oc.www_fd = beneath_dir(www, err)) == -1)
		goto out;
	if (c->page != NULL && (oc.page_fd = beneath_dir(c->page, err)) == -1)
		goto out;
	rc = serve(c, &oc, err);
out:
	if (oc.www_fd != -1)
		close(oc.www_fd);
	if (oc.page_fd != -1)
		close(oc.page_fd);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct err err = ERR_INIT;
	struct opt_state os;
	struct conf c;

	opt_begin(&os, &prog);
	if (parse_args(&c, &os, argc, argv, &err) == -1)
		return opt_usage_error(&os, &err);
	if (open_and_serve(&c, &err) == -1)
		return log_fatal(&err);
	return 0;
}
