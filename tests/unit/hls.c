/* Segments of several fragments: their numbers, over any history. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "media/fragment.h"
#include "store/hls.h"
#include "store/timeline.h"
#include "tap.h"

#define N	400

static uint32_t seed = 12345;

static uint32_t
some(uint32_t below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

/* Epochs of any length; with GOP, a sync sample every so many fragments. */
static void
fill(struct timeline_seg *segs, uint32_t gop)
{
	uint32_t i, epoch = 1, begun = 0;

	for (i = 0; i < N; i++) {
		if (i > 0 && some(9) == 0) {
			epoch++;
			begun = i;
		}
		segs[i] = (struct timeline_seg){ .epoch = epoch,
		    .seq = i + 1, .timescale = 1000, .start = 1000 * i,
		    .end = 1000 * i + 1000, .flags =
		    (i == begun ? FRAGMENT_EPOCH_START : 0) |
		    ((i - begun) % gop != 0 ? FRAGMENT_DEPENDENT : 0) };
	}
}

/*
 * Walk the segments of T from FIRST on: numbers grow by one, no fragment is
 * left out, none is longer than twice the grid, a new epoch begins one.
 */
static bool
walk(const struct timeline *t, const struct hls_conf *conf, size_t first)
{
	struct hls_segment seg = { .first = first };
	const struct timeline_entry *e = t->entries;
	uint32_t number = 0, next;
	size_t at = SIZE_MAX, i;

	while (hls_segment_next(t, t->rows, conf, t->count, &seg)) {
		next = hls_number(conf, e[seg.first].epoch, e[seg.first].seq);
		if (number != 0 && next != number + 1)
			return false;
		number = next;
		if (at != SIZE_MAX && seg.first != at)
			return false;
		at = seg.first + seg.count;
		if (seg.count > 2 * conf->fragments - 1 ||
		    (!t->rows->dependent && seg.count > conf->fragments))
			return false;
		for (i = seg.first + 1; i < at; i++)
			if (e[i].epoch != e[seg.first].epoch)
				return false;
	}
	return at == t->count;
}

static void
test_numbers(void)
{
	struct timeline_seg segs[N];
	struct timeline_row row = { .name = "r", .segs = segs, .count = N };
	struct timeline t = { .stream = "s", .rows = &row, .nrows = 1 };
	struct hls_conf conf = { .kind = PLAYLIST_LIVE };
	struct err err = ERR_INIT;
	bool good = true, grid = true;
	uint32_t round, gop;
	size_t i;

	for (round = 0; round < 300; round++) {
		conf.fragments = 1 + round % HLS_FRAGMENTS_MAX;
		gop = round < 150 ? 1 : 1 + some(7);
		fill(segs, gop);
		t.src = row;
		if (timeline_join(&t, &err) == -1)
			break;
		i = hls_number_start(&t, &conf, some(N));
		good &= walk(&t, &conf, 0);
		good &= walk(&t, &conf, i);
		for (i = 0; i < N && conf.fragments == 1; i++)
			grid &= hls_number(&conf, segs[i].epoch,
			    segs[i].seq) == segs[i].seq;
	}
	ok(round == 300 && good, "numbers grow by one from any window on");
	ok(grid, "of one fragment they are those of the fragments");
	free(t.entries);
}

/* The start of a copy's segment: a sync sample, if there is one. */
static void
test_copy(void)
{
	struct timeline_seg segs[10];
	struct timeline_row row = { .name = "r", .segs = segs, .count = 10 };
	struct timeline t = { .stream = "s", .rows = &row, .nrows = 1 };
	struct hls_conf conf = { .kind = PLAYLIST_LIVE, .fragments = 4 };
	struct hls_segment seg = { 0 };
	struct err err = ERR_INIT;
	uint32_t i;

	for (i = 0; i < 10; i++)	/* sync: 1, 6, 7 */
		segs[i] = (struct timeline_seg){ .epoch = 1, .seq = i + 1,
		    .timescale = 1, .start = i, .end = i + 1, .flags =
		    i == 0 || i == 5 || i == 6 ? 0 : FRAGMENT_DEPENDENT };
	t.src = row;
	if (timeline_join(&t, &err) == -1)
		return;
	ok(hls_segment_next(&t, &row, &conf, 10, &seg) && seg.first == 0 &&
	    seg.count == 5 && seg.closed, "up to the next sync sample");
	ok(hls_segment_next(&t, &row, &conf, 10, &seg) && seg.first == 5 &&
	    seg.count == 5 && !seg.closed, "which begins one; it is open");
	ok(!hls_segment_next(&t, &row, &conf, 10, &seg), "that is all");
	free(t.entries);
}

/* Epochs of which nothing is left keep their place among what is lost. */
static void
test_lost(void)
{
	struct timeline_seg segs[] = {
		{ .epoch = 1, .seq = 5, .timescale = 1, .end = 1 },
		{ .epoch = 4, .seq = 9, .timescale = 1, .end = 1 },
	};
	struct timeline_row row = { .name = "r", .segs = segs, .count = 2 };
	struct timeline t = { .stream = "s", .rows = &row, .nrows = 1 };
	struct hls_conf conf = { .kind = PLAYLIST_LIVE, .fragments = 3 };
	struct err err = ERR_INIT;

	ok(timeline_join(&t, &err) == 0 && t.count == 5 &&
	    t.entries[1].epoch == 1 && t.entries[2].epoch == 2 &&
	    t.entries[3].epoch == 3 && t.entries[4].breaks == 1,
	    "two epochs that are lost");
	ok(walk(&t, &conf, 0), "are segments of their own");
	free(t.entries);
}

int
main(void)
{
	test_numbers();
	test_copy();
	test_lost();
	return done_testing();
}
