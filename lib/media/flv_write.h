/*
 * flv_write - FLV framing for writers (Adobe FLV 10.1, annex E).
 *
 * Bodies are not touched and not copied: the caller puts the header in front
 * and the size behind.
 */
#ifndef MEDIA_FLV_WRITE_H
#define MEDIA_FLV_WRITE_H

#include <stdint.h>

/* The file header and PreviousTagSize0. */
#define FLV_WRITE_FILE_BYTES	13
#define FLV_WRITE_TAG_BYTES	11	/* in front of a body */
#define FLV_WRITE_END_BYTES	4	/* behind it */

/* A stream that may have audio and video. */
void	flv_write_file(uint8_t out[FLV_WRITE_FILE_BYTES]);

/*
 * TYPE is 8 audio, 9 video or 18 data; TS_MS all 32 bits; BODY_BYTES at most
 * LIMIT_FLV_BODY_BYTES.
 */
void	flv_write_tag(uint8_t out[FLV_WRITE_TAG_BYTES], uint8_t type,
	    uint32_t ts_ms, uint32_t body_bytes);
void	flv_write_end(uint8_t out[FLV_WRITE_END_BYTES], uint32_t body_bytes);

#endif /* MEDIA_FLV_WRITE_H */
