/*
 * render - one interval of pictures to all sizes of a ladder, in memory.
 *
 * Decodes once; each size is scaled from the next larger one; one encoder
 * for each rung.
 */
#ifndef MEDIA_RENDER_H
#define MEDIA_RENDER_H

#include <stddef.h>

#include "media/encode.h"

struct decode_job;
struct decode_stats;
struct err;
struct scaler;

/* Zero it, fill CONF, run, read RESULT, release. */
struct render_rung {
	struct encode_conf	 conf;
	struct encode_result	 result;
	struct scaler		*scaler;	/* owned */
	struct encoder		*encoder;	/* owned; RESULT is its */
};

/*
 * Encode the pictures of JOB for each of the N rungs.  All of them get the
 * same pictures.  0, or -1 with ERR_DATA when there is no picture, or the
 * error of a stage.
 */
int	render_run(const struct decode_job *job, struct render_rung *rungs,
	    size_t n, struct decode_stats *stats, struct err *err)
	    __attribute__((warn_unused_result));

/* Safe after a failure too. */
void	render_release(struct render_rung *rungs, size_t n);

#endif /* MEDIA_RENDER_H */
