#include "media/deinterlace.h"

#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"

/* What a line may be off by from those around it: less is noise. */
#define TOLERANCE	8

static uint8_t
between(int above, int here, int below)
{
	int low = above < below ? above : below;
	int high = above < below ? below : above;

	if (here >= low - TOLERANCE && here <= high + TOLERANCE)
		return (uint8_t)here;
	return (uint8_t)((above + below + 1) / 2);
}

void
deinterlace_plane(const uint8_t *from, ptrdiff_t from_stride, uint8_t *to,
    ptrdiff_t to_stride, int width, int height, bool bottom_first)
{
	const uint8_t *here, *above, *below;
	uint8_t *out;
	int x, y;

	for (y = 0; y < height; y++) {
		here = from + y * from_stride;
		out = to + y * to_stride;
		above = y > 0 ? here - from_stride : here + from_stride;
		below = y < height - 1 ? here + from_stride :
		    here - from_stride;
		if (height < 2 || y % 2 == (bottom_first ? 1 : 0)) {
			memcpy(out, here, (size_t)width);
			continue;
		}
		for (x = 0; x < width; x++)
			out[x] = between(above[x], here[x], below[x]);
	}
}

bool
deinterlace_wanted(const struct AVFrame *frame)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);

	return frame->interlaced_frame && d != NULL &&
	    (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL |
	    AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM)) == 0 &&
	    (d->flags & AV_PIX_FMT_FLAG_PLANAR) != 0 &&
	    d->comp[0].depth == 8 && d->nb_components == 3;
}

struct AVFrame *
deinterlace(const struct AVFrame *frame, struct err *err)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
	AVFrame *out = av_frame_alloc();
	int i, width, height;

	if (out != NULL) {
		out->width = frame->width;
		out->height = frame->height;
		out->format = frame->format;
	}
	if (out == NULL || av_frame_get_buffer(out, 0) < 0 ||
	    av_frame_copy_props(out, frame) < 0) {
		av_frame_free(&out);
		err_nomem(err);
		return NULL;
	}
	for (i = 0; i < 3; i++) {
		width = i == 0 ? frame->width :
		    AV_CEIL_RSHIFT(frame->width, d->log2_chroma_w);
		height = i == 0 ? frame->height :
		    AV_CEIL_RSHIFT(frame->height, d->log2_chroma_h);
		deinterlace_plane(frame->data[i], frame->linesize[i],
		    out->data[i], out->linesize[i], width, height,
		    !frame->top_field_first);
	}
	out->interlaced_frame = 0;
	return out;
}
