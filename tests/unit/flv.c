#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rd.h"
#include "media/flv.h"
#include "tap.h"

static struct err err = ERR_INIT;

static void
put_tag(struct buf *b, uint8_t type, uint32_t ts_ms, const void *body,
    size_t n)
{
	buf_put_u8(b, type);
	buf_put_u24(b, (uint32_t)n);
	buf_put_u24(b, ts_ms & 0xffffff);
	buf_put_u8(b, (uint8_t)(ts_ms >> 24));
	buf_put_u24(b, 0);
	buf_put(b, body, n);
	buf_put_u32(b, (uint32_t)n + FLV_TAG_HEADER_BYTES);
}

static void
test_header(void)
{
	uint8_t h[] = { 'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0 };
	uint8_t flags;
	struct rd r;

	for (size_t n = 0; n < sizeof(h); n++) {
		rd_init(&r, h, n, 0);
		if (flv_header(&r, &flags, &err) != FLV_MORE || r.p != h)
			break;
		if (n == sizeof(h) - 1)
			ok(true, "header: any part of it is not yet one");
	}
	rd_init(&r, h, sizeof(h), 0);
	ok(flv_header(&r, &flags, &err) == FLV_TAG && rd_left(&r) == 0 &&
	    flags == (FLV_HAS_AUDIO | FLV_HAS_VIDEO), "header: whole");
	h[8] = 8;
	rd_init(&r, h, sizeof(h), 0);
	ok(flv_header(&r, &flags, &err) == -1 && err.cls == ERR_DATA,
	    "header: shorter than itself");
	h[5] = 0xff;
	rd_init(&r, h, sizeof(h), 0);
	ok(flv_header(&r, &flags, &err) == -1, "header: 4 GB of it");
	h[0] = 'f';
	rd_init(&r, h, sizeof(h), 0);
	ok(flv_header(&r, &flags, &err) == -1 &&
	    strcmp(err.text, "input is not FLV") == 0, "header: no FLV");
}

static void
test_next(void)
{
	struct flv_tag tag;
	struct buf b;
	struct rd r;
	bool waits = true;

	buf_init(&b, 1024);
	put_tag(&b, FLV_VIDEO, 0xfffffffe, "\x17\x01", 2);
	for (size_t n = 0; n < b.n; n++) {
		rd_init(&r, b.p, n, 0);
		waits = waits && flv_next(&r, 100, &tag, &err) == FLV_MORE &&
		    r.p == b.p;
	}
	ok(waits, "tag: any part of it is not yet one");
	rd_init(&r, b.p, b.n, 1000);
	ok(flv_next(&r, 100, &tag, &err) == FLV_TAG && rd_left(&r) == 0 &&
	    tag.type == FLV_VIDEO && tag.ts_ms == 0xfffffffe &&
	    tag.body_bytes == 2 && tag.body == b.p + 11, "tag: whole");
	rd_init(&r, b.p, b.n, 1000);
	ok(flv_next(&r, 1, &tag, &err) == -1 && err.cls == ERR_DATA &&
	    strcmp(err.text, "FLV tag at byte 1000: 2 bytes, limit 1") == 0 &&
	    r.p == b.p, "tag: over the limit, before it is there");
	b.p[10] = 1;
	rd_init(&r, b.p, b.n, 0);
	ok(flv_next(&r, 100, &tag, &err) == -1 && r.p == b.p,
	    "tag: a stream ID is no tag");
	b.p[10] = 0;
	b.p[0] = 15;
	rd_init(&r, b.p, b.n, 0);
	ok(flv_next(&r, 100, &tag, &err) == -1, "tag: of type 15");
	b.p[0] = FLV_AUDIO | 0x20;
	rd_init(&r, b.p, b.n, 0);
	ok(flv_next(&r, 100, &tag, &err) == FLV_TAG && tag.encrypted &&
	    tag.type == FLV_AUDIO, "tag: encrypted");
	buf_release(&b);
}

static void
test_resync(void)
{
	static const uint8_t junk[] = { 9, 0, 0, 5, 8, 0, 0, 0, 0, 0, 0, 1, 2,
	    3, 4, 5, 6, 7, 8 };
	struct flv_tag tag;
	struct buf b;
	struct rd r;
	size_t at;

	buf_init(&b, 1024);
	buf_put(&b, junk, sizeof(junk));
	at = b.n;
	put_tag(&b, FLV_AUDIO, 5, "\xaf\x01x", 3);
	rd_init(&r, b.p, b.n, 0);
	ok(flv_resync(&r) == FLV_TAG && rd_offset(&r) == at &&
	    flv_next(&r, 100, &tag, &err) == FLV_TAG,
	    "resync: past what only looks like a tag");
	rd_init(&r, b.p + at - 1, b.n - at, 0);
	ok(flv_resync(&r) == FLV_MORE && rd_offset(&r) <= 1,
	    "resync: waits for the whole tag");
	buf_release(&b);
}

static enum flv_content
content_of(enum flv_type type, const void *bytes, size_t n,
    struct flv_body *body)
{
	struct flv_bodies bodies;
	struct flv_tag tag = { .type = type, .body = bytes, .body_bytes = n };

	flv_bodies(&bodies, &tag);
	if (!flv_bodies_next(&bodies, body))
		body->content = FLV_NOTHING;
	return body->content;
}

#define VIDEO(bytes)	content_of(FLV_VIDEO, bytes, sizeof(bytes) - 1, &b)
#define AUDIO(bytes)	content_of(FLV_AUDIO, bytes, sizeof(bytes) - 1, &b)

static void
test_legacy(void)
{
	struct flv_body b;

	ok(VIDEO("\x17\x00\0\0\0cfg") == FLV_CONFIG && b.bytes == 3 &&
	    memcmp(b.p, "cfg", 3) == 0, "AVC: configuration");
	ok(VIDEO("\x27\x01\0\0\x43xyz") == FLV_FRAME && b.bytes == 3 &&
	    b.cts_ms == 67, "AVC: a frame");
	ok(VIDEO("\x27\x01\xff\xff\xde" "x") == FLV_FRAME &&
	    b.cts_ms == -34, "AVC: the composition offset has a sign");
	ok(VIDEO("\x17\x02\0\0\0") == FLV_NOTHING, "AVC: end of sequence");
	ok(VIDEO("\x17\x01\0\0") == FLV_UNKNOWN, "AVC: cut short");
	ok(VIDEO("\x57\x00") == FLV_NOTHING, "a command frame");
	ok(VIDEO("") == FLV_NOTHING, "an empty tag");
	ok(VIDEO("\x1c\x00\0\0\0cfg") == FLV_CONFIG &&
	    b.codec == CODEC_HEVC && b.bytes == 3, "HEVC as codec 12");
	ok(VIDEO("\x1f") == FLV_UNKNOWN, "a codec without a name");
	ok(AUDIO("\xaf\x00\x12\x10") == FLV_CONFIG && b.bytes == 2,
	    "AAC: configuration");
	ok(AUDIO("\xaf\x01xy") == FLV_FRAME && b.bytes == 2, "AAC: a frame");
	ok(AUDIO("\xa2\x01xy") == FLV_FRAME,
	    "AAC: rate and channels of byte 0 do not matter");
	ok(AUDIO("\xaf") == FLV_UNKNOWN, "AAC: cut short");
	ok(AUDIO("\x2f" "abc") == FLV_FRAME && b.codec == CODEC_MP3 &&
	    b.bytes == 3, "MP3: a frame right behind byte 0");
}

static void
test_enhanced(void)
{
	struct flv_body b;

	ok(VIDEO("\x90" "avc1cfg") == FLV_CONFIG && b.bytes == 3,
	    "Enhanced H.264: configuration");
	ok(VIDEO("\xa1" "avc1\xff\xff\xfexy") == FLV_FRAME && b.bytes == 2 &&
	    b.cts_ms == -2, "Enhanced H.264: a frame");
	ok(VIDEO("\xa3" "avc1xy") == FLV_FRAME && b.bytes == 2 &&
	    b.cts_ms == 0, "Enhanced H.264: a frame without an offset");
	ok(VIDEO("\x90" "vp08cfg") == FLV_FOREIGN &&
	    strcmp(b.name, "VP8 (FourCC 'vp08')") == 0, "Enhanced VP8");
	ok(VIDEO("\x90xxxx") == FLV_UNKNOWN, "a FourCC without a name");
	ok(VIDEO("\xd4" "hvc1") == FLV_NOTHING,
	    "metadata with the frame type of a command");
	ok(VIDEO("\x97\x02" "abc\x01" "avc1\0\0\1x") == FLV_FRAME &&
	    b.bytes == 1 && b.cts_ms == 1, "ModEx in front");
	ok(VIDEO("\x97\xff\x00\x00" "a\x01" "avc1\0\0\1x") == FLV_FRAME &&
	    b.bytes == 1, "ModEx with a long size");
	ok(VIDEO("\x97\xff\xff\xff" "a") == FLV_UNKNOWN, "ModEx cut short");
	ok(AUDIO("\x90mp4a\x12\x10") == FLV_CONFIG && b.bytes == 2,
	    "Enhanced AAC: configuration");
	ok(AUDIO("\x91mp4axy") == FLV_FRAME && b.bytes == 2,
	    "Enhanced AAC: a frame");
	ok(AUDIO("\x94mp4a\x01\x06\0\0\0\x3f") == FLV_LAYOUT,
	    "a channel layout");
	ok(AUDIO("\x90Opus") == FLV_CONFIG && b.bytes == 0 &&
	    b.codec == CODEC_OPUS, "an Opus configuration may be empty");
	ok(AUDIO("\x91mp") == FLV_UNKNOWN, "a FourCC cut short");
}

/* "TRACK:CONTENT:BYTES ..." of all bodies of a tag. */
static const char *
bodies_of(enum flv_type type, const void *bytes, size_t n)
{
	static char text[256];
	const struct flv_tag tag = { .type = type, .body = bytes,
	    .body_bytes = n };
	struct flv_bodies bodies;
	struct flv_body b;
	size_t at = 0;

	text[0] = '\0';
	flv_bodies(&bodies, &tag);
	while (flv_bodies_next(&bodies, &b) && at < sizeof(text))
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%s%u:%s:%zu", at > 0 ? " " : "", b.track,
		    b.content == FLV_FRAME ? codec_name(b.codec) :
		    b.content == FLV_CONFIG ? "config" : "other", b.bytes);
	return text;
}

#define BODIES(type, bytes)	bodies_of(type, bytes, sizeof(bytes) - 1)

#define IS(type, bytes, want, what)	\
	ok(strcmp(BODIES(type, bytes), want) == 0, what)

static void
test_multitrack(void)
{
	IS(FLV_VIDEO, "\xa6\x01" "hvc1\x05\0\0\1xyz", "5:HEVC:3",
	    "one track: the rest of the message, behind its offset");
	IS(FLV_AUDIO, "\x95\x11" "Opus\0\0\0\2xy\1\0\0\3" "abc",
	    "0:Opus:2 1:Opus:3", "many tracks");
	IS(FLV_AUDIO, "\x95\x21" "Opus\0\0\0\2xy.mp3\1\0\0\3" "abc",
	    "0:Opus:2 1:MP3:3", "many tracks, many codecs");
	IS(FLV_VIDEO, "\xa6\x13" "av01\0\0\0\0\1\0\0\1x",
	    "0:AV1:0 1:AV1:1", "a track of no bytes");
	IS(FLV_AUDIO, "\x95\x11" "Opus\0\0\0\2xy\1\0\0\x09" "abc",
	    "0:Opus:2 1:other:0", "a list cut short");
	IS(FLV_VIDEO, "\xa6\x06" "av01\0x", "0:other:0",
	    "multitrack in multitrack");
	IS(FLV_VIDEO, "\xa6\x31" "av01\0x", "0:other:0",
	    "an unknown kind of multitrack");
	IS(FLV_VIDEO, "\x97\2\x0f\x42\x3f\6\0" "hvc1\2cfg",
	    "2:config:3", "ModEx before multitrack");
}

static void
test_nano(void)
{
	struct flv_body b;

	ok(VIDEO("\xa7\2\x01\x02\x03\1av01x") == FLV_FRAME &&
	    b.nano_ns == 0x010203, "a nanosecond offset");
	ok(VIDEO("\xa7\2\x0f\x42\x40\1av01x") == FLV_FRAME &&
	    b.nano_ns == 0, "a million of them is no offset");
	ok(VIDEO("\xa7\2\x01\x02\x03\x11" "av01x") == FLV_FRAME &&
	    b.nano_ns == 0, "another ModEx is passed over");
	ok(VIDEO("\xa1" "av01\0\0\1") == FLV_FRAME && b.bytes == 3 &&
	    VIDEO("\xa1vp09\0\0\1") == FLV_FRAME && b.bytes == 3 &&
	    VIDEO("\xa1hvc1\0\0\1x") == FLV_FRAME && b.bytes == 1 &&
	    b.cts_ms == 1, "an offset for avc1 and hvc1, none for others");
	ok(VIDEO("\x84\2\0\x09" "colorInfo") == FLV_NOTHING &&
	    VIDEO("\xd4\2\0\x09" "colorInfo") == FLV_NOTHING,
	    "HDR metadata of OBS and of FFmpeg");
	ok(VIDEO("\xd1\0") == FLV_NOTHING, "an Enhanced command");
	ok(VIDEO("\x91hvc1\0\0") == FLV_UNKNOWN && b.bytes == 0,
	    "an offset cut short: there is nothing to read");
}

/* A publisher may send both kinds of header for one track. */
static void
test_same_track(void)
{
	struct flv_body b;

	ok(VIDEO("\x17\1\0\0\0x") == FLV_FRAME && b.track == 0 &&
	    b.codec == CODEC_H264 && VIDEO("\x91" "avc1\0\0\0x") ==
	    FLV_FRAME && b.track == 0 && b.codec == CODEC_H264,
	    "H.264 of both headers is one track");
	ok(AUDIO("\xaf\1x") == FLV_FRAME && b.track == 0 &&
	    b.codec == CODEC_AAC && AUDIO("\x91mp4ax") == FLV_FRAME &&
	    b.track == 0 && b.codec == CODEC_AAC &&
	    AUDIO("\x94mp4a\1\2\0\0\0\3") == FLV_LAYOUT && b.track == 0,
	    "so is AAC, with its layout");
}

int
main(void)
{
	test_header();
	test_next();
	test_resync();
	test_legacy();
	test_enhanced();
	test_multitrack();
	test_nano();
	test_same_track();
	return done_testing();
}
