/*
 * render - intervals of pictures to all sizes of a ladder, in memory.
 *
 * Decodes once, all intervals in one go if what comes out is the same.  The rungs form chains: the largest of a chain is scaled from
 * the source, each other one from the next larger, whether that is encoded
 * or not.  So what a rung looks like depends on its chain, and not on which
 * others happen to be made with it.
 */
#ifndef MEDIA_RENDER_H
#define MEDIA_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "media/encode.h"
#include "media/pace.h"

struct AVFrame;
struct decode_interval;
struct decode_job;
struct err;
struct scaler;

/* Zero it, fill what is in front of RESULT, run, read RESULT, release. */
struct render_rung {
	struct encode_conf	 conf;
	int			 chain;
	bool			 wanted;	/* else only scaled, for others */
	uint32_t		 fps;		/* pictures a second at most;
						   0: all */
	uint32_t		 every_s;	/* or one every so many seconds */
	bool			 sparse;	/* none at all is well */
	size_t			 max_bytes;	/* of RESULT, if that can be; 0:
						   whatever comes */
	struct encode_result	 result;	/* if wanted */
	bool			 todo;		/* private, as what follows */
	bool			 keeps, needed;	/* the picture at hand */
	struct pace		 pace;
	struct scaler		*scaler;	/* owned */
	struct encoder		*encoder;	/* owned; RESULT is its */
	struct AVFrame		*spare;		/* owned: the first picture, while
						   none was kept */
};

/* What is to be made of one interval. */
struct render_ladder {
	struct render_rung	*rungs;		/* borrowed */
	size_t			 n;
};

/* Interval I is made, and decoded as its statistics say.  0 or -1. */
typedef int render_fn(size_t i, void *arg, struct err *err);

struct render_conf {
	const struct decode_job	*decode;	/* all borrowed */
	struct decode_interval	*intervals;
	struct render_ladder	*ladders;	/* of each interval */
	size_t			 n;		/* intervals, at least 1 */
	unsigned		 threads;
	render_fn		*made;
	void			*arg;
};

/*
 * Encode the pictures of each interval for each of its rungs that is wanted;
 * at least one picture, however few FPS lets through, unless the rung is
 * sparse: then RESULT may have none.  What is larger than MAX_BYTES is made
 * again of lower quality, a few times.  MADE is called for each interval in
 * turn, and may release its ladder.
 * The bytes are those of each interval alone: where decoding them in one go
 * might show, it is not done.  Decoding and scaling are one thread's work; up
 * to THREADS, with it, encode a rung each, with the same bytes out however
 * many they are.
 * 0, or -1 with ERR_DATA when an interval has no picture, or the error of a
 * stage or of MADE.
 */
int	render_run(const struct render_conf *conf, struct err *err)
	    __attribute__((warn_unused_result));

/* Safe after a failure too, and twice. */
void	render_release(struct render_ladder *ladder);

#endif /* MEDIA_RENDER_H */
