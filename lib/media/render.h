/*
 * render - one interval of pictures to all sizes of a ladder, in memory.
 *
 * Decodes once.  The rungs form chains: the largest of a chain is scaled from
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
struct decode_job;
struct decode_stats;
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

/*
 * Encode the pictures of JOB for each of the N rungs that is wanted; at least
 * one picture, however few FPS lets through, unless the rung is sparse: then
 * RESULT may have none.  What is larger than MAX_BYTES is made again of lower
 * quality, a few times.  Decoding and scaling are one thread's work; up to
 * THREADS, with it, encode a rung each, with the same bytes out however many
 * they are.
 * 0, or -1 with ERR_DATA when there is no picture, or the error of a stage.
 */
int	render_run(const struct decode_job *job, struct render_rung *rungs,
	    size_t n, unsigned threads, struct decode_stats *stats,
	    struct err *err)
	    __attribute__((warn_unused_result));

/* Safe after a failure too. */
void	render_release(struct render_rung *rungs, size_t n);

#endif /* MEDIA_RENDER_H */
