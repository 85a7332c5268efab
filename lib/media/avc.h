/*
 * avc - H.264 as FLV and ISO BMFF carry it (ISO/IEC 14496-15 5.3, 14496-10).
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_AVC_H
#define MEDIA_AVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct avc_config {
	uint8_t		nal_length_bytes;	/* 1, 2 or 4 */
	uint16_t	width, height;		/* after cropping */
	uint32_t	sar_num, sar_den;	/* 0 when not said */
};

/* Read an AVCDecoderConfigurationRecord.  0, or -1 with ERR_DATA. */
int	avc_config_parse(const uint8_t *p, size_t n, struct avc_config *config,
	    struct err *err) __attribute__((warn_unused_result));

/* What is in one access unit. */
struct avc_unit {
	bool	picture;	/* a slice at all */
	bool	idr;		/* NAL unit type 5: decoding can start here */
	bool	annexb;		/* start codes, although FLV wants lengths */
	bool	clean;		/* whole units behind right lengths, and no
				   empty ones: can be stored as it is */
};

void	avc_unit_scan(const uint8_t *p, size_t n, uint8_t nal_length_bytes,
	    struct avc_unit *unit);

/*
 * Append the access unit that UNIT was scanned from, with right lengths;
 * units that are empty or cut short are left out.
 */
void	avc_put_unit(struct buf *out, const uint8_t *p, size_t n,
	    uint8_t nal_length_bytes, const struct avc_unit *unit);

#endif /* MEDIA_AVC_H */
