/*
 * encode - the pictures of one interval as H.264, HEVC, AV1 or VP9, or as
 * JPEG, through libavcodec.
 *
 * One encoder for one interval: a closed group of pictures of which the first
 * and no other can be decoded by itself.  How many threads there are is part
 * of the recipe, and no routine depends on the processor: the same pictures
 * give the same bytes anywhere.
 */
#ifndef MEDIA_ENCODE_H
#define MEDIA_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/codec.h"

struct AVFrame;
struct encoder;
struct err;
struct picture;

struct encode_conf {
	enum codec	 codec;		/* one that recipe_of() knows, or
					   CODEC_JPEG */
	const char	*preset;	/* borrowed; one of its recipe */
	uint64_t	 bitrate_bps;	/* average; 0: QUALITY */
	int		 quality;	/* constant rate factor; JPEG: the
					   quantizer */
	uint64_t	 cap_bps;	/* of the interval, more or less; 0: any */
	int		 width, height;
	int		 depth;		/* bits of a sample: 8 or 10 */
	uint32_t	 timescale;	/* of the PTS */
	int64_t		 interval;	/* its length, in the timescale */
	struct track_hdr hdr;		/* to be told in the stream, if the
					   codec can */
};

struct encode_packet {
	size_t		 offset;	/* in encode_result.data */
	uint32_t	 bytes;
	int64_t		 pts;
	bool		 sync;		/* an IDR, a key frame */
};

/* What encoder_finish() made.  Borrows from the encoder. */
struct encode_result {
	const struct buf	*config;	/* body of avcC, hvcC ... */
	const struct buf	*data;		/* samples */
	const struct encode_packet *packets;	/* in decode order */
	size_t			 count;
	struct track_colour	 colour;	/* 0: nothing is known */
	uint32_t		 delay;		/* by which a picture's PTS may
						   be below the i-th smallest,
						   at the declared rate; the
						   same in a whole epoch */
};

/*
 * An encoder for pictures like FIRST (a rate, which must be known, and colour
 * description; the picture itself is not encoded).  Returns owned, or NULL
 * with ERR_UNAVAILABLE (no such library), ERR_CONFIG (it refuses CONF) or
 * ERR_OS.
 */
struct encoder	*encoder_new(const struct encode_conf *conf,
		    const struct picture *first, struct err *err)
		    __attribute__((warn_unused_result));
void		 encoder_free(struct encoder *e);	/* NULL is ignored */

/*
 * Encode FRAME (4:2:0, of the configured size and depth).  Its PTS must be above the
 * one before.  0, or -1.
 */
int	encoder_put(struct encoder *e, const struct AVFrame *frame,
	    struct err *err) __attribute__((warn_unused_result));

/* End the interval.  0, or -1. */
int	encoder_finish(struct encoder *e, struct encode_result *result,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_ENCODE_H */
