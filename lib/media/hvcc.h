/*
 * hvcc - HEVC from Annex B, as encoders write it, to what ISO BMFF stores
 * (ISO/IEC 14496-15 8.3): length-prefixed NAL units and the
 * HEVCDecoderConfigurationRecord.  The twin of avcc.
 *
 * Pure: no I/O, no globals.  Safe on any input.
 */
#ifndef MEDIA_HVCC_H
#define MEDIA_HVCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/*
 * Append to OUT the configuration record of the VPS, SPS and PPS found in the
 * N bytes of Annex B at P: 4-byte lengths, 4:2:0 with DEPTH bits, all sets in
 * the record and none among the samples.  0, or -1 with ERR_DATA (a set is
 * missing or too long, too many of them) or OUT's own error.
 */
int	hvcc_put_config(struct buf *out, const uint8_t *p, size_t n,
	    int depth, struct err *err) __attribute__((warn_unused_result));

/*
 * Append one access unit to OUT with 4-byte lengths.  Left out: parameter
 * sets, delimiters, and SEI messages of unregistered user data.
 * *IDR tells whether the unit is an IDR picture.
 * 0, or -1 with ERR_DATA (no picture in it) or OUT's own error.
 */
int	hvcc_put_sample(struct buf *out, const uint8_t *p, size_t n,
	    bool *idr, struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_HVCC_H */
