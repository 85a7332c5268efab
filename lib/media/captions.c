#include "media/captions.h"

#include <string.h>

#include "media/sei.h"

#define PROCESS_CC_DATA		0x40
#define MARKER			0xff

void
captions_put_hevc(struct buf *out, const uint8_t *p, size_t n)
{
	static const uint8_t user[] = { 0xb5, 0, 0x31, 'G', 'A', '9', '4', 3 };
	uint8_t payload[sizeof(user) + 3 + 3 * CAPTIONS_TRIPLES_MAX];
	uint8_t *to = payload + sizeof(user);
	const size_t count = n / 3 < CAPTIONS_TRIPLES_MAX ? n / 3 :
	    CAPTIONS_TRIPLES_MAX;

	if (count == 0)
		return;
	memcpy(payload, user, sizeof(user));
	*to++ = (uint8_t)(PROCESS_CC_DATA | count);
	*to++ = MARKER;
	memcpy(to, p, 3 * count);
	to += 3 * count;
	*to++ = MARKER;
	sei_put_hevc(out, SEI_USER_DATA_T35, payload, (size_t)(to - payload));
}
