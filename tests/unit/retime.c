#include "base/err.h"
#include "media/mp4.h"
#include "media/retime.h"
#include "tap.h"

static struct err err = ERR_INIT;

/* Every picture at its PTS, no negative offset, END - START in all. */
static bool
exact(const int64_t *pts, size_t n, int64_t start, int64_t end,
    uint32_t delay, const struct mp4_sample *s)
{
	int64_t dts = start;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i].cts < 0 || s[i].duration == 0 ||
		    dts + s[i].cts - delay != pts[i])
			return false;
		dts += s[i].duration;
	}
	return dts == end;
}

static void
b_frames(void)
{
	/* Decode order I P B B, 3000 ticks a frame. */
	static const int64_t pts[] = { 90000, 99000, 93000, 96000 };
	static const int32_t cts[] = { 6000, 12000, 3000, 3000 };
	struct mp4_sample s[4] = { 0 };
	bool durations = true, offsets = true;
	int i;

	ok(retime(pts, 4, 90000, 102000, 6000, s, &err) == 0, "B-frames");
	for (i = 0; i < 4; i++) {
		durations = durations && s[i].duration == 3000;
		offsets = offsets && s[i].cts == cts[i];
	}
	ok(durations, "every duration is a frame");
	ok(offsets, "offsets are not negative");
}

static void
slower_than_declared(void)
{
	/* A third of the declared rate: the delay is less than a frame. */
	static const int64_t pts[] = { 0, 27000, 9000, 18000 };
	static const int64_t deep[] = { 0, 27000, 9000, 9001, 9002 };
	struct mp4_sample s[5] = { 0 };

	ok(retime(pts, 4, 0, 36000, 3000, s, &err) == 0 &&
	    exact(pts, 4, 0, 36000, 3000, s),
	    "decoding is pulled forward where the delay is too short");
	ok(retime(pts, 4, 0, 36000, 0, s, &err) == 0 &&
	    exact(pts, 4, 0, 36000, 0, s), "also without any delay");
	ok(retime(deep, 5, 0, 36000, 6000, s, &err) == 0 &&
	    exact(deep, 5, 0, 36000, 6000, s), "and for pictures side by side");
}

static void
too_deep(void)
{
	static const int64_t pts[] = { 0, 9, 1 };
	struct mp4_sample s[3] = { 0 };

	ok(retime(pts, 3, 0, 12, 0, s, &err) == -1 && err.cls == ERR_DATA,
	    "no room to decode two pictures before the first is over");
}

static void
late_start(void)
{
	static const int64_t pts[] = { 1000, 4000 };
	struct mp4_sample s[2] = { 0 };

	ok(retime(pts, 2, 0, 7000, 0, s, &err) == 0 && s[0].cts == 1000 &&
	    s[0].duration == 4000 && s[1].cts == 0 && s[1].duration == 3000,
	    "a first picture after the start keeps its PTS");
	ok(retime(pts, 1, 0, 7000, 0, s, &err) == 0 && s[0].cts == 1000 &&
	    s[0].duration == 7000, "one picture lasts the interval");
}

static void
refused(void)
{
	static const int64_t twice[] = { 0, 3000, 3000 };
	static const int64_t apart[] = { 0, INT64_C(1) << 40 };
	struct mp4_sample s[3] = { 0 };

	ok(retime(twice, 0, 0, 9000, 0, s, &err) == -1, "no pictures");
	ok(retime(twice, 3, 0, 9000, 0, s, &err) == -1, "equal PTS");
	ok(retime(twice, 2, 1, 9000, 0, s, &err) == -1, "a PTS before start");
	ok(retime(twice, 2, 0, 3000, 0, s, &err) == -1, "a PTS at the end");
	ok(retime(apart, 2, 0, INT64_MAX, 0, s, &err) == -1 &&
	    err.cls == ERR_DATA, "a span over 31 bits");
}

int
main(void)
{
	b_frames();
	slower_than_declared();
	too_deep();
	late_start();
	refused();
	return done_testing();
}
