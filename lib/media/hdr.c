#include "media/hdr.h"

#include <libavutil/frame.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/mathematics.h>

#include "media/sei.h"

#define CHROMATICITY_UNITS	50000
#define LUMINANCE_UNITS		10000	/* a candela for each square metre */

/* Q in UNITS, in BYTES; what is out of range is as far off as there is. */
static uint8_t *
put(uint8_t *to, AVRational q, int64_t units, int bytes)
{
	const int64_t max = (INT64_C(1) << 8 * bytes) - 1;
	int64_t v = q.den <= 0 || q.num < 0 ? 0 :
	    av_rescale(q.num, units, q.den);

	if (v > max)
		v = max;
	while (bytes-- > 0)
		*to++ = (uint8_t)(v >> 8 * bytes);
	return to;
}

static void
put_display(struct track_hdr *hdr, const AVMasteringDisplayMetadata *m)
{
	static const int order[] = { 1, 2, 0 };	/* green, blue, red */
	uint8_t *to = hdr->display;
	int i, axis;

	if (!m->has_primaries || !m->has_luminance)
		return;
	for (i = 0; i < 3; i++)
		for (axis = 0; axis < 2; axis++)
			to = put(to, m->display_primaries[order[i]][axis],
			    CHROMATICITY_UNITS, 2);
	for (axis = 0; axis < 2; axis++)
		to = put(to, m->white_point[axis], CHROMATICITY_UNITS, 2);
	to = put(to, m->max_luminance, LUMINANCE_UNITS, 4);
	put(to, m->min_luminance, LUMINANCE_UNITS, 4);
	hdr->has_display = true;
}

struct track_hdr
hdr_of(const struct AVFrame *frame)
{
	struct track_hdr hdr = { .has_display = false };
	const AVFrameSideData *side;
	const AVContentLightMetadata *light;
	uint8_t *to = hdr.light;

	side = av_frame_get_side_data(frame,
	    AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
	if (side != NULL)
		put_display(&hdr, (const void *)side->data);
	side = av_frame_get_side_data(frame,
	    AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
	if (side == NULL)
		return hdr;
	light = (const void *)side->data;
	to = put(to, (AVRational){ (int)light->MaxCLL, 1 }, 1, 2);
	put(to, (AVRational){ (int)light->MaxFALL, 1 }, 1, 2);
	hdr.has_light = true;
	return hdr;
}

void
hdr_put_hevc(struct buf *out, const struct track_hdr *hdr)
{
	if (hdr->has_display)
		sei_put_hevc(out, SEI_MASTERING_DISPLAY, hdr->display,
		    sizeof(hdr->display));
	if (hdr->has_light)
		sei_put_hevc(out, SEI_CONTENT_LIGHT, hdr->light,
		    sizeof(hdr->light));
}
