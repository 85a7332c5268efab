/*
 * retime - decode times and durations of an interval, from its PTS alone.
 *
 * Independent encoders reorder differently; what joins their output without
 * a trace is a decode timeline that depends on the pictures' PTS and on the
 * interval and on nothing else.
 */
#ifndef MEDIA_RETIME_H
#define MEDIA_RETIME_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct mp4_sample;

/*
 * Fill DURATION and CTS of N samples in decode order, whose PTS are PTS[].
 * The first is decoded at START, the i-th at the i-th smallest PTS, or before
 * that where a picture would otherwise be shown more than DELAY before it is
 * decoded; the durations add up to END - START.  CTS is PTS - DTS + DELAY and
 * never negative: an edit list takes DELAY off again, which readers agree on,
 * while they do not on negative offsets.
 * 0, or -1 with ERR_BUG: N is 0, two PTS are equal, or one is not in
 * [START, END); or with ERR_DATA: a duration or CTS is over 31 bits, or the
 * pictures are reordered over more than DELAY can hold.
 */
int	retime(const int64_t *pts, size_t n, int64_t start, int64_t end,
	    uint32_t delay, struct mp4_sample *samples, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* MEDIA_RETIME_H */
