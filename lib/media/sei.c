#include "media/sei.h"

#include <assert.h>

#include "base/buf.h"

#define NAL_SEI_PREFIX	39
#define TRAILING	0x80	/* the stop bit of an RBSP */

/* Nothing within a NAL unit may look like a start code (7.4.2). */
static void
put_escaped(struct buf *out, const uint8_t *p, size_t n)
{
	unsigned zeros = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (zeros == 2 && p[i] <= 3) {
			buf_put_u8(out, 3);
			zeros = 0;
		}
		buf_put_u8(out, p[i]);
		zeros = p[i] == 0 ? zeros + 1 : 0;
	}
	/* Zeros at the end need no care: the stop bit is behind them. */
}

void
sei_put_hevc(struct buf *out, enum sei_type type, const uint8_t *p, size_t n)
{
	const size_t at = out->n;

	assert(n <= SEI_PAYLOAD_MAX);
	buf_put_u32(out, 0);
	buf_put_u8(out, NAL_SEI_PREFIX << 1);
	buf_put_u8(out, 1);		/* layer 0, temporal id 0 */
	buf_put_u8(out, (uint8_t)type);
	buf_put_u8(out, (uint8_t)n);
	put_escaped(out, p, n);
	buf_put_u8(out, TRAILING);
	if (!out->bad)
		buf_set_u32(out, at, (uint32_t)(out->n - at - 4));
}
