#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/jpeg.h"
#include "tap.h"

/* 40 by 20, 4:2:0: 3 by 2 blocks of 16 by 16.  The tables are not looked at. */
static const uint8_t picture[] = {
	0xff, 0xd8,
	0xff, 0xe0, 0, 4, 'J', 'F',
	0xff, 0xc0, 0, 17, 8, 0, 20, 0, 40, 3, 1, 0x22, 0, 2, 0x11, 0, 3,
	0x11, 0,
	0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0,
	0x12, 0xff, 0x00, 0x34,
	0xff, 0xd9
};
#define HEIGHT_AT	13
#define SOS_AT		27
#define SCAN_AT		41

static struct err err = ERR_INIT;

/* The picture with the byte at AT changed. */
static int
parse_with(size_t at, uint8_t value)
{
	uint8_t copy[sizeof(picture)];
	struct jpeg j;

	memcpy(copy, picture, sizeof(copy));
	copy[at] = value;
	err = (struct err)ERR_INIT;
	return jpeg_parse(&j, copy, sizeof(copy), &err);
}

static void
test_parse(void)
{
	struct jpeg j;
	size_t n;
	int refused = 0;

	ok(jpeg_parse(&j, picture, sizeof(picture), &err) == 0, "a picture");
	ok(j.width == 40 && j.height == 20 && j.blocks == 6 && j.rows == 32,
	    "its size, and the lines that its blocks cover");
	ok(j.height_at == HEIGHT_AT && j.sos_at == SOS_AT &&
	    j.head_bytes == SCAN_AT && j.scan_bytes == 4, "where is what");
	for (n = 0; n < sizeof(picture); n++)
		refused += jpeg_parse(&j, picture, n, &err) == -1;
	ok(refused == (int)sizeof(picture), "cut short anywhere: refused");
	ok(parse_with(9, 0xc2) == -1, "progressive: refused");
	ok(parse_with(3, 0xdd) == -1, "restart intervals: refused");
	ok(parse_with(14, 0) == -1, "no height: refused");
	ok(parse_with(19, 0x51) == -1, "a sampling factor of 5: refused");
	ok(parse_with(SCAN_AT + 2, 0xd0) == -1 &&
	    strstr(err.text, "marker in the scan") != NULL,
	    "a marker in the scan: refused");
}

static void
test_join(void)
{
	uint8_t other[sizeof(picture)];
	struct jpeg j[10];
	struct buf b;
	int i;

	memcpy(other, picture, sizeof(other));
	other[SCAN_AT] = 0x56;
	for (i = 0; i < 10; i++)
		if (jpeg_parse(&j[i], i == 9 ? other : picture,
		    sizeof(picture), &err) == -1)
			ok(false, "parsed");
	ok(jpeg_alike(&j[0], &j[9]), "other contents: alike");
	buf_init(&b, 1000);
	ok(jpeg_join(&b, j, 10, &err) == 0, "joined");
	/* DRI of 6 bytes in front of SOS, RST in front of 9 scans. */
	ok(b.n == SCAN_AT + 6 + 10 * 4 + 9 * 2 + 2, "as long as its parts");
	ok(b.p[HEIGHT_AT] == 1 && b.p[HEIGHT_AT + 1] == 9 * 32 + 20 - 256,
	    "as high as the distances, and the last");
	ok(memcmp(b.p + SOS_AT, "\xff\xdd\0\4\0\6\xff\xda", 8) == 0,
	    "an interval is a picture");
	ok(memcmp(b.p + b.n - 8, "\xff\xd0\x56\xff\0\x34\xff\xd9", 8) == 0,
	    "restarts count to eight, the last picture is the last");
	buf_release(&b);
	other[HEIGHT_AT + 1] = 21;
	ok(jpeg_parse(&j[1], other, sizeof(other), &err) == 0 &&
	    !jpeg_alike(&j[0], &j[1]), "another size: not alike");
	j[0].height = 65000;
	j[0].rows = 65008;
	buf_init(&b, 1000);
	ok(jpeg_join(&b, j, 2, &err) == -1, "too high: refused");
	buf_release(&b);
}

int
main(void)
{
	test_parse();
	test_join();
	return done_testing();
}
