/*
 * mp4_priv - what the parts of mp4's reader share:
 *
 *	mp4_box.c	boxes
 *	mp4_trak.c	a track of moov
 *	mp4_read.c	the file: moov, moof, prft
 */
#ifndef MEDIA_MP4_PRIV_H
#define MEDIA_MP4_PRIV_H

#include <stdint.h>

#include "base/rd.h"
#include "media/mp4.h"

struct mp4_box {
	uint32_t	 type;
	uint64_t	 offset;	/* in the file */
	struct rd	 body;
};

/* The next box of IN: 1; 0 at its end; -1 with ERR_DATA. */
int	mp4_box_next(struct rd *in, struct mp4_box *box, struct err *err)
	    __attribute__((warn_unused_result));
/* Version and flags of a full box. */
uint8_t	mp4_box_full(struct rd *r, uint32_t *flags);
/* "box 'trun' at byte 123: WHAT".  -1. */
int	mp4_box_error(const struct mp4_box *box, const char *what,
	    struct err *err);

/*
 * What TRAK says of its track: 1; 0 when that is neither video nor audio; -1
 * with ERR_DATA.  The configuration of T points into TRAK.
 */
int	mp4_trak_parse(struct mp4_box *trak, struct track *t, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* MEDIA_MP4_PRIV_H */
