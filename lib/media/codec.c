#include "media/codec.h"

#include <stdio.h>

#include "base/err.h"

const char *
codec_name(enum codec codec)
{
	switch (codec) {
	case CODEC_NONE:
		return "none";
	case CODEC_H264:
		return "H.264";
	case CODEC_AAC:
		return "AAC";
	}
	return "unknown";
}

/* Profile, constraints and level: bytes 1 to 3 of the avcC. */
static int
avc_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	const uint8_t *p = track->config;

	if (track->config_bytes < 7 || p[0] != 1)
		return err_set(err, ERR_DATA,
		    "track %u: bad H.264 configuration", (unsigned)track->id);
	snprintf(out, CODEC_STRING_BYTES, "avc1.%02x%02x%02x", (unsigned)p[1],
	    (unsigned)p[2], (unsigned)p[3]);
	return 0;
}

/* The audio object type: 5 bits, and 6 more when they are 31. */
static int
aac_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	const uint8_t *p = track->config;
	unsigned type;

	if (track->config_bytes < 2)
		return err_set(err, ERR_DATA,
		    "track %u: bad AAC configuration", (unsigned)track->id);
	type = p[0] >> 3;
	if (type == 31)
		type = 32 + ((p[0] & 7u) << 3 | p[1] >> 5);
	snprintf(out, CODEC_STRING_BYTES, "mp4a.40.%u", type);
	return 0;
}

int
codec_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	switch (track->codec) {
	case CODEC_H264:
		return avc_string(track, out, err);
	case CODEC_AAC:
		return aac_string(track, out, err);
	case CODEC_NONE:
		break;
	}
	return err_set(err, ERR_DATA, "track %u: unknown codec",
	    (unsigned)track->id);
}
