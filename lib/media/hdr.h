/*
 * hdr - what HDR10 says of a whole stream: the display that it was mastered
 * on (SMPTE ST 2086) and how bright it gets (CTA-861.3).
 *
 * Pure: no I/O, no globals.
 */
#ifndef MEDIA_HDR_H
#define MEDIA_HDR_H

#include "media/codec.h"

struct AVFrame;
struct buf;

/* What is said beside FRAME; of a display without colours or light nothing. */
struct track_hdr	hdr_of(const struct AVFrame *frame);

/* Append the SEI messages, if any, that begin an HEVC stream. */
void	hdr_put_hevc(struct buf *out, const struct track_hdr *hdr);

#endif /* MEDIA_HDR_H */
