/*
 * pcm - the sound of some samples of a track, decoded, on a sample grid that
 * the whole stream shares.
 *
 * Position N on the grid is the time N / RATE of the track's own timeline.
 * What is at a position depends on the samples around it alone, not on where
 * decoding began, once a decoder has warmed up.
 *
 * In memory.  Safe on hostile input as far as libavcodec is: run it in a
 * process of its own.
 */
#ifndef MEDIA_PCM_H
#define MEDIA_PCM_H

#include <stddef.h>
#include <stdint.h>

struct decode_sample;
struct err;
struct track;

/* What to decode; all borrowed. */
struct pcm_job {
	const struct track	   *track;
	const struct decode_sample *samples;	/* in order */
	size_t			    count;
	uint32_t		    rate;	/* of the grid, Hz */
	uint16_t		    channels;	/* 1 or 2 */
	int64_t			    from, to;	/* positions: [from, to) */
};

struct pcm_stats {
	size_t	packets;
	size_t	damaged;	/* of those; silence instead */
};

/*
 * Samples on the grid by which a change of rate must be able to look ahead; 0
 * when the track has RATE already.
 */
uint32_t pcm_ahead(const struct track *track, uint32_t rate);

/*
 * Fill OUT with (TO - FROM) * CHANNELS values in -1 to 1, interleaved: silence
 * where there is no sound, or where it is damaged.
 * 0, or -1 with ERR_DATA, ERR_OS or ERR_UNAVAILABLE (no such decoder).
 */
int	pcm_decode(const struct pcm_job *job, float *out,
	    struct pcm_stats *stats, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* MEDIA_PCM_H */
