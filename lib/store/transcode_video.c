/*
 * The pictures of originals that follow each other.  Those that are decoded from
 * the same sample on are decoded once.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/err.h"
#include "media/render.h"
#include "media/retime.h"
#include "store/ladder.h"
#include "store/transcode_impl.h"

#define TIMESCALE_MAX	1000000000u	/* fits FFmpeg's rationals, twice */

/* What of an original's video has to be encoded. */
struct job {
	struct transcode	 *t;
	const struct track	 *video;
	struct render_ladder	  ladder;	/* its rungs are owned */
	struct transcode_output	**outputs;	/* owned; of each rung, NULL
						   if it is not wanted */
	size_t			  nwanted;
	struct decode_interval	  interval;
};

/* Jobs whose decoding begins at the same sample: in one go. */
struct group {
	struct job		*jobs;		/* owned */
	size_t			 n, ended;
	const struct transcode_source *first;	/* it begins in this one, */
	size_t			 skipped;	/* behind so many samples */
	struct decode_sample	*samples;	/* owned */
	size_t			 nsamples;
	/* Of those that have pictures; each owned. */
	struct decode_interval	*intervals;
	struct render_ladder	*ladders;
	size_t			*which;		/* the job */
	size_t			 ndrawn;
	transcode_made_fn	*made;
	void			*arg;
};

/* Every source must describe the video as the original does. */
static const struct mp4_run *
source_run(const struct track *video, const struct transcode_source *source,
    struct err *err)
{
	const struct track *track = transcode_track(&source->mp4, TRACK_VIDEO);
	static const struct mp4_run empty;
	const struct mp4_run *run;

	if (track == NULL || track->timescale != video->timescale ||
	    track->config_bytes != video->config_bytes ||
	    memcmp(track->config, video->config, track->config_bytes) != 0) {
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
first_sample(const struct transcode *t, const struct mp4_run *run,
    size_t *first, struct err *err)
{
	size_t i;

	*first = 0;
	if (t->info.back == 0 && (run->count == 0 || run->samples[0].sync))
		return 0;
	for (i = run->count; t->info.back > 0 && i-- > 0;) {
		if (run->samples[i].sync) {
			*first = i;
			return 0;
		}
	}
	return err_set(err, ERR_DATA, "no sync sample to start decoding at");
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
	struct render_rung *rungs = calloc(l->count + 1, sizeof(*rungs));
	struct transcode_output *out;
	int rc;

	j->ladder.rungs = rungs;
	j->outputs = calloc(l->count + 1, sizeof(*j->outputs));
	if (rungs == NULL || j->outputs == NULL)
		return err_nomem(err);
	for (r = l->renditions; r < l->renditions + l->count; r++) {
		if (!transcode_is_encoded(r))
			continue;
		out = find_output(j->t, r);
		rc = transcode_plan(j->t, r, j->video, &rungs[j->ladder.n], err);
		if (rc == -1)
			return -1;
		if (rc == 0 && out != NULL)
			out->kind = TRANSCODE_NONE;
		if (rc == 0)
			continue;
		rungs[j->ladder.n].wanted = out != NULL;
		j->nwanted += out != NULL;
		j->outputs[j->ladder.n++] = out;
	}
	return 0;
}

static int
begin_job(struct job *j, struct transcode *t, struct err *err)
{
	const struct fragment_info *info = &t->info;
	const struct track *video = transcode_track(
	    &transcode_original(t)->mp4, TRACK_VIDEO);

	*j = (struct job){ .t = t, .video = video };
	if (video == NULL)
		return 0;
	if (plan(j, err) == -1)
		return -1;
	if (j->nwanted > 0 && (info->timescale != video->timescale ||
	    info->timescale > TIMESCALE_MAX))
		return err_set(err, ERR_DATA,
		    "timescales %" PRIu32 " of the interval, %" PRIu32
		    " of the video", info->timescale, video->timescale);
	j->interval.start = info->start;
	j->interval.end = info->end;
	return 0;
}

static void
release_job(struct job *j)
{
	if (j->ladder.rungs != NULL)
		render_release(&j->ladder);
	free(j->ladder.rungs);
	free(j->outputs);
}

static int
add_samples(struct group *g, const struct mp4_run *run, size_t from,
    struct err *err)
{
	struct decode_sample *samples = realloc(g->samples,
	    (g->nsamples + run->count + 1) * sizeof(*samples));
	const struct mp4_sample *sample;
	int64_t dts = (int64_t)run->dts;
	size_t i;

	if (samples == NULL)
		return err_nomem(err);
	g->samples = samples;
	for (i = 0; i < run->count; i++) {
		sample = &run->samples[i];
		if (i >= from)
			samples[g->nsamples++] = (struct decode_sample){
			    sample->p, sample->bytes, dts + sample->cts };
		dts += sample->duration;
	}
	return 0;
}

/* The first job, with its samples back to where decoding begins. */
static int
begin_group(struct group *g, struct err *err)
{
	struct job *j = &g->jobs[0];
	const struct transcode_source *source, *last =
	    transcode_original(j->t);
	const struct mp4_run *run;

	if (j->nwanted == 0)
		return 0;
	g->first = last - j->t->info.back;
	for (source = g->first; source <= last; source++) {
		run = source_run(j->video, source, err);
		if (run == NULL || (source == g->first &&
		    first_sample(j->t, run, &g->skipped, err) == -1) ||
		    add_samples(g, run, source == g->first ? g->skipped : 0,
		    err) == -1)
			return -1;
	}
	j->interval.count = g->nsamples;
	return 0;
}

/* No sample of RUN is shown before PTS. */
static bool
is_shown_from(const struct mp4_run *run, int64_t pts)
{
	int64_t dts = (int64_t)run->dts;
	size_t i;

	for (i = 0; i < run->count; i++) {
		if (dts + run->samples[i].cts < pts)
			return false;
		dts += run->samples[i].duration;
	}
	return true;
}

/*
 * Would J, which follows, be decoded from the same sample on, and the one
 * before see nothing of its samples?
 */
static bool
joins(const struct group *g, const struct job *j, const struct mp4_run **run)
{
	const struct job *before = &g->jobs[g->n - 1];
	struct err ignored = ERR_INIT;
	const struct mp4_run *first;
	size_t skipped;

	if (j->nwanted == 0 || j->video->codec != before->video->codec ||
	    transcode_original(j->t) - j->t->info.back != g->first ||
	    j->interval.start < before->interval.end)
		return false;
	*run = source_run(before->video, transcode_original(j->t), &ignored);
	first = source_run(j->video, g->first, &ignored);
	return *run != NULL && first != NULL &&
	    first_sample(j->t, first, &skipped, &ignored) == 0 &&
	    skipped == g->skipped &&
	    is_shown_from(*run, before->interval.end);
}

/* 1 when T has joined, 0 when it is on its own, or -1. */
static int
extend_group(struct group *g, struct transcode *t, struct err *err)
{
	struct job *j = &g->jobs[g->n];
	struct err ignored = ERR_INIT;
	const struct mp4_run *run;

	if (g->jobs[0].nwanted == 0)
		return 0;
	if (begin_job(j, t, &ignored) == -1 || !joins(g, j, &run)) {
		release_job(j);
		return 0;
	}
	g->n++;
	if (add_samples(g, run, 0, err) == -1)
		return -1;
	j->interval.count = g->nsamples;
	return 1;
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
	const struct render_rung *rung = &j->ladder.rungs[i];
	struct fragment_info info = j->t->info;
	struct track track = {
		.id = TRANSCODE_TRACK_ID,
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
		.track_id = TRANSCODE_TRACK_ID,
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

/* The next job: DRAWN says what became of its pictures, if it has any. */
static int
end_job(struct group *g, const struct decode_interval *drawn, struct err *err)
{
	struct job *j = &g->jobs[g->ended++];
	size_t i;

	if (drawn != NULL)
		j->t->stats = drawn->stats;
	if (transcode_others(j->t, err) == -1)
		return -1;
	for (i = 0; i < j->ladder.n; i++)
		if (j->outputs[i] != NULL && (drawn == NULL ||
		    j->ladder.rungs[i].result.count == 0 ?
		    transcode_put_gap(j->t, j->outputs[i], err) :
		    encoded_output(j, i, err)) == -1)
			return -1;
	render_release(&j->ladder);
	return g->made(j->t, g->arg, err);
}

static int
on_drawn(size_t i, void *arg, struct err *err)
{
	struct group *g = arg;

	while (g->ended < g->which[i])
		if (end_job(g, NULL, err) == -1)
			return -1;
	return end_job(g, &g->intervals[i], err);
}

static bool
has_pictures(const struct group *g, const struct job *j)
{
	size_t i;

	if (g->samples == NULL)
		return false;	/* nothing is decoded */
	for (i = 0; i < j->interval.count; i++)
		if (g->samples[i].pts >= j->interval.start &&
		    g->samples[i].pts < j->interval.end)
			return true;
	return false;
}

static int
choose_drawn(struct group *g, struct err *err)
{
	size_t i;

	g->intervals = calloc(g->n, sizeof(*g->intervals));
	g->ladders = calloc(g->n, sizeof(*g->ladders));
	g->which = calloc(g->n, sizeof(*g->which));
	if (g->intervals == NULL || g->ladders == NULL || g->which == NULL)
		return err_nomem(err);
	for (i = 0; i < g->n; i++) {
		if (!has_pictures(g, &g->jobs[i]))
			continue;
		g->intervals[g->ndrawn] = g->jobs[i].interval;
		g->ladders[g->ndrawn] = g->jobs[i].ladder;
		g->which[g->ndrawn++] = i;
	}
	return 0;
}

static int
draw(struct group *g, struct err *err)
{
	const struct decode_job decode = { g->jobs[0].video, g->samples,
	    g->nsamples };
	struct render_conf conf = { .decode = &decode,
	    .threads = g->jobs[0].t->threads, .made = on_drawn, .arg = g };

	if (choose_drawn(g, err) == -1)
		return -1;
	conf.intervals = g->intervals;
	conf.ladders = g->ladders;
	conf.n = g->ndrawn;
	if (conf.n > 0 && render_run(&conf, err) == -1)
		return -1;
	while (g->ended < g->n)
		if (end_job(g, NULL, err) == -1)
			return -1;
	return 0;
}

/* The first of N, and those behind it that can be decoded with it. */
static int
run_group(struct group *g, struct transcode ts[], size_t n, struct err *err)
{
	int rc;

	if ((g->jobs = calloc(n, sizeof(*g->jobs))) == NULL)
		return err_nomem(err);
	g->n = 1;
	if (begin_job(&g->jobs[0], &ts[0], err) == -1 ||
	    begin_group(g, err) == -1)
		return -1;
	while (g->n < n) {
		if ((rc = extend_group(g, &ts[g->n], err)) == -1)
			return -1;
		if (rc == 0)
			break;
	}
	return draw(g, err);
}

static void
release_group(struct group *g)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		release_job(&g->jobs[i]);
	free(g->jobs);
	free(g->samples);
	free(g->intervals);
	free(g->ladders);
	free(g->which);
}

int
transcode_together(struct transcode ts[], size_t n, size_t *count,
    transcode_made_fn *made, void *arg, struct err *err)
{
	struct group g = { .made = made, .arg = arg };
	int rc = run_group(&g, ts, n, err);

	*count = g.n;
	release_group(&g);
	return rc;
}
