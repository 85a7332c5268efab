#include "store/dash_impl.h"

/* Was the epoch of entry E seen with ROW; with OTHER, elsewhere than at E? */
static bool
has_row(const struct timeline_entry *e, const struct timeline_row *row,
    bool other)
{
	size_t j;

	for (j = 0; j < row->count; j++)
		if (row->segs[j].epoch == e->epoch &&
		    !(other && row->segs[j].seq == e->seq))
			return true;
	return false;
}

/*
 * Does entry AT have all that its epoch, as far as it is known, has?  Once it
 * does it does, so the list never gets shorter.
 */
static bool
complete(const struct timeline *t, size_t at)
{
	const struct timeline_entry *e = &t->entries[at];
	size_t i;

	for (i = 0; i < t->nrows; i++)
		if (has_row(e, &t->rows[i], false) &&
		    timeline_find(&t->rows[i], e->seq) == NULL)
			return false;
	return true;
}

/*
 * Will entry AT get no rendition that its epoch has not been seen with?  The
 * second fragment tells: its renditions come when those of the first are there.
 */
static bool
settled(const struct timeline *t, size_t at)
{
	size_t i;

	for (i = 0; i < t->nrows; i++)
		if (has_row(&t->entries[at], &t->rows[i], true))
			return true;
	return false;
}

/*
 * Has entry AT all that the one before it has?  A rendition that leaves is
 * missed once, then, and one that is made for older entries not at all.
 */
static bool
follows(const struct timeline *t, size_t at)
{
	const struct timeline_entry *e = &t->entries[at];
	bool any = false;
	size_t i;

	for (i = 0; i < t->nrows && at > 0 && e[-1].epoch == e->epoch; i++) {
		if (timeline_find(&t->rows[i], e[-1].seq) == NULL)
			continue;
		if (timeline_find(&t->rows[i], e->seq) == NULL)
			return false;
		any = true;
	}
	return any || (settled(t, at) && complete(t, at));
}

/* Nothing newer will be of entry AT's publication. */
static bool
ended(const struct timeline *t, size_t at)
{
	const struct timeline_entry *newest = &t->entries[t->count - 1];

	return newest->ended || newest->epoch > t->entries[at].epoch;
}

void
dash_choose(const struct timeline *t, const struct hls_conf *conf, bool low,
    size_t *first, size_t *end)
{
	const struct timeline_entry *e = t->entries;
	int64_t newer_us = 0;
	size_t i = t->count;

	*end = t->count;
	if (conf->kind == PLAYLIST_VOD)
		i = 0;
	while (i > 0 && (conf->kind == PLAYLIST_EVENT ||
	    newer_us < conf->window_us + DASH_DELAY_US(conf))) {
		i--;
		if (newer_us < conf->patience_us && !t->over)
			*end = i;
		newer_us += e[i].duration_us;
	}
	*first = i;
	while (*end < t->count && ((ended(t, *end) && complete(t, *end)) ||
	    (low && follows(t, *end))))
		++*end;
}
