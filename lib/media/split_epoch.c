#include <inttypes.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/flv.h"
#include "media/hdr.h"
#include "media/split_priv.h"

/* Which tracks there are: how long to wait for the second one. */
#define DECIDE_MS	2000
/* Audio that is kept in front of the first picture: decoders need a little. */
#define AUDIO_LEAD_MS	500
/* While there is no picture: when to throw old audio away. */
#define AUDIO_HOLD_MS	2000

#define WRAP_MS		(INT64_C(1) << 32)

/* As if 30 pictures a second, until there are two of them. */
#define VIDEO_NOMINAL	3000

static bool
wanted(const struct split *s, const struct split_track *t)
{
	return t->configured && (t->kind != TRACK_VIDEO || !s->no_video);
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

/*
 * What the first picture says of all.  It is told in every fragment, though
 * some encoders say it but once.
 */
static struct track_hdr
hdr_of(const struct split *s, size_t track, const struct track *desc)
{
	struct split_sample x = { .bytes = 0 };

	for (size_t i = 0; i < s->hold.n && x.bytes == 0; i++)
		if (s->hold.items[i].sample.track == track)
			x = split_hold_get(&s->hold, i);
	return hdr_find(desc, s->tracks[track].params.nal_length_bytes, x.p,
	    x.bytes);
}

/* The tracks of the epoch in the order of their IDs. */
static size_t
list_tracks(const struct split *s, struct track descs[SPLIT_TRACKS])
{
	size_t n = 0, at;

	for (size_t i = 0; i < s->ntracks; i++) {
		const struct split_track *t = &s->tracks[i];
		struct track desc = t->params.track;

		if (!t->active)
			continue;
		desc.id = split_track_id(t);
		desc.config = t->config.p;
		desc.config_bytes = t->config.n;
		if (t->kind == TRACK_VIDEO)
			desc.hdr = hdr_of(s, i, &desc);
		for (at = n++; at > 0 && descs[at - 1].id > desc.id; at--)
			descs[at] = descs[at - 1];
		descs[at] = desc;
	}
	return n;
}

static int
begin_epoch(struct split *s, struct err *err)
{
	struct track descs[SPLIT_TRACKS];
	const struct split_track *lead;

	set_shifts(s);
	for (size_t i = 0; i < s->ntracks; i++) {
		struct split_track *t = &s->tracks[i];

		t->active = wanted(s, t);
		t->changed = t->have_dts = false;
		t->timescale = t->params.track.timescale;
		t->nominal = t->kind == TRACK_VIDEO ? VIDEO_NOMINAL :
		    t->params.frame_ticks;
	}
	lead = split_first(s, TRACK_VIDEO);
	if (!lead->active)
		lead = split_first(s, TRACK_AUDIO);
	s->lead = (size_t)(lead - s->tracks);
	s->active = list_tracks(s, descs);
	s->moov.max = SPLIT_TRACKS * (LIMIT_CODEC_CONFIG_BYTES + 4096);
	buf_reset(&s->moov);
	mp4_put_moov(&s->moov, descs, s->active);
	s->started = s->epoch_start = true;
	s->pending = s->have_last_start = false;
	s->back = 0;
	s->ahead_ms = 0;
	s->stats.epochs++;
	return buf_ok(&s->moov, err);
}

/* The end of what the lead track has in hand, as far as is known. */
static int64_t
nominal_end(const struct split_track *lead)
{
	return lead->max_pts + lead->nominal;
}

/* Where the sound in hand ends, in the time of the lead. */
static int64_t
sound_end(const struct split *s)
{
	const uint32_t timescale = s->tracks[s->lead].timescale;
	int64_t end = s->start, t_end;

	for (size_t i = 0; i < s->ntracks; i++) {
		const struct split_track *t = &s->tracks[i];

		if (t->count == 0)
			continue;
		t_end = split_rescale(t->dts + t->nominal, t->timescale,
		    timescale);
		if (t_end > end)
			end = t_end;
	}
	return end;
}

int
split_end_epoch(struct split *s, uint32_t flags, struct err *err)
{
	const struct split_track *lead = &s->tracks[s->lead];

	s->started = false;
	if (!s->open)
		return 0;
	if (lead->count > 0)
		return split_close(s, nominal_end(lead), flags, err);
	if (!s->begun || split_in_hand(s, SIZE_MAX) == 0) {
		split_discard(s);	/* only audio, and no picture came */
		return 0;
	}
	return split_close(s, sound_end(s), flags, err);
}

/*
 * A new configuration or track waits for the next keyframe, so that no
 * picture is lost for it; without video it takes effect at once.
 */
static int
route_pending(struct split *s, const struct split_sample *x, struct err *err)
{
	const struct split_track *t = &s->tracks[x->track];
	const struct split_track *v = split_first(s, TRACK_VIDEO);

	if (t == v ? x->sync : !wanted(s, v))
		return NEW_EPOCH;
	if (t->active && !t->changed)
		return split_place(s, x, err);
	if (x->kind == TRACK_VIDEO)
		return split_drop(s, x);
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
	if (!s->tracks[x->track].active)
		return split_drop(s, x);
	return split_place(s, x, err);
}

static bool
tracks_known(struct split *s)
{
	const bool video = split_first(s, TRACK_VIDEO)->configured;
	const bool audio = split_first(s, TRACK_AUDIO)->configured;

	if ((video && audio) || (s->hint == FLV_HAS_VIDEO && video) ||
	    (s->hint == FLV_HAS_AUDIO && audio))
		return true;
	return s->have_first && s->raw_ms - s->first_ms >= DECIDE_MS;
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
		split_hold_trim(s, last - AUDIO_LEAD_MS, INT64_MAX);
}

/* Pictures are of no use: they are not to be waited for. */
static void
drop_pictures(struct split *s)
{
	for (size_t i = 0; i < s->ntracks; i++)
		if (s->tracks[i].kind == TRACK_VIDEO &&
		    s->hold.count[i] > 0)
			split_hold_drop_track(s, i);
}

/* Can an epoch begin with what is held?  Leaves just what belongs to it. */
static bool
can_begin(struct split *s)
{
	const struct split_track *v = split_first(s, TRACK_VIDEO);
	const size_t lead = (size_t)(v - s->tracks);
	struct split_hold *h = &s->hold;
	size_t i = 0;
	int64_t ms;

	if (!s->decided)
		s->decided = tracks_known(s);
	if (!wanted(s, v)) {
		if (s->decided)
			drop_pictures(s);
		return s->decided && h->n > 0;
	}
	if (h->count[lead] == 0) {
		prune_audio(s);
		return false;
	}
	if (!s->decided)
		return false;
	while (h->items[i].sample.track != lead)
		i++;
	ms = h->items[i].sample.ms;
	split_hold_trim(s, ms - AUDIO_LEAD_MS, ms + s->conf.max_gap_ms);
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
	const struct split_track *v = split_first(s, TRACK_VIDEO);

	if (&s->tracks[x->track] == v) {
		s->no_video_ms = 0;
		if (!s->no_video)
			return true;
		if (!x->sync)
			return false;
		s->no_video = false;
		s->pending = s->started;
		return true;
	}
	if (!wanted(s, v) || s->no_video_ms <= s->conf.max_gap_ms)
		return true;
	split_notice(s, "no video for %" PRId64 " ms: going on without",
	    s->no_video_ms);
	s->no_video = true;
	s->pending = s->started;
	return true;
}

int
split_take(struct split *s, const struct split_sample *x, struct err *err)
{
	int rc;

	if (!watch_video(s, x))
		return split_drop(s, x);
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
