/*
 * codec - the codecs a track can have, and what describes one.
 */
#ifndef MEDIA_CODEC_H
#define MEDIA_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum codec {
	CODEC_NONE = 0,
	CODEC_H264,
	CODEC_HEVC,
	CODEC_AV1,
	CODEC_VP9,
	CODEC_AAC,
	CODEC_OPUS,
	CODEC_MP3,
	CODEC_FLAC,
	CODEC_AC3,
	CODEC_EAC3,
	CODEC_JPEG,		/* thumbnails */
};

enum track_kind { TRACK_VIDEO, TRACK_AUDIO };

/* ITU-T H.273; all 0 when nothing is known. */
struct track_colour {
	uint8_t		 primaries, transfer, matrix;	/* 2: not said */
	bool		 full_range;
};

/*
 * HDR10, byte by byte what mdcv and clli hold (ISO/IEC 14496-12 12.1.6), and
 * the SEI messages of HEVC.
 */
struct track_hdr {
	bool		 has_display, has_light;
	uint8_t		 display[24], light[4];
};

/* One elementary stream, as an init segment describes it. */
struct track {
	uint32_t	 id;		/* track_ID, from 1 */
	enum track_kind	 kind;
	enum codec	 codec;
	uint32_t	 timescale;	/* units a second */
	uint32_t	 media_start;	/* what presentation leaves out of
					   composition time (an edit list):
					   PTS = DTS + CTS - MEDIA_START */
	uint16_t	 width, height;	/* video: coded size after cropping */
	uint32_t	 sar_num, sar_den;	/* video: 0 when not known */
	struct track_colour colour;	/* video */
	struct track_hdr hdr;		/* video */
	uint32_t	 sample_rate;	/* audio, Hz */
	uint16_t	 channels;	/* audio */
	const uint8_t	*config;	/* AAC: AudioSpecificConfig (ISO/IEC
					   14496-3 1.6); MP3: none; else the
					   body of avcC, hvcC, av1C, vpcC,
					   dOps, dfLa, dac3 or dec3; JPEG: none;
					   borrowed
					   from whoever filled this */
	size_t		 config_bytes;
};

/* MP3 with fewer samples a second than this is MPEG-2's. */
#define CODEC_MPEG1_RATE_MIN	32000

/* "H.264", "AAC": for messages. */
const char	*codec_name(enum codec codec);

#define CODEC_STRING_BYTES	64

/*
 * The CODECS string of RFC 6381, from the configuration's own bytes:
 * "avc1.64001f", "mp4a.40.2", "opus".  0, or -1 with ERR_DATA.
 */
struct err;
int	codec_string(const struct track *track, char out[CODEC_STRING_BYTES],
	    struct err *err) __attribute__((warn_unused_result));

/*
 * The transfer characteristics of video, ITU-T H.273: 16 is PQ, 18 HLG.  By
 * colr, or else by the codec's own configuration; 0 when neither says.
 */
uint8_t	codec_transfer(const struct track *track);

#endif /* MEDIA_CODEC_H */
