#include "media/av1.h"

#include <string.h>

#include "base/err.h"
#include "tap.h"

/* A temporal delimiter; frames: key and shown, inter, shown again. */
#define DELIMITER	0x12, 0
#define KEY		0x32, 2, 0x10, 0
#define INTER		0x32, 2, 0x30, 0
#define AGAIN		0x1a, 1, 0x80

/*
 * Profile 0, one operating point of level 2.0, 9 bits for the width and 8 for
 * the height: 320x180.  Cut behind it.
 */
#define SEQUENCE	0x0a, 7, 0x00, 0x00, 0x00, 0x04, 0x3c, \
			0xfe, 0xcc

static void
test_unit(void)
{
	static const uint8_t key[] = { SEQUENCE, KEY };
	static const uint8_t inter[] = { INTER };
	static const uint8_t hidden[] = { 0x32, 2, 0x00, 0 };
	static const uint8_t hidden_then[] = { 0x32, 2, 0x00, 0, INTER };
	static const uint8_t intra[] = { 0x32, 2, 0x50, 0 };
	static const uint8_t again[] = { AGAIN };
	static const uint8_t header[] = { 0x1a, 2, 0x10, 0, 0x22, 1, 0 };
	static const uint8_t extension[] = { 0x36, 0x08, 2, 0x10, 0 };
	static const uint8_t sizeless[] = { 0x30, 0x10, 0 };
	struct av1_unit u;

	av1_unit_scan(key, sizeof(key), &u);
	ok(u.picture && u.sync, "a key frame behind a sequence header");
	av1_unit_scan(inter, sizeof(inter), &u);
	ok(u.picture && !u.sync, "an inter frame");
	av1_unit_scan(hidden, sizeof(hidden), &u);
	ok(u.picture && !u.sync, "a key frame that is not shown");
	av1_unit_scan(hidden_then, sizeof(hidden_then), &u);
	ok(u.picture && !u.sync, "the same before another frame");
	av1_unit_scan(intra, sizeof(intra), &u);
	ok(u.picture && !u.sync, "intra only is no key frame");
	av1_unit_scan(again, sizeof(again), &u);
	ok(u.picture && !u.sync, "a frame shown again");
	av1_unit_scan(header, sizeof(header), &u);
	ok(u.picture && u.sync, "a frame header and a tile group");
	av1_unit_scan(extension, sizeof(extension), &u);
	ok(u.picture && u.sync, "an OBU with an extension");
	av1_unit_scan(sizeless, sizeof(sizeless), &u);
	ok(u.picture && u.sync, "an OBU without a size: the rest");
}

static void
test_damaged(void)
{
	static const uint8_t none[] = { SEQUENCE };
	static const uint8_t cut[] = { 0x32, 9, 0x10 };
	static const uint8_t forbidden[] = { 0xb2, 2, 0x10, 0 };
	static const uint8_t endless[] = { 0x32, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0x10 };
	static const uint8_t empty[] = { 0x32, 0 };
	struct av1_unit u;

	av1_unit_scan(NULL, 0, &u);
	ok(!u.picture && !u.sync, "nothing");
	av1_unit_scan(none, sizeof(none), &u);
	ok(!u.picture, "a sequence header alone is no picture");
	av1_unit_scan(cut, sizeof(cut), &u);
	ok(!u.picture, "longer than there is");
	av1_unit_scan(forbidden, sizeof(forbidden), &u);
	ok(!u.picture, "the forbidden bit");
	av1_unit_scan(endless, sizeof(endless), &u);
	ok(!u.picture, "a size that does not end");
	av1_unit_scan(empty, sizeof(empty), &u);
	ok(u.picture, "an empty frame is not read behind its end");
}

static void
test_size(void)
{
	static const uint8_t sequence[] = { DELIMITER, SEQUENCE, KEY };
	static const uint8_t cut[] = { 0x0a, 3, 0x00, 0x00, 0x00 };
	static const uint8_t key[] = { KEY };
	struct av1_size size = { 0, 0 };

	ok(av1_find_size(sequence, sizeof(sequence), &size) &&
	    size.width == 320 && size.height == 180, "a size: %dx%d",
	    size.width, size.height);
	ok(!av1_find_size(cut, sizeof(cut), &size), "a header cut short");
	ok(!av1_find_size(key, sizeof(key), &size), "no header");
}

/* What P of BYTES begins with after trimming, and that N went. */
static bool
trims(const uint8_t *p, size_t bytes, size_t n)
{
	const uint8_t *was = p;
	size_t left = bytes;

	av1_trim(&p, &left);
	return p == was + n && left == bytes - n;
}

static void
test_trim(void)
{
	static const uint8_t plain[] = { KEY };
	static const uint8_t delimited[] = { DELIMITER, KEY };
	static const uint8_t offset[] = { 0, 0, 40, KEY };
	static const uint8_t both[] = { 0, 0, 0, DELIMITER, KEY };
	static const uint8_t alone[] = { DELIMITER };

	ok(trims(plain, sizeof(plain), 0), "nothing to trim");
	ok(trims(delimited, sizeof(delimited), 2), "a temporal delimiter");
	ok(trims(offset, sizeof(offset), 3), "an offset that AV1 does not have");
	ok(trims(both, sizeof(both), 5), "both");
	ok(trims(alone, sizeof(alone), 0), "a delimiter alone stays");
	ok(trims(plain, 0, 0) && trims(plain, 1, 0), "next to nothing");
}

static void
test_config(void)
{
	static const uint8_t good[] = { 0x81, 0x04, 0x0c, 0 };
	static const uint8_t version[] = { 0x82, 0x04, 0x0c, 0 };
	static const uint8_t marker[] = { 0x01, 0x04, 0x0c, 0 };
	struct err err = ERR_INIT;

	ok(av1_config_check(good, sizeof(good), &err) == 0, "a record");
	ok(av1_config_check(good, 3, &err) == -1 && err.cls == ERR_DATA,
	    "cut short: %s", err.text);
	ok(av1_config_check(version, sizeof(version), &err) == -1,
	    "another version");
	ok(av1_config_check(marker, sizeof(marker), &err) == -1, "no marker");
}

static void
test_transfer(void)
{
	static const uint8_t none[] = { SEQUENCE };
	static const uint8_t pq[] = {	/* from libaom */
	    0x0a, 0x0e, 0x00, 0x00, 0x00, 0x04, 0x3c, 0xfe, 0xcc, 0xda, 0xf9,
	    0x50, 0x91, 0x00, 0x90, 0x40 };
	static const uint8_t hlg[] = {	/* from SVT-AV1 */
	    0x0a, 0x0e, 0x00, 0x00, 0x00, 0x04, 0x3c, 0xfe, 0xcc, 0x02, 0xf8,
	    0x50, 0x91, 0x20, 0x90, 0x40 };
	uint8_t got;
	size_t n;

	ok(av1_transfer(pq, sizeof(pq)) == 16, "PQ");
	ok(av1_transfer(hlg, sizeof(hlg)) == 18, "HLG");
	ok(av1_transfer(none, sizeof(none)) == 0 &&
	    av1_transfer(NULL, 0) == 0, "nothing is said");
	for (n = 0, got = 0; n < sizeof(pq); n++)
		got |= av1_transfer(pq, n);
	ok(got == 0, "a sequence header that is cut");
}

int
main(void)
{
	test_transfer();
	test_unit();
	test_damaged();
	test_size();
	test_trim();
	test_config();
	return done_testing();
}
