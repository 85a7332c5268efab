#include "media/captions.h"

#include "base/buf.h"

#define NAL_SEI_PREFIX		39
#define USER_DATA_REGISTERED	4	/* by ITU-T T.35 */
#define HEAD_BYTES		10
#define PROCESS_CC_DATA		0x40
#define MARKER			0xff
#define TRAILING		0x80	/* the stop bit of an RBSP */

/* Nothing within a NAL unit may look like a start code (7.4.2). */
static void
put_escaped(struct buf *out, unsigned *zeros, uint8_t v)
{
	if (*zeros == 2 && v <= 3) {
		buf_put_u8(out, 3);
		*zeros = 0;
	}
	buf_put_u8(out, v);
	*zeros = v == 0 ? *zeros + 1 : 0;
}

void
captions_put_hevc(struct buf *out, const uint8_t *p, size_t n)
{
	const size_t count = n / 3 < CAPTIONS_TRIPLES_MAX ? n / 3 :
	    CAPTIONS_TRIPLES_MAX;
	const uint8_t head[HEAD_BYTES] = { 0xb5, 0, 0x31, 'G', 'A', '9', '4',
	    3, (uint8_t)(PROCESS_CC_DATA | count), MARKER };
	const size_t at = out->n;
	unsigned zeros = 0;
	size_t i;

	if (count == 0)
		return;
	buf_put_u32(out, 0);
	buf_put_u8(out, NAL_SEI_PREFIX << 1);
	buf_put_u8(out, 1);		/* layer 0, temporal id 0 */
	buf_put_u8(out, USER_DATA_REGISTERED);
	buf_put_u8(out, (uint8_t)(HEAD_BYTES + 3 * count + 1));
	for (i = 0; i < HEAD_BYTES; i++)
		put_escaped(out, &zeros, head[i]);
	for (i = 0; i < 3 * count; i++)
		put_escaped(out, &zeros, p[i]);
	put_escaped(out, &zeros, MARKER);
	buf_put_u8(out, TRAILING);
	if (!out->bad)
		buf_set_u32(out, at, (uint32_t)(out->n - at - 4));
}
