/* Any bytes as AMF0 values, and the members of those that are objects. */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/amf0.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct amf0_value v, member;
	struct err err = ERR_INIT;
	char text[64];
	struct rd r;

	rd_init(&r, data, size, 0);
	while (rd_left(&r) > 0 && amf0_read(&r, &v, &err) == 0) {
		amf0_copy(&v, text, sizeof(text));
		amf0_is(&v, "onMetaData");
		if (amf0_find(&v, "app", &member))
			amf0_copy(&member, text, sizeof(text));
	}
	return 0;
}
