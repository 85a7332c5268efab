#include "media/render.h"

#include "base/err.h"
#include "media/decode.h"
#include "media/scale.h"

struct render {
	struct render_rung	**order;	/* by chain, largest first */
	size_t			  n;
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

/* A rung that is not wanted is needed when a wanted one comes behind it. */
static void
mark_needed(struct render *r)
{
	struct render_rung *rung, *next = NULL;
	size_t i;

	for (i = r->n; i-- > 0; next = rung) {
		rung = r->order[i];
		rung->needed = rung->wanted || (next != NULL &&
		    next->chain == rung->chain && next->needed);
	}
}

/* Scale and encode; *FRAME becomes the scaled picture. */
static int
run_rung(struct render_rung *rung, const struct AVFrame **frame,
    const struct picture *picture, struct err *err)
{
	const struct encode_conf *conf = &rung->conf;
	struct picture scaled = *picture;

	if (rung->scaler == NULL)
		rung->scaler = scaler_new(conf->width, conf->height, err);
	if (rung->scaler == NULL)
		return -1;
	*frame = scaled.frame = scaler_run(rung->scaler, *frame, err);
	if (*frame == NULL)
		return -1;
	if (!rung->wanted)
		return 0;
	if (rung->encoder == NULL)
		rung->encoder = encoder_new(conf, &scaled, err);
	if (rung->encoder == NULL)
		return -1;
	return encoder_put(rung->encoder, *frame, err);
}

static int
on_picture(const struct picture *picture, void *arg, struct err *err)
{
	const struct render *r = arg;
	const struct AVFrame *frame = picture->frame;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (i > 0 && r->order[i]->chain != r->order[i - 1]->chain)
			frame = picture->frame;
		if (r->order[i]->needed &&
		    run_rung(r->order[i], &frame, picture, err) == -1)
			return -1;
	}
	return 0;
}

static int
finish(struct render_rung *rungs, size_t n, size_t pictures, struct err *err)
{
	size_t i;

	if (pictures == 0)
		return err_set(err, ERR_DATA, "no picture could be decoded");
	for (i = 0; i < n; i++) {
		if (!rungs[i].wanted)
			continue;
		if (encoder_finish(rungs[i].encoder, &rungs[i].result, err) ==
		    -1)
			return -1;
		if (rungs[i].result.count != pictures)
			return err_set(err, ERR_BUG,
			    "%zu pictures, %zu packets", pictures,
			    rungs[i].result.count);
	}
	return 0;
}

int
render_run(const struct decode_job *job, struct render_rung *rungs, size_t n,
    struct decode_stats *stats, struct err *err)
{
	struct render r = { .n = n };
	size_t i;
	int rc;

	if ((r.order = calloc(n + 1, sizeof(*r.order))) == NULL)
		return err_nomem(err);
	for (i = 0; i < n; i++)
		r.order[i] = &rungs[i];
	qsort(r.order, n, sizeof(*r.order), compare);
	mark_needed(&r);
	rc = decode_interval(job, on_picture, &r, stats, err);
	free(r.order);
	return rc == -1 ? -1 : finish(rungs, n, stats->pictures, err);
}

void
render_release(struct render_rung *rungs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		scaler_free(rungs[i].scaler);
		encoder_free(rungs[i].encoder);
	}
}
