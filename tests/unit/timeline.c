/* The numbers of a window that slides over breaks, without any file. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "media/fragment.h"
#include "store/hls.h"
#include "store/spool.h"
#include "store/timeline.h"
#include "tap.h"

#define N	40

/* Epochs of 3, 1, 2 and the rest, and one that has nothing: number 3. */
static uint32_t
epoch_of(uint32_t seq)
{
	return seq <= 3 ? 1 : seq == 4 ? 2 : seq <= 6 ? 4 : 5;
}

static void
fill(struct timeline_seg *segs, uint32_t first, uint32_t n)
{
	uint32_t i, seq, epoch;

	for (i = 0; i < n; i++) {
		seq = first + i;
		epoch = epoch_of(seq);
		segs[i] = (struct timeline_seg){ .epoch = epoch, .seq = seq,
		    .timescale = 1000, .start = 1000 * seq,
		    .end = 1000 * seq + 1000,
		    .date_us = INT64_C(1000000) * seq, .flags = seq == 1 ||
		    epoch_of(seq - 1) != epoch ? FRAGMENT_EPOCH_START : 0 };
	}
}

static void
test_slide(struct spool *s)
{
	struct timeline_seg segs[N];
	struct timeline_row row = { .name = "r", .segs = segs };
	struct hls_conf conf = { .kind = PLAYLIST_LIVE,
	    .window_us = 6000000, .patience_us = 1000000 };
	struct timeline t = { .stream = "s" };
	struct hls_span span;
	struct playlist p;
	struct err err = ERR_INIT;
	uint32_t newest, number, last_first = 0, last_sequence = 0;
	uint32_t last_tags = 0;
	bool sums = true, forward = true, removed = true, complete;
	size_t i;

	for (newest = 3; newest <= N; newest++) {
		fill(segs, 1, newest);
		row.count = newest;
		t.src = row;
		t.rows = &row;
		t.nrows = 1;
		if (timeline_join(&t, &err) == -1)
			break;
		hls_choose(&t, &conf, &span);
		if (hls_media(s, &t, &row, &conf, &span, &p, &complete,
		    &err) == -1)
			break;
		number = p.discontinuity_sequence;
		for (i = 0; i < p.count; i++) {
			number += p.entries[i].breaks;
			if (number != epoch_of(p.media_sequence +
			    (uint32_t)i) - 1)
				sums = false;
		}
		/* It grows by the tags of what left, and by nothing else. */
		if (p.media_sequence < last_first)
			forward = false;
		if (newest > 3 && p.discontinuity_sequence != last_sequence +
		    (p.media_sequence > last_first ? last_tags : 0))
			removed = false;
		last_first = p.media_sequence;
		last_sequence = p.discontinuity_sequence;
		last_tags = p.entries[0].breaks;
		playlist_release(&p);
	}
	ok(newest == N + 1, "all windows are made");
	ok(sums, "a segment's discontinuity number is its epoch - 1");
	ok(forward, "MEDIA-SEQUENCE never goes back");
	ok(removed, "DISCONTINUITY-SEQUENCE counts the tags that left");
	free(t.entries);
}

/* Entries are contiguous, and one that is lost is a second long. */
static void
test_join(void)
{
	struct timeline_seg segs[4];
	struct timeline_row row = { .name = "r", .segs = segs, .count = 4 };
	struct timeline t = { .stream = "s", .rows = &row, .nrows = 1 };
	struct err err = ERR_INIT;

	fill(segs, 10, 2);
	fill(segs + 2, 13, 2);
	ok(timeline_join(&t, &err) == 0 && t.count == 5,
	    "five entries from four files");
	ok(t.entries[2].lost && t.entries[2].epoch == 5 &&
	    t.entries[2].duration_us == 1000000, "one is lost");
	ok(t.entries[0].date_us == 10000000 &&
	    t.entries[2].date_us == 12000000,
	    "dates are those of the files, and go on where one is lost");

	segs[3].seq = 500000000;
	err.cls = ERR_NONE;
	ok(timeline_join(&t, &err) == -1 && err.cls == ERR_DATA,
	    "a span of years is refused");
	free(t.entries);
}

/* A hole: stop while it is young, a GAP when patience is over. */
static void
test_hole(struct spool *s)
{
	struct timeline_seg src[N], segs[N];
	struct timeline_row row = { .name = "r", .segs = segs };
	struct hls_conf conf = { .kind = PLAYLIST_LIVE,
	    .window_us = 10000000, .patience_us = 3000000 };
	struct timeline t = { .stream = "s", .rows = &row, .nrows = 1 };
	struct hls_span span;
	struct playlist p;
	struct err err = ERR_INIT;
	bool complete;
	uint32_t newest;

	for (newest = 22; newest <= 23; newest++) {
		fill(src, 10, newest - 9);
		t.src.segs = src;
		t.src.count = newest - 9;
		fill(segs, 10, 10);		/* 10 to 19, then */
		fill(segs + 10, 21, newest - 20);
		row.count = newest - 10;
		if (timeline_join(&t, &err) == -1)
			break;
		hls_choose(&t, &conf, &span);
		if (hls_media(s, &t, &row, &conf, &span, &p, &complete,
		    &err) == -1)
			break;
		if (newest == 22)
			ok(p.count > 0 && p.media_sequence + p.count - 1 ==
			    19 && !complete, "a young hole ends the list");
		else
			ok(p.count > 4 && p.media_sequence + p.count - 1 ==
			    23 && p.entries[p.count - 4].gap &&
			    !p.entries[p.count - 1].gap,
			    "an old one is a GAP");
		playlist_release(&p);
	}
	free(t.entries);
}

int
main(void)
{
	struct spool s;
	struct err err = ERR_INIT;

	if (spool_open(&s, "/", false, &err) == -1)
		return 1;
	test_slide(&s);
	test_join();
	test_hole(&s);
	spool_close(&s);
	return done_testing();
}
