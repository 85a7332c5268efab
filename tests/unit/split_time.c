#include "split_run.h"

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

/* Of MPEG-TS: 33 bits at 90 kHz, with the sound before or behind it. */
static void
test_wrap_33(int64_t audio_ahead_ms)
{
	const int64_t wrap = (INT64_C(1) << 33) / 90;
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	for (int i = 0; i < 200; i++) {
		int64_t v = wrap - 2000 + i * 20;
		int64_t a = wrap - 2000 + audio_ahead_ms + i * 64 / 3;

		if (i % 2 == 0)
			video(&r, v % wrap, 0, i % 50 == 0);
		audio(&r, a % wrap);
	}
	finish(&r);
	ok(r.rc == 0 && r.stats.epochs == 1 &&
	    samples(&r, TRACK_VIDEO) == 100 &&
	    samples(&r, TRACK_AUDIO) == 200 && contiguous(&r, 0, r.n - 1),
	    "2^33 ticks, audio %+d ms", (int)audio_ahead_ms);
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
}
/* The source's distance between sound and picture is that of the tracks. */
static void
test_skew(int64_t audio_ahead_ms)
{
	struct run r;

	begin(&r);
	VIDEO_CONFIG(&r, avcc);
	AUDIO_CONFIG(&r, asc);
	for (int i = 0; i < 50; i++) {
		video(&r, 7000 + i * 40, 0, i % 25 == 0);
		audio(&r, (uint32_t)(7000 + i * 40 - audio_ahead_ms));
	}
	finish(&r);
	ok(r.rc == 0 && r.stats.epochs == 1 &&
	    run_of(&r, 0, TRACK_VIDEO)->dts == 7000 * 90 &&
	    run_of(&r, 0, TRACK_AUDIO)->dts ==
	    (uint64_t)(7000 - audio_ahead_ms) * 48,
	    "audio %+d ms: stays where it was", (int)audio_ahead_ms);
	end(&r);
}

int
main(void)
{
	test_skew(0);
	test_skew(83);
	test_skew(-83);
	test_vanishing_video();
	test_video_time();
	test_wrap(0);
	test_wrap(50);
	test_wrap(-50);
	test_wrap_33(0);
	test_wrap_33(50);
	test_wrap_33(-50);
	test_audio_time();
	test_steps();
	test_clock();
	return done_testing();
}
