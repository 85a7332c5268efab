/*
 * avcc - H.264 from Annex B, as encoders write it, to what ISO BMFF stores
 * (ISO/IEC 14496-15 5.3): length-prefixed NAL units and the
 * AVCDecoderConfigurationRecord.
 *
 * Pure: no I/O, no globals.  Safe on any input.
 */
#ifndef MEDIA_AVCC_H
#define MEDIA_AVCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/*
 * Append to OUT the configuration record of the SPS and PPS found in the N
 * bytes of Annex B at P: 4-byte lengths, and for the High profiles 4:2:0 with
 * 8 bits.  0, or -1 with ERR_DATA (no SPS, no PPS, one that is too long, too
 * many of them) or OUT's own error.
 */
int	avcc_put_config(struct buf *out, const uint8_t *p, size_t n,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Append one access unit to OUT with 4-byte lengths.  Left out: parameter
 * sets (they are in the record), delimiters, and SEI messages of
 * unregistered user data, which carry the encoder's settings.
 * *IDR tells whether the unit is an IDR picture.
 * 0, or -1 with ERR_DATA (no picture in it) or OUT's own error.
 */
int	avcc_put_sample(struct buf *out, const uint8_t *p, size_t n,
	    bool *idr, struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_AVCC_H */
