#include "base/json.h"

#include <string.h>

#include "base/buf.h"
#include "tap.h"

static void
is_json(const char *in, const char *want, const char *name)
{
	struct buf b;

	buf_init(&b, 1000);
	json_put_string(&b, in);
	ok(b.n == strlen(want) && memcmp(b.p, want, b.n) == 0, "%s: %.*s",
	    name, (int)b.n, (char *)b.p);
	buf_release(&b);
}

int
main(void)
{
	is_json("", "\"\"", "empty");
	is_json("a b", "\"a b\"", "plain");
	is_json("\"\\/", "\"\\\"\\\\/\"", "quote and backslash");
	is_json("\t\n\x01\x7f", "\"\\u0009\\u000a\\u0001\\u007f\"", "control");
	is_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", "UTF-8 as it is");
	is_json("\xff", "\"\\ufffd\"", "no UTF-8");
	is_json("\xe2\x82", "\"\\ufffd\\ufffd\"", "cut UTF-8");
	is_json("\xc0\xaf", "\"\\ufffd\\ufffd\"", "not the shortest form");
	is_json("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "a surrogate");
	is_json("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"",
	    "above U+10FFFF");
	return done_testing();
}
