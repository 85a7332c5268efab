#include "media/codec.h"

#include <stdio.h>

#include "base/err.h"
#include "media/av1.h"
#include "media/avc.h"
#include "media/hevc.h"

const char *
codec_name(enum codec codec)
{
	switch (codec) {
	case CODEC_NONE:
		return "none";
	case CODEC_H264:
		return "H.264";
	case CODEC_HEVC:
		return "HEVC";
	case CODEC_AV1:
		return "AV1";
	case CODEC_VP9:
		return "VP9";
	case CODEC_AAC:
		return "AAC";
	case CODEC_OPUS:
		return "Opus";
	case CODEC_MP3:
		return "MP3";
	case CODEC_FLAC:
		return "FLAC";
	case CODEC_AC3:
		return "AC-3";
	case CODEC_EAC3:
		return "E-AC-3";
	case CODEC_JPEG:
		return "JPEG";
	}
	return "unknown";
}

static int
bad_config(const struct track *track, struct err *err)
{
	return err_set(err, ERR_DATA, "track %u: bad %s configuration",
	    (unsigned)track->id, codec_name(track->codec));
}

/* Profile, constraints and level: bytes 1 to 3 of the avcC. */
static int
avc_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	const uint8_t *p = track->config;

	if (track->config_bytes < 7 || p[0] != 1)
		return bad_config(track, err);
	snprintf(out, CODEC_STRING_BYTES, "avc1.%02x%02x%02x", (unsigned)p[1],
	    (unsigned)p[2], (unsigned)p[3]);
	return 0;
}

/* ISO/IEC 14496-15 E.3: profile, bit-reversed flags, tier, level, bits. */
static int
hevc_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	static const char *const spaces[] = { "", "A", "B", "C" };
	const uint8_t *p = track->config;
	uint32_t flags = 0;
	int n, last = 11;

	if (track->config_bytes < 23 || p[0] != 1)
		return bad_config(track, err);
	for (int i = 0; i < 32; i++)
		flags |= (p[2 + i / 8] >> (7 - i % 8) & 1u) << i;
	n = snprintf(out, CODEC_STRING_BYTES, "hvc1.%s%u.%X.%c%u",
	    spaces[p[1] >> 6], p[1] & 0x1fu, (unsigned)flags,
	    (p[1] & 0x20) != 0 ? 'H' : 'L', (unsigned)p[12]);
	while (last > 5 && p[last] == 0)
		last--;
	for (int i = 6; i <= last; i++)
		n += snprintf(out + n, CODEC_STRING_BYTES - (size_t)n, ".%X",
		    (unsigned)p[i]);
	return 0;
}

/* AV1 in ISO BMFF 5: profile, level and tier, bit depth. */
static int
av1_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	const uint8_t *p = track->config;
	unsigned depth;

	if (track->config_bytes < 4 || p[0] != 0x81)
		return bad_config(track, err);
	depth = (p[2] & 0x40) == 0 ? 8 : (p[2] & 0x20) != 0 ? 12 : 10;
	snprintf(out, CODEC_STRING_BYTES, "av01.%u.%02u%c.%02u", p[1] >> 5,
	    p[1] & 0x1fu, (p[2] & 0x80) != 0 ? 'H' : 'M', depth);
	return 0;
}

/* VP codec ISO binding: profile, level, bit depth of the vpcC. */
static int
vp9_string(const struct track *track, char out[CODEC_STRING_BYTES],
    struct err *err)
{
	const uint8_t *p = track->config;

	if (track->config_bytes < 12 || p[0] != 1)
		return bad_config(track, err);
	snprintf(out, CODEC_STRING_BYTES, "vp09.%02u.%02u.%02u",
	    (unsigned)p[4], (unsigned)p[5], (unsigned)p[6] >> 4);
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
		return bad_config(track, err);
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
	const char *fixed = NULL;

	switch (track->codec) {
	case CODEC_H264:
		return avc_string(track, out, err);
	case CODEC_HEVC:
		return hevc_string(track, out, err);
	case CODEC_AV1:
		return av1_string(track, out, err);
	case CODEC_VP9:
		return vp9_string(track, out, err);
	case CODEC_AAC:
		return aac_string(track, out, err);
	case CODEC_OPUS:
		fixed = "opus";
		break;
	case CODEC_MP3:		/* its object type: MPEG-1 or MPEG-2 */
		fixed = track->sample_rate >= CODEC_MPEG1_RATE_MIN ?
		    "mp4a.6B" : "mp4a.69";
		break;
	case CODEC_FLAC:
		fixed = "flac";
		break;
	case CODEC_AC3:
		fixed = "ac-3";
		break;
	case CODEC_EAC3:
		fixed = "ec-3";
		break;
	case CODEC_JPEG:
		fixed = "jpeg";
		break;
	case CODEC_NONE:
		return err_set(err, ERR_DATA, "track %u: unknown codec",
		    (unsigned)track->id);
	}
	snprintf(out, CODEC_STRING_BYTES, "%s", fixed);
	return 0;
}

/* In vpcC, behind version, flags, profile, level, depth and primaries. */
#define VPCC_TRANSFER_AT	8
#define UNSPECIFIED		2	/* H.273 */

uint8_t
codec_transfer(const struct track *track)
{
	const uint8_t *p = track->config;
	size_t n = track->config_bytes;
	struct err ignored = ERR_INIT;
	struct hevc_config hevc;
	struct avc_config avc;

	if (track->colour.transfer != 0 &&
	    track->colour.transfer != UNSPECIFIED)
		return track->colour.transfer;
	switch (track->codec) {
	case CODEC_H264:
		return avc_config_parse(p, n, &avc, &ignored) == 0 ?
		    avc.transfer : 0;
	case CODEC_HEVC:
		return hevc_config_parse(p, n, &hevc, &ignored) == 0 ?
		    hevc.transfer : 0;
	case CODEC_AV1:
		return n < AV1_RECORD_BYTES ? 0 :
		    av1_transfer(p + AV1_RECORD_BYTES, n - AV1_RECORD_BYTES);
	case CODEC_VP9:
		return n > VPCC_TRANSFER_AT ? p[VPCC_TRANSFER_AT] : 0;
	default:
		return 0;
	}
}
