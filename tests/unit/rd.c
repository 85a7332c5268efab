#include "base/rd.h"

#include <string.h>

#include "tap.h"

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, 15, 16, 17, 18, 19, 20, 21, 22 };

static void
test_integers(void)
{
	struct rd r;

	rd_init(&r, bytes, sizeof(bytes), 1000);
	ok(rd_u8(&r) == 1 && rd_u16(&r) == 0x0203 && rd_u24(&r) == 0x040506 &&
	    rd_u32(&r) == 0x0708090a && rd_u32le(&r) == 0x0e0d0c0b &&
	    rd_u64(&r) == UINT64_C(0x0f10111213141516), "integers");
	ok(rd_left(&r) == 0 && rd_offset(&r) == 1022 && !r.bad,
	    "at the end, and not bad");
	ok(rd_u8(&r) == 0 && r.bad, "one more is 0 and bad");
}

static void
test_sticky(void)
{
	struct rd r;

	rd_init(&r, bytes, 3, 0);
	ok(rd_u32(&r) == 0 && r.bad && rd_offset(&r) == 0,
	    "a short read moves nothing");
	ok(rd_u8(&r) == 0, "bad sticks, though a byte is left");
	ok(rd_bytes(&r, 0) == NULL, "even for nothing");
	rd_init(&r, bytes, 3, 0);
	ok(rd_bytes(&r, SIZE_MAX) == NULL && r.bad, "no length overflows");
}

static void
test_sub(void)
{
	struct rd r, sub;

	rd_init(&r, bytes, 10, 50);
	rd_u16(&r);
	sub = rd_sub(&r, 4);
	ok(rd_left(&sub) == 4 && rd_offset(&sub) == 52 && rd_offset(&r) == 56,
	    "a child knows its place, the parent is behind it");
	ok(rd_u32(&sub) == 0x03040506 && rd_u8(&sub) == 0 && sub.bad && !r.bad,
	    "the child cannot leave its window");
	sub = rd_sub(&r, 5);
	ok(sub.bad && r.bad && rd_left(&sub) == 0,
	    "a child larger than its parent is bad, and so is the parent");
}

int
main(void)
{
	test_integers();
	test_sticky();
	test_sub();
	return done_testing();
}
