#include "media/avc.h"

#include <string.h>

#include "base/err.h"
#include "base/rd.h"
#include "media/bits.h"

#define NAL_SPS		7

#define MB_MAX		1024	/* macroblocks in a row: 16384 pixels */
#define SAR_EXTENDED	255

static void
skip_scaling_list(struct bits *b, unsigned size)
{
	uint32_t last = 8, next = 8;

	for (unsigned i = 0; i < size && !b->r.bad; i++) {
		if (next != 0)
			next = (last + (uint32_t)bits_se(b)) & 0xff;
		if (next != 0)
			last = next;
	}
}

static bool
profile_has_chroma(uint32_t profile)
{
	static const uint8_t list[] = { 100, 110, 122, 244, 44, 83, 86, 118,
	    128, 138, 139, 134, 135 };

	return memchr(list, (int)profile, sizeof(list)) != NULL;
}

/* Returns chroma_format_idc: 1 is 4:2:0. */
static uint32_t
sps_chroma(struct bits *b)
{
	uint32_t chroma = bits_ue(b);

	if (chroma == 3)
		bits_get(b, 1);		/* separate_colour_plane_flag */
	bits_ue(b);			/* bit depths */
	bits_ue(b);
	bits_get(b, 1);
	if (bits_get(b, 1) != 0)	/* seq_scaling_matrix_present_flag */
		for (unsigned i = 0; i < (chroma != 3 ? 8u : 12u); i++)
			if (bits_get(b, 1) != 0)
				skip_scaling_list(b, i < 6 ? 16 : 64);
	return chroma;
}

static void
sps_skip_order(struct bits *b)
{
	uint32_t type, n;

	bits_ue(b);			/* log2_max_frame_num_minus4 */
	type = bits_ue(b);
	if (type == 0) {
		bits_ue(b);
	} else if (type == 1) {
		bits_get(b, 1);
		bits_se(b);
		bits_se(b);
		n = bits_ue(b);
		for (uint32_t i = 0; i < n && !b->r.bad; i++)
			bits_se(b);
	}
	bits_ue(b);			/* max_num_ref_frames */
	bits_get(b, 1);
}

/* The sample aspect ratio, if the VUI tells it (14496-10 table E-1). */
static void
vui_aspect(struct bits *b, struct avc_config *config)
{
	static const uint8_t sar[][2] = { { 0, 0 }, { 1, 1 }, { 12, 11 },
	    { 10, 11 }, { 16, 11 }, { 40, 33 }, { 24, 11 }, { 20, 11 },
	    { 32, 11 }, { 80, 33 }, { 18, 11 }, { 15, 11 }, { 64, 33 },
	    { 160, 99 }, { 4, 3 }, { 3, 2 }, { 2, 1 } };
	uint32_t idc;

	if (bits_get(b, 1) == 0)
		return;
	idc = bits_get(b, 8);
	if (idc == SAR_EXTENDED) {
		config->sar_num = bits_get(b, 16);
		config->sar_den = bits_get(b, 16);
	} else if (idc < sizeof(sar) / sizeof(sar[0])) {
		config->sar_num = sar[idc][0];
		config->sar_den = sar[idc][1];
	}
}

/* What is said of the pictures, if anything (14496-10 E.1.1). */
static void
sps_vui(struct bits *b, struct avc_config *config)
{
	config->sar_num = config->sar_den = 0;
	config->transfer = 0;
	if (bits_get(b, 1) == 0)
		return;
	vui_aspect(b, config);
	if (b->r.bad || config->sar_num == 0 || config->sar_den == 0)
		config->sar_num = config->sar_den = 0;
	if (bits_get(b, 1) != 0)	/* overscan_info_present_flag */
		bits_get(b, 1);
	config->transfer = bits_transfer(b);
}

static int
sps_parse(struct rd r, struct avc_config *config, struct err *err)
{
	struct bits b;
	uint32_t chroma = 1, profile, cols, rows, fields, crop[4] = { 0 };
	uint32_t unit_x, unit_y, width, height;

	bits_init_rbsp(&b, r);
	bits_get(&b, 8);		/* NAL unit header */
	profile = bits_get(&b, 8);
	bits_get(&b, 16);		/* constraints, level */
	bits_ue(&b);
	if (profile_has_chroma(profile))
		chroma = sps_chroma(&b);
	sps_skip_order(&b);
	cols = bits_ue(&b);
	rows = bits_ue(&b);
	fields = bits_get(&b, 1) != 0 ? 1 : 2;
	if (fields == 2)
		bits_get(&b, 1);	/* mb_adaptive_frame_field_flag */
	bits_get(&b, 1);
	if (bits_get(&b, 1) != 0)
		for (int i = 0; i < 4; i++)
			crop[i] = bits_ue(&b);
	if (b.r.bad || cols >= MB_MAX || rows >= MB_MAX || chroma > 3)
		return err_set(err, ERR_DATA, "H.264: bad SPS");
	width = (cols + 1) * 16;
	height = (rows + 1) * 16 * fields;
	unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
	unit_y = fields * (chroma == 1 ? 2 : 1);
	if (((uint64_t)crop[0] + crop[1]) * unit_x >= width ||
	    ((uint64_t)crop[2] + crop[3]) * unit_y >= height)
		return err_set(err, ERR_DATA, "H.264: bad cropping in SPS");
	config->width = (uint16_t)(width - (crop[0] + crop[1]) * unit_x);
	config->height = (uint16_t)(height - (crop[2] + crop[3]) * unit_y);
	sps_vui(&b, config);
	return 0;
}

int
avc_config_parse(const uint8_t *p, size_t n, struct avc_config *config,
    struct err *err)
{
	struct rd r, sps;
	uint8_t version, length_bytes, count;

	rd_init(&r, p, n, 0);
	version = rd_u8(&r);
	rd_bytes(&r, 3);
	length_bytes = (rd_u8(&r) & 3) + 1;
	count = rd_u8(&r) & 0x1f;
	if (r.bad || version != 1 || length_bytes == 3)
		return err_set(err, ERR_DATA,
		    "H.264: bad configuration record of %zu bytes", n);
	sps = rd_sub(&r, rd_u16(&r));
	if (count == 0 || sps.bad || rd_left(&sps) < 4 ||
	    (sps.p[0] & 0x1f) != NAL_SPS)
		return err_set(err, ERR_DATA,
		    "H.264: no SPS in the configuration record");
	config->nal_length_bytes = length_bytes;
	return sps_parse(sps, config, err);
}
