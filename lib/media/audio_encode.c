#include "media/audio_encode.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/avlog.h"
#include "media/sound.h"

/* Frames in front: the rate control of AAC has a memory of so many. */
#define WARM_UP		40
#define OPUS_RATE	48000

struct encoder {
	AVCodecContext		*ctx;
	AVPacket		*packet;
	AVFrame			*frame;
	int64_t			 first;	/* position of the first wanted */
	size_t			 wanted;
	struct audio_frames	*out;
};

const struct audio_grid *
audio_grid(enum codec codec)
{
	/* AAC: the other half of its window, and a look at the next. */
	static const struct audio_grid aac = { 1024, 2 * 1024, 1024 };
	static const struct audio_grid opus = { 960, 312, 312 };

	return codec == CODEC_AAC ? &aac : &opus;
}

uint32_t
audio_rate(enum codec codec, uint32_t rate)
{
	return codec == CODEC_AAC && rate % 11025 == 0 ? 44100 : OPUS_RATE;
}

void
audio_span(enum codec codec, int64_t first, size_t count, int64_t *from,
    int64_t *to)
{
	const struct audio_grid *g = audio_grid(codec);

	*from = (first - WARM_UP) * g->frame + g->delay % g->frame;
	*to = (first + (int64_t)count) * g->frame + g->ahead;
}

static void
set_options(AVCodecContext *ctx, const struct audio_conf *conf)
{
	ctx->thread_count = 1;
	ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
	ctx->sample_rate = (int)conf->rate;
	ctx->time_base = (AVRational){ 1, (int)conf->rate };
	ctx->bit_rate = (int64_t)conf->bitrate_bps;
	av_channel_layout_default(&ctx->ch_layout, conf->channels);
	if (conf->codec == CODEC_AAC) {
		ctx->sample_fmt = AV_SAMPLE_FMT_FLTP;
		ctx->profile = FF_PROFILE_AAC_LOW;
		return;
	}
	ctx->sample_fmt = AV_SAMPLE_FMT_FLT;
	/* What players are told is what there is. */
	av_opt_set(ctx->priv_data, "vbr", "constrained", 0);
	av_opt_set(ctx->priv_data, "frame_duration", "20", 0);
}

static int
open_encoder(struct encoder *e, const struct audio_conf *conf,
    struct err *err)
{
	const char *name = conf->codec == CODEC_AAC ? "aac" : "libopus";
	const AVCodec *codec = avcodec_find_encoder_by_name(name);
	const struct audio_grid *g = audio_grid(conf->codec);
	int rc;

	if (codec == NULL)
		return err_set(err, ERR_UNAVAILABLE, "libavcodec has no %s",
		    name);
	if ((e->packet = av_packet_alloc()) == NULL ||
	    (e->frame = av_frame_alloc()) == NULL ||
	    (e->ctx = avcodec_alloc_context3(codec)) == NULL)
		return err_nomem(err);
	set_options(e->ctx, conf);
	if ((rc = avcodec_open2(e->ctx, codec, NULL)) < 0)
		return avlog_err(err, ERR_CONFIG, rc,
		    "cannot open the audio encoder");
	if (e->ctx->frame_size != (int)g->frame ||
	    e->ctx->initial_padding != (int)g->delay)
		return err_set(err, ERR_BUG,
		    "%s: frames of %d, delay of %d samples", name,
		    e->ctx->frame_size, e->ctx->initial_padding);
	e->frame->nb_samples = (int)g->frame;
	e->frame->format = e->ctx->sample_fmt;
	e->frame->sample_rate = e->ctx->sample_rate;
	if (av_channel_layout_copy(&e->frame->ch_layout, &e->ctx->ch_layout) <
	    0 || av_frame_get_buffer(e->frame, 0) < 0)
		return err_nomem(err);
	return 0;
}

static int
put_config(const struct encoder *e, enum codec codec, struct err *err)
{
	const AVCodecContext *ctx = e->ctx;
	struct sound ignored;
	uint8_t head[32];
	size_t n = (size_t)ctx->extradata_size;

	if (codec == CODEC_AAC) {
		buf_put(&e->out->config, ctx->extradata, n);
		return buf_ok(&e->out->config, err);
	}
	if (n < 19 || n > sizeof(head))
		return err_set(err, ERR_BUG, "OpusHead of %zu bytes", n);
	memcpy(head, ctx->extradata, n);
	/* No frame is there only to be skipped. */
	head[10] = head[11] = 0;
	return opus_put_config(&e->out->config, head, n, 0, &ignored, err);
}

static void
fill(AVFrame *f, const float *pcm, unsigned channels)
{
	unsigned c;
	int i;

	if (f->format == AV_SAMPLE_FMT_FLT) {
		memcpy(f->data[0], pcm,
		    (size_t)f->nb_samples * channels * sizeof(*pcm));
		return;
	}
	for (c = 0; c < channels; c++)
		for (i = 0; i < f->nb_samples; i++)
			((float *)f->data[c])[i] =
			    pcm[(size_t)i * channels + c];
}

static int
keep(struct encoder *e, struct err *err)
{
	const AVPacket *p = e->packet;
	int64_t at = p->pts - e->first;

	if (at < 0 || e->out->count == e->wanted)
		return 0;
	if (at != (int64_t)e->out->count * e->ctx->frame_size)
		return err_set(err, ERR_BUG, "audio frame %zu is at %jd",
		    e->out->count, (intmax_t)at);
	e->out->bytes[e->out->count++] = (uint32_t)p->size;
	buf_put(&e->out->data, p->data, (size_t)p->size);
	return buf_ok(&e->out->data, err);
}

/* Send FRAME, or the end when NULL, and take every packet there is. */
static int
exchange(struct encoder *e, const AVFrame *frame, struct err *err)
{
	int rc = avcodec_send_frame(e->ctx, frame);

	while (rc >= 0) {
		rc = avcodec_receive_packet(e->ctx, e->packet);
		if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
			return 0;
		if (rc >= 0 && keep(e, err) == -1)
			return -1;
		av_packet_unref(e->packet);
	}
	return avlog_err(err, ERR_BUG, rc, "cannot encode sound");
}

static int
run(struct encoder *e, const struct audio_conf *conf, const float *pcm,
    int64_t from, int64_t to, struct err *err)
{
	int64_t frame = e->ctx->frame_size, at;

	/* The last may be in part: what it would need more is not wanted. */
	for (at = from; at + frame <= to; at += frame) {
		if (av_frame_make_writable(e->frame) < 0)
			return err_nomem(err);
		fill(e->frame, pcm + (size_t)(at - from) * conf->channels,
		    conf->channels);
		e->frame->pts = at;
		if (exchange(e, e->frame, err) == -1)
			return -1;
	}
	if (exchange(e, NULL, err) == -1)
		return -1;
	if (e->out->count != e->wanted)
		return err_set(err, ERR_BUG, "%zu of %zu audio frames",
		    e->out->count, e->wanted);
	return put_config(e, conf->codec, err);
}

int
audio_encode(const struct audio_conf *conf, const float *pcm, int64_t first,
    size_t count, struct audio_frames *out, struct err *err)
{
	struct encoder e = { .out = out, .wanted = count,
	    .first = first * audio_grid(conf->codec)->frame };
	int64_t from, to;
	int rc;

	audio_span(conf->codec, first, count, &from, &to);
	memset(out, 0, sizeof(*out));
	buf_init(&out->config, LIMIT_CODEC_CONFIG_BYTES);
	buf_init(&out->data, LIMIT_FRAGMENT_BYTES);
	if ((out->bytes = calloc(count + 1, sizeof(*out->bytes))) == NULL)
		return err_nomem(err);
	if ((rc = open_encoder(&e, conf, err)) == 0)
		rc = run(&e, conf, pcm, from, to, err);
	avcodec_free_context(&e.ctx);
	av_packet_free(&e.packet);
	av_frame_free(&e.frame);
	return rc;
}

void
audio_release(struct audio_frames *out)
{
	buf_release(&out->config);
	buf_release(&out->data);
	free(out->bytes);
}
