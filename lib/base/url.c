#include "base/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

/* The length of "scheme:", 0 when there is none. */
static size_t
scheme_length(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)s[0]))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '+' || s[n] == '-' ||
	    s[n] == '.')
		n++;
	return s[n] == ':' ? n + 1 : 0;
}

bool
url_absolute(const char *s)
{
	return scheme_length(s) > 0;
}

bool
url_http(const char *s)
{
	return strncasecmp(s, "http://", 7) == 0 ||
	    strncasecmp(s, "https://", 8) == 0;
}

/* Where the path of an absolute URL begins, or 0 in a relative path. */
static size_t
path_start(const char *s)
{
	size_t n = scheme_length(s);

	if (n > 0 && strncmp(s + n, "//", 2) == 0)
		n += 2 + strcspn(s + n + 2, "/?#");
	return n;
}

/*
 * Remove the "." and ".." of the path at P, in place (5.2.4); the query stays.
 * False when it climbs above where it starts.
 */
static bool
remove_dots(char *p)
{
	char *in = p, *out = p;
	size_t n;
	bool climbs = false;

	while (*in != '\0' && *in != '?' && *in != '#') {
		n = strcspn(in, "/?#");
		if (n == 2 && in[0] == '.' && in[1] == '.') {
			if (out == p)
				climbs = true;
			else
				for (out--; out > p && out[-1] != '/'; )
					out--;
			in += n;
			if (*in == '/')
				in++;
		} else if (n == 1 && in[0] == '.') {
			in += n;
			if (*in == '/')
				in++;
		} else {
			n += in[n] == '/';
			memmove(out, in, n);
			out += n;
			in += n;
		}
	}
	memmove(out, in, strlen(in) + 1);
	return !climbs;
}

/* How much of BASE stays in front of a reference like REF. */
static size_t
kept(const char *base, const char *ref)
{
	size_t root = path_start(base), n, path;

	path = root + strcspn(base + root, "?#");
	if (strncmp(ref, "//", 2) == 0)
		return scheme_length(base);
	if (ref[0] == '/')
		return root;
	if (ref[0] == '?' || ref[0] == '#' || ref[0] == '\0')
		return path;
	for (n = path; n > root && base[n - 1] != '/'; )
		n--;
	return n;
}

int
url_resolve(const char *base, const char *ref, size_t n,
    char out[URL_BYTES], struct err *err)
{
	char r[URL_BYTES];
	size_t keep, root;
	bool file = !url_absolute(base);

	if (n >= sizeof(r) || memchr(ref, '\0', n) != NULL)
		return err_set(err, ERR_DATA, "a URL is too long");
	memcpy(r, ref, n);
	r[n] = '\0';
	if (url_absolute(r)) {
		memcpy(out, r, n + 1);
		return 0;
	}
	keep = kept(base, r);
	root = path_start(base);
	if (keep + n + 2 > URL_BYTES)
		return err_set(err, ERR_DATA, "a URL is too long");
	memcpy(out, base, keep);
	/* "http://host" alone has a path: "/". */
	if (!file && keep == root && r[0] != '/')
		out[keep++] = '/';
	memcpy(out + keep, r, n + 1);
	if (file && out[0] == '/')
		memmove(out, out + 1, strlen(out));
	root = path_start(out);
	if (out[root] == '/')
		root++;
	if (!remove_dots(out + root) && file)
		return err_set(err, ERR_DATA, "'%s' leads out of the tree", r);
	return 0;
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL :
	    strchr(digits, tolower((unsigned char)c));

	return at == NULL ? -1 : (int)(at - digits);
}

int
url_file(const char *url, char out[URL_BYTES], struct err *err)
{
	size_t n = 0, end = strcspn(url, "?#"), i;
	int high, low;

	for (i = 0; i < end && n + 1 < URL_BYTES; i++) {
		out[n++] = url[i];
		if (url[i] != '%')
			continue;
		high = hex(url[i + 1]);
		low = high == -1 ? -1 : hex(url[i + 2]);
		if (low == -1 || (high == 0 && low == 0))
			return err_set(err, ERR_DATA, "bad %% in '%s'", url);
		out[n - 1] = (char)(high << 4 | low);
		i += 2;
	}
	if (i < end)
		return err_set(err, ERR_DATA, "a URL is too long");
	out[n] = '\0';
	return 0;
}
