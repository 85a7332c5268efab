#include "store/timeline.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"

/* A fragment of which nothing is left counts as this long. */
#define LOST_US		1000000

struct timeline_seg *
timeline_find(const struct timeline_row *row, uint32_t seq)
{
	size_t low = 0, high = row->count, mid;

	if (row->count == 0 || seq < row->segs[0].seq)
		return NULL;
	/* Mostly none is missing. */
	mid = seq - row->segs[0].seq;
	if (mid < row->count && row->segs[mid].seq == seq)
		return &row->segs[mid];
	while (low < high) {
		mid = low + (high - low) / 2;
		if (row->segs[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < row->count && row->segs[low].seq == seq)
		return &row->segs[low];
	return NULL;
}

/* To the nearest. */
static int64_t
to_us(int64_t t, uint32_t timescale)
{
	int64_t ts = timescale;

	return t / ts * 1000000 + (t % ts * 1000000 + ts / 2) / ts;
}

int64_t
timeline_seg_us(const struct timeline_seg *seg)
{
	return to_us(seg->end - seg->start, seg->timescale);
}

/* The file that speaks for SEQ: the original, else any rendition. */
static const struct timeline_seg *
any_seg(const struct timeline *t, uint32_t seq)
{
	const struct timeline_seg *seg = timeline_find(&t->src, seq);
	size_t i;

	for (i = 0; i < t->nrows && seg == NULL; i++)
		seg = timeline_find(&t->rows[i], seq);
	return seg;
}

static bool
range_of(const struct timeline *t, uint32_t *first, uint32_t *last)
{
	const struct timeline_row *row = &t->src;
	bool found = false;
	size_t i;

	for (i = 0; i <= t->nrows; i++) {
		if (row->count > 0) {
			if (!found || row->segs[0].seq < *first)
				*first = row->segs[0].seq;
			if (!found || row->segs[row->count - 1].seq > *last)
				*last = row->segs[row->count - 1].seq;
			found = true;
		}
		row = &t->rows[i];
	}
	return found;
}

static void
set_entry(const struct timeline *t, struct timeline_entry *e,
    const struct timeline_entry *prev, uint32_t seq)
{
	const struct timeline_seg *seg = any_seg(t, seq);

	*e = (struct timeline_entry){ .seq = seq };
	if (seg == NULL) {
		assert(prev != NULL);	/* the first has a file */
		e->lost = true;
		e->breaks = prev->ended;	/* it was another's */
		e->epoch = prev->epoch + e->breaks;
		e->duration_us = LOST_US;
		if (prev->date_us != 0)
			e->date_us = prev->date_us + prev->duration_us;
		return;
	}
	e->epoch = seg->epoch;
	e->duration_us = timeline_seg_us(seg);
	e->date_us = seg->date_us;
	e->ended = (seg->flags & FRAGMENT_LAST) != 0;
	if (prev == NULL)
		e->breaks = e->epoch > 1 &&
		    (seg->flags & FRAGMENT_EPOCH_START) != 0;
	else if (seg->epoch > prev->epoch)
		e->breaks = seg->epoch - prev->epoch;
}

/*
 * Epochs that are lost between two fragments had fragments that are lost:
 * the last ones before entry AT are taken for one of each.
 */
static void
spread_breaks(struct timeline_entry *entries, size_t at)
{
	struct timeline_entry *e;

	for (; at > 0 && entries[at].breaks > 1 && entries[at - 1].lost;
	    at--) {
		e = &entries[at - 1];
		e->epoch = entries[at].epoch - 1;
		e->breaks = entries[at].breaks - 1;
		entries[at].breaks = 1;
	}
}

/*
 * Entry AT is there, and what is lost in front of it began its epoch: that was
 * so much before AT, and not where the last epoch ended.
 */
static void
date_back(struct timeline_entry *entries, size_t at)
{
	size_t first = at, i;
	int64_t least_us;

	while (first > 0 && entries[first - 1].lost &&
	    entries[first - 1].epoch == entries[at].epoch)
		first--;
	if (entries[first].breaks == 0 || entries[at].date_us == 0)
		return;
	for (i = at; i-- > first; ) {
		least_us = entries[i].date_us;
		entries[i].date_us = entries[i + 1].date_us -
		    entries[i].duration_us;
		if (entries[i].date_us < least_us)
			entries[i].date_us = least_us;
	}
}

static bool
any_dependent(const struct timeline_row *row)
{
	size_t i;

	for (i = 0; i < row->count; i++)
		if ((row->segs[i].flags & FRAGMENT_DEPENDENT) != 0)
			return true;
	return false;
}

int
timeline_join(struct timeline *t, struct err *err)
{
	struct timeline_entry *more;
	uint32_t first = 0, last = 0, seq;
	size_t i;

	t->count = 0;
	for (i = 0; i < t->nrows; i++)
		t->rows[i].dependent = any_dependent(&t->rows[i]);
	if (!range_of(t, &first, &last))
		return 0;
	if (last - first >= LIMIT_PLAYLIST_ENTRIES)
		return err_set(err, ERR_DATA, "stream '%s': fragments %" PRIu32
		    " to %" PRIu32 " are too many", t->stream, first, last);
	more = realloc(t->entries, ((size_t)last - first + 1) *
	    sizeof(*more));
	if (more == NULL)
		return err_nomem(err);
	t->entries = more;
	for (seq = first; seq <= last; seq++, t->count++) {
		set_entry(t, &more[t->count],
		    t->count == 0 ? NULL : &more[t->count - 1], seq);
		spread_breaks(more, t->count);
		if (!more[t->count].lost)
			date_back(more, t->count);
	}
	return 0;
}

bool
timeline_ended(const struct timeline *t, size_t first)
{
	size_t i;

	for (i = first; i < t->count; i++)
		if (t->entries[i].ended || (i > first &&
		    t->entries[i].epoch > t->entries[i - 1].epoch))
			return true;
	return false;
}

void
timeline_release_rows(struct timeline_row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(rows[i].segs);
		free(rows[i].init);
		seen_release(&rows[i].seen);
	}
	free(rows);
}

void
timeline_release(struct timeline *t)
{
	free(t->src.segs);
	seen_release(&t->src.seen);
	timeline_release_rows(t->rows, t->nrows);
	timeline_release_rows(t->images, t->nimages);
	free(t->entries);
	memset(t, 0, sizeof(*t));
}
