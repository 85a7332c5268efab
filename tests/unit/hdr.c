/*
 * HDR10 metadata as bytes, in the order and the units of the standards,
 * wherever a stream says it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "media/hdr.h"
#include "tap.h"

/* Zeros in it, which have to be escaped: 0.0005 cd/m2. */
static const struct track_hdr film = { true, true, { 0x33, 0xc2, 0x86, 0xc4,
    0x1d, 0x4c, 0x0b, 0xb8, 0x84, 0xd0, 0x3e, 0x80, 0x3d, 0x13, 0x40, 0x42,
    0, 0x98, 0x96, 0x80, 0, 0, 0, 5 }, { 0x03, 0xe8, 0x01, 0x90 } };

static bool
is_film(const struct track_hdr *h)
{
	return h->has_display && h->has_light &&
	    memcmp(h->display, film.display, sizeof(h->display)) == 0 &&
	    memcmp(h->light, film.light, sizeof(h->light)) == 0;
}

/* What is found in the N bytes at P; a copy, so that no more is read. */
static struct track_hdr
find(const struct track *track, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n + 1);
	struct track_hdr hdr;

	memcpy(copy, p, n);
	copy = realloc(copy, n > 0 ? n : 1);
	hdr = hdr_find(track, 4, copy, n);
	free(copy);
	return hdr;
}

static void
test_sei(struct buf *b)
{
	struct track track = { .codec = CODEC_HEVC };
	struct track_hdr hdr;
	size_t i;

	buf_put(b, "\0\0\0\3\x40\1x", 7);	/* a VPS */
	hdr_put_hevc(b, &film);
	buf_put(b, "\0\0\0\2\x26\1", 6);
	hdr = find(&track, b->p, b->n);
	ok(is_film(&hdr), "HEVC: what was put in is found");
	for (i = 0; i < b->n; i++) {
		hdr = find(&track, b->p, i);
		if (hdr.has_light)
			break;
	}
	ok(i == b->n - 6, "and not before it is all there");
	track.codec = CODEC_H264;
	hdr = find(&track, b->p, b->n);
	ok(!hdr.has_display && !hdr.has_light, "H.264 has other headers");
}

static void
test_avc(struct buf *b)
{
	const struct track track = { .codec = CODEC_H264 };
	struct track_hdr hdr;

	/* A message of 256 bytes, ours, one of a size that is not ours. */
	buf_reset(b);
	buf_put_u32(b, 1 + 3 + 256 + 2 + 4 + 2 + 3 + 1);
	buf_put(b, "\6\5\xff\1", 4);
	for (int i = 0; i < 256; i++)
		buf_put_u8(b, 0x90);
	buf_put_u8(b, 144);
	buf_put_u8(b, 4);
	buf_put(b, film.light, 4);
	buf_put(b, "\x89\3abc\x80", 6);
	hdr = find(&track, b->p, b->n);
	ok(hdr.has_light && memcmp(hdr.light, film.light, 4) == 0 &&
	    !hdr.has_display, "H.264: behind a long message");
}

static void
test_hvcc(struct buf *b)
{
	struct track track = { .codec = CODEC_HEVC };
	struct buf config;
	struct track_hdr hdr;

	buf_reset(b);
	hdr_put_hevc(b, &film);
	buf_init(&config, 4096);
	for (int i = 0; i < 22; i++)
		buf_put_u8(&config, 1);
	buf_put_u8(&config, 1);
	buf_put(&config, "\x27\0\1", 3);
	buf_put(&config, b->p + 2, 2 + ((size_t)b->p[2] << 8 | b->p[3]));
	track.config = config.p;
	track.config_bytes = config.n;
	hdr = find(&track, b->p, 0);
	ok(hdr.has_display && !hdr.has_light &&
	    memcmp(hdr.display, film.display, sizeof(hdr.display)) == 0,
	    "hvcC: in its arrays");
	track.config_bytes--;
	hdr = find(&track, b->p, 0);
	ok(!hdr.has_display, "which are cut short");
	hdr = find(&track, b->p, b->n);
	ok(is_film(&hdr), "the picture says it");
	buf_release(&config);
}

static void
test_av1(struct buf *b)
{
	static const uint16_t xy[8] = { 44564, 20972, 17367, 45220, 9830, 3932,
	    20493, 21561 };	/* red, green, blue, white; 0.16 */
	const struct track track = { .codec = CODEC_AV1 };
	struct track_hdr hdr;

	buf_reset(b);
	buf_put(b, "\x12\0\x2a\5\1\x03\xe8\x01\x90", 9);
	buf_put(b, "\x2a\x1a\2", 3);
	for (int i = 0; i < 8; i++)
		buf_put_u16(b, xy[i]);
	buf_put_u32(b, 1000 << 8);
	buf_put_u32(b, 8);		/* 0.0005 of 18.14 */
	buf_put_u8(b, 0x80);
	hdr = find(&track, b->p, b->n);
	ok(is_film(&hdr), "AV1: metadata OBUs, in other units");
	hdr = find(&track, b->p, b->n - 4);
	ok(!hdr.has_display && hdr.has_light, "which are cut short");
}

int
main(void)
{
	struct buf b;

	buf_init(&b, 4096);
	test_sei(&b);
	test_avc(&b);
	test_hvcc(&b);
	test_av1(&b);
	buf_release(&b);
	return done_testing();
}
