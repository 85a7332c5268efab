/*
 * sound - the headers of Opus (RFC 6716, RFC 7845), FLAC (RFC 9639), MP3
 * (ISO/IEC 11172-3, 13818-3), AC-3 and E-AC-3 (ETSI TS 102 366) as far as
 * ISO BMFF needs them.  AAC has its own: aac.h.
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_SOUND_H
#define MEDIA_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct sound {
	uint32_t	sample_rate;	/* Hz */
	uint16_t	channels;
	uint32_t	frame_samples;	/* of one frame, 0: not known yet */
};

/*
 * Append dOps for an OpusHead.  N 0: as if one said so many CHANNELS.  0, or
 * -1 with ERR_DATA.
 */
int	opus_put_config(struct buf *out, const uint8_t *p, size_t n,
	    unsigned channels, struct sound *s, struct err *err)
	    __attribute__((warn_unused_result));
/* Append an OpusHead for the body of dOps, P: what decoders want. */
int	opus_put_head(struct buf *out, const uint8_t *p, size_t n,
	    struct err *err) __attribute__((warn_unused_result));
/* Samples at 48 kHz of a packet; 0 if it is none. */
uint32_t opus_packet_samples(const uint8_t *p, size_t n);

/*
 * Append dfLa for STREAMINFO: bare, as a metadata block, or that behind
 * "fLaC".  0, or -1 with ERR_DATA.
 */
int	flac_put_config(struct buf *out, const uint8_t *p, size_t n,
	    struct sound *s, struct err *err)
	    __attribute__((warn_unused_result));
/* Append STREAMINFO for the body of dfLa, P.  0, or -1 with ERR_DATA. */
int	flac_put_streaminfo(struct buf *out, const uint8_t *p, size_t n,
	    struct err *err) __attribute__((warn_unused_result));
uint32_t flac_frame_samples(const uint8_t *p, size_t n);

/* The header of a frame; false if it is none. */
bool	mp3_frame_parse(const uint8_t *p, size_t n, struct sound *s);
/*
 * The same, and the body of dac3 or dec3 in CONFIG: DAC3_BYTES or
 * DEC3_BYTES of it.
 */
#define DAC3_BYTES	3
#define DEC3_BYTES	5
bool	ac3_frame_parse(const uint8_t *p, size_t n, struct sound *s,
	    uint8_t config[DAC3_BYTES]);
bool	eac3_frame_parse(const uint8_t *p, size_t n, struct sound *s,
	    uint8_t config[DEC3_BYTES]);

#endif /* MEDIA_SOUND_H */
