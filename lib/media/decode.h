/*
 * decode - the pictures of presentation intervals, by libavcodec.
 *
 * One decoder, one thread, in memory.  Safe on hostile input as far as
 * libavcodec is: run it in a process of its own.
 */
#ifndef MEDIA_DECODE_H
#define MEDIA_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct AVFrame;
struct err;
struct track;

struct decode_sample {
	const uint8_t	*p;		/* borrowed */
	uint32_t	 bytes;
	int64_t		 pts;		/* track timescale */
};

/* What to decode; all borrowed. */
struct decode_job {
	const struct track	   *track;
	const struct decode_sample *samples;	/* in decode order; the first
						   is a sync sample */
	size_t			    count;
};

struct decode_stats {
	size_t	expected;	/* samples whose PTS is in the interval */
	size_t	pictures;	/* pictures handed on */
	size_t	damaged;	/* of those, with concealed errors */
	/* Something was lost, damaged or interlaced so far: the pictures may
	   depend on where decoding began, and on what was skipped. */
	bool	doubtful;
};

/* [START, END), which the first COUNT samples are all there is of. */
struct decode_interval {
	int64_t			start, end;
	size_t			count;
	struct decode_stats	stats;
};

/*
 * A picture: FRAME->pts is its PTS.  FPS is what the stream declares, 0/1
 * when it declares nothing credible.  All borrowed for the call.
 */
struct picture {
	const struct AVFrame	*frame;
	int			 fps_num, fps_den;
};

/* PICTURE of interval I.  0; 1 to stop; -1 to fail. */
typedef int decode_fn(const struct picture *picture, size_t i, void *arg,
    struct err *err);

/*
 * Call FN for every picture of the N intervals, which are in order and do not
 * overlap; of each in strictly increasing PTS.  Pictures that need not be
 * reconstructed on the way are skipped.
 * 0, also when FN stopped it, or -1 with ERR_DATA, ERR_OS, ERR_UNAVAILABLE (no
 * such decoder) or what FN failed of.  Pictures that are lost to damage are no
 * error: see STATS.
 */
int	decode_run(const struct decode_job *job,
	    struct decode_interval *intervals, size_t n, decode_fn *fn,
	    void *arg, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* MEDIA_DECODE_H */
