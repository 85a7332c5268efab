#include "media/pace.h"

#include "tap.h"

/*
 * FRAMES pictures at RATE in milliseconds, a fragment every SIZE of them, and
 * how many a cap of FPS keeps; *WIDEST is the largest distance.
 */
static int
run(int frames, double rate, int size, uint32_t fps, int64_t *widest)
{
	int64_t last = 0, pts, step = (int64_t)(1000 / rate);
	struct pace p;
	int i, kept = 0;

	*widest = 0;
	for (i = 0; i < frames; i++) {
		pts = (int64_t)(i * 1000 / rate);
		if (i % size == 0)
			pace_init(&p, fps, 0, 1000, pts, step);
		if (!pace_keeps(&p, pts))
			continue;
		if (kept++ > 0 && pts - last > *widest)
			*widest = pts - last;
		last = pts;
	}
	return kept;
}

/* 10 s of 30 a second, from FIRST on, a fragment every SIZE of them. */
static int
sparse(int first, int size, int64_t *last)
{
	struct pace p;
	int i, kept = 0;

	for (i = 0; i < 300; i++) {
		if (i % size == 0)
			pace_init(&p, 0, 2, 90000, (first + i) * 3000, 3000);
		if (!pace_keeps(&p, (first + i) * 3000))
			continue;
		kept++;
		*last = (first + i) * 3000;
	}
	return kept;
}

static void
every_two_seconds(void)
{
	int64_t last;

	ok(sparse(0, 30, &last) == 5 && last == 8 * 90000,
	    "one every two seconds: the first at zero");
	ok(sparse(0, 7, &last) == 5 && last == 8 * 90000,
	    "the same in other fragments");
	ok(sparse(45, 31, &last) == 5 && last == 10 * 90000,
	    "the grid does not begin where a stream does");
}

int
main(void)
{
	int64_t widest, other;

	ok(run(600, 60, 600, 30, &widest) == 300 && widest == 34,
	    "60 to 30: every other picture");
	ok(run(600, 60, 61, 30, &other) == 300 && other == widest,
	    "and no others in fragments of an odd number of them");
	ok(run(600, 30, 30, 30, &widest) == 600, "30 to 30: all");
	ok(run(600, 25, 25, 30, &widest) == 600, "25 to 30: all");
	ok(run(600, 30000 / 1001.0, 30, 30, &widest) == 600, "29.97 too");
	ok(run(600, 30, 7, 0, &widest) == 600, "no cap: all");
	ok(run(500, 50, 50, 20, &widest) == 200 && widest <= 60,
	    "50 to 20: two of five");
	ok(run(500, 50, 13, 20, &other) == 200 && other == widest,
	    "the same in other fragments");
	ok(run(60, 60, 60, 1, &widest) <= 1, "one a second");
	every_two_seconds();
	return done_testing();
}
