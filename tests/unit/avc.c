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

int
main(void)
{
	test_config();
	return done_testing();
}
