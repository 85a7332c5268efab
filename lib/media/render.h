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

struct decode_job;
struct decode_stats;
struct err;
struct scaler;

/* Zero it, fill CONF, CHAIN and WANTED, run, read RESULT, release. */
struct render_rung {
	struct encode_conf	 conf;
	int			 chain;
	bool			 wanted;	/* else only scaled, for others */
	struct encode_result	 result;	/* if wanted */
	bool			 needed;	/* private, as what follows */
	struct scaler		*scaler;	/* owned */
	struct encoder		*encoder;	/* owned; RESULT is its */
};

/*
 * Encode the pictures of JOB for each of the N rungs that is wanted.  All of
 * them get the same pictures.  0, or -1 with ERR_DATA when there is no picture, or the
 * error of a stage.
 */
int	render_run(const struct decode_job *job, struct render_rung *rungs,
	    size_t n, struct decode_stats *stats, struct err *err)
	    __attribute__((warn_unused_result));

/* Safe after a failure too. */
void	render_release(struct render_rung *rungs, size_t n);

#endif /* MEDIA_RENDER_H */
