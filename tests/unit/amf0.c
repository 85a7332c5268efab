/* Tests of net/amf0 and of net/amf3 behind its marker 0x11. */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "net/amf0.h"
#include "tap.h"

#define BYTES(...)	(const uint8_t[]){ __VA_ARGS__ }, \
			sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Read one value of N bytes at P; all of them must be taken. */
static bool
reads(const uint8_t *p, size_t n, struct amf0_value *v)
{
	struct err err = ERR_INIT;
	struct rd r;

	rd_init(&r, p, n, 0);
	return amf0_read(&r, v, &err) == 0 && rd_left(&r) == 0;
}

/* Every shorter piece must fail and leave the reader alone. */
static bool
cut_fails(const uint8_t *p, size_t n)
{
	struct err err = ERR_INIT;
	struct amf0_value v;
	struct rd r;
	size_t i;

	for (i = 0; i < n; i++) {
		rd_init(&r, p, i, 0);
		if (amf0_read(&r, &v, &err) != -1 || r.p != p ||
		    err.cls != ERR_PROTO)
			return false;
	}
	return true;
}

static void
is_type(const uint8_t *p, size_t n, enum amf0_type want, const char *name)
{
	struct amf0_value v;

	ok(reads(p, n, &v) && v.type == want, "%s", name);
	ok(cut_fails(p, n), "%s: cut short", name);
}

static void
test_types(void)
{
	is_type(BYTES(0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0), AMF0_NUMBER, "number");
	is_type(BYTES(1, 1), AMF0_BOOLEAN, "boolean");
	is_type(BYTES(2, 0, 2, 'h', 'i'), AMF0_STRING, "string");
	is_type(BYTES(0x0c, 0, 0, 0, 2, 'h', 'i'), AMF0_STRING, "long string");
	is_type(BYTES(5), AMF0_NULL, "null");
	is_type(BYTES(6), AMF0_UNDEFINED, "undefined");
	is_type(BYTES(7, 0, 1), AMF0_OTHER, "reference");
	is_type(BYTES(0x0d), AMF0_OTHER, "unsupported");
	is_type(BYTES(0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), AMF0_OTHER, "date");
	is_type(BYTES(0x0f, 0, 0, 0, 1, '<'), AMF0_OTHER, "XML");
	is_type(BYTES(0x0a, 0, 0, 0, 2, 5, 1, 0), AMF0_OTHER, "strict array");
	is_type(BYTES(3, 0, 1, 'a', 5, 0, 0, 9), AMF0_OBJECT, "object");
	is_type(BYTES(8, 0, 0, 0, 20, 0, 1, 'a', 5, 0, 0, 9), AMF0_OBJECT,
	    "ECMA array whose count is wrong");
	is_type(BYTES(0x10, 0, 1, 'T', 0, 1, 'a', 5, 0, 0, 9), AMF0_OBJECT,
	    "typed object");
}

static void
test_scalars(void)
{
	struct amf0_value v;
	char text[4];

	ok(reads(BYTES(0, 0xc0, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18),
	    &v) && fabs(v.number + 3.141592653589793) < 1e-15,
	    "a number is big-endian");
	ok(reads(BYTES(2, 0, 3, 'a', 'b', 'c'), &v) && amf0_is(&v, "abc") &&
	    !amf0_is(&v, "ab") && !amf0_is(&v, "abcd"), "amf0_is");
	ok(amf0_copy(&v, text, 4) && strcmp(text, "abc") == 0,
	    "a string that just fits is copied");
	ok(!amf0_copy(&v, text, 3) && text[0] == '\0',
	    "one that does not is not");
	ok(reads(BYTES(2, 0, 2, 'a', 0), &v) && !amf0_copy(&v, text, 4),
	    "nor one with a NUL");
	ok(reads(BYTES(2, 0, 0), &v) && amf0_is(&v, "") &&
	    amf0_copy(&v, text, 4), "the empty string");
}

static void
test_bad_markers(void)
{
	static const uint8_t bad[] = { 4, 9, 0x0e, 0x12, 0xff };
	struct amf0_value v;
	size_t i;

	for (i = 0; i < sizeof(bad); i++) {
		const uint8_t bytes[] = { bad[i], 0, 0, 0, 0, 0, 0, 0, 0 };

		ok(!reads(bytes, 1, &v) && !reads(bytes, sizeof(bytes), &v),
		    "marker 0x%02x is refused", bad[i]);
	}
}

static void
test_find(void)
{
	static const uint8_t object[] = {
		3, 0, 1, 'o', 3, 0, 3, 'a', 'p', 'p', 5, 0, 0, 9,
		0, 3, 'a', 'p', 'p', 2, 0, 4, 'l', 'i', 'v', 'e',
		0, 0, 6,	/* an empty key with a value */
		0, 1, 'z', 1, 1, 0, 0, 9
	};
	struct amf0_value v, m;

	ok(reads(object, sizeof(object), &v), "an object is read");
	ok(amf0_find(&v, "app", &m) && amf0_is(&m, "live"),
	    "a member is found, and not the inner object's of that name");
	ok(amf0_find(&v, "z", &m) && m.type == AMF0_BOOLEAN && m.boolean,
	    "and one behind an empty key");
	ok(!amf0_find(&v, "ap", &m), "a part of a name is none");
	ok(amf0_find(&v, "app", &m) && !amf0_find(&m, "x", &v),
	    "a string has no members");
}

/* DEPTH lists inside one another around a null. */
static size_t
nested(uint8_t *to, int depth)
{
	size_t n = 0;

	while (depth-- > 0) {
		memcpy(to + n, "\x0a\0\0\0\1", 5);
		n += 5;
	}
	to[n++] = 5;
	return n;
}

static void
test_limits(void)
{
	static uint8_t big[5 + LIMIT_AMF_VALUES];
	uint8_t deep[5 * LIMIT_AMF_DEPTH + 6];
	struct amf0_value v;
	size_t n;

	n = nested(deep, LIMIT_AMF_DEPTH);
	ok(reads(deep, n, &v), "nesting up to the limit");
	n = nested(deep, LIMIT_AMF_DEPTH + 1);
	ok(!reads(deep, n, &v), "nesting beyond it is refused");

	memset(big, 5, sizeof(big));
	memcpy(big, "\x0a\0\0\x0f\xff", 5);
	ok(reads(big, 5 + 4095, &v), "as many values as allowed");
	memcpy(big, "\x0a\0\0\x10\0", 5);
	ok(!reads(big, 5 + 4096, &v), "one more is refused");
	ok(!reads(BYTES(0x0a, 0xff, 0xff, 0xff, 0xff, 5), &v),
	    "a huge count is refused at once");
	ok(!reads(BYTES(0x0c, 0xff, 0xff, 0xff, 0xff, 'x'), &v),
	    "a huge string is refused");
}

static void
test_amf3(void)
{
	struct amf0_value v;

	ok(reads(BYTES(0x11, 6, 5, 'h', 'i'), &v) && amf0_is(&v, "hi"),
	    "AMF3 string");
	ok(reads(BYTES(0x11, 4, 0x81, 0x00), &v) && v.number == 128,
	    "AMF3 integer of two bytes");
	ok(reads(BYTES(0x11, 4, 0xff, 0xff, 0xff, 0xff), &v) &&
	    v.number == -1, "AMF3 integers are signed");
	ok(reads(BYTES(0x11, 5, 0x40, 0, 0, 0, 0, 0, 0, 0), &v) &&
	    v.number == 2, "AMF3 double");
	ok(reads(BYTES(0x11, 3), &v) && v.type == AMF0_BOOLEAN && v.boolean,
	    "AMF3 true");
	is_type(BYTES(0x11, 9, 3, 1, 4, 7), AMF0_OBJECT, "AMF3 array");
	is_type(BYTES(0x11, 9, 1, 3, 'k', 1, 1), AMF0_OBJECT,
	    "AMF3 associative array");
	is_type(BYTES(0x11, 0x0a, 0x0b, 1, 3, 'k', 4, 7, 1), AMF0_OBJECT,
	    "AMF3 dynamic object");
	is_type(BYTES(0x11, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0), AMF0_OTHER,
	    "AMF3 date");
	/* Two objects of one class in an array: the second refers back. */
	is_type(BYTES(0x11, 9, 5, 1, 0x0a, 0x13, 3, 'C', 3, 'k', 1,
	    0x0a, 1, 4, 7), AMF0_OBJECT, "AMF3 traits by reference");
	ok(!reads(BYTES(0x11, 0x0a, 0x05), &v),
	    "AMF3 reference to unknown traits is refused");
	ok(!reads(BYTES(0x11, 0x0a, 0x07, 1), &v),
	    "AMF3 externalizable class is refused");
	ok(!reads(BYTES(0x11, 9, 0xff, 0xff, 0xff, 0xff, 1), &v),
	    "AMF3 array with a huge count is refused");
	ok(!reads(BYTES(0x11, 0x0c, 1), &v), "AMF3 byte array is refused");
}

static void
test_amf3_find(void)
{
	/* A class with members a and b; a is an object with a member of
	   that name; then "live" by name, and again by reference. */
	static const uint8_t object[] = { 0x11, 0x0a, 0x2b, 3, 'C',
	    3, 'a', 3, 'b', 0x0a, 0x0b, 1, 7, 'a', 'p', 'p', 6, 3, 'x', 1,
	    4, 9, 6, 6, 9, 'l', 'i', 'v', 'e', 7, 'u', 'r', 'l', 6, 10, 1 };
	struct amf0_value v, m;

	ok(reads(object, sizeof(object), &v), "AMF3: an object is read");
	ok(amf0_find(&v, "b", &m) && m.number == 9,
	    "AMF3: a member that its class names");
	ok(amf0_find(&v, "app", &m) && amf0_is(&m, "live"),
	    "AMF3: a member whose name is a reference, and no inner one");
	ok(amf0_find(&v, "url", &m) && amf0_is(&m, "live"),
	    "AMF3: a value that is a reference");
	ok(amf0_find(&v, "a", &m) && !amf0_find(&m, "app", &m),
	    "AMF3: what is deeper is not read");
	ok(!amf0_find(&v, "ap", &m) && !amf0_find(&v, "", &m),
	    "AMF3: a part of a name is none");
}

static void
test_amf3_depth(void)
{
	uint8_t deep[4 * LIMIT_AMF_DEPTH + 8] = { 0x11 };
	struct amf0_value v;
	size_t n = 1;
	int i;

	for (i = 0; i < LIMIT_AMF_DEPTH + 1; i++) {
		memcpy(deep + n, "\x09\x03\x01", 3);
		n += 3;
	}
	deep[n++] = 1;
	ok(!reads(deep, n, &v), "AMF3 nesting is bounded");
}

static void
test_put(void)
{
	static const uint8_t want[] = {
		2, 0, 2, 'h', 'i', 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 5, 6,
		3, 0, 1, 'k', 2, 0, 1, 'v', 0, 0, 9,
		0x0a, 0, 0, 0, 1, 5
	};
	struct buf b;

	buf_init(&b, 100);
	amf0_put_string(&b, "hi");
	amf0_put_number(&b, 2);
	amf0_put_null(&b);
	amf0_put_undefined(&b);
	amf0_put_object(&b);
	amf0_put_pair(&b, "k", "v");
	amf0_put_object_end(&b);
	amf0_put_list(&b, 1);
	amf0_put_null(&b);
	ok(!b.bad && b.n == sizeof(want) && memcmp(b.p, want, b.n) == 0,
	    "values are written as the specification has them");
	buf_release(&b);
}

int
main(void)
{
	test_types();
	test_scalars();
	test_bad_markers();
	test_find();
	test_limits();
	test_amf3();
	test_amf3_find();
	test_amf3_depth();
	test_put();
	return done_testing();
}
