/*
 * fetch - getting a resource by HTTP or HTTPS, through libcurl.
 *
 * No other protocol, no redirects: media is to be where the playlist says.
 * What comes and how long it takes is bounded.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <stdint.h>

struct buf;
struct err;
struct fetch;

/* One at a time, over connections that are kept.  NULL with ERR_OS. */
struct fetch	*fetch_open(struct err *err);
void		 fetch_close(struct fetch *f);

/*
 * Append what URL is, or LENGTH bytes of it from OFFSET on when LENGTH is not
 * 0, to B, up to B's maximum.  1; 0 with ERR_INPUT when the server does not
 * give it, or ERR_DATA when there is more; -1 with ERR_UNAVAILABLE when there
 * is no server, or ERR_OS.
 */
int	fetch_get(struct fetch *f, const char *url, uint64_t offset,
	    uint64_t length, struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* NET_FETCH_H */
