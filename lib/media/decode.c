#include "media/decode.h"

#include <limits.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/avlog.h"
#include "media/codec.h"

#define FPS_MAX		240	/* above it a declared rate is a tick rate */

struct decoder {
	const struct decode_job	*job;
	struct decode_interval	*intervals;
	size_t			 n, at;	/* the interval of the last picture */
	AVCodecContext		*ctx;
	AVPacket		*packet;
	AVFrame			*frame;
	decode_fn		*fn;
	void			*arg;
	int64_t			 last;	/* PTS handed on before */
	bool			 stopped;
};

/*
 * How many pictures precede one in decode order and follow it in
 * presentation order, at most.  Encoders that do not declare it make
 * libavcodec guess, and a guess that is too low loses pictures.
 */
static int
reorder_depth(const struct decode_job *job)
{
	size_t i, j, later, depth = 0;

	for (i = 1; i < job->count; i++) {
		later = 0;
		/* H.264 holds 16 pictures: farther back cannot matter. */
		for (j = i > 16 ? i - 16 : 0; j < i; j++)
			later += job->samples[j].pts > job->samples[i].pts;
		if (later > depth)
			depth = later;
	}
	return (int)depth;
}

/* The interval that PTS is in, or N. */
static size_t
find_interval(const struct decoder *d, int64_t pts)
{
	size_t i = 0;

	while (i < d->n && pts >= d->intervals[i].end)
		i++;
	return i < d->n && pts >= d->intervals[i].start ? i : d->n;
}

static void
begin_stats(const struct decode_job *job, struct decode_interval *interval)
{
	size_t i;

	interval->stats = (struct decode_stats){ .expected = 0 };
	for (i = 0; i < interval->count; i++)
		interval->stats.expected +=
		    job->samples[i].pts >= interval->start &&
		    job->samples[i].pts < interval->end;
}

static void
doubt(struct decoder *d)
{
	size_t i;

	for (i = d->at; i < d->n; i++)
		d->intervals[i].stats.doubtful = true;
}

static enum AVCodecID
codec_id(enum codec codec)
{
	switch (codec) {
	case CODEC_H264:
		return AV_CODEC_ID_H264;
	case CODEC_HEVC:
		return AV_CODEC_ID_HEVC;
	case CODEC_AV1:
		return AV_CODEC_ID_AV1;
	case CODEC_VP9:
		return AV_CODEC_ID_VP9;
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
	case CODEC_JPEG:
	case CODEC_NONE:
		break;
	}
	return AV_CODEC_ID_NONE;
}

static int
set_config(AVCodecContext *ctx, const struct track *track, struct err *err)
{
	ctx->extradata = av_mallocz(track->config_bytes +
	    AV_INPUT_BUFFER_PADDING_SIZE);
	if (ctx->extradata == NULL)
		return err_nomem(err);
	memcpy(ctx->extradata, track->config, track->config_bytes);
	ctx->extradata_size = (int)track->config_bytes;
	return 0;
}

static int
open_decoder(struct decoder *d, struct err *err)
{
	const struct track *track = d->job->track;
	const AVCodec *codec = avcodec_find_decoder(codec_id(track->codec));
	int rc;

	if (codec == NULL)
		return err_set(err, ERR_UNAVAILABLE, "no decoder for %s",
		    codec_name(track->codec));
	if (track->config_bytes > LIMIT_CODEC_CONFIG_BYTES)
		return err_set(err, ERR_DATA,
		    "codec configuration of %zu bytes, limit %d",
		    track->config_bytes, LIMIT_CODEC_CONFIG_BYTES);
	if ((d->packet = av_packet_alloc()) == NULL ||
	    (d->frame = av_frame_alloc()) == NULL ||
	    (d->ctx = avcodec_alloc_context3(codec)) == NULL)
		return err_nomem(err);
	if (set_config(d->ctx, track, err) == -1)
		return -1;
	d->ctx->thread_count = 1;
	d->ctx->pkt_timebase = (AVRational){ 1, (int)track->timescale };
	d->ctx->max_pixels = (int64_t)LIMIT_PICTURE_SIDE * LIMIT_PICTURE_SIDE;
	d->ctx->has_b_frames = reorder_depth(d->job);
	/* A damaged picture is better than a hole. */
	d->ctx->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
	if ((rc = avcodec_open2(d->ctx, codec, NULL)) < 0)
		return avlog_err(err, ERR_DATA, rc, "cannot open the decoder");
	return 0;
}

static bool
is_damaged(const AVFrame *frame)
{
	return (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 ||
	    frame->decode_error_flags != 0;
}

/* What FRAME has to say of the rate, as far as it can be believed. */
static struct picture
describe(const struct decoder *d)
{
	const AVRational fps = d->ctx->framerate;
	const bool credible = fps.num > 0 && fps.den > 0 &&
	    fps.num >= fps.den && fps.num / fps.den <= FPS_MAX;

	return (struct picture){ d->frame, credible ? fps.num : 0,
	    credible ? fps.den : 1 };
}

static int
hand_on(struct decoder *d, struct err *err)
{
	size_t i = find_interval(d, d->frame->pts);
	const struct picture picture = describe(d);
	struct decode_interval *interval = &d->intervals[i];
	int rc;

	if (is_damaged(d->frame) || d->frame->interlaced_frame)
		doubt(d);
	if (i == d->n)
		return 0;
	if (i < d->at) {	/* that one is over */
		doubt(d);
		return 0;
	}
	if (i > d->at)
		d->last = INT64_MIN;
	d->at = i;
	/* Two at one time: some muxers do that.  Both are to be shown. */
	if (d->frame->pts <= d->last) {
		d->frame->pts = d->last + 1;
		doubt(d);
	}
	if (d->frame->pts >= interval->end)
		return 0;
	if (interval->stats.pictures == LIMIT_FRAGMENT_SAMPLES)
		return err_set(err, ERR_DATA, "more than %d pictures",
		    LIMIT_FRAGMENT_SAMPLES);
	d->last = d->frame->pts;
	interval->stats.pictures++;
	interval->stats.damaged += is_damaged(d->frame);
	if ((rc = d->fn(&picture, i, d->arg, err)) == 1)
		d->stopped = true;
	return rc == -1 ? -1 : 0;
}

/* Hand on what the decoder has ready. */
static int
drain(struct decoder *d, struct err *err)
{
	int rc;

	while (!d->stopped) {
		rc = avcodec_receive_frame(d->ctx, d->frame);
		if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
			return 0;
		if (rc == AVERROR(ENOMEM))
			return err_nomem(err);
		if (rc < 0) {
			doubt(d);
			continue;	/* counted as missing */
		}
		if (hand_on(d, err) == -1)
			return -1;
		av_frame_unref(d->frame);
	}
	return 0;
}

static int
feed(struct decoder *d, const struct decode_sample *sample, struct err *err)
{
	int rc;

	if (sample->bytes > INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE)
		return err_set(err, ERR_DATA, "sample of %u bytes",
		    sample->bytes);
	if (av_new_packet(d->packet, (int)sample->bytes) < 0)
		return err_nomem(err);
	memcpy(d->packet->data, sample->p, sample->bytes);
	d->packet->pts = sample->pts;
	/* What is not shown and not referred to need not be decoded. */
	d->ctx->skip_frame = find_interval(d, sample->pts) < d->n ?
	    AVDISCARD_DEFAULT : AVDISCARD_NONREF;
	rc = avcodec_send_packet(d->ctx, d->packet);
	av_packet_unref(d->packet);
	if (rc == AVERROR(ENOMEM))
		return err_nomem(err);
	/* Other errors are this picture's: it will be missing. */
	if (rc < 0)
		doubt(d);
	return drain(d, err);
}

static int
decode_all(struct decoder *d, struct err *err)
{
	size_t i;
	int rc;

	if (open_decoder(d, err) == -1)
		return -1;
	for (i = 0; i < d->job->count && !d->stopped; i++)
		if (feed(d, &d->job->samples[i], err) == -1)
			return -1;
	d->ctx->skip_frame = AVDISCARD_DEFAULT;
	if ((rc = avcodec_send_packet(d->ctx, NULL)) < 0)
		return avlog_err(err, ERR_DATA, rc, "cannot end decoding");
	return drain(d, err);
}

int
decode_run(const struct decode_job *job, struct decode_interval *intervals,
    size_t n, decode_fn *fn, void *arg, struct err *err)
{
	struct decoder d = { .job = job, .intervals = intervals, .n = n,
	    .fn = fn, .arg = arg, .last = INT64_MIN };
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		begin_stats(job, &intervals[i]);
	rc = decode_all(&d, err);
	avcodec_free_context(&d.ctx);
	av_packet_free(&d.packet);
	av_frame_free(&d.frame);
	return rc;
}
