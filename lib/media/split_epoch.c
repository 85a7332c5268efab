#include <inttypes.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/flv.h"
#include "media/split_priv.h"

/* Which tracks there are: how long to wait for the second one. */
#define DECIDE_MS	2000
/* Audio that is kept in front of the first picture: decoders need a little. */
#define AUDIO_LEAD_MS	500
/* While there is no picture: when to throw old audio away. */
#define AUDIO_HOLD_MS	2000

/* A step back up to this keeps the order; a larger one is a new epoch. */
#define BACK_MAX_MS	500
/* Tags have whole milliseconds: a frame may seem to be early by this. */
#define EARLY_MS	1
#define WRAP_MS		(INT64_C(1) << 32)

/* As if 30 pictures a second, until there are two of them. */
#define VIDEO_NOMINAL	3000
#define VIDEO_NOMINAL_MAX	VIDEO_TIMESCALE

/* What the place_ and route functions say beside 0 and -1. */
#define NEW_EPOCH	1

static bool
wanted(const struct split_track *t)
{
	return t->configured && !t->absent;
}

static int64_t
min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Encoders with a negative composition offset would put pictures in front of
 * the fragment that has them: move their DTS, not their PTS.  And times in
 * front of zero cannot be stored: move the whole epoch.
 */
static void
set_shifts(struct split *s)
{
	int64_t min_ms = INT64_MAX, min_cts = 0;
	struct split_sample x;

	for (size_t i = 0; i < s->hold.n; i++) {
		x = split_hold_get(&s->hold, i);
		min_cts = min_i64(min_cts, x.cts_ms);
	}
	for (size_t i = 0; i < s->hold.n; i++) {
		x = split_hold_get(&s->hold, i);
		min_ms = min_i64(min_ms, x.ms +
		    (x.kind == TRACK_VIDEO ? min_cts : 0));
	}
	s->preshift = -min_cts * VIDEO_TICKS_MS;
	s->shift_ms = 0;
	while (min_ms + s->shift_ms < 0)
		s->shift_ms += min_ms + s->shift_ms < -1000 ? WRAP_MS : 1000;
}

static int
begin_epoch(struct split *s, struct err *err)
{
	struct track descs[SPLIT_TRACKS];
	size_t n = 0;

	set_shifts(s);
	for (size_t i = 0; i < SPLIT_TRACKS; i++) {
		struct split_track *t = &s->tracks[i];

		t->active = wanted(t);
		t->changed = t->have_dts = false;
		if (!t->active)
			continue;
		t->id = (uint32_t)n + 1;
		t->timescale = t->desc.timescale;
		t->nominal = i == TRACK_VIDEO ? VIDEO_NOMINAL : t->frame_ticks;
		descs[n] = t->desc;
		descs[n].id = t->id;
		descs[n].config = t->config.p;
		descs[n].config_bytes = t->config.n;
		n++;
	}
	s->lead = s->tracks[TRACK_VIDEO].active ? TRACK_VIDEO : TRACK_AUDIO;
	s->moov.max = SPLIT_TRACKS * (LIMIT_CODEC_CONFIG_BYTES + 4096);
	buf_reset(&s->moov);
	mp4_put_moov(&s->moov, descs, n);
	s->started = s->epoch_start = true;
	s->pending = s->have_last_start = false;
	s->back = 0;
	s->stats.epochs++;
	return buf_ok(&s->moov, err);
}

/* The end of what the lead track has in hand, as far as is known. */
static int64_t
nominal_end(const struct split_track *lead)
{
	return lead->max_pts + lead->nominal;
}

int
split_end_epoch(struct split *s, uint32_t flags, struct err *err)
{
	const struct split_track *lead = &s->tracks[s->lead];

	s->started = false;
	if (!s->open)
		return 0;
	if (lead->count == 0) {		/* only audio, and no picture came */
		s->stats.audio_dropped += s->tracks[TRACK_AUDIO].count;
		s->tracks[TRACK_AUDIO].count = 0;
		buf_reset(&s->tracks[TRACK_AUDIO].data);
		s->open = false;
		return 0;
	}
	return split_close(s, nominal_end(lead), flags, err);
}

static const char *
kind_name(enum track_kind kind)
{
	return kind == TRACK_VIDEO ? "video" : "audio";
}

/* Audio may pause for as long as it likes if it comes back in time. */
static bool
goes_with_video(const struct split *s, int64_t ms)
{
	const struct split_track *v = &s->tracks[TRACK_VIDEO];

	return v->active && v->have_dts &&
	    ms - v->ms <= s->conf.max_gap_ms &&
	    v->ms - ms <= s->conf.max_gap_ms;
}

/*
 * Does X not continue its track?  Forward, what counts is the last tag;
 * back, the last sample: it may have been moved on already.
 */
static bool
jumps(const struct split *s, const struct split_sample *x)
{
	const struct split_track *t = &s->tracks[x->kind];
	int64_t placed_ms;

	if (!t->have_dts)
		return false;
	placed_ms = t->dts * 1000 / t->timescale - s->shift_ms;
	if (x->kind == TRACK_VIDEO)
		placed_ms += s->preshift / VIDEO_TICKS_MS;
	if (placed_ms - x->ms <= BACK_MAX_MS &&
	    (x->ms - t->ms <= s->conf.max_gap_ms ||
	    (x->kind == TRACK_AUDIO && goes_with_video(s, x->ms))))
		return false;
	split_notice(s, "%s steps from %" PRId64 " to %" PRId64
	    " ms: a new epoch", kind_name(x->kind), t->ms, x->ms);
	return true;
}

/*
 * Pictures may fill half of what a fragment can have, the last of them goes
 * a bit over it, and sound a quarter: together they stay below.
 */
static bool
hand_is_full(const struct split *s, const struct split_sample *x)
{
	const struct split_track *t = &s->tracks[x->kind];

	if (t->count >= LIMIT_FRAGMENT_SAMPLES)
		return true;
	if (x->kind == TRACK_AUDIO)
		return t->data.n + x->bytes > LIMIT_FRAGMENT_BYTES / 4;
	return split_in_hand(s) + x->bytes > LIMIT_FRAGMENT_BYTES / 2;
}

static int64_t
duration_ticks(const struct split *s, const struct split_track *t)
{
	return s->conf.duration_ms * t->timescale / 1000;
}

static bool
video_cuts(const struct split *s, const struct split_sample *x, int64_t dts)
{
	const struct split_track *t = &s->tracks[TRACK_VIDEO];
	const int64_t duration = duration_ticks(s, t);
	const int64_t length = dts - t->first_dts;

	if (t->count == 0)
		return false;
	if (x->sync && length >= duration - duration / 4)
		return true;
	if (hand_is_full(s, x))
		return true;
	if (s->conf.cut == SPLIT_CUT_EXACT)
		return length >= duration - EARLY_MS * VIDEO_TICKS_MS;
	return length >= (int64_t)SPLIT_KEYFRAME_WAIT_MS * VIDEO_TICKS_MS;
}

/* The sample before the one at DTS lasts until then. */
static void
set_duration(struct split_track *t, int64_t dts)
{
	if (t->count > 0)
		t->samples[t->count - 1].duration = (uint32_t)(dts - t->dts);
}

static int
place_video(struct split *s, const struct split_sample *x, struct err *err)
{
	struct split_track *t = &s->tracks[TRACK_VIDEO];
	int64_t pts, dts, start, step;

	if (jumps(s, x))
		return NEW_EPOCH;
	dts = (x->ms + s->shift_ms) * VIDEO_TICKS_MS;
	pts = dts + (int64_t)x->cts_ms * VIDEO_TICKS_MS;
	dts -= s->preshift;
	if (t->have_dts && dts <= t->dts)
		dts = t->dts + 1;
	set_duration(t, dts);
	step = dts - t->dts;
	if (t->have_dts && step >= VIDEO_TICKS_MS &&
	    step <= VIDEO_NOMINAL_MAX)
		t->nominal = (uint32_t)step;
	if (s->open && video_cuts(s, x, dts)) {
		start = x->sync ? pts : dts;
		if (split_close(s, start, 0, err) == -1)
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
audio_dts(const struct split *s, const struct split_track *t, int64_t ms)
{
	const int64_t ts = t->timescale, off = (int64_t)t->nominal * 3 / 2;
	int64_t actual = ((ms + s->shift_ms) * ts + 500) / 1000, expected;

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

static int
drop(struct split *s, const struct split_sample *x)
{
	if (x->kind == TRACK_VIDEO)
		s->stats.video_dropped++;
	else
		s->stats.audio_dropped++;
	return 0;
}

static int
place_audio(struct split *s, const struct split_sample *x, struct err *err)
{
	struct split_track *t = &s->tracks[TRACK_AUDIO];
	struct split_track *v = &s->tracks[TRACK_VIDEO];
	int64_t dts;

	if (jumps(s, x))
		return NEW_EPOCH;
	if (!t->have_dts && v->active && v->have_dts &&
	    !goes_with_video(s, x->ms))
		return drop(s, x);	/* another clock */
	if (v->active && hand_is_full(s, x)) {
		if (!v->have_dts)
			return drop(s, x);
		split_notice(s, "too much audio without video");
		v->absent = true;
		return NEW_EPOCH;
	}
	dts = audio_dts(s, t, x->ms);
	set_duration(t, dts);
	if (s->open && s->lead == TRACK_AUDIO && t->count > 0 &&
	    (dts - t->first_dts >= duration_ticks(s, t) ||
	    hand_is_full(s, x))) {
		if (split_close(s, dts, 0, err) == -1)
			return -1;
	}
	if (!s->open)
		split_open(s, x);
	return split_append(s, x, dts, dts, err);
}

static int
place(struct split *s, const struct split_sample *x, struct err *err)
{
	return x->kind == TRACK_VIDEO ? place_video(s, x, err) :
	    place_audio(s, x, err);
}

/*
 * A new configuration or track waits for the next keyframe, so that no
 * picture is lost for it; without video it takes effect at once.
 */
static int
route_pending(struct split *s, const struct split_sample *x, struct err *err)
{
	const struct split_track *t = &s->tracks[x->kind];

	if (x->kind == TRACK_VIDEO ? x->sync :
	    !wanted(&s->tracks[TRACK_VIDEO]))
		return NEW_EPOCH;
	if (t->active && !t->changed)
		return place(s, x, err);
	if (x->kind == TRACK_VIDEO)
		return drop(s, x);
	if (split_hold_full(&s->hold, x->bytes))
		split_hold_clear(s);
	return split_hold_add(s, x, err);
}

/* 0, -1, or NEW_EPOCH: X is the first sample of another epoch. */
static int
route(struct split *s, const struct split_sample *x, struct err *err)
{
	if (s->pending)
		return route_pending(s, x, err);
	if (!s->tracks[x->kind].active)
		return drop(s, x);
	return place(s, x, err);
}

static bool
tracks_known(const struct split *s)
{
	const struct split_track *v = &s->tracks[TRACK_VIDEO];
	const struct split_track *a = &s->tracks[TRACK_AUDIO];
	int64_t now_ms = INT64_MIN;

	if (v->configured && a->configured)
		return true;
	if ((s->hint == FLV_HAS_VIDEO && v->configured) ||
	    (s->hint == FLV_HAS_AUDIO && a->configured))
		return true;
	for (size_t i = 0; i < SPLIT_TRACKS; i++)
		if (s->tracks[i].have_raw && s->tracks[i].raw_ms > now_ms)
			now_ms = s->tracks[i].raw_ms;
	return s->have_first && now_ms - s->first_ms >= DECIDE_MS;
}

/* Audio without a picture: only the newest may come to be of use. */
static void
prune_audio(struct split *s)
{
	const struct split_hold *h = &s->hold;
	int64_t first, last;

	if (h->n < 2)
		return;
	first = h->items[0].sample.ms;
	last = h->items[h->n - 1].sample.ms;
	if (last - first > AUDIO_HOLD_MS || last < first)
		split_hold_trim_audio(s, last - AUDIO_LEAD_MS, INT64_MAX);
}

/* Can an epoch begin with what is held?  Leaves just what belongs to it. */
static bool
can_begin(struct split *s)
{
	struct split_hold *h = &s->hold;
	size_t i = 0;
	int64_t ms;

	if (!s->decided)
		s->decided = tracks_known(s);
	if (!wanted(&s->tracks[TRACK_VIDEO])) {
		if (s->decided && h->count[TRACK_VIDEO] > 0)
			split_hold_drop_kind(s, TRACK_VIDEO);
		return s->decided && h->n > 0;
	}
	if (h->count[TRACK_VIDEO] == 0) {
		prune_audio(s);
		return false;
	}
	if (!s->decided)
		return false;
	while (h->items[i].sample.kind != TRACK_VIDEO)
		i++;
	ms = h->items[i].sample.ms;
	split_hold_trim_audio(s, ms - AUDIO_LEAD_MS,
	    ms + s->conf.max_gap_ms);
	return true;
}

/* Begin epochs with what is held as long as that is possible. */
static int
start(struct split *s, struct err *err)
{
	struct split_sample x;
	size_t i;
	int rc;

	while (!s->started && can_begin(s)) {
		if (begin_epoch(s, err) == -1)
			return -1;
		rc = 0;
		for (i = 0; i < s->hold.n; i++) {
			x = split_hold_get(&s->hold, i);
			if ((rc = route(s, &x, err)) != 0)
				break;
		}
		if (rc == -1)
			return -1;
		split_hold_drop(s, i);
		if (rc == NEW_EPOCH && split_end_epoch(s, 0, err) == -1)
			return -1;
	}
	return 0;
}

int
split_decide(struct split *s, struct err *err)
{
	if (s->started)
		return 0;
	s->decided = true;
	return start(s, err);
}

/*
 * Video that stops while audio goes on is left out of the next epoch, until
 * a keyframe comes.  Told by the steps of audio: the clocks of the two need
 * not agree.  Returns false if X is of no use.
 */
static bool
watch_video(struct split *s, const struct split_sample *x)
{
	struct split_track *v = &s->tracks[TRACK_VIDEO];

	if (x->kind == TRACK_VIDEO) {
		s->no_video_ms = 0;
		if (!v->absent)
			return true;
		if (!x->sync)
			return false;
		v->absent = false;
		s->pending = s->started;
		return true;
	}
	if (!wanted(v) || s->no_video_ms <= s->conf.max_gap_ms)
		return true;
	split_notice(s, "no video for %" PRId64 " ms: going on without",
	    s->no_video_ms);
	v->absent = true;
	s->pending = s->started;
	return true;
}

int
split_take(struct split *s, const struct split_sample *x, struct err *err)
{
	int rc;

	if (!watch_video(s, x))
		return drop(s, x);
	if (!s->started && split_hold_full(&s->hold, x->bytes)) {
		if (split_decide(s, err) == -1)
			return -1;
		if (!s->started)
			split_hold_clear(s);
	}
	if (s->started) {
		if ((rc = route(s, x, err)) != NEW_EPOCH)
			return rc;
		if (split_end_epoch(s, 0, err) == -1)
			return -1;
	}
	if (split_hold_add(s, x, err) == -1)
		return -1;
	return start(s, err);
}
