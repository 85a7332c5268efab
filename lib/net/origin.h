/*
 * origin - an HTTP/1.1 origin for the files below two directories.
 *
 * On libmicrohttpd with its own threads; bodies leave by sendfile(2).
 * GET, HEAD and OPTIONS; ranges, validators, gzip, CORS; of Low-Latency HLS
 * the blocking reload, the delta updates and the held hints.  Nothing is ever
 * written.  What a path may be is decided in http.h and beneath.h.
 */
#ifndef NET_ORIGIN_H
#define NET_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;
struct http_keys;
struct origin;

struct origin_conf {
	int		listen_fd;	/* listening, or -1; taken */
	int		tls_fd;		/* the same, for HTTPS; taken */
	const char	*cert, *key;	/* files in PEM, for HTTPS; borrowed */
	int		www_fd;		/* from beneath_dir(); borrowed */
	int		page_fd;	/* the same, or -1; borrowed */
	bool		poll;		/* inotify does not see all of www */
	unsigned	threads;	/* of each listening socket */
	unsigned	connections;	/* at most, of each of the two */
	unsigned	per_address;
	unsigned	segment_age_s;	/* max-age of segments */
	const char	*const *encrypted; /* patterns of the streams of which
					   no segment in the clear is served;
					   NULL ends them; borrowed */
	struct http_keys *keys;		/* of signed URLs; taken; NULL: none */
	bool		log;		/* keep lines for origin_log() */
};

/*
 * Serve until origin_stop().  Returns owned, or NULL with ERR_OS, or with
 * ERR_INPUT or ERR_CONFIG for certificate and key.
 * Block the signals the program waits for before: the threads inherit it.
 */
struct origin	*origin_start(const struct origin_conf *conf,
		    struct err *err) __attribute__((warn_unused_result));

/*
 * Read certificate and key again, and take KEYS in the place of those there
 * were.  0; or -1, and all is as it was, but KEYS is freed.
 */
int		 origin_reload(struct origin *o, struct http_keys *keys,
		    struct err *err) __attribute__((warn_unused_result));

/*
 * Take no new connection, and no new request on those that there are; the
 * number of answers under way.
 */
unsigned	 origin_quiesce(struct origin *o);

/* Close all connections and free O. */
void		 origin_stop(struct origin *o);

/*
 * Append the lines about requests answered since the last time to B; each
 * has, between tabs, the time, the address, the method, the path without its
 * token, the status, the bytes of the body and the milliseconds it took.
 */
void		 origin_log(struct origin *o, struct buf *b);

/* Append the metrics in the text format of Prometheus. */
void		 origin_metrics(struct origin *o, struct buf *b);

/*
 * Append the JSON of /streams.json for the streams below WWW_FD that have a
 * main.m3u8.  A stream is live if a live.m3u8 of it changed in the ten
 * seconds before NOW_US.  0, or -1 with ERR_IO, or ERR_DATA over B's maximum.
 */
int		 origin_streams(int www_fd, int64_t now_us, struct buf *b,
		    struct err *err) __attribute__((warn_unused_result));

#endif /* NET_ORIGIN_H */
