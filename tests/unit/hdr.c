/*
 * HDR10 metadata as bytes, in the order and the units of the standards.
 */
#include <assert.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/mastering_display_metadata.h>

#include "media/hdr.h"
#include "tap.h"

static AVMasteringDisplayMetadata *
describe(AVFrame *f)
{
	static const int xy[3][2] = { { 34000, 16000 }, { 13250, 34500 },
	    { 7500, 3000 } };	/* red, green, blue */
	AVMasteringDisplayMetadata *m =
	    av_mastering_display_metadata_create_side_data(f);
	int i;

	assert(m != NULL);
	for (i = 0; i < 6; i++)
		m->display_primaries[i / 2][i % 2] =
		    (AVRational){ xy[i / 2][i % 2], 50000 };
	m->white_point[0] = (AVRational){ 15635, 50000 };
	m->white_point[1] = (AVRational){ 329, 1000 };
	m->max_luminance = (AVRational){ 1000, 1 };
	m->min_luminance = (AVRational){ 1, 200 };
	m->has_primaries = m->has_luminance = 1;
	return m;
}

int
main(void)
{
	static const uint8_t want[24] = { 0x33, 0xc2, 0x86, 0xc4, 0x1d, 0x4c,
	    0x0b, 0xb8, 0x84, 0xd0, 0x3e, 0x80, 0x3d, 0x13, 0x40, 0x42, 0,
	    0x98, 0x96, 0x80, 0, 0, 0, 50 };
	AVFrame *f = av_frame_alloc();
	AVMasteringDisplayMetadata *m;
	AVContentLightMetadata *light;
	struct track_hdr hdr;

	assert(f != NULL);
	hdr = hdr_of(f);
	ok(!hdr.has_display && !hdr.has_light, "nothing is said");
	m = describe(f);
	hdr = hdr_of(f);
	ok(hdr.has_display && memcmp(hdr.display, want, sizeof(want)) == 0,
	    "a display: green, blue, red");
	m->max_luminance = (AVRational){ INT32_MAX, 1 };
	m->white_point[0] = (AVRational){ 1, 0 };
	m->white_point[1] = (AVRational){ -1, 2 };
	hdr = hdr_of(f);
	ok(memcmp(hdr.display + 12, "\0\0\0\0\xff\xff\xff\xff", 8) == 0,
	    "lies stay within bounds");
	m->has_luminance = 0;
	ok(!hdr_of(f).has_display, "half of it is nothing");
	light = av_content_light_metadata_create_side_data(f);
	assert(light != NULL);
	light->MaxCLL = 1000;
	light->MaxFALL = 70000;
	hdr = hdr_of(f);
	ok(hdr.has_light && memcmp(hdr.light, "\x03\xe8\xff\xff", 4) == 0,
	    "how bright it gets");
	av_frame_free(&f);
	return done_testing();
}
