#include <string.h>

#include "base/err.h"
#include "media/codec.h"
#include "tap.h"

int
main(void)
{
	static const uint8_t avcc[] = { 1, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0 };
	static const uint8_t lc[] = { 0x12, 0x10 };
	static const uint8_t he[] = { 0x2b, 0x11, 0x88, 0x00 };
	static const uint8_t usac[] = { 0xf9, 0x46 };	/* 31, then 10 */
	static const uint8_t vpcc[] = { 1, 0, 0, 0, 2, 31, 0xa0, 9, 18, 9, 0,
	    0 };
	static const uint8_t avcc_pq[] = {
	    0x01, 0x64, 0x00, 0x0c, 0xff, 0xe1, 0x00, 0x1c, 0x67, 0x64, 0x00,
	    0x0c, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 0x01, 0x6a, 0x12, 0x20,
	    0x12, 0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x19, 0x07,
	    0x8a, 0x14, 0xcb, 0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22,
	    0xc0, 0xfd, 0xf8, 0xf8, 0x00 };
	static const uint8_t av1c_pq[] = {
	    0x81, 0x00, 0x4c, 0x00, 0x0a, 0x0e, 0x00, 0x00, 0x00, 0x04, 0x3c,
	    0xfe, 0xcc, 0xda, 0xf9, 0x50, 0x91, 0x00, 0x90, 0x40 };
	struct track t = { .id = 1, .codec = CODEC_H264, .config = avcc,
	    .config_bytes = sizeof(avcc) };
	char s[CODEC_STRING_BYTES];
	struct err err = ERR_INIT;

	ok(codec_string(&t, s, &err) == 0 && strcmp(s, "avc1.64001f") == 0,
	    "H.264: profile, constraints, level");
	t.config_bytes = 6;
	ok(codec_string(&t, s, &err) == -1 && err.cls == ERR_DATA,
	    "H.264: a record that is too short");

	t.codec = CODEC_AAC;
	t.config = lc;
	t.config_bytes = sizeof(lc);
	ok(codec_string(&t, s, &err) == 0 && strcmp(s, "mp4a.40.2") == 0,
	    "AAC LC");
	t.config = he;
	t.config_bytes = sizeof(he);
	ok(codec_string(&t, s, &err) == 0 && strcmp(s, "mp4a.40.5") == 0,
	    "HE-AAC");
	t.config = usac;
	t.config_bytes = sizeof(usac);
	ok(codec_string(&t, s, &err) == 0 && strcmp(s, "mp4a.40.42") == 0,
	    "an object type of 11 bits");
	t.config_bytes = 1;
	ok(codec_string(&t, s, &err) == -1, "AAC: one byte is too short");

	t.codec = CODEC_VP9;
	t.config = vpcc;
	t.config_bytes = sizeof(vpcc);
	ok(codec_transfer(&t) == 18, "vpcC says that it is HLG");
	t.colour.transfer = 16;
	ok(codec_transfer(&t) == 16, "colr has the last word");
	t.colour.transfer = 0;
	t.codec = CODEC_H264;
	ok(codec_transfer(&t) == 0, "nothing is said");
	t.config = avcc_pq;
	t.config_bytes = sizeof(avcc_pq);
	ok(codec_transfer(&t) == 16, "PQ, says the VUI");
	t.colour.transfer = 2;
	ok(codec_transfer(&t) == 16, "and colr that it does not know");
	t.colour.transfer = 1;
	ok(codec_transfer(&t) == 1, "colr has the last word there, too");
	t.colour.transfer = 0;
	t.codec = CODEC_AV1;
	t.config = av1c_pq;
	t.config_bytes = sizeof(av1c_pq);
	ok(codec_transfer(&t) == 16, "PQ, says the sequence header in av1C");
	t.config_bytes = 3;
	ok(codec_transfer(&t) == 0, "av1C that is cut");

	t.codec = CODEC_NONE;
	ok(codec_string(&t, s, &err) == -1 && err.cls == ERR_DATA,
	    "no codec, no string");
	ok(strcmp(codec_name(CODEC_H264), "H.264") == 0 &&
	    strcmp(codec_name(CODEC_AAC), "AAC") == 0, "names for messages");
	return done_testing();
}
