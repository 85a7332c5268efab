/*
 * get - some fragments of one rendition as one playable fragmented MP4.
 */
#ifndef STORE_GET_H
#define STORE_GET_H

#include "store/select.h"

struct err;

/*
 * Write to FD what SEL means: an init segment's boxes once, then each
 * fragment's moof and mdat.  0, or -1 with ERR_INPUT when there is nothing,
 * ERR_DATA when it spans epochs, with their numbers, or what reading and
 * writing fail with.
 */
int	get_selected(struct spool *s, const char *stream,
	    const char *rendition, const struct select *sel, int fd,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_GET_H */
