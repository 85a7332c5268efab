#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/split_priv.h"

#define HOLD_BYTES	(LIMIT_FRAGMENT_BYTES / 2)
/* So many pictures without a keyframe are worth a word. */
#define NO_SYNC_FRAMES	300
#define HOLD_ITEMS	(2 * LIMIT_FRAGMENT_SAMPLES)

bool
split_hold_full(const struct split_hold *h, size_t bytes)
{
	return h->n >= HOLD_ITEMS || bytes > HOLD_BYTES - h->data.n;
}

static int
reserve(struct split_hold *h, struct err *err)
{
	size_t cap = h->cap == 0 ? 64 : h->cap * 2;
	struct split_held *items;

	if (h->n < h->cap)
		return 0;
	items = reallocarray(h->items, cap, sizeof(*items));
	if (items == NULL)
		return err_nomem(err);
	h->items = items;
	h->cap = cap;
	return 0;
}

/* Is X a picture of the track that will cut? */
static bool
leads(struct split *s, const struct split_sample *x)
{
	return x->kind == TRACK_VIDEO &&
	    &s->tracks[x->track] == split_first(s, TRACK_VIDEO);
}

int
split_hold_add(struct split *s, const struct split_sample *x,
    struct err *err)
{
	struct split_hold *h = &s->hold;

	if (leads(s, x) && !x->sync && h->count[x->track] == 0) {
		s->stats.video_dropped++;
		if (++s->no_sync_frames % NO_SYNC_FRAMES == 0)
			split_notice(s, "no keyframe among %u pictures: "
			    "still waiting for one", s->no_sync_frames);
		return 0;
	}
	if (leads(s, x))
		s->no_sync_frames = 0;
	if (reserve(h, err) == -1)
		return -1;
	h->data.max = HOLD_BYTES;
	h->items[h->n].sample = *x;
	h->items[h->n].sample.p = NULL;
	h->items[h->n].sample.in_input = false;
	h->items[h->n].offset = h->data.n;
	buf_put(&h->data, x->p, x->bytes);
	if (buf_ok(&h->data, err) == -1)
		return -1;
	h->n++;
	h->count[x->track]++;
	return 0;
}

struct split_sample
split_hold_get(const struct split_hold *h, size_t i)
{
	struct split_sample x = h->items[i].sample;

	x.p = h->data.p + h->items[i].offset;
	return x;
}

/* An empty hold needs no memory: the next epoch may be days away. */
void
split_hold_release(struct split_hold *h)
{
	buf_release(&h->data);
	free(h->items);
	memset(h, 0, sizeof(*h));
}

/*
 * What stays: from item FROM on, not of track DROP, and of what does not lead
 * what is in [MIN_MS, MAX_MS].
 */
struct keep {
	size_t	from;
	size_t	drop;
#define DROP_NONE	SIZE_MAX
#define DROP_ALL	(SIZE_MAX - 1)
	int64_t	min_ms, max_ms;
};

static bool
stays(struct split *s, const struct keep *k, size_t i)
{
	const struct split_hold *h = &s->hold;
	const struct split_sample *x = &h->items[i].sample;

	if (i < k->from || x->track == k->drop || k->drop == DROP_ALL)
		return false;
	if (leads(s, x))		/* COUNT: of those that stayed */
		return x->sync || h->count[x->track] > 0;
	return x->ms >= k->min_ms && x->ms <= k->max_ms;
}

static void
compact(struct split *s, const struct keep *k)
{
	struct split_hold *h = &s->hold;
	size_t n = 0, bytes = 0;
	struct split_held item;

	memset(h->count, 0, sizeof(h->count));
	for (size_t i = 0; i < h->n; i++) {
		item = h->items[i];
		if (!stays(s, k, i)) {
			if (i < k->from)
				continue;	/* was used */
			split_drop(s, &item.sample);
			continue;
		}
		memmove(h->data.p + bytes, h->data.p + item.offset,
		    item.sample.bytes);
		item.offset = bytes;
		bytes += item.sample.bytes;
		h->items[n++] = item;
		h->count[item.sample.track]++;
	}
	h->n = n;
	h->data.n = bytes;
	if (n == 0)
		split_hold_release(h);
}

void
split_hold_drop(struct split *s, size_t n)
{
	const struct keep k = { n, DROP_NONE, INT64_MIN, INT64_MAX };

	compact(s, &k);
}

void
split_hold_clear(struct split *s)
{
	const struct keep k = { 0, DROP_ALL, INT64_MIN, INT64_MAX };

	compact(s, &k);
}

void
split_hold_drop_track(struct split *s, size_t track)
{
	const struct keep k = { 0, track, INT64_MIN, INT64_MAX };

	compact(s, &k);
}

void
split_hold_trim(struct split *s, int64_t min_ms, int64_t max_ms)
{
	const struct keep k = { 0, DROP_NONE, min_ms, max_ms };

	compact(s, &k);
}
