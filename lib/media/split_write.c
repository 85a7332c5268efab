#include <assert.h>
#include <stdlib.h>

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
	s->has_sync = s->dependent = false;
	s->arrival_us = x->arrival_us;
}

size_t
split_in_hand(const struct split *s)
{
	return s->tracks[TRACK_VIDEO].data.n + s->tracks[TRACK_AUDIO].data.n;
}

static int
reserve(struct split_track *t, struct err *err)
{
	size_t cap = t->cap == 0 ? SAMPLES_FIRST : t->cap * 2;
	struct mp4_sample *samples;

	if (t->count < t->cap)
		return 0;
	samples = reallocarray(t->samples, cap, sizeof(*samples));
	if (samples == NULL)
		return err_nomem(err);
	t->samples = samples;
	t->cap = cap;
	return 0;
}

/* The track's first sample in the fragment; the lead's one is its start. */
static void
append_first(struct split *s, const struct split_sample *x, int64_t dts,
    int64_t pts)
{
	s->tracks[x->kind].first_dts = dts;
	if (x->kind != s->lead)
		return;
	s->dependent = !x->sync;
	s->start = x->sync ? pts : dts;
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
	struct split_track *t = &s->tracks[x->kind];

	if (reserve(t, err) == -1)
		return -1;
	if (t->count == 0)
		append_first(s, x, dts, pts);
	t->samples[t->count] = (struct mp4_sample){
		.bytes = (uint32_t)x->bytes, .duration = t->nominal,
		.cts = (int32_t)(pts - dts), .sync = x->sync };
	t->data.max = LIMIT_FRAGMENT_BYTES;
	buf_put(&t->data, x->p, x->bytes);
	if (buf_ok(&t->data, err) == -1)
		return -1;
	t->count++;
	if (!t->have_dts || pts > t->max_pts)
		t->max_pts = pts;
	t->have_dts = true;
	t->dts = dts;
	t->ms = x->ms;
	if (x->kind == s->lead && x->sync)
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
	if (s->tracks[TRACK_VIDEO].active && s->tracks[TRACK_AUDIO].active)
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

static void
reset_fragment(struct split *s)
{
	for (size_t i = 0; i < SPLIT_TRACKS; i++) {
		s->tracks[i].count = 0;
		buf_reset(&s->tracks[i].data);
	}
	s->open = false;
}

/* The lead's samples are the first run. */
int
split_close(struct split *s, int64_t end, uint32_t flags, struct err *err)
{
	const struct split_track *lead = &s->tracks[s->lead];
	struct fragment_info info = { .flags = flags, .start = s->start,
	    .timescale = lead->timescale, .arrival_us = s->arrival_us };
	struct mp4_run runs[SPLIT_TRACKS];
	struct iovec iov[1 + SPLIT_TRACKS];
	size_t n = 0;

	info.end = end > s->start ? end : s->start + 1;
	if (s->dependent) {
		info.flags |= FRAGMENT_DEPENDENT;
		info.back = s->back;
	}
	if (s->epoch_start)
		info.flags |= FRAGMENT_EPOCH_START;
	for (size_t i = 0; i < SPLIT_TRACKS; i++) {
		const struct split_track *t = &s->tracks[i];

		if (t->count == 0)
			continue;
		runs[n] = (struct mp4_run){ t->id, (uint64_t)t->first_dts,
		    t->samples, t->count };
		n++;
		iov[n] = (struct iovec){ t->data.p, t->data.n };
	}
	if (put_head(s, &info, runs, n, err) == -1)
		return -1;
	iov[0] = (struct iovec){ s->head.p, s->head.n };
	if (s->conf.emit(s->conf.arg, iov, (int)n + 1, err) == -1)
		return -1;
	s->stats.fragments++;
	s->stats.video_frames += s->tracks[TRACK_VIDEO].count;
	s->stats.audio_frames += s->tracks[TRACK_AUDIO].count;
	s->back = s->has_sync ? 1 : s->back + 1;
	s->epoch_start = false;
	reset_fragment(s);
	return 0;
}
