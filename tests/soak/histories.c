/*
 * histories - random lives of a stream; its playlists are right all along.
 *
 *	histories DIR STEPS SEED
 *
 * Each step something happens to a store: a fragment comes, its renditions
 * come with it, late, or never; a number is lost, a publisher leaves and comes
 * back with other parameters, the wall clock steps by hours, playlist-gen is
 * killed between two files or its output deleted, old fragments expire.  Then
 * the playlists that playlist-gen keeps must be byte for byte what another
 * one makes from nothing, right by lib/store/check, and right as what follows
 * the version before.  Prints what is wrong and the way there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "store/check.h"
#include "store/expire.h"
#include "store/follow.h"
#include "store/hls.h"
#include "store/spool.h"

#define STREAM		"cam"
#define FRAME_US	40000		/* 25 pictures a second */
#define NROWS		3
#define LATE_MAX	64
#define LOG_LINES	40
#define LOG_BYTES	120

static const struct row {
	const char	*name;
	enum track_kind	 kind;
	uint32_t	 timescale;
	uint32_t	 sample;	/* ticks of one */
	uint32_t	 bytes;		/* of one */
} rows[NROWS] = {
	{ "h264-180p", TRACK_VIDEO, 90000, 3600, 120 },
	{ "h264-90p", TRACK_VIDEO, 12800, 512, 40 },
	{ "aac", TRACK_AUDIO, 48000, 960, 20 },
};
static const struct row src = { SPOOL_SRC, TRACK_VIDEO, 90000, 3600, 0 };

/* A fragment of the stream. */
struct fragment {
	uint32_t	epoch, seq, flags;
	int64_t		start_frame;	/* media time */
	uint32_t	frames;
	int64_t		arrival_us;
};

struct late {
	struct fragment	f;
	size_t		row;
	unsigned	due;		/* step */
};

struct history {
	const char	*dir;
	struct spool	 s;
	struct hls_conf	 conf;
	uint64_t	 seed, random;
	unsigned	 step;

	/* The publisher. */
	uint32_t	 epoch, seq;
	bool		 begins;	/* the next one is an epoch's first */
	bool		 none[NROWS];	/* rows this epoch cannot have */
	int64_t		 frame;		/* media time of the next fragment */
	int64_t		 now_us;	/* monotonic */
	int64_t		 wall_us;	/* - now_us: steps */
	struct late	 late[LATE_MAX];
	size_t		 nlate;

	struct follow	 follow;
	bool		 following;
	struct check_conf check_conf;
	struct check	*lists[NROWS];
	char		 log[LOG_LINES][LOG_BYTES];
	unsigned	 nlog;
	unsigned	 wrong;
};

static void __attribute__((format(printf, 2, 3)))
note(struct history *h, const char *fmt, ...)
{
	char *line = h->log[h->nlog++ % LOG_LINES];
	int n = snprintf(line, LOG_BYTES, "%u: ", h->step);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + n, LOG_BYTES - (size_t)n, fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 2, 3)))
wrong(struct history *h, const char *fmt, ...)
{
	va_list ap;

	printf("step %u: ", h->step);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	h->wrong++;
}

static _Noreturn void
die(const char *what, const struct err *err)
{
	fprintf(stderr, "histories: %s: %s\n", what, err->text);
	exit(99);
}

/* splitmix64: a number below N. */
static uint64_t
pick(struct history *h, uint64_t n)
{
	uint64_t z = h->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % n;
}

static bool
chance(struct history *h, unsigned percent)
{
	return pick(h, 100) < percent;
}

static void
set_key(struct spool_key *key, const struct row *r, const struct fragment *f)
{
	memset(key, 0, sizeof(*key));
	snprintf(key->stream, sizeof(key->stream), STREAM);
	snprintf(key->rendition, sizeof(key->rendition), "%s", r->name);
	key->epoch = f->epoch;
	key->seq = f->seq;
}

static void
make_parents(struct history *h, const char *path)
{
	char dir[SPOOL_PATH_BYTES];
	const char *slash;

	for (slash = strchr(path, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (mkdirat(h->s.fd, dir, 0777) == -1 && errno != EEXIST)
			abort();
	}
}

/* As spool_publish() does it, without waiting for a disk. */
static void
store(struct history *h, const char *path, const struct buf *b)
{
	struct err err = ERR_INIT;
	int fd;

	if (buf_ok(b, &err) == -1)
		die(path, &err);
	make_parents(h, path);
	fd = openat(h->s.fd, ".new", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd == -1 || file_write_all(fd, b->p, b->n, &err) == -1 ||
	    close(fd) == -1 || renameat(h->s.fd, ".new", h->s.fd, path) == -1)
		die(path, &err);
}

static void
seal(struct buf *b)
{
	struct err err = ERR_INIT;

	if (buf_ok(b, &err) == -1 ||
	    fragment_seal(&(struct iovec){ b->p, b->n }, 1, &err) == -1)
		die("seal", &err);
}

static void
track_of(const struct row *r, struct track *t)
{
	static const uint8_t avcc[] = { 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4,
	    0x67, 0x64, 0, 0x1f, 1, 0, 1, 0x68 };
	static const uint8_t asc[] = { 0x11, 0x90 };

	*t = (struct track){ .id = 1, .kind = r->kind,
	    .timescale = r->timescale };
	if (r->kind == TRACK_VIDEO) {
		t->codec = CODEC_H264;
		t->width = t->height = 64;
		t->config = avcc;
		t->config_bytes = sizeof(avcc);
	} else {
		t->codec = CODEC_AAC;
		t->sample_rate = r->timescale;
		t->channels = 2;
		t->config = asc;
		t->config_bytes = sizeof(asc);
	}
}

static void
store_init(struct history *h, const struct row *r, const struct fragment *f)
{
	struct fragment_info info = { .epoch = f->epoch,
	    .timescale = r->timescale,
	    .name = fragment_name(STREAM, r->name) };
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;
	struct track t;
	struct buf b;

	set_key(&key, r, f);
	spool_init_path(&key, path);
	if (faccessat(h->s.fd, path, F_OK, 0) == 0)
		return;
	track_of(r, &t);
	buf_init(&b, LIMIT_INIT_BYTES);
	mp4_put_ftyp(&b);
	fragment_put_info(&b, &info);
	mp4_put_moov(&b, &t, 1);
	seal(&b);
	store(h, path, &b);
	buf_release(&b);
}

static void
put_media(struct buf *b, const struct row *r, const struct fragment *f)
{
	static const uint8_t media[256];
	struct mp4_sample samples[128];
	int64_t ticks = r->timescale / 25 * f->start_frame;
	size_t n = r->timescale / 25 / r->sample * f->frames, i;
	struct mp4_run run = { .track_id = 1, .dts = (uint64_t)ticks,
	    .samples = samples, .count = n };

	if (n > 128)
		abort();
	for (i = 0; i < n; i++)
		samples[i] = (struct mp4_sample){ .p = media,
		    .bytes = r->bytes, .duration = r->sample,
		    .sync = i == 0 || r->kind == TRACK_AUDIO };
	mp4_put_fragment(b, f->seq, &run, 1);
}

/* The file of F in ROW. */
static void
store_fragment(struct history *h, const struct row *r,
    const struct fragment *f)
{
	int64_t start = r->timescale / 25 * f->start_frame;
	struct fragment_info info = { .epoch = f->epoch, .seq = f->seq,
	    .flags = f->flags, .timescale = r->timescale, .start = start,
	    .end = start + (int64_t)(r->timescale / 25) * f->frames,
	    .arrival_us = f->arrival_us,
	    .name = fragment_name(STREAM, r->name) };
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;
	struct buf b;

	if (r != &src)
		store_init(h, r, f);
	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	if (r == &src)
		mp4_put_ftyp(&b);
	else
		mp4_put_styp(&b);
	fragment_put_info(&b, &info);
	put_media(&b, r, f);
	seal(&b);
	set_key(&key, r, f);
	spool_path(&key, path);
	store(h, path, &b);
	buf_release(&b);
}

static void
store_none(struct history *h, const struct row *r, const struct fragment *f)
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;
	struct buf b;

	set_key(&key, r, f);
	spool_none_path(&key, path);
	buf_init(&b, 1);
	store(h, path, &b);
	buf_release(&b);
}

/* What there is of F besides the original: now, later, or never. */
static void
render(struct history *h, const struct fragment *f)
{
	size_t i;

	for (i = 0; i < NROWS; i++) {
		if (h->none[i])
			continue;
		if (chance(h, 90)) {
			store_fragment(h, &rows[i], f);
		} else if (chance(h, 80) && h->nlate < LATE_MAX) {
			h->late[h->nlate++] = (struct late){ *f, i,
			    h->step + 1 + (unsigned)pick(h, 30) };
			note(h, "%s of %" PRIu32 " will be late",
			    rows[i].name, f->seq);
		} else {
			note(h, "%s of %" PRIu32 " never comes",
			    rows[i].name, f->seq);
		}
	}
}

static void
come_late(struct history *h)
{
	struct spool_key key;
	size_t i, left = 0;

	for (i = 0; i < h->nlate; i++) {
		if (h->late[i].due > h->step) {
			h->late[left++] = h->late[i];
			continue;
		}
		set_key(&key, &src, &h->late[i].f);
		if (!spool_exists(&h->s, &key))
			continue;	/* expired: nothing to make it of */
		store_fragment(h, &rows[h->late[i].row], &h->late[i].f);
		note(h, "%s of %" PRIu32 " comes late",
		    rows[h->late[i].row].name, h->late[i].f.seq);
	}
	h->nlate = left;
}

static void
reconnect(struct history *h)
{
	size_t i;

	/* Some come and go before they sent a fragment. */
	h->epoch += chance(h, 10) ? 2 : 1;
	h->begins = true;
	h->frame = (int64_t)pick(h, 1000000);
	for (i = 0; i < NROWS; i++)
		h->none[i] = i > 0 && chance(h, 5);
	h->now_us += (int64_t)pick(h, 20) * 1000000;
	note(h, "epoch %" PRIu32, h->epoch);
}

static void
publish(struct history *h)
{
	struct fragment f = { .epoch = h->epoch, .seq = ++h->seq,
	    .start_frame = h->frame, .frames = 24 + (uint32_t)pick(h, 3) };
	bool ends = chance(h, 4);
	size_t i;

	if (ends)
		f.frames = 1 + (uint32_t)pick(h, 25);
	f.flags = (h->begins ? FRAGMENT_EPOCH_START : 0) |
	    (ends && chance(h, 70) ? FRAGMENT_LAST : 0);
	h->now_us += (int64_t)f.frames * FRAME_US;
	h->frame += f.frames;
	f.arrival_us = h->wall_us + h->now_us - (int64_t)f.frames * FRAME_US;
	h->begins = false;
	note(h, "fragment %" PRIu32 " of epoch %" PRIu32 ", %" PRIu32
	    " pictures%s", f.seq, f.epoch, f.frames, ends ? ", ends" : "");
	for (i = 0; i < NROWS; i++)
		if (h->none[i])
			store_none(h, &rows[i], &f);
	store_fragment(h, &src, &f);
	render(h, &f);
	if (ends)
		reconnect(h);
}

/* Killed once it has written N playlists. */
static void
die_after(const char *path, void *arg)
{
	unsigned *n = arg;

	(void)path;
	if ((*n)-- == 0)
		_exit(0);
}

static void
kill_follower(struct history *h)
{
	struct follow f;
	struct err err = ERR_INIT;
	unsigned n = (unsigned)pick(h, 4);
	pid_t pid;

	note(h, "playlist-gen is killed after %u files", n);
	if ((pid = fork()) == 0) {
		follow_init(&f, &h->s, &h->conf, NULL, 0, die_after, &n);
		_exit(follow_once(&f, &err) == -1);
	}
	waitpid(pid, NULL, 0);
	if (h->following)
		follow_release(&h->follow);
	h->following = false;
}

static int
count_file(const struct line *line, void *arg, struct err *err)
{
	unsigned *n = arg;

	(void)line;
	(void)err;
	++*n;
	return 0;
}

static void
make_room(struct history *h)
{
	struct expire_conf conf = { .limit_bytes = true,
	    .bytes = pick(h, 400000) };
	char stream[] = STREAM, *streams[] = { stream };
	struct expire_result result;
	struct err err = ERR_INIT;
	unsigned n = 0;

	if (expire(&h->s, &conf, streams, 1, count_file, &n, &result, &err) ==
	    -1)
		die("expire", &err);
	note(h, "%u files expire", n);
}

static void
drop_playlists(struct history *h)
{
	char path[SPOOL_PATH_BYTES];
	size_t i;

	for (i = 0; i < NROWS; i++) {
		snprintf(path, sizeof(path), "www/" STREAM "/%s/live.m3u8",
		    rows[i].name);
		if (chance(h, 50))
			unlinkat(h->s.fd, path, 0);
	}
	note(h, "playlists are deleted");
}

static void
happen(struct history *h)
{
	unsigned what = (unsigned)pick(h, 100);
	uint32_t lost;

	come_late(h);
	if (what < 82) {
		publish(h);
	} else if (what < 84) {
		reconnect(h);
	} else if (what < 87) {
		h->wall_us += ((int64_t)pick(h, 36000) - 18000) * 1000000;
		note(h, "the wall clock steps");
	} else if (what < 89 && h->seq > 0) {
		lost = 1 + (uint32_t)pick(h, 3);
		note(h, "%" PRIu32 " numbers are lost", lost);
		h->seq += lost;
		h->frame += 25 * lost;
		h->now_us += 1000000 * (int64_t)lost;
	} else if (what < 92) {
		kill_follower(h);
	} else if (what < 94) {
		drop_playlists(h);
	} else if (what < 97) {
		make_room(h);
	} else {
		h->now_us += 300000;
	}
}

static void
follow(struct history *h)
{
	if (!h->following)
		follow_init(&h->follow, &h->s, &h->conf, NULL, 0, NULL, NULL);
	h->following = true;
	follow_touch(&h->follow, STREAM);
	follow_update(&h->follow);
}

/* All playlists, one after the other, with their names. */
static void
slurp(struct history *h, struct buf *b, bool remove)
{
	char path[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;
	size_t i;

	buf_reset(b);
	for (i = 0; i <= NROWS; i++) {
		snprintf(path, sizeof(path), "www/" STREAM "%s%s/%s",
		    i < NROWS ? "/" : "", i < NROWS ? rows[i].name : "",
		    i < NROWS ? "live.m3u8" : "main.m3u8");
		buf_printf(b, "%s\n", path);
		if (file_slurp(h->s.fd, path, b, &ignored) == 0 && remove)
			unlinkat(h->s.fd, path, 0);
	}
}

static void
differ(struct history *h, const struct buf *a, const struct buf *b)
{
	size_t i = 0, from;

	while (i < a->n && i < b->n && a->p[i] == b->p[i])
		i++;
	from = i > 300 ? i - 300 : 0;
	wrong(h, "made from nothing the playlists are others:");
	printf("--- kept\n%.*s\n--- from nothing\n%.*s\n",
	    (int)(i + 200 < a->n ? i + 200 - from : a->n - from),
	    (const char *)a->p + from,
	    (int)(i + 200 < b->n ? i + 200 - from : b->n - from),
	    (const char *)b->p + from);
}

static void
see_same(struct history *h)
{
	struct follow f;
	struct err err = ERR_INIT;
	struct buf kept, made;

	buf_init(&kept, LIMIT_PLAYLIST_BYTES);
	buf_init(&made, LIMIT_PLAYLIST_BYTES);
	slurp(h, &kept, true);
	follow_init(&f, &h->s, &h->conf, NULL, 0, NULL, NULL);
	if (follow_once(&f, &err) == -1)
		wrong(h, "playlist-gen fails: %s", err.text);
	follow_release(&f);
	slurp(h, &made, false);
	if (kept.n != made.n || memcmp(kept.p, made.p, made.n) != 0)
		differ(h, &kept, &made);
	buf_release(&kept);
	buf_release(&made);
}

static int
fetch(void *arg, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	struct history *h = arg;
	char path[SPOOL_PATH_BYTES];

	(void)offset;
	(void)length;
	snprintf(path, sizeof(path), "www/" STREAM "/%s", url);
	return file_slurp(h->s.fd, path, b, err) == -1 ? 0 : 1;
}

static void
say(void *arg, const char *url, size_t line, const char *rule,
    const char *text)
{
	/*
	 * A list that waits for a late rendition is not updated.  Dates are
	 * those of the clock: they step when it does, and when the fragment
	 * that they are counted from expires.
	 */
	static const char *const known[] = { "no update for", "goes back by",
	    "from its date", "from where media time is" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(text, known[i]) != NULL)
			return;
	wrong(arg, "%s:%zu: %s (%s)", url, line, text, rule);
}

static void
say_note(void *arg, const char *url, const char *text)
{
	(void)arg;
	(void)url;
	(void)text;
}

/* Each list as it follows on what it was, and all together as they are. */
static void
see_right(struct history *h)
{
	char url[64], path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	struct check *main;
	int64_t again_us;
	size_t i;

	for (i = 0; i < NROWS; i++) {
		snprintf(url, sizeof(url), "%s/live.m3u8", rows[i].name);
		/* A rendition of which nothing is left has no list. */
		snprintf(path, sizeof(path), "www/" STREAM "/%s", url);
		if (faccessat(h->s.fd, path, F_OK, 0) == -1) {
			check_close(h->lists[i]);
			h->lists[i] = NULL;
			continue;
		}
		if (h->lists[i] == NULL)
			h->lists[i] = check_open(&h->check_conf, url, &err);
		if (h->lists[i] != NULL && check_again(h->lists[i], h->now_us,
		    &again_us, &err) == -1)
			die(url, &err);
	}
	main = check_open(&h->check_conf, "main.m3u8", &err);
	if (main != NULL && check_run(main, &err) == -1)
		die("main.m3u8", &err);
	check_close(main);
}

static void
release(struct history *h)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		check_close(h->lists[i]);
	if (h->following)
		follow_release(&h->follow);
	spool_close(&h->s);
}

int
main(int argc, char *argv[])
{
	struct history h = { .epoch = 1, .begins = true,
	    .now_us = 1000000000, .wall_us = INT64_C(1700000000000000),
	    .conf = { .kind = PLAYLIST_LIVE, .name = "live",
	    .window_us = 6000000,
	    .patience_us = 2000000 } };
	struct err err = ERR_INIT;
	unsigned steps, i;

	if (argc != 4)
		return 64;
	h.dir = argv[1];
	steps = (unsigned)strtoul(argv[2], NULL, 10);
	h.seed = h.random = strtoull(argv[3], NULL, 10);
	h.check_conf = (struct check_conf){ fetch, say, say_note, &h, false };
	log_name("histories");
	if (spool_open(&h.s, h.dir, true, &err) == -1)
		die(h.dir, &err);
	for (h.step = 1; h.step <= steps && h.wrong == 0; h.step++) {
		happen(&h);
		follow(&h);
		see_same(&h);
		see_right(&h);
	}
	for (i = h.nlog > LOG_LINES ? h.nlog - LOG_LINES : 0;
	    h.wrong > 0 && i < h.nlog; i++)
		printf("  %s\n", h.log[i % LOG_LINES]);
	printf("%u steps, %" PRIu32 " fragments, %" PRIu32 " epochs, seed %"
	    PRIu64 "\n", h.step - 1, h.seq, h.epoch, h.seed);
	release(&h);
	return h.wrong > 0;
}
