/*
 * params - what a stream says of its codec, as ISO BMFF keeps it.
 *
 * FLV has a configuration record for some codecs, for others only the frames
 * themselves tell.  Both end here: a struct track and the body of the box
 * that configures the codec.  Pure, and safe on hostile input.
 */
#ifndef MEDIA_PARAMS_H
#define MEDIA_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"

struct buf;
struct err;

struct params {
	struct track	 track;		/* without id and config */
	uint8_t		 nal_length_bytes;	/* H.264, HEVC */
	uint32_t	 frame_ticks;	/* audio: of a frame, at first */
};

/*
 * Read the configuration record of CODEC (the body of SequenceStart) and
 * append what struct track has as config.  1; 0 when the frames have to
 * tell, with or without the record: see params_from_frame(); -1 with
 * ERR_DATA.
 */
int	params_read(enum codec codec, const uint8_t *p, size_t n,
	    struct params *params, struct buf *config, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * A number of whatever a frame of CODEC says of the stream: with another
 * one the stream has other parameters.  0 when it says nothing.
 */
uint64_t params_key(enum codec codec, const uint8_t *p, size_t n);

/*
 * For codecs of which params_read() says 0: parameters from the RECORD, which
 * may be empty, and a frame with a key.  Of Opus the RECORD is the number of
 * channels, if it is known, in a byte.  0, or -1 with ERR_DATA.
 */
int	params_from_frame(enum codec codec, const uint8_t *record,
	    size_t record_bytes, const uint8_t *p, size_t n,
	    struct params *params, struct buf *config, struct err *err)
	    __attribute__((warn_unused_result));

/* How long the frame at P is shown or heard; 0 when it does not say. */
uint32_t params_frame_ticks(enum codec codec, const uint8_t *p, size_t n);

#endif /* MEDIA_PARAMS_H */
