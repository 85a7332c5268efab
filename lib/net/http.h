/*
 * http - what an origin of files decides from a request: RFC 9110, 9111.
 *
 * Pure: no I/O, no allocation.  Safe on hostile input.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct stat;

/*
 * Decode the request target RAW, without its query, into a path relative to
 * the root: "/a/b%2ec" is "a/b.c", "/" is "".  The absolute form of RFC 9112
 * section 3.2.2 loses its scheme and authority.
 * False for what no file that is served can have: NUL and other control
 * bytes, a backslash, an empty component, one that starts with a dot, a bad
 * %XX, or more than CAP bytes.
 */
bool	http_path(const char *raw, char *out, size_t cap);

/* The media type by the name's ending; never NULL. */
const char	*http_type(const char *path);

/* True for playlists, which change under their name. */
bool	http_is_playlist(const char *path);
/* True for segments and init segments, which never do. */
bool	http_is_segment(const char *path);

/*
 * True for a segment in the clear, spool(5), of a stream whose name matches
 * PATTERN as in fnmatch(3).  What --encrypt of playlist-gen(1) made is in
 * STREAM/RENDITION/EPOCH/GROUP/aes, and init segments have no samples.
 */
bool	http_is_clear(const char *path, const char *pattern);

/* What kinds of answers caches may keep for how long. */
enum http_kind {
	HTTP_OTHER,		/* what may change, and is asked for anew */
	HTTP_PLAYLIST,
	HTTP_BLOCKING,		/* a playlist, by a blocking request */
	HTTP_SEGMENT,
};

/*
 * The Cache-Control of an answer with STATUS, by the recommendations of
 * draft-pantos-hls-rfc8216bis appendix B.1: TARGET_S is the target duration,
 * 0 where it is not known; SEGMENT_AGE_S is what segments have at most.
 */
#define HTTP_CACHE_BYTES	64
void	http_cache_control(enum http_kind kind, unsigned status,
	    uint32_t target_s, unsigned segment_age_s,
	    char out[HTTP_CACHE_BYTES]);

enum http_range {
	HTTP_RANGE_WHOLE,	/* answer 200 with everything */
	HTTP_RANGE_PART,	/* 206 with [*first, *first + *bytes) */
	HTTP_RANGE_NONE,	/* 416 */
};

/*
 * Judge the Range header VALUE (NULL: there is none) for SIZE bytes.
 * Several ranges, another unit or bad syntax are ignored, as RFC 9110
 * section 14.2 allows.
 */
enum http_range	http_range(const char *value, uint64_t size,
	    uint64_t *first, uint64_t *bytes);

/*
 * A strong validator from inode, size and time of modification.  A playlist
 * is replaced by a new inode, so two versions differ even within one tick
 * of the file system's clock.
 */
#define HTTP_ETAG_BYTES	64
void	http_etag(const struct stat *st, char out[HTTP_ETAG_BYTES]);

/* True if ETAG is in the If-None-Match VALUE, a list or "*". */
bool	http_etag_matches(const char *value, const char *etag);

/* IMF-fixdate, RFC 9110 section 5.6.7. */
#define HTTP_DATE_BYTES	32
void	http_date(time_t t, char out[HTTP_DATE_BYTES]);

#endif /* NET_HTTP_H */
