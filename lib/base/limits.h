/*
 * limits - every maximum on what comes from outside, with its reason.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Configuration files: larger than any sane ladder. */
#define LIMIT_YAML_BYTES	(1024 * 1024)
#define LIMIT_YAML_DEPTH	8

/* The length field of an RTMP message and of an FLV tag has 24 bits. */
#define LIMIT_FLV_BODY_BYTES	0xffffff

/* One fragment: a second at 500 Mbit/s. */
#define LIMIT_FRAGMENT_BYTES	(64 * 1024 * 1024)
/* Samples of one track in a fragment: a second of 1000 fps, or of audio. */
#define LIMIT_FRAGMENT_SAMPLES	4096
/* avcC, AudioSpecificConfig: a few parameter sets. */
#define LIMIT_CODEC_CONFIG_BYTES	65536

/* Boxes of ISO BMFF inside one another. */
#define LIMIT_MP4_DEPTH		16

#endif /* BASE_LIMITS_H */
