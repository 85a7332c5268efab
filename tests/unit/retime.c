#include "base/err.h"
#include "media/mp4.h"
#include "media/retime.h"
#include "tap.h"

static struct err err = ERR_INIT;

static void
b_frames(void)
{
	/* Decode order I P B B, 3000 ticks a frame. */
	static const int64_t pts[] = { 90000, 99000, 93000, 96000 };
	static const int32_t cts[] = { 0, 6000, -3000, -3000 };
	struct mp4_sample s[4] = { 0 };
	bool durations = true, offsets = true;
	int i;

	ok(retime(pts, 4, 90000, 102000, s, &err) == 0, "B-frames");
	for (i = 0; i < 4; i++) {
		durations = durations && s[i].duration == 3000;
		offsets = offsets && s[i].cts == cts[i];
	}
	ok(durations, "every duration is a frame");
	ok(offsets, "offsets are signed");
}

static void
late_start(void)
{
	static const int64_t pts[] = { 1000, 4000 };
	struct mp4_sample s[2] = { 0 };

	ok(retime(pts, 2, 0, 7000, s, &err) == 0 && s[0].cts == 1000 &&
	    s[0].duration == 4000 && s[1].cts == 0 && s[1].duration == 3000,
	    "a first picture after the start keeps its PTS");
	ok(retime(pts, 1, 0, 7000, s, &err) == 0 && s[0].cts == 1000 &&
	    s[0].duration == 7000, "one picture lasts the interval");
}

static void
refused(void)
{
	static const int64_t twice[] = { 0, 3000, 3000 };
	static const int64_t apart[] = { 0, INT64_C(1) << 40 };
	struct mp4_sample s[3] = { 0 };

	ok(retime(twice, 0, 0, 9000, s, &err) == -1, "no pictures");
	ok(retime(twice, 3, 0, 9000, s, &err) == -1, "equal PTS");
	ok(retime(twice, 2, 1, 9000, s, &err) == -1, "a PTS before start");
	ok(retime(twice, 2, 0, 3000, s, &err) == -1, "a PTS at the end");
	ok(retime(apart, 2, 0, INT64_MAX, s, &err) == -1 &&
	    err.cls == ERR_DATA, "a span over 31 bits");
}

int
main(void)
{
	b_frames();
	late_start();
	refused();
	return done_testing();
}
