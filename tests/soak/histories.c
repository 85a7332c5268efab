/*
 * histories - random lives of streams; their playlists are right all along.
 *
 *	histories DIR STEPS SEED
 *
 * Each step something happens to a store: a fragment comes, its renditions
 * come with it, late, or never; a number is lost, a publisher leaves and comes
 * back with other parameters, the wall clock steps by hours, playlist-gen is
 * killed between two files or its output deleted, old fragments expire.  Then
 * the playlists that playlist-gen keeps must be byte for byte what another
 * one makes from nothing, right by lib/store/check, and right as what follows
 * the version before: numbers and dates never fall, and what is listed is
 * there, and stays for as long as HLS section 6.2.2 asks.
 *
 * A life is some hundreds of steps with one way to list it: live or an event,
 * with low latency or not, segments of one to three fragments, always with an
 * MPD.  Prints what is wrong and the way there.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/check.h"
#include "store/expire.h"
#include "store/follow.h"
#include "store/hls.h"
#include "store/put_date.h"
#include "store/timeline.h"
#include "synthetic.h"

#define STREAM		"cam"
#define NROWS		SYNTHETIC_ROWS
#define MAIN		(2 * NROWS)	/* behind the lists */
#define MPD		(MAIN + 1)
#define LATE_MAX	64
#define LIFE_MIN	100
#define LIFE_MAX	600
#define LOG_LINES	40
#define LOG_BYTES	120

static const struct synthetic_row *const rows = synthetic_rows;

struct late {
	struct synthetic f;
	size_t		row;
	unsigned	due;		/* step */
};

/* A segment or part that was listed. */
struct promise {
	char	uri[PLAYLIST_URI_BYTES];
	int64_t	first_us;		/* when it was first */
	int64_t	until_us;		/* until when it has to be there */
};

/* What is known of the playlist of a rendition. */
struct list {
	struct check	*check;		/* NULL: there is none */
	uint32_t	 sequence, discontinuity;
	int64_t		 date_us;	/* of the newest segment */
	struct promise	*promises;
	size_t		 n, room;
};

struct history {
	const char	*dir;
	struct spool	 s;
	struct hls_conf	 conf;
	uint64_t	 seed, random;
	unsigned	 step;

	/* The publisher. */
	uint32_t	 epoch, seq;
	uint32_t	 hole;		/* numbers lost since the last one */
	bool		 begins;	/* the next one is an epoch's first */
	bool		 none[NROWS];	/* rows this epoch cannot have */
	int64_t		 frame;		/* media time of the next fragment */
	int64_t		 now_us;	/* monotonic */
	int64_t		 wall_us;	/* - now_us: steps */
	int64_t		 end_us;	/* the date at which the last ended */
	struct late	 late[LATE_MAX];
	size_t		 nlate;

	struct follow	 follow;
	bool		 following;
	struct check_conf check_conf;
	struct list	 lists[NROWS];
	int64_t		 mpd_us;	/* publishTime */
	struct buf	 mpd;
	char		 log[LOG_LINES][LOG_BYTES];
	unsigned	 nlog;
	unsigned	 wrong;

	uint32_t	 fragments, epochs, lives;	/* of all lives */
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
store_none(struct history *h, const struct synthetic_row *r,
    const struct synthetic *f)
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;
	struct buf b;

	synthetic_key(r, f, &key);
	spool_none_path(&key, path);
	buf_init(&b, 1);
	synthetic_store(&h->s, path, &b);
	buf_release(&b);
}

/* What there is of F besides the original: now, later, or never. */
static void
render(struct history *h, const struct synthetic *f)
{
	size_t i;

	for (i = 0; i < NROWS; i++) {
		if (h->none[i])
			continue;
		if (chance(h, 90)) {
			synthetic_fragment(&h->s, &rows[i], f);
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
		synthetic_key(&synthetic_src, &h->late[i].f, &key);
		if (!spool_exists(&h->s, &key))
			continue;	/* expired: nothing to make it of */
		synthetic_fragment(&h->s, &rows[h->late[i].row],
		    &h->late[i].f);
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

/* As segment-store put dates it. */
static void
put_date(struct history *h, struct synthetic *f)
{
	struct fragment_info info = { .timescale = 25,
	    .start = f->start_frame, .end = f->start_frame + f->frames,
	    .arrival_us = f->arrival_us };

	f->date_us = info.date_us = put_date_us(&info, h->begins, h->end_us);
	h->end_us = put_date_end_us(&info);
}

static void
publish(struct history *h)
{
	struct synthetic f = { .stream = STREAM, .epoch = h->epoch,
	    .seq = ++h->seq, .start_frame = h->frame, .frames = 24 + (uint32_t)pick(h, 3) };
	bool ends = chance(h, 4);
	size_t i;

	if (ends)
		f.frames = 1 + (uint32_t)pick(h, 25);
	f.flags = (h->begins ? FRAGMENT_EPOCH_START : 0) |
	    (ends && chance(h, 70) ? FRAGMENT_LAST : 0);
	h->now_us += (int64_t)f.frames * SYNTHETIC_FRAME_US;
	h->frame += f.frames;
	f.arrival_us = h->wall_us + h->now_us -
	    (int64_t)f.frames * SYNTHETIC_FRAME_US;
	put_date(h, &f);
	h->begins = false;
	h->hole = 0;
	note(h, "fragment %" PRIu32 " of epoch %" PRIu32 ", %" PRIu32
	    " pictures%s", f.seq, f.epoch, f.frames, ends ? ", ends" : "");
	for (i = 0; i < NROWS; i++)
		if (h->none[i])
			store_none(h, &rows[i], &f);
	synthetic_fragment(&h->s, &synthetic_src, &f);
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
		synthetic_die("expire", &err);
	note(h, "%u files expire", n);
}

static void
drop_playlists(struct history *h)
{
	char path[SPOOL_PATH_BYTES];
	size_t i;

	for (i = 0; i < NROWS; i++) {
		snprintf(path, sizeof(path), "www/" STREAM "/%s/%s.m3u8",
		    rows[i].name, h->conf.name);
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
	} else if (what < 89 && h->seq > 0 && h->hole < TIMELINE_AHEAD - 1) {
		lost = 1 + (uint32_t)pick(h, TIMELINE_AHEAD - 1 - h->hole);
		h->hole += lost;
		note(h, "%" PRIu32 " numbers are lost", lost);
		h->seq += lost;
		h->frame += 25 * lost;
		h->now_us += 1000000 * (int64_t)lost;
		h->end_us += h->end_us == 0 ? 0 : 1000000 * (int64_t)lost;
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

/* The names of CONF's files: lists, their I-frames, and those of all. */
static void
path_of(const struct hls_conf *conf, size_t i, char path[SPOOL_PATH_BYTES])
{
	const char *top = conf->kind == PLAYLIST_LIVE ? "main" : conf->name;

	if (i < 2 * NROWS)
		snprintf(path, SPOOL_PATH_BYTES, "www/" STREAM "/%s/%s%s.m3u8",
		    rows[i % NROWS].name, conf->name,
		    i < NROWS ? "" : "-iframes");
	else
		snprintf(path, SPOOL_PATH_BYTES, "www/" STREAM "/%s.%s", top,
		    i == MAIN ? "m3u8" : "mpd");
}

/* All playlists, one after the other, with their names. */
static void
slurp(struct history *h, const struct hls_conf *conf, struct buf *b,
    bool remove)
{
	char path[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;
	size_t i;

	buf_reset(b);
	for (i = 0; i <= MPD; i++) {
		path_of(conf, i, path);
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

/* CONF's playlists, made again from nothing, are what they were. */
static void
see_same(struct history *h, const struct hls_conf *conf)
{
	struct follow f;
	struct err err = ERR_INIT;
	struct buf kept, made;

	buf_init(&kept, LIMIT_PLAYLIST_BYTES);
	buf_init(&made, LIMIT_PLAYLIST_BYTES);
	slurp(h, conf, &kept, true);
	follow_init(&f, &h->s, conf, NULL, 0, NULL, NULL);
	if (follow_once(&f, &err) == -1)
		wrong(h, "playlist-gen fails: %s", err.text);
	follow_release(&f);
	slurp(h, conf, &made, false);
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

	snprintf(path, sizeof(path), "www/" STREAM "/%s", url);
	if (file_slurp(h->s.fd, path, b, err) == -1)
		return 0;
	if (length != 0 && offset + length <= b->n) {
		memmove(b->p, b->p + offset, (size_t)length);
		b->n = (size_t)length;
	}
	return 1;
}

static void
say(void *arg, const char *url, size_t line, const char *rule,
    const char *text)
{
	/*
	 * A list that waits for a late rendition is not updated; what comes
	 * behind the end of a publication is not known.
	 */
	uint32_t hinted, came;

	if (strstr(text, "no update for") != NULL ||
	    strstr(text, "no EXT-X-PRELOAD-HINT") != NULL)
		return;
	/* Nobody knows that a publisher was cut off. */
	if (sscanf(text, "'%6" SCNu32 "/%*[^']' was hinted, '%6" SCNu32,
	    &hinted, &came) == 2 && came > hinted)
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

/* URI is listed now, DURATION_US long, in a list of ALL_US. */
static void
promise(struct history *h, struct list *l, const char *uri, size_t n,
    int64_t duration_us, int64_t all_us)
{
	struct promise *p = NULL;
	size_t i;

	for (i = l->n; i > 0 && p == NULL; i--)
		if (strncmp(l->promises[i - 1].uri, uri, n) == 0 &&
		    l->promises[i - 1].uri[n] == '\0')
			p = &l->promises[i - 1];
	if (p == NULL) {
		if (l->n == l->room) {
			l->room = l->room == 0 ? 64 : 2 * l->room;
			l->promises = realloc(l->promises,
			    l->room * sizeof(*l->promises));
			if (l->promises == NULL)
				abort();
		}
		p = &l->promises[l->n++];
		snprintf(p->uri, sizeof(p->uri), "%.*s", (int)n, uri);
		p->first_us = h->now_us;
		p->until_us = 0;
	}
	if (p->until_us < h->now_us + duration_us + all_us)
		p->until_us = h->now_us + duration_us + all_us;
}

/* What left the list, too, is there until its time is over. */
static void
see_kept(struct history *h, struct list *l, const char *name)
{
	char path[SPOOL_PATH_BYTES];
	struct promise *p;
	size_t i, left = 0;

	for (i = 0; i < l->n; i++) {
		p = &l->promises[i];
		snprintf(path, sizeof(path), "www/" STREAM "/%s/%s", name,
		    p->uri);
		if (p->until_us > h->now_us &&
		    faccessat(h->s.fd, path, F_OK, 0) == -1)
			wrong(h, "%s/%s is gone %.1f s too soon", name,
			    p->uri, (double)(p->until_us - h->now_us) / 1e6);
		if (p->until_us > h->now_us)
			l->promises[left++] = *p;
	}
	l->n = left;
}

/* Each date in LIST is behind the one before, and the last never falls. */
static void
see_dates(struct history *h, struct list *l, const char *name,
    const char *text)
{
	static const char tag[] = "#EXT-X-PROGRAM-DATE-TIME:";
	char date[CLOCK_RFC3339_BYTES];
	int64_t us = 0, before_us = 0;
	const char *s;

	for (s = text; (s = strstr(s, tag)) != NULL; before_us = us) {
		s += sizeof(tag) - 1;
		snprintf(date, sizeof(date), "%.*s", (int)strcspn(s, "\n"), s);
		if (!clock_parse_rfc3339(date, &us) || us <= before_us)
			wrong(h, "%s: %s is not behind the date before", name,
			    date);
	}
	if (us < l->date_us)
		wrong(h, "%s: its last date falls to %s", name, date);
	l->date_us = us;
}

static void
see_number(struct history *h, const char *name, const char *text,
    const char *tag, uint32_t *was)
{
	const char *s = strstr(text, tag);
	uint32_t is = s == NULL ? 0 : (uint32_t)strtoul(s + strlen(tag), NULL,
	    10);

	if (is < *was)
		wrong(h, "%s: %s%" PRIu32 " was %" PRIu32, name, tag, is,
		    *was);
	*was = is;
}

/* The length of all that TEXT lists. */
static int64_t
length_us(const char *text)
{
	const char *s = text;
	double sum = 0;

	while ((s = strstr(s, "#EXTINF:")) != NULL)
		sum += strtod(s += 8, NULL);
	return (int64_t)(sum * 1e6);
}

static void
see_promises(struct history *h, struct list *l, const char *text)
{
	int64_t all_us = length_us(text);
	const char *s, *uri;
	double duration = 0;
	bool gap = false;

	for (s = text; *s != '\0'; s += strcspn(s, "\n") + 1) {
		if (strncmp(s, "#EXT-X-GAP", 10) == 0)
			gap = true;
		if (strncmp(s, "#EXTINF:", 8) == 0)
			duration = strtod(s + 8, NULL);
		uri = strstr(s, ",URI=\"");
		if (strncmp(s, "#EXT-X-PART:", 12) == 0 && uri != NULL &&
		    !gap)
			promise(h, l, uri + 6, strcspn(uri + 6, "\""),
			    1000000, all_us);
		if (*s == '#')
			continue;
		if (!gap)
			promise(h, l, s, strcspn(s, "\n"),
			    (int64_t)(duration * 1e6), all_us);
		gap = false;
	}
}

/* A list by itself: numbers, dates, what it names. */
static void
see_list(struct history *h, size_t i)
{
	struct list *l = &h->lists[i];
	char path[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;
	struct buf b;

	path_of(&h->conf, i, path);
	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	if (file_slurp(h->s.fd, path, &b, &ignored) == 0) {
		buf_put_u8(&b, '\0');
		see_number(h, rows[i].name, (char *)b.p,
		    "#EXT-X-MEDIA-SEQUENCE:", &l->sequence);
		see_number(h, rows[i].name, (char *)b.p,
		    "#EXT-X-DISCONTINUITY-SEQUENCE:", &l->discontinuity);
		see_dates(h, l, rows[i].name, (char *)b.p);
		see_promises(h, l, (char *)b.p);
	}
	see_kept(h, l, rows[i].name);
	buf_release(&b);
}

/* publishTime never falls, and Periods follow each other. */
static void
see_mpd(struct history *h)
{
	char path[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;
	double start, before = 0;
	int64_t us;
	const char *s;
	struct buf b;

	path_of(&h->conf, MPD, path);
	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	if (file_slurp(h->s.fd, path, &b, &ignored) == 0) {
		buf_put_u8(&b, '\0');
		s = strstr((char *)b.p, "publishTime=\"");
		snprintf(path, sizeof(path), "%.30s", s == NULL ? "" : s + 13);
		path[strcspn(path, "\"")] = '\0';
		if (!clock_parse_rfc3339(path, &us) || us < h->mpd_us)
			wrong(h, "publishTime falls to %s: before\n%.*s\nnow"
			    "\n%.*s", path, (int)h->mpd.n,
			    (const char *)h->mpd.p, (int)b.n,
			    (const char *)b.p);
		h->mpd_us = us;
		buf_reset(&h->mpd);
		buf_put(&h->mpd, b.p, b.n);
		for (s = (char *)b.p; (s = strstr(s, "start=\"PT")) != NULL;
		    before = start) {
			start = strtod(s += 9, NULL);
			if (start <= before)
				wrong(h, "a Period starts at %f, one before "
				    "at %f", start, before);
		}
	}
	buf_release(&b);
}

/* The list as it follows on what it was. */
static void
see_follows(struct history *h, size_t i)
{
	char url[128], path[SPOOL_PATH_BYTES];
	struct list *l = &h->lists[i];
	struct err err = ERR_INIT;
	int64_t again_us;

	snprintf(url, sizeof(url), "%s/%s.m3u8", rows[i].name, h->conf.name);
	/* A rendition of which nothing is left has no list. */
	path_of(&h->conf, i, path);
	if (faccessat(h->s.fd, path, F_OK, 0) == -1) {
		check_close(l->check);
		l->check = NULL;
		return;
	}
	if (l->check == NULL)
		l->check = check_open(&h->check_conf, url, &err);
	if (l->check != NULL && check_again(l->check, h->now_us, &again_us,
	    &err) == -1)
		synthetic_die(url, &err);
}

/* All lists together, as CONF makes them. */
static void
see_all(struct history *h, const struct hls_conf *conf)
{
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	struct check *all;

	path_of(conf, MAIN, path);
	all = check_open(&h->check_conf, strrchr(path, '/') + 1, &err);
	if (all != NULL && check_run(all, &err) == -1)
		synthetic_die(path, &err);
	check_close(all);
}

/* The recording: the same when made again, and right. */
static void
see_recording(struct history *h)
{
	struct hls_conf conf = h->conf;
	struct err err = ERR_INIT;
	struct follow f;

	hls_conf_kind(&conf, PLAYLIST_VOD);
	conf.part_target_us = 0;
	follow_init(&f, &h->s, &conf, NULL, 0, NULL, NULL);
	if (follow_once(&f, &err) == -1)
		wrong(h, "playlist-gen --vod fails: %s", err.text);
	follow_release(&f);
	see_same(h, &conf);
	see_all(h, &conf);
}

static void
step(struct history *h)
{
	size_t i;

	happen(h);
	follow(h);
	see_same(h, &h->conf);
	for (i = 0; i < NROWS; i++) {
		see_list(h, i);
		see_follows(h, i);
	}
	see_mpd(h);
	see_all(h, &h->conf);
}

static void
begin_life(struct history *h)
{
	char dir[4096];
	struct err err = ERR_INIT;

	*h = (struct history){ .dir = h->dir, .seed = h->seed,
	    .random = h->random, .step = h->step, .lives = h->lives + 1,
	    .fragments = h->fragments, .epochs = h->epochs,
	    .epoch = 1, .begins = true, .now_us = 1000000000,
	    .wall_us = INT64_C(1700000000000000),
	    .check_conf = { fetch, say, say_note, h, false } };
	hls_conf_kind(&h->conf, chance(h, 30) ? PLAYLIST_EVENT :
	    PLAYLIST_LIVE);
	h->conf.window_us = 6000000 + (int64_t)pick(h, 6) * 1000000;
	h->conf.patience_us = 1000000 + (int64_t)pick(h, 3) * 1000000;
	h->conf.fragments = 1 + (uint32_t)pick(h, 3);
	h->conf.part_target_us = chance(h, 50) ? 1050000 : 0;
	snprintf(dir, sizeof(dir), "%s/%u", h->dir, h->lives);
	if (mkdir(dir, 0777) == -1 ||
	    spool_open(&h->s, dir, true, &err) == -1)
		synthetic_die(dir, &err);
	buf_init(&h->mpd, LIMIT_PLAYLIST_BYTES);
	/* Some have been on for long. */
	if (chance(h, 50))
		for (h->seq = 930; h->seq < 980; )
			publish(h);
	note(h, "life %u: %s, window %d s, patience %d s, segments of %u%s",
	    h->lives, h->conf.name, (int)(h->conf.window_us / 1000000),
	    (int)(h->conf.patience_us / 1000000), h->conf.fragments,
	    h->conf.part_target_us != 0 ? ", low latency" : "");
}

static void
end_life(struct history *h)
{
	size_t i;

	if (h->wrong == 0)
		see_recording(h);
	for (i = h->nlog > LOG_LINES ? h->nlog - LOG_LINES : 0;
	    h->wrong > 0 && i < h->nlog; i++)
		printf("  %s\n", h->log[i % LOG_LINES]);
	for (i = 0; i < NROWS; i++) {
		check_close(h->lists[i].check);
		free(h->lists[i].promises);
	}
	if (h->following)
		follow_release(&h->follow);
	buf_release(&h->mpd);
	spool_close(&h->s);
	h->fragments += h->seq;
	h->epochs += h->epoch;
}

int
main(int argc, char *argv[])
{
	struct history h = { .lives = 0 };
	unsigned steps, life;

	if (argc != 4)
		return 64;
	h.dir = argv[1];
	steps = (unsigned)strtoul(argv[2], NULL, 10);
	h.seed = h.random = strtoull(argv[3], NULL, 10);
	log_name("histories");
	while (h.step < steps && h.wrong == 0) {
		begin_life(&h);
		life = LIFE_MIN + (unsigned)pick(&h, LIFE_MAX - LIFE_MIN);
		for (; life > 0 && h.step < steps && h.wrong == 0; life--) {
			h.step++;
			step(&h);
		}
		end_life(&h);
	}
	printf("%u steps, %u lives, %" PRIu32 " fragments, %" PRIu32
	    " epochs, seed %" PRIu64 "\n", h.step, h.lives, h.fragments,
	    h.epochs, h.seed);
	return h.wrong > 0;
}
