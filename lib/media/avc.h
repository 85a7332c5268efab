/*
 * avc - the configuration of H.264 (ISO/IEC 14496-15 5.3, 14496-10).
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_AVC_H
#define MEDIA_AVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct avc_config {
	uint8_t		nal_length_bytes;	/* 1, 2 or 4 */
	uint16_t	width, height;		/* after cropping */
	uint32_t	sar_num, sar_den;	/* 0 when not said */
	uint8_t		transfer;		/* ITU-T H.273; the same */
};

/* Read an AVCDecoderConfigurationRecord.  0, or -1 with ERR_DATA. */
int	avc_config_parse(const uint8_t *p, size_t n, struct avc_config *config,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_AVC_H */
