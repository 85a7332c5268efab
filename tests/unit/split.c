#include "split_run.h"

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

/* What is between the samples of a fragment is not kept with them. */
static void
test_between(void)
{
	static const uint8_t nothing[1000000];
	struct run pure, mixed;

	begin(&pure);
	VIDEO_CONFIG(&pure, avcc);
	AUDIO_CONFIG(&pure, asc);
	both(&pure, 0, 1500, 25);
	both(&pure, 1500, 2000, 25);
	finish(&pure);
	begin(&mixed);
	VIDEO_CONFIG(&mixed, avcc);
	AUDIO_CONFIG(&mixed, asc);
	both(&mixed, 0, 1500, 25);
	for (int i = 0; i < 200; i++)
		put_tag(&mixed, 18, 1500, NULL, 0, nothing, sizeof(nothing));
	both(&mixed, 1500, 2000, 25);
	finish(&mixed);
	ok(mixed.rc == 0 && mixed.n == pure.n, "200 MB in a fragment that "
	    "are not of it (%s)", mixed.err.text);
	for (size_t i = 0; i < pure.n; i++)
		ok(mixed.out[i].n == pure.out[i].n && memcmp(mixed.out[i].p,
		    pure.out[i].p, pure.out[i].n) == 0, "fragment %zu is the "
		    "same", i);
	end(&pure);
	end(&mixed);
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

static void
test_two_videos(void)
{
	const struct mp4_run *second;
	struct run r;

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

	/* The first one has a keyframe each second, the second at 0.48 s. */
	begin(&r);
	put_tag(&r, 9, 0, "\x96\0avc1\1", 7, avcc, sizeof(avcc));
	VIDEO_CONFIG(&r, avcc);
	for (int i = 0; i < 75; i++) {
		video(&r, i * 40, 0, i % 25 == 0);
		put_tag(&r, 9, i * 40, i == 0 || i % 25 == 12 ?
		    "\x96\3avc1\1" : "\xa6\3avc1\1", 7,
		    i == 0 || i % 25 == 12 ? idr : inter, 6);
	}
	finish(&r);
	ok(r.rc == 0 && r.n == 3 && contiguous(&r, 0, 2) &&
	    r.info[1].flags == 0 && r.info[1].start == 1000 * 90,
	    "the first track of video cuts");
	second = r.n == 3 ? mp4_run(&r.mp4[1], 3) : NULL;
	ok(second != NULL && second->count == 25 &&
	    !second->samples[0].sync && second->samples[12].sync &&
	    !second->samples[13].sync,
	    "a keyframe of the second is one where it is");
	end(&r);
}

int
main(void)
{
	test_cuts();
	test_tracks();
	test_configs();
	test_payloads();
	test_feeding();
	test_between();
	test_open_gop();
	test_nano();
	test_two_videos();
	return done_testing();
}
