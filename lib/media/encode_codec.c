/*
 * The recipes: one key picture, at the beginning; closed groups; nothing that
 * depends on the machine, its threads or the time of day.
 */
#include "media/encode_codec.h"

#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/av1.h"
#include "media/avcc.h"
#include "media/captions.h"
#include "media/encode.h"
#include "media/hdr.h"
#include "media/hvcc.h"
#include "media/vp9.h"

/*
 * No HRD and no delimiters: they would only be dropped.  With macroblock
 * trees x264 gives the first picture of a stream less than every later key
 * picture, by its ip_factor; the zone gives that back, so that a fragment
 * begins as well as a group in the middle of a long stream.
 */
#define X264_PARAMS	"keyint=infinite:scenecut=0:open-gop=0:" \
			"cpu-independent=1:aud=0:nal-hrd=none:" \
			"stitchable=1:zones=0,0,b=1.4"
/* Asked for a rate it has a second to come to it, not the usual minute. */
#define X264_RATE	":ratetol=0.2"
/*
 * And its last pictures less, for they are not referred to by what follows in
 * a long stream: so many more make up for it (measured: the quantizer of the
 * last P picture is that of a long stream within one).
 */
#define X264_TAIL	4
/* One frame at a time, no pool of threads. */
#define X265_PARAMS	"keyint=-1:scenecut=0:open-gop=0:aud=0:hrd=0:info=0:" \
			"repeat-headers=0:pools=none:frame-threads=1:wpp=0:" \
			"lookahead-slices=0:log-level=0"
/* Its stages are threads in any case, but results do not depend on them. */
#define SVT_AV1_PARAMS	"lp=1:scd=0"

/* libvpx: up to here the fastest presets are those of live encoding. */
#define VPX_REALTIME	'5'

static int
set_text(AVCodecContext *ctx, const char *name, const char *value)
{
	return av_opt_set(ctx->priv_data, name, value, 0);
}

/*
 * What a leaky bucket lets through of an interval: what it holds at first and
 * what flows in.  A whole bucket a second is the usual setting of a stream
 * without end; of a second by itself it would let nearly twice the cap
 * through.  x264 and x265 plan to leave half a bucket, and so come out at
 * the cap: 0.45 - 0.25 + 0.8.  Asked for a rate they need a flow that is as
 * much, and begin so carefully that the bucket is hardly drawn from.
 */
#define BUCKET		0.5	/* of a second of the cap */
#define FLOW_QUALITY	0.8	/* of the cap */
#define FULL_QUALITY	0.9	/* at first */
#define FULL_RATE	0.8

static void
set_bucket(AVCodecContext *ctx, const struct encode_conf *conf)
{
	const double flow = conf->bitrate_bps == 0 ? FLOW_QUALITY : 1;

	ctx->rc_max_rate = (int64_t)(flow * (double)conf->cap_bps);
	ctx->rc_buffer_size = (int)(BUCKET * (double)conf->cap_bps);
}

/* Less for the end of an epoch, which is no whole second. */
static double
bucket_full(const struct encode_conf *conf)
{
	const double full = conf->bitrate_bps == 0 ? FULL_QUALITY : FULL_RATE;
	const double s = (double)conf->interval / conf->timescale;

	return s < 1 ? full * s : full;
}

static int
set_rate(AVCodecContext *ctx, const struct encode_conf *conf)
{
	if (conf->bitrate_bps == 0)
		return av_opt_set_double(ctx->priv_data, "crf", conf->quality,
		    0);
	ctx->bit_rate = (int64_t)conf->bitrate_bps;
	return 0;
}

static int
set_x264(AVCodecContext *ctx, const struct encode_conf *conf)
{
	int rc = set_rate(ctx, conf);

	set_bucket(ctx, conf);
	ctx->rc_initial_buffer_occupancy = (int)(bucket_full(conf) *
	    ctx->rc_buffer_size);
	if (rc >= 0)
		rc = set_text(ctx, "preset", conf->preset);
	if (rc >= 0)
		rc = set_text(ctx, "profile", "high");
	if (rc >= 0)
		rc = set_text(ctx, "x264-params", conf->bitrate_bps == 0 ?
		    X264_PARAMS : X264_PARAMS X264_RATE);
	return rc;
}

static int
put_avc_config(struct buf *out, const AVCodecContext *ctx,
    const struct encode_conf *conf, struct err *err)
{
	(void)conf;
	return avcc_put_config(out, ctx->extradata,
	    (size_t)ctx->extradata_size, err);
}

static int
set_x265(AVCodecContext *ctx, const struct encode_conf *conf)
{
	char params[sizeof(X265_PARAMS) + 32];
	int rc = set_rate(ctx, conf);

	set_bucket(ctx, conf);
	snprintf(params, sizeof(params), X265_PARAMS ":vbv-init=%.3f",
	    bucket_full(conf));
	if (rc >= 0)
		rc = set_text(ctx, "preset", conf->preset);
	if (rc >= 0)
		rc = set_text(ctx, "profile", conf->depth == 10 ? "main10" :
		    "main");
	if (rc >= 0)
		rc = set_text(ctx, "x265-params", params);
	return rc;
}

static int
put_hevc_config(struct buf *out, const AVCodecContext *ctx,
    const struct encode_conf *conf, struct err *err)
{
	return hvcc_put_config(out, ctx->extradata,
	    (size_t)ctx->extradata_size, conf->depth, err);
}

/* A cap holds for constant quality alone. */
static int
set_svt_av1(AVCodecContext *ctx, const struct encode_conf *conf)
{
	int rc;

	ctx->gop_size = LIMIT_FRAGMENT_SAMPLES + 1;
	if (conf->bitrate_bps != 0) {
		ctx->bit_rate = (int64_t)conf->bitrate_bps;
		rc = 0;
	} else {
		ctx->rc_max_rate = (int64_t)conf->cap_bps;
		rc = av_opt_set_int(ctx->priv_data, "crf", conf->quality, 0);
	}
	if (rc >= 0)
		rc = set_text(ctx, "preset", conf->preset);
	if (rc >= 0)
		rc = set_text(ctx, "svtav1-params", SVT_AV1_PARAMS);
	return rc;
}

static int
put_av1_config(struct buf *out, const AVCodecContext *ctx,
    const struct encode_conf *conf, struct err *err)
{
	return av1_put_config(out, ctx->extradata,
	    (size_t)ctx->extradata_size, conf->depth, err);
}

static int
put_av1_sample(struct buf *out, const uint8_t *p, size_t n, bool *sync,
    struct err *err)
{
	struct av1_unit unit;

	av1_trim(&p, &n);
	av1_unit_scan(p, n, &unit);
	*sync = unit.sync;
	if (!unit.picture)
		return err_set(err, ERR_DATA, "no picture in a temporal unit");
	buf_put(out, p, n);
	return buf_ok(out, err);
}

static int
set_libvpx(AVCodecContext *ctx, const struct encode_conf *conf)
{
	const bool live = conf->preset[0] >= VPX_REALTIME;
	int rc = set_rate(ctx, conf);

	ctx->rc_max_rate = (int64_t)conf->cap_bps;
	ctx->rc_buffer_size = (int)conf->cap_bps;	/* one second */
	/* Equal distances: no key frame by content. */
	ctx->gop_size = ctx->keyint_min = LIMIT_FRAGMENT_SAMPLES + 1;
	if (conf->bitrate_bps == 0)
		ctx->bit_rate = (int64_t)conf->cap_bps;
	if (rc >= 0)
		rc = set_text(ctx, "cpu-used", conf->preset);
	if (rc >= 0)
		rc = set_text(ctx, "deadline", live ? "realtime" : "good");
	if (rc >= 0)
		rc = set_text(ctx, "row-mt", "0");
	return rc;
}

static int
put_vp9_config(struct buf *out, const AVCodecContext *ctx,
    const struct encode_conf *conf, struct err *err)
{
	const struct vp9_stream s = {
		.width = ctx->width,
		.height = ctx->height,
		.fps = av_q2d(ctx->framerate),
		.bps = conf->cap_bps,
		.depth = (uint8_t)conf->depth,
		.primaries = (uint8_t)ctx->color_primaries,
		.transfer = (uint8_t)ctx->color_trc,
		.matrix = (uint8_t)ctx->colorspace,
		.full_range = ctx->color_range == AVCOL_RANGE_JPEG,
	};

	vp9_make_config(out, &s);
	return buf_ok(out, err);
}

static int
put_vp9_sample(struct buf *out, const uint8_t *p, size_t n, bool *sync,
    struct err *err)
{
	struct vp9_frame frame;

	if (!vp9_frame_parse(p, n, &frame))
		return err_set(err, ERR_DATA, "no VP9 frame in a packet");
	*sync = frame.key;
	buf_put(out, p, n);
	return buf_ok(out, err);
}

/* The same tables in every picture, so that they can be joined: jpeg.h. */
static int
set_jpeg(AVCodecContext *ctx, const struct encode_conf *conf)
{
	ctx->flags &= ~AV_CODEC_FLAG_CLOSED_GOP;
	ctx->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
	ctx->global_quality = conf->quality * FF_QP2LAMBDA;
	ctx->qmin = ctx->qmax = conf->quality;
	return set_text(ctx, "huffman", "default");
}

static int
put_no_config(struct buf *out, const AVCodecContext *ctx,
    const struct encode_conf *conf, struct err *err)
{
	(void)ctx;
	(void)conf;
	return buf_ok(out, err);
}

static int
put_jpeg_sample(struct buf *out, const uint8_t *p, size_t n, bool *sync,
    struct err *err)
{
	*sync = true;
	buf_put(out, p, n);
	return buf_ok(out, err);
}

static const struct encode_codec codecs[] = {
	{ CODEC_H264, "libx264", -1, X264_TAIL, false, NULL, NULL,
	    set_x264, put_avc_config, avcc_put_sample },
	/* As deep as its pyramid goes at any preset. */
	{ CODEC_HEVC, "libx265", 2, 0, false, captions_put_hevc,
	    hdr_put_hevc, set_x265, put_hevc_config, hvcc_put_sample },
	{ CODEC_AV1, "libsvtav1", 0, 0, false, NULL, NULL,
	    set_svt_av1, put_av1_config, put_av1_sample },
	{ CODEC_VP9, "libvpx-vp9", 0, 0, false, NULL, NULL,
	    set_libvpx, put_vp9_config, put_vp9_sample },
	{ CODEC_JPEG, "mjpeg", 0, 0, true, NULL, NULL, set_jpeg,
	    put_no_config, put_jpeg_sample },
};

const struct encode_codec *
encode_codec_of(enum codec codec)
{
	size_t i;

	for (i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (codecs[i].codec == codec)
			return &codecs[i];
	return NULL;
}
