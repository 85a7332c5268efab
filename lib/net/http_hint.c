#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "net/http.h"
#include "net/http_playlist.h"

/* Drop the last component of RAW, of N bytes, which ends in a slash. */
static size_t
parent(const char *raw, size_t n)
{
	for (n -= n > 1; n > 1 && raw[n - 1] != '/'; n--)
		;
	return n;
}

/*
 * Append to RAW, which ends in a slash, the relative URI of BYTES without
 * "." and ".." (RFC 3986 section 5.2.4).  False when it does not fit.
 */
static bool
resolve(char *raw, size_t cap, const char *uri, size_t bytes)
{
	size_t n = strlen(raw), part;

	for (; bytes > 0; uri += part, bytes -= part) {
		const char *slash = memchr(uri, '/', bytes);

		part = slash == NULL ? bytes : (size_t)(slash - uri) + 1;
		if (part == 2 && memcmp(uri, "./", 2) == 0)
			continue;
		if (part == 3 && memcmp(uri, "../", 3) == 0) {
			n = parent(raw, n);
			continue;
		}
		if (n + part >= cap)
			return false;
		memcpy(raw + n, uri, part);
		n += part;
	}
	raw[n] = '\0';
	return true;
}

bool
http_playlist_hint(const char *text, const struct http_playlist *p,
    const char *path, char *out, size_t cap)
{
	const char *uri = text + p->hint, *slash = strrchr(path, '/');
	size_t bytes = p->hint_bytes, i;
	char raw[2 * LIMIT_HTTP_PATH_BYTES] = "/";

	/* Its query and fragment name no file; a scheme, another server. */
	for (i = 0; i < bytes && uri[i] != '?' && uri[i] != '#'; i++)
		if (uri[i] == ':' || uri[i] == '\0')
			return false;
	bytes = i;
	if (bytes == 0 || strchr(path, '%') != NULL)
		return false;
	if (*uri == '/')
		uri++, bytes--;
	else if (slash != NULL)
		snprintf(raw, sizeof(raw), "/%.*s", (int)(slash - path) + 1,
		    path);
	return resolve(raw, sizeof(raw), uri, bytes) &&
	    http_path(raw, out, cap);
}
