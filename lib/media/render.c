#include "media/render.h"

#include <libavutil/frame.h>

#include "base/crew.h"
#include "base/err.h"
#include "media/decode.h"
#include "media/deinterlace.h"
#include "media/recipe.h"
#include "media/scale.h"

#define ROUNDS_MAX	4
#define FPS_DEFAULT	30	/* when the stream declares none */

/* An interval at a time. */
struct render {
	const struct render_conf *conf;
	size_t			  at;		/* the interval */
	struct render_rung	**order;	/* by chain, largest first */
	size_t			  n;
	struct crew		 *crew;		/* a line for each rung; NULL
						   before it is begun */
	struct picture		  declared;	/* the rate of the pictures */
};

static int
compare(const void *a, const void *b)
{
	const struct render_rung *x = *(struct render_rung *const *)a;
	const struct render_rung *y = *(struct render_rung *const *)b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	if (x->conf.height != y->conf.height)
		return y->conf.height - x->conf.height;
	if (x->conf.width != y->conf.width)
		return y->conf.width - x->conf.width;
	return y->wanted - x->wanted;
}

/* No picture was kept yet, and the first one is not held back for that case. */
static bool
needs_spare(const struct render_rung *rung)
{
	return rung->todo && !rung->sparse && rung->encoder == NULL &&
	    rung->spare == NULL;
}

/*
 * Who needs the picture at PTS: those that keep it or hold the first one
 * back, and those that they are scaled from.
 */
static void
mark_needed(const struct render *r, int64_t pts)
{
	struct render_rung *rung, *next = NULL;
	size_t i;

	for (i = r->n; i-- > 0; next = rung) {
		rung = r->order[i];
		rung->keeps = rung->todo && pace_keeps(&rung->pace, pts);
		rung->needed = rung->keeps || needs_spare(rung) ||
		    (next != NULL && next->chain == rung->chain &&
		    next->needed);
	}
}

/* For the crew: a picture, or the end. */
static int
encode_item(size_t line, void *item, void *arg, struct err *err)
{
	struct render_rung *rung = ((struct render *)arg)->order[line];

	return item != NULL ? encoder_put(rung->encoder, item, err) :
	    encoder_finish(rung->encoder, &rung->result, err);
}

static void
drop_item(void *item)
{
	AVFrame *frame = item;

	av_frame_free(&frame);
}

/* PICTURE, and what is known of the rate with the rung's cap on it. */
static int
encode(struct render *r, size_t i, const struct picture *picture,
    struct err *err)
{
	struct render_rung *rung = r->order[i];
	AVFrame *frame;
	struct picture paced = *picture;

	if (paced.fps_num == 0) {
		paced.fps_num = FPS_DEFAULT;
		paced.fps_den = 1;
	}
	if (rung->fps != 0 && (int64_t)rung->fps * paced.fps_den <
	    paced.fps_num) {
		paced.fps_num = (int)rung->fps;
		paced.fps_den = 1;
	}
	if (rung->encoder == NULL)
		rung->encoder = encoder_new(&rung->conf, &paced, err);
	if (rung->encoder == NULL)
		return -1;
	if ((frame = av_frame_clone(paced.frame)) == NULL)
		return err_nomem(err);
	return crew_put(r->crew, i, frame, err);
}

/* Scale and encode; *FRAME becomes the scaled picture. */
static int
run_rung(struct render *r, size_t i, const struct AVFrame **frame,
    const struct picture *picture, struct err *err)
{
	struct render_rung *rung = r->order[i];
	const struct encode_conf *conf = &rung->conf;
	struct picture scaled = *picture;

	if (rung->scaler == NULL)
		rung->scaler = scaler_new(conf->width, conf->height,
		    conf->codec == CODEC_JPEG ? SCALE_JPEG :
		    conf->depth == 10 ? SCALE_DEEP : SCALE_VIDEO, err);
	if (rung->scaler == NULL)
		return -1;
	*frame = scaled.frame = scaler_run(rung->scaler, *frame, err);
	if (*frame == NULL)
		return -1;
	if (rung->keeps)
		return encode(r, i, &scaled, err);
	if (!needs_spare(rung))
		return 0;
	rung->spare = av_frame_clone(scaled.frame);
	return rung->spare == NULL ? err_nomem(err) : 0;
}

/* PICTURE to every rung that needs it. */
static int
give(struct render *r, const struct picture *picture, struct err *err)
{
	const struct AVFrame *frame = picture->frame;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (i > 0 && r->order[i]->chain != r->order[i - 1]->chain)
			frame = picture->frame;
		if (r->order[i]->needed &&
		    run_rung(r, i, &frame, picture, err) == -1)
			return -1;
	}
	return 0;
}

static int
draw(struct render *r, const struct picture *picture, struct err *err)
{
	struct picture progressive = *picture;
	AVFrame *frame;
	int rc;

	r->declared = *picture;
	mark_needed(r, picture->frame->pts);
	if (!deinterlace_wanted(picture->frame))
		return give(r, picture, err);
	if ((frame = deinterlace(picture->frame, err)) == NULL)
		return -1;
	progressive.frame = frame;
	rc = give(r, &progressive, err);
	av_frame_free(&frame);
	return rc;
}

static int
finish(struct render *r, size_t pictures, struct err *err)
{
	struct render_rung *rung;
	size_t i;

	if (pictures == 0)
		return err_set(err, ERR_DATA, "no picture could be decoded");
	for (i = 0; i < r->n; i++) {
		rung = r->order[i];
		if (!rung->todo || (rung->sparse && rung->encoder == NULL))
			continue;
		if (rung->encoder == NULL) {
			r->declared.frame = rung->spare;
			if (encode(r, i, &r->declared, err) == -1)
				return -1;
		}
		if (crew_put(r->crew, i, NULL, err) == -1)
			return -1;
	}
	if (crew_wait(r->crew, err) == -1)
		return -1;
	for (i = 0; i < r->n; i++) {
		rung = r->order[i];
		if (rung->todo && rung->fps == 0 && rung->every_s == 0 &&
		    rung->result.count != pictures)
			return err_set(err, ERR_BUG,
			    "%zu pictures, %zu packets", pictures,
			    rung->result.count);
	}
	return 0;
}

/*
 * An encoder that sees a second at a time may miss a rate that it is asked
 * for.  Ask for less: a step of quality is about a ninth of the size.
 */
static bool
tighten(struct render_rung *rung)
{
	struct encode_conf *conf = &rung->conf;
	double size, max = (double)rung->max_bytes;
	int worst;

	if (rung->max_bytes == 0 || rung->result.data->n <= rung->max_bytes)
		return false;
	size = (double)rung->result.data->n;
	worst = recipe_of(conf->codec)->quality_max;
	if (conf->bitrate_bps != 0) {
		conf->bitrate_bps = (uint64_t)((double)conf->bitrate_bps *
		    0.85 * max / size);
		return true;
	}
	if (conf->quality == worst)
		return false;
	for (; size > max && conf->quality < worst; size *= 8.0 / 9)
		conf->quality++;
	return true;
}

static void
forget(struct render_rung *rung)
{
	encoder_free(rung->encoder);
	rung->encoder = NULL;
	av_frame_free(&rung->spare);
}

/* What has to be made once more.  False when there is nothing. */
static bool
again(struct render *r)
{
	struct render_rung *rung;
	bool any = false;
	size_t i;

	for (i = 0; i < r->n; i++) {
		rung = r->order[i];
		rung->todo = rung->todo && tighten(rung);
		if (rung->todo)
			forget(rung);
		any = any || rung->todo;
	}
	return any;
}

/* When the first picture of the interval is, and how far off the second. */
static void
start_paces(struct render *r)
{
	const struct decode_interval *interval = &r->conf->intervals[r->at];
	int64_t first = INT64_MAX, second = INT64_MAX, pts;
	size_t i;

	for (i = 0; i < interval->count; i++) {
		pts = r->conf->decode->samples[i].pts;
		if (pts < interval->start || pts >= interval->end)
			continue;
		if (pts < first) {
			second = first;
			first = pts;
		} else if (pts < second) {
			second = pts;
		}
	}
	if (second == INT64_MAX)
		second = interval->end;
	for (i = 0; i < r->n; i++)
		pace_init(&r->order[i]->pace, r->order[i]->fps,
		    r->order[i]->every_s, r->order[i]->conf.timescale, first,
		    second - first);
}

static int
begin(struct render *r, struct err *err)
{
	struct render_ladder *ladder = &r->conf->ladders[r->at];
	const struct crew_conf crew = { r->conf->threads, ladder->n,
	    encode_item, drop_item, r };
	size_t i;

	r->n = ladder->n;
	if ((r->order = calloc(r->n + 1, sizeof(*r->order))) == NULL)
		return err_nomem(err);
	for (i = 0; i < r->n; i++) {
		ladder->rungs[i].todo = ladder->rungs[i].wanted;
		r->order[i] = &ladder->rungs[i];
	}
	qsort(r->order, r->n, sizeof(*r->order), compare);
	start_paces(r);
	return (r->crew = crew_new(&crew, err)) == NULL ? -1 : 0;
}

static void
end(struct render *r)
{
	crew_free(r->crew);
	free(r->order);
	r->crew = NULL;
	r->order = NULL;
}

static int
on_own_picture(const struct picture *picture, size_t i, void *arg,
    struct err *err)
{
	(void)i;
	return draw(arg, picture, err);
}

/* Decode the interval alone, for the rungs that are to be done. */
static int
run_alone(struct render *r, struct err *err)
{
	struct decode_interval *interval = &r->conf->intervals[r->at];
	struct decode_job job = *r->conf->decode;

	job.count = interval->count;
	if (decode_run(&job, interval, 1, on_own_picture, r, err) == -1)
		return -1;
	return finish(r, interval->stats.pictures, err);
}

/* The rounds behind the first. */
static int
complete(struct render *r, struct err *err)
{
	int round = 1;

	while (round++ < ROUNDS_MAX && again(r)) {
		start_paces(r);
		if (run_alone(r, err) == -1)
			return -1;
	}
	end(r);
	return r->conf->made(r->at++, r->conf->arg, err);
}

/* All there is of the interval at hand was decoded, and well. */
static bool
is_whole(const struct render *r)
{
	const struct decode_stats *stats = &r->conf->intervals[r->at].stats;

	return r->crew != NULL && !stats->doubtful &&
	    stats->pictures == stats->expected;
}

/* Of the decode of all: 1 when it is no good any more. */
static int
on_picture(const struct picture *picture, size_t i, void *arg, struct err *err)
{
	struct render *r = arg;

	while (r->at < i) {
		if (!is_whole(r))
			return 1;
		if (finish(r, r->conf->intervals[r->at].stats.pictures,
		    err) == -1 || complete(r, err) == -1)
			return -1;
	}
	if (r->conf->intervals[i].stats.doubtful)
		return 1;
	if (r->crew == NULL && begin(r, err) == -1)
		return -1;
	return draw(r, picture, err);
}

static int
run_together(struct render *r, struct err *err)
{
	const struct render_conf *conf = r->conf;

	if (decode_run(conf->decode, conf->intervals, conf->n, on_picture, r,
	    err) == -1)
		return -1;
	if (r->at < conf->n - 1 || !is_whole(r))
		return 0;
	if (finish(r, conf->intervals[r->at].stats.pictures, err) == -1)
		return -1;
	return complete(r, err);
}

/* What the decode of all has begun in vain. */
static void
forget_all(struct render *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		forget(r->order[i]);
	end(r);
}

int
render_run(const struct render_conf *conf, struct err *err)
{
	struct render r = { .conf = conf };
	int rc = 0;

	if (conf->n > 1 && (rc = run_together(&r, err)) == 0 &&
	    r.crew != NULL)
		forget_all(&r);
	while (rc == 0 && r.at < conf->n)
		if ((rc = begin(&r, err)) == 0 &&
		    (rc = run_alone(&r, err)) == 0)
			rc = complete(&r, err);
	end(&r);
	return rc;
}

void
render_release(struct render_ladder *ladder)
{
	size_t i;

	for (i = 0; i < ladder->n; i++) {
		scaler_free(ladder->rungs[i].scaler);
		ladder->rungs[i].scaler = NULL;
		forget(&ladder->rungs[i]);
	}
}
