#include "media/nal.h"

#include <string.h>

#include "base/buf.h"
#include "base/rd.h"

#define AVC_SLICE	1
#define AVC_IDR		5	/* 1 to 5 are slices and their partitions */

#define HEVC_SLICE_MAX	31	/* 0 to 31 are slices, and */
#define HEVC_IRAP_FIRST	16	/* among them random access points, */
#define HEVC_CRA	21	/* of which the last may have pictures in
				   front that need those before it */

static void
note(struct nal_unit *unit, const uint8_t *nal, size_t bytes)
{
	unsigned type = nal[0] & 0x1f;

	if (unit->codec == CODEC_H264) {
		if (type >= AVC_SLICE && type <= AVC_IDR)
			unit->picture = true;
		if (type == AVC_IDR)
			unit->sync = true;
		return;
	}
	type = nal[0] >> 1 & 0x3f;
	if (type > HEVC_SLICE_MAX || bytes < 2)
		return;
	unit->picture = true;
	if (type >= HEVC_IRAP_FIRST && type <= HEVC_CRA)
		unit->sync = true;
	if (type == HEVC_CRA)
		unit->open = true;
}

/*
 * The next NAL unit behind a length, or NULL at the end; *CLEAN is cleared
 * when something had to be passed over.
 */
static const uint8_t *
next_by_length(struct rd *r, uint8_t length_bytes, size_t *bytes,
    bool *clean)
{
	uint32_t n = 0;

	while (rd_left(r) > 0) {
		n = length_bytes == 4 ? rd_u32(r) : length_bytes == 2 ?
		    rd_u16(r) : rd_u8(r);
		if (r->bad || n > rd_left(r)) {
			*clean = false;
			return NULL;
		}
		if (n > 0) {
			*bytes = n;
			return rd_bytes(r, n);
		}
		*clean = false;
	}
	return NULL;
}

const uint8_t *
nal_next_stored(struct rd *r, uint8_t length_bytes, size_t *bytes)
{
	bool clean = true;

	return next_by_length(r, length_bytes, bytes, &clean);
}

/* The first 00 00 01 from P on, or END. */
static const uint8_t *
start_code(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *one;

	while (end - p >= 3) {
		one = memchr(p + 2, 1, (size_t)(end - p) - 2);
		if (one == NULL)
			break;
		if (one[-1] == 0 && one[-2] == 0)
			return one - 2;
		p = one - 1;
	}
	return end;
}

const uint8_t *
nal_next(struct rd *r, size_t *bytes)
{
	const uint8_t *nal, *end;

	for (;;) {
		nal = start_code(r->p, r->end);
		if (nal == r->end)
			return NULL;
		nal += 3;
		end = r->p = start_code(nal, r->end);
		while (end > nal && end[-1] == 0)
			end--;		/* trailing zeros, or a longer code */
		if (end > nal) {
			*bytes = (size_t)(end - nal);
			return nal;
		}
	}
}

static bool
begins_with_code(const uint8_t *p, size_t n)
{
	return n >= 4 && p[0] == 0 && p[1] == 0 &&
	    (p[2] == 1 || (p[2] == 0 && p[3] == 1));
}

void
nal_unit_scan(enum codec codec, const uint8_t *p, size_t n,
    uint8_t nal_length_bytes, struct nal_unit *unit)
{
	const uint8_t *nal;
	struct rd r;
	size_t bytes;

	*unit = (struct nal_unit){ .codec = codec, .clean = true };
	rd_init(&r, p, n, 0);
	while ((nal = next_by_length(&r, nal_length_bytes, &bytes,
	    &unit->clean)) != NULL)
		note(unit, nal, bytes);
	/* 00 00 00 01 can be a length: only when it does not come out even. */
	if (unit->clean || !begins_with_code(p, n))
		return;
	*unit = (struct nal_unit){ .codec = codec, .annexb = true };
	rd_init(&r, p, n, 0);
	while ((nal = nal_next(&r, &bytes)) != NULL)
		note(unit, nal, bytes);
}

void
nal_put_unit(struct buf *out, const uint8_t *p, size_t n,
    uint8_t nal_length_bytes, const struct nal_unit *unit)
{
	const uint8_t *nal;
	bool clean = true;
	struct rd r;
	size_t bytes;

	rd_init(&r, p, n, 0);
	while ((nal = unit->annexb ? nal_next(&r, &bytes) :
	    next_by_length(&r, nal_length_bytes, &bytes, &clean)) != NULL) {
		if (nal_length_bytes < 4 &&
		    bytes >> 8 * nal_length_bytes != 0)
			continue;	/* Annex B: has no length that small */
		if (nal_length_bytes == 4)
			buf_put_u32(out, (uint32_t)bytes);
		else if (nal_length_bytes == 2)
			buf_put_u16(out, (uint16_t)bytes);
		else
			buf_put_u8(out, (uint8_t)bytes);
		buf_put(out, nal, bytes);
	}
}
