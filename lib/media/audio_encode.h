/*
 * audio_encode - frames of AAC or Opus, by libavcodec, on a grid of frames that
 * the whole stream shares.
 *
 * Frame K is the sound of the samples from K * AUDIO_FRAME on: a decoder that
 * has had frame K - 1 gives these for it.  An encoder for some frames is first
 * fed the sound in front of them, so that they are what an encoder that never
 * stopped would have made: the overlap of its windows is right, and its rate
 * control has settled.
 */
#ifndef MEDIA_AUDIO_ENCODE_H
#define MEDIA_AUDIO_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/codec.h"

struct err;

struct audio_conf {
	enum codec	codec;		/* CODEC_AAC or CODEC_OPUS */
	uint32_t	rate;		/* audio_rate() */
	uint16_t	channels;	/* 1 or 2 */
	uint64_t	bitrate_bps;
};

/* A frame of AUDIO_CODEC, and what its encoder must have heard behind it. */
struct audio_grid {
	uint32_t	frame;		/* samples */
	uint32_t	ahead;		/* samples */
	uint32_t	delay;		/* samples by which a packet's sound is
					   older than what was put in for it */
};

const struct audio_grid	*audio_grid(enum codec codec);

/* The rate of CODEC's renditions of a track that has RATE. */
uint32_t audio_rate(enum codec codec, uint32_t rate);

/*
 * The positions that audio_encode() wants for frames [FIRST, FIRST + COUNT):
 * from *FROM to *TO.
 */
void	audio_span(enum codec codec, int64_t first, size_t count,
	    int64_t *from, int64_t *to);

/* What was made; release it in any case. */
struct audio_frames {
	struct buf	 config;	/* of struct track */
	struct buf	 data;		/* the frames, end to end */
	uint32_t	*bytes;		/* owned; of each */
	size_t		 count;
};

/*
 * Encode frames [FIRST, FIRST + COUNT) from PCM, interleaved, which holds what
 * audio_span() says.  0, or -1 with ERR_UNAVAILABLE (no such encoder),
 * ERR_CONFIG (it refuses CONF), ERR_OS or ERR_BUG.
 */
int	audio_encode(const struct audio_conf *conf, const float *pcm,
	    int64_t first, size_t count, struct audio_frames *out,
	    struct err *err) __attribute__((warn_unused_result));
void	audio_release(struct audio_frames *out);

#endif /* MEDIA_AUDIO_ENCODE_H */
