/*
 * The sound of a fragment, encoded.  A frame belongs to the first original that
 * has all its encoder must hear for it: so a fragment of a rendition ends some
 * frames before its original, and begins as many before it, and no job waits
 * for a later original.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/mathematics.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/audio_encode.h"
#include "media/decode.h"
#include "media/pcm.h"
#include "store/ladder.h"
#include "store/transcode_impl.h"

#define TIME_MAX_S	1000000000	/* no position overflows */
#define PAUSE_MAX_S	2		/* of sound, from one to the next */
#define OVERLAP_PARTS	5		/* a fifth of a second */

struct sound {
	struct transcode	*t;
	const struct track	*track;
	const struct mp4_run	*own;		/* of the original */
	const struct mp4_run	*before;	/* of the one before, NULL if it
						   is not there or silent */
	struct audio_conf	 conf;
	uint32_t		 ahead;		/* of encoder and change of rate */
	int64_t			 first;		/* frames [FIRST, FIRST + COUNT) */
	size_t			 count;
};

static const struct mp4_run *
find_run(const struct transcode_source *source, const struct track *like,
    struct err *err)
{
	const struct track *track = transcode_track(&source->mp4, TRACK_AUDIO);
	const struct mp4_run *run;

	if (track == NULL || (run = mp4_run(&source->mp4, track->id)) == NULL)
		return NULL;
	if (track->codec != like->codec || track->timescale !=
	    like->timescale || track->config_bytes != like->config_bytes ||
	    memcmp(track->config, like->config, like->config_bytes) != 0) {
		err_set(err, ERR_DATA,
		    "audio parameters changed within the epoch");
		return NULL;
	}
	if (run->dts / like->timescale > TIME_MAX_S) {
		err_set(err, ERR_DATA, "bad decode time %" PRIu64, run->dts);
		return NULL;
	}
	return run->count == 0 ? NULL : run;
}

/* The position on the grid of T in the track's time. */
static int64_t
position(const struct sound *s, int64_t t)
{
	return av_rescale_rnd(t, s->conf.rate, s->track->timescale,
	    AV_ROUND_DOWN);
}

static int64_t
end_of(const struct mp4_run *run)
{
	return (int64_t)run->dts + transcode_duration(run);
}

/* The first frame that sound up to END, in the track's time, is not enough
   for. */
static int64_t
frames_until(const struct sound *s, int64_t end)
{
	int64_t frame = audio_grid(s->conf.codec)->frame;
	int64_t room = position(s, end) - s->ahead;

	return room < 0 ? 0 : room / frame;
}

static int
plan(struct sound *s, struct err *err)
{
	const struct fragment_info *info = &s->t->info;
	int64_t frame = audio_grid(s->conf.codec)->frame;
	int64_t start = (int64_t)s->own->dts, end = end_of(s->own), to;

	to = frames_until(s, end);
	if ((info->flags & FRAGMENT_LAST) != 0)
		to = (position(s, end) + frame - 1) / frame;
	if (s->before != NULL)
		s->first = frames_until(s, end_of(s->before));
	else if (s->t->unheard)
		s->first = frames_until(s, start);
	else
		s->first = position(s, start) / frame;
	s->count = to > s->first ? (size_t)(to - s->first) : 0;
	if (s->count > LIMIT_FRAGMENT_SAMPLES)
		return err_set(err, ERR_DATA, "%zu frames of sound, limit %d",
		    s->count, LIMIT_FRAGMENT_SAMPLES);
	return 0;
}

static size_t
add_samples(struct decode_sample *to, const struct mp4_run *run)
{
	int64_t dts;
	size_t i;

	if (run == NULL)
		return 0;
	dts = (int64_t)run->dts;
	for (i = 0; i < run->count; i++) {
		to[i] = (struct decode_sample){ run->samples[i].p,
		    run->samples[i].bytes, dts };
		dts += run->samples[i].duration;
	}
	return run->count;
}

static int
decode(struct sound *s, float **pcm, struct err *err)
{
	struct decode_sample *samples;
	struct pcm_job job = { .track = s->track, .rate = s->conf.rate,
	    .channels = s->conf.channels };
	int rc = -1;

	audio_span(s->conf.codec, s->first, s->count, &job.from, &job.to);
	samples = calloc(2 * (size_t)LIMIT_FRAGMENT_SAMPLES,
	    sizeof(*samples));
	*pcm = calloc((size_t)(job.to - job.from) * job.channels,
	    sizeof(**pcm));
	if (samples != NULL && *pcm != NULL) {
		job.samples = samples;
		job.count = add_samples(samples, s->before);
		job.count += add_samples(samples + job.count, s->own);
		rc = pcm_decode(&job, *pcm, &s->t->sound, err);
	} else {
		err_nomem(err);
	}
	free(samples);
	return rc;
}

static int
put(const struct sound *s, struct transcode_output *out,
    const struct audio_frames *frames, struct err *err)
{
	uint32_t frame = audio_grid(s->conf.codec)->frame;
	struct track track = { .id = 1, .kind = TRACK_AUDIO,
	    .codec = s->conf.codec, .timescale = s->conf.rate,
	    .sample_rate = s->conf.rate, .channels = s->conf.channels,
	    .config = frames->config.p, .config_bytes = frames->config.n };
	struct mp4_run run = { .track_id = 1, .count = frames->count,
	    .dts = (uint64_t)s->first * frame };
	struct fragment_info info = s->t->info;
	struct mp4_sample *samples = calloc(run.count, sizeof(*samples));
	const uint8_t *p = frames->data.p;
	size_t i;
	int rc;

	if (samples == NULL)
		return err_nomem(err);
	for (i = 0; i < run.count; p += frames->bytes[i++])
		samples[i] = (struct mp4_sample){ p, frames->bytes[i], frame,
		    0, true };
	run.samples = samples;
	info.flags &= ~FRAGMENT_DEPENDENT;
	info.back = 0;
	info.timescale = s->conf.rate;
	info.start = (int64_t)run.dts;
	info.end = info.start + (int64_t)run.count * frame;
	rc = transcode_put(s->t, out, &track, &run, &info, err);
	free(samples);
	return rc;
}

/*
 * Does the sound before end where ours begins, but for a pause, or what clocks
 * are off by?
 */
static bool
leads_to(const struct sound *s)
{
	int64_t pause = (int64_t)s->own->dts - end_of(s->before);
	int64_t ts = s->track->timescale;

	return pause >= -ts / OVERLAP_PARTS && pause <= PAUSE_MAX_S * ts;
}

static int
find_sound(struct sound *s, struct err *err)
{
	struct transcode *t = s->t;

	s->own = find_run(transcode_original(t), s->track, err);
	if (err->cls != ERR_NONE || s->own == NULL)
		return err->cls == ERR_NONE ? 0 : -1;
	if (t->nsources == 1)
		return 0;
	s->before = find_run(transcode_original(t) - 1, s->track, err);
	if (err->cls == ERR_NONE && (s->before == NULL || leads_to(s)))
		return 0;
	/* What is wrong with that one is no fault of this one. */
	*err = (struct err)ERR_INIT;
	s->before = NULL;
	t->unheard = true;
	return 0;
}

int
transcode_audio(struct transcode *t, struct transcode_output *out,
    const struct track *track, struct err *err)
{
	const struct rendition *r = out->rendition;
	struct sound s = { .t = t, .track = track, .conf = {
		.codec = r->codec,
		.rate = audio_rate(r->codec, track->sample_rate),
		.channels = track->channels == 1 ? 1 : 2,
		.bitrate_bps = r->bitrate_bps,
	} };
	struct audio_frames frames = { .count = 0 };
	float *pcm = NULL;
	int rc;

	s.ahead = audio_grid(r->codec)->ahead +
	    pcm_ahead(track, s.conf.rate);
	if (find_sound(&s, err) == -1)
		return -1;
	if (s.own == NULL)
		return transcode_put_gap(t, out, err);
	if (plan(&s, err) == -1)
		return -1;
	if (s.count == 0)
		return transcode_put_gap(t, out, err);
	if ((rc = decode(&s, &pcm, err)) == 0 &&
	    (rc = audio_encode(&s.conf, pcm, s.first, s.count, &frames,
	    err)) == 0)
		rc = put(&s, out, &frames, err);
	audio_release(&frames);
	free(pcm);
	return rc == -1 ? err_wrap(err, "rendition '%s'", r->name) : 0;
}
