/*
 * hevc - the configuration of H.265 (ISO/IEC 14496-15 8.3.3, 23008-2).
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_HEVC_H
#define MEDIA_HEVC_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct hevc_config {
	uint8_t		nal_length_bytes;	/* 1, 2 or 4 */
	uint16_t	width, height;		/* after cropping */
	uint8_t		transfer;		/* ITU-T H.273; 0 when not said */
};

/* Read an HEVCDecoderConfigurationRecord.  0, or -1 with ERR_DATA. */
int	hevc_config_parse(const uint8_t *p, size_t n,
	    struct hevc_config *config, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* MEDIA_HEVC_H */
