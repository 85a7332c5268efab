#include "media/bits.h"

void
bits_init(struct bits *b, struct rd r)
{
	*b = (struct bits){ .r = r, .last = 0xffffff };
}

void
bits_init_rbsp(struct bits *b, struct rd r)
{
	bits_init(b, r);
	b->rbsp = true;
}

static void
next_byte(struct bits *b)
{
	b->cur = rd_u8(&b->r);
	if (b->rbsp && b->cur == 3 && (b->last & 0xffff) == 0) {
		b->cur = rd_u8(&b->r);
		b->last = 0xffff;
	}
	b->last = b->last << 8 | b->cur;
	b->left = 8;
}

uint32_t
bits_get(struct bits *b, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0) {
		if (b->left == 0)
			next_byte(b);
		v = v << 1 | (b->cur >> --b->left & 1u);
	}
	return v;
}

uint32_t
bits_ue(struct bits *b)
{
	unsigned zeros = 0;

	while (bits_get(b, 1) == 0) {
		if (++zeros > 31 || b->r.bad) {
			b->r.bad = true;
			return 0;
		}
	}
	return (UINT32_C(1) << zeros) - 1 + bits_get(b, zeros);
}

int32_t
bits_se(struct bits *b)
{
	uint32_t v = bits_ue(b);

	return (v & 1) != 0 ? (int32_t)(v / 2 + 1) : -(int32_t)(v / 2);
}

uint8_t
bits_transfer(struct bits *b)
{
	uint8_t transfer;

	if (bits_get(b, 1) == 0)
		return 0;
	bits_get(b, 3 + 1);		/* video_format, full range */
	if (bits_get(b, 1) == 0)
		return 0;
	bits_get(b, 8);			/* colour_primaries */
	transfer = (uint8_t)bits_get(b, 8);
	bits_get(b, 8);			/* matrix_coefficients */
	return b->r.bad ? 0 : transfer;
}
