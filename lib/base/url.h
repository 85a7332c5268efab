/*
 * url - references resolved against where they were read (RFC 3986 section 5).
 *
 * Two kinds of base: "http://host/a/b" and the relative path "a/b" of a file
 * below some directory, whose references lead to other files below it.
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

struct err;

#define URL_BYTES	4096	/* with NUL */

/* Does S begin with a scheme, as absolute URLs do? */
bool	url_absolute(const char *s);

/* Does S begin with http:// or https://, in any case? */
bool	url_http(const char *s);

/*
 * What the N bytes REF mean in BASE.  Below a directory a reference that
 * begins with '/' starts at the directory.
 * 0, or -1 with ERR_DATA: too long, or it leads out of the directory.
 */
int	url_resolve(const char *base, const char *ref, size_t n,
	    char out[URL_BYTES], struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The file that URL names, without query and fragment, %XX decoded.
 * 0, or -1 with ERR_DATA: a bad or zero byte, or too long.
 */
int	url_file(const char *url, char out[URL_BYTES], struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_URL_H */
