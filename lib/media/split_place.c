#include <inttypes.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/split_priv.h"

/* A step back up to this keeps the order; a larger one is a new epoch. */
#define BACK_MAX_MS	500
/* Tags have whole milliseconds: a frame may seem to be early by this. */
#define EARLY_MS	1
/* Pictures have stopped when audio is so far in front of them and the mark,
   on top of what it always is. */
#define STALL_MS	1000

#define VIDEO_NOMINAL_MAX	VIDEO_TIMESCALE

int
split_drop(struct split *s, const struct split_sample *x)
{
	if (x->kind == TRACK_VIDEO)
		s->stats.video_dropped++;
	else
		s->stats.audio_dropped++;
	return 0;
}

/* The track that cuts, if it is video. */
static const struct split_track *
lead_video(const struct split *s)
{
	const struct split_track *lead = &s->tracks[s->lead];

	return lead->active && lead->kind == TRACK_VIDEO ? lead : NULL;
}

/* Others may pause for as long as they like if they come back in time. */
static bool
goes_with_video(const struct split *s, int64_t ms)
{
	const struct split_track *v = lead_video(s);

	return v != NULL && v->have_dts && ms - v->ms <= s->conf.max_gap_ms &&
	    v->ms - ms <= s->conf.max_gap_ms;
}

/*
 * Does X not continue its track?  Forward, what counts is the last tag;
 * back, the last sample: it may have been moved on already.
 */
static bool
jumps(const struct split *s, const struct split_sample *x)
{
	const struct split_track *t = &s->tracks[x->track];
	int64_t placed_ms;

	if (!t->have_dts)
		return false;
	placed_ms = t->dts * 1000 / t->timescale - s->shift_ms;
	if (x->kind == TRACK_VIDEO)
		placed_ms += s->preshift / VIDEO_TICKS_MS;
	if (placed_ms - x->ms <= BACK_MAX_MS &&
	    (x->ms - t->ms <= s->conf.max_gap_ms ||
	    (x->track != s->lead && goes_with_video(s, x->ms))))
		return false;
	split_notice(s, "%s steps from %" PRId64 " to %" PRId64
	    " ms: a new epoch", split_kind_name(x->kind), t->ms, x->ms);
	return true;
}

/*
 * What cuts may fill half of what a fragment can have, the last of it goes a
 * bit over it, and all others a quarter: together they stay below.
 */
static bool
hand_is_full(const struct split *s, const struct split_sample *x)
{
	const struct split_track *t = &s->tracks[x->track];

	if (t->count >= LIMIT_FRAGMENT_SAMPLES)
		return true;
	if (x->track != s->lead)
		return split_in_hand(s, s->lead) + x->bytes >
		    LIMIT_FRAGMENT_BYTES / 4;
	return split_in_hand(s, SIZE_MAX) + x->bytes >
	    LIMIT_FRAGMENT_BYTES / 2;
}

static int64_t
ticks(const struct split_track *t, int64_t ms)
{
	return ms * t->timescale / 1000;
}

/* The sample before the one at DTS lasts until then. */
static void
set_duration(struct split_track *t, int64_t dts)
{
	if (t->count > 0)
		t->samples[t->count - 1].duration = (uint32_t)(dts - t->dts);
}

static bool
video_cuts(const struct split *s, const struct split_sample *x, int64_t dts)
{
	const struct split_track *t = &s->tracks[x->track];
	const int64_t duration = ticks(t, s->conf.duration_ms);
	const int64_t length = dts - (t->count > 0 ? t->first_dts : s->start);

	if (t->count == 0 && !s->begun)
		return false;
	if (x->sync && length >= duration - duration / 4)
		return true;
	if (hand_is_full(s, x))
		return t->count > 0;
	if (s->conf.cut == SPLIT_CUT_EXACT)
		return length >= duration - EARLY_MS * VIDEO_TICKS_MS;
	return length >= (int64_t)SPLIT_KEYFRAME_WAIT_MS * VIDEO_TICKS_MS;
}

/* Nothing of the lead is in hand: what goes out up to AT is sound. */
static int
cut_without_picture(struct split *s, int64_t at, struct err *err)
{
	const int64_t duration = ticks(&s->tracks[s->lead],
	    s->conf.duration_ms);
	int64_t start, mark;

	do {
		start = s->start;
		mark = at - start > duration + duration / 4 ?
		    start + duration : at;
		if (mark > start && split_close_at(s, mark, err) == -1)
			return -1;
	} while (s->start != start && s->start < at);
	return 0;
}

static void
video_times(const struct split *s, const struct split_sample *x,
    int64_t *dts, int64_t *pts)
{
	const struct split_track *t = &s->tracks[x->track];

	*dts = (x->ms + s->shift_ms) * VIDEO_TICKS_MS;
	*pts = *dts + (int64_t)x->cts_ms * VIDEO_TICKS_MS +
	    ((int64_t)x->nano_ns * VIDEO_TICKS_MS + 500000) / 1000000;
	*dts -= s->preshift;
	if (t->have_dts && *dts <= t->dts)
		*dts = t->dts + 1;
}

/* How far audio is in front of pictures when nothing is wrong. */
static void
watch_ahead(struct split *s, const struct split_sample *x)
{
	const struct split_track *a = split_first(s, TRACK_AUDIO);

	if (a->active && a->have_dts && a->ms - x->ms > s->ahead_ms)
		s->ahead_ms = a->ms - x->ms;
}

static int
place_video(struct split *s, const struct split_sample *x, struct err *err)
{
	struct split_track *t = &s->tracks[x->track];
	const bool leads = x->track == s->lead;
	int64_t pts, dts, start, step;

	if (jumps(s, x))
		return NEW_EPOCH;
	if (!leads && ((!t->have_dts && !x->sync) || hand_is_full(s, x)))
		return split_drop(s, x);
	video_times(s, x, &dts, &pts);
	set_duration(t, dts);
	step = dts - t->dts;
	if (t->have_dts && step >= VIDEO_TICKS_MS &&
	    step <= VIDEO_NOMINAL_MAX)
		t->nominal = (uint32_t)step;
	if (leads)
		watch_ahead(s, x);
	if (leads && s->open && video_cuts(s, x, dts)) {
		start = x->sync && !x->open ? pts : dts;
		if ((t->count > 0 ? split_close(s, start, 0, err) :
		    cut_without_picture(s, start, err)) == -1)
			return -1;
	}
	if (!s->open)
		split_open(s, x);
	return split_append(s, x, dts, pts, err);
}

/*
 * Audio is counted in samples, since tags have whole milliseconds, until it
 * is 1.5 frames off.  Then the last sample in hand gets longer or shorter;
 * if that one is out already, a gap stays a gap.
 */
static int64_t
audio_dts(const struct split *s, const struct split_track *t,
    const struct split_sample *x)
{
	const int64_t ts = t->timescale, off = (int64_t)t->nominal * 3 / 2;
	int64_t actual, expected;

	actual = ((x->ms + s->shift_ms) * ts +
	    (int64_t)x->nano_ns * ts / 1000000 + 500) / 1000;
	if (actual < 0)
		actual = 0;
	if (!t->have_dts)
		return actual;
	expected = t->dts + t->nominal;
	if (actual - expected > off)
		return actual;
	if (expected - actual > off && t->count > 0)
		return actual > t->dts ? actual : t->dts + 1;
	return expected;
}

/*
 * Pictures that stop must not hold back the sound: while they are missing,
 * audio cuts at the mark, and what is in hand need not have a picture.
 */
static int
cut_stalled(struct split *s, const struct split_track *audio, int64_t dts,
    struct err *err)
{
	const struct split_track *v = &s->tracks[s->lead];
	const int64_t wait_ms = s->conf.cut == SPLIT_CUT_EXACT ?
	    s->conf.duration_ms : SPLIT_KEYFRAME_WAIT_MS;
	int64_t mark = s->start + ticks(v, wait_ms);
	int64_t now = split_rescale(dts, audio->timescale, v->timescale);

	if (!s->open || !s->begun)
		return 0;
	if (v->count > 0 && v->max_pts + v->nominal > mark)
		mark = v->max_pts + v->nominal;
	if (now - mark < ticks(v, STALL_MS + s->ahead_ms))
		return 0;
	return split_close_at(s, mark, err);
}

/* The lead is audio: it cuts when it is long enough. */
static int
cut_audio(struct split *s, const struct split_sample *x, int64_t dts,
    struct err *err)
{
	const struct split_track *t = &s->tracks[x->track];

	if (!s->open || t->count == 0)
		return 0;
	if (dts - t->first_dts < ticks(t, s->conf.duration_ms) &&
	    !hand_is_full(s, x))
		return 0;
	return split_close(s, dts, 0, err);
}

static int
place_audio(struct split *s, const struct split_sample *x, struct err *err)
{
	struct split_track *t = &s->tracks[x->track];
	const struct split_track *v = lead_video(s);
	int64_t dts;
	int rc = 0;

	if (jumps(s, x))
		return NEW_EPOCH;
	if (!t->have_dts && v != NULL && v->have_dts &&
	    !goes_with_video(s, x->ms))
		return split_drop(s, x);	/* another clock */
	dts = audio_dts(s, t, x);
	if (v != NULL && t == split_first(s, TRACK_AUDIO))
		rc = cut_stalled(s, t, dts, err);
	if (rc == 0 && x->track != s->lead && hand_is_full(s, x)) {
		if (v == NULL || !v->have_dts)
			return split_drop(s, x);
		split_notice(s, "too much audio without video");
		s->no_video = true;
		return NEW_EPOCH;
	}
	set_duration(t, dts);
	t->nominal = x->ticks;
	if (rc == 0 && x->track == s->lead)
		rc = cut_audio(s, x, dts, err);
	if (rc == -1)
		return -1;
	if (!s->open)
		split_open(s, x);
	return split_append(s, x, dts, dts, err);
}

int
split_place(struct split *s, const struct split_sample *x, struct err *err)
{
	return x->kind == TRACK_VIDEO ? place_video(s, x, err) :
	    place_audio(s, x, err);
}
