#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/avcc.h"
#include "tap.h"

#define SPS	0x67, 100, 0, 31, 0xac, 0x80
#define PPS	0x68, 0xee, 0x3c
#define AUD	0x09, 0xf0
#define SEI_X264	0x06, 5, 4, 1, 2, 3, 4, 0x80
#define SEI_CC	0x06, 4, 3, 0xb5, 0, 0x31, 0x80
#define IDR	0x65, 0x88, 0x84
#define SLICE	0x41, 0x9a, 0x01

static const uint8_t headers[] = { 0, 0, 0, 1, SPS, 0, 0, 0, 1, PPS,
    0, 0, 1, SEI_X264 };
static const uint8_t unit[] = { 0, 0, 0, 1, AUD, 0, 0, 0, 1, SPS,
    0, 0, 0, 1, PPS, 0, 0, 1, SEI_X264, 0, 0, 1, SEI_CC,
    0, 0, 1, IDR, 0, 0, 0 };

static bool
holds(const struct buf *b, const uint8_t *want, size_t n)
{
	return b->n == n && memcmp(b->p, want, n) == 0;
}

static void
config(void)
{
	static const uint8_t want[] = { 1, 100, 0, 31, 0xff, 0xe1, 0, 6, SPS,
	    1, 0, 3, PPS, 0xfd, 0xf8, 0xf8, 0 };
	static const uint8_t sps_only[] = { 0, 0, 1, SPS };
	static const uint8_t main_profile[] = { 0, 0, 1, 0x67, 77, 0x40, 30, 9,
	    0, 0, 1, PPS };
	static const uint8_t want_main[] = { 1, 77, 0x40, 30, 0xff, 0xe1, 0, 5,
	    0x67, 77, 0x40, 30, 9, 1, 0, 3, PPS };
	struct err err = ERR_INIT;
	struct buf b;

	buf_init(&b, 4096);
	ok(avcc_put_config(&b, headers, sizeof(headers), &err) == 0,
	    "a record from High parameter sets");
	ok(holds(&b, want, sizeof(want)), "is the record of 14496-15");
	buf_reset(&b);
	ok(avcc_put_config(&b, main_profile, sizeof(main_profile), &err) == 0 &&
	    holds(&b, want_main, sizeof(want_main)),
	    "Main has no chroma fields");
	buf_reset(&b);
	ok(avcc_put_config(&b, sps_only, sizeof(sps_only), &err) == -1 &&
	    err.cls == ERR_DATA, "no PPS is an error");
	ok(avcc_put_config(&b, headers, 0, &err) == -1, "so is nothing");
	ok(avcc_put_config(&b, headers, 6, &err) == -1, "and a cut SPS");
	buf_release(&b);
	buf_init(&b, 8);
	ok(avcc_put_config(&b, headers, sizeof(headers), &err) == -1,
	    "a full buffer is told");
	buf_release(&b);
}

static void
sample(void)
{
	static const uint8_t want[] = { 0, 0, 0, 7, SEI_CC, 0, 0, 0, 3, IDR };
	static const uint8_t slices[] = { 0, 0, 0, 1, SLICE, 0, 0, 1, SLICE };
	static const uint8_t want_slices[] = { 0, 0, 0, 3, SLICE,
	    0, 0, 0, 3, SLICE };
	static const uint8_t inner[] = { 0, 0, 1, 0x41, 0, 0, 3, 1, 0, 0, 3 };
	static const uint8_t want_inner[] = { 0, 0, 0, 8,
	    0x41, 0, 0, 3, 1, 0, 0, 3 };
	struct err err = ERR_INIT;
	struct buf b;
	bool idr;

	buf_init(&b, 4096);
	ok(avcc_put_sample(&b, unit, sizeof(unit), &idr, &err) == 0 && idr,
	    "an IDR unit");
	ok(holds(&b, want, sizeof(want)),
	    "keeps captions, drops sets, delimiter and settings");
	buf_reset(&b);
	ok(avcc_put_sample(&b, slices, sizeof(slices), &idr, &err) == 0 &&
	    !idr && holds(&b, want_slices, sizeof(want_slices)),
	    "two slices, both kinds of start code");
	buf_reset(&b);
	ok(avcc_put_sample(&b, inner, sizeof(inner), &idr, &err) == 0 &&
	    holds(&b, want_inner, sizeof(want_inner)),
	    "emulation prevention stays");
	buf_reset(&b);
	ok(avcc_put_sample(&b, headers, sizeof(headers), &idr, &err) == -1 &&
	    err.cls == ERR_DATA, "no picture is an error");
	ok(avcc_put_sample(&b, unit, 0, &idr, &err) == -1, "so is nothing");
	buf_release(&b);
}

int
main(void)
{
	config();
	sample();
	return done_testing();
}
