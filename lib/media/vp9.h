/*
 * vp9 - the frame header of VP9 (VP9 bitstream 6.2) and its vpcC (VP codec
 * ISO media file format binding).
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_VP9_H
#define MEDIA_VP9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct vp9_frame {
	bool		key;
	uint8_t		profile;
	uint8_t		bit_depth;	/* of a keyframe, like the rest */
	uint8_t		chroma;		/* chromaSubsampling of vpcC */
	bool		full_range;
	uint16_t	width, height;
};

/* False when P is no frame. */
bool	vp9_frame_parse(const uint8_t *p, size_t n, struct vp9_frame *f);

/* Of vpcC, from its version on. */
#define VP9_CONFIG_BYTES	12

/*
 * Append the body of vpcC: the RECORD of the stream, with or without version
 * and flags, or one made from the keyframe F where there is none.  0, or -1
 * with ERR_DATA.
 */
int	vp9_put_config(struct buf *out, const uint8_t *record, size_t n,
	    const struct vp9_frame *f, struct err *err)
	    __attribute__((warn_unused_result));

/* A stream that is to be encoded: 4:2:0. */
struct vp9_stream {
	int		width, height;
	double		fps;
	uint64_t	bps;		/* the highest */
	uint8_t		depth;		/* 8 or 10 bits */
	uint8_t		primaries, transfer, matrix;	/* ISO/IEC 23091-4 */
	bool		full_range;
};

/* Append the body of its vpcC.  The level is the lowest that holds it. */
void	vp9_make_config(struct buf *out, const struct vp9_stream *s);

#endif /* MEDIA_VP9_H */
