#include "media/avcc.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/rd.h"
#include "media/nal.h"

enum nal_type {			/* ISO/IEC 14496-10 table 7-1 */
	NAL_SLICE = 1,
	NAL_IDR = 5,
	NAL_SEI = 6,
	NAL_SPS = 7,
	NAL_PPS = 8,
	NAL_AUD = 9,
};

#define SEI_USER_DATA_UNREGISTERED	5
#define SPS_MAX		31	/* 5 bits count them in the record */
#define PPS_MAX		255	/* 8 bits */

struct nal {
	const uint8_t	*p;
	size_t		 n;
};

static enum nal_type
nal_type(const struct nal *nal)
{
	return nal->p[0] & 0x1f;
}

static bool
next_nal(struct rd *r, struct nal *nal)
{
	nal->p = nal_next(r, &nal->n);
	return nal->p != NULL;
}

/* Append the units of TYPE, each after its 16-bit length; count them. */
static int
put_sets(struct buf *out, const uint8_t *p, size_t n, enum nal_type type,
    unsigned *count, struct err *err)
{
	struct nal nal;
	struct rd r;

	*count = 0;
	rd_init(&r, p, n, 0);
	while (next_nal(&r, &nal)) {
		if (nal_type(&nal) != type)
			continue;
		if (nal.n > UINT16_MAX)
			return err_set(err, ERR_DATA,
			    "H.264 parameter set of %zu bytes", nal.n);
		buf_put_u16(out, (uint16_t)nal.n);
		buf_put(out, nal.p, nal.n);
		++*count;
	}
	return 0;
}

static int
find_sps(const uint8_t *p, size_t n, struct nal *sps, struct err *err)
{
	struct rd r;

	rd_init(&r, p, n, 0);
	while (next_nal(&r, sps))
		if (nal_type(sps) == NAL_SPS && sps->n >= 4)
			return 0;
	return err_set(err, ERR_DATA, "no H.264 sequence parameter set");
}

static bool
is_high(uint8_t profile)
{
	return profile == 100 || profile == 110 || profile == 122 ||
	    profile == 244;
}

/* Put NSETS into the low bits of the byte at OFFSET, which is there. */
static void
set_count(struct buf *out, size_t offset, unsigned nsets)
{
	if (!out->bad)
		out->p[offset] |= (uint8_t)nsets;
}

int
avcc_put_config(struct buf *out, const uint8_t *p, size_t n, struct err *err)
{
	struct nal sps;
	size_t count_at;
	unsigned nsets;

	if (find_sps(p, n, &sps, err) == -1)
		return -1;
	buf_put_u8(out, 1);			/* configurationVersion */
	buf_put(out, sps.p + 1, 3);		/* profile, compat, level */
	buf_put_u8(out, 0xfc | 3);		/* lengthSizeMinusOne */

	count_at = out->n;
	buf_put_u8(out, 0xe0);
	if (put_sets(out, p, n, NAL_SPS, &nsets, err) == -1)
		return -1;
	if (nsets > SPS_MAX)
		return err_set(err, ERR_DATA, "%u H.264 SPS, limit %d", nsets,
		    SPS_MAX);
	set_count(out, count_at, nsets);

	count_at = out->n;
	buf_put_u8(out, 0);
	if (put_sets(out, p, n, NAL_PPS, &nsets, err) == -1)
		return -1;
	if (nsets == 0 || nsets > PPS_MAX)
		return err_set(err, ERR_DATA, "%u H.264 PPS, want 1 to %d",
		    nsets, PPS_MAX);
	set_count(out, count_at, nsets);

	if (is_high(sps.p[1])) {
		buf_put_u8(out, 0xfc | 1);	/* chroma_format: 4:2:0 */
		buf_put_u8(out, 0xf8);		/* bit_depth_luma_minus8 */
		buf_put_u8(out, 0xf8);		/* bit_depth_chroma_minus8 */
		buf_put_u8(out, 0);		/* no SPS extensions */
	}
	return buf_ok(out, err);
}

static bool
is_dropped(const struct nal *nal)
{
	switch (nal_type(nal)) {
	case NAL_SPS:
	case NAL_PPS:
	case NAL_AUD:
		return true;
	case NAL_SEI:
		return nal->n < 2 || nal->p[1] == SEI_USER_DATA_UNREGISTERED;
	case NAL_SLICE:
	case NAL_IDR:
		break;
	}
	return false;
}

int
avcc_put_sample(struct buf *out, const uint8_t *p, size_t n, bool *idr,
    struct err *err)
{
	bool picture = false;
	struct nal nal;
	struct rd r;

	*idr = false;
	rd_init(&r, p, n, 0);
	while (next_nal(&r, &nal)) {
		if (is_dropped(&nal))
			continue;
		if (nal.n > UINT32_MAX)
			return err_set(err, ERR_DATA, "NAL unit too long");
		if (nal_type(&nal) <= NAL_IDR)
			picture = true;
		if (nal_type(&nal) == NAL_IDR)
			*idr = true;
		buf_put_u32(out, (uint32_t)nal.n);
		buf_put(out, nal.p, nal.n);
	}
	if (!picture)
		return err_set(err, ERR_DATA, "no picture in an access unit");
	return buf_ok(out, err);
}
