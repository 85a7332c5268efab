/*
 * get - a range of one rendition as one playable fragmented MP4.
 */
#ifndef STORE_GET_H
#define STORE_GET_H

#include <stdint.h>

#include "store/spool.h"

struct err;

struct get_range {
	const char	*stream, *rendition;
	uint32_t	 epoch;		/* 0: whichever it is */
	uint32_t	 first, last;	/* seq */
};

/*
 * Write to FD: an init segment's boxes once, then each fragment's moof and
 * mdat.  0, or -1 with ERR_INPUT when there is nothing in the range,
 * ERR_DATA when it spans epochs, or what reading and writing fail with.
 */
int	get_range(struct spool *s, const struct get_range *range, int fd,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_GET_H */
