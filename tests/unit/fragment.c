#include <string.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "tap.h"

static const uint8_t asc[] = { 0x12, 0x10 };
static const struct track audio = { .id = 1, .kind = TRACK_AUDIO,
    .codec = CODEC_AAC, .timescale = 44100, .sample_rate = 44100,
    .channels = 2, .config = asc, .config_bytes = sizeof(asc) };
static const struct mp4_sample sample = { (const uint8_t *)"abcd", 4, 1024, 0,
    true };
static const struct mp4_run run = { 1, 44100, &sample, 1 };
static const struct fragment_info info = { .flags = FRAGMENT_DEPENDENT |
    FRAGMENT_LAST, .back = 3, .timescale = 90000,
    .start = INT64_C(0x123456789ab), .end = INT64_C(0x123456789ac),
    .arrival_us = 1700000000123456, .date_us = 1700000000234567 };

static struct err err = ERR_INIT;

static void
put_file(struct buf *b)
{
	mp4_put_ftyp(b);
	fragment_put_info(b, &info);
	mp4_put_moov(b, &audio, 1);
	mp4_put_prft(b, 1, info.arrival_us, run.dts);
	mp4_put_fragment(b, 0, &run, 1);
}

static void
seal(struct buf *b)
{
	ok(fragment_seal(&(struct iovec){ b->p, b->n }, 1, &err) == 0,
	    "seal (%s)", err.text);
}

static void
test_info(void)
{
	const struct fragment_info stamp = { .name = 34, .epoch = 12,
	    .seq = 345678901, .date_us = 1700000000345678 };
	struct fragment_info got;
	struct buf b;
	size_t least = 0;

	buf_init(&b, 1 << 20);
	put_file(&b);
	ok(fragment_get_info(b.p, FRAGMENT_HEAD_BYTES, &got, &err) == 0 &&
	    got.flags == info.flags && got.epoch == 0 && got.seq == 0 &&
	    got.back == 3 && got.timescale == 90000 &&
	    got.start == info.start && got.end == info.end &&
	    got.arrival_us == info.arrival_us &&
	    got.date_us == info.date_us, "what is put in comes out");
	while (fragment_get_info(b.p, least, &got, &err) == -1)
		least++;
	ok(least > 72 && least < FRAGMENT_HEAD_BYTES,
	    "the first %zu bytes are enough", least);

	ok(fragment_stamp(b.p, b.n, &stamp, &err) == 0 &&
	    fragment_get_info(b.p, b.n, &got, &err) == 0 && got.epoch == 12 &&
	    got.seq == 345678901 && got.name == 34 &&
	    got.date_us == stamp.date_us && got.start == info.start,
	    "the stamp can be read");
	ok(memmem(b.p, b.n, "mfhd\0\0\0\0\x14\x9a\xa4\x35", 12) != NULL,
	    "and stands in mfhd too");
	b.p[40] ^= 1;			/* in the usertype */
	ok(fragment_get_info(b.p, b.n, &got, &err) == -1 &&
	    err.cls == ERR_DATA, "another uuid box is not ours");
	buf_release(&b);
}

/* One bit of each byte is changed, one after another. */
static bool
every_byte_counts(struct buf *b)
{
	struct fragment_info got;

	for (size_t i = 0; i < b->n; i++) {
		b->p[i] ^= 1u << i % 8;
		if (fragment_check(b->p, b->n, &got, &err) == 0 ||
		    err.cls != ERR_DATA)
			return false;
		b->p[i] ^= 1u << i % 8;
	}
	return fragment_check(b->p, b->n, &got, &err) == 0;
}

static void
test_check(void)
{
	const struct fragment_info stamp = { .epoch = 2, .seq = 3,
	    .name = fragment_name("cam", "src"), .date_us = 4 };
	struct fragment_info got;
	struct buf b;

	buf_init(&b, 1 << 20);
	put_file(&b);
	ok(fragment_check(b.p, b.n, &got, &err) == -1, "not sealed: %s",
	    err.text);
	seal(&b);
	ok(fragment_check(b.p, b.n, &got, &err) == 0 && got.bytes == b.n,
	    "sealed (%s)", err.text);
	ok(every_byte_counts(&b), "every byte counts");
	ok(fragment_check(b.p, b.n - 1, &got, &err) == -1, "cut short: %s",
	    err.text);
	buf_put_u8(&b, 0);
	ok(fragment_check(b.p, b.n, &got, &err) == -1, "longer: %s", err.text);
	b.n--;
	ok(fragment_stamp(b.p, b.n, &stamp, &err) == 0 && fragment_check(b.p, b.n, &got, &err) == 0 &&
	    got.epoch == 2 && got.seq == 3,
	    "stamped it stays sealed (%s)", err.text);
	ok(every_byte_counts(&b), "and every byte counts");
	b.p[memmem(b.p, b.n, "mfhd", 4) - (void *)b.p + 11]++;
	ok(fragment_check(b.p, b.n, &got, &err) == -1,
	    "another number in mfhd: %s", err.text);
	buf_release(&b);
}

/* In pieces, as fragment-split has it, and an init segment. */
static void
test_seal(void)
{
	const struct fragment_info init = { .timescale = 44100, .epoch = 1 };
	struct fragment_info got;
	struct buf b;

	buf_init(&b, 1 << 20);
	put_file(&b);
	ok(fragment_seal((struct iovec []){ { b.p, b.n - 3 }, { NULL, 0 },
	    { b.p + b.n - 3, 3 } }, 3, &err) == 0 &&
	    fragment_check(b.p, b.n, &got, &err) == 0,
	    "sealed in pieces (%s)", err.text);
	ok(fragment_seal((struct iovec []){ { b.p, 200 }, { b.p + 200,
	    b.n - 200 } }, 2, &err) == -1, "a piece too short: %s", err.text);
	buf_reset(&b);
	mp4_put_ftyp(&b);
	fragment_put_info(&b, &init);
	mp4_put_moov(&b, &audio, 1);
	seal(&b);
	ok(every_byte_counts(&b), "an init segment too");
	buf_reset(&b);
	put_file(&b);
	b.p[b.p[3] + 24] = 2;
	seal(&b);
	ok(every_byte_counts(&b), "one with the older checksum too");
	b.p[b.p[3] + 24] = 4;
	ok(fragment_get_info(b.p, b.n, &got, &err) == -1,
	    "not one of a later version: %s", err.text);
	buf_release(&b);
}

static void
test_name(void)
{
	ok(fragment_name("cam", "src") == UINT64_C(0x8c18e5d6355a5721),
	    "a name as others compute it");
	ok(fragment_name("cam", "src") != fragment_name("cam", "low") &&
	    fragment_name("cam", "src") != fragment_name("cab", "src"),
	    "another stream or rendition has another name");
}

static void
refused(const struct fragment_info *bad, const char *name)
{
	struct fragment_info got;
	struct buf b;

	buf_init(&b, 1024);
	mp4_put_styp(&b);
	fragment_put_info(&b, bad);
	ok(fragment_get_info(b.p, b.n, &got, &err) == -1 &&
	    err.cls == ERR_DATA, "%s: %s", name, err.text);
	buf_release(&b);
}

static void
test_bad_info(void)
{
	struct fragment_info bad = info;

	bad.timescale = 0;
	refused(&bad, "no timescale");
	bad = info;
	bad.end = bad.start - 1;
	refused(&bad, "ends before it starts");
	bad = info;
	bad.start = -1;
	refused(&bad, "starts before zero");
	bad = info;
	bad.end = INT64_MAX;
	refused(&bad, "ends at the end of time");
	bad = info;
	bad.arrival_us = -1;
	refused(&bad, "arrived before 1970");
	bad = info;
	bad.date_us = FRAGMENT_WALL_US_MAX + 1;
	refused(&bad, "dated behind the year 9999");
}

static void
test_length(void)
{
	struct buf b;
	size_t one, bytes;
	bool waits = true;

	buf_init(&b, 1 << 20);
	put_file(&b);
	one = b.n;
	put_file(&b);
	for (size_t n = 0; n < one; n++)
		waits = waits &&
		    fragment_length(b.p, n, &bytes, &err) == 0;
	ok(waits, "length: of any part it is not yet known");
	ok(fragment_length(b.p, one, &bytes, &err) == 1 && bytes == one,
	    "length: of one");
	ok(fragment_length(b.p, b.n, &bytes, &err) == 1 && bytes == one,
	    "length: of the first of two");
	ok(fragment_length(b.p + 8, b.n - 8, &bytes, &err) == -1 &&
	    err.cls == ERR_DATA, "length: not at its beginning");
	b.p[one - 12] = LIMIT_FRAGMENT_BYTES >> 24;	/* size of mdat */
	ok(fragment_length(b.p, b.n, &bytes, &err) == -1 &&
	    err.cls == ERR_DATA, "length: too large, at once: %s", err.text);
	ok(fragment_length((const uint8_t *)"HTTP/1.1", 8, &bytes, &err)
	    == -1, "length: of something else");
	buf_release(&b);
}

static void
test_us(void)
{
	ok(fragment_us(90000, 90000) == 1000000 &&
	    fragment_us(1, 90000) == 11 && fragment_us(-1, 90000) == -12 &&
	    fragment_us(44100 * INT64_C(3) / 2, 44100) == 1500000,
	    "microseconds, rounded down");
	ok(fragment_us(INT64_MAX, 1) == INT64_MAX &&
	    fragment_us(INT64_MIN, 3) == INT64_MIN &&
	    fragment_us(INT64_MAX, UINT32_MAX) > 0 &&
	    fragment_us(INT64_MIN, UINT32_MAX) < 0, "never an overflow");
}

int
main(void)
{
	test_info();
	test_check();
	test_seal();
	test_name();
	test_bad_info();
	test_length();
	test_us();
	return done_testing();
}
