/*
 * scale - pictures to one size, yuv420p, 8 bit, by libswscale.
 *
 * Same input, same output on any machine: the exact routines are used.
 */
#ifndef MEDIA_SCALE_H
#define MEDIA_SCALE_H

#include <stdint.h>

struct AVFrame;
struct err;
struct scaler;
struct track;

/*
 * The size with square pixels of TRACK's picture at HEIGHT pixels: width
 * from the display aspect, rounded to even.  HEIGHT is even; 0 asks for the
 * source's own height, rounded down to even.
 * 0, or -1 with ERR_DATA (a side is 0 or over LIMIT_PICTURE_SIDE).
 */
int	scale_size(const struct track *track, uint32_t height, int *out_width,
	    int *out_height, struct err *err)
	    __attribute__((warn_unused_result));

enum scale_kind {
	SCALE_VIDEO,		/* 8 bits; range and matrix stay what they are */
	SCALE_DEEP,		/* the same with 10 bits */
	SCALE_JPEG,		/* full range, BT.601: JFIF has nothing else */
};

/* Returns owned, or NULL with ERR_OS.  WIDTH and HEIGHT are even. */
struct scaler	*scaler_new(int width, int height, enum scale_kind kind,
		    struct err *err) __attribute__((warn_unused_result));
void		 scaler_free(struct scaler *s);	/* NULL is ignored */

/*
 * IN at the scaler's size, with IN's PTS and, for video, captions and colour
 * description.
 * It is IN itself when that is right already; else it points into the
 * scaler until the next call.  IN may change its size and format from call
 * to call.  NULL with ERR_DATA or ERR_OS.
 */
const struct AVFrame *scaler_run(struct scaler *s, const struct AVFrame *in,
		    struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_SCALE_H */
