/* Tests of media/flv_write: bytes as in Adobe FLV 10.1, annex E. */
#include <string.h>

#include "media/flv_write.h"
#include "tap.h"

static void
test_file(void)
{
	static const uint8_t want[] = "FLV\1\5\0\0\0\11\0\0\0";
	uint8_t got[FLV_WRITE_FILE_BYTES];

	flv_write_file(got);
	ok(memcmp(got, want, sizeof(got)) == 0,
	    "file header, audio and video, and the size 0 behind it");
}

static void
test_tag(void)
{
	static const uint8_t want[] = {
		9, 0x01, 0x02, 0x03, 0xad, 0xbe, 0xef, 0xde, 0, 0, 0
	};
	static const uint8_t end[] = { 0x00, 0x01, 0x02, 0x0e };
	uint8_t got[FLV_WRITE_TAG_BYTES], got_end[FLV_WRITE_END_BYTES];

	flv_write_tag(got, 9, 0xdeadbeef, 0x010203);
	ok(memcmp(got, want, sizeof(want)) == 0,
	    "tag header, the time's high byte last");
	flv_write_end(got_end, 0x010203);
	ok(memcmp(got_end, end, sizeof(end)) == 0,
	    "the size behind counts the header");
}

static void
test_largest(void)
{
	static const uint8_t end[] = { 0x01, 0x00, 0x00, 0x0a };
	uint8_t got[FLV_WRITE_END_BYTES];

	flv_write_end(got, 0xffffff);
	ok(memcmp(got, end, sizeof(end)) == 0,
	    "the size behind the largest body has 25 bits");
}

int
main(void)
{
	test_file();
	test_tag();
	test_largest();
	return done_testing();
}
