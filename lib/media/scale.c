#include "media/scale.h"

#include <stdbool.h>

#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/avlog.h"
#include "media/codec.h"

#define FLAGS	(SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT)

struct scaler {
	int			 width, height;
	enum scale_kind		 kind;
	struct SwsContext	*sws;		/* for the input below */
	int			 in_width, in_height, in_format;
	enum AVColorRange	 in_range;
	enum AVColorSpace	 in_matrix;
	AVFrame			*out, *last;	/* taken in turn */
};

static int
side_ok(const char *side, uint64_t pixels, struct err *err)
{
	if (pixels == 0 || pixels > LIMIT_PICTURE_SIDE)
		return err_set(err, ERR_DATA,
		    "picture %s of %ju pixels, limit %d", side,
		    (uintmax_t)pixels, LIMIT_PICTURE_SIDE);
	return 0;
}

int
scale_size(const struct track *track, uint32_t height, int *out_width,
    int *out_height, struct err *err)
{
	uint64_t w = track->width, h = track->height, out_w;
	bool square = track->sar_num == 0 || track->sar_den == 0;

	if (height == 0)
		height = h < 2 ? 2 : (uint32_t)(h & ~UINT64_C(1));
	if (side_ok("width", w, err) == -1 ||
	    side_ok("height", h, err) == -1 ||
	    side_ok("height", height, err) == -1)
		return -1;
	/* 2^13 * 2^13 * 2^32 fits; rounded to the nearest even number. */
	w *= square ? 1 : track->sar_num;
	h *= square ? 1 : track->sar_den;
	out_w = (w * height + h) / (2 * h) * 2;
	if (out_w < 2)
		out_w = 2;
	if (side_ok("width", out_w, err) == -1)
		return -1;
	*out_width = (int)out_w;
	*out_height = (int)height;
	return 0;
}

static enum AVPixelFormat
format_of(const struct scaler *s)
{
	return s->kind == SCALE_DEEP ? AV_PIX_FMT_YUV420P10 :
	    AV_PIX_FMT_YUV420P;
}

static AVFrame *
new_frame(const struct scaler *s)
{
	AVFrame *f = av_frame_alloc();

	if (f == NULL)
		return NULL;
	f->width = s->width;
	f->height = s->height;
	f->format = format_of(s);
	if (av_frame_get_buffer(f, 0) < 0)
		av_frame_free(&f);
	return f;
}

struct scaler *
scaler_new(int width, int height, enum scale_kind kind, struct err *err)
{
	struct scaler *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		err_nomem(err);
		return NULL;
	}
	s->kind = kind;
	s->width = width;
	s->height = height;
	s->out = new_frame(s);
	s->last = new_frame(s);
	if (s->out == NULL || s->last == NULL) {
		scaler_free(s);
		err_nomem(err);
		return NULL;
	}
	return s;
}

void
scaler_free(struct scaler *s)
{
	if (s == NULL)
		return;
	sws_freeContext(s->sws);
	av_frame_free(&s->out);
	av_frame_free(&s->last);
	free(s);
}

static bool
is_full_range(const AVFrame *f)
{
	return f->format == AV_PIX_FMT_YUVJ420P ||
	    f->format == AV_PIX_FMT_YUVJ422P ||
	    f->format == AV_PIX_FMT_YUVJ444P ||
	    f->color_range == AVCOL_RANGE_JPEG;
}

static bool
is_rgb(const AVFrame *f)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);

	return d != NULL && (d->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

/*
 * JFIF is BT.601 in full range.  A picture that does not say what it is is
 * taken for BT.709 from 720 lines on, as players do.
 */
static int
set_jpeg_matrix(struct scaler *s, const AVFrame *in, int range)
{
	int matrix = in->colorspace;

	if (matrix == AVCOL_SPC_UNSPECIFIED)
		matrix = in->height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
	return sws_setColorspaceDetails(s->sws, sws_getCoefficients(matrix),
	    range, sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16, 1 << 16);
}

/* A context for pictures like IN; the range of video stays what it is. */
static int
reopen(struct scaler *s, const AVFrame *in, struct err *err)
{
	int range = is_full_range(in) && !is_rgb(in);
	int rc;

	sws_freeContext(s->sws);
	if ((s->sws = sws_alloc_context()) == NULL)
		return err_nomem(err);
	av_opt_set_int(s->sws, "srcw", in->width, 0);
	av_opt_set_int(s->sws, "srch", in->height, 0);
	av_opt_set_int(s->sws, "src_format", in->format, 0);
	av_opt_set_int(s->sws, "src_range", range, 0);
	av_opt_set_int(s->sws, "dstw", s->width, 0);
	av_opt_set_int(s->sws, "dsth", s->height, 0);
	av_opt_set_int(s->sws, "dst_format", format_of(s), 0);
	av_opt_set_int(s->sws, "dst_range",
	    s->kind == SCALE_JPEG ? 1 : range, 0);
	av_opt_set_int(s->sws, "sws_flags", FLAGS, 0);
	if ((rc = sws_init_context(s->sws, NULL, NULL)) < 0)
		return avlog_err(err, ERR_DATA, rc, "cannot scale");
	if (s->kind == SCALE_JPEG && set_jpeg_matrix(s, in, range) < 0)
		return err_set(err, ERR_DATA, "cannot convert the colours");
	if (is_rgb(in))
		sws_setColorspaceDetails(s->sws,
		    sws_getCoefficients(SWS_CS_DEFAULT), 1,
		    sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16,
		    1 << 16);
	s->in_width = in->width;
	s->in_height = in->height;
	s->in_format = in->format;
	s->in_range = in->color_range;
	s->in_matrix = in->colorspace;
	return 0;
}

static bool
same_input(const struct scaler *s, const AVFrame *in)
{
	return s->sws != NULL && s->in_width == in->width &&
	    s->in_height == in->height && s->in_format == in->format &&
	    s->in_range == in->color_range && s->in_matrix == in->colorspace;
}

static int
copy_captions(AVFrame *out, const AVFrame *in, struct err *err)
{
	const enum AVFrameSideDataType type = AV_FRAME_DATA_A53_CC;
	const AVFrameSideData *side = av_frame_get_side_data(in, type);
	AVBufferRef *ref;

	av_frame_remove_side_data(out, type);
	if (side == NULL)
		return 0;
	if ((ref = av_buffer_ref(side->buf)) == NULL)
		return err_nomem(err);
	if (av_frame_new_side_data_from_buf(out, type, ref) == NULL) {
		av_buffer_unref(&ref);
		return err_nomem(err);
	}
	return 0;
}

static int
copy_props(const struct scaler *s, AVFrame *out, const AVFrame *in,
    struct err *err)
{
	out->pts = in->pts;
	out->color_range = is_full_range(in) ? AVCOL_RANGE_JPEG :
	    in->color_range;
	out->color_primaries = in->color_primaries;
	out->color_trc = in->color_trc;
	out->colorspace = in->colorspace;
	out->chroma_location = in->chroma_location;
	if (is_rgb(in)) {
		out->color_range = AVCOL_RANGE_MPEG;
		out->colorspace = AVCOL_SPC_BT709;
	}
	if (s->kind == SCALE_JPEG) {
		out->color_range = AVCOL_RANGE_JPEG;
		out->colorspace = AVCOL_SPC_BT470BG;
	}
	return s->kind == SCALE_JPEG ? 0 : copy_captions(out, in, err);
}

static bool
is_output(const struct scaler *s, const AVFrame *in)
{
	return s->kind != SCALE_JPEG && in->width == s->width &&
	    in->height == s->height && (in->format == (int)format_of(s) ||
	    (s->kind == SCALE_VIDEO && in->format == AV_PIX_FMT_YUVJ420P));
}

const struct AVFrame *
scaler_run(struct scaler *s, const struct AVFrame *in, struct err *err)
{
	AVFrame *spare = s->last;
	int rc;

	if (is_output(s, in))
		return in;
	if (!same_input(s, in) && reopen(s, in, err) == -1)
		return NULL;
	/* An encoder may still hold the last one, but hardly that before. */
	s->last = s->out;
	s->out = spare;
	if (av_frame_make_writable(s->out) < 0) {
		err_nomem(err);
		return NULL;
	}
	rc = sws_scale(s->sws, (const uint8_t *const *)in->data, in->linesize,
	    0, in->height, s->out->data, s->out->linesize);
	if (rc < 0) {
		avlog_err(err, ERR_DATA, rc, "cannot scale");
		return NULL;
	}
	return copy_props(s, s->out, in, err) == -1 ? NULL : s->out;
}
