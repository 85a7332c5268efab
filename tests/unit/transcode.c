/*
 * Originals of flat grey pictures, each with a luma of its own, so that every
 * picture of a rendition can be told from its neighbours.
 */
#include <assert.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>

#include "base/err.h"
#include "base/file.h"
#include "media/avlog.h"
#include "media/encode.h"
#include "store/ladder.h"
#include "store/transcode.h"
#include "tap.h"

#define FRAMES		100
#define TIMESCALE	90000
#define WIDTH		64
#define HEIGHT		48
#define BASE		(10 * TIMESCALE)

static struct err err = ERR_INIT;

/* Milliseconds, as RTMP has them: the durations are uneven. */
static int64_t
pts_of(int i)
{
	return BASE + (i * 1000 / 30) * 90;
}

static int
luma_of(int i)
{
	return 16 + i * 37 % 200;
}

struct source {
	struct buf	  config, data;
	struct mp4_sample samples[FRAMES];
	int64_t		  dts[FRAMES], pts[FRAMES];
	size_t		  offset[FRAMES];
	int		  n;
};

static AVFrame *
grey(int i)
{
	AVFrame *f = av_frame_alloc();

	f->width = WIDTH;
	f->height = HEIGHT;
	f->format = AV_PIX_FMT_YUV420P;
	assert(av_frame_get_buffer(f, 0) == 0);
	memset(f->data[0], luma_of(i), (size_t)(f->linesize[0] * HEIGHT));
	memset(f->data[1], 128, (size_t)(f->linesize[1] * HEIGHT / 2));
	memset(f->data[2], 128, (size_t)(f->linesize[2] * HEIGHT / 2));
	f->pts = pts_of(i);
	return f;
}

/* Pictures FIRST to LAST - 1 as one group, appended to SRC. */
static void
add_group(struct source *src, int first, int last)
{
	struct encode_conf conf = { .codec = CODEC_H264,
	    .preset = "medium", .quality = 10,
	    .width = WIDTH, .height = HEIGHT, .timescale = TIMESCALE,
	    .interval = TIMESCALE };
	struct encode_result r;
	struct encoder *e = NULL;
	int i;

	for (i = first; i < last; i++) {
		AVFrame *f = grey(i);
		struct picture picture = { f, 30, 1 };

		if (e == NULL)
			e = encoder_new(&conf, &picture, &err);
		assert(e != NULL && encoder_put(e, f, &err) == 0);
		av_frame_free(&f);
	}
	assert(encoder_finish(e, &r, &err) == 0);
	buf_reset(&src->config);
	buf_put(&src->config, r.config->p, r.config->n);
	for (i = 0; i < (int)r.count; i++, src->n++) {
		src->offset[src->n] = src->data.n + r.packets[i].offset;
		src->pts[src->n] = r.packets[i].pts;
		src->samples[src->n].bytes = r.packets[i].bytes;
		src->samples[src->n].sync = r.packets[i].sync;
	}
	buf_put(&src->data, r.data->p, r.data->n);
	encoder_free(e);
}

/* DTS three frames ahead: more than the two that are reordered. */
static void
make_source(struct source *src, int group)
{
	int i;

	memset(src, 0, sizeof(*src));
	buf_init(&src->config, 4096);
	buf_init(&src->data, 1 << 24);
	for (i = 0; i < FRAMES; i += group)
		add_group(src, i, i + group < FRAMES ? i + group : FRAMES);
	for (i = 0; i < FRAMES; i++) {
		src->samples[i].p = src->data.p + src->offset[i];
		src->dts[i] = pts_of(i) - 9000;
		src->samples[i].cts = (int32_t)(src->pts[i] - src->dts[i]);
		src->samples[i].duration =
		    (uint32_t)(pts_of(i + 1) - pts_of(i));
	}
}

static void
release_source(struct source *src)
{
	buf_release(&src->config);
	buf_release(&src->data);
}

static int64_t
cut_time(const struct source *src, int i)
{
	if (i == src->n)
		return pts_of(FRAMES);
	return src->samples[i].sync ? src->pts[i] : src->dts[i];
}

static void
put_original(struct spool *s, const struct source *src, int from, int to,
    uint32_t seq, uint32_t back)
{
	struct spool_key key = { "cam", SPOOL_SRC, 1, seq };
	struct track track = { .id = 1, .kind = TRACK_VIDEO,
	    .codec = CODEC_H264, .timescale = TIMESCALE, .width = WIDTH,
	    .height = HEIGHT, .config = src->config.p,
	    .config_bytes = src->config.n };
	struct mp4_run run = { 1, (uint64_t)src->dts[from],
	    src->samples + from, (size_t)(to - from) };
	struct fragment_info info = { .epoch = 1, .seq = seq, .back = back,
	    .name = fragment_name(key.stream, key.rendition),
	    .timescale = TIMESCALE, .start = cut_time(src, from),
	    .end = cut_time(src, to), .arrival_us = 1700000000000000 };
	char path[SPOOL_PATH_BYTES];
	struct buf b;

	if (back > 0)
		info.flags |= FRAGMENT_DEPENDENT;
	buf_init(&b, 1 << 24);
	mp4_put_ftyp(&b);
	fragment_put_info(&b, &info);
	mp4_put_moov(&b, &track, 1);
	mp4_put_prft(&b, 1, info.arrival_us, run.dts);
	mp4_put_fragment(&b, seq, &run, 1);
	assert(fragment_seal(&(struct iovec){ b.p, b.n }, 1, &err) == 0);
	spool_path(&key, path);
	assert(spool_publish(s, path, b.p, b.n, &err) == 1);
	assert(spool_ticket_put(s, &key, &err) == 0);
	buf_release(&b);
}

/* Cut every second of DTS, or at a keyframe.  Returns the last seq. */
static uint32_t
put_originals(struct spool *s, const struct source *src)
{
	uint32_t seq = 0, back = 0;
	int from, to;
	bool sync;

	for (from = 0; from < src->n; from = to) {
		sync = src->samples[from].sync;
		back = sync ? 0 : back + 1;
		for (to = from + 1; to < src->n; to++) {
			if (src->samples[to].sync ||
			    src->dts[to] - src->dts[from] >= TIMESCALE)
				break;
		}
		put_original(s, src, from, to, ++seq, back);
	}
	return seq;
}

static struct rendition rungs[] = {
	{ .name = "h264-48p", .kind = TRACK_VIDEO, .codec = CODEC_H264,
	  .height = 48, .quality = 12, .cap_bps = 2000000,
	  .preset = "veryfast" },
	{ .name = "h264-96p", .kind = TRACK_VIDEO, .codec = CODEC_H264,
	  .height = 96, .quality = 12, .cap_bps = 2000000,
	  .preset = "veryfast" },
	{ .name = "h264-32p", .kind = TRACK_VIDEO, .codec = CODEC_H264,
	  .height = 32, .quality = 12, .cap_bps = 2000000,
	  .preset = "medium" },
	{ .name = "aac", .kind = TRACK_AUDIO, .copy = true },
};
static const struct ladder ladder = { rungs, 4 };

static int
count_output(const struct spool_key *key, void *arg, struct err *e)
{
	(void)key;
	(void)e;
	++*(int *)arg;
	return 0;
}

struct made {
	struct spool	*s;
	int		 published;
	size_t		 n;
	struct decode_stats stats;
};

static int
publish(struct transcode *t, void *arg, struct err *e)
{
	struct made *made = arg;

	made->n++;
	return transcode_publish(t, made->s, count_output, &made->published,
	    e);
}

/* N from SEQ on, in one go.  -1, 0: nothing to do, or how many were made. */
static int
jobs(struct spool *s, const struct ladder *l, uint32_t seq, size_t n,
    int *published)
{
	struct transcode_conf conf = { .ladder = l, .threads = 1 };
	struct transcode ts[FRAMES] = { { .count = 0 } };
	struct transcode_sources sources = { .n = 0 };
	struct made made = { .s = s, .published = *published };
	size_t i, ready;
	int rc = 1;

	for (i = 0; i < n && rc == 1; i++) {
		struct spool_key key = { "cam", SPOOL_SRC, 1,
		    seq + (uint32_t)i };

		rc = transcode_select(&ts[i], s, &conf, &key, &err);
	}
	if (rc == 1 && (transcode_read(ts, n, s, &sources, &ready,
	    &err) == -1 ||
	    transcode_run(ts, ready, publish, &made, &err) == -1))
		rc = -1;
	*published = made.published;
	for (i = 0; i < n; i++)
		transcode_release(&ts[i]);
	transcode_release_sources(&sources);
	return rc == 1 ? (int)made.n : rc;
}

static int
job(struct spool *s, const struct ladder *l, uint32_t seq, int *published)
{
	return jobs(s, l, seq, 1, published);
}

static int
remove_entry(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
open_tmp(struct spool *s, char dir[])
{
	assert(mkdtemp(dir) != NULL);
	assert(spool_open(s, dir, true, &err) == 0);
}

static void
close_tmp(struct spool *s, const char *dir)
{
	spool_close(s);
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static bool
has(struct spool *s, const char *path)
{
	return faccessat(s->fd, path, F_OK, 0) == 0;
}

/* What is checked of a rendition over all its fragments. */
struct seen {
	int	 pictures;
	int	 times[FRAMES];		/* how often each PTS came */
	bool	 luma, joined, interval;
	int64_t	 next;			/* tfdt of the next fragment */
};

static int
index_of(int64_t pts)
{
	int i;

	for (i = 0; i < FRAMES && pts_of(i) != pts; i++)
		;
	return i;
}

static int
see_picture(const struct picture *picture, size_t which, void *arg,
    struct err *e)
{
	const AVFrame *f = picture->frame;
	struct seen *seen = arg;
	int i = index_of(f->pts), luma;

	(void)which;
	(void)e;
	if (i == FRAMES)
		return 0;
	seen->times[i]++;
	seen->pictures++;
	luma = f->data[0][f->height / 2 * f->linesize[0] + f->width / 2];
	if (abs(luma - luma_of(i)) > 4)
		seen->luma = false;
	return 0;
}

static void
see_fragment(struct spool *s, const char *rendition, uint32_t seq,
    const struct mp4 *init, struct seen *seen)
{
	struct spool_key key = { "cam", "", 1, seq };
	struct decode_sample samples[FRAMES];
	struct decode_job decode = { .samples = samples };
	struct decode_interval all = { .end = INT64_MAX };
	struct fragment_info info = { 0 };
	struct mp4 m = { 0 };
	struct buf b;
	int64_t dts;
	size_t i;

	memcpy(key.rendition, rendition, strlen(rendition) + 1);
	buf_init(&b, 1 << 24);
	assert(spool_read(s, &key, &b, &err) == 0);
	assert(fragment_get_info(b.p, b.n, &info, &err) == 0);
	assert(mp4_parse(&m, b.p, b.n, &err) == 0);
	dts = (int64_t)m.runs[0].dts;
	if (seen->next != 0 && dts != seen->next)
		seen->joined = false;
	for (i = 0; i < m.runs[0].count; i++) {
		const struct mp4_sample *sample = &m.runs[0].samples[i];

		samples[i] = (struct decode_sample){ sample->p,
		    sample->bytes,
		    dts + sample->cts - init->tracks[0].media_start };
		dts += sample->duration;
		if (sample->sync != (i == 0) || sample->cts < 0)
			seen->interval = false;
	}
	if (info.start != (int64_t)m.runs[0].dts || info.end != dts ||
	    info.flags & FRAGMENT_DEPENDENT || info.seq != seq ||
	    m.wall_us == 0)
		seen->interval = false;
	seen->next = dts;
	decode.track = &init->tracks[0];
	decode.count = all.count = m.runs[0].count;
	assert(decode_run(&decode, &all, 1, see_picture, seen, &err) == 0);
	mp4_release(&m);
	buf_release(&b);
}

static void
see(struct spool *s, const char *rendition, uint32_t last, int width,
    int height)
{
	struct seen seen = { .luma = true, .joined = true, .interval = true };
	struct spool_key key = { "cam", "", 1, 1 };
	char path[SPOOL_PATH_BYTES];
	struct mp4 init = { 0 };
	bool once = true;
	struct buf b;
	uint32_t seq;
	int i;

	memcpy(key.rendition, rendition, strlen(rendition) + 1);
	spool_init_path(&key, path);
	buf_init(&b, 1 << 20);
	assert(file_slurp(s->fd, path, &b, &err) == 0);
	assert(mp4_parse(&init, b.p, b.n, &err) == 0);
	ok(init.tracks[0].width == width && init.tracks[0].height == height,
	    "%s is %dx%d", rendition, width, height);
	for (seq = 1; seq <= last; seq++)
		see_fragment(s, rendition, seq, &init, &seen);
	for (i = 0; i < FRAMES; i++)
		once = once && seen.times[i] == 1;
	ok(once && seen.pictures == FRAMES,
	    "%s: every picture once, with its PTS", rendition);
	ok(seen.luma, "%s: and it is that picture", rendition);
	ok(seen.joined, "%s: fragments join", rendition);
	ok(seen.interval, "%s: intervals, one IDR each", rendition);
	mp4_release(&init);
	buf_release(&b);
}

static bool
same_file(struct spool *a, struct spool *b, const char *path)
{
	struct buf x, y;
	bool same;

	buf_init(&x, 1 << 24);
	buf_init(&y, 1 << 24);
	same = file_slurp(a->fd, path, &x, &err) == 0 &&
	    file_slurp(b->fd, path, &y, &err) == 0 && x.n == y.n &&
	    memcmp(x.p, y.p, x.n) == 0;
	buf_release(&x);
	buf_release(&y);
	return same;
}

static bool
same_bytes(struct spool *a, struct spool *b, const char *rendition,
    uint32_t first, uint32_t last)
{
	char path[SPOOL_PATH_BYTES];
	uint32_t seq;

	for (seq = first; seq <= last; seq++) {
		struct spool_key key = { "cam", "", 1, seq };

		memcpy(key.rendition, rendition, strlen(rendition) + 1);
		spool_path(&key, path);
		if (!same_file(a, b, path))
			return false;
	}
	return true;
}

/* A whole stream with a keyframe every GROUP pictures. */
static void
stream(int group)
{
	char dir[] = "/tmp/transcode.XXXXXX", dir2[] = "/tmp/transcode.XXXXXX";
	char dir3[] = "/tmp/transcode.XXXXXX";
	char path[SPOOL_PATH_BYTES];
	struct spool s, again, together;
	struct source src;
	uint32_t seq, last;
	bool done = true, same = true;
	int published = 0;

	open_tmp(&s, dir);
	open_tmp(&again, dir2);
	make_source(&src, group);
	last = put_originals(&s, &src);
	put_originals(&again, &src);
	for (seq = 1; seq <= last; seq++)
		done = done && job(&s, &ladder, seq, &published) == 1;
	ok(done, "keyframe every %d: all %d originals", group, (int)last);
	ok(published == 2 * (int)last, "two renditions of each");
	see(&s, "h264-48p", last, 64, 48);
	see(&s, "h264-32p", last, 42, 32);
	ok(has(&s, "www/cam/h264-96p/none-000001") &&
	    !has(&s, "www/cam/h264-96p/000001"),
	    "a rung above the source is marked");
	ok(has(&s, "www/cam/aac/none-000001"), "so is audio that is not there");
	ok(!has(&s, "queue/cam+000001+000000001"), "the ticket is gone");
	ok(job(&s, &ladder, 1, &published) == 0, "nothing is made twice");

	/* In another order, elsewhere: the same bytes. */
	for (seq = last; seq >= 1; seq--) {
		struct spool_key key = { "cam", "h264-32p", 1, seq };

		assert(job(&again, &ladder, seq, &published) == 1);
		spool_path(&key, path);
		same = same && same_file(&s, &again, path);
	}
	ok(same && same_file(&s, &again, "www/cam/h264-32p/init-000001.mp4"),
	    "another run makes the same bytes");

	/* All in one go, and not from the first on. */
	open_tmp(&together, dir3);
	put_originals(&together, &src);
	ok(jobs(&together, &ladder, 2, last - 1, &published) == (int)last - 1,
	    "%d in one go", (int)last - 1);
	ok(same_bytes(&s, &together, "h264-32p", 2, last) &&
	    same_bytes(&s, &together, "h264-48p", 2, last),
	    "make the same bytes as one by one");
	close_tmp(&together, dir3);
	release_source(&src);
	close_tmp(&s, dir);
	close_tmp(&again, dir2);
}

static void
last_resort(void)
{
	static const struct ladder tall = { &rungs[1], 1 };
	char dir[] = "/tmp/transcode.XXXXXX";
	struct spool s;
	struct source src;
	uint32_t seq, last;
	int published = 0;

	open_tmp(&s, dir);
	make_source(&src, 50);
	last = put_originals(&s, &src);
	for (seq = 1; seq <= last; seq++)
		assert(job(&s, &tall, seq, &published) == 1);
	see(&s, "h264-96p", last, 64, 48);
	release_source(&src);
	close_tmp(&s, dir);
}

static void
put_file(struct spool *s, const char *path, const char *text)
{
	assert(spool_publish(s, path, text, strlen(text), &err) == 1);
}

static void
refused(void)
{
	char dir[] = "/tmp/transcode.XXXXXX";
	char path[SPOOL_PATH_BYTES];
	struct spool_key key = { "cam", SPOOL_SRC, 1, 2 };
	struct spool s;
	struct source src;
	int published = 0;

	open_tmp(&s, dir);
	make_source(&src, FRAMES);
	put_originals(&s, &src);
	put_file(&s, "www/cam/h264-32p/init-000001.mp4", "other");
	ok(job(&s, &ladder, 1, &published) == -1 && err.cls == ERR_DATA,
	    "an init segment that differs is an error");
	ok(published == 0 && !has(&s, "www/cam/h264-48p") &&
	    !has(&s, "www/cam/h264-96p/none-000001"),
	    "and nothing is published");
	ok(has(&s, "queue/cam+000001+000000001"), "the ticket stays");

	spool_path(&key, path);
	assert(unlinkat(s.fd, path, 0) == 0);
	ok(job(&s, &ladder, 3, &published) == -1 && err.cls == ERR_INPUT,
	    "missing pre-roll is an error");
	put_file(&s, path, "garbage");
	ok(job(&s, &ladder, 2, &published) == -1 && err.cls == ERR_DATA,
	    "so is garbage");
	release_source(&src);
	close_tmp(&s, dir);
}

static int
publish_damaged(struct transcode *t, void *arg, struct err *e)
{
	struct made *made = arg;

	made->stats = t->stats;
	return publish(t, arg, e);
}

/* 0 and the statistics, or -1. */
static int
damaged_job(const struct source *src, struct decode_stats *stats,
    int *published)
{
	char dir[] = "/tmp/transcode.XXXXXX";
	struct spool_key key = { "cam", SPOOL_SRC, 1, 1 };
	struct transcode_conf conf = { .ladder = &ladder, .threads = 1 };
	struct transcode_sources sources;
	struct transcode t = { 0 };
	struct spool s;
	struct made made = { .s = &s };
	size_t ready;
	int rc;

	open_tmp(&s, dir);
	put_originals(&s, src);
	assert(transcode_select(&t, &s, &conf, &key, &err) == 1);
	assert(transcode_read(&t, 1, &s, &sources, &ready, &err) == 0);
	rc = transcode_run(&t, 1, publish_damaged, &made, &err);
	*stats = made.stats;
	*published = made.published;
	transcode_release(&t);
	transcode_release_sources(&sources);
	close_tmp(&s, dir);
	return rc;
}

static void
damaged(void)
{
	struct decode_stats stats;
	struct source src;
	int published = 0, i;

	/* The last bytes of some pictures, far from a NAL unit's length. */
	make_source(&src, FRAMES);
	for (i = 10; i < 20; i++)
		memset(src.data.p + src.offset[i] + src.samples[i].bytes - 6,
		    0xff, 6);
	ok(damaged_job(&src, &stats, &published) == 0 && published == 2,
	    "a fragment with damaged pictures is made");
	ok(stats.damaged > 0 || stats.pictures < stats.expected,
	    "and the damage is counted");
	release_source(&src);

	published = 0;
	make_source(&src, FRAMES);
	memset(src.data.p, 0xff, src.data.n);
	ok(damaged_job(&src, &stats, &published) == -1 &&
	    err.cls == ERR_DATA && published == 0,
	    "without any picture the job fails");
	release_source(&src);
}

/* Some pictures are damaged, some originals cannot be used. */
static void
damaged_together(void)
{
	char dir[] = "/tmp/transcode.XXXXXX", dir2[] = "/tmp/transcode.XXXXXX";
	char path[SPOOL_PATH_BYTES];
	struct spool_key key = { "cam", SPOOL_SRC, 1, 3 };
	struct spool alone, together;
	struct source src;
	uint32_t seq, last;
	int published = 0, i;

	make_source(&src, FRAMES);
	for (i = 35; i < 40; i++)
		memset(src.data.p + src.offset[i] + src.samples[i].bytes - 6,
		    0xff, 6);
	open_tmp(&alone, dir);
	open_tmp(&together, dir2);
	last = put_originals(&alone, &src);
	put_originals(&together, &src);
	for (seq = 1; seq <= last; seq++)
		assert(job(&alone, &ladder, seq, &published) == 1);
	ok(jobs(&together, &ladder, 1, last, &published) == (int)last &&
	    same_bytes(&alone, &together, "h264-32p", 1, last),
	    "damage shows in one go as one by one");
	close_tmp(&together, dir2);

	memcpy(dir2, "/tmp/transcode.XXXXXX", sizeof(dir2));
	open_tmp(&together, dir2);
	put_originals(&together, &src);
	spool_path(&key, path);
	assert(unlinkat(together.fd, path, 0) == 0);
	put_file(&together, path, "garbage");
	ok(jobs(&together, &ladder, 1, last, &published) == 2 &&
	    same_bytes(&alone, &together, "h264-32p", 1, 2),
	    "what is in front of a bad one is made");
	close_tmp(&alone, dir);
	close_tmp(&together, dir2);
	release_source(&src);
}

/* The queue that has the ticket of fragment 1. */
static const char *
queue_of(struct spool *s)
{
	if (has(s, "queue/cam+000001+000000001"))
		return "queue";
	return has(s, "later/cam+000001+000000001") ? "later" : "none";
}

/* Under load the upper rung is put off, and made afterwards. */
static void
shed(void)
{
	static struct rendition both[2];
	static const struct ladder l = { both, 2 };
	char dir[] = "/tmp/transcode.XXXXXX";
	struct spool_key key = { "cam", SPOOL_SRC, 1, 1 };
	struct transcode_conf conf = { .ladder = &l, .behind = 2,
	    .threads = 1 };
	struct transcode t = { 0 };
	struct transcode_sources sources;
	struct source src;
	struct spool s;
	struct made made = { .s = &s };
	size_t ready;
	int published = 1, rc;

	both[0] = rungs[0];
	both[1] = rungs[2];
	both[0].shed = 2;
	make_source(&src, FRAMES);
	open_tmp(&s, dir);
	put_originals(&s, &src);
	ok(transcode_select(&t, &s, &conf, &key, &err) == 1 && t.count == 2 &&
	    !t.shed, "not behind far enough: nothing is shed");
	transcode_release(&t);

	memset(&t, 0, sizeof(t));
	conf.behind = 3;
	rc = transcode_select(&t, &s, &conf, &key, &err);
	ok(rc == 1 && t.count == 1 && t.outputs[0].rendition == &both[1] &&
	    t.shed, "further behind: only what may not be shed");
	ok(transcode_read(&t, 1, &s, &sources, &ready, &err) == 0 &&
	    transcode_run(&t, 1, publish, &made, &err) == 0 &&
	    made.published == 1, "is made");
	ok(strcmp(queue_of(&s), "later") == 0, "and its ticket put off");
	transcode_release(&t);
	transcode_release_sources(&sources);

	memset(&t, 0, sizeof(t));
	ok(transcode_select(&t, &s, &conf, &key, &err) == 0 &&
	    strcmp(queue_of(&s), "later") == 0,
	    "still behind, there is nothing to do");
	transcode_release(&t);
	ok(job(&s, &l, 1, &published) == 1 && published == 2 &&
	    strcmp(queue_of(&s), "none") == 0, "later the rest is made");
	release_source(&src);
	close_tmp(&s, dir);
}

int
main(void)
{
	avlog_route();
	shed();
	stream(60);
	stream(FRAMES);
	last_resort();
	refused();
	damaged();
	damaged_together();
	return done_testing();
}
