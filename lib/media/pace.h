/*
 * pace - which pictures a cap on the frame rate keeps.
 *
 * The cap divides time from zero on into slots, the same for every fragment;
 * the first picture in a slot is kept.  A slot is a part of a second, or some
 * seconds.  So independent fragments keep what
 * one long run would.  Pure.
 */
#ifndef MEDIA_PACE_H
#define MEDIA_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint32_t	fps;		/* slots in EVERY_S; 0: all pictures are
					   kept */
	uint32_t	every_s;
	bool		early;		/* slots are parts of a second */
	uint32_t	timescale;	/* at most 10^9 */
	int64_t		slot;		/* of the picture before */
};

/*
 * FPS pictures a second are kept at most, or with EVERY_S, which is not 0,
 * one picture every EVERY_S seconds; all when both are 0.
 * Start with pictures that begin at FIRST.  STEP later comes the second: the
 * one before the first, which is not at hand, is taken to be as far away.
 */
void	pace_init(struct pace *p, uint32_t fps, uint32_t every_s,
	    uint32_t timescale, int64_t first, int64_t step);

/* Is the picture at PTS kept?  To be asked of each, in order. */
bool	pace_keeps(struct pace *p, int64_t pts);

#endif /* MEDIA_PACE_H */
