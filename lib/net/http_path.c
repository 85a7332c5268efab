#include <ctype.h>
#include <fnmatch.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/name.h"
#include "net/http.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The path of an absolute-form target; other targets are theirs already. */
static const char *
skip_authority(const char *raw)
{
	size_t n = 0;

	if (strncasecmp(raw, "http://", 7) == 0)
		n = 7;
	else if (strncasecmp(raw, "https://", 8) == 0)
		n = 8;
	else
		return raw;
	raw += n;
	raw += strcspn(raw, "/");
	return *raw == '\0' ? "/" : raw;
}

/* The next byte, decoded; moves *S.  -1 for a bad escape. */
static int
next_byte(const char **s)
{
	int high, low, c = (unsigned char)*(*s)++;

	if (c != '%')
		return c;
	if ((high = hex((*s)[0])) == -1 || (low = hex((*s)[1])) == -1)
		return -1;
	*s += 2;
	return high << 4 | low;
}

bool
http_path(const char *raw, char *out, size_t cap)
{
	const char *s = skip_authority(raw);
	size_t n = 0;
	int c, before = '/';

	if (*s++ != '/')
		return false;
	while (*s != '\0') {
		c = next_byte(&s);
		if (c == -1 || iscntrl(c) || c == '\\')
			return false;
		/* Covers "..", and the dot names of unfinished files. */
		if (before == '/' && (c == '/' || c == '.'))
			return false;
		if (n + 1 >= cap)
			return false;
		out[n++] = (char)c;
		before = c;
	}
	out[n] = '\0';
	return n == 0 || before != '/';
}

static bool
ends_with(const char *s, const char *ending)
{
	size_t n = strlen(s), e = strlen(ending);

	return n > e && strcasecmp(s + n - e, ending) == 0;
}

bool
http_is_playlist(const char *path)
{
	return ends_with(path, ".m3u8") || ends_with(path, ".mpd");
}

bool
http_is_segment(const char *path)
{
	return ends_with(path, ".m4s") || ends_with(path, ".mp4");
}

bool
http_is_clear(const char *path, const char *pattern)
{
	char stream[NAME_BYTES];
	size_t n = strcspn(path, "/");
	int up;

	if (!ends_with(path, ".m4s") || n >= sizeof(stream))
		return false;
	memcpy(stream, path, n);
	stream[n] = '\0';
	if (fnmatch(pattern, stream, 0) != 0)
		return false;
	for (up = 0; up < 3 && path[n] == '/'; up++)
		n += 1 + strcspn(&path[n + 1], "/");
	return up < 3 || strncmp(&path[n], "/aes/", 5) != 0;
}

const char *
http_type(const char *path)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".m3u8", "application/vnd.apple.mpegurl" },
		{ ".mpd",  "application/dash+xml" },
		{ ".m4s",  "video/iso.segment" },
		{ ".mp4",  "video/mp4" },
		{ ".vtt",  "text/vtt; charset=utf-8" },
		{ ".jpg",  "image/jpeg" },
		{ ".png",  "image/png" },
		{ ".svg",  "image/svg+xml" },
		{ ".ico",  "image/x-icon" },
		{ ".html", "text/html; charset=utf-8" },
		{ ".css",  "text/css; charset=utf-8" },
		{ ".js",   "text/javascript; charset=utf-8" },
		{ ".mjs",  "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".txt",  "text/plain; charset=utf-8" },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ends_with(path, types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}
