#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/split_priv.h"

/* ftyp, uuid, prft and moof; moov has its own limit. */
#define HEAD_BYTES_MAX	(4 * 1024 * 1024)
#define SAMPLES_FIRST	64

void
split_open(struct split *s, const struct split_sample *x)
{
	assert(!s->open);
	s->open = true;
	s->begun = s->has_sync = s->dependent = false;
	s->arrival_us = x->arrival_us;
}

size_t
split_in_hand(const struct split *s, size_t except)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ntracks; i++)
		if (i != except)
			n += s->tracks[i].bytes;
	return n;
}

static int
reserve(struct split_track *t, struct err *err)
{
	size_t cap = t->cap == 0 ? SAMPLES_FIRST : t->cap * 2;
	struct mp4_sample *samples;
	struct split_where *where;

	if (t->count < t->cap)
		return 0;
	samples = reallocarray(t->samples, cap, sizeof(*samples));
	if (samples == NULL)
		return err_nomem(err);
	t->samples = samples;
	where = reallocarray(t->where, cap, sizeof(*where));
	if (where == NULL)
		return err_nomem(err);
	t->where = where;
	t->cap = cap;
	return 0;
}

/* The track's first sample in the fragment; the lead's one is its start. */
static void
append_first(struct split *s, const struct split_sample *x, int64_t dts,
    int64_t pts)
{
	s->tracks[x->track].first_dts = dts;
	if (x->track != s->lead)
		return;
	/* What may follow an open one needs what was before it. */
	s->dependent = !x->sync || (x->open && s->back > 0);
	if (s->begun)
		return;
	s->begun = true;
	s->start = s->dependent ? dts : pts;
	if (s->start < 0)
		s->start = 0;
	if (s->have_last_start && s->start <= s->last_start)
		s->start = s->last_start + 1;
	s->have_last_start = true;
	s->last_start = s->start;
}

int
split_append(struct split *s, const struct split_sample *x, int64_t dts,
    int64_t pts, struct err *err)
{
	struct split_track *t = &s->tracks[x->track];

	if (reserve(t, err) == -1)
		return -1;
	if (t->count == 0)
		append_first(s, x, dts, pts);
	if (s->arrival_us == 0)
		s->arrival_us = x->arrival_us;
	t->samples[t->count] = (struct mp4_sample){
		.bytes = (uint32_t)x->bytes, .duration = t->nominal,
		.cts = (int32_t)(pts - dts), .sync = x->sync };
	if (split_data_put(s, t, x, err) == -1)
		return -1;
	t->count++;
	t->bytes += x->bytes;
	if (!t->have_dts || pts > t->max_pts)
		t->max_pts = pts;
	t->have_dts = true;
	t->dts = dts;
	t->ms = x->ms;
	if (x->track == s->lead && x->sync)
		s->has_sync = true;
	return 0;
}

/* The boxes in front of the samples. */
static int
put_head(struct split *s, const struct fragment_info *info,
    const struct mp4_run *runs, size_t n, struct err *err)
{
	struct buf *b = &s->head;

	assert(n > 0);
	b->max = HEAD_BYTES_MAX;
	buf_reset(b);
	if (s->active > 1)
		mp4_put_ftyp_movie(b);
	else
		mp4_put_ftyp(b);
	fragment_put_info(b, info);
	buf_put(b, s->moov.p, s->moov.n);
	if (info->arrival_us != 0)
		mp4_put_prft(b, runs[0].track_id, info->arrival_us,
		    runs[0].dts);
	mp4_put_moof(b, 0, runs, n);
	return buf_ok(b, err);
}

void
split_discard(struct split *s)
{
	for (size_t i = 0; i < s->ntracks; i++) {
		struct split_track *t = &s->tracks[i];

		if (t->kind == TRACK_VIDEO)
			s->stats.video_dropped += t->count;
		else
			s->stats.audio_dropped += t->count;
		t->count = t->bytes = 0;
		buf_reset(&t->data);
	}
	s->open = false;
}

/* What a fragment that ends at END says of itself. */
static struct fragment_info
make_info(const struct split *s, int64_t end, uint32_t flags)
{
	struct fragment_info info = { .flags = flags, .start = s->start,
	    .timescale = s->tracks[s->lead].timescale,
	    .arrival_us = s->arrival_us };

	info.end = end > s->start ? end : s->start + 1;
	if (s->dependent) {
		info.flags |= FRAGMENT_DEPENDENT;
		info.back = s->back;
	}
	if (s->epoch_start)
		info.flags |= FRAGMENT_EPOCH_START;
	return info;
}

struct part {
	size_t	count;		/* samples of a track that go out, */
	size_t	bytes;		/* and how much they are */
};

/* Room for the head and a piece for each sample. */
static int
reserve_iov(struct split *s, const struct part *parts, struct err *err)
{
	struct iovec *iov;
	size_t n = 1;

	for (size_t i = 0; i < s->ntracks; i++)
		n += parts[i].count;
	if (n <= s->iov_cap)
		return 0;
	iov = reallocarray(s->iov, n, sizeof(*iov));
	if (iov == NULL)
		return err_nomem(err);
	s->iov = iov;
	s->iov_cap = n;
	return 0;
}

/* The first COUNT samples of T behind what is at IOV, in few pieces. */
static struct iovec *
put_samples(const struct split *s, const struct split_track *t,
    size_t count, struct iovec *iov)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t *p = split_data_get(s, t, i);

		if (iov->iov_base != NULL &&
		    p == (uint8_t *)iov->iov_base + iov->iov_len)
			iov->iov_len += t->samples[i].bytes;
		else
			*++iov = (struct iovec){ p, t->samples[i].bytes };
	}
	return iov;
}

/* The lead's samples are the first run, if there are any. */
static int
emit(struct split *s, const struct fragment_info *info,
    const struct part *parts, struct err *err)
{
	struct mp4_run runs[SPLIT_TRACKS];
	struct iovec *last;
	size_t n = 0, i;
	int count;

	if (reserve_iov(s, parts, err) == -1)
		return -1;
	last = s->iov;
	*last = (struct iovec){ NULL, 0 };

	for (size_t k = 0; k < s->ntracks; k++) {
		/* The lead, then those before it, then those behind it. */
		i = k == 0 ? s->lead : k <= s->lead ? k - 1 : k;
		const struct split_track *t = &s->tracks[i];

		if (parts[i].count == 0)
			continue;
		runs[n] = (struct mp4_run){ split_track_id(t),
		    (uint64_t)t->first_dts, t->samples, parts[i].count };
		n++;
		last = put_samples(s, t, parts[i].count, last);
		if (t->kind == TRACK_VIDEO)
			s->stats.video_frames += parts[i].count;
		else
			s->stats.audio_frames += parts[i].count;
	}
	if (put_head(s, info, runs, n, err) == -1)
		return -1;
	s->iov[0] = (struct iovec){ s->head.p, s->head.n };
	count = (int)(last - s->iov) + 1;
	if (fragment_seal(s->iov, count, err) == -1)
		return -1;
	if (s->conf.emit(s->conf.arg, s->iov, count, err) == -1)
		return -1;
	s->stats.fragments++;
	s->back = s->has_sync ? 1 : s->back + 1;
	s->epoch_start = false;
	return 0;
}

/* Keep what did not go out for the next fragment. */
static int
advance(struct split *s, struct split_track *t, const struct part *part,
    struct err *err)
{
	if (part->count == 0)
		return 0;
	for (size_t i = 0; i < part->count; i++)
		t->first_dts += t->samples[i].duration;
	t->count -= part->count;
	memmove(t->samples, t->samples + part->count,
	    t->count * sizeof(*t->samples));
	memmove(t->where, t->where + part->count,
	    t->count * sizeof(*t->where));
	t->bytes -= part->bytes;
	if (t->count > 0)
		return split_data_own(s, t, err);
	buf_reset(&t->data);
	return 0;
}

static int
close_parts(struct split *s, int64_t end, uint32_t flags,
    const struct part *parts, struct err *err)
{
	const struct fragment_info info = make_info(s, end, flags);

	if (emit(s, &info, parts, err) == -1)
		return -1;
	s->open = false;
	for (size_t i = 0; i < s->ntracks; i++) {
		struct split_track *t = &s->tracks[i];

		if (advance(s, t, &parts[i], err) == -1)
			return -1;
		if (t->count > 0)
			s->open = true;
	}
	s->has_sync = s->dependent = s->begun = false;
	return 0;
}

int
split_close(struct split *s, int64_t end, uint32_t flags, struct err *err)
{
	struct part parts[SPLIT_TRACKS] = { { 0, 0 } };

	for (size_t i = 0; i < s->ntracks; i++)
		parts[i] = (struct part){ s->tracks[i].count,
		    s->tracks[i].bytes };
	return close_parts(s, end, flags, parts, err);
}

/* The samples of T before END, which counts in TIMESCALE. */
static struct part
part_before(const struct split_track *t, int64_t end, uint32_t timescale)
{
	struct part part = { 0, 0 };
	int64_t dts = t->first_dts;

	if (t->count == 0)
		return part;
	end = split_rescale(end, timescale, t->timescale);
	while (part.count < t->count && dts < end) {
		part.bytes += t->samples[part.count].bytes;
		dts += t->samples[part.count].duration;
		part.count++;
	}
	return part;
}

int
split_close_at(struct split *s, int64_t end, struct err *err)
{
	const struct split_track *lead = &s->tracks[s->lead];
	struct part parts[SPLIT_TRACKS] = { { 0, 0 } };
	size_t n = 0;

	for (size_t i = 0; i < s->ntracks; i++) {
		const struct split_track *t = &s->tracks[i];

		parts[i] = t->kind == TRACK_VIDEO ?
		    (struct part){ t->count, t->bytes } :
		    part_before(t, end, lead->timescale);
		n += parts[i].count;
	}
	if (n == 0)
		return 0;
	if (close_parts(s, end, 0, parts, err) == -1)
		return -1;
	s->open = s->begun = true;
	s->start = s->last_start = end;
	s->arrival_us = 0;
	return 0;
}
