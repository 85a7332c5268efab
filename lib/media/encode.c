#include "media/encode.h"

#include <assert.h>

#include <libavcodec/avcodec.h>
#include <libavutil/mathematics.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/avlog.h"
#include "media/decode.h"
#include "media/encode_codec.h"

struct encoder {
	const struct encode_codec *codec;
	AVCodecContext		*ctx;
	AVPacket		*packet;
	AVFrame			*frame;		/* references to the last input */
	struct buf		 config, data;
	struct track_hdr	 hdr;
	struct encode_packet	*packets;
	size_t			 count, cap;
	size_t			 pictures;	/* put in */
	struct caption		*captions;	/* of those not yet out */
	size_t			 ncaptions, captions_cap;
};

struct caption {
	int64_t		 pts;
	AVBufferRef	*cc;	/* owned */
};

/* The rate decides the level, so it must be the same in a whole epoch. */
static void
set_time(AVCodecContext *ctx, const struct encode_conf *conf,
    const struct picture *first)
{
	ctx->time_base = (AVRational){ 1, (int)conf->timescale };
	ctx->framerate = (AVRational){ first->fps_num, first->fps_den };
}

static void
set_picture(AVCodecContext *ctx, const struct encode_conf *conf,
    const AVFrame *like)
{
	ctx->width = conf->width;
	ctx->height = conf->height;
	ctx->pix_fmt = conf->depth == 10 ? AV_PIX_FMT_YUV420P10 :
	    AV_PIX_FMT_YUV420P;
	ctx->sample_aspect_ratio = (AVRational){ 1, 1 };
	ctx->color_range = like->format == AV_PIX_FMT_YUVJ420P ?
	    AVCOL_RANGE_JPEG : like->color_range;
	ctx->color_primaries = like->color_primaries;
	ctx->color_trc = like->color_trc;
	ctx->colorspace = like->colorspace;
	ctx->chroma_sample_location = like->chroma_location;
}

/* What a library fails at, given good parameters, is to get memory. */
static enum err_class
failure(int rc, enum err_class cls)
{
	return rc == AVERROR_EXTERNAL ? ERR_OS : cls;
}

static int
check_conf(const struct encode_conf *conf, struct err *err)
{
	if (conf->cap_bps > INT32_MAX || conf->bitrate_bps > INT32_MAX)
		return err_set(err, ERR_CONFIG, "bit rate over 2 Gbit/s");
	return 0;
}

static int
open_encoder(struct encoder *e, const struct encode_conf *conf,
    const struct picture *first, struct err *err)
{
	const AVCodec *codec =
	    avcodec_find_encoder_by_name(e->codec->library);
	int rc;

	if (codec == NULL)
		return err_set(err, ERR_UNAVAILABLE, "libavcodec has no %s",
		    e->codec->library);
	if ((e->packet = av_packet_alloc()) == NULL ||
	    (e->frame = av_frame_alloc()) == NULL ||
	    (e->ctx = avcodec_alloc_context3(codec)) == NULL)
		return err_nomem(err);
	e->ctx->thread_count = 1;
	e->ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER |
	    AV_CODEC_FLAG_CLOSED_GOP;
	set_picture(e->ctx, conf, first->frame);
	set_time(e->ctx, conf, first);
	if ((rc = e->codec->set(e->ctx, conf)) >= 0)
		rc = avcodec_open2(e->ctx, codec, NULL);
	if (rc < 0) {
		avlog_err(err, failure(rc, ERR_CONFIG), rc, "cannot open it");
		return err_wrap(err, "%s", e->codec->library);
	}
	return e->codec->put_config(&e->config, e->ctx, conf, err);
}

struct encoder *
encoder_new(const struct encode_conf *conf, const struct picture *first,
    struct err *err)
{
	struct encoder *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		err_nomem(err);
		return NULL;
	}
	e->codec = encode_codec_of(conf->codec);
	assert(e->codec != NULL);
	e->hdr = conf->hdr;
	buf_init(&e->config, LIMIT_CODEC_CONFIG_BYTES);
	buf_init(&e->data, LIMIT_FRAGMENT_BYTES);
	if (check_conf(conf, err) == -1 ||
	    open_encoder(e, conf, first, err) == -1) {
		encoder_free(e);
		return NULL;
	}
	return e;
}

void
encoder_free(struct encoder *e)
{
	if (e == NULL)
		return;
	avcodec_free_context(&e->ctx);
	av_packet_free(&e->packet);
	av_frame_free(&e->frame);
	buf_release(&e->config);
	buf_release(&e->data);
	while (e->ncaptions > 0)
		av_buffer_unref(&e->captions[--e->ncaptions].cc);
	free(e->captions);
	free(e->packets);
	free(e);
}

static struct encode_packet *
add_packet(struct encoder *e, struct err *err)
{
	size_t cap = e->cap == 0 ? 64 : e->cap * 2;
	struct encode_packet *packets;

	if (e->count == e->cap) {
		packets = reallocarray(e->packets, cap, sizeof(*packets));
		if (packets == NULL) {
			err_nomem(err);
			return NULL;
		}
		e->packets = packets;
		e->cap = cap;
	}
	return &e->packets[e->count++];
}

/* Until the picture comes out: the library would lose it. */
static int
hold_captions(struct encoder *e, const AVFrame *frame, struct err *err)
{
	const AVFrameSideData *cc =
	    av_frame_get_side_data(frame, AV_FRAME_DATA_A53_CC);
	size_t cap = e->captions_cap == 0 ? 64 : e->captions_cap * 2;
	struct caption *captions;

	if (cc == NULL || e->codec->put_captions == NULL)
		return 0;
	if (e->ncaptions == e->captions_cap) {
		captions = reallocarray(e->captions, cap, sizeof(*captions));
		if (captions == NULL)
			return err_nomem(err);
		e->captions = captions;
		e->captions_cap = cap;
	}
	captions = &e->captions[e->ncaptions];
	*captions = (struct caption){ frame->pts, av_buffer_ref(cc->buf) };
	if (captions->cc == NULL)
		return err_nomem(err);
	e->ncaptions++;
	return 0;
}

static void
put_captions(struct encoder *e, int64_t pts)
{
	struct caption *c;
	size_t i;

	for (i = 0; i < e->ncaptions; i++) {
		c = &e->captions[i];
		if (c->pts != pts)
			continue;
		e->codec->put_captions(&e->data, c->cc->data, c->cc->size);
		av_buffer_unref(&c->cc);
		*c = e->captions[--e->ncaptions];
		return;
	}
}

static int
keep(struct encoder *e, struct err *err)
{
	struct encode_packet *packet = add_packet(e, err);

	if (packet == NULL)
		return -1;
	packet->offset = e->data.n;
	packet->pts = e->packet->pts;
	if (e->count == 1 && e->codec->put_hdr != NULL)
		e->codec->put_hdr(&e->data, &e->hdr);
	put_captions(e, packet->pts);
	if (e->codec->put_sample(&e->data, e->packet->data,
	    (size_t)e->packet->size, &packet->sync, err) == -1)
		return -1;
	packet->bytes = (uint32_t)(e->data.n - packet->offset);
	return 0;
}

/*
 * Send FRAME, or the end when NULL, and take every packet there is, up to
 * that of the last picture.
 */
static int
exchange(struct encoder *e, const AVFrame *frame, struct err *err)
{
	int rc = avcodec_send_frame(e->ctx, frame);

	while (rc >= 0 && e->count < e->pictures) {
		rc = avcodec_receive_packet(e->ctx, e->packet);
		if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
			return 0;
		if (rc >= 0 && keep(e, err) == -1)
			return -1;
		av_packet_unref(e->packet);
	}
	if (rc >= 0)
		return 0;
	return avlog_err(err, failure(rc, ERR_BUG), rc, "cannot encode");
}

int
encoder_put(struct encoder *e, const struct AVFrame *frame, struct err *err)
{
	assert(frame->width == e->ctx->width &&
	    frame->height == e->ctx->height);
	av_frame_unref(e->frame);
	if (av_frame_ref(e->frame, frame) < 0)
		return err_nomem(err);
	/* The source's picture types would force ours. */
	e->frame->pict_type = AV_PICTURE_TYPE_NONE;
	e->frame->key_frame = 0;
	e->frame->format = e->ctx->pix_fmt;
	e->pictures++;
	if (hold_captions(e, e->frame, err) == -1)
		return -1;
	return exchange(e, e->frame, err);
}

/* Time between pictures, at the declared rate. */
static int64_t
picture_ticks(const AVCodecContext *ctx)
{
	return av_rescale(ctx->time_base.den, ctx->framerate.den,
	    ctx->framerate.num);
}

/* The last picture again, as a group of its own. */
static int
put_tail(struct encoder *e, struct err *err)
{
	int i;

	for (i = 0; i < e->codec->tail && e->count < e->pictures; i++) {
		e->frame->pict_type = i == 0 ? AV_PICTURE_TYPE_I :
		    AV_PICTURE_TYPE_NONE;
		e->frame->pts += picture_ticks(e->ctx) + 1;
		if (exchange(e, e->frame, err) == -1)
			return -1;
	}
	return 0;
}

/* The pictures that the encoder may reorder over, as time. */
static uint32_t
reorder_delay(const struct encoder *e)
{
	const AVCodecContext *ctx = e->ctx;
	int pictures = e->codec->reorder;

	if (pictures == -1)
		pictures = ctx->has_b_frames;
	return (uint32_t)av_rescale((int64_t)pictures * ctx->time_base.den, ctx->framerate.den, ctx->framerate.num);
}

/* What the pictures say of themselves; nothing when that is nothing. */
static struct track_colour
colour_of(const AVCodecContext *ctx)
{
	if (ctx->color_primaries == AVCOL_PRI_UNSPECIFIED &&
	    ctx->color_trc == AVCOL_TRC_UNSPECIFIED &&
	    ctx->colorspace == AVCOL_SPC_UNSPECIFIED)
		return (struct track_colour){ .primaries = 0 };
	return (struct track_colour){ (uint8_t)ctx->color_primaries,
	    (uint8_t)ctx->color_trc, (uint8_t)ctx->colorspace,
	    ctx->color_range == AVCOL_RANGE_JPEG };
}

int
encoder_finish(struct encoder *e, struct encode_result *result,
    struct err *err)
{
	size_t i;

	if (put_tail(e, err) == -1 ||
	    (e->count < e->pictures && exchange(e, NULL, err) == -1))
		return -1;
	if (e->count == 0 || e->count != e->pictures)
		return err_set(err, ERR_BUG, "%zu pictures, %zu packets",
		    e->pictures, e->count);
	for (i = 0; i < e->count; i++)
		if (e->packets[i].sync != (i == 0 || e->codec->intra))
			return err_set(err, ERR_BUG,
			    "packet %zu of %zu %s a key picture", i, e->count,
			    e->packets[i].sync ? "is" : "is not");
	*result = (struct encode_result){ &e->config, &e->data, e->packets,
	    e->count, colour_of(e->ctx), reorder_delay(e) };
	return 0;
}
