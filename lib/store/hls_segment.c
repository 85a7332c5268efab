#include "media/fragment.h"
#include "store/hls.h"
#include "store/timeline.h"

static uint32_t
fragments_of(const struct hls_conf *conf)
{
	return conf->fragments == 0 ? 1 : conf->fragments;
}

/*
 * A new epoch counts as if it skipped all but one of the numbers of a
 * segment: it begins at the same place of the next segment as it would have
 * had in the last one.  So it begins a segment wherever it falls, numbers
 * grow by one from each segment to the next, and nobody needs to know what
 * was stored before.
 */
uint32_t
hls_number(const struct hls_conf *conf, uint32_t epoch, uint32_t seq)
{
	uint64_t n = fragments_of(conf);

	return (uint32_t)((seq - 1 + (n - 1) * (epoch - 1)) / n) + 1;
}

static bool
same_number(const struct hls_conf *conf, const struct timeline_entry *a,
    const struct timeline_entry *b)
{
	return a->epoch == b->epoch && hls_number(conf, a->epoch, a->seq) ==
	    hls_number(conf, b->epoch, b->seq);
}

/* The last fragment of its epoch that may have its number. */
static bool
last_of_number(const struct hls_conf *conf, const struct timeline_entry *e)
{
	return hls_number(conf, e->epoch, e->seq + 1) !=
	    hls_number(conf, e->epoch, e->seq);
}

size_t
hls_number_start(const struct timeline *t, const struct hls_conf *conf,
    size_t at)
{
	while (at > 0 && same_number(conf, &t->entries[at - 1],
	    &t->entries[at]))
		at--;
	return at;
}

/*
 * Can a segment of ROW start with entry E?  What is missing of a copy is
 * known by its original.
 */
static bool
independent(const struct timeline *t, const struct timeline_row *row,
    const struct timeline_entry *e)
{
	const struct timeline_seg *seg;

	if (!row->dependent)
		return true;
	if ((seg = timeline_find(row, e->seq)) == NULL)
		seg = timeline_find(&t->src, e->seq);
	return seg != NULL && (seg->flags & FRAGMENT_DEPENDENT) == 0;
}

/* No more fragments have the number of entry AT, as far as is known. */
static bool
number_ends(const struct timeline *t, const struct hls_conf *conf, size_t at)
{
	const struct timeline_entry *e = &t->entries[at];

	return last_of_number(conf, e) || e->ended ||
	    (at + 1 < t->count && e[1].epoch != e->epoch);
}

/* Does a segment of ROW start at AT?  Each number has one start. */
static bool
starts(const struct timeline *t, const struct timeline_row *row,
    const struct hls_conf *conf, size_t at)
{
	const struct timeline_entry *e = t->entries;
	size_t first = hls_number_start(t, conf, at), i;

	if (first == 0 || e[first - 1].epoch != e[first].epoch)
		return at == first;
	for (i = first; i < at; i++)
		if (independent(t, row, &e[i]))
			return false;
	return independent(t, row, &e[at]) || number_ends(t, conf, at);
}

int64_t
hls_fragment_us(const struct timeline *t, const struct timeline_row *row,
    size_t at)
{
	const struct timeline_seg *seg = timeline_find(row,
	    t->entries[at].seq);

	return seg == NULL ? t->entries[at].duration_us :
	    timeline_seg_us(seg);
}

bool
hls_segment_next(const struct timeline *t, const struct timeline_row *row,
    const struct hls_conf *conf, size_t end, struct hls_segment *seg)
{
	const struct timeline_entry *last;
	size_t at = seg->first + seg->count;

	while (at < end && !starts(t, row, conf, at))
		at++;
	if (at >= end)
		return false;
	seg->first = at++;
	while (at < end && !starts(t, row, conf, at))
		at++;
	seg->count = at - seg->first;
	last = &t->entries[at - 1];
	/* Where a copy goes on is known when it does. */
	seg->closed = at < end || last->ended || (last_of_number(conf, last) &&
	    (!row->dependent || fragments_of(conf) == 1));
	return true;
}
