#include "media/sound.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/bits.h"

#define OPUS_RATE	48000
#define OPUS_PRE_SKIP	312	/* what libopus has at this rate */
#define DOPS_BYTES	11	/* of family 0 */
#define OPUS_CHANNELS	8	/* that family 1 can have */
#define OPUS_PACKET_MAX	5760	/* 120 ms */

#define STREAMINFO_BYTES	34
#define BLOCK_HEADER_BYTES	4

/* RFC 7845 5.1.1.2: streams, of these coupled, and the order of Vorbis. */
static const uint8_t opus_layouts[OPUS_CHANNELS][2 + OPUS_CHANNELS] = {
	{ 1, 0, 0 }, { 1, 1, 0, 1 }, { 2, 1, 0, 2, 1 },
	{ 2, 2, 0, 1, 2, 3 }, { 3, 2, 0, 4, 1, 2, 3 },
	{ 4, 2, 0, 4, 1, 2, 3, 5 }, { 4, 3, 0, 4, 1, 2, 3, 5, 6 },
	{ 5, 3, 0, 6, 1, 2, 3, 4, 5, 7 },
};

static void
opus_put_default(struct buf *out, unsigned channels)
{
	buf_put_u8(out, 0);			/* version of dOps */
	buf_put_u8(out, (uint8_t)channels);
	buf_put_u16(out, OPUS_PRE_SKIP);
	buf_put_u32(out, OPUS_RATE);
	buf_put_u16(out, 0);			/* gain */
	buf_put_u8(out, channels > 2);		/* family */
	if (channels > 2)
		buf_put(out, opus_layouts[channels - 1], 2 + channels);
}

int
opus_put_config(struct buf *out, const uint8_t *p, size_t n,
    unsigned channels, struct sound *s, struct err *err)
{
	const uint8_t *magic;
	uint8_t version, family;
	struct rd r;

	rd_init(&r, p, n, 0);
	if (n > 0) {
		magic = rd_bytes(&r, 8);
		version = rd_u8(&r);
		channels = rd_u8(&r);
		rd_bytes(&r, 8);
		family = rd_u8(&r);
		if (r.bad || memcmp(magic, "OpusHead", 8) != 0 ||
		    version >> 4 != 0 || channels == 0 ||
		    (family == 0 && channels > 2) ||
		    (family != 0 && rd_left(&r) < 2 + (size_t)channels))
			return err_set(err, ERR_DATA,
			    "Opus: bad OpusHead of %zu bytes", n);
		buf_put_u8(out, 0);
		buf_put_u8(out, (uint8_t)channels);
		/* Little-endian there, big-endian here. */
		buf_put_u16(out, (uint16_t)(p[11] << 8 | p[10]));
		buf_put_u32(out, (uint32_t)p[15] << 24 |
		    (uint32_t)p[14] << 16 | (uint32_t)p[13] << 8 | p[12]);
		buf_put_u16(out, (uint16_t)(p[17] << 8 | p[16]));
		buf_put_u8(out, family);
		if (family != 0)
			buf_put(out, r.p, 2 + (size_t)channels);
	} else if (channels == 0 || channels > OPUS_CHANNELS) {
		return err_set(err, ERR_DATA, "Opus: %u channels", channels);
	} else {
		opus_put_default(out, channels);
	}
	*s = (struct sound){ OPUS_RATE, (uint16_t)channels, 960 };
	return 0;
}

/* Big-endian there, little-endian here. */
int
opus_put_head(struct buf *out, const uint8_t *p, size_t n, struct err *err)
{
	if (n < DOPS_BYTES || p[0] != 0 ||
	    (p[10] != 0 && n < DOPS_BYTES + 2 + (size_t)p[1]))
		return err_set(err, ERR_DATA, "Opus: bad dOps of %zu bytes",
		    n);
	buf_put(out, "OpusHead", 8);
	buf_put_u8(out, 1);
	buf_put_u8(out, p[1]);
	buf_put_u16(out, (uint16_t)(p[3] << 8 | p[2]));
	buf_put_u32(out, (uint32_t)p[7] << 24 | (uint32_t)p[6] << 16 |
	    (uint32_t)p[5] << 8 | p[4]);
	buf_put_u16(out, (uint16_t)(p[9] << 8 | p[8]));
	buf_put(out, p + 10, n - 10);
	return buf_ok(out, err);
}

/* RFC 6716 3.1, 3.2. */
uint32_t
opus_packet_samples(const uint8_t *p, size_t n)
{
	static const uint16_t silk[] = { 480, 960, 1920, 2880 };
	static const uint16_t celt[] = { 120, 240, 480, 960 };
	uint32_t frame, count;
	unsigned config;

	if (n == 0)
		return 0;
	config = p[0] >> 3;
	frame = config < 12 ? silk[config & 3] : config < 16 ?
	    silk[config & 1] : celt[config & 3];
	count = (p[0] & 3) == 0 ? 1 : 2;
	if ((p[0] & 3) == 3)
		count = n < 2 ? 0 : p[1] & 0x3f;
	return frame * count > OPUS_PACKET_MAX ? 0 : frame * count;
}

int
flac_put_config(struct buf *out, const uint8_t *p, size_t n,
    struct sound *s, struct err *err)
{
	uint32_t block;

	if (n >= 4 && memcmp(p, "fLaC", 4) == 0) {
		p += 4;
		n -= 4;
	}
	if (n >= BLOCK_HEADER_BYTES + STREAMINFO_BYTES &&
	    (p[0] & 0x7f) == 0) {
		p += BLOCK_HEADER_BYTES;
		n = STREAMINFO_BYTES;
	}
	if (n != STREAMINFO_BYTES)
		return err_set(err, ERR_DATA,
		    "FLAC: no STREAMINFO in %zu bytes", n);
	block = (uint32_t)p[2] << 8 | p[3];
	s->sample_rate = (uint32_t)p[10] << 12 | (uint32_t)p[11] << 4 |
	    p[12] >> 4;
	s->channels = (uint16_t)((p[12] >> 1 & 7) + 1);
	s->frame_samples = block;
	if (s->sample_rate == 0 || block == 0)
		return err_set(err, ERR_DATA, "FLAC: bad STREAMINFO");
	buf_put_u32(out, 0);
	buf_put_u32(out, 0x80000000 | STREAMINFO_BYTES);	/* the last */
	buf_put(out, p, STREAMINFO_BYTES);
	return 0;
}

int
flac_put_streaminfo(struct buf *out, const uint8_t *p, size_t n,
    struct err *err)
{
	if (n < 4 + BLOCK_HEADER_BYTES + STREAMINFO_BYTES)
		return err_set(err, ERR_DATA, "FLAC: bad dfLa of %zu bytes",
		    n);
	buf_put(out, p + 4 + BLOCK_HEADER_BYTES, STREAMINFO_BYTES);
	return buf_ok(out, err);
}

/* RFC 9639 9.1. */
uint32_t
flac_frame_samples(const uint8_t *p, size_t n)
{
	unsigned code, first, extra = 0;
	struct rd r;

	if (n < 5 || p[0] != 0xff || (p[1] & 0xfe) != 0xf8)
		return 0;
	code = p[2] >> 4;
	if (code == 0)
		return 0;
	if (code == 1)
		return 192;
	if (code <= 5)
		return 576u << (code - 2);
	if (code >= 8)
		return 256u << (code - 8);
	first = p[4];			/* a number, coded like UTF-8 */
	while (extra < 7 && (first & 0x80u >> extra) != 0)
		extra++;
	rd_init(&r, p + 5, n - 5, 0);
	rd_bytes(&r, extra > 1 ? extra - 1 : 0);
	first = code == 6 ? rd_u8(&r) : rd_u16(&r);
	return r.bad ? 0 : first + 1;
}

bool
mp3_frame_parse(const uint8_t *p, size_t n, struct sound *s)
{
	static const uint32_t rates[] = { 44100, 48000, 32000 };
	unsigned version, layer, rate;

	if (n < 4 || p[0] != 0xff || (p[1] & 0xe0) != 0xe0)
		return false;
	version = p[1] >> 3 & 3;	/* 3: MPEG-1, 2: MPEG-2, 0: 2.5 */
	layer = p[1] >> 1 & 3;		/* 1: III */
	rate = p[2] >> 2 & 3;
	if (version == 1 || layer != 1 || rate == 3)
		return false;
	s->sample_rate = rates[rate] >> (version == 3 ? 0 : version == 2 ? 1 :
	    2);
	s->channels = p[3] >> 6 == 3 ? 1 : 2;
	s->frame_samples = version == 3 ? 1152 : 576;
	return true;
}

static const uint32_t ac3_rates[] = { 48000, 44100, 32000 };
static const uint8_t ac3_channels[] = { 2, 1, 2, 3, 3, 4, 4, 5 };

bool
ac3_frame_parse(const uint8_t *p, size_t n, struct sound *s,
    uint8_t config[DAC3_BYTES])
{
	uint32_t rate, size, bsid, bsmod, acmod, lfe, all;
	struct bits b;
	struct rd r;

	if (n < 8 || p[0] != 0x0b || p[1] != 0x77)
		return false;
	rd_init(&r, p + 4, n - 4, 0);
	bits_init(&b, r);
	rate = bits_get(&b, 2);
	size = bits_get(&b, 6);
	bsid = bits_get(&b, 5);
	bsmod = bits_get(&b, 3);
	acmod = bits_get(&b, 3);
	if ((acmod & 1) != 0 && acmod != 1)
		bits_get(&b, 2);
	if ((acmod & 4) != 0)
		bits_get(&b, 2);
	if (acmod == 2)
		bits_get(&b, 2);
	lfe = bits_get(&b, 1);
	if (b.r.bad || rate == 3 || bsid > 8 || size > 37)
		return false;
	*s = (struct sound){ ac3_rates[rate],
	    (uint16_t)(ac3_channels[acmod] + lfe), 1536 };
	all = rate << 22 | bsid << 17 | bsmod << 14 | acmod << 11 |
	    lfe << 10 | size >> 1 << 5;
	config[0] = (uint8_t)(all >> 16);
	config[1] = (uint8_t)(all >> 8);
	config[2] = (uint8_t)all;
	return true;
}

bool
eac3_frame_parse(const uint8_t *p, size_t n, struct sound *s,
    uint8_t config[DEC3_BYTES])
{
	static const uint8_t blocks[] = { 1, 2, 3, 6 };
	uint32_t type, bytes, rate, count = 3, acmod, lfe, bsid, kbps;
	struct bits b;
	struct rd r;

	if (n < 6 || p[0] != 0x0b || p[1] != 0x77)
		return false;
	rd_init(&r, p + 2, n - 2, 0);
	bits_init(&b, r);
	type = bits_get(&b, 2);
	bits_get(&b, 3);
	bytes = (bits_get(&b, 11) + 1) * 2;
	rate = bits_get(&b, 2);
	if (rate < 3)
		count = bits_get(&b, 2);
	else
		rate = bits_get(&b, 2) | 4;	/* half of the other one */
	acmod = bits_get(&b, 3);
	lfe = bits_get(&b, 1);
	bsid = bits_get(&b, 5);
	if (b.r.bad || type == 1 || (rate & 3) == 3 || bsid < 11 || bsid > 16)
		return false;
	*s = (struct sound){ ac3_rates[rate & 3] >> (rate >> 2),
	    (uint16_t)(ac3_channels[acmod] + lfe), 256u * blocks[count] };
	kbps = (uint32_t)((uint64_t)bytes * 8 * s->sample_rate /
	    s->frame_samples / 1000) & 0x1fff;
	config[0] = (uint8_t)(kbps >> 5);	/* one independent substream */
	config[1] = (uint8_t)(kbps << 3);
	config[2] = (uint8_t)((rate >> 2 != 0 ? 3 : rate) << 6 | bsid << 1);
	config[3] = (uint8_t)(acmod << 1 | lfe);
	config[4] = 0;
	return true;
}
