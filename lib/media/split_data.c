#include "base/err.h"
#include "base/limits.h"
#include "media/split_priv.h"

/* Input kept for the samples in it may be larger than they are by this, and
   half of them. */
#define WASTE_BYTES	(1024 * 1024)

int
split_data_put(struct split *s, struct split_track *t,
    const struct split_sample *x, struct err *err)
{
	struct split_where *where = &t->where[t->count];

	*where = (struct split_where){ x->in_input, x->in_input ?
	    s->offset + (uint64_t)(x->p - s->in.p) : t->data.n };
	if (x->in_input)
		return 0;
	t->data.max = LIMIT_FRAGMENT_BYTES;
	buf_put(&t->data, x->p, x->bytes);
	return buf_ok(&t->data, err);
}

uint8_t *
split_data_get(const struct split *s, const struct split_track *t, size_t i)
{
	const struct split_where *where = &t->where[i];

	return where->in_input ? s->in.p + (where->at - s->offset) :
	    t->data.p + where->at;
}

int
split_data_own(struct split *s, struct split_track *t, struct err *err)
{
	struct buf data;

	buf_init(&data, LIMIT_FRAGMENT_BYTES);
	for (size_t i = 0; i < t->count; i++)
		buf_put(&data, split_data_get(s, t, i), t->samples[i].bytes);
	if (buf_ok(&data, err) == -1) {
		buf_release(&data);
		return -1;
	}
	data.n = 0;
	for (size_t i = 0; i < t->count; i++) {
		t->where[i] = (struct split_where){ false, data.n };
		data.n += t->samples[i].bytes;
	}
	buf_release(&t->data);
	t->data = data;
	return 0;
}

/* Where the input begins that samples in hand are in, and how much is. */
static uint64_t
kept(const struct split *s, uint64_t *bytes)
{
	uint64_t from = s->offset + s->used;

	*bytes = 0;
	for (size_t i = 0; i < s->ntracks; i++) {
		const struct split_track *t = &s->tracks[i];

		for (size_t k = 0; k < t->count; k++) {
			if (!t->where[k].in_input)
				continue;
			*bytes += t->samples[k].bytes;
			if (t->where[k].at < from)
				from = t->where[k].at;
		}
	}
	return from;
}

int
split_data_trim(struct split *s, struct err *err)
{
	uint64_t bytes, from = kept(s, &bytes);
	size_t drop;

	if (s->offset + s->used - from > WASTE_BYTES + bytes / 2 * 3) {
		for (size_t i = 0; i < s->ntracks; i++)
			if (split_data_own(s, &s->tracks[i], err) == -1)
				return -1;
		from = s->offset + s->used;
	}
	drop = (size_t)(from - s->offset);
	s->offset += drop;
	s->used -= drop;
	buf_drop(&s->in, drop);
	return 0;
}
