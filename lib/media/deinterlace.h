/*
 * deinterlace - one picture of two fields, without combs.
 *
 * The lines of the second field stay where they fit between their neighbours
 * of the first, and are put in between where something has moved.  So what
 * stands still keeps its detail.  Depends on the picture alone.
 */
#ifndef MEDIA_DEINTERLACE_H
#define MEDIA_DEINTERLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct AVFrame;
struct err;

/*
 * One plane of WIDTH by HEIGHT samples of 8 bits, FROM to TO, which may not
 * overlap; strides in bytes.  The lines of the first field are the odd ones
 * when BOTTOM_FIRST.
 */
void	deinterlace_plane(const uint8_t *from, ptrdiff_t from_stride,
	    uint8_t *to, ptrdiff_t to_stride, int width, int height,
	    bool bottom_first);

/* Is FRAME of two fields, in a format that can be dealt with? */
bool	deinterlace_wanted(const struct AVFrame *frame);

/*
 * FRAME, for which that holds, as a new progressive one of the same format,
 * time, colour and captions.  Returns owned, or NULL with ERR_OS.
 */
struct AVFrame	*deinterlace(const struct AVFrame *frame, struct err *err)
		    __attribute__((warn_unused_result));

#endif /* MEDIA_DEINTERLACE_H */
