#include "media/pcm.h"

#include <limits.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/avlog.h"
#include "media/codec.h"
#include "media/decode.h"
#include "media/sound.h"

/* libswresample's filter reaches 16 samples of the lower rate each way. */
#define FILTER_SAMPLES	32
#define RATE_MIN	4000
#define RATE_MAX	384000

struct pcm {
	const struct pcm_job	*job;
	float			*out;
	struct pcm_stats	*stats;
	AVCodecContext		*ctx;
	AVPacket		*packet;
	AVFrame			*frame;
	/* Sound without a break, of one format. */
	SwrContext		*swr;
	int			 format, in_rate;
	AVChannelLayout		 layout;
	int64_t			 next_in;	/* position at IN_RATE */
	int64_t			 next_out;	/* on the grid */
	float			*chunk;		/* owned; what swr makes */
	int			 chunk_frames;
};

uint32_t
pcm_ahead(const struct track *track, uint32_t rate)
{
	return track->sample_rate == rate ? 0 :
	    (uint32_t)av_rescale_rnd(FILTER_SAMPLES, rate,
	    track->sample_rate < rate && track->sample_rate != 0 ?
	    track->sample_rate : rate, AV_ROUND_UP);
}

static enum AVCodecID
codec_id(enum codec codec)
{
	switch (codec) {
	case CODEC_AAC:
		return AV_CODEC_ID_AAC;
	case CODEC_OPUS:
		return AV_CODEC_ID_OPUS;
	case CODEC_MP3:
		return AV_CODEC_ID_MP3;
	case CODEC_FLAC:
		return AV_CODEC_ID_FLAC;
	case CODEC_AC3:
		return AV_CODEC_ID_AC3;
	case CODEC_EAC3:
		return AV_CODEC_ID_EAC3;
	case CODEC_H264:
	case CODEC_HEVC:
	case CODEC_AV1:
	case CODEC_VP9:
	case CODEC_JPEG:
	case CODEC_NONE:
		break;
	}
	return AV_CODEC_ID_NONE;
}

/* What the decoder wants to know, from what ISO BMFF has. */
static int
put_extradata(struct buf *out, const struct track *track, struct err *err)
{
	switch (track->codec) {
	case CODEC_OPUS:
		return opus_put_head(out, track->config, track->config_bytes,
		    err);
	case CODEC_FLAC:
		return flac_put_streaminfo(out, track->config,
		    track->config_bytes, err);
	case CODEC_AAC:
		buf_put(out, track->config, track->config_bytes);
		break;
	default:
		break;
	}
	return buf_ok(out, err);
}

static int
set_extradata(AVCodecContext *ctx, const struct track *track,
    struct err *err)
{
	struct buf b;
	int rc;

	buf_init(&b, LIMIT_CODEC_CONFIG_BYTES);
	if ((rc = put_extradata(&b, track, err)) == 0 && b.n > 0) {
		ctx->extradata = av_mallocz(b.n +
		    AV_INPUT_BUFFER_PADDING_SIZE);
		if (ctx->extradata == NULL) {
			rc = err_nomem(err);
		} else {
			memcpy(ctx->extradata, b.p, b.n);
			ctx->extradata_size = (int)b.n;
		}
	}
	buf_release(&b);
	return rc;
}

static int
open_decoder(struct pcm *p, struct err *err)
{
	const struct track *track = p->job->track;
	const AVCodec *codec = avcodec_find_decoder(codec_id(track->codec));
	int rc;

	if (codec == NULL)
		return err_set(err, ERR_UNAVAILABLE, "no decoder for %s",
		    codec_name(track->codec));
	if ((p->packet = av_packet_alloc()) == NULL ||
	    (p->frame = av_frame_alloc()) == NULL ||
	    (p->ctx = avcodec_alloc_context3(codec)) == NULL)
		return err_nomem(err);
	p->ctx->thread_count = 1;
	p->ctx->pkt_timebase = (AVRational){ 1, (int)track->timescale };
	p->ctx->sample_rate = (int)track->sample_rate;
	av_channel_layout_default(&p->ctx->ch_layout, track->channels);
	/* Times count here, not what a decoder thinks should be skipped. */
	p->ctx->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL;
	if (set_extradata(p->ctx, track, err) == -1)
		return -1;
	if ((rc = avcodec_open2(p->ctx, codec, NULL)) < 0)
		return avlog_err(err, ERR_DATA, rc, "cannot open the decoder");
	return 0;
}

/* FRAMES from swr, which begin at NEXT_OUT: those that are wanted. */
static void
place(struct pcm *p, int frames)
{
	const struct pcm_job *job = p->job;
	int64_t from = p->next_out, to = from + frames;
	size_t each = job->channels;

	p->next_out = to;
	if (from < job->from)
		from = job->from;
	if (to > job->to)
		to = job->to;
	if (from >= to)
		return;
	memcpy(p->out + (size_t)(from - job->from) * each,
	    p->chunk + (size_t)(from - (p->next_out - frames)) * each,
	    (size_t)(to - from) * each * sizeof(float));
}

/* N frames at DATA, or the end of this sound when it is NULL. */
static int
convert(struct pcm *p, const uint8_t **data, int n, struct err *err)
{
	int room = swr_get_out_samples(p->swr, n), rc;
	float *chunk;

	if (room > p->chunk_frames) {
		chunk = reallocarray(p->chunk, (size_t)room,
		    p->job->channels * sizeof(*chunk));
		if (chunk == NULL)
			return err_nomem(err);
		p->chunk = chunk;
		p->chunk_frames = room;
	}
	rc = swr_convert(p->swr, (uint8_t *[]){ (uint8_t *)p->chunk },
	    p->chunk_frames, data, n);
	if (rc < 0)
		return avlog_err(err, ERR_DATA, rc, "cannot convert sound");
	place(p, rc);
	return 0;
}

static int
end_sound(struct pcm *p, struct err *err)
{
	int rc = 0;

	if (p->swr != NULL)
		rc = convert(p, NULL, 0, err);
	swr_free(&p->swr);
	return rc;
}

/*
 * Begin at POS of IN_RATE.  A change of rate goes through as many phases as
 * there are output samples until both grids meet again, so silence is put in
 * front back to where they met last.
 */
static int
begin_sound(struct pcm *p, int64_t pos, struct err *err)
{
	const struct pcm_job *job = p->job;
	int64_t g = av_gcd(p->in_rate, job->rate);
	int64_t step = p->in_rate / g, pad = (pos % step + step) % step;
	AVChannelLayout out;
	int rc;

	av_channel_layout_default(&out, job->channels);
	rc = swr_alloc_set_opts2(&p->swr, &out, AV_SAMPLE_FMT_FLT,
	    (int)job->rate, &p->layout, p->format, p->in_rate, 0, NULL);
	if (rc >= 0)
		av_opt_set_int(p->swr, "exact_rational", 1, 0);
	if (rc >= 0)
		rc = swr_init(p->swr);
	if (rc >= 0 && pad > 0)
		rc = swr_inject_silence(p->swr, (int)pad);
	if (rc < 0) {
		swr_free(&p->swr);
		return avlog_err(err, ERR_DATA, rc, "cannot convert sound");
	}
	p->next_in = pos;
	p->next_out = (pos - pad) / step * (job->rate / g);
	return 0;
}

static bool
same_format(const struct pcm *p, const AVFrame *f)
{
	return p->format == f->format && p->in_rate == f->sample_rate &&
	    av_channel_layout_compare(&p->layout, &f->ch_layout) == 0;
}

static int
on_frame(struct pcm *p, struct err *err)
{
	AVFrame *f = p->frame;
	int64_t pos;

	if (f->pts == AV_NOPTS_VALUE)
		return 0;
	if (f->sample_rate < RATE_MIN || f->sample_rate > RATE_MAX)
		return err_set(err, ERR_DATA, "sound of %d Hz",
		    f->sample_rate);
	pos = av_rescale(f->pts, f->sample_rate, p->job->track->timescale);
	if (p->swr == NULL || pos != p->next_in || !same_format(p, f)) {
		if (end_sound(p, err) == -1)
			return -1;
		p->format = f->format;
		p->in_rate = f->sample_rate;
		av_channel_layout_uninit(&p->layout);
		if (av_channel_layout_copy(&p->layout, &f->ch_layout) < 0)
			return err_nomem(err);
		if (begin_sound(p, pos, err) == -1)
			return -1;
	}
	p->next_in += f->nb_samples;
	return convert(p, (const uint8_t **)f->extended_data, f->nb_samples,
	    err);
}

/* Send SAMPLE, or the end when it is NULL, and take what comes out. */
static int
exchange(struct pcm *p, const struct decode_sample *sample, struct err *err)
{
	int rc;

	if (sample != NULL) {
		if (sample->bytes > INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE ||
		    av_new_packet(p->packet, (int)sample->bytes) < 0)
			return err_nomem(err);
		memcpy(p->packet->data, sample->p, sample->bytes);
		p->packet->pts = sample->pts;
	}
	rc = avcodec_send_packet(p->ctx, sample == NULL ? NULL : p->packet);
	av_packet_unref(p->packet);
	while (rc >= 0) {
		rc = avcodec_receive_frame(p->ctx, p->frame);
		if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
			return 0;
		if (rc >= 0 && on_frame(p, err) == -1)
			return -1;
		av_frame_unref(p->frame);
	}
	if (rc == AVERROR(ENOMEM))
		return err_nomem(err);
	p->stats->damaged++;
	return 0;
}

int
pcm_decode(const struct pcm_job *job, float *out, struct pcm_stats *stats,
    struct err *err)
{
	struct pcm p = { .job = job, .out = out, .stats = stats };
	int rc;
	size_t i;

	memset(out, 0, (size_t)(job->to - job->from) * job->channels *
	    sizeof(*out));
	rc = open_decoder(&p, err);
	for (i = 0; i < job->count && rc == 0; i++)
		rc = exchange(&p, &job->samples[i], err);
	if (rc == 0)
		rc = exchange(&p, NULL, err);
	if (rc == 0)
		rc = end_sound(&p, err);
	stats->packets += job->count;
	swr_free(&p.swr);
	av_channel_layout_uninit(&p.layout);
	avcodec_free_context(&p.ctx);
	av_packet_free(&p.packet);
	av_frame_free(&p.frame);
	free(p.chunk);
	return rc;
}
