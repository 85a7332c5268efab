#include "media/hevc.h"

#include "base/err.h"
#include "base/rd.h"
#include "media/bits.h"

#define NAL_SPS		33
#define SIDE_MAX	16384

/* profile_tier_level() (23008-2 7.3.3) without what it says. */
static void
skip_profile(struct bits *b, uint32_t sub_layers)
{
	uint32_t profile[8] = { 0 }, level[8] = { 0 };

	for (int i = 0; i < 12; i++)
		bits_get(b, 8);			/* general_, with its level */
	for (uint32_t i = 0; i < sub_layers; i++) {
		profile[i] = bits_get(b, 1);
		level[i] = bits_get(b, 1);
	}
	for (uint32_t i = sub_layers; sub_layers > 0 && i < 8; i++)
		bits_get(b, 2);
	for (uint32_t i = 0; i < sub_layers; i++) {
		for (int k = 0; profile[i] != 0 && k < 11; k++)
			bits_get(b, 8);
		if (level[i] != 0)
			bits_get(b, 8);
	}
}

static int
sps_parse(struct rd r, struct hevc_config *config, struct err *err)
{
	uint32_t chroma, width, height, sub_layers, crop[4] = { 0 };
	uint32_t unit_x, unit_y;
	struct bits b;

	bits_init_rbsp(&b, r);
	bits_get(&b, 16);		/* NAL unit header */
	bits_get(&b, 4);
	sub_layers = bits_get(&b, 3);
	bits_get(&b, 1);
	skip_profile(&b, sub_layers);
	bits_ue(&b);
	chroma = bits_ue(&b);
	if (chroma == 3)
		bits_get(&b, 1);	/* separate_colour_plane_flag */
	width = bits_ue(&b);
	height = bits_ue(&b);
	if (bits_get(&b, 1) != 0)
		for (int i = 0; i < 4; i++)
			crop[i] = bits_ue(&b);
	if (b.r.bad || sub_layers > 6 || chroma > 3 || width == 0 ||
	    height == 0 || width > SIDE_MAX || height > SIDE_MAX)
		return err_set(err, ERR_DATA, "HEVC: bad SPS");
	unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
	unit_y = chroma == 1 ? 2 : 1;
	if (((uint64_t)crop[0] + crop[1]) * unit_x >= width ||
	    ((uint64_t)crop[2] + crop[3]) * unit_y >= height)
		return err_set(err, ERR_DATA, "HEVC: bad cropping in SPS");
	config->width = (uint16_t)(width - (crop[0] + crop[1]) * unit_x);
	config->height = (uint16_t)(height - (crop[2] + crop[3]) * unit_y);
	return 0;
}

int
hevc_config_parse(const uint8_t *p, size_t n, struct hevc_config *config,
    struct err *err)
{
	uint8_t version, arrays, type;
	uint16_t count;
	struct rd r, nal;

	rd_init(&r, p, n, 0);
	version = rd_u8(&r);
	rd_bytes(&r, 20);
	config->nal_length_bytes = (rd_u8(&r) & 3) + 1;
	arrays = rd_u8(&r);
	if (r.bad || version != 1 || config->nal_length_bytes == 3)
		return err_set(err, ERR_DATA,
		    "HEVC: bad configuration record of %zu bytes", n);
	while (arrays-- > 0 && !r.bad) {
		type = rd_u8(&r) & 0x3f;
		count = rd_u16(&r);
		while (count-- > 0 && !r.bad) {
			nal = rd_sub(&r, rd_u16(&r));
			if (type == NAL_SPS && !nal.bad)
				return sps_parse(nal, config, err);
		}
	}
	return err_set(err, ERR_DATA,
	    "HEVC: no SPS in the configuration record");
}
