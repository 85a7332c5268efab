#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/avc.h"
#include "tap.h"

/* High, 1920x1080 in 1920x1088, pixels of 4:3. */
static const uint8_t high1080[] = { 0x01, 0x64, 0x00, 0x28, 0xff, 0xe1, 0x00,
    0x1b, 0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5,
    0xc3, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0,
    0x3c, 0x60, 0xc6, 0x58, 0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22,
    0xc0, 0xfd, 0xf8, 0xf8, 0x00 };
#define HIGH1080_SPS_END	(8 + 0x1b)

/* Baseline, 160x128, no VUI. */
static const uint8_t base160[] = { 1, 0x42, 0x00, 0x1e, 0xff, 0xe1, 0, 8,
    0x67, 0x42, 0x00, 0x1e, 0xdc, 0x28, 0x44, 0x40, 1, 0, 2, 0x68, 0xce };

static struct err err = ERR_INIT;

static void
test_config(void)
{
	struct avc_config c = { 0 };
	uint8_t copy[sizeof(high1080)];
	bool safe = true;

	ok(avc_config_parse(high1080, sizeof(high1080), &c, &err) == 0 &&
	    c.width == 1920 && c.height == 1080 && c.nal_length_bytes == 4,
	    "1080 lines of 1088: %dx%d", c.width, c.height);
	ok(c.sar_num == 4 && c.sar_den == 3, "pixels of %u:%u",
	    (unsigned)c.sar_num, (unsigned)c.sar_den);
	ok(avc_config_parse(base160, sizeof(base160), &c, &err) == 0 &&
	    c.width == 160 && c.height == 128 && c.sar_num == 0,
	    "without VUI nothing is known of the pixels");
	memcpy(copy, high1080, sizeof(copy));
	copy[4] = 0xfe;			/* 3 bytes: no such length */
	ok(avc_config_parse(copy, sizeof(copy), &c, &err) == -1 &&
	    err.cls == ERR_DATA, "NAL lengths of 3 bytes");
	for (size_t n = 0; n < sizeof(high1080); n++)
		if (avc_config_parse(high1080, n, &c, &err) == 0 &&
		    n < HIGH1080_SPS_END)
			safe = false;
	ok(safe, "a record cut in its SPS is none");
}

static void
test_scan(void)
{
	static const uint8_t idr[] = { 0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 3,
	    0x65, 1, 2 };
	static const uint8_t inter[] = { 0, 2, 0x41, 1 };
	static const uint8_t holes[] = { 0, 0, 0, 0, 0, 0, 0, 2, 0x65, 1, 0,
	    0, 0 };
	static const uint8_t cut[] = { 0, 0, 0, 2, 0x41, 7, 0, 0, 0, 9, 0x65 };
	static const uint8_t annexb[] = { 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1,
	    0x65, 3, 4, 0, 0, 0, 1, 0x41, 0, 0, 3, 0 };
	static const uint8_t want[] = { 0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 3,
	    0x65, 3, 4, 0, 0, 0, 4, 0x41, 0, 0, 3 };
	static const uint8_t one[] = { 0, 0, 0, 1, 0x0a, 0, 0, 0, 2, 0x41, 1 };
	struct avc_unit u;
	struct buf b;

	buf_init(&b, 1024);
	avc_unit_scan(idr, sizeof(idr), 4, &u);
	ok(u.picture && u.idr && u.clean && !u.annexb, "an IDR picture");
	avc_unit_scan(inter, sizeof(inter), 2, &u);
	ok(u.picture && !u.idr && u.clean, "another one, lengths of 2 bytes");
	avc_unit_scan(idr, 6, 4, &u);
	ok(!u.picture && u.clean, "no picture at all");
	avc_unit_scan(one, sizeof(one), 4, &u);
	ok(u.clean && !u.annexb && u.picture,
	    "a length of 1 is no start code when all comes out even");

	avc_unit_scan(holes, sizeof(holes), 4, &u);
	avc_put_unit(&b, holes, sizeof(holes), 4, &u);
	ok(u.picture && !u.clean && b.n == 6 &&
	    memcmp(b.p, holes + 4, 6) == 0, "empty units are left out");
	buf_reset(&b);
	avc_unit_scan(cut, sizeof(cut), 4, &u);
	avc_put_unit(&b, cut, sizeof(cut), 4, &u);
	ok(u.picture && !u.idr && !u.clean && b.n == 6,
	    "a unit that is cut short is left out");
	buf_reset(&b);
	avc_unit_scan(annexb, sizeof(annexb), 4, &u);
	avc_put_unit(&b, annexb, sizeof(annexb), 4, &u);
	ok(u.annexb && u.idr && b.n == sizeof(want) &&
	    memcmp(b.p, want, b.n) == 0, "start codes become lengths");
	buf_release(&b);
}

int
main(void)
{
	test_config();
	test_scan();
	return done_testing();
}
