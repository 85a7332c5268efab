/*
 * rtmp-recv - RTMP server: each publisher's stream, as FLV, to a handler.
 *
 * stdin: a key, with --hash-key; else not read.  stdout: FLV, when there is
 * no handler.  Handlers inherit stdout and stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/sandbox.h"
#include "net/handover.h"
#include "net/keys.h"
#include "net/listen.h"
#include "net/recv.h"
#include "net/starter.h"

extern char **environ;

#define DEFAULT_PORT	"1935"

enum {
	OPT_AUTH = OPT_LONG,
	OPT_AUTH_TIMEOUT,
	OPT_CERT,
	OPT_DRAIN,
	OPT_HANDOVER,
	OPT_HANDSHAKE,
	OPT_HASH_KEY,
	OPT_IDLE,
	OPT_KEY,
	OPT_KEYS,
	OPT_MAX_MEMORY,
	OPT_MAX_MESSAGE,
	OPT_MAX_PER_ADDRESS,
	OPT_MAX_PUBLISHERS,
	OPT_METRICS,
	OPT_ON_BUSY,
	OPT_ONCE,
	OPT_PUBLISH,
	OPT_READY_FD,
	OPT_RECONNECT_URL,
	OPT_STATUS_FD,
	OPT_STATUS_INTERVAL,
	OPT_TLS_LISTEN,
	OPT_USER,
};

static const struct opt_spec opts[] = {
	{ OPT_AUTH, "auth", "PROGRAM", "ask PROGRAM who may publish" },
	{ OPT_AUTH_TIMEOUT, "auth-timeout", "TIME",
	    "time its answer may take (default: 5s)" },
	{ OPT_CERT, "cert", "FILE", "certificate chain for --tls-listen" },
	{ OPT_DRAIN, "drain", "TIME",
	    "time that publishers have to leave at the end" },
	{ OPT_HANDOVER, "handover", "PATH",
	    "take over from, and later give to, the server there" },
	{ OPT_HANDSHAKE, "handshake", "TIME",
	    "time a handshake may take (default: 5s)" },
	{ OPT_HASH_KEY, "hash-key", NULL,
	    "print the hash of the key on standard input, for --keys" },
	{ OPT_IDLE, "idle", "TIME",
	    "end a publisher that sends nothing (default: 20s)" },
	{ OPT_KEY, "key", "FILE", "the certificate's private key" },
	{ OPT_KEYS, "keys", "FILE", "who may publish: see keys(5)" },
	{ 'l', "listen", "ADDR:PORT",
	    "where to listen; may be repeated (default: :1935)" },
	{ OPT_MAX_PUBLISHERS, "max", "N",
	    "publishers at one time (default: 1000)" },
	{ OPT_MAX_MEMORY, "max-memory", "SIZE",
	    "of all buffers (default: 1GiB)" },
	{ OPT_MAX_MESSAGE, "max-message", "SIZE",
	    "of one message (default: 16777215)" },
	{ OPT_MAX_PER_ADDRESS, "max-per-address", "N",
	    "idle connections of one address (default: 100)" },
	{ OPT_METRICS, "metrics", "FILE", "keep metrics for Prometheus there" },
	{ OPT_ON_BUSY, "on-busy", "HOW",
	    "to a second publisher: takeover (default) or refuse" },
	{ OPT_ONCE, "once", NULL, "serve one publisher, then exit" },
	{ OPT_PUBLISH, "publish", "TIME",
	    "time from handshake to publish (default: 15s)" },
	{ OPT_READY_FD, "ready-fd", "N",
	    "write the ports to descriptor N when listening" },
	{ OPT_RECONNECT_URL, "reconnect-url", "URL",
	    "where publishers are asked to go before the end" },
	{ OPT_STATUS_FD, "status-fd", "N",
	    "write a line for each publisher to descriptor N" },
	{ OPT_STATUS_INTERVAL, "status-interval", "TIME",
	    "from one report to the next (default: 10s)" },
	{ OPT_TLS_LISTEN, "tls-listen", "ADDR:PORT",
	    "where to listen for RTMPS; may be repeated" },
	{ OPT_USER, "user", "NAME",
	    "the user to be once the ports are bound" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "rtmp-recv",
	.synopsis = "[OPTION...] [-- HANDLER [ARG...]]\n"
	    "--hash-key < KEY",
	.summary = "Receive live streams over RTMP.  Each publisher gets a "
	    "HANDLER of its own, with\nthe stream as FLV on standard input.  "
	    "Without HANDLER one publisher at a time\ngoes to standard "
	    "output.",
	.opts = opts,
	.trailer = "Examples:\n"
	    "  rtmp-recv --once > stream.flv\n"
	    "  rtmp-recv --keys keys.yaml -- sh -c "
	    "'cat > \"$LIVESPOOL_STREAM.flv\"'\n",
};

struct options {
	struct recv_conf conf;
	struct listeners listeners;
	struct {
		const char	*addr;		/* and port */
		bool		 tls;
	}		 listen[LIMIT_RECV_LISTENERS];
	size_t		 nlisten;
	const char	*user;
	char *const	*handler;	/* argv; NULL: to stdout */
	struct starter	 starter;
	char		*auth[2];	/* argv */
	char *const	*programs[2];	/* of the starter */
	bool		 hash_key;
};

static int
add_listen(const char *addr, bool tls, struct options *o, struct err *err)
{
	if (o->nlisten == LIMIT_RECV_LISTENERS)
		return err_set(err, ERR_USAGE,
		    "more than %d addresses to listen on",
		    LIMIT_RECV_LISTENERS);
	o->listen[o->nlisten].addr = addr;
	o->listen[o->nlisten++].tls = tls;
	return 0;
}

static int
set_time(int key, const char *arg, struct recv_conf *conf, struct err *err)
{
	const int64_t hour_us = 3600000000, day_us = 24 * hour_us;

	switch (key) {
	case OPT_AUTH_TIMEOUT:
		return opt_time_us("--auth-timeout", arg, 1000, hour_us,
		    &conf->auth_us, err);
	case OPT_DRAIN:
		return opt_time_us("--drain", arg, 0, 7 * day_us,
		    &conf->drain_us, err);
	case OPT_HANDSHAKE:
		return opt_time_us("--handshake", arg, 1000, hour_us,
		    &conf->handshake_us, err);
	case OPT_IDLE:
		return opt_time_us("--idle", arg, 1000, day_us,
		    &conf->idle_us, err);
	case OPT_PUBLISH:
		return opt_time_us("--publish", arg, 1000, hour_us,
		    &conf->publish_us, err);
	default:
		return opt_time_us("--status-interval", arg, 100000, day_us,
		    &conf->status_us, err);
	}
}

static int
set_number(int key, const char *arg, struct recv_conf *conf, struct err *err)
{
	uint64_t n;

	switch (key) {
	case OPT_READY_FD:
		if (opt_uint("--ready-fd", arg, 0, INT32_MAX, &n, err) == -1)
			return -1;
		conf->ready_fd = (int)n;
		return 0;
	case OPT_STATUS_FD:
		if (opt_uint("--status-fd", arg, 1, INT32_MAX, &n, err) == -1)
			return -1;
		conf->status_fd = (int)n;
		return 0;
	case OPT_MAX_PER_ADDRESS:
		if (opt_uint("--max-per-address", arg, 1,
		    LIMIT_RECV_PUBLISHERS, &n, err) == -1)
			return -1;
		conf->max_per_address = n;
		return 0;
	default:
		if (opt_uint("--max", arg, 1, LIMIT_RECV_PUBLISHERS, &n,
		    err) == -1)
			return -1;
		conf->max_publishers = n;
		return 0;
	}
}

static int
set_size(int key, const char *arg, struct recv_conf *conf, struct err *err)
{
	uint64_t n;

	if (key == OPT_MAX_MEMORY) {
		if (opt_size("--max-memory", arg, LIMIT_RECV_MEMORY_MIN_BYTES,
		    SIZE_MAX / 2, &n, err) == -1)
			return -1;
		conf->max_memory = n;
		return 0;
	}
	if (opt_size("--max-message", arg, LIMIT_RTMP_COMMAND_BYTES,
	    LIMIT_FLV_BODY_BYTES, &n, err) == -1)
		return -1;
	conf->max_message = n;
	return 0;
}

static int
set_on_busy(const char *arg, struct recv_conf *conf, struct err *err)
{
	conf->busy_refuse = strcmp(arg, "refuse") == 0;
	if (!conf->busy_refuse && strcmp(arg, "takeover") != 0)
		return err_set(err, ERR_USAGE, "--on-busy: want takeover or "
		    "refuse, not '%.80s'", arg);
	return 0;
}

static int
set_reconnect_url(const char *arg, struct recv_conf *conf, struct err *err)
{
	if (strlen(arg) > LIMIT_RTMP_URL_BYTES)
		return err_set(err, ERR_USAGE,
		    "--reconnect-url: more than %d bytes",
		    LIMIT_RTMP_URL_BYTES);
	conf->reconnect_url = arg;
	return 0;
}

static int
set_option(int key, const char *arg, struct options *o, struct err *err)
{
	switch (key) {
	case 'l':
		return add_listen(arg, false, o, err);
	case OPT_TLS_LISTEN:
		return add_listen(arg, true, o, err);
	case OPT_AUTH:
		o->conf.auth = arg;
		return 0;
	case OPT_CERT:
		o->conf.cert = arg;
		return 0;
	case OPT_KEY:
		o->conf.key = arg;
		return 0;
	case OPT_HASH_KEY:
		o->hash_key = true;
		return 0;
	case OPT_KEYS:
		o->conf.keys_file = arg;
		return 0;
	case OPT_ON_BUSY:
		return set_on_busy(arg, &o->conf, err);
	case OPT_HANDOVER:
		o->conf.handover = arg;
		return 0;
	case OPT_RECONNECT_URL:
		return set_reconnect_url(arg, &o->conf, err);
	case OPT_METRICS:
		o->conf.metrics = arg;
		return 0;
	case OPT_ONCE:
		o->conf.once = true;
		return 0;
	case OPT_USER:
		o->user = arg;
		return 0;
	case OPT_MAX_MEMORY:
	case OPT_MAX_MESSAGE:
		return set_size(key, arg, &o->conf, err);
	case OPT_MAX_PER_ADDRESS:
	case OPT_MAX_PUBLISHERS:
	case OPT_READY_FD:
	case OPT_STATUS_FD:
		return set_number(key, arg, &o->conf, err);
	default:
		return set_time(key, arg, &o->conf, err);
	}
}

static int
parse(int argc, char *argv[], struct opt_state *os, struct options *o,
    struct err *err)
{
	const char *arg;
	int key;

	opt_begin(os, &prog);
	while ((key = opt_next(os, argc, argv, &arg, err)) > 0)
		if (set_option(key, arg, o, err) == -1)
			return -1;
	if (key == -1)
		return -1;
	if (o->conf.auth != NULL && o->conf.keys_file != NULL)
		return err_set(err, ERR_USAGE,
		    "--auth and --keys exclude each other");
	if (os->next < argc)
		o->handler = argv + os->next;
	o->conf.handler = o->handler != NULL ? o->handler[0] : NULL;
	if (o->handler == NULL && o->conf.status_fd == STDOUT_FILENO)
		return err_set(err, ERR_USAGE,
		    "--status-fd: FLV goes to standard output");
	if (o->hash_key && o->handler != NULL)
		return err_set(err, ERR_USAGE, "--hash-key takes no operands");
	if (!o->hash_key && o->handler == NULL &&
	    isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE, "standard output is a "
		    "terminal: redirect it, or name a handler");
	return 0;
}

static int
hash_key(struct err *err)
{
	char key[LIMIT_KEY_BYTES + 3], text[KEYS_TEXT_BYTES];

	if (fgets(key, sizeof(key), stdin) == NULL)
		return err_set(err, ERR_INPUT, "no key on standard input");
	key[strcspn(key, "\r\n")] = '\0';
	if (!keys_key_ok(key))
		return err_set(err, ERR_DATA, "bad key: want 1 to %d of "
		    "A-Z a-z 0-9 . _ ~ -", LIMIT_KEY_BYTES);
	if (keys_hash_text(key, text, err) == -1)
		return -1;
	explicit_bzero(key, sizeof(key));
	printf("%s\n", text);
	return file_flush_stdout(err);
}

/* Descriptors 0 to 2 must exist: what we open must not become them. */
static int
fill_standard_fds(struct err *err)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd == -1)
		return err_sys(err, ERR_OS, "cannot open '/dev/null'");
	close(fd);
	return 0;
}

static int
block_signals(int *signal_fd, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return err_sys(err, ERR_OS, "cannot set up signals");
	*signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (*signal_fd == -1)
		return err_sys(err, ERR_OS, "cannot set up signals");
	return 0;
}

/* Two descriptors a publisher; the default is often 1024 in all. */
static void
raise_files(size_t publishers)
{
	struct rlimit lim;
	rlim_t want = 3 * publishers + 1024;

	if (getrlimit(RLIMIT_NOFILE, &lim) == -1 || lim.rlim_cur >= want)
		return;
	lim.rlim_cur = want < lim.rlim_max ? want : lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

/*
 * Descriptor FROM for the loop, which must not block, as *FD.  A pipe is
 * opened again: O_NONBLOCK on ours would be set for everybody who shares it.
 */
static int
open_nonblocking(int from, int *fd, struct err *err)
{
	char path[32];
	struct stat st;

	*fd = from;
	if (fstat(from, &st) == -1)
		return err_sys(err, ERR_IO, "cannot use descriptor %d", from);
	if (!S_ISFIFO(st.st_mode))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	*fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (*fd != -1)
		return 0;
	*fd = from;		/* somebody else's pipe: share it, then */
	if (fcntl(from, F_SETFL, O_WRONLY | O_NONBLOCK) == -1)
		return err_sys(err, ERR_IO, "cannot use descriptor %d", from);
	return 0;
}

static int
open_output(int *fd, struct err *err)
{
	if (open_nonblocking(STDOUT_FILENO, fd, err) == -1)
		return -1;
	if (*fd == STDOUT_FILENO)
		return 0;
	close(STDOUT_FILENO);
	return fill_standard_fds(err);
}

static int
open_status(int *fd, struct err *err)
{
	int from = *fd;

	if (from == -1)
		return 0;
	if (open_nonblocking(from, fd, err) == -1)
		return -1;
	if (*fd != from && from > STDERR_FILENO)
		close(from);
	return 0;
}

static int
open_listeners(struct options *o, struct err *err)
{
	char addr[OPT_ADDR_BYTES], port[OPT_PORT_BYTES];
	size_t i;

	if (listeners_inherit(&o->listeners, err) == -1)
		return -1;
	if (o->nlisten == 0 && o->listeners.n == 0)
		return listeners_open(&o->listeners, "", DEFAULT_PORT, false,
		    err);
	for (i = 0; i < o->nlisten; i++)
		if (opt_addr_port(o->listen[i].tls ? "--tls-listen" :
		    "--listen", o->listen[i].addr, addr, port, err) == -1 ||
		    listeners_open(&o->listeners, addr, port,
		    o->listen[i].tls, err) == -1)
			return -1;
	return 0;
}

/* Of the server that runs there, or else our own. */
static int
get_listeners(struct options *o, struct err *err)
{
	struct recv_conf *conf = &o->conf;
	int rc;

	if (conf->handover == NULL)
		return open_listeners(o, err);
	rc = handover_ask(conf->handover, &conf->handover_from,
	    &conf->control_fd, &o->listeners, err);
	if (rc == 1)
		return 0;
	conf->handover_from = -1;
	if (rc == -1 || open_listeners(o, err) == -1)
		return -1;
	return handover_open(conf->handover, &conf->control_fd, err);
}

/*
 * The process that runs programs, made before any stranger is heard.  Its
 * children must die of their own signals: it ignores none.
 */
static int
begin_starter(struct options *o, struct err *err)
{
	char **env;
	int rc;

	if (o->handler == NULL && o->conf.auth == NULL)
		return 0;
	if ((env = starter_environment(environ)) == NULL)
		return err_nomem(err);
	o->programs[RECV_HANDLER] = o->handler;
	if (o->conf.auth != NULL) {
		o->auth[0] = (char *)(uintptr_t)o->conf.auth;
		o->programs[RECV_AUTH] = o->auth;
	}
	rc = starter_begin(&o->starter, o->programs, 2, env, o->user, err);
	free(env);
	if (rc == 0)
		o->conf.starter = &o->starter;
	return rc;
}

static int
serve(struct options *o, struct err *err)
{
	struct recv_conf *conf = &o->conf;
	int rc = -1;

	if (fill_standard_fds(err) == -1 ||
	    get_listeners(o, err) == -1 ||
	    open_status(&conf->status_fd, err) == -1 ||
	    (o->handler == NULL && open_output(&conf->out_fd, err) == -1) ||
	    begin_starter(o, err) == -1)
		return -1;
	raise_files(conf->max_publishers);
	conf->listeners = &o->listeners;
	if (conf->keys_file == NULL && conf->auth == NULL)
		log_warning("no --keys: anybody may publish any stream");
	if ((o->user == NULL || sandbox_user(o->user, err) == 0) &&
	    block_signals(&conf->signal_fd, err) == 0)
		rc = recv_run(conf, err);
	if (conf->starter != NULL)
		starter_end(&o->starter);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct options o = {
		.conf = {
			.control_fd = -1,
			.handover_from = -1,
			.drain_us = -1,
			.ready_fd = -1,
			.status_fd = -1,
			.status_us = 10000000,
			.handshake_us = 5000000,
			.idle_us = 20000000,
			.auth_us = 5000000,
			.publish_us = 15000000,
			.max_memory = LIMIT_RECV_MEMORY_BYTES,
			.max_message = LIMIT_FLV_BODY_BYTES,
			.max_per_address = LIMIT_RECV_PER_ADDRESS,
			.max_publishers = 1000,
		},
	};
	struct opt_state os;
	struct err err = ERR_INIT;

	if (parse(argc, argv, &os, &o, &err) == -1)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	if ((o.hash_key ? hash_key(&err) : serve(&o, &err)) == -1)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	return 0;
}
