/*
 * http_playlist - what an origin must know of an HLS playlist to answer the
 * delivery directives: draft-pantos-hls-rfc8216bis sections 4.4 and 6.2.5.
 *
 * Reads text alone, whoever wrote it.  No I/O.  Safe on hostile input.
 */
#ifndef NET_HTTP_PLAYLIST_H
#define NET_HTTP_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct http_playlist {
	bool		media;		/* else a multivariant playlist, or
					   nothing that is one: all is zero */
	bool		blocks;		/* CAN-BLOCK-RELOAD=YES */
	bool		ended;		/* EXT-X-ENDLIST */
	uint32_t	version;	/* EXT-X-VERSION; 0: not said */
	uint32_t	target_s;	/* EXT-X-TARGETDURATION */
	int64_t		part_target_us;	/* 0: no parts */
	int64_t		skip_us;	/* CAN-SKIP-UNTIL; 0: none */
	uint64_t	next;		/* media sequence number of the
					   segment behind the last whole one */
	uint32_t	next_parts;	/* its parts that are there already */
	uint32_t	last_parts;	/* parts listed of the one before it */
	size_t		hint;		/* offset of the hinted part's URI */
	size_t		hint_bytes;	/* 0: none is hinted */
};

/* Read the TEXT of BYTES. */
void	http_playlist_parse(const char *text, size_t bytes,
	    struct http_playlist *p);

/*
 * Append to OUT the delta update (section 6.2.5.1) of TEXT, which P was read
 * from.  False, and OUT is as it was, when nothing may be skipped: then the
 * whole list is the answer.  OUT's maximum may be passed: see buf_ok().
 * Date ranges all stay, so it answers _HLS_skip=v2 as well as YES.
 */
bool	http_playlist_delta(const char *text, size_t bytes,
	    const struct http_playlist *p, struct buf *out);

/*
 * The path, relative to the root of the server, of the part that P hints at
 * in TEXT, when TEXT is at PATH, which http_path() made: one that could be
 * asked for.  False when there is none below the root, or when it is longer
 * than CAP.
 */
bool	http_playlist_hint(const char *text, const struct http_playlist *p,
	    const char *path, char *out, size_t cap);

/*
 * The delivery directives of a request.  All zero: none.
 */
struct http_reload {
	bool		has_msn, has_part;
	bool		skip;		/* _HLS_skip=YES or v2 */
	bool		bad;		/* no number, or said twice */
	uint64_t	msn, part;
};

/* Take the parameter KEY with VALUE (NULL: none) of a query. */
void	http_reload_add(struct http_reload *r, const char *key,
	    const char *value);

enum http_verdict {
	HTTP_NOW,		/* answer with the list as it is */
	HTTP_WAIT,		/* hold the request until it changes */
	HTTP_BAD,		/* 400 */
};

/* What to do with R, when P is what the playlist says now. */
enum http_verdict http_reload_judge(const struct http_reload *r,
	    const struct http_playlist *p);

/* R asks to block on a list that lets it: its answers are cached for long. */
bool	http_reload_blocks(const struct http_reload *r,
	    const struct http_playlist *p);

/* R asks for a delta update and P offers them. */
bool	http_reload_skips(const struct http_reload *r,
	    const struct http_playlist *p);

#endif /* NET_HTTP_PLAYLIST_H */
