#include <stdint.h>
#include <string.h>

#include "net/http_fields.h"
#include "tap.h"

static struct http_fields f;

static void
add(const char *name, const char *value)
{
	http_fields_add(&f, name, strlen(name), value, strlen(value));
}

static void
alone(const char *name, const char *value, bool want)
{
	f = (struct http_fields){ 0 };
	add(name, value);
	ok((f.bad == NULL) == want, "%s with %zu bytes, 0x%02x..., is %s",
	    name, strlen(value), (unsigned char)*value,
	    want ? "taken" : "refused");
}

static void
test_fields(void)
{
	alone("Host", "x:1", true);
	alone("X-Any!#$%&'*+.^_`|~9", "\tv\xff v", true);
	alone("Content-Length", "0", true);
	alone("Content-Length", "1", false);
	alone("Content-Length", "+0", false);
	alone("Content-Length", "0, 0", false);
	alone("content-length", "", false);
	alone("Transfer-Encoding", "chunked", false);
	alone("transfer-encoding", "identity", false);
	alone("Transfer-Encoding ", "chunked", false);
	alone("Transfer-Encoding\t", "chunked", false);
	alone(" Transfer-Encoding", "chunked", false);
	alone("Transfer\x0b-Encoding", "x", false);
	alone("", "x", false);
	alone("A", "b\rc", false);
	alone("A", "b\nc", false);

	f = (struct http_fields){ 0 };
	http_fields_add(&f, "A", 1, "b\0c", 3);
	ok(f.bad != NULL, "NUL in a value");
	f = (struct http_fields){ 0 };
	http_fields_add(&f, "A\0", 2, "b", 1);
	ok(f.bad != NULL, "NUL in a name");

	f = (struct http_fields){ 0 };
	add("Host", "a");
	add("Content-Length", "0");
	ok(f.bad == NULL && f.host, "a host and an empty body");
	add("host", "a");
	ok(f.bad != NULL, "two hosts");
	f = (struct http_fields){ 0 };
	add("Content-Length", "0");
	add("Content-Length", "0");
	ok(f.bad != NULL, "two lengths");
	add("Accept", "*/*");
	ok(f.bad != NULL, "what is refused stays so");
}

static void
gzip_is(const char *value, bool want)
{
	ok(http_accepts_gzip(value) == want, "'%s' is %s",
	    value == NULL ? "-" : value, want ? "gzip" : "not gzip");
}

static void
test_gzip(void)
{
	gzip_is(NULL, false);
	gzip_is("", false);
	gzip_is("gzip", true);
	gzip_is("GZIP", true);
	gzip_is("deflate, gzip;q=1.0, *;q=0.5", true);
	gzip_is("br ,x-gzip", true);
	gzip_is("gzip;q=0.001", true);
	gzip_is("gzip; q=0", false);
	gzip_is("gzip;q=0.000", false);
	gzip_is("gzip;q=", true);
	gzip_is("gzip;x", false);
	gzip_is("gzip2, xgzip", false);
	gzip_is("identity", false);
	gzip_is(",,,", false);
}

int
main(void)
{
	test_fields();
	test_gzip();
	return done_testing();
}
