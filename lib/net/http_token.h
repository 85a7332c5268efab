/*
 * http_token - signed URLs: who has one may read what is below a path, until
 * a time.
 *
 *	/EXPIRES-MAC/cam1/main.m3u8
 *
 * The token is the first component of the path, not a query: the relative
 * URIs of a playlist lead to URLs with the same token, in every player.
 * EXPIRES is in seconds since 1970; MAC is the HMAC-SHA256, in 64 hexadecimal
 * digits, of "EXPIRES/PREFIX", where PREFIX ("cam1") is a path of whole
 * components that everything asked for must be below.
 */
#ifndef NET_HTTP_TOKEN_H
#define NET_HTTP_TOKEN_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct http_keys;

/*
 * The keys in the file PATH, one a line, of 16 to 255 bytes: the first signs,
 * all are good.  A file that others may read is worth a warning in the log.
 * 0 with *KEYS, owned; -1 with ERR_INPUT, ERR_CONFIG or ERR_OS.
 */
int	http_keys_load(const char *path, struct http_keys **keys,
	    struct err *err) __attribute__((warn_unused_result));
void	http_keys_free(struct http_keys *keys);	/* may be NULL */

/* The token, with its slash before it, for what is below PREFIX. */
#define HTTP_TOKEN_BYTES	96
void	http_token_make(const struct http_keys *keys, int64_t expires_s,
	    const char *prefix, char out[HTTP_TOKEN_BYTES]);

/*
 * PATH is as http_path() made it.  What is behind the token (points into
 * PATH), or NULL when there is none that is good at NOW_S, the wall clock.
 */
const char *http_token_check(const struct http_keys *keys, const char *path,
	    int64_t now_s);

#endif /* NET_HTTP_TOKEN_H */
