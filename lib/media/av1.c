#include "media/av1.h"

#include <string.h>

#include "base/err.h"
#include "base/rd.h"
#include "media/bits.h"

enum obu_type {
	OBU_SEQUENCE_HEADER = 1,
	OBU_TEMPORAL_DELIMITER = 2,
	OBU_FRAME_HEADER = 3,
	OBU_FRAME = 6,
};

#define FRAME_KEY	0

/* The next OBU of R: its type and payload; false at the end or if bad. */
static bool
next_obu(struct rd *r, unsigned *type, struct rd *payload)
{
	uint8_t header, c;
	uint64_t n = 0;
	int shift = 0;

	if (rd_left(r) == 0)
		return false;
	header = rd_u8(r);
	*type = header >> 3 & 0xf;
	if ((header & 4) != 0)
		rd_u8(r);		/* extension */
	if ((header & 2) == 0) {	/* no size: the rest */
		*payload = rd_sub(r, rd_left(r));
		return !payload->bad && (header & 0x80) == 0;
	}
	do {
		c = rd_u8(r);
		n |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
	} while ((c & 0x80) != 0 && shift < 56);
	if (n > rd_left(r))
		return false;
	*payload = rd_sub(r, (size_t)n);
	return !payload->bad && (header & 0x80) == 0;
}

/* timing_info(), decoder_model_info(); returns bits of a buffer delay. */
static uint32_t
skip_timing(struct bits *b)
{
	uint32_t delay_bits = 0;

	if (bits_get(b, 1) == 0)
		return 0;
	bits_get(b, 32);
	bits_get(b, 32);
	if (bits_get(b, 1) != 0)
		bits_ue(b);
	if (bits_get(b, 1) != 0) {
		delay_bits = bits_get(b, 5) + 1;
		bits_get(b, 32);
		bits_get(b, 5 + 5);
	}
	return delay_bits;
}

static void
skip_operating_points(struct bits *b, uint32_t delay_bits)
{
	const uint32_t display_delay = bits_get(b, 1);
	const uint32_t points = bits_get(b, 5) + 1;

	for (uint32_t i = 0; i < points; i++) {
		bits_get(b, 12);
		if (bits_get(b, 5) > 7)
			bits_get(b, 1);		/* tier */
		if (delay_bits > 0 && bits_get(b, 1) != 0) {
			bits_get(b, delay_bits);
			bits_get(b, delay_bits);
			bits_get(b, 1);
		}
		if (display_delay != 0 && bits_get(b, 1) != 0)
			bits_get(b, 4);
	}
}

/* sequence_header_obu() up to the size (5.5.1). */
static bool
sequence_size(struct rd r, struct av1_size *size)
{
	uint32_t width_bits, height_bits, width, height;
	struct bits b;

	bits_init(&b, r);
	bits_get(&b, 3 + 1);
	if (bits_get(&b, 1) != 0)	/* reduced_still_picture_header */
		bits_get(&b, 5);
	else
		skip_operating_points(&b, skip_timing(&b));
	width_bits = bits_get(&b, 4) + 1;
	height_bits = bits_get(&b, 4) + 1;
	width = bits_get(&b, width_bits) + 1;
	height = bits_get(&b, height_bits) + 1;
	if (b.r.bad || width > UINT16_MAX || height > UINT16_MAX)
		return false;
	*size = (struct av1_size){ (uint16_t)width, (uint16_t)height };
	return true;
}

int
av1_config_check(const uint8_t *p, size_t n, struct err *err)
{
	if (n < AV1_RECORD_BYTES || p[0] != 0x81)	/* marker, version 1 */
		return err_set(err, ERR_DATA,
		    "AV1: bad configuration record of %zu bytes", n);
	return 0;
}

bool
av1_find_size(const uint8_t *p, size_t n, struct av1_size *size)
{
	struct rd r, payload;
	unsigned type;

	rd_init(&r, p, n, 0);
	while (next_obu(&r, &type, &payload))
		if (type == OBU_SEQUENCE_HEADER)
			return sequence_size(payload, size);
	return false;
}

/* Can a temporal unit begin with C?  (Facts of encoders: with a size.) */
static bool
can_begin(uint8_t c)
{
	static const uint8_t first[] = { 0x12, 0x0a, 0x1a, 0x22, 0x2a, 0x32,
	    0x3a };

	return memchr(first, c & ~4, sizeof(first)) != NULL;
}

void
av1_trim(const uint8_t **p, size_t *bytes)
{
	if (*bytes > 3 && !can_begin((*p)[0]) && can_begin((*p)[3])) {
		*p += 3;
		*bytes -= 3;
	}
	if (*bytes > 2 && (*p)[0] == 0x12 && (*p)[1] == 0) {
		*p += 2;
		*bytes -= 2;
	}
}

void
av1_unit_scan(const uint8_t *p, size_t n, struct av1_unit *unit)
{
	struct rd r, payload;
	unsigned type;
	uint8_t first;

	memset(unit, 0, sizeof(*unit));
	rd_init(&r, p, n, 0);
	while (next_obu(&r, &type, &payload)) {
		if (type != OBU_FRAME_HEADER && type != OBU_FRAME)
			continue;
		first = rd_u8(&payload);
		unit->picture = true;
		/* show_existing_frame, frame_type, show_frame (5.9.2) */
		if ((first & 0x80) == 0 && (first >> 5 & 3) == FRAME_KEY &&
		    (first & 0x10) != 0)
			unit->sync = true;
	}
}
