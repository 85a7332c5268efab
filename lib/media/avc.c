#include "media/avc.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rd.h"

#define NAL_SLICE	1
#define NAL_IDR		5	/* 1 to 5 are slices and their partitions */
#define NAL_SPS		7

#define MB_MAX		1024	/* macroblocks in a row: 16384 pixels */
#define SAR_EXTENDED	255

/* Bits of an RBSP (14496-10 7.3.1): skips emulation prevention bytes. */
struct bits {
	struct rd	r;
	uint32_t	last;	/* the two bytes before CUR, for 00 00 03 */
	uint8_t		cur;
	unsigned	left;	/* bits not yet read of CUR */
};

static unsigned
bit(struct bits *b)
{
	if (b->left == 0) {
		b->cur = rd_u8(&b->r);
		if (b->cur == 3 && (b->last & 0xffff) == 0) {
			b->cur = rd_u8(&b->r);
			b->last = 0xffff;
		}
		b->last = b->last << 8 | b->cur;
		b->left = 8;
	}
	return b->cur >> --b->left & 1u;
}

static uint32_t
bits_get(struct bits *b, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 1 | bit(b);
	return v;
}

/* ue(v), 14496-10 9.1. */
static uint32_t
bits_ue(struct bits *b)
{
	unsigned zeros = 0;

	while (bit(b) == 0) {
		if (++zeros > 31 || b->r.bad) {
			b->r.bad = true;
			return 0;
		}
	}
	return (UINT32_C(1) << zeros) - 1 + bits_get(b, zeros);
}

static int32_t
bits_se(struct bits *b)
{
	uint32_t v = bits_ue(b);

	return (v & 1) != 0 ? (int32_t)(v / 2 + 1) : -(int32_t)(v / 2);
}

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
sps_aspect(struct bits *b, struct avc_config *config)
{
	static const uint8_t sar[][2] = { { 0, 0 }, { 1, 1 }, { 12, 11 },
	    { 10, 11 }, { 16, 11 }, { 40, 33 }, { 24, 11 }, { 20, 11 },
	    { 32, 11 }, { 80, 33 }, { 18, 11 }, { 15, 11 }, { 64, 33 },
	    { 160, 99 }, { 4, 3 }, { 3, 2 }, { 2, 1 } };
	uint32_t idc;

	if (bits_get(b, 1) == 0 || bits_get(b, 1) == 0)
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

static int
sps_parse(struct rd r, struct avc_config *config, struct err *err)
{
	struct bits b = { .r = r, .last = 0xffff };
	uint32_t chroma = 1, profile, cols, rows, fields, crop[4] = { 0 };
	uint32_t unit_x, unit_y, width, height;

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
	config->sar_num = config->sar_den = 0;
	sps_aspect(&b, config);
	if (b.r.bad || config->sar_num == 0 || config->sar_den == 0)
		config->sar_num = config->sar_den = 0;
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

static void
unit_note(struct avc_unit *unit, const uint8_t *nal)
{
	const unsigned type = nal[0] & 0x1f;

	if (type >= NAL_SLICE && type <= NAL_IDR)
		unit->picture = true;
	if (type == NAL_IDR)
		unit->idr = true;
}

/*
 * The next NAL unit behind a length, or NULL at the end; *CLEAN is cleared
 * when something had to be passed over.
 */
static const uint8_t *
next_by_length(struct rd *r, uint8_t length_bytes, size_t *bytes,
    bool *clean)
{
	uint32_t n = 0;

	while (rd_left(r) > 0) {
		n = length_bytes == 4 ? rd_u32(r) : length_bytes == 2 ?
		    rd_u16(r) : rd_u8(r);
		if (r->bad || n > rd_left(r)) {
			*clean = false;
			return NULL;
		}
		if (n > 0) {
			*bytes = n;
			return rd_bytes(r, n);
		}
		*clean = false;
	}
	return NULL;
}

/* The first 00 00 01 from P on, or END. */
static const uint8_t *
start_code(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *one;

	while (end - p >= 3) {
		one = memchr(p + 2, 1, (size_t)(end - p) - 2);
		if (one == NULL)
			break;
		if (one[-1] == 0 && one[-2] == 0)
			return one - 2;
		p = one - 1;
	}
	return end;
}

/* The next NAL unit between start codes (14496-10 B.1), or NULL. */
static const uint8_t *
next_by_code(struct rd *r, size_t *bytes)
{
	const uint8_t *nal, *end;

	for (;;) {
		nal = start_code(r->p, r->end);
		if (nal == r->end)
			return NULL;
		nal += 3;
		end = r->p = start_code(nal, r->end);
		while (end > nal && end[-1] == 0)
			end--;		/* trailing zeros, or a longer code */
		if (end > nal) {
			*bytes = (size_t)(end - nal);
			return nal;
		}
	}
}

static bool
begins_with_code(const uint8_t *p, size_t n)
{
	return n >= 4 && p[0] == 0 && p[1] == 0 &&
	    (p[2] == 1 || (p[2] == 0 && p[3] == 1));
}

void
avc_unit_scan(const uint8_t *p, size_t n, uint8_t nal_length_bytes,
    struct avc_unit *unit)
{
	const uint8_t *nal;
	struct rd r;
	size_t bytes;

	memset(unit, 0, sizeof(*unit));
	unit->clean = true;
	rd_init(&r, p, n, 0);
	while ((nal = next_by_length(&r, nal_length_bytes, &bytes,
	    &unit->clean)) != NULL)
		unit_note(unit, nal);
	/* 00 00 00 01 can be a length: only when it does not come out even. */
	if (unit->clean || !begins_with_code(p, n))
		return;
	memset(unit, 0, sizeof(*unit));
	unit->annexb = true;
	rd_init(&r, p, n, 0);
	while ((nal = next_by_code(&r, &bytes)) != NULL)
		unit_note(unit, nal);
}

void
avc_put_unit(struct buf *out, const uint8_t *p, size_t n,
    uint8_t nal_length_bytes, const struct avc_unit *unit)
{
	const uint8_t *nal;
	bool clean = true;
	struct rd r;
	size_t bytes;

	rd_init(&r, p, n, 0);
	while ((nal = unit->annexb ? next_by_code(&r, &bytes) :
	    next_by_length(&r, nal_length_bytes, &bytes, &clean)) != NULL) {
		if (nal_length_bytes < 4 &&
		    bytes >> 8 * nal_length_bytes != 0)
			continue;	/* Annex B: has no length that small */
		if (nal_length_bytes == 4)
			buf_put_u32(out, (uint32_t)bytes);
		else if (nal_length_bytes == 2)
			buf_put_u16(out, (uint16_t)bytes);
		else
			buf_put_u8(out, (uint8_t)bytes);
		buf_put(out, nal, bytes);
	}
}
