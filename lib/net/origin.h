/*
 * origin - an HTTP/1.1 origin for the files below two directories.
 *
 * On libmicrohttpd with its own threads; bodies leave by sendfile(2).
 * GET, HEAD and OPTIONS; ranges, validators, CORS; nothing is ever written.
 * What a path may be is decided in http.h and beneath.h.
 */
#ifndef NET_ORIGIN_H
#define NET_ORIGIN_H

#include <stdint.h>

struct buf;
struct err;
struct origin;

struct origin_conf {
	int		listen_fd;	/* listening; taken by origin_start() */
	int		www_fd;		/* from beneath_dir(); borrowed */
	int		page_fd;	/* the same, or -1; borrowed */
	unsigned	threads;
	unsigned	connections;	/* at most, all addresses together */
	unsigned	per_address;
	unsigned	segment_age_s;	/* max-age of segments */
};

/*
 * Serve until origin_stop().  Returns owned, or NULL with ERR_OS.
 * Block the signals the program waits for before: the threads inherit it.
 */
struct origin	*origin_start(const struct origin_conf *conf,
		    struct err *err) __attribute__((warn_unused_result));

/* Take no new connection; the number of answers under way. */
unsigned	 origin_quiesce(struct origin *o);

/* Close all connections and free O. */
void		 origin_stop(struct origin *o);

/*
 * Append the JSON of /streams.json for the streams below WWW_FD that have a
 * main.m3u8.  A stream is live if a live.m3u8 of it changed in the ten
 * seconds before NOW_US.  0, or -1 with ERR_IO, or ERR_DATA over B's maximum.
 */
int		 origin_streams(int www_fd, int64_t now_us, struct buf *b,
		    struct err *err) __attribute__((warn_unused_result));

#endif /* NET_ORIGIN_H */
