/* References against bases: RFC 3986 section 5.4, and below a directory. */
#include <string.h>

#include "base/err.h"
#include "base/url.h"
#include "tap.h"

static const struct {
	const char	*base, *ref, *want;	/* NULL: refused */
} table[] = {
	/* Of section 5.4.1 and 5.4.2, what playlists may have. */
	{ "http://a/b/c/d;p?q", "g", "http://a/b/c/g" },
	{ "http://a/b/c/d;p?q", "./g", "http://a/b/c/g" },
	{ "http://a/b/c/d;p?q", "g/", "http://a/b/c/g/" },
	{ "http://a/b/c/d;p?q", "/g", "http://a/g" },
	{ "http://a/b/c/d;p?q", "//g", "http://g" },
	{ "http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y" },
	{ "http://a/b/c/d;p?q", "g?y/./x", "http://a/b/c/g?y/./x" },
	{ "http://a/b/c/d;p?q", "", "http://a/b/c/d;p" },
	{ "http://a/b/c/d;p?q", ".", "http://a/b/c/" },
	{ "http://a/b/c/d;p?q", "..", "http://a/b/" },
	{ "http://a/b/c/d;p?q", "../g", "http://a/b/g" },
	{ "http://a/b/c/d;p?q", "../../g", "http://a/g" },
	{ "http://a/b/c/d;p?q", "../../../g", "http://a/g" },
	{ "http://a/b/c/d;p?q", "/./g", "http://a/g" },
	{ "http://a/b/c/d;p?q", "g..", "http://a/b/c/g.." },
	{ "http://a/b/c/d;p?q", "..g", "http://a/b/c/..g" },
	{ "http://a/b/c/d;p?q", "./g/.", "http://a/b/c/g/" },
	{ "http://a/b/c/d;p?q", "g/../h", "http://a/b/c/h" },
	{ "http://a/b/c/d;p?q", "https://h/x", "https://h/x" },
	{ "http://a", "g", "http://a/g" },
	{ "http://a/m.m3u8?token=/x/y", "g", "http://a/g" },
	{ "main.m3u8", "a/live.m3u8", "a/live.m3u8" },
	{ "cam/a/live.m3u8", "../b/live.m3u8", "cam/b/live.m3u8" },
	{ "cam/a/live.m3u8", "init.mp4?x=..", "cam/a/init.mp4?x=.." },
	{ "cam/a/live.m3u8", "/x.mp4", "x.mp4" },
	{ "cam/a/live.m3u8", "../../x", "x" },
	{ "cam/a/live.m3u8", "../../../x", NULL },
	{ "main.m3u8", "../x", NULL },
	{ "main.m3u8", "a/../../x", NULL },
	{ "main.m3u8", "http://h/x", "http://h/x" },
};

static const struct {
	const char	*url, *want;
} files[] = {
	{ "a/b.m4s?x=1#y", "a/b.m4s" },
	{ "a%20b%2Fc", "a b/c" },
	{ "a%2", NULL },
	{ "a%zz", NULL },
	{ "a%00b", NULL },
};

int
main(void)
{
	struct err err = ERR_INIT;
	char out[URL_BYTES], longer[URL_BYTES + 1];
	size_t i;
	int rc;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		rc = url_resolve(table[i].base, table[i].ref,
		    strlen(table[i].ref), out, &err);
		ok(table[i].want == NULL ? rc == -1 :
		    rc == 0 && strcmp(out, table[i].want) == 0,
		    "'%s' in '%s': '%s'", table[i].ref, table[i].base,
		    rc == 0 ? out : err.text);
	}
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		rc = url_file(files[i].url, out, &err);
		ok(files[i].want == NULL ? rc == -1 :
		    rc == 0 && strcmp(out, files[i].want) == 0,
		    "the file of '%s'", files[i].url);
	}
	memset(longer, 'x', sizeof(longer));
	ok(url_resolve("http://a/b", longer, URL_BYTES - 5, out, &err) == -1,
	    "too long: %s", err.text);
	ok(url_resolve("b", longer, URL_BYTES - 2, out, &err) == 0 &&
	    strlen(out) == URL_BYTES - 2, "just fits");
	ok(url_resolve("b", "a\0b", 3, out, &err) == -1, "a zero byte");
	ok(url_http("HTTPS://x") && !url_http("ftp://x") &&
	    url_absolute("ftp:x") && !url_absolute("a/b:c"), "schemes");
	return done_testing();
}
