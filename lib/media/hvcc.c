#include "media/hvcc.h"

#include "base/buf.h"
#include "base/err.h"
#include "media/bits.h"
#include "media/nal.h"

enum nal_type {			/* ISO/IEC 23008-2 table 7-1 */
	NAL_IDR_W_RADL = 19,
	NAL_IDR_N_LP = 20,
	NAL_SLICE_LAST = 31,
	NAL_VPS = 32,
	NAL_SPS = 33,
	NAL_PPS = 34,
	NAL_AUD = 35,
	NAL_SEI_PREFIX = 39,
};

#define HEADER_BYTES			2
#define SEI_USER_DATA_UNREGISTERED	5
#define ARRAY_COMPLETE			0x80

static unsigned
nal_type(const uint8_t *nal)
{
	return nal[0] >> 1 & 0x3f;
}

/* The units of TYPE as one array of the record. */
static int
put_sets(struct buf *out, const uint8_t *p, size_t n, enum nal_type type,
    struct err *err)
{
	size_t count_at, bytes;
	const uint8_t *nal;
	uint32_t count = 0;
	struct rd r;

	buf_put_u8(out, ARRAY_COMPLETE | (uint8_t)type);
	count_at = out->n;
	buf_put_u16(out, 0);
	rd_init(&r, p, n, 0);
	while ((nal = nal_next(&r, &bytes)) != NULL) {
		if (nal_type(nal) != type)
			continue;
		if (bytes > UINT16_MAX)
			return err_set(err, ERR_DATA,
			    "HEVC parameter set of %zu bytes", bytes);
		buf_put_u16(out, (uint16_t)bytes);
		buf_put(out, nal, bytes);
		count++;
	}
	if (count == 0 || count > UINT8_MAX)
		return err_set(err, ERR_DATA,
		    "%u HEVC parameter sets of type %d, want 1 to %d",
		    (unsigned)count, (int)type, UINT8_MAX);
	if (!out->bad)
		out->p[count_at + 1] = (uint8_t)count;
	return 0;
}

/* What the record says in front of the sets: from the SPS (7.3.2.2). */
static int
put_profile(struct buf *out, const uint8_t *p, size_t n, int depth,
    struct err *err)
{
	uint32_t layers, nested;
	const uint8_t *nal;
	struct bits b;
	struct rd r;
	size_t bytes;

	rd_init(&r, p, n, 0);
	do
		nal = nal_next(&r, &bytes);
	while (nal != NULL && nal_type(nal) != NAL_SPS);
	if (nal == NULL)
		return err_set(err, ERR_DATA, "no HEVC sequence parameter set");
	rd_init(&r, nal, bytes, 0);
	bits_init_rbsp(&b, r);
	bits_get(&b, 8 * HEADER_BYTES + 4);
	layers = bits_get(&b, 3) + 1;
	nested = bits_get(&b, 1);
	buf_put_u8(out, 1);			/* configurationVersion */
	for (int i = 0; i < 12; i++)		/* profile, tier, level */
		buf_put_u8(out, (uint8_t)bits_get(&b, 8));
	if (b.r.bad)
		return err_set(err, ERR_DATA,
		    "HEVC sequence parameter set of %zu bytes", bytes);
	buf_put_u16(out, 0xf000);	/* min_spatial_segmentation_idc */
	buf_put_u8(out, 0xfc);		/* parallelismType: not known */
	buf_put_u8(out, 0xfc | 1);	/* chroma_format_idc: 4:2:0 */
	for (int i = 0; i < 2; i++)	/* bit_depth_luma_minus8, chroma */
		buf_put_u8(out, (uint8_t)(0xf8 | (depth - 8)));
	buf_put_u16(out, 0);		/* avgFrameRate: not said */
	buf_put_u8(out, (uint8_t)(layers << 3 | nested << 2 | 3));
	return 0;
}

int
hvcc_put_config(struct buf *out, const uint8_t *p, size_t n, int depth,
    struct err *err)
{
	static const enum nal_type types[] = { NAL_VPS, NAL_SPS, NAL_PPS };
	size_t i;

	if (put_profile(out, p, n, depth, err) == -1)
		return -1;
	buf_put_u8(out, sizeof(types) / sizeof(types[0]));
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (put_sets(out, p, n, types[i], err) == -1)
			return -1;
	return buf_ok(out, err);
}

static bool
is_dropped(const uint8_t *nal, size_t bytes)
{
	unsigned type = nal_type(nal);

	if (bytes <= HEADER_BYTES)
		return true;
	return (type >= NAL_VPS && type <= NAL_AUD) ||
	    (type == NAL_SEI_PREFIX &&
	    nal[HEADER_BYTES] == SEI_USER_DATA_UNREGISTERED);
}

int
hvcc_put_sample(struct buf *out, const uint8_t *p, size_t n, bool *idr,
    struct err *err)
{
	bool picture = false;
	const uint8_t *nal;
	unsigned type;
	size_t bytes;
	struct rd r;

	*idr = false;
	rd_init(&r, p, n, 0);
	while ((nal = nal_next(&r, &bytes)) != NULL) {
		if (is_dropped(nal, bytes))
			continue;
		if (bytes > UINT32_MAX)
			return err_set(err, ERR_DATA, "NAL unit too long");
		type = nal_type(nal);
		if (type <= NAL_SLICE_LAST)
			picture = true;
		if (type == NAL_IDR_W_RADL || type == NAL_IDR_N_LP)
			*idr = true;
		buf_put_u32(out, (uint32_t)bytes);
		buf_put(out, nal, bytes);
	}
	if (!picture)
		return err_set(err, ERR_DATA, "no picture in an access unit");
	return buf_ok(out, err);
}
