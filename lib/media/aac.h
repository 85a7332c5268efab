/*
 * aac - AAC as FLV and ISO BMFF carry it (ISO/IEC 14496-3 1.6).
 *
 * Pure: no I/O, no allocation, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_AAC_H
#define MEDIA_AAC_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct aac_config {
	unsigned	object_type;	/* of the core: 2 for LC and HE-AAC */
	uint32_t	sample_rate;	/* of the core, Hz: SBR doubles it */
	uint16_t	channels;
	uint32_t	frame_samples;	/* at SAMPLE_RATE */
};

/* Read an AudioSpecificConfig.  0, or -1 with ERR_DATA. */
int	aac_config_parse(const uint8_t *p, size_t n, struct aac_config *config,
	    struct err *err) __attribute__((warn_unused_result));

/* Move *P and *BYTES past an ADTS header, if one frame with it is there. */
void	aac_skip_adts(const uint8_t **p, size_t *bytes);

#endif /* MEDIA_AAC_H */
