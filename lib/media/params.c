#include "media/params.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/aac.h"
#include "media/av1.h"
#include "media/avc.h"
#include "media/hevc.h"
#include "media/sound.h"
#include "media/vp9.h"

#define VIDEO_TIMESCALE	90000
#define DEC3_RATE_BYTES	2	/* the bit rate, which may differ */

static void
set_video(struct params *params, enum codec codec, uint16_t width,
    uint16_t height)
{
	params->track = (struct track){ .kind = TRACK_VIDEO, .codec = codec,
	    .timescale = VIDEO_TIMESCALE, .width = width, .height = height };
}

static void
set_audio(struct params *params, enum codec codec, const struct sound *s)
{
	params->track = (struct track){ .kind = TRACK_AUDIO, .codec = codec,
	    .timescale = s->sample_rate, .sample_rate = s->sample_rate,
	    .channels = s->channels };
	params->frame_ticks = s->frame_samples;
}

static int
read_avc(const uint8_t *p, size_t n, struct params *params, struct err *err)
{
	struct avc_config avc;

	if (avc_config_parse(p, n, &avc, err) == -1)
		return -1;
	set_video(params, CODEC_H264, avc.width, avc.height);
	params->track.sar_num = avc.sar_num;
	params->track.sar_den = avc.sar_den;
	params->nal_length_bytes = avc.nal_length_bytes;
	return 1;
}

static int
read_hevc(const uint8_t *p, size_t n, struct params *params, struct err *err)
{
	struct hevc_config hevc;

	if (hevc_config_parse(p, n, &hevc, err) == -1)
		return -1;
	set_video(params, CODEC_HEVC, hevc.width, hevc.height);
	params->nal_length_bytes = hevc.nal_length_bytes;
	return 1;
}

static int
read_av1(const uint8_t *p, size_t n, struct params *params, struct err *err)
{
	struct av1_size size;

	if (av1_config_check(p, n, err) == -1)
		return -1;
	if (!av1_find_size(p + AV1_RECORD_BYTES, n - AV1_RECORD_BYTES, &size))
		return 0;
	set_video(params, CODEC_AV1, size.width, size.height);
	return 1;
}

static int
read_aac(const uint8_t *p, size_t n, struct params *params, struct err *err)
{
	struct aac_config aac;

	if (aac_config_parse(p, n, &aac, err) == -1)
		return -1;
	set_audio(params, CODEC_AAC, &(struct sound){ aac.sample_rate,
	    aac.channels, aac.frame_samples });
	return 1;
}

int
params_read(enum codec codec, const uint8_t *p, size_t n,
    struct params *params, struct buf *config, struct err *err)
{
	struct sound sound;
	int rc = 0;

	memset(params, 0, sizeof(*params));
	if (n > LIMIT_CODEC_CONFIG_BYTES)
		return err_set(err, ERR_DATA, "configuration of %zu bytes", n);
	switch (codec) {
	case CODEC_H264:
		rc = read_avc(p, n, params, err);
		break;
	case CODEC_HEVC:
		rc = read_hevc(p, n, params, err);
		break;
	case CODEC_AV1:
		rc = read_av1(p, n, params, err);
		break;
	case CODEC_AAC:
		rc = read_aac(p, n, params, err);
		break;
	case CODEC_OPUS:
		if (n == 0)
			return 0;
		if (opus_put_config(config, p, n, 0, &sound, err) == -1)
			return -1;
		set_audio(params, codec, &sound);
		return 1;
	case CODEC_FLAC:
		if (flac_put_config(config, p, n, &sound, err) == -1)
			return -1;
		set_audio(params, codec, &sound);
		return 1;
	case CODEC_VP9:
	case CODEC_MP3:
	case CODEC_AC3:
	case CODEC_EAC3:
	case CODEC_JPEG:
	case CODEC_NONE:
		return 0;
	}
	if (rc == 1)
		buf_put(config, p, n);
	return rc;
}

/* The header of a frame that says how it sounds; its CONFIG's bytes. */
static bool
sound_header(enum codec codec, const uint8_t *p, size_t n, struct sound *s,
    uint8_t config[8], size_t *bytes)
{
	*bytes = 0;
	switch (codec) {
	case CODEC_MP3:
		return mp3_frame_parse(p, n, s);
	case CODEC_AC3:
		*bytes = DAC3_BYTES;
		return ac3_frame_parse(p, n, s, config);
	case CODEC_EAC3:
		*bytes = DEC3_BYTES;
		return eac3_frame_parse(p, n, s, config);
	case CODEC_NONE:
	case CODEC_JPEG:
	case CODEC_H264:
	case CODEC_HEVC:
	case CODEC_AV1:
	case CODEC_VP9:
	case CODEC_AAC:
	case CODEC_OPUS:
	case CODEC_FLAC:
		break;
	}
	return false;
}

uint64_t
params_key(enum codec codec, const uint8_t *p, size_t n)
{
	uint8_t config[8];
	struct vp9_frame vp9;
	struct av1_size av1;
	struct sound s;
	size_t bytes;
	uint64_t key;

	if (codec == CODEC_VP9)
		return !vp9_frame_parse(p, n, &vp9) || !vp9.key ? 0 :
		    (uint64_t)vp9.width << 32 | (uint64_t)vp9.height << 16 |
		    (uint64_t)vp9.profile << 8 | vp9.bit_depth;
	if (codec == CODEC_AV1)
		return !av1_find_size(p, n, &av1) ? 0 :
		    (uint64_t)av1.width << 16 | av1.height;
	if (codec == CODEC_OPUS)
		return opus_packet_samples(p, n) > 0;
	if (!sound_header(codec, p, n, &s, config, &bytes))
		return 0;
	key = (uint64_t)s.sample_rate << 8 | s.channels;
	for (size_t i = codec == CODEC_EAC3 ? DEC3_RATE_BYTES : 0; i < bytes;
	    i++)
		key = key << 8 | config[i];
	return key;
}

int
params_from_frame(enum codec codec, const uint8_t *record,
    size_t record_bytes, const uint8_t *p, size_t n, struct params *params,
    struct buf *config, struct err *err)
{
	uint8_t bytes[8];
	struct vp9_frame vp9;
	struct av1_size av1;
	struct sound s;
	size_t count;

	memset(params, 0, sizeof(*params));
	if (codec == CODEC_VP9 && vp9_frame_parse(p, n, &vp9)) {
		set_video(params, codec, vp9.width, vp9.height);
		return vp9_put_config(config, record, record_bytes, &vp9, err);
	}
	if (codec == CODEC_AV1 && av1_find_size(p, n, &av1)) {
		set_video(params, codec, av1.width, av1.height);
		buf_put(config, record, record_bytes);
		return av1_config_check(record, record_bytes, err);
	}
	if (codec == CODEC_OPUS) {	/* a packet says stereo or not */
		count = (p[0] & 4) != 0 ? 2 : 1;
		if (record_bytes == 1)
			count = record[0];
		if (opus_put_config(config, NULL, 0, (unsigned)count, &s,
		    err) == -1)
			return -1;
		set_audio(params, codec, &s);
		return 0;
	}
	if (!sound_header(codec, p, n, &s, bytes, &count))
		return err_set(err, ERR_DATA, "%s: bad frame",
		    codec_name(codec));
	set_audio(params, codec, &s);
	buf_put(config, bytes, count);
	return 0;
}

uint32_t
params_frame_ticks(enum codec codec, const uint8_t *p, size_t n)
{
	uint8_t config[8];
	struct sound s;
	size_t bytes;

	if (codec == CODEC_OPUS)
		return opus_packet_samples(p, n);
	if (codec == CODEC_FLAC)
		return flac_frame_samples(p, n);
	return sound_header(codec, p, n, &s, config, &bytes) ?
	    s.frame_samples : 0;
}
