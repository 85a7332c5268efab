#include "media/vp9.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/bits.h"

#define FRAME_MARKER	2
#define SYNC_CODE	0x498342
#define CS_RGB		7
#define CHROMA_420	1	/* of vpcC: colocated */
#define CHROMA_422	2
#define CHROMA_444	3
#define UNSPECIFIED	2	/* colour, ISO/IEC 23091-4 */

/* color_config() */
static void
color(struct bits *b, struct vp9_frame *f)
{
	uint32_t x, y;

	f->bit_depth = 8;
	f->chroma = CHROMA_420;
	if (f->profile >= 2)
		f->bit_depth = bits_get(b, 1) != 0 ? 12 : 10;
	if (bits_get(b, 3) == CS_RGB) {
		f->full_range = true;
		f->chroma = CHROMA_444;
		if ((f->profile & 1) != 0)
			bits_get(b, 1);
		return;
	}
	f->full_range = bits_get(b, 1) != 0;
	if ((f->profile & 1) != 0) {
		x = bits_get(b, 1);
		y = bits_get(b, 1);
		bits_get(b, 1);
		f->chroma = x == 0 ? CHROMA_444 : y == 0 ? CHROMA_422 :
		    CHROMA_420;
	}
}

bool
vp9_frame_parse(const uint8_t *p, size_t n, struct vp9_frame *f)
{
	struct bits b;
	struct rd r;
	uint32_t low;

	memset(f, 0, sizeof(*f));
	rd_init(&r, p, n, 0);
	bits_init(&b, r);
	if (bits_get(&b, 2) != FRAME_MARKER)
		return false;
	low = bits_get(&b, 1);
	f->profile = (uint8_t)(bits_get(&b, 1) << 1 | low);
	if (f->profile == 3)
		bits_get(&b, 1);
	if (bits_get(&b, 1) != 0)		/* show_existing_frame */
		return !b.r.bad;
	f->key = bits_get(&b, 1) == 0;
	f->key = bits_get(&b, 1) != 0 && f->key;	/* show_frame */
	bits_get(&b, 1);
	if (!f->key)
		return !b.r.bad;
	if (bits_get(&b, 24) != SYNC_CODE)
		return false;
	color(&b, f);
	f->width = (uint16_t)(bits_get(&b, 16) + 1);
	f->height = (uint16_t)(bits_get(&b, 16) + 1);
	return !b.r.bad && f->width != 0 && f->height != 0;
}

int
vp9_put_config(struct buf *out, const uint8_t *record, size_t n,
    const struct vp9_frame *f, struct err *err)
{
	if (n == VP9_CONFIG_BYTES && record[0] == 1) {
		buf_put(out, record, n);
		return 0;
	}
	if (n != 0 && n != VP9_CONFIG_BYTES - 4)
		return err_set(err, ERR_DATA,
		    "VP9: bad configuration record of %zu bytes", n);
	buf_put_u32(out, 0x01000000);		/* version 1, no flags */
	if (n > 0) {
		buf_put(out, record, n);
		return 0;
	}
	buf_put_u8(out, f->profile);
	buf_put_u8(out, 0);			/* level: not known */
	buf_put_u8(out, (uint8_t)(f->bit_depth << 4 | f->chroma << 1 |
	    f->full_range));
	buf_put_u8(out, UNSPECIFIED);
	buf_put_u8(out, UNSPECIFIED);
	buf_put_u8(out, UNSPECIFIED);
	buf_put_u16(out, 0);
	return 0;
}

/* VP9 levels: of luma samples a second and a picture, pixels a side, bits. */
struct level {
	uint8_t		level;
	double		rate;
	uint32_t	picture;
	int		side;
	uint64_t	bps;
};

static const struct level levels[] = {
	{ 10, 829440, 36864, 512, 200000 },
	{ 11, 2764800, 73728, 768, 800000 },
	{ 20, 4608000, 122880, 960, 1800000 },
	{ 21, 9216000, 245760, 1344, 3600000 },
	{ 30, 20736000, 552960, 2048, 7200000 },
	{ 31, 36864000, 983040, 2752, 12000000 },
	{ 40, 83558400, 2228224, 4160, 18000000 },
	{ 41, 160432128, 2228224, 4160, 30000000 },
	{ 50, 311951360, 8912896, 8384, 60000000 },
	{ 51, 588251136, 8912896, 8384, 120000000 },
	{ 52, 1176502272, 8912896, 8384, 180000000 },
	{ 60, 1176502272, 35651584, 16832, 180000000 },
	{ 61, 2353004544, 35651584, 16832, 240000000 },
};

#define LEVEL_LAST	62

static uint8_t
level_of(const struct vp9_stream *s)
{
	const uint32_t picture = (uint32_t)s->width * (uint32_t)s->height;
	const struct level *l;
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		l = &levels[i];
		if (picture <= l->picture && picture * s->fps <= l->rate &&
		    s->width <= l->side && s->height <= l->side &&
		    s->bps <= l->bps)
			return l->level;
	}
	return LEVEL_LAST;
}

void
vp9_make_config(struct buf *out, const struct vp9_stream *s)
{
	buf_put_u32(out, 0x01000000);		/* version 1, no flags */
	buf_put_u8(out, s->depth == 8 ? 0 : 2);	/* profile: of 4:2:0 */
	buf_put_u8(out, level_of(s));
	buf_put_u8(out, (uint8_t)(s->depth << 4 | CHROMA_420 << 1 |
	    s->full_range));
	buf_put_u8(out, s->primaries);
	buf_put_u8(out, s->transfer);
	buf_put_u8(out, s->matrix);
	buf_put_u16(out, 0);
}
