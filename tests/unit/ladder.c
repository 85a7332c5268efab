#include "store/ladder.h"

#include <string.h>

#include "base/err.h"
#include "scratch.h"
#include "tap.h"

#define V		"video:\n  v:\n    codec: h264\n    height: 360\n"
#define RATE		"    bitrate: 1M\n"

static void
refuses(const char *text, const char *message)
{
	const char *file = scratch_file("ladder.yaml", text);
	struct err err = ERR_INIT;
	struct ladder l;
	size_t n = strlen(file);

	ok(ladder_load(&l, file, &err) == -1 && err.cls == ERR_CONFIG &&
	    l.renditions == NULL && strncmp(err.text, file, n) == 0 &&
	    strcmp(err.text + n, message) == 0, "%s", err.text);
}

static void
test_good(void)
{
	const char *file = scratch_file("ladder.yaml",
	    "video:\n"
	    "  high:\n    codec: h264\n    height: 720\n    quality: 23\n"
	    "    cap: 3M\n    preset: fast\n    shed: 3\n"
	    "  low:\n    codec: h264\n    height: 240\n    bitrate: 300k\n"
	    "    tier: batch\n"
	    "audio:\n  sound:\n    codec: copy\n");
	struct err err = ERR_INIT;
	const struct rendition *r;
	struct ladder l;

	ok(ladder_load(&l, file, &err) == 0 && l.count == 3, "loads (%s)",
	    err.text);
	r = ladder_find(&l, "high");
	ok(r == l.renditions && r->kind == TRACK_VIDEO && !r->copy &&
	    r->codec == CODEC_H264 && r->height == 720 && r->quality == 23 &&
	    r->cap_bps == 3000000 && r->bitrate_bps == 0 &&
	    r->tier == LADDER_LIVE && strcmp(r->preset, "fast") == 0 &&
	    r->shed == 3, "quality under a cap");
	r = ladder_find(&l, "low");
	ok(r != NULL && r->bitrate_bps == 300000 && r->cap_bps == 300000 &&
	    r->quality == 0 && r->tier == LADDER_BATCH && r->shed == 0 &&
	    strcmp(r->preset, "veryfast") == 0, "a bit rate is its own cap");
	r = ladder_find(&l, "sound");
	ok(r != NULL && r->kind == TRACK_AUDIO && r->copy &&
	    r->codec == CODEC_NONE && r->tier == LADDER_LIVE, "a copy");
	ok(ladder_find(&l, "other") == NULL, "no such rendition");
	ladder_release(&l);
}

static void
test_values(void)
{
	refuses(V "    quality: 23\n", ":5:14: rendition 'v' has 'quality' "
	    "without 'cap': players must be told its highest rate");
	refuses(V, ":2:3: rendition 'v' needs 'quality' and 'cap', or "
	    "'bitrate'");
	refuses(V RATE "    quality: 20\n", ":6:14: rendition 'v' has both "
	    "'bitrate' and 'quality': choose one");
	refuses(V RATE "    cap: 900k\n", ":6:10: cap: below the bitrate");
	refuses(V "    quality: 52\n    cap: 1M\n", ":5:14: quality: bad "
	    "value '52': want a whole number from 1 to 51");
	refuses(V "    bitrate: 1M bit\n", ":5:14: bitrate: bad value "
	    "'1M bit': want a bit rate like 2500k, from 16000 to 500000000 "
	    "bits a second");
	refuses(V RATE "    preset: fastest\n", ":6:13: preset: bad value "
	    "'fastest': want one of x264's, ultrafast to placebo");
	refuses(V RATE "    tier: vod\n",
	    ":6:11: tier: bad value 'vod': want live or batch");
	refuses(V RATE "    shed: 0\n", ":6:11: shed: bad value '0': want a "
	    "whole number from 1 to 3600");
	refuses(V RATE "    tier: batch\n    shed: 2\n",
	    ":7:11: shed: the tier batch is never in a hurry");
	refuses("video:\n  v:\n    codec: h264\n    height: 361\n" RATE,
	    ":4:13: height: must be even, for 4:2:0");
	refuses("video:\n  v:\n    codec: h264\n    height: 8194\n" RATE,
	    ":4:13: height: bad value '8194': want a whole number from 16 to "
	    "8192");
	refuses("video:\n  v:\n    codec: h264\n" RATE,
	    ":2:3: rendition 'v' needs 'height'");
	refuses("video:\n  v:\n    height: 360\n" RATE,
	    ":2:3: rendition 'v' needs 'codec'");
	refuses("audio:\n  a:\n    codec: copy\n    bitrate: 96k\n",
	    ":4:14: bitrate: a copy has the source's");
}

#define OTHER(codec, rest)	"video:\n  v:\n    codec: " codec "\n" \
				    "    height: 360\n    cap: 1M\n" rest

/* Each codec has its own presets and scale of quality. */
static void
test_codecs(void)
{
	const char *file = scratch_file("ladder.yaml",
	    "video:\n"
	    "  a: {codec: hevc, height: 720, quality: 51, cap: 2M}\n"
	    "  b: {codec: av1, height: 720, quality: 63, cap: 2M, "
	    "preset: 4}\n"
	    "  c: {codec: vp9, height: 720, bitrate: 2M, preset: 0, "
	    "fps: 25}\n"
	    "  d: {codec: copy}\n");
	struct err err = ERR_INIT;
	struct ladder l;

	ok(ladder_load(&l, file, &err) == 0 && l.count == 4, "codecs (%s)",
	    err.text);
	ok(l.renditions[0].codec == CODEC_HEVC &&
	    strcmp(l.renditions[0].preset, "veryfast") == 0 &&
	    l.renditions[1].codec == CODEC_AV1 &&
	    strcmp(l.renditions[1].preset, "4") == 0 &&
	    l.renditions[2].codec == CODEC_VP9 &&
	    strcmp(l.renditions[2].preset, "0") == 0, "with their presets");
	ok(l.renditions[3].copy && l.renditions[3].kind == TRACK_VIDEO &&
	    l.renditions[2].fps == 25 && l.renditions[1].fps == 0,
	    "the source's own pictures, and not all of them");
	ladder_release(&l);
	refuses("video:\n  v:\n    codec: h263\n", ":3:12: codec: bad value "
	    "'h263': want h264, hevc, av1, vp9 or copy");
	refuses("video:\n  v: {codec: copy, tier: live, height: 720}\n",
	    ":2:32: height: a copy has the source's");
	refuses(V RATE "    depth: 10\n", ":6:12: depth: h264 has 8 bits: "
	    "want hevc, av1 or vp9 for 10");
	refuses(OTHER("hevc", "    quality: 30\n    depth: 12\n"),
	    ":7:12: depth: bad value '12': want 8 or 10");
	refuses(V RATE "    fps: 29.97\n", ":6:10: fps: bad value '29.97': "
	    "want a whole number from 1 to 240");
	refuses(OTHER("hevc", "    quality: 52\n"), ":6:14: quality: bad value "
	    "'52': want a whole number from 1 to 51");
	refuses(OTHER("av1", "    quality: 64\n"), ":6:14: quality: bad value "
	    "'64': want a whole number from 1 to 63");
	refuses(OTHER("av1", "    quality: 30\n    preset: fast\n"), ":7:13: "
	    "preset: bad value 'fast': want one of SVT-AV1's, 13 to 0");
	refuses(OTHER("vp9", "    quality: 30\n    preset: 9\n"), ":7:13: "
	    "preset: bad value '9': want one of libvpx's, 8 to 0");
}

static void
test_not_yet(void)
{
	refuses("audio:\n  a:\n    codec: mp3\n",
	    ":3:12: codec: bad value 'mp3': want aac, opus or copy");
	refuses("audio:\n  a:\n    codec: opus\n",
	    ":2:3: rendition 'a' needs 'bitrate'");
	refuses("audio:\n  a:\n    codec: aac\n    bitrate: 1M\n",
	    ":4:14: bitrate: at most 512k for sound");
	refuses("thumbnails:\n  t:\n    every: 10s\n",
	    ":2:3: rendition 't' needs 'height'");
	refuses("thumbnails:\n  t: {height: 90, every: 1500ms}\n",
	    ":2:26: every: must be whole seconds");
	refuses("thumbnails:\n  t: {height: 90, cap: 1M}\n",
	    ":2:19: unknown key 'cap'");
}

static void
test_shape(void)
{
	refuses("video: {}\n", ":1:1: no rendition");
	refuses("- a\n", ":1:1: want a map of keys, not a list");
	refuses("video: fast\n", ":1:8: key 'video': want a map of keys, not a "
	    "single value");
	refuses("video:\n  v: h264\n", ":2:6: key 'v': want a map of keys, not "
	    "a single value");
	refuses("vidoe:\n  v: 1\n",
	    ":1:1: unknown key 'vidoe'; did you mean 'video'?");
	refuses(V RATE "    presset: fast\n",
	    ":6:5: unknown key 'presset'; did you mean 'preset'?");
	refuses("audio:\n  src:\n    codec: copy\n",
	    ":2:3: rendition 'src' means the original");
	refuses("audio:\n  ../a:\n    codec: copy\n", ":2:3: rendition '../a' "
	    "is no name: want [A-Za-z0-9][A-Za-z0-9._-]{0,63}");
	refuses(V RATE "audio:\n  v:\n    codec: copy\n",
	    ":7:3: rendition 'v' is there twice");
	refuses(V "    bitrate: [1]\n",
	    ":5:14: key 'bitrate': want a single value, not a list");
}

static void
test_files(void)
{
	struct err err = ERR_INIT;
	struct ladder l;

	ok(ladder_load(&l, "/nonexistent", &err) == -1 &&
	    err.cls == ERR_INPUT, "no such file: %s", err.text);
	ok(ladder_load(&l, "examples/ladders/h264-720p.yaml", &err) == 0,
	    "the example (%s)", err.text);
	ladder_release(&l);
}

int
main(void)
{
	scratch();
	test_good();
	test_values();
	test_codecs();
	test_not_yet();
	test_shape();
	test_files();
	return done_testing();
}
