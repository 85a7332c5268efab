#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "media/split.h"
#include "tap.h"

#define OUT_MAX	64

/* Baseline, 160x128 and 160x144. */
static const uint8_t avcc[] = { 1, 0x42, 0x00, 0x1e, 0xff, 0xe1, 0, 8, 0x67,
    0x42, 0x00, 0x1e, 0xdc, 0x28, 0x44, 0x40, 1, 0, 2, 0x68, 0xce };
static const uint8_t avcc2[] = { 1, 0x42, 0x00, 0x1e, 0xff, 0xe1, 0, 8, 0x67,
    0x42, 0x00, 0x1e, 0xdc, 0x28, 0x4c, 0x40, 1, 0, 2, 0x68, 0xce };
static const uint8_t asc[] = { 0x11, 0x90 };		/* LC, 48 kHz */
static const uint8_t asc960[] = { 0x11, 0x94 };
static const uint8_t asc_he[] = { 0x2b, 0x11, 0x88, 0x00 };	/* 24 kHz core */

static const uint8_t idr[] = { 0, 0, 0, 2, 0x65, 0x88 };
static const uint8_t inter[] = { 0, 0, 0, 2, 0x41, 0x9a };

/* One splitter, what goes in and what came out. */
struct run {
	struct split	*s;
	struct buf	 in;
	struct buf	 out[OUT_MAX];
	struct fragment_info info[OUT_MAX];
	struct mp4	 mp4[OUT_MAX];
	size_t		 n;
	int		 fail_at;	/* emit() fails then; -1: never */
	bool		 discard;	/* do not keep what comes out */
	int		 rc;
	struct err	 err;
	struct split_stats stats;
};

static int
emit(void *arg, struct iovec *iov, int count, struct err *err)
{
	struct run *r = arg;
	struct buf *b = &r->out[r->n];

	if (r->discard)
		return 0;
	if ((int)r->n == r->fail_at)
		return err_set(err, ERR_IO, "no more");
	if (r->n == OUT_MAX)
		abort();
	buf_init(b, LIMIT_FRAGMENT_BYTES);
	for (int i = 0; i < count; i++)
		buf_put(b, iov[i].iov_base, iov[i].iov_len);
	r->n++;
	return 0;
}

static void
begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->fail_at = -1;
	buf_init(&r->in, 1 << 28);
	buf_put(&r->in, "FLV\1\5\0\0\0\x09\0\0\0\0", 13);
}

static void
put_tag(struct run *r, uint8_t type, int64_t ms, const void *head,
    size_t head_bytes, const void *body, size_t n)
{
	struct buf *b = &r->in;
	const uint32_t ts = (uint32_t)ms;

	buf_put_u8(b, type);
	buf_put_u24(b, (uint32_t)(head_bytes + n));
	buf_put_u24(b, ts & 0xffffff);
	buf_put_u8(b, (uint8_t)(ts >> 24));
	buf_put_u24(b, 0);
	buf_put(b, head, head_bytes);
	buf_put(b, body, n);
	buf_put_u32(b, (uint32_t)(11 + head_bytes + n));
}

#define VIDEO_CONFIG(r, c)	\
	put_tag(r, 9, 0, "\x17\0\0\0\0", 5, c, sizeof(c))
#define AUDIO_CONFIG(r, c)	put_tag(r, 8, 0, "\xaf\0", 2, c, sizeof(c))

static void
video(struct run *r, int64_t ms, int32_t cts_ms, bool key)
{
	const uint8_t head[] = { key ? 0x17 : 0x27, 1,
	    (uint8_t)((uint32_t)cts_ms >> 16), (uint8_t)((uint32_t)cts_ms >> 8),
	    (uint8_t)cts_ms };

	put_tag(r, 9, ms, head, sizeof(head), key ? idr : inter, 6);
}

static void
audio(struct run *r, int64_t ms)
{
	put_tag(r, 8, ms, "\xaf\1", 2, "frame", 5);
}

/* 25 pictures a second from FROM_MS until TO_MS, a keyframe every GOP. */
static void
pictures(struct run *r, int64_t from_ms, int64_t to_ms, int gop)
{
	int i = 0;

	for (int64_t ms = from_ms; ms < to_ms; ms += 40)
		video(r, ms, 0, i++ % gop == 0);
}

static void
sounds(struct run *r, int64_t from_ms, int64_t to_ms)
{
	for (int64_t i = 0; from_ms + i * 64 / 3 < to_ms; i++)
		audio(r, from_ms + i * 64 / 3);
}

static void
both(struct run *r, int64_t from_ms, int64_t to_ms, int gop)
{
	int64_t sound = 0, picture = 0;

	for (int64_t ms = from_ms; ms < to_ms; ms++) {
		if (ms == from_ms + picture * 40)
			video(r, ms, 0, picture++ % gop == 0);
		if (ms == from_ms + sound * 64 / 3) {
			audio(r, ms);
			sound++;
		}
	}
}

/* Split what was put, STEP bytes at a time, and read what comes out. */
static void
finish_in_steps(struct run *r, const struct split_conf *options, size_t step)
{
	struct split_conf conf = { .duration_ms = 1000, .max_gap_ms = 10000 };
	size_t room, n;
	uint8_t *to;

	if (options != NULL)
		conf = *options;
	conf.emit = emit;
	conf.arg = r;
	r->s = split_new(&conf, &r->err);
	for (size_t at = 0; at < r->in.n && r->rc == 0; at += n) {
		to = split_room(r->s, &room, &r->err);
		n = r->in.n - at < room ? r->in.n - at : room;
		n = n < step ? n : step;
		memcpy(to, r->in.p + at, n);
		r->rc = split_feed(r->s, n, 0, &r->err);
	}
	if (r->rc == 0)
		r->rc = split_finish(r->s, SPLIT_END_INPUT, &r->err);
	r->stats = *split_stats(r->s);
	split_free(r->s);
	for (size_t i = 0; i < r->n; i++)
		if (fragment_get_info(r->out[i].p, r->out[i].n, &r->info[i],
		    &r->err) == -1 || mp4_parse(&r->mp4[i], r->out[i].p,
		    r->out[i].n, &r->err) == -1) {
			ok(false, "fragment %zu: %s", i, r->err.text);
			exit(1);
		}
}

static void
finish(struct run *r)
{
	finish_in_steps(r, NULL, SIZE_MAX);
}

static void
end(struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		mp4_release(&r->mp4[i]);
		buf_release(&r->out[i]);
	}
	buf_release(&r->in);
}

/* All samples of a kind, in all fragments. */
static size_t
samples(const struct run *r, enum track_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->mp4[i].nruns; k++)
			if (mp4_track(&r->mp4[i],
			    r->mp4[i].runs[k].track_id)->kind == kind)
				n += r->mp4[i].runs[k].count;
	return n;
}

/* The run of a kind in fragment I. */
static const struct mp4_run *
run_of(const struct run *r, size_t i, enum track_kind kind)
{
	for (size_t k = 0; k < r->mp4[i].nruns; k++)
		if (mp4_track(&r->mp4[i], r->mp4[i].runs[k].track_id)->kind ==
		    kind)
			return &r->mp4[i].runs[k];
	return NULL;
}

/* Intervals and decode times without holes from fragment A to B. */
static bool
contiguous(const struct run *r, size_t a, size_t b)
{
	const struct mp4_run *last[MP4_TRACKS_MAX + 1] = { NULL };
	uint64_t dts;

	for (size_t i = a; i <= b; i++) {
		if (i > a && r->info[i].start != r->info[i - 1].end)
			return false;
		for (size_t k = 0; k < r->mp4[i].nruns; k++) {
			const struct mp4_run *run = &r->mp4[i].runs[k];
			const struct mp4_run *prev = last[run->track_id];

			if (prev != NULL) {
				dts = prev->dts;
				for (size_t j = 0; j < prev->count; j++)
					dts += prev->samples[j].duration;
				if (dts != run->dts)
					return false;
			}
			last[run->track_id] = run;
		}
	}
	return true;
}

static void
test_cuts(void)
{
	struct split_conf conf = { .duration_ms = 1000, .max_gap_ms = 10000,
	    .cut = SPLIT_CUT_KEYFRAME };
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 0, 3000, 20);		/* keyframes each 800 ms */
	finish(&r);
	ok(r.rc == 0 && r.n == 4 && r.info[1].start == 800 * 90 &&
	    r.info[2].start == 1600 * 90 && r.info[3].start == 2400 * 90 &&
	    r.info[3].flags == FRAGMENT_LAST && r.info[1].flags == 0,
	    "keyframes a bit early are cut at");
	ok(contiguous(&r, 0, 3) && samples(&r, TRACK_VIDEO) == 75 &&
	    samples(&r, TRACK_AUDIO) == 141, "nothing lost, no holes");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 0, 3000, 30);		/* each 1200 ms */
	finish(&r);
	ok(r.n == 3 && r.info[1].start == 1000 * 90 &&
	    r.info[1].flags == FRAGMENT_DEPENDENT && r.info[1].back == 1 &&
	    r.info[2].start == 2000 * 90 && r.info[2].back == 1,
	    "keyframes a bit late are not waited for");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	for (int i = 0; i < 60; i++)	/* 1000 ms, cut to 999 at first */
		video(&r, i * 40 - (i > 0 && i < 40), 0, i == 0);
	finish(&r);
	ok(r.n == 3 && r.info[1].start == 999 * 90 &&
	    r.info[2].start == 2000 * 90,
	    "a picture may be a millisecond early: times are rounded");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	for (int i = 0; i < 75; i++)
		video(&r, i * 40, 80, i % 50 == 0);
	finish(&r);
	ok(r.n == 3 && r.info[0].start == 80 * 90 &&
	    r.info[1].start == 1000 * 90 && r.info[2].start == 2080 * 90 &&
	    r.info[2].end == 3080 * 90 && contiguous(&r, 0, 2),
	    "reordered pictures: intervals from when a keyframe is shown");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	pictures(&r, 0, 45000, 1000000);
	finish_in_steps(&r, &conf, SIZE_MAX);
	ok(r.n == 3 && r.info[1].start == 20000 * 90 && r.info[1].back == 1 &&
	    r.info[2].start == 40000 * 90 && r.info[2].back == 2,
	    "by keyframes, without any: cut after 20 s all the same");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	video(&r, 0, 0, true);
	for (int i = 0; i < 6000; i++)
		video(&r, 1, 0, false);
	finish_in_steps(&r, &conf, SIZE_MAX);
	ok(r.n == 2 &&
	    run_of(&r, 0, TRACK_VIDEO)->count == LIMIT_FRAGMENT_SAMPLES &&
	    contiguous(&r, 0, 1), "too many pictures for one fragment");
	end(&r);
}

static void
test_tracks(void)
{
	struct run r;

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	sounds(&r, 0, 5000);
	finish(&r);
	ok(r.rc == 0 && r.n == 5 && r.info[0].timescale == 48000 &&
	    r.info[1].start == 47 * 1024 && contiguous(&r, 0, 4) &&
	    samples(&r, TRACK_AUDIO) == 235, "audio alone");
	end(&r);

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	sounds(&r, 0, 1500);
	VIDEO_CONFIG(&r, avcc);
	both(&r, 1500, 4000, 25);
	finish(&r);
	ok(r.stats.epochs == 1 && r.info[0].start == 1500 * 90 &&
	    r.mp4[0].ntracks == 2 && samples(&r, TRACK_VIDEO) == 63,
	    "video 1.5 s after audio: one epoch");
	ok(run_of(&r, 0, TRACK_AUDIO)->dts >= 48000 &&
	    run_of(&r, 0, TRACK_AUDIO)->dts < 49024,
	    "with half a second of the audio before it");
	end(&r);

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	sounds(&r, 0, 5000);
	VIDEO_CONFIG(&r, avcc);
	both(&r, 5000, 7000, 25);
	finish(&r);
	ok(r.stats.epochs == 2 && r.mp4[0].ntracks == 1 &&
	    r.mp4[r.n - 1].ntracks == 2 && samples(&r, TRACK_VIDEO) == 50,
	    "video 5 s after audio: another epoch");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	pictures(&r, 0, 4200, 50);
	AUDIO_CONFIG(&r, asc);
	both(&r, 4200, 6200, 1000000);	/* begins with a keyframe */
	finish(&r);
	ok(r.stats.epochs == 2 && r.mp4[0].ntracks == 1 &&
	    r.mp4[r.n - 1].ntracks == 2 && samples(&r, TRACK_VIDEO) == 155,
	    "audio after video: another epoch at the next keyframe");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	video(&r, 0, 0, false);
	video(&r, 40, 0, false);
	for (int i = 0; i < 20; i++)
		audio(&r, i * 64 / 3);
	both(&r, 420, 1400, 25);
	finish(&r);
	ok(r.n == 1 && r.stats.video_dropped == 2 &&
	    r.info[0].start == 420 * 90 && r.info[0].flags ==
	    (FRAGMENT_EPOCH_START | FRAGMENT_LAST) &&
	    run_of(&r, 0, TRACK_AUDIO)->dts == 0,
	    "pictures before the first keyframe are dropped, audio is not");
	end(&r);
}

static void
test_vanishing_video(void)
{
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 0, 2000, 25);
	sounds(&r, 2000, 20000);
	both(&r, 20000, 22000, 25);
	finish(&r);
	ok(r.rc == 0 && r.stats.epochs == 3 && r.mp4[0].ntracks == 2 &&
	    r.mp4[14].ntracks == 1 && r.mp4[r.n - 1].ntracks == 2,
	    "video that stops and comes back: three epochs");
	ok(r.mp4[5].ntracks == 2 && r.mp4[5].nruns == 1 &&
	    run_of(&r, 5, TRACK_AUDIO)->count == 47 && r.info[5].flags == 0 &&
	    r.info[5].start == r.info[4].end &&
	    r.info[5].end == r.info[5].start + 90000,
	    "and until then sound goes on to be cut each second");
	ok(samples(&r, TRACK_VIDEO) == 100, "all pictures are there");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 0, 1000, 25);
	pictures(&r, 1000, 31000, 25);
	both(&r, 31000, 32000, 25);
	finish(&r);
	ok(r.stats.epochs == 1 && r.n == 32 &&
	    run_of(&r, 20, TRACK_AUDIO) == NULL &&
	    run_of(&r, 31, TRACK_AUDIO)->dts == 31 * 48000,
	    "audio that pauses for 30 s: one epoch, its time goes on");
	end(&r);
}

static void
test_configs(void)
{
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 0, 1500, 25);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 1500, 2000, 1000000);
	VIDEO_CONFIG(&r, avcc2);
	both(&r, 2000, 3000, 25);
	finish(&r);
	ok(r.stats.epochs == 2 && r.n == 3 &&
	    r.mp4[0].tracks[0].height == 128 &&
	    r.mp4[2].tracks[0].height == 144 &&
	    r.info[2].flags == (FRAGMENT_EPOCH_START | FRAGMENT_LAST),
	    "another size: another epoch; the same again: none");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 0, 1480, 25);		/* keyframes at 0 and 1000 */
	AUDIO_CONFIG(&r, asc960);
	for (int i = 0; i < 26; i++)
		audio(&r, 1480 + i * 20);
	for (int i = 0; i < 13; i++)
		video(&r, 1480 + i * 40, 0, false);
	both(&r, 2000, 3000, 25);
	finish(&r);
	ok(r.stats.epochs == 2 && r.stats.video_dropped == 0 &&
	    r.info[2].flags == (FRAGMENT_EPOCH_START | FRAGMENT_LAST) &&
	    run_of(&r, 2, TRACK_AUDIO)->samples[0].duration == 960,
	    "other audio: another epoch at the next keyframe");
	ok(run_of(&r, 2, TRACK_AUDIO)->dts <= 1520 * 48,
	    "with half a second of audio before it");
	end(&r);

	begin(&r);
	AUDIO_CONFIG(&r, asc_he);
	for (int i = 0; i < 80; i++)
		audio(&r, i * 128 / 3);
	finish(&r);
	ok(r.info[0].timescale == 24000 &&
	    run_of(&r, 0, TRACK_AUDIO)->samples[0].duration == 1024 &&
	    contiguous(&r, 0, r.n - 1), "HE-AAC: counted at the core's rate");
	end(&r);

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	AUDIO_CONFIG(&r, "");		/* one byte: a NUL */
	put_tag(&r, 9, 0, "\x17\0\0\0\0", 5, "xx", 2);
	sounds(&r, 0, 3000);
	finish(&r);
	ok(r.rc == 0 && r.n == 3 && r.stats.ignored == 2,
	    "configurations that make no sense are ignored");
	end(&r);
}

static void
test_video_time(void)
{
	const struct mp4_run *v;
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	video(&r, 0, 80, true);
	video(&r, 40, 0, false);
	video(&r, 40, 80, false);	/* again */
	video(&r, 30, 90, false);	/* back */
	video(&r, 120, 0, false);
	finish(&r);
	v = run_of(&r, 0, TRACK_VIDEO);
	ok(r.n == 1 && v->count == 5 && v->samples[1].duration == 1 &&
	    v->samples[2].duration == 1 &&
	    v->samples[3].duration == 80 * 90 - 2,
	    "equal and backward times: one tick further");
	ok(v->samples[2].cts == 80 * 90 - 1 &&
	    v->samples[3].cts == 80 * 90 - 2, "when it is shown stays");
	ok(v->samples[4].duration == 80 * 90 - 2, "the last one lasts as the one "
	    "before: %u", (unsigned)v->samples[4].duration);
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	for (int i = 0; i < 50; i++)
		video(&r, 1000 + i * 40, -34, i == 0);
	finish(&r);
	v = run_of(&r, 1, TRACK_VIDEO);
	ok(r.n == 2 && v->samples[0].cts == 0 && v->dts == 1966 * 90 &&
	    r.info[0].start == 966 * 90 && r.info[1].start == 1966 * 90,
	    "shown before decoded: DTS is moved, PTS is not");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	for (int i = 0; i < 50; i++)
		video(&r, i * 40, -34, i == 0);
	finish(&r);
	ok(r.info[0].start == 966 * 90, "below zero: all is moved by 1 s");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	video(&r, 0, 0, true);
	video(&r, 40, 8000000, false);
	video(&r, 80, -8000000, false);
	finish(&r);
	v = run_of(&r, 0, TRACK_VIDEO);
	ok(r.rc == 0 && r.stats.ignored == 2 && v->samples[1].cts == 0 &&
	    v->samples[2].cts == 0 && r.info[0].end == 120 * 90,
	    "hours between decoding and showing: not believed");
	end(&r);
}

/* Audio crosses the end of 32 bits before video does, or after it. */
static void
test_wrap(int64_t audio_ahead_ms)
{
	const int64_t from = (INT64_C(1) << 32) - 1000;
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	for (int i = 0; i < 150; i++) {
		if (i % 2 == 0)
			video(&r, from + i * 20, 0, i % 50 == 0);
		audio(&r, from + audio_ahead_ms + i * 64 / 3);
	}
	finish(&r);
	ok(r.rc == 0 && r.stats.epochs == 1 && r.n == 3 &&
	    r.info[2].start == (from + 2000) * 90 &&
	    contiguous(&r, 0, 2), "2^32 ms, audio %+d ms",
	    (int)audio_ahead_ms);
	end(&r);
}

static void
test_audio_time(void)
{
	const struct mp4_run *a;
	struct run r;
	bool even = true;

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	for (int i = 0; i < 40; i++)
		audio(&r, i * 64 / 3 + i * 7 % 30);	/* jitter */
	finish(&r);
	a = run_of(&r, 0, TRACK_AUDIO);
	for (size_t i = 0; i < a->count; i++)
		even = even && a->samples[i].duration == 1024;
	ok(even, "30 ms of jitter leave no trace");
	end(&r);

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	sounds(&r, 0, 320);
	sounds(&r, 420, 900);
	finish(&r);
	a = run_of(&r, 0, TRACK_AUDIO);
	ok(a->samples[13].duration == 1024 &&
	    a->samples[14].duration == 1024 + 4800,
	    "a gap of 100 ms: the sample before it is longer");
	end(&r);

	begin(&r);
	AUDIO_CONFIG(&r, asc);
	sounds(&r, 0, 320);
	sounds(&r, 270, 900);
	finish(&r);
	a = run_of(&r, 0, TRACK_AUDIO);
	ok(a->samples[14].duration > 0 && a->samples[14].duration < 1024 &&
	    r.stats.epochs == 1, "50 ms back: the sample before is shorter");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	video(&r, 0, 0, true);
	audio(&r, 0xfffffff0);
	pictures(&r, 40, 2000, 25);
	finish(&r);
	ok(r.rc == 0 && r.stats.epochs == 1 && run_of(&r, 0, TRACK_AUDIO)->dts
	    == 0, "audio before time began");
	end(&r);
}

static void
test_steps(void)
{
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 500000, 502000, 25);
	both(&r, 0, 2000, 25);
	finish(&r);
	ok(r.rc == 0 && r.stats.epochs == 2 && r.n == 4 &&
	    r.info[2].flags == FRAGMENT_EPOCH_START &&
	    r.info[2].start == 0 && samples(&r, TRACK_VIDEO) == 100 &&
	    contiguous(&r, 0, 1) && contiguous(&r, 2, 3),
	    "back to zero: another epoch, nothing lost");
	ok(r.info[1].end == 502000 * 90, "the one before ends with its last "
	    "picture");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	pictures(&r, 0, 1000, 25);
	pictures(&r, 500, 1500, 25);	/* 460 ms back */
	finish(&r);
	ok(r.stats.epochs == 1 && samples(&r, TRACK_VIDEO) == 50,
	    "0.46 s back: the same epoch");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	pictures(&r, 0, 1000, 25);
	pictures(&r, 440, 1500, 25);	/* 520 ms back */
	finish(&r);
	ok(r.stats.epochs == 2, "0.52 s back: another epoch");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	pictures(&r, 0, 1000, 25);
	pictures(&r, 9000, 10000, 25);
	finish(&r);
	ok(r.stats.epochs == 1 && r.n == 2 && contiguous(&r, 0, 1),
	    "8 s forward: the same epoch");
	end(&r);

	begin(&r);
	r.discard = true;
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	for (int i = 0; i < 600; i++) {
		video(&r, (int64_t)i * 0x7fffffff, 0, true);
		audio(&r, (int64_t)i * 0x7fffffff);
	}
	finish(&r);
	ok(r.rc == -1 && r.err.cls == ERR_DATA && r.stats.fragments > 500,
	    "a wild clock ends where sums would overflow: %s", r.err.text);
	end(&r);
}

static void
test_payloads(void)
{
	static const uint8_t annexb[] = { 0, 0, 0, 1, 0x65, 0x88, 0x80, 0, 0,
	    1, 0x65, 0x11 };
	static const uint8_t fixed[] = { 0, 0, 0, 3, 0x65, 0x88, 0x80, 0, 0,
	    0, 2, 0x65, 0x11 };
	static const uint8_t padded[] = { 0, 0, 0, 2, 0x65, 0x88, 0, 0, 0, 0,
	    0, 0 };
	const struct mp4_run *v;
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	put_tag(&r, 9, 0, "\x17\1\0\0\0", 5, annexb, sizeof(annexb));
	put_tag(&r, 9, 40, "\x17\1\0\0\0", 5, padded, sizeof(padded));
	put_tag(&r, 9, 80, "\x17\1\0\0\0", 5, "\0\0\0\2\x09\xf0", 6);
	put_tag(&r, 9, 120, "\x17\1\0\0\0", 5, "", 0);
	finish(&r);
	v = run_of(&r, 0, TRACK_VIDEO);
	ok(v->count == 2 && v->samples[0].bytes == sizeof(fixed) &&
	    memcmp(v->samples[0].p, fixed, sizeof(fixed)) == 0,
	    "start codes become lengths");
	ok(v->samples[1].bytes == 6, "padding is left out");
	ok(r.stats.ignored == 1, "what has no picture is ignored");
	end(&r);

	begin(&r);
	put_tag(&r, 9, 0, "\x90" "avc1", 5, avcc, sizeof(avcc));
	put_tag(&r, 9, 0, "\x91" "avc1\0\0\x28", 8, idr, 6);
	put_tag(&r, 9, 40, "\xa3" "avc1", 5, inter, 6);
	put_tag(&r, 8, 0, "\x90mp4a", 5, asc, sizeof(asc));
	put_tag(&r, 8, 0, "\x94mp4a", 5, "\1\2\0\0\0\3", 6);
	put_tag(&r, 8, 0, "\x91mp4a", 5, "frame", 5);
	finish(&r);
	ok(r.rc == 0 && r.n == 1 && r.info[0].start == 40 * 90 &&
	    samples(&r, TRACK_VIDEO) == 2 && samples(&r, TRACK_AUDIO) == 1,
	    "Enhanced RTMP with the same codecs");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	pictures(&r, 0, 2000, 25);
	put_tag(&r, 9, 2000, "\x90hvc1", 5, "x", 1);
	put_tag(&r, 9, 2000, "\x1f", 1, "x", 1);
	pictures(&r, 2000, 3000, 25);
	finish(&r);
	ok(r.rc == 0 && r.n == 3 && r.stats.ignored == 2,
	    "single messages of another codec are ignored");
	end(&r);

	begin(&r);
	put_tag(&r, 9, 0, "\x90vp08", 5, "x", 1);
	finish(&r);
	ok(r.rc == -1 && r.err.cls == ERR_DATA && strstr(r.err.text,
	    "video codec VP8 (FourCC 'vp08') is not supported") != NULL,
	    "a stream of another codec: %s", r.err.text);
	end(&r);
}

static void
test_feeding(void)
{
	struct run whole, bytes;

	begin(&whole);
	VIDEO_CONFIG(&whole, avcc);
	AUDIO_CONFIG(&whole, asc);
	both(&whole, 0, 3000, 25);
	begin(&bytes);
	buf_reset(&bytes.in);
	buf_put(&bytes.in, whole.in.p, whole.in.n);
	finish(&whole);
	finish_in_steps(&bytes, NULL, 1);
	ok(whole.n == 3 && bytes.n == 3 && whole.out[1].n == bytes.out[1].n &&
	    memcmp(whole.out[1].p, bytes.out[1].p, bytes.out[1].n) == 0,
	    "a byte at a time: the same");
	end(&whole);
	end(&bytes);

	begin(&whole);
	whole.fail_at = 1;
	VIDEO_CONFIG(&whole, avcc);
	pictures(&whole, 0, 5000, 25);
	finish(&whole);
	ok(whole.rc == -1 && whole.err.cls == ERR_IO && whole.n == 1,
	    "what emit() says is what comes back");
	end(&whole);
}

/* 160x120, as x265 says it. */
static const uint8_t hvcc[] = { 1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 30,
    0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 1, 0xa1, 0, 1, 0, 33,
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00,
    0x03, 0x00, 0x00, 0x03, 0x00, 0x1e, 0xa0, 0x14, 0x20, 0x7a, 0x65, 0x92,
    0x4c, 0xaf, 0x01, 0x60, 0x20, 0x00, 0x00, 0x03, 0x00 };

#define HEVC_IDR	19
#define HEVC_CRA	21
#define HEVC_OTHER	1

static void
hevc(struct run *r, int64_t ms, uint8_t type)
{
	const uint8_t unit[] = { 0, 0, 0, 3, (uint8_t)(type << 1), 1, 7 };

	put_tag(r, 9, ms, type == HEVC_OTHER ? "\xa3hvc1" : "\x93hvc1", 5,
	    unit, sizeof(unit));
}

static void
test_open_gop(void)
{
	struct run r;

	begin(&r);
	put_tag(&r, 9, 0, "\x90hvc1", 5, hvcc, sizeof(hvcc));
	for (int64_t i = 0; i < 100; i++)
		hevc(&r, i * 40, i == 0 ? HEVC_IDR : i % 25 == 0 ? HEVC_CRA :
		    HEVC_OTHER);
	finish(&r);
	ok(r.rc == 0 && r.n == 4 && samples(&r, TRACK_VIDEO) == 100,
	    "HEVC with open groups of pictures: %s", r.err.text);
	ok(r.info[0].flags == FRAGMENT_EPOCH_START && r.info[1].back == 1 &&
	    r.info[1].flags == FRAGMENT_DEPENDENT && r.info[2].back == 1 &&
	    r.mp4[1].runs[0].samples[0].sync,
	    "CRA: a sync sample, but what follows may need what was before");
	end(&r);
}

/* Where a picture is shown, in ticks. */
static int64_t
shown(const struct run *r, size_t i, size_t sample)
{
	const struct mp4_run *run = &r->mp4[i].runs[0];
	int64_t dts = (int64_t)run->dts;

	for (size_t k = 0; k < sample; k++)
		dts += run->samples[k].duration;
	return dts + run->samples[sample].cts;
}

static void
test_nano(void)
{
	struct run r;

	begin(&r);
	put_tag(&r, 9, 0, "\x90hvc1", 5, hvcc, sizeof(hvcc));
	put_tag(&r, 9, 0, "\x93hvc1", 5, "\0\0\0\3\x26\1x", 7);
	/* 1/60 s: 16 ms and 666667 ns are 1500 ticks. */
	put_tag(&r, 9, 16, "\xa7\2\x0a\x2c\x2b\3hvc1", 10,
	    "\0\0\0\3\2\1x", 7);
	finish(&r);
	ok(r.rc == 0 && r.n == 1 && shown(&r, 0, 1) == 1500 &&
	    r.mp4[0].runs[0].samples[0].duration == 16 * 90,
	    "nanoseconds move when a picture is shown, not its decoding");
	end(&r);
}

/* Checklist of the tags of OBS and others. */
static void
test_clock(void)
{
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	both(&r, 100000, 101000, 25);
	VIDEO_CONFIG(&r, avcc);		/* at 0, as OBS sends them */
	AUDIO_CONFIG(&r, asc);
	put_tag(&r, 18, 0, "\2\0\12onMetaData", 13, "", 0);
	put_tag(&r, 9, 0, "\x17\2\0\0\0", 5, "", 0);
	put_tag(&r, 9, 0, "\xa2" "avc1", 5, "", 0);
	both(&r, 101000, 102000, 25);
	finish(&r);
	ok(r.rc == 0 && r.n == 2 && r.stats.epochs == 1 &&
	    r.info[0].start == 100000 * 90 && r.info[1].start == 101000 * 90,
	    "headers, metadata and ends of sequence never move the clock");
	end(&r);

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	audio(&r, 0);
	put_tag(&r, 8, 0, "\xaf\0", 2, "", 0);
	put_tag(&r, 8, 10, "", 0, "", 0);
	AUDIO_CONFIG(&r, asc);
	both(&r, 20, 1000, 25);
	finish(&r);
	ok(r.rc == 0 && r.n == 1 && r.stats.epochs == 1 &&
	    r.stats.audio_dropped == 1 && r.stats.ignored == 0,
	    "AAC before its configuration, and an empty one, do no harm");
	end(&r);

	begin(&r);
	put_tag(&r, 9, 0, "\x96\0avc1\1", 7, avcc, sizeof(avcc));
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	for (int64_t ms = 0; ms < 1000; ms += 40) {
		video(&r, ms, 0, ms == 0);
		put_tag(&r, 9, ms, ms == 0 ? "\x96\3avc1\1" :
		    "\xa6\3avc1\1", 7, ms == 0 ? idr : inter, 6);
	}
	finish(&r);
	ok(r.rc == 0 && r.mp4[0].ntracks == 3 &&
	    mp4_run(&r.mp4[0], 3) != NULL &&
	    mp4_run(&r.mp4[0], 3)->count == 25 &&
	    mp4_run(&r.mp4[0], 1)->count == 25,
	    "two tracks of video: both are there, with IDs of their own");
	end(&r);
}

int
main(void)
{
	test_cuts();
	test_tracks();
	test_vanishing_video();
	test_configs();
	test_video_time();
	test_wrap(0);
	test_wrap(50);
	test_wrap(-50);
	test_audio_time();
	test_steps();
	test_payloads();
	test_feeding();
	test_open_gop();
	test_nano();
	test_clock();
	return done_testing();
}
