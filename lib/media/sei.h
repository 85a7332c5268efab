/*
 * sei - supplemental enhancement information, written into HEVC streams
 * (ISO/IEC 23008-2 7.3.5, D.2).
 *
 * Pure: no I/O, no globals.
 */
#ifndef MEDIA_SEI_H
#define MEDIA_SEI_H

#include <stddef.h>
#include <stdint.h>

struct buf;

enum sei_type {
	SEI_USER_DATA_T35 = 4,		/* registered by ITU-T T.35 */
	SEI_MASTERING_DISPLAY = 137,
	SEI_CONTENT_LIGHT = 144,
};

#define SEI_PAYLOAD_MAX	254

/*
 * Append a prefix SEI NAL unit with the N bytes at P, SEI_PAYLOAD_MAX at most,
 * behind a 4-byte length.
 */
void	sei_put_hevc(struct buf *out, enum sei_type type, const uint8_t *p,
	    size_t n);

#endif /* MEDIA_SEI_H */
