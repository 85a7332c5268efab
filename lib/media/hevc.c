#include "media/hevc.h"

#include "base/err.h"
#include "base/rd.h"
#include "media/bits.h"

#define NAL_SPS		33
#define SIDE_MAX	16384

#define SAR_EXTENDED	255
#define SETS_MAX	64	/* 23008-2 7.4.3.2.1 */
#define PICTURES_MAX	16	/* of a set: sps_max_dec_pic_buffering_minus1 */
#define LONG_TERM_MAX	32

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

/* scaling_list_data() (7.3.4). */
static void
skip_scaling_lists(struct bits *b)
{
	int size, matrix, n;

	for (size = 0; size < 4; size++)
		for (matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
			if (bits_get(b, 1) == 0) {
				bits_ue(b);
				continue;
			}
			if (size > 1)
				bits_se(b);
			n = size == 0 ? 16 : 64;
			while (n-- > 0 && !b->r.bad)
				bits_se(b);
		}
}

/*
 * A short-term reference picture set (7.3.7): of the pictures that are shown
 * before, [0], and behind, the distances.  How long the next one is follows
 * from it.
 */
struct ref_set {
	int64_t		poc[2][PICTURES_MAX];
	uint32_t	n[2];
};

static void
add_picture(struct bits *b, struct ref_set *set, int64_t poc)
{
	int behind = poc > 0;

	if (set->n[behind] == PICTURES_MAX)
		b->r.bad = true;
	else
		set->poc[behind][set->n[behind]++] = poc;
}

/* One side of a set that is told by another, as in (7-61) and (7-62). */
static void
predict_side(struct bits *b, const struct ref_set *from, int64_t delta,
    const bool *used, int behind, struct ref_set *set)
{
	int sign = behind ? 1 : -1;
	uint32_t i;

	for (i = from->n[!behind]; i-- > 0;)
		if (used[(behind ? 0 : from->n[0]) + i] &&
		    sign * (from->poc[!behind][i] + delta) > 0)
			add_picture(b, set, from->poc[!behind][i] + delta);
	if (used[from->n[0] + from->n[1]] && sign * delta > 0)
		add_picture(b, set, delta);
	for (i = 0; i < from->n[behind]; i++)
		if (used[(behind ? from->n[0] : 0) + i] &&
		    sign * (from->poc[behind][i] + delta) > 0)
			add_picture(b, set, from->poc[behind][i] + delta);
}

static void
predict_set(struct bits *b, const struct ref_set *from, struct ref_set *set)
{
	bool negative = bits_get(b, 1) != 0, used[2 * PICTURES_MAX + 1];
	int64_t delta = (int64_t)bits_ue(b) + 1;
	uint32_t i;

	for (i = 0; i <= from->n[0] + from->n[1]; i++)
		/* used_by_curr_pic_flag, else use_delta_flag */
		used[i] = bits_get(b, 1) != 0 || bits_get(b, 1) != 0;
	predict_side(b, from, negative ? -delta : delta, used, 0, set);
	predict_side(b, from, negative ? -delta : delta, used, 1, set);
}

static void
read_set(struct bits *b, struct ref_set *set)
{
	uint32_t n[2], i;
	int64_t poc;
	int behind;

	n[0] = bits_ue(b);
	n[1] = bits_ue(b);
	for (behind = 0; behind < 2; behind++)
		for (i = 0, poc = 0; i < n[behind] && !b->r.bad; i++) {
			poc += (behind ? 1 : -1) * ((int64_t)bits_ue(b) + 1);
			bits_get(b, 1);		/* used_by_curr_pic */
			add_picture(b, set, poc);
		}
}

static void
skip_ref_sets(struct bits *b)
{
	uint32_t i, count = bits_ue(b);
	struct ref_set sets[2];

	if (count > SETS_MAX)
		b->r.bad = true;
	for (i = 0; i < count && !b->r.bad; i++) {
		sets[i % 2] = (struct ref_set){ .n = { 0, 0 } };
		if (i > 0 && bits_get(b, 1) != 0)
			predict_set(b, &sets[(i + 1) % 2], &sets[i % 2]);
		else
			read_set(b, &sets[i % 2]);
	}
}

/* What is between the size and the VUI (7.3.2.2.1). */
static void
skip_tools(struct bits *b, uint32_t sub_layers)
{
	uint32_t poc_bits, i, n;

	bits_ue(b);			/* bit depths */
	bits_ue(b);
	poc_bits = bits_ue(b) + 4;
	n = bits_get(b, 1) != 0 ? sub_layers + 1 : 1;
	for (i = 0; i < 3 * n; i++)	/* what they need of memory */
		bits_ue(b);
	for (i = 0; i < 6; i++)		/* block and transform sizes */
		bits_ue(b);
	if (bits_get(b, 1) != 0 && bits_get(b, 1) != 0)
		skip_scaling_lists(b);
	bits_get(b, 2);			/* amp, sample_adaptive_offset */
	if (bits_get(b, 1) != 0) {	/* pcm_enabled_flag */
		bits_get(b, 4 + 4);
		bits_ue(b);
		bits_ue(b);
		bits_get(b, 1);
	}
	skip_ref_sets(b);
	if (bits_get(b, 1) != 0) {	/* long_term_ref_pics_present_flag */
		n = bits_ue(b);
		if (n > LONG_TERM_MAX || poc_bits > 16)
			b->r.bad = true;
		for (i = 0; i < n && !b->r.bad; i++)
			bits_get(b, poc_bits + 1);
	}
	bits_get(b, 2);			/* temporal_mvp, intra_smoothing */
}

/* vui_parameters() (E.2.1) up to where it tells. */
static uint8_t
vui_transfer(struct bits *b)
{
	if (b->r.bad || bits_get(b, 1) == 0)
		return 0;
	if (bits_get(b, 1) != 0 && bits_get(b, 8) == SAR_EXTENDED)
		bits_get(b, 16 + 16);
	if (bits_get(b, 1) != 0)	/* overscan_info_present_flag */
		bits_get(b, 1);
	return bits_transfer(b);
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
	skip_tools(&b, sub_layers);
	config->transfer = vui_transfer(&b);
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
