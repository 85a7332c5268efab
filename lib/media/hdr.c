#include "media/hdr.h"

#include "base/rd.h"
#include "media/av1.h"
#include "media/bits.h"
#include "media/nal.h"
#include "media/sei.h"

#define AVC_SEI			6
#define HEVC_SEI		39
#define HVCC_BYTES		22	/* of hvcC in front of its arrays */

#define AV1_CLL			1
#define AV1_MDCV		2

#define CHROMATICITY_UNITS	50000
#define LUMINANCE_UNITS		10000	/* a candela for each square metre */

/* Without the emulation prevention bytes; false when they end before. */
static bool
take(struct bits *b, uint8_t *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = (uint8_t)bits_get(b, 8);
	return !b->r.bad;
}

/* A type or a size: bytes of ff and one that is less. */
static uint32_t
take_sum(struct bits *b)
{
	uint32_t sum = 0, c;

	do {
		c = bits_get(b, 8);
		sum += c;
	} while (c == 0xff && !b->r.bad);
	return sum;
}

/* The messages of an SEI NAL unit behind its header. */
static void
find_messages(struct rd r, struct track_hdr *hdr)
{
	uint32_t type, bytes;
	struct bits b;

	bits_init_rbsp(&b, r);
	while (!b.r.bad && rd_left(&b.r) > 0) {
		type = take_sum(&b);
		bytes = take_sum(&b);
		if (type == SEI_MASTERING_DISPLAY &&
		    bytes == sizeof(hdr->display)) {
			hdr->has_display |= take(&b, hdr->display, bytes);
			continue;
		}
		if (type == SEI_CONTENT_LIGHT &&
		    bytes == sizeof(hdr->light)) {
			hdr->has_light |= take(&b, hdr->light, bytes);
			continue;
		}
		while (bytes-- > 0 && !b.r.bad)
			bits_get(&b, 8);
	}
}

static void
find_in_nal(enum codec codec, const uint8_t *nal, size_t n,
    struct track_hdr *hdr)
{
	const size_t header = codec == CODEC_H264 ? 1 : 2;
	struct rd r;

	if (n <= header || (codec == CODEC_H264 ?
	    (nal[0] & 0x1f) != AVC_SEI : (nal[0] >> 1 & 0x3f) != HEVC_SEI))
		return;
	rd_init(&r, nal + header, n - header, 0);
	find_messages(r, hdr);
}

static void
find_in_hvcc(struct rd r, struct track_hdr *hdr)
{
	uint32_t arrays, count;
	const uint8_t *nal;
	size_t n;

	rd_bytes(&r, HVCC_BYTES);
	for (arrays = rd_u8(&r); arrays > 0 && !r.bad; arrays--) {
		rd_u8(&r);
		for (count = rd_u16(&r); count > 0 && !r.bad; count--) {
			n = rd_u16(&r);
			nal = rd_bytes(&r, n);
			if (nal != NULL)
				find_in_nal(CODEC_HEVC, nal, n, hdr);
		}
	}
}

/* V of 1/UNITS in what is 1/TO. */
static uint32_t
convert(uint64_t v, uint64_t units, uint64_t to, uint32_t max)
{
	const uint64_t x = (v * to + units / 2) / units;

	return x < max ? (uint32_t)x : max;
}

static uint8_t *
put(uint8_t *to, uint32_t v, int bytes)
{
	while (bytes-- > 0)
		*to++ = (uint8_t)(v >> 8 * bytes);
	return to;
}

/* Binary fractions, red first. */
static void
take_mdcv(struct rd *r, struct track_hdr *hdr)
{
	static const int from[] = { 2, 3, 4, 5, 0, 1, 6, 7 };	/* green, blue,
								   red, white */
	uint8_t *to = hdr->display;
	uint16_t xy[8];
	uint32_t max, min;
	int i;

	for (i = 0; i < 8; i++)
		xy[i] = rd_u16(r);
	max = rd_u32(r);
	min = rd_u32(r);
	if (r->bad)
		return;
	for (i = 0; i < 8; i++)
		to = put(to, convert(xy[from[i]], 1 << 16, CHROMATICITY_UNITS,
		    UINT16_MAX), 2);
	to = put(to, convert(max, 1 << 8, LUMINANCE_UNITS, UINT32_MAX), 4);
	put(to, convert(min, 1 << 14, LUMINANCE_UNITS, UINT32_MAX), 4);
	hdr->has_display = true;
}

static void
find_in_obus(struct rd r, struct track_hdr *hdr)
{
	uint16_t cll, fall;
	struct rd metadata;
	uint8_t type;

	while (av1_next_metadata(&r, &type, &metadata)) {
		if (type == AV1_MDCV)
			take_mdcv(&metadata, hdr);
		if (type != AV1_CLL)
			continue;
		cll = rd_u16(&metadata);
		fall = rd_u16(&metadata);
		if (metadata.bad)
			continue;
		put(put(hdr->light, cll, 2), fall, 2);
		hdr->has_light = true;
	}
}

struct track_hdr
hdr_find(const struct track *track, uint8_t nal_length_bytes,
    const uint8_t *p, size_t n)
{
	struct track_hdr hdr = { .has_display = false };
	struct rd config, r;
	const uint8_t *nal;
	size_t bytes;

	rd_init(&config, track->config, track->config_bytes, 0);
	rd_init(&r, p, n, 0);
	if (track->codec == CODEC_AV1) {
		if (rd_bytes(&config, AV1_RECORD_BYTES) != NULL)
			find_in_obus(config, &hdr);
		find_in_obus(r, &hdr);
	}
	if (track->codec == CODEC_HEVC)
		find_in_hvcc(config, &hdr);
	if (track->codec == CODEC_HEVC || track->codec == CODEC_H264)
		while ((nal = nal_next_stored(&r, nal_length_bytes,
		    &bytes)) != NULL)
			find_in_nal(track->codec, nal, bytes, &hdr);
	return hdr;
}

void
hdr_put_hevc(struct buf *out, const struct track_hdr *hdr)
{
	if (hdr->has_display)
		sei_put_hevc(out, SEI_MASTERING_DISPLAY, hdr->display,
		    sizeof(hdr->display));
	if (hdr->has_light)
		sei_put_hevc(out, SEI_CONTENT_LIGHT, hdr->light,
		    sizeof(hdr->light));
}
