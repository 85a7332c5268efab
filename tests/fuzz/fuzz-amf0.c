/*
 * Any bytes as AMF0 values, and the members of those that are objects; and
 * as AMF3 values.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/amf0.h"
#include "net/amf3.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_amf3(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct amf0_value v, member;
	char text[64];
	unsigned budget;
	struct rd r;

	rd_init(&r, data, size, 0);
	for (;;) {
		budget = LIMIT_AMF_VALUES;
		if (rd_left(&r) == 0 ||
		    amf3_read(&r, 0, &budget, &v, &err) == -1)
			return;
		if (amf0_find(&v, "app", &member))
			amf0_copy(&member, text, sizeof(text));
	}
}

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
	read_amf3(data, size);
	return 0;
}
