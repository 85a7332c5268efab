/*
 * captions - closed captions as libavcodec has them, cc_data of CTA-708, to a
 * message in an HEVC stream (ATSC A/53 part 4, 6.2.3; ISO/IEC 23008-2 D.2.6).
 *
 * Pure: no I/O, no globals.
 */
#ifndef MEDIA_CAPTIONS_H
#define MEDIA_CAPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

#define CAPTIONS_TRIPLES_MAX	31	/* of a picture: cc_count has 5 bits */

/*
 * Append the prefix SEI NAL unit of the N bytes at P, three for each
 * construct, behind a 4-byte length.  What is over the maximum is left out;
 * nothing is appended when nothing is in it.
 */
void	captions_put_hevc(struct buf *out, const uint8_t *p, size_t n);

#endif /* MEDIA_CAPTIONS_H */
