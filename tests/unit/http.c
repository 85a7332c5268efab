#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "net/http.h"
#include "tap.h"

static void
path_is(const char *raw, const char *want)
{
	char out[64];
	bool good = http_path(raw, out, sizeof(out));

	if (want == NULL)
		ok(!good, "'%s' is refused", raw);
	else
		ok(good && strcmp(out, want) == 0, "'%s' is '%s'", raw, want);
}

static void
test_path(void)
{
	char long_path[80];

	path_is("/", "");
	path_is("/a/b.m3u8", "a/b.m3u8");
	path_is("/%61/b%2Em3u8", "a/b.m3u8");
	path_is("/a..b", "a..b");
	path_is("/a%20b", "a b");
	path_is("http://host:80/a", "a");
	path_is("HTTPS://host", "");
	path_is("", NULL);
	path_is("*", NULL);
	path_is("a", NULL);
	path_is("//a", NULL);
	path_is("/a//b", NULL);
	path_is("/a/", NULL);
	path_is("/..", NULL);
	path_is("/a/../b", NULL);
	path_is("/a/%2e%2E/b", NULL);
	path_is("/a%2f..%2fb", NULL);
	path_is("/a/%2e", NULL);
	path_is("/.a", NULL);
	path_is("/a/.b.m4s.123", NULL);
	path_is("/a\\b", NULL);
	path_is("/a%5cb", NULL);
	path_is("/a%00.m3u8", NULL);
	path_is("/a%0ab", NULL);
	path_is("/a\x01", NULL);
	path_is("/a\x7f", NULL);
	path_is("/a%", NULL);
	path_is("/a%4", NULL);
	path_is("/a%4g", NULL);

	memset(long_path, 'a', sizeof(long_path));
	long_path[0] = '/';
	long_path[64] = '\0';
	path_is(long_path, long_path + 1);	/* 63 bytes and the NUL */
	long_path[64] = 'a';
	long_path[65] = '\0';
	path_is(long_path, NULL);
}

static void
test_type(void)
{
	ok(strcmp(http_type("s/main.m3u8"),
	    "application/vnd.apple.mpegurl") == 0, ".m3u8");
	ok(strcmp(http_type("s/main.mpd"), "application/dash+xml") == 0,
	    ".mpd");
	ok(strcmp(http_type("1.M4S"), "video/iso.segment") == 0,
	    ".m4s in any case");
	ok(strcmp(http_type(".mp4"), "application/octet-stream") == 0,
	    "an ending alone is none");
	ok(strcmp(http_type("mp4"), "application/octet-stream") == 0,
	    "nor is its word without a dot");
	ok(http_is_playlist("a.m3u8") && !http_is_playlist("a.m4s"),
	    "playlists");
	ok(http_is_segment("a.m4s") && http_is_segment("init-1.mp4") &&
	    !http_is_segment("a.m3u8"), "segments");
}

static void
test_clear(void)
{
	ok(http_is_clear("cam/h264/000001/000000/000000001.m4s", "cam") &&
	    http_is_clear("cam/h264/000001/000000/1-4.M4S", "*"),
	    "segments are in the clear");
	ok(!http_is_clear("cam/h264/000001/000000/aes/0123/1.m4s", "*"),
	    "but what is below aes");
	ok(http_is_clear("cam/aes/000001/000000/1.m4s", "*") &&
	    http_is_clear("aes/aes/aes/aes/1.m4s", "*") &&
	    http_is_clear("cam/h264/aes/000000/1.m4s", "*") &&
	    http_is_clear("cam/h264/000001/000000/1/aes/1.m4s", "*") &&
	    http_is_clear("cam/h264/000001/000000/aes.m4s", "*") &&
	    http_is_clear("cam/h264/000001/000000/aesx/1.m4s", "*"),
	    "at its place and under that very name");
	ok(!http_is_clear("cam/h264/init-000001.mp4", "*") &&
	    !http_is_clear("cam/h264/live.m3u8", "*") &&
	    !http_is_clear("cam/t/000001/000000/1.jpg", "*") &&
	    !http_is_clear("", "*"), "what is no segment is not");
	ok(!http_is_clear("cam/h264/000001/000000/1.m4s", "ca") &&
	    http_is_clear("pay-tv/h264/000001/000000/1.m4s", "pay-*") &&
	    !http_is_clear("free/pay-tv/000001/000000/1.m4s", "pay-*"),
	    "nor of a stream with another name");
}

static void
range_is(const char *value, uint64_t size, enum http_range want,
    uint64_t want_first, uint64_t want_bytes)
{
	uint64_t first = 0, bytes = 0;
	enum http_range got = http_range(value, size, &first, &bytes);

	ok(got == want && (want != HTTP_RANGE_PART ||
	    (first == want_first && bytes == want_bytes)),
	    "range '%s' of %ju", value == NULL ? "" : value,
	    (uintmax_t)size);
}

static void
test_range(void)
{
	range_is(NULL, 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("bytes=0-", 10, HTTP_RANGE_PART, 0, 10);
	range_is("bytes=0-0", 10, HTTP_RANGE_PART, 0, 1);
	range_is("Bytes= 2-5 ", 10, HTTP_RANGE_PART, 2, 4);
	range_is("bytes=9-99", 10, HTTP_RANGE_PART, 9, 1);
	range_is("bytes=-3", 10, HTTP_RANGE_PART, 7, 3);
	range_is("bytes=-30", 10, HTTP_RANGE_PART, 0, 10);
	range_is("bytes=5-99999999999999999999999", 10, HTTP_RANGE_PART, 5,
	    5);
	range_is("bytes=10-", 10, HTTP_RANGE_NONE, 0, 0);
	range_is("bytes=99999999999999999999999-", 10, HTTP_RANGE_NONE, 0, 0);
	range_is("bytes=-0", 10, HTTP_RANGE_NONE, 0, 0);
	range_is("bytes=0-", 0, HTTP_RANGE_NONE, 0, 0);
	range_is("bytes=-1", 0, HTTP_RANGE_NONE, 0, 0);
	range_is("bytes=0-1,3-4", 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("bytes=5-2", 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("bytes=-", 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("bytes=", 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("bytes=a-b", 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("bytes=1-2x", 10, HTTP_RANGE_WHOLE, 0, 0);
	range_is("lines=1-2", 10, HTTP_RANGE_WHOLE, 0, 0);
}

static void
test_validators(void)
{
	struct stat st = { .st_ino = 1, .st_size = 2,
	    .st_mtim = { .tv_sec = 3, .tv_nsec = 4 } };
	char etag[HTTP_ETAG_BYTES], other[HTTP_ETAG_BYTES];
	char date[HTTP_DATE_BYTES];

	http_etag(&st, etag);
	st.st_ino = 2;
	http_etag(&st, other);
	ok(strcmp(etag, other) != 0, "another inode is another version");
	ok(etag[0] == '"' && etag[strlen(etag) - 1] == '"',
	    "an ETag has quotes");

	ok(http_etag_matches("\"a\"", "\"a\""), "the same tag matches");
	ok(http_etag_matches("W/\"a\"", "\"a\""), "a weak one too");
	ok(http_etag_matches("\"x,\", \"a\"", "\"a\""),
	    "a comma inside quotes does not end a tag");
	ok(http_etag_matches("*", "\"a\""), "* matches");
	ok(!http_etag_matches("\"ab\"", "\"a\""), "another does not");
	ok(!http_etag_matches("\"b, \"a", "\"a\""), "nor a broken list");
	ok(!http_etag_matches("", "\"a\""), "nor an empty one");

	http_date(784111777, date);
	ok(strcmp(date, "Sun, 06 Nov 1994 08:49:37 GMT") == 0,
	    "the date of RFC 9110");
}

int
main(void)
{
	test_path();
	test_type();
	test_clear();
	test_range();
	test_validators();
	return done_testing();
}
