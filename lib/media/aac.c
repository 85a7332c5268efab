#include "media/aac.h"

#include "base/err.h"
#include "base/rd.h"
#include "media/bits.h"

#define TYPE_ESCAPE	31
#define TYPE_SBR	5
#define TYPE_PS		29
#define TYPE_ER_LD	23
#define TYPE_ELD	39
#define RATE_ESCAPE	15

#define ADTS_BYTES	7

static unsigned
get_type(struct bits *b)
{
	unsigned type = bits_get(b, 5);

	return type == TYPE_ESCAPE ? 32 + bits_get(b, 6) : type;
}

/* In Hz; 0 for a reserved index. */
static uint32_t
get_rate(struct bits *b)
{
	static const uint32_t rates[RATE_ESCAPE] = { 96000, 88200, 64000,
	    48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000,
	    7350 };
	uint32_t index = bits_get(b, 4);

	return index == RATE_ESCAPE ? bits_get(b, 24) : rates[index];
}

/* Channels of a program_config_element (14496-3 4.4.1.1). */
static uint16_t
pce_channels(struct bits *b)
{
	uint32_t elements, lfe, n;

	bits_get(b, 4 + 2 + 4);
	elements = bits_get(b, 4);		/* front, side, back */
	elements += bits_get(b, 4);
	elements += bits_get(b, 4);
	lfe = bits_get(b, 2);
	bits_get(b, 3 + 4);			/* data and coupling elements */
	for (int i = 0; i < 2; i++)		/* mono, stereo mixdown */
		if (bits_get(b, 1) != 0)
			bits_get(b, 4);
	if (bits_get(b, 1) != 0)		/* matrix mixdown */
		bits_get(b, 3);
	n = lfe;
	for (uint32_t i = 0; i < elements; i++) {
		n += 1 + bits_get(b, 1);	/* a pair counts for two */
		bits_get(b, 4);
	}
	return (uint16_t)n;
}

static uint16_t
table_channels(uint32_t index)
{
	static const uint8_t channels[16] = { 0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0,
	    7, 8, 24, 8, 0 };

	return channels[index];
}

/* Core types with a GASpecificConfig that FLV publishers can have. */
static int
frame_samples(unsigned type, uint32_t short_frames)
{
	switch (type) {
	case 1:			/* Main */
	case 2:			/* LC */
	case 3:			/* SSR */
	case 4:			/* LTP */
		return short_frames != 0 ? 960 : 1024;
	case TYPE_ER_LD:
	case TYPE_ELD:
		return short_frames != 0 ? 480 : 512;
	}
	return 0;
}

int
aac_config_parse(const uint8_t *p, size_t n, struct aac_config *config,
    struct err *err)
{
	struct bits b;
	struct rd r;
	uint32_t index, short_frames;
	unsigned type;
	int samples;

	rd_init(&r, p, n, 0);
	bits_init(&b, r);
	type = get_type(&b);
	config->sample_rate = get_rate(&b);
	index = bits_get(&b, 4);
	if (type == TYPE_SBR || type == TYPE_PS) {
		get_rate(&b);		/* what SBR makes of it */
		type = get_type(&b);
	}
	short_frames = bits_get(&b, 1);
	samples = frame_samples(type, short_frames);
	if (b.r.bad)
		return err_set(err, ERR_DATA,
		    "AAC: configuration of %zu bytes is cut short", n);
	if (samples == 0)
		return err_set(err, ERR_DATA,
		    "AAC: object type %u is not supported", type);
	if (index == 0 && type != TYPE_ELD) {
		if (bits_get(&b, 1) != 0)	/* dependsOnCoreCoder */
			bits_get(&b, 14);
		bits_get(&b, 1);
		config->channels = pce_channels(&b);
	} else {
		config->channels = table_channels(index);
	}
	if (b.r.bad || config->channels == 0 || config->sample_rate == 0)
		return err_set(err, ERR_DATA,
		    "AAC: bad rate or channels in the configuration");
	config->object_type = type;
	config->frame_samples = (uint32_t)samples;
	return 0;
}

void
aac_skip_adts(const uint8_t **p, size_t *bytes)
{
	const uint8_t *h = *p;
	size_t header, frame;

	/* No raw frame begins with these bits: they would mean its end. */
	if (*bytes < ADTS_BYTES || h[0] != 0xff || (h[1] & 0xf6) != 0xf0)
		return;
	header = (h[1] & 1) != 0 ? ADTS_BYTES : ADTS_BYTES + 2;
	frame = (size_t)(h[3] & 3) << 11 | (size_t)h[4] << 3 | h[5] >> 5;
	if (frame != *bytes || frame <= header)
		return;
	*p += header;
	*bytes -= header;
}
