/*
 * hdr - what HDR10 says of a whole stream: the display that it was mastered
 * on (SMPTE ST 2086) and how bright it gets (CTA-861.3).
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_HDR_H
#define MEDIA_HDR_H

#include "media/codec.h"

struct buf;

/*
 * What is said in TRACK's configuration and, before that, in the picture of N
 * bytes at P, stored as ISO BMFF has it with NAL_LENGTH_BYTES (H.264, HEVC:
 * SEI messages, ISO/IEC 23008-2 D.2.28 and D.2.35; AV1: metadata OBUs, AV1
 * bitstream 5.8.3 and 5.8.4).
 */
struct track_hdr	hdr_find(const struct track *track,
			    uint8_t nal_length_bytes, const uint8_t *p,
			    size_t n);

/* Append the SEI messages, if any, that begin an HEVC stream. */
void	hdr_put_hevc(struct buf *out, const struct track_hdr *hdr);

#endif /* MEDIA_HDR_H */
