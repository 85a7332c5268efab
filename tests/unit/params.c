#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/params.h"
#include "media/sound.h"
#include "tap.h"

static struct err err = ERR_INIT;
static struct params params;
static struct buf config;

static int
record(enum codec codec, const void *p, size_t n)
{
	buf_reset(&config);
	return params_read(codec, p, n, &params, &config, &err);
}

static int
frame(enum codec codec, const void *rec, size_t rec_bytes, const void *p,
    size_t n)
{
	buf_reset(&config);
	return params_from_frame(codec, rec, rec_bytes, p, n, &params,
	    &config, &err);
}

static void
test_opus(void)
{
	static const uint8_t head[] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd',
	    1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0 };
	static const uint8_t want[] = { 0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0,
	    0 };

	ok(record(CODEC_OPUS, head, sizeof(head)) == 1 &&
	    config.n == sizeof(want) && memcmp(config.p, want, config.n) == 0 &&
	    params.track.timescale == 48000, "Opus: dOps is big-endian");
	ok(record(CODEC_OPUS, head, 18) == -1, "Opus: a head cut short");
	ok(record(CODEC_OPUS, "", 0) == 0, "Opus: an empty configuration");
	ok(frame(CODEC_OPUS, "", 0, "\xfc", 1) == 0 &&
	    memcmp(config.p, want, config.n) == 0, "Opus: stereo by a packet");
	ok(frame(CODEC_OPUS, "", 0, "\xf8", 1) == 0 &&
	    params.track.channels == 1, "Opus: mono by a packet");
	ok(frame(CODEC_OPUS, "\6", 1, "\xfc", 1) == 0 && config.n == 19 &&
	    params.track.channels == 6 &&
	    memcmp(config.p + 10, "\1\4\2\0\4\1\2\3\5", 9) == 0,
	    "Opus: six channels by the layout");
	ok(opus_packet_samples((const uint8_t *)"\x80", 1) == 120 &&
	    opus_packet_samples((const uint8_t *)"\x19", 1) == 5760 &&
	    opus_packet_samples((const uint8_t *)"\xfb\3", 2) == 2880 &&
	    opus_packet_samples((const uint8_t *)"\xfb\x3f", 2) == 0,
	    "Opus: how long a packet is");
}

static void
test_flac(void)
{
	uint8_t b[42] = "fLaC\x80\0\0\x22\x10\0\x10\0";

	b[18] = 0x0a;			/* 44100 Hz, 2 channels */
	b[19] = 0xc4;
	b[20] = 0x42;
	ok(record(CODEC_FLAC, b, 42) == 1 && config.n == 42 &&
	    params.track.sample_rate == 44100 && params.track.channels == 2 &&
	    params.frame_ticks == 4096, "FLAC: behind its magic");
	ok(record(CODEC_FLAC, b + 4, 38) == 1 && config.n == 42,
	    "FLAC: a metadata block");
	ok(record(CODEC_FLAC, b + 8, 34) == 1 && config.n == 42,
	    "FLAC: bare STREAMINFO");
	ok(record(CODEC_FLAC, b, 30) == -1, "FLAC: too short");
	ok(flac_frame_samples((const uint8_t *)"\xff\xf8\xc9\x18\0", 5) ==
	    4096 && flac_frame_samples((const uint8_t *)
	    "\xff\xf8\x79\x18\xc2\x80\x01\x01", 8) == 258,
	    "FLAC: how long a frame is");
}

static void
test_vp9(void)
{
	static const uint8_t key[] = { 0x82, 0x49, 0x83, 0x42, 0x00, 0x09,
	    0xf0, 0x05, 0xf0 };
	static const uint8_t full[] = { 1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1, 0,
	    0 };

	ok(frame(CODEC_VP9, full, 12, key, sizeof(key)) == 0 &&
	    params.track.width == 160 && params.track.height == 96 &&
	    config.n == 12 && memcmp(config.p, full, 12) == 0,
	    "VP9: size of the keyframe, a record of 12 bytes");
	ok(frame(CODEC_VP9, full + 4, 8, key, sizeof(key)) == 0 &&
	    config.n == 12 && memcmp(config.p, full, 12) == 0,
	    "VP9: a record of 8 bytes");
	ok(frame(CODEC_VP9, "", 0, key, sizeof(key)) == 0 && config.n == 12 &&
	    config.p[6] == 0x82, "VP9: no record at all");
	ok(frame(CODEC_VP9, full, 9, key, sizeof(key)) == -1,
	    "VP9: a record of 9 bytes");
	ok(params_key(CODEC_VP9, key, sizeof(key)) != 0 &&
	    params_key(CODEC_VP9, (const uint8_t *)"\x86\0", 2) == 0,
	    "VP9: only a keyframe tells");
}

static void
test_frames(void)
{
	static const uint8_t mp3[] = { 0xff, 0xfb, 0x90, 0x64 };
	static const uint8_t mp3_low[] = { 0xff, 0xf3, 0x84, 0xc4 };
	static const uint8_t ac3[] = { 0x0b, 0x77, 0, 0, 0x1e, 0x40, 0xe1,
	    0xdf };

	ok(frame(CODEC_MP3, "", 0, mp3, 4) == 0 && config.n == 0 &&
	    params.track.sample_rate == 44100 && params.track.channels == 2 &&
	    params.frame_ticks == 1152, "MP3: MPEG-1");
	ok(frame(CODEC_MP3, "", 0, mp3_low, 4) == 0 &&
	    params.track.sample_rate == 24000 && params.track.channels == 1 &&
	    params.frame_ticks == 576, "MP3: MPEG-2");
	ok(frame(CODEC_MP3, "", 0, "ID3\4", 4) == -1, "MP3: no frame");
	ok(frame(CODEC_AC3, "", 0, ac3, sizeof(ac3)) == 0 && config.n == 3 &&
	    params.track.sample_rate == 48000 && params.track.channels == 6 &&
	    params.frame_ticks == 1536, "AC-3: 5.1 channels");
}

int
main(void)
{
	buf_init(&config, 1024);
	test_opus();
	test_flac();
	test_vp9();
	test_frames();
	buf_release(&config);
	return done_testing();
}
