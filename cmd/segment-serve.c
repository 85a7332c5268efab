/*
 * segment-serve - the embedded HTTP origin: serves spool/www and a page.
 *
 * stdin is not used.  stdout: a line for each request, with --log; the signed
 * path, with --sign.
 */
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/watch.h"
#include "net/http.h"
#include "net/http_token.h"
#include "net/origin.h"
#include "net/tcp.h"

#define TICK_MS		100		/* from one look at the log to the next */
#define METRICS_US	INT64_C(1000000)
#define METRICS_BYTES	65536
#define PATTERNS	64		/* of --encrypted */
#define DAY_US		(INT64_C(86400) * 1000000)

enum {
	KEY_CERT = OPT_LONG,
	KEY_CONNECTIONS,
	KEY_ENCRYPTED,
	KEY_EXPIRE,
	KEY_KEY,
	KEY_LISTEN,
	KEY_LOG,
	KEY_METRICS,
	KEY_PAGE,
	KEY_PER_ADDRESS,
	KEY_READY_FD,
	KEY_SEGMENT_AGE,
	KEY_SIGN,
	KEY_SIGN_KEY,
	KEY_SPOOL,
	KEY_THREADS,
	KEY_TLS_LISTEN,
};

static const struct opt_spec opts[] = {
	{ KEY_CERT, "cert", "FILE", "certificate chain for --tls-listen" },
	{ KEY_CONNECTIONS, "connections", "N",
	    "connections at most (default: 8192)" },
	{ KEY_ENCRYPTED, "encrypted", "PATTERN",
	    "no segments in the clear of streams so named" },
	{ KEY_EXPIRE, "expire", "TIME",
	    "how long what --sign prints is good (default: 6h)" },
	{ KEY_KEY, "key", "FILE", "the certificate's private key" },
	{ KEY_LISTEN, "listen", "ADDR:PORT",
	    "where to listen (default: 127.0.0.1:8080)" },
	{ KEY_LOG, "log", NULL, "print a line for each request" },
	{ KEY_METRICS, "metrics", "FILE",
	    "keep metrics for Prometheus there" },
	{ KEY_PAGE, "page", "DIR", "serve the files of DIR at / too" },
	{ KEY_PER_ADDRESS, "per-address", "N",
	    "connections of one address at most (default: 256)" },
	{ KEY_READY_FD, "ready-fd", "N",
	    "write the ports to descriptor N when ready" },
	{ KEY_SEGMENT_AGE, "segment-age", "TIME",
	    "how long caches may keep segments (default: 1h)" },
	{ KEY_SIGN, "sign", "PREFIX",
	    "print the signed path of PREFIX, and exit" },
	{ KEY_SIGN_KEY, "sign-key", "FILE",
	    "serve signed paths only, by the keys in FILE" },
	{ KEY_SPOOL, "spool", "DIR",
	    "the spool (default: $LIVESPOOL_SPOOL)" },
	{ KEY_THREADS, "threads", "N", "serving threads (default: one a CPU)" },
	{ KEY_TLS_LISTEN, "tls-listen", "ADDR:PORT",
	    "where to listen for HTTPS" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "segment-serve",
	.synopsis = "--spool DIR [--listen ADDR:PORT] [--page DIR] [OPTION...]\n"
	    "--sign PREFIX --sign-key FILE [--expire TIME]",
	.summary = "Serve the playlists and segments of a spool over HTTP.",
	.opts = opts,
	.trailer =
	    "Examples:\n"
	    "  segment-serve --spool /srv/live --listen :8080\n"
	    "  curl http://127.0.0.1:8080/streams.json\n",
};

struct address {
	bool	wanted;
	char	addr[OPT_ADDR_BYTES], port[OPT_PORT_BYTES];
};

struct conf {
	const char	*spool, *page, *cert, *key, *metrics, *sign, *sign_key;
	const char	*encrypted[PATTERNS + 1];	/* NULL ends them */
	struct address	 plain, tls;
	uint64_t	 connections, per_address, threads;
	int64_t		 segment_age_us, expire_us;
	int		 ready_fd;	/* -1: none */
	bool		 log;
};

static int
take_address(struct address *a, const char *option, const char *arg,
    struct err *err)
{
	a->wanted = true;
	return opt_addr_port(option, arg, a->addr, a->port, err);
}

static int
take_pattern(struct conf *c, const char *arg, struct err *err)
{
	size_t i;

	for (i = 0; c->encrypted[i] != NULL; i++)
		if (i + 1 == PATTERNS)
			return err_set(err, ERR_USAGE,
			    "--encrypted: more than %d times", PATTERNS);
	c->encrypted[i] = arg;
	return 0;
}

static int
take_number(struct conf *c, int key, const char *arg, struct err *err)
{
	uint64_t n;

	switch (key) {
	case KEY_CONNECTIONS:
		return opt_uint("--connections", arg, 1, 65536,
		    &c->connections, err);
	case KEY_EXPIRE:
		return opt_time_us("--expire", arg, 1000000, 3650 * DAY_US,
		    &c->expire_us, err);
	case KEY_PER_ADDRESS:
		return opt_uint("--per-address", arg, 1, 65536,
		    &c->per_address, err);
	case KEY_READY_FD:
		if (opt_uint("--ready-fd", arg, 1, 1023, &n, err) == -1)
			return -1;
		c->ready_fd = (int)n;
		return 0;
	case KEY_SEGMENT_AGE:
		return opt_time_us("--segment-age", arg, 0, 365 * DAY_US,
		    &c->segment_age_us, err);
	case KEY_THREADS:
		return opt_uint("--threads", arg, 1, LIMIT_HTTP_THREADS,
		    &c->threads, err);
	}
	return err_set(err, ERR_BUG, "option %d is not handled", key);
}

static int
parse_one(struct conf *c, int key, const char *arg, struct err *err)
{
	switch (key) {
	case KEY_CERT:
		c->cert = arg;
		return 0;
	case KEY_ENCRYPTED:
		return take_pattern(c, arg, err);
	case KEY_KEY:
		c->key = arg;
		return 0;
	case KEY_LISTEN:
		return take_address(&c->plain, "--listen", arg, err);
	case KEY_LOG:
		c->log = true;
		return 0;
	case KEY_METRICS:
		c->metrics = arg;
		return 0;
	case KEY_PAGE:
		c->page = arg;
		return 0;
	case KEY_SIGN:
		c->sign = arg;
		return 0;
	case KEY_SIGN_KEY:
		c->sign_key = arg;
		return 0;
	case KEY_SPOOL:
		c->spool = arg;
		return 0;
	case KEY_TLS_LISTEN:
		return take_address(&c->tls, "--tls-listen", arg, err);
	}
	return take_number(c, key, arg, err);
}

static int
check_options(struct conf *c, struct err *err)
{
	if (c->sign != NULL && c->sign_key == NULL)
		return err_set(err, ERR_USAGE, "--sign needs --sign-key");
	if (c->sign != NULL)
		return 0;
	if (c->spool == NULL || *c->spool == '\0')
		return err_set(err, ERR_USAGE, "missing --spool DIR");
	if (c->tls.wanted != (c->cert != NULL) ||
	    c->tls.wanted != (c->key != NULL))
		return err_set(err, ERR_USAGE,
		    "--tls-listen, --cert and --key go together");
	if (!c->plain.wanted && !c->tls.wanted)
		return take_address(&c->plain, "--listen", "127.0.0.1:8080",
		    err);
	return 0;
}

static int
parse_args(struct conf *c, struct opt_state *os, int argc, char *argv[],
    struct err *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const char *arg;
	int key;

	*c = (struct conf){ .spool = getenv("LIVESPOOL_SPOOL"),
	    .ready_fd = -1,
	    .connections = LIMIT_HTTP_CONNECTIONS,
	    .per_address = LIMIT_HTTP_PER_ADDRESS,
	    .segment_age_us = DAY_US / 24, .expire_us = DAY_US / 4 };
	c->threads = cpus < 1 ? 1 : cpus > LIMIT_HTTP_THREADS ?
	    LIMIT_HTTP_THREADS : (uint64_t)cpus;
	while ((key = opt_next(os, argc, argv, &arg, err)) > 0)
		if (parse_one(c, key, arg, err) == -1)
			return -1;
	if (key == -1 || opt_operands(os, argc, 0, 0, err) == -1)
		return -1;
	return check_options(c, err);
}

/* Print the path that leads to what is below PREFIX, for a while. */
static int
print_signed(const struct conf *c, struct err *err)
{
	char path[LIMIT_HTTP_PATH_BYTES], raw[LIMIT_HTTP_PATH_BYTES];
	char token[HTTP_TOKEN_BYTES];
	struct http_keys *keys;

	snprintf(raw, sizeof(raw), "%s%s", *c->sign == '/' ? "" : "/",
	    c->sign);
	if (strchr(raw, '%') != NULL || !http_path(raw, path, sizeof(path)))
		return err_set(err, ERR_USAGE, "--sign: '%.80s' is no path",
		    c->sign);
	if (http_keys_load(c->sign_key, &keys, err) == -1)
		return -1;
	http_token_make(keys, (clock_wall_us() + c->expire_us) / 1000000,
	    path, token);
	http_keys_free(keys);
	printf("%s%s%s\n", token, *path == '\0' ? "" : "/", path);
	return file_flush_stdout(err);
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
set_signals(sigset_t *taken)
{
	sigemptyset(taken);
	sigaddset(taken, SIGTERM);
	sigaddset(taken, SIGINT);
	sigaddset(taken, SIGHUP);
	sigprocmask(SIG_BLOCK, taken, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
tell_ready(int fd, const uint16_t ports[2], struct err *err)
{
	char line[32];
	int n;

	if (fd == -1)
		return 0;
	n = ports[0] != 0 && ports[1] != 0 ?
	    snprintf(line, sizeof(line), "%u %u\n", ports[0], ports[1]) :
	    snprintf(line, sizeof(line), "%u\n", ports[0] | ports[1]);
	if (file_write_all(fd, line, (size_t)n, err) == -1)
		return err_wrap(err, "--ready-fd %d", fd);
	close(fd);
	return 0;
}

static void
write_metrics(const struct conf *c, struct origin *o)
{
	struct err err = ERR_INIT;
	struct buf b;

	buf_init(&b, METRICS_BYTES);
	origin_metrics(o, &b);
	if (buf_ok(&b, &err) == -1 ||
	    file_replace(c->metrics, b.p, b.n, &err) == -1)
		log_warning("--metrics: %s", err.text);
	buf_release(&b);
}

/* As much as the reader takes without making us wait; PENDING is the rest. */
static void
write_log(struct origin *o, struct buf *pending)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	struct err err = ERR_INIT;
	size_t n;

	if (pending->n == 0)
		origin_log(o, pending);
	while (pending->n > 0 && poll(&out, 1, 0) > 0) {
		/* A pipe that can be written to takes as much. */
		n = pending->n < PIPE_BUF ? pending->n : PIPE_BUF;
		if (file_write_all(STDOUT_FILENO, pending->p, n, &err) == -1) {
			log_debug("--log: %s", err.text);
			buf_reset(pending);
			return;
		}
		buf_drop(pending, n);
	}
}

static void
reload(const struct conf *c, struct origin *o)
{
	struct http_keys *keys = NULL;
	struct err err = ERR_INIT;

	if ((c->sign_key != NULL &&
	    http_keys_load(c->sign_key, &keys, &err) == -1) ||
	    origin_reload(o, keys, &err) == -1)
		log_error("all stays as it was: %s", err.text);
	else
		log_info("keys and certificate were read again");
}

/* What is done from time to time, and the signal that came. */
static int
tick(const struct conf *c, struct origin *o, const sigset_t *taken,
    struct buf *log, int64_t *metrics_us)
{
	const struct timespec step = { .tv_nsec = TICK_MS * 1000000L };
	int sig = c->log || c->metrics != NULL ?
	    sigtimedwait(taken, NULL, &step) : sigwaitinfo(taken, NULL);

	if (c->log)
		write_log(o, log);
	if (c->metrics != NULL && clock_mono_us() >= *metrics_us) {
		write_metrics(c, o);
		*metrics_us = clock_mono_us() + METRICS_US;
	}
	if (sig == SIGHUP)
		reload(c, o);
	return sig;
}

/* The first signal lets answers finish; a second one, or time, ends that. */
static void
wait_for_end(const struct conf *c, struct origin *o, const sigset_t *taken)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	int64_t until_us, metrics_us = 0;
	struct buf log;
	int sig;

	buf_init(&log, 2 * LIMIT_HTTP_LOG_BYTES);
	do
		sig = tick(c, o, taken, &log, &metrics_us);
	while (sig != SIGTERM && sig != SIGINT);
	until_us = clock_mono_us() + LIMIT_HTTP_DRAIN_MS * INT64_C(1000);
	while (origin_quiesce(o) > 0 && clock_mono_us() < until_us) {
		sig = sigtimedwait(taken, NULL, &step);
		if (sig == SIGTERM || sig == SIGINT)
			break;
	}
	if (c->log)
		write_log(o, &log);
	buf_release(&log);
}

static int
listen_on(const struct address *a, const char *what, int *fd, uint16_t *port,
    struct err *err)
{
	if (!a->wanted)
		return 0;
	if (tcp_listen(a->addr, a->port, fd, port, err) == -1)
		return -1;
	log_info("listening on '%s:%u'%s", a->addr, (unsigned)*port, what);
	return 0;
}

/* What OC still has is taken in any case. */
static int
serve(const struct conf *c, struct origin_conf *oc, struct err *err)
{
	uint16_t ports[2] = { 0, 0 };
	struct origin *o = NULL;
	sigset_t taken;
	int rc = -1;

	set_signals(&taken);
	raise_descriptors(c->connections);
	if (listen_on(&c->plain, "", &oc->listen_fd, &ports[0], err) == -1 ||
	    listen_on(&c->tls, " for HTTPS", &oc->tls_fd, &ports[1],
	    err) == -1 || (c->sign_key != NULL &&
	    http_keys_load(c->sign_key, &oc->keys, err) == -1))
		return -1;
	if ((o = origin_start(oc, err)) == NULL)
		return -1;
	if (tell_ready(c->ready_fd, ports, err) == 0) {
		wait_for_end(c, o, &taken);
		rc = 0;
	}
	origin_stop(o);
	return rc;
}

static int
open_and_serve(const struct conf *c, struct err *err)
{
	struct origin_conf oc = { .listen_fd = -1, .tls_fd = -1,
	    .www_fd = -1, .page_fd = -1, .cert = c->cert, .key = c->key,
	    .encrypted = c->encrypted, .log = c->log,
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
	oc.poll = !watch_sees_all(www);
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
	if ((c.sign != NULL ? print_signed(&c, &err) :
	    open_and_serve(&c, &err)) == -1)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	return 0;
}
