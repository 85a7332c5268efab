/*
 * Closed captions as a message of HEVC, byte by byte.
 */
#include <string.h>

#include "base/buf.h"
#include "media/captions.h"
#include "tap.h"

/* What is behind the length, whatever N bytes at P are; its bytes. */
static size_t
put(struct buf *b, const uint8_t *p, size_t n)
{
	buf_reset(b);
	captions_put_hevc(b, p, n);
	return b->n < 4 ? 0 : (size_t)b->p[2] << 8 | b->p[3];
}

static void
check_one(struct buf *b)
{
	static const uint8_t cc[] = { 0xfc, 0x41, 0x42, 0x99 };
	static const uint8_t want[] = { 0x4e, 1, 4, 14, 0xb5, 0, 0x31, 'G',
	    'A', '9', '4', 3, 0x41, 0xff, 0xfc, 0x41, 0x42, 0xff, 0x80 };

	ok(put(b, cc, sizeof(cc)) == sizeof(want) &&
	    b->n == 4 + sizeof(want) &&
	    memcmp(b->p + 4, want, sizeof(want)) == 0,
	    "one construct, and no part of another");
}

static void
check_escapes(struct buf *b)
{
	static const uint8_t cc[] = { 0, 0, 0, 0, 0, 1, 0, 0, 4 };
	static const uint8_t want[] = { 0, 0, 3, 0, 0, 3, 0, 1, 0, 0, 4, 0xff,
	    0x80 };

	ok(put(b, cc, sizeof(cc)) == 14 + sizeof(want) &&
	    memcmp(b->p + 4 + 14, want, sizeof(want)) == 0,
	    "no start code in it");
	ok(b->p[4 + 3] == 11 + sizeof(cc), "escapes do not count as payload");
}

static void
check_limits(struct buf *b)
{
	uint8_t cc[3 * CAPTIONS_TRIPLES_MAX + 30];

	memset(cc, 0xfc, sizeof(cc));
	ok(put(b, cc, sizeof(cc)) == 14 + 3 * CAPTIONS_TRIPLES_MAX + 2,
	    "no more than fit");
	ok(put(b, cc, 2) == 0 && b->n == 0, "nothing is no message");
}

int
main(void)
{
	struct buf b;

	buf_init(&b, 4096);
	check_one(&b);
	check_escapes(&b);
	check_limits(&b);
	buf_release(&b);
	return done_testing();
}
