#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "tap.h"

static void
test_integers(void)
{
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	    14, 13, 12, 11, 0, 0, 0, 15, 16, 17, 18, 19, 'h', 'i' };
	struct err err = ERR_INIT;
	struct buf b;

	buf_init(&b, 100);
	buf_put_u8(&b, 1);
	buf_put_u16(&b, 0x0203);
	buf_put_u24(&b, 0x040506);
	buf_put_u32(&b, 0x0708090a);
	buf_put_u32le(&b, 0x0b0c0d0e);
	buf_put_u64(&b, 0x0f10111213);
	buf_put_str(&b, "hi");
	ok(b.n == sizeof(want) && memcmp(b.p, want, b.n) == 0,
	    "integers are big-endian unless they say le");
	buf_set_u32(&b, 0, 0xfffefdfc);
	ok(memcmp(b.p, "\xff\xfe\xfd\xfc\x05", 5) == 0,
	    "buf_set_u32 overwrites four bytes");
	ok(buf_ok(&b, &err) == 0, "a good buffer is ok");
	buf_release(&b);
}

static void
test_maximum(void)
{
	struct err err = ERR_INIT;
	struct buf b;

	buf_init(&b, 4);
	buf_put(&b, "abcd", 4);
	ok(!b.bad && b.n == 4, "filled to the maximum");
	buf_put_u8(&b, 'e');
	buf_put(&b, "", 0);
	ok(b.bad && b.n == 4, "one byte more is bad, nothing is appended");
	ok(buf_ok(&b, &err) == -1 && err.cls == ERR_DATA,
	    "over the maximum is bad data");
	buf_reset(&b);
	buf_put_u8(&b, 'f');
	ok(!b.bad && b.n == 1, "reset makes it good again");
	ok(buf_room(&b, 4) == NULL && b.bad, "no room for more than is left");
	buf_release(&b);
	ok(b.p == NULL && b.max == 4, "release keeps the maximum");
}

static void
test_printf(void)
{
	struct buf b;

	buf_init(&b, 1000);
	buf_printf(&b, "%s-%d", "ab", 42);
	buf_printf(&b, "%0300d", 7);
	ok(b.n == 305 && memcmp(b.p, "ab-42", 5) == 0 && b.p[304] == '7',
	    "buf_printf appends, without its NUL");
	buf_drop(&b, 303);
	ok(b.n == 2 && memcmp(b.p, "07", 2) == 0, "buf_drop drops the front");
	buf_drop(&b, 2);
	ok(b.n == 0, "down to nothing");
	buf_put_uint(&b, 0, 1);
	buf_put_uint(&b, 0, 3);
	buf_put_uint(&b, 1234, 3);
	buf_put_uint(&b, 56, 6);
	buf_put_uint(&b, UINT64_MAX, 1);
	buf_put_uint(&b, 7, 20);
	ok(b.n == 54 && memcmp(b.p, "00001234000056" "18446744073709551615"
	    "00000000000000000007", 54) == 0, "decimal, with zeros in front");
	buf_release(&b);
}

int
main(void)
{
	test_integers();
	test_maximum();
	test_printf();
	return done_testing();
}
