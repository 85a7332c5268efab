#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/av1.h"
#include "media/hvcc.h"
#include "media/recipe.h"
#include "media/vp9.h"
#include "tap.h"

#define VPS	0x40, 1, 0x0c, 1
/* An emulation prevention byte among the compatibility flags. */
#define SPS	0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 60, \
		0xa0
#define PPS	0x44, 1, 0xc1
#define AUD	0x46, 1, 0x50
#define SEI_X265	0x4e, 1, 5, 2, 1, 2, 0x80
#define SEI_CC	0x4e, 1, 4, 2, 0xb5, 0, 0x80
#define IDR	0x28, 1, 0xaf
#define SLICE	0x02, 1, 0xd0

static struct err err = ERR_INIT;

static bool
holds(const struct buf *b, const uint8_t *want, size_t n)
{
	return b->n == n && memcmp(b->p, want, n) == 0;
}

static void
hevc_config(void)
{
	static const uint8_t sets[] = { 0, 0, 0, 1, VPS, 0, 0, 1, SPS, 0, 0, 1,
	    PPS, 0, 0, 1, SEI_X265 };
	static const uint8_t want[] = { 1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0,
	    0, 60, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3,
	    0x80 | 32, 0, 1, 0, 4, VPS, 0x80 | 33, 0, 1, 0, 19, SPS,
	    0x80 | 34, 0, 1, 0, 3, PPS };
	static const uint8_t no_pps[] = { 0, 0, 1, VPS, 0, 0, 1, SPS };
	static const uint8_t short_sps[] = { 0, 0, 1, VPS, 0, 0, 1, 0x42, 1,
	    0, 0, 1, PPS };
	struct buf b;

	buf_init(&b, 4096);
	ok(hvcc_put_config(&b, sets, sizeof(sets), 8, &err) == 0,
	    "a record from HEVC parameter sets");
	ok(holds(&b, want, sizeof(want)), "is the record of 14496-15");
	ok(hvcc_put_config(&b, no_pps, sizeof(no_pps), 8, &err) == -1 &&
	    err.cls == ERR_DATA, "no PPS is an error");
	ok(hvcc_put_config(&b, short_sps, sizeof(short_sps), 8, &err) == -1,
	    "so is a cut SPS");
	ok(hvcc_put_config(&b, sets, 0, 8, &err) == -1, "and nothing");
	buf_release(&b);
}

static void
hevc_sample(void)
{
	static const uint8_t unit[] = { 0, 0, 0, 1, AUD, 0, 0, 1, VPS, 0, 0, 1,
	    SPS, 0, 0, 1, PPS, 0, 0, 1, SEI_X265, 0, 0, 1, SEI_CC, 0, 0, 1,
	    IDR, 0 };
	static const uint8_t want[] = { 0, 0, 0, 7, SEI_CC, 0, 0, 0, 3, IDR };
	static const uint8_t slice[] = { 0, 0, 1, SLICE };
	static const uint8_t none[] = { 0, 0, 1, AUD };
	struct buf b;
	bool idr;

	buf_init(&b, 4096);
	ok(hvcc_put_sample(&b, unit, sizeof(unit), &idr, &err) == 0 && idr &&
	    holds(&b, want, sizeof(want)), "an IDR, without what is dropped");
	buf_reset(&b);
	ok(hvcc_put_sample(&b, slice, sizeof(slice), &idr, &err) == 0 &&
	    !idr && b.n == 4 + 3, "another picture is none");
	ok(hvcc_put_sample(&b, none, sizeof(none), &idr, &err) == -1,
	    "no picture is an error");
	buf_release(&b);
}

static void
av1_config(void)
{
	/* Main, level 4.0 (8), tier 0; 320x180 */
	static const uint8_t unit[] = { 0x12, 0, 0x0a, 11, 0, 0, 0, 0x42, 0xa7,
	    0xbf, 0xe5, 0x9c, 0x80, 0x40, 0x80 };
	static const uint8_t high[] = { 0x0a, 4, 0x20, 0, 0, 0x40 };
	struct buf b;

	buf_init(&b, 4096);
	ok(av1_put_config(&b, unit, sizeof(unit), 8, &err) == 0 && b.n == 4 + 13,
	    "a record from a sequence header");
	ok(b.p[0] == 0x81 && b.p[1] == 8 && b.p[2] == 0x0c && b.p[3] == 0 &&
	    memcmp(b.p + 4, unit + 2, 13) == 0,
	    "with profile and level, and the header");
	ok(av1_put_config(&b, high, sizeof(high), 8, &err) == -1,
	    "another profile is an error");
	ok(av1_put_config(&b, unit, 2, 8, &err) == -1, "so is no header");
	buf_release(&b);
}

static int
vp9_level(int width, int height, double fps, uint64_t bps)
{
	const struct vp9_stream s = { .width = width, .height = height,
	    .fps = fps, .bps = bps, .depth = 10, .primaries = 9, .transfer = 16,
	    .matrix = 9 };
	struct buf b;
	int level;

	buf_init(&b, 64);
	vp9_make_config(&b, &s);
	assert(b.n == VP9_CONFIG_BYTES && b.p[0] == 1 &&
	    b.p[4] == 2 && b.p[6] >> 4 == 10 && b.p[7] == 9 &&
	    b.p[8] == 16 && b.p[9] == 9);
	level = b.p[5];
	buf_release(&b);
	return level;
}

static void
vp9_config(void)
{
	ok(vp9_level(640, 360, 30, 800000) == 21, "360p30 is VP9 level 2.1");
	ok(vp9_level(1280, 720, 30, 3000000) == 31, "720p30 is 3.1");
	ok(vp9_level(1920, 1080, 60, 8000000) == 41, "1080p60 is 4.1");
	ok(vp9_level(640, 360, 30, 10000000) == 31, "bits can need more");
}

static void
recipes(void)
{
	const struct recipe *r = recipe_find("av1");

	ok(r != NULL && r == recipe_of(CODEC_AV1) && recipe_find("h263") ==
	    NULL && recipe_of(CODEC_AAC) == NULL, "recipes by name and codec");
	ok(recipe_preset(r, "10") != NULL && recipe_preset(r, "fast") == NULL,
	    "a codec's own presets");
}

int
main(void)
{
	hevc_config();
	hevc_sample();
	av1_config();
	vp9_config();
	recipes();
	return done_testing();
}
