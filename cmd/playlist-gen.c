/*
 * playlist-gen - HLS and DASH playlists over the store.
 *
 * stdout: with --print, the path of each playlist that was written.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/watch.h"
#include "store/aes.h"
#include "store/follow.h"
#include "store/hls.h"
#include "store/select.h"
#include "store/spool.h"

#include "playlist-gen/check.h"

enum {
	KEY_CHECK = OPT_LONG,
	KEY_ENCRYPT,
	KEY_EVENT,
	KEY_FOLLOW,
	KEY_FOR,
	KEY_FROM,
	KEY_KEY_URI,
	KEY_LINGER,
	KEY_LIVE,
	KEY_LOW_LATENCY,
	KEY_NO_MEDIA,
	KEY_PART_TARGET,
	KEY_PATIENCE,
	KEY_PRINT,
	KEY_READY_FD,
	KEY_SEGMENT,
	KEY_SPOOL,
	KEY_TO,
	KEY_VOD,
	KEY_WINDOW,
};

static const struct opt_spec opts[] = {
	{ KEY_CHECK, "check", NULL,
	    "say what is wrong with the playlists of TREEs or URLs" },
	{ KEY_ENCRYPT, "encrypt", "DIR",
	    "HLS under AES-128, with the keys DIR/STREAM/DATE.key" },
	{ KEY_EVENT, "event", NULL, "all there is, growing (DVR)" },
	{ KEY_FOLLOW, "follow", NULL, "keep running, update as the store grows" },
	{ KEY_FOR, "for", "TIME", "with --check: read live playlists again" },
	{ KEY_FROM, "from", "TIME",
	    "a clip: what is dated TIME or later, as VOD" },
	{ KEY_KEY_URI, "key-uri", "URI",
	    "with --encrypt: where players get {key} of {stream}" },
	{ KEY_LINGER, "linger", "TIME",
	    "an end when nothing came for so long (default: 60s)" },
	{ KEY_LIVE, "live", NULL, "sliding playlists (the default)" },
	{ KEY_LOW_LATENCY, "low-latency", NULL,
	    "with parts, for an origin that can block (LL-HLS)" },
	{ KEY_NO_MEDIA, "no-media", NULL,
	    "with --check: playlists only, not what they list" },
	{ KEY_PART_TARGET, "part-target", "TIME",
	    "no part is longer (default: 1050ms)" },
	{ KEY_PATIENCE, "patience", "TIME",
	    "how long a missing rendition holds its playlist (default: 6s)" },
	{ KEY_PRINT, "print", NULL, "print the path of each playlist written" },
	{ KEY_READY_FD, "ready-fd", "N",
	    "write a newline to descriptor N when following" },
	{ KEY_SEGMENT, "segment", "TIME",
	    "of segments, 1s to 6s, a fragment a second (default: 1s)" },
	{ KEY_SPOOL, "spool", "DIR",
	    "the spool (default: $LIVESPOOL_SPOOL)" },
	{ KEY_TO, "to", "TIME", "the same, before TIME" },
	{ KEY_VOD, "vod", NULL, "everything stored, with an end" },
	{ KEY_WINDOW, "window", "TIME",
	    "length of the live playlists (default: 30s)" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "playlist-gen",
	.synopsis = "--spool DIR [--live | --event] [--follow] [--low-latency] "
	    "[STREAM...]\n"
	    "--spool DIR --vod [--from TIME] [--to TIME] [STREAM...]\n"
	    "--check [--for TIME] [--no-media] TREE|URL...",
	.summary = "Write the HLS and DASH playlists of all streams, or of STREAMs.",
	.opts = opts,
	.trailer =
	    "Examples:\n"
	    "  playlist-gen --spool /srv/live --follow\n"
	    "  playlist-gen --spool /srv/live --vod --print camera1\n",
};

/*
 * fragment-split cuts with the first picture that reaches the second: this
 * leaves room for a picture at 24 a second, and for some jitter.
 */
#define PART_TARGET_US		1050000
#define PART_TARGET_MIN_US	100000
#define PART_TARGET_MAX_US	10000000

struct conf {
	const char	*spool;
	const char	*encrypt, *key_uri;
	struct aes_keys	 keys;		/* with ENCRYPT */
	struct hls_conf	 hls;
	int64_t		 part_target_us;
	int64_t		 from_us, to_us;	/* of a clip */
	bool		 kind, clip, low_latency, follow, print;
	bool		 check, no_media;
	int64_t		 for_us;	/* --check: how long */
	int		 ready_fd;	/* -1: none */
};

static int
parse_time(const char *option, const char *arg, int64_t min_us,
    int64_t *us, struct err *err)
{
	return opt_time_us(option, arg, min_us,
	    LIMIT_WINDOW_S * INT64_C(1000000), us, err);
}

/* A point in time, which makes a clip of what is written. */
static int
parse_point(struct conf *c, const char *option, const char *arg, int64_t *us,
    struct err *err)
{
	c->clip = true;
	return select_parse_time(option, arg, clock_wall_us(), us, err);
}

static int
set_kind(struct conf *c, enum playlist_kind kind)
{
	hls_conf_kind(&c->hls, kind);
	c->kind = true;
	return 0;
}

static int
parse_one(struct conf *c, int key, const char *arg, struct err *err)
{
	int64_t us;
	uint64_t n;

	switch (key) {
	case KEY_CHECK:
		c->check = true;
		return 0;
	case KEY_FOR:
		return parse_time("--for", arg, 1, &c->for_us, err);
	case KEY_NO_MEDIA:
		c->no_media = true;
		return 0;
	case KEY_ENCRYPT:
		c->encrypt = arg;
		return 0;
	case KEY_EVENT:
		return set_kind(c, PLAYLIST_EVENT);
	case KEY_FOLLOW:
		c->follow = true;
		return 0;
	case KEY_FROM:
		return parse_point(c, "--from", arg, &c->from_us, err);
	case KEY_KEY_URI:
		c->key_uri = arg;
		return 0;
	case KEY_LINGER:
		return parse_time("--linger", arg, 0, &c->hls.linger_us, err);
	case KEY_LIVE:
		return set_kind(c, PLAYLIST_LIVE);
	case KEY_LOW_LATENCY:
		c->low_latency = true;
		return 0;
	case KEY_PART_TARGET:
		return opt_time_us("--part-target", arg, PART_TARGET_MIN_US,
		    PART_TARGET_MAX_US, &c->part_target_us, err);
	case KEY_PATIENCE:
		return parse_time("--patience", arg, 0, &c->hls.patience_us,
		    err);
	case KEY_PRINT:
		c->print = true;
		return 0;
	case KEY_READY_FD:
		if (opt_uint("--ready-fd", arg, 1, 1023, &n, err) == -1)
			return -1;
		c->ready_fd = (int)n;
		return 0;
	case KEY_SEGMENT:
		if (opt_time_us("--segment", arg, 1000000,
		    HLS_FRAGMENTS_MAX * 1000000, &us, err) == -1)
			return -1;
		if (us % 1000000 != 0)
			return err_set(err, ERR_USAGE, "--segment: want whole "
			    "seconds, a fragment each, not '%s'", arg);
		c->hls.fragments = (uint32_t)(us / 1000000);
		return 0;
	case KEY_SPOOL:
		c->spool = arg;
		return 0;
	case KEY_TO:
		return parse_point(c, "--to", arg, &c->to_us, err);
	case KEY_VOD:
		return set_kind(c, PLAYLIST_VOD);
	case KEY_WINDOW:
		return parse_time("--window", arg, HLS_LIST_MIN * 1000000,
		    &c->hls.window_us, err);
	}
	return err_set(err, ERR_BUG, "option %d is not handled", key);
}

static int
choose_keys(struct conf *c, struct err *err)
{
	if (c->encrypt == NULL && c->key_uri == NULL)
		return 0;
	if (c->encrypt == NULL || c->key_uri == NULL)
		return err_set(err, ERR_USAGE,
		    "--encrypt and --key-uri go together");
	if (c->low_latency)
		return err_set(err, ERR_USAGE, "--encrypt is for whole "
		    "segments, --low-latency lists parts: choose one");
	c->hls.keys = &c->keys;
	return aes_keys_init(&c->keys, c->encrypt, c->key_uri, err);
}

/* What was asked for, once all options are known. */
static int
choose_kind(struct conf *c, struct err *err)
{
	if (c->spool == NULL || *c->spool == '\0')
		return err_set(err, ERR_USAGE, "missing --spool DIR");
	if (c->clip && c->kind && c->hls.kind != PLAYLIST_VOD)
		return err_set(err, ERR_USAGE, "--from and --to are for --vod");
	if (c->clip && c->from_us >= c->to_us)
		return err_set(err, ERR_USAGE, "--to is not after --from");
	if (c->clip)
		hls_conf_clip(&c->hls, c->from_us, c->to_us);
	if (c->hls.kind == PLAYLIST_VOD && (c->follow || c->low_latency))
		return err_set(err, ERR_USAGE, "--follow and --low-latency are "
		    "for --live and --event");
	if (c->low_latency)
		c->hls.part_target_us = c->part_target_us;
	return choose_keys(c, err);
}

static int
parse_args(struct conf *c, struct opt_state *os, int argc, char *argv[],
    struct err *err)
{
	const char *arg;
	int key, i;

	*c = (struct conf){ .spool = getenv("LIVESPOOL_SPOOL"),
	    .ready_fd = -1, .part_target_us = PART_TARGET_US,
	    .from_us = INT64_MIN, .to_us = INT64_MAX,
	    .hls = { .window_us = 30000000, .patience_us = 6000000,
	    .linger_us = 60000000 } };
	hls_conf_kind(&c->hls, PLAYLIST_LIVE);
	while ((key = opt_next(os, argc, argv, &arg, err)) > 0)
		if (parse_one(c, key, arg, err) == -1)
			return -1;
	if (key == -1)
		return -1;
	if (c->check)
		return opt_operands(os, argc, 1, -1, err);
	if (c->for_us > 0 || c->no_media)
		return err_set(err, ERR_USAGE,
		    "--for and --no-media are for --check");
	if (choose_kind(c, err) == -1)
		return -1;
	for (i = os->next; i < argc; i++)
		if (!name_ok(argv[i]))
			return err_set(err, ERR_USAGE,
			    "bad stream name '%s'", argv[i]);
	return 0;
}

static void
print_path(const char *path, void *arg)
{
	const struct conf *c = arg;

	log_info("wrote '%s/%s'", c->spool, path);
	if (c->print) {
		printf("%s/%s\n", c->spool, path);
		fflush(stdout);		/* checked at the end */
	}
}

static int
tell_ready(int fd, struct err *err)
{
	if (fd == -1)
		return 0;
	if (file_write_all(fd, "\n", 1, err) == -1)
		return err_wrap(err, "--ready-fd %d", fd);
	close(fd);
	return 0;
}

static void
on_ticket(const char *name, void *arg)
{
	struct follow *f = arg;
	struct spool_key key;
	struct err ignored = ERR_INIT;

	if (name == NULL)
		follow_touch(f, NULL);
	else if (spool_parse_ticket(name, &key, &ignored) == 0)
		follow_touch(f, key.stream);
}

/* Readable when SIGTERM or SIGINT came. */
static int
open_signals(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd == -1 ? err_sys(err, ERR_OS, "cannot open signalfd") : fd;
}

/*
 * Until a signal: a ticket that goes says at once what a look each second may
 * find.  One that comes says nothing: there is only an original to list.
 */
static int
follow_loop(struct follow *f, int signals, int queue, struct err *err)
{
	struct pollfd p[2] = { { .fd = signals, .events = POLLIN },
	    { .fd = queue, .events = POLLIN } };
	int64_t wait_us;

	for (;;) {
		wait_us = follow_update(f);
		if (poll(p, 2, (int)((wait_us + 999) / 1000)) == -1 &&
		    errno != EINTR)
			return err_sys(err, ERR_OS, "cannot poll");
		if ((p[0].revents & POLLIN) != 0)
			return 0;
		if ((p[1].revents & POLLIN) != 0 &&
		    watch_read(queue, on_ticket, f, err) == -1)
			return -1;
	}
}

static int
run_following(const struct conf *c, struct follow *f, struct err *err)
{
	char path[4096];
	int signals = -1, queue = -1, n, rc = -1;

	n = snprintf(path, sizeof(path), "%s/queue", c->spool);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(err, ERR_USAGE, "--spool: path too long");
	if ((signals = open_signals(err)) == -1 ||
	    (queue = watch_open(path, WATCH_LEAVING, err)) == -1)
		goto out;
	follow_update(f);
	if (tell_ready(c->ready_fd, err) == -1)
		goto out;
	rc = follow_loop(f, signals, queue, err);
out:
	if (signals != -1)
		close(signals);
	if (queue != -1)
		close(queue);
	return rc;
}

static int
run(struct conf *c, char **streams, size_t nstreams, struct err *err)
{
	struct follow f;
	struct spool s;
	int rc;

	if (spool_open(&s, c->spool, false, err) == -1)
		return -1;
	follow_init(&f, &s, &c->hls, streams, nstreams, print_path, c);
	rc = c->follow ? run_following(c, &f, err) : follow_once(&f, err);
	follow_release(&f);
	aes_keys_release(&c->keys);
	spool_close(&s);
	if (rc == 0)
		rc = file_flush_stdout(err);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct err err = ERR_INIT;
	struct opt_state os;
	struct conf c;
	int rc;

	opt_begin(&os, &prog);
	if (parse_args(&c, &os, argc, argv, &err) == -1)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	if (c.check) {
		rc = check_operands(argv + os.next, (size_t)(argc - os.next),
		    c.for_us, c.no_media, &err);
		return rc == -1 ? log_fatal(&err) : rc;
	}
	if (run(&c, argv + os.next, (size_t)(argc - os.next), &err) == -1)
		return log_fatal(&err);
	return 0;
}
