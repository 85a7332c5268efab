/*
 * The middle step of a transcode: no I/O, but hostile media.
 */
#include "store/transcode_impl.h"

#include <assert.h>
#include <inttypes.h>
#include <sys/uio.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/render.h"
#include "media/retime.h"
#include "media/scale.h"
#include "store/ladder.h"

#define RENDITION_TRACK_ID	1
#define TIMESCALE_MAX	1000000000u	/* fits FFmpeg's rationals, twice */

const struct transcode_source *
transcode_original(const struct transcode *t)
{
	return &t->sources[t->nsources - 1];
}

const struct track *
transcode_track(const struct mp4 *m, enum track_kind kind)
{
	size_t i;

	for (i = 0; i < m->ntracks; i++)
		if (m->tracks[i].kind == kind)
			return &m->tracks[i];
	return NULL;
}

int64_t
transcode_duration(const struct mp4_run *run)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < run->count; i++)
		sum += run->samples[i].duration;
	return sum;
}

/*
 * The wall clock of DTS on TRACK.  The original's is that of its first
 * video sample, or of its first sample when it has no video.
 */
static int64_t
wall_us(const struct mp4 *m, const struct track *track, uint64_t dts)
{
	const struct track *ref = transcode_track(m, TRACK_VIDEO);
	const struct mp4_run *run;

	if (m->wall_us == 0)
		return 0;
	if (ref == NULL || (run = mp4_run(m, ref->id)) == NULL) {
		ref = transcode_track(m, TRACK_AUDIO);
		run = ref == NULL ? NULL : mp4_run(m, ref->id);
	}
	if (run == NULL)
		return 0;
	return m->wall_us + fragment_us((int64_t)dts, track->timescale) -
	    fragment_us((int64_t)run->dts, ref->timescale);
}

static int
seal(const struct buf *b, struct err *err)
{
	const struct iovec iov = { b->p, b->n };

	if (buf_ok(b, err) == -1)
		return -1;
	return fragment_seal(&iov, 1, err);
}

/* RUN of TRACK, which is the rendition's, as an init and a media segment. */
int
transcode_put(const struct transcode *t, struct transcode_output *out,
    const struct track *track, const struct mp4_run *run,
    const struct fragment_info *info, struct err *err)
{
	int64_t wall = wall_us(&transcode_original(t)->mp4, track, run->dts);
	struct fragment_info own = *info;
	struct fragment_info init = { .epoch = t->key.epoch,
	    .timescale = track->timescale };

	/* Sound is cut at frames of its own. */
	if (own.date_us != 0)
		own.date_us += fragment_us(own.start, own.timescale) -
		    fragment_us(t->info.start, t->info.timescale);
	own.name = init.name = fragment_name(t->key.stream,
	    out->rendition->name);
	mp4_put_ftyp(&out->init);
	fragment_put_info(&out->init, &init);
	mp4_put_moov(&out->init, track, 1);
	mp4_put_styp(&out->segment);
	fragment_put_info(&out->segment, &own);
	if (wall > 0)
		mp4_put_prft(&out->segment, track->id, wall, run->dts);
	mp4_put_fragment(&out->segment, own.seq, run, 1);
	out->kind = TRANSCODE_SEGMENT;
	if (seal(&out->init, err) == -1)
		return -1;
	return seal(&out->segment, err);
}

/* Pictures or sound that paused: nothing is pending, there is nothing more. */
int
transcode_put_gap(const struct transcode *t, struct transcode_output *out,
    struct err *err)
{
	struct fragment_info info = t->info;

	info.flags = (info.flags & ~FRAGMENT_DEPENDENT) | FRAGMENT_GAP;
	info.back = 0;
	if (out->rendition->codec == CODEC_JPEG)
		info.flags |= FRAGMENT_IMAGES;
	info.name = fragment_name(t->key.stream, out->rendition->name);
	mp4_put_styp(&out->segment);
	fragment_put_info(&out->segment, &info);
	mp4_put_fragment(&out->segment, info.seq, NULL, 0);
	out->kind = TRANSCODE_GAP;
	return seal(&out->segment, err);
}

/* The source's own samples. */
static int
copy_output(const struct transcode *t, struct transcode_output *out,
    const struct track *track, struct err *err)
{
	const struct mp4_run *from = mp4_run(&transcode_original(t)->mp4, track->id);
	struct fragment_info info = t->info;
	struct track copy = *track;
	struct mp4_run run;

	if (from == NULL || from->count == 0)
		return transcode_put_gap(t, out, err);
	if (from->dts > INT64_MAX / 2)
		return err_set(err, ERR_DATA, "bad decode time %" PRIu64,
		    from->dts);
	run = *from;
	run.track_id = copy.id = RENDITION_TRACK_ID;
	if (track->kind == TRACK_AUDIO) {
		info.flags &= ~FRAGMENT_DEPENDENT;
		info.back = 0;
		info.timescale = track->timescale;
		info.start = (int64_t)run.dts;
		info.end = info.start + transcode_duration(&run);
	}
	return transcode_put(t, out, &copy, &run, &info, err);
}

static bool
fits(const struct rendition *r, const struct track *video)
{
	return r->height <= video->height;
}

/* What is encoded of pictures: rungs and thumbnails. */
static bool
is_encoded(const struct rendition *r)
{
	return r->kind == TRACK_VIDEO && !r->copy;
}

static bool
is_rung(const struct rendition *r)
{
	return is_encoded(r) && r->codec != CODEC_JPEG;
}

/*
 * When every rung of a tier is above the source, the lowest one of the tier
 * is made at the source's size, so that there is a picture.
 */
static bool
is_last_resort(const struct ladder *l, const struct rendition *rung,
    const struct track *video)
{
	const struct rendition *r;

	for (r = l->renditions; r < l->renditions + l->count; r++) {
		if (!is_rung(r) || r->tier != rung->tier)
			continue;
		if (fits(r, video) || r->height < rung->height ||
		    (r->height == rung->height && r < rung))
			return false;
	}
	return true;
}

/*
 * Thumbnails are few: each rendition of them is scaled from the source, and
 * no rung from it.  What has ten bits is not scaled from what has eight.
 */
static int
chain_of(const struct ladder *l, const struct rendition *r)
{
	return is_rung(r) ? 2 * (int)r->tier + (r->depth == 10) :
	    2 * (LADDER_BATCH + 1) + (int)(r - l->renditions);
}

/* What is around the samples of a segment, and what there is for each. */
#define SEGMENT_BYTES	320
#define SAMPLE_BYTES	16

/*
 * The samples of what CAP bits a second allow the interval, and a tenth.
 * Small rungs are half headers when they may have hardly more.
 */
static size_t
max_bytes(const struct transcode *t, const struct track *video,
    uint64_t cap_bps)
{
	const struct mp4_run *run = mp4_run(&transcode_original(t)->mp4,
	    video->id);
	const size_t headers = SEGMENT_BYTES + SAMPLE_BYTES *
	    (run == NULL ? 0 : run->count);
	int64_t us = fragment_us(t->info.end - t->info.start,
	    t->info.timescale);
	size_t max;

	if (us <= 0 || cap_bps == 0)
		return 0;
	max = (size_t)((double)cap_bps / 8 * 1.1 * (double)us / 1e6);
	return max > 2 * headers ? max - headers : max / 2 + 1;
}

/* 1 and *RUNG, 0 when the source is too small for R, or -1. */
static int
plan_rung(const struct transcode *t, const struct rendition *r,
    const struct track *video, struct render_rung *rung, struct err *err)
{
	struct encode_conf *conf = &rung->conf;
	uint32_t height = r->height;

	if (!fits(r, video)) {
		if (is_rung(r) && !is_last_resort(t->ladder, r, video))
			return 0;
		height = 0;
	}
	*rung = (struct render_rung){ .conf = {
		.codec = r->codec,
		.preset = r->preset,
		.depth = r->depth == 10 ? 10 : 8,
		.bitrate_bps = r->bitrate_bps,
		.quality = r->quality,
		.cap_bps = r->cap_bps != 0 ? r->cap_bps : r->bitrate_bps,
		.timescale = video->timescale,
		.interval = t->info.end - t->info.start,
	} };
	if (is_rung(r))
		conf->hdr = video->hdr;
	rung->chain = chain_of(t->ladder, r);
	rung->fps = r->fps;
	rung->every_s = r->every_s;
	rung->sparse = r->every_s != 0 &&
	    (t->info.flags & FRAGMENT_EPOCH_START) == 0;
	rung->max_bytes = max_bytes(t, video, conf->cap_bps);
	return scale_size(video, height, &conf->width, &conf->height, err) ==
	    -1 ? -1 : 1;
}

/* The video of the renditions that have to be encoded. */
struct job {
	struct transcode	 *t;
	const struct track	 *video;
	struct decode_sample	 *samples;	/* owned */
	size_t			  nsamples;
	struct render_rung	 *rungs;	/* owned */
	struct transcode_output	**outputs;	/* owned; of each rung, NULL
						   if it is not wanted */
	size_t			  nrungs, nwanted;
};

/* Every source must describe the video as the original does. */
static const struct mp4_run *
source_run(const struct job *j, const struct transcode_source *source,
    struct err *err)
{
	const struct track *track = transcode_track(&source->mp4, TRACK_VIDEO);
	static const struct mp4_run empty;
	const struct mp4_run *run;

	if (track == NULL || track->timescale != j->video->timescale ||
	    track->config_bytes != j->video->config_bytes ||
	    memcmp(track->config, j->video->config, track->config_bytes) !=
	    0) {
		err_set(err, ERR_DATA,
		    "codec parameters changed within the epoch");
		return NULL;
	}
	run = mp4_run(&source->mp4, track->id);
	if (run != NULL && run->dts > INT64_MAX / 2) {
		err_set(err, ERR_DATA, "bad decode time %" PRIu64, run->dts);
		return NULL;
	}
	return run == NULL ? &empty : run;
}

/* Where decoding starts in the oldest source: at its last sync sample. */
static int
first_sample(const struct job *j, const struct mp4_run *run, size_t *first,
    struct err *err)
{
	size_t i;

	*first = 0;
	if (j->t->info.back == 0 && (run->count == 0 || run->samples[0].sync))
		return 0;
	for (i = run->count; j->t->info.back > 0 && i-- > 0;) {
		if (run->samples[i].sync) {
			*first = i;
			return 0;
		}
	}
	return err_set(err, ERR_DATA, "no sync sample to start decoding at");
}

static int
collect_samples(struct job *j, struct err *err)
{
	const struct transcode *t = j->t;
	const struct transcode_source *last = transcode_original(t), *source;
	const struct mp4_run *run;
	const struct mp4_sample *sample;
	size_t i, first;
	int64_t dts;

	j->samples = calloc((t->info.back + 1) *
	    (size_t)LIMIT_FRAGMENT_SAMPLES,
	    sizeof(*j->samples));
	if (j->samples == NULL)
		return err_nomem(err);
	for (source = last - t->info.back; source <= last; source++) {
		first = 0;
		run = source_run(j, source, err);
		if (run == NULL || (source == last - t->info.back &&
		    first_sample(j, run, &first, err) == -1))
			return -1;
		assert(run->count <= LIMIT_FRAGMENT_SAMPLES);
		dts = (int64_t)run->dts;
		for (i = 0; i < run->count; i++) {
			sample = &run->samples[i];
			if (i >= first)
				j->samples[j->nsamples++] =
				    (struct decode_sample){ sample->p,
				    sample->bytes, dts + sample->cts };
			dts += sample->duration;
		}
	}
	return 0;
}

static struct transcode_output *
find_output(struct transcode *t, const struct rendition *r)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->outputs[i].rendition == r)
			return &t->outputs[i];
	return NULL;
}

/*
 * All rungs of the ladder, wanted or not: the chain of sizes must not depend
 * on what is there already.
 */
static int
plan(struct job *j, struct err *err)
{
	const struct ladder *l = j->t->ladder;
	const struct rendition *r;
	struct transcode_output *out;
	int rc;

	j->rungs = calloc(l->count + 1, sizeof(*j->rungs));
	j->outputs = calloc(l->count + 1, sizeof(*j->outputs));
	if (j->rungs == NULL || j->outputs == NULL)
		return err_nomem(err);
	for (r = l->renditions; r < l->renditions + l->count; r++) {
		if (!is_encoded(r))
			continue;
		out = find_output(j->t, r);
		rc = plan_rung(j->t, r, j->video, &j->rungs[j->nrungs], err);
		if (rc == -1)
			return -1;
		if (rc == 0 && out != NULL)
			out->kind = TRANSCODE_NONE;
		if (rc == 0)
			continue;
		j->rungs[j->nrungs].wanted = out != NULL;
		j->nwanted += out != NULL;
		j->outputs[j->nrungs++] = out;
	}
	return 0;
}

static int
put_samples(const struct job *j, const struct render_rung *rung,
    struct mp4_sample *samples, struct err *err)
{
	const struct encode_result *r = &rung->result;
	const struct fragment_info *info = &j->t->info;
	int64_t *pts = calloc(r->count, sizeof(*pts));
	size_t i;
	int rc;

	if (pts == NULL)
		return err_nomem(err);
	for (i = 0; i < r->count; i++) {
		pts[i] = r->packets[i].pts;
		samples[i].p = r->data->p + r->packets[i].offset;
		samples[i].bytes = r->packets[i].bytes;
		samples[i].sync = r->packets[i].sync;
	}
	rc = retime(pts, r->count, info->start, info->end, r->delay,
	    samples, err);
	free(pts);
	return rc;
}

static int
encoded_output(const struct job *j, size_t i, struct err *err)
{
	const struct render_rung *rung = &j->rungs[i];
	struct fragment_info info = j->t->info;
	struct track track = {
		.id = RENDITION_TRACK_ID,
		.kind = TRACK_VIDEO,
		.codec = rung->conf.codec,
		.timescale = j->video->timescale,
		.media_start = rung->result.delay,
		.width = (uint16_t)rung->conf.width,
		.height = (uint16_t)rung->conf.height,
		.colour = rung->result.colour,
		.hdr = rung->conf.hdr,
		.sar_num = 1,
		.sar_den = 1,
		.config = rung->result.config->p,
		.config_bytes = rung->result.config->n,
	};
	struct mp4_run run = {
		.track_id = RENDITION_TRACK_ID,
		.dts = (uint64_t)info.start,
		.count = rung->result.count,
	};
	struct mp4_sample *samples = calloc(run.count, sizeof(*samples));
	int rc = -1;

	if (samples == NULL)
		return err_nomem(err);
	run.samples = samples;
	info.flags &= ~FRAGMENT_DEPENDENT;
	if (rung->every_s != 0)
		info.flags |= FRAGMENT_IMAGES;
	info.back = 0;
	if (put_samples(j, rung, samples, err) == 0) {
		assert(transcode_duration(&run) == info.end - info.start);
		rc = transcode_put(j->t, j->outputs[i], &track, &run, &info, err);
	}
	free(samples);
	return rc;
}

static bool
has_pictures(const struct job *j)
{
	const struct fragment_info *info = &j->t->info;
	size_t i;

	for (i = 0; i < j->nsamples; i++)
		if (j->samples[i].pts >= info->start &&
		    j->samples[i].pts < info->end)
			return true;
	return false;
}

static int
encode_rungs(struct job *j, struct err *err)
{
	const struct fragment_info *info = &j->t->info;
	struct decode_job decode = { j->video, NULL, 0, info->start,
	    info->end };
	size_t i;

	if (plan(j, err) == -1)
		return -1;
	if (j->nwanted == 0)
		return 0;
	if (info->timescale != j->video->timescale ||
	    info->timescale > TIMESCALE_MAX)
		return err_set(err, ERR_DATA,
		    "timescales %" PRIu32 " of the interval, %" PRIu32
		    " of the video", info->timescale, j->video->timescale);
	if (collect_samples(j, err) == -1)
		return -1;
	if (!has_pictures(j)) {
		for (i = 0; i < j->nrungs; i++)
			if (j->outputs[i] != NULL &&
			    transcode_put_gap(j->t, j->outputs[i], err) == -1)
				return -1;
		return 0;
	}
	decode.samples = j->samples;
	decode.count = j->nsamples;
	if (render_run(&decode, j->rungs, j->nrungs, j->t->threads,
	    &j->t->stats, err) == -1)
		return -1;
	for (i = 0; i < j->nrungs; i++)
		if (j->outputs[i] != NULL && (j->rungs[i].result.count == 0 ?
		    transcode_put_gap(j->t, j->outputs[i], err) :
		    encoded_output(j, i, err)) == -1)
			return -1;
	return 0;
}

static int
run_video(struct transcode *t, const struct track *video, struct err *err)
{
	struct job j = { .t = t, .video = video };
	int rc = encode_rungs(&j, err);

	if (j.rungs != NULL)
		render_release(j.rungs, j.nrungs);
	free(j.rungs);
	free(j.outputs);
	free(j.samples);
	return rc;
}

int
transcode_run(struct transcode *t, struct err *err)
{
	const struct mp4 *m = &transcode_original(t)->mp4;
	const struct track *video = transcode_track(m, TRACK_VIDEO);
	const struct track *track;
	struct transcode_output *out;

	for (out = t->outputs; out < t->outputs + t->count; out++) {
		track = transcode_track(m, out->rendition->kind);
		if (track == NULL)
			out->kind = TRANSCODE_NONE;
		else if (out->rendition->copy &&
		    copy_output(t, out, track, err) == -1)
			return -1;
		else if (!out->rendition->copy && track->kind == TRACK_AUDIO &&
		    transcode_audio(t, out, track, err) == -1)
			return -1;
	}
	return video == NULL ? 0 : run_video(t, video, err);
}
