#include "media/flv_write.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

#define HAS_VIDEO	0x01
#define HAS_AUDIO	0x04

static void
put_u24(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 16);
	to[1] = (uint8_t)(v >> 8);
	to[2] = (uint8_t)v;
}

void
flv_write_file(uint8_t out[FLV_WRITE_FILE_BYTES])
{
	static const uint8_t header[FLV_WRITE_FILE_BYTES] = {
		'F', 'L', 'V', 1, HAS_AUDIO | HAS_VIDEO, 0, 0, 0, 9,
		0, 0, 0, 0
	};

	memcpy(out, header, sizeof(header));
}

void
flv_write_tag(uint8_t out[FLV_WRITE_TAG_BYTES], uint8_t type, uint32_t ts_ms,
    uint32_t body_bytes)
{
	assert(body_bytes <= LIMIT_FLV_BODY_BYTES);
	out[0] = type;
	put_u24(out + 1, body_bytes);
	put_u24(out + 4, ts_ms);
	out[7] = (uint8_t)(ts_ms >> 24);
	put_u24(out + 8, 0);		/* StreamID */
}

void
flv_write_end(uint8_t out[FLV_WRITE_END_BYTES], uint32_t body_bytes)
{
	uint32_t tag_bytes = FLV_WRITE_TAG_BYTES + body_bytes;

	out[0] = (uint8_t)(tag_bytes >> 24);
	put_u24(out + 1, tag_bytes);
}
