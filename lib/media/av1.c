#include "media/av1.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rd.h"
#include "media/bits.h"

enum obu_type {
	OBU_SEQUENCE_HEADER = 1,
	OBU_TEMPORAL_DELIMITER = 2,
	OBU_FRAME_HEADER = 3,
	OBU_METADATA = 5,
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

/* What of a sequence header (5.5.1) matters here. */
struct sequence {
	uint32_t	profile, level, tier;	/* of operating point 0 */
	uint32_t	width, height;
	uint8_t		transfer;	/* ITU-T H.273; 0 when not said */
};

static void
read_operating_points(struct bits *b, uint32_t delay_bits, struct sequence *s)
{
	const uint32_t display_delay = bits_get(b, 1);
	const uint32_t points = bits_get(b, 5) + 1;
	uint32_t level, tier;

	for (uint32_t i = 0; i < points; i++) {
		bits_get(b, 12);
		level = bits_get(b, 5);
		tier = level > 7 ? bits_get(b, 1) : 0;
		if (delay_bits > 0 && bits_get(b, 1) != 0) {
			bits_get(b, delay_bits);
			bits_get(b, delay_bits);
			bits_get(b, 1);
		}
		if (display_delay != 0 && bits_get(b, 1) != 0)
			bits_get(b, 4);
		if (i == 0) {
			s->level = level;
			s->tier = tier;
		}
	}
}

/* What can be used, between the size and the colours. */
static void
skip_tools(struct bits *b, bool still)
{
	bool order_hint;

	if (!still && bits_get(b, 1) != 0)	/* frame ids */
		bits_get(b, 4 + 3);
	bits_get(b, 3);
	if (still)
		return;
	bits_get(b, 4);
	order_hint = bits_get(b, 1) != 0;
	if (order_hint)
		bits_get(b, 2);
	/* seq_choose_screen_content_tools, or else seq_force_ of the same;
	   with it the two of integer_mv */
	if ((bits_get(b, 1) != 0 || bits_get(b, 1) != 0) &&
	    bits_get(b, 1) == 0)
		bits_get(b, 1);
	if (order_hint)
		bits_get(b, 3);
}

/* color_config() (5.5.2) up to where it tells. */
static uint8_t
read_transfer(struct bits *b, uint32_t profile)
{
	uint8_t transfer;

	if (bits_get(b, 1) != 0 && profile == 2)	/* high_bitdepth */
		bits_get(b, 1);
	if (profile != 1)
		bits_get(b, 1);			/* mono_chrome */
	if (bits_get(b, 1) == 0)
		return 0;
	bits_get(b, 8);
	transfer = (uint8_t)bits_get(b, 8);
	return b->r.bad ? 0 : transfer;
}

/* sequence_header_obu() up to the colours, which it may end before. */
static bool
read_sequence(struct rd r, struct sequence *s)
{
	uint32_t width_bits, height_bits;
	struct bits b;
	bool still;

	memset(s, 0, sizeof(*s));
	bits_init(&b, r);
	s->profile = bits_get(&b, 3);
	bits_get(&b, 1);
	still = bits_get(&b, 1) != 0;	/* reduced_still_picture_header */
	if (still)
		s->level = bits_get(&b, 5);
	else
		read_operating_points(&b, skip_timing(&b), s);
	width_bits = bits_get(&b, 4) + 1;
	height_bits = bits_get(&b, 4) + 1;
	s->width = bits_get(&b, width_bits) + 1;
	s->height = bits_get(&b, height_bits) + 1;
	if (b.r.bad || s->width > UINT16_MAX || s->height > UINT16_MAX)
		return false;
	skip_tools(&b, still);
	bits_get(&b, 3);		/* superres, cdef, restoration */
	s->transfer = read_transfer(&b, s->profile);
	return true;
}

/* The first sequence header; *OBU is all of it, when asked for. */
static bool
find_sequence(const uint8_t *p, size_t n, struct sequence *s, struct rd *obu)
{
	struct rd r, payload;
	const uint8_t *from;
	unsigned type;

	rd_init(&r, p, n, 0);
	for (from = r.p; next_obu(&r, &type, &payload); from = r.p) {
		if (type != OBU_SEQUENCE_HEADER)
			continue;
		if (obu != NULL)
			rd_init(obu, from, (size_t)(r.p - from), 0);
		return read_sequence(payload, s);
	}
	return false;
}

int
av1_config_check(const uint8_t *p, size_t n, struct err *err)
{
	if (n < AV1_RECORD_BYTES || p[0] != 0x81)	/* marker, version 1 */
		return err_set(err, ERR_DATA,
		    "AV1: bad configuration record of %zu bytes", n);
	return 0;
}

int
av1_put_config(struct buf *out, const uint8_t *p, size_t n, int depth,
    struct err *err)
{
	struct sequence s;
	struct rd obu;

	if (!find_sequence(p, n, &s, &obu))
		return err_set(err, ERR_DATA, "AV1: no sequence header");
	if (s.profile != 0)
		return err_set(err, ERR_DATA, "AV1: profile %u, want Main",
		    (unsigned)s.profile);
	buf_put_u8(out, 0x81);			/* marker, version 1 */
	buf_put_u8(out, (uint8_t)(s.profile << 5 | s.level));
	/* high_bitdepth; 4:2:0 */
	buf_put_u8(out, (uint8_t)(s.tier << 7 | (depth == 10) << 6 | 0xc));
	buf_put_u8(out, 0);			/* no presentation delay */
	buf_put(out, obu.p, rd_left(&obu));
	return buf_ok(out, err);
}

bool
av1_find_size(const uint8_t *p, size_t n, struct av1_size *size)
{
	struct sequence s;

	if (!find_sequence(p, n, &s, NULL))
		return false;
	*size = (struct av1_size){ (uint16_t)s.width, (uint16_t)s.height };
	return true;
}

uint8_t
av1_transfer(const uint8_t *p, size_t n)
{
	struct sequence s;

	return find_sequence(p, n, &s, NULL) ? s.transfer : 0;
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

bool
av1_next_metadata(struct rd *r, uint8_t *type, struct rd *metadata)
{
	unsigned obu;

	while (next_obu(r, &obu, metadata))
		if (obu == OBU_METADATA) {
			*type = rd_u8(metadata);	/* 128 and more are
							   nobody's yet */
			return true;
		}
	return false;
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
