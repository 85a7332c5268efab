#include <string.h>

#include "base/buf.h"
#include "media/nal.h"
#include "tap.h"

static void
test_avc(void)
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
	struct nal_unit u;
	struct buf b;

	buf_init(&b, 1024);
	nal_unit_scan(CODEC_H264, idr, sizeof(idr), 4, &u);
	ok(u.picture && u.sync && u.clean && !u.annexb, "an IDR picture");
	nal_unit_scan(CODEC_H264, inter, sizeof(inter), 2, &u);
	ok(u.picture && !u.sync && u.clean, "another one, lengths of 2 bytes");
	nal_unit_scan(CODEC_H264, idr, 6, 4, &u);
	ok(!u.picture && u.clean, "no picture at all");
	nal_unit_scan(CODEC_H264, one, sizeof(one), 4, &u);
	ok(u.clean && !u.annexb && u.picture,
	    "a length of 1 is no start code when all comes out even");

	nal_unit_scan(CODEC_H264, holes, sizeof(holes), 4, &u);
	nal_put_unit(&b, holes, sizeof(holes), 4, &u);
	ok(u.picture && !u.clean && b.n == 6 &&
	    memcmp(b.p, holes + 4, 6) == 0, "empty units are left out");
	buf_reset(&b);
	nal_unit_scan(CODEC_H264, cut, sizeof(cut), 4, &u);
	nal_put_unit(&b, cut, sizeof(cut), 4, &u);
	ok(u.picture && !u.sync && !u.clean && b.n == 6,
	    "a unit that is cut short is left out");
	buf_reset(&b);
	nal_unit_scan(CODEC_H264, annexb, sizeof(annexb), 4, &u);
	nal_put_unit(&b, annexb, sizeof(annexb), 4, &u);
	ok(u.annexb && u.sync && b.n == sizeof(want) &&
	    memcmp(b.p, want, b.n) == 0, "start codes become lengths");
	buf_release(&b);
}

static struct nal_unit
hevc(uint8_t type)
{
	const uint8_t bytes[] = { 0, 0, 0, 3, (uint8_t)(type << 1), 1, 7 };
	struct nal_unit u;

	nal_unit_scan(CODEC_HEVC, bytes, sizeof(bytes), 4, &u);
	return u;
}

static void
test_hevc(void)
{
	ok(hevc(19).picture && hevc(19).sync && !hevc(19).open && hevc(20).sync,
	    "HEVC: an IDR picture");
	ok(hevc(21).sync && hevc(21).open, "HEVC: CRA is an open start");
	ok(hevc(16).sync && !hevc(16).open, "HEVC: BLA is a start");
	ok(hevc(1).picture && !hevc(1).sync && !hevc(9).sync,
	    "HEVC: other pictures");
	ok(!hevc(33).picture && !hevc(39).picture && hevc(33).clean,
	    "HEVC: parameter sets and SEI are no pictures");
}

int
main(void)
{
	test_avc();
	test_hevc();
	return done_testing();
}
