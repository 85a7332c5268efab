#include "media/flv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/rd.h"
#include "media/mp4.h"

#define TYPE_FILTER	0x20	/* bit 5 of the type: encrypted */
#define TYPE_RESERVED	0xc0

/* A file header longer than this is none. */
#define HEADER_MAX	1024

/* When looking for a tag: one that claims more is not believed. */
#define RESYNC_TAG_BYTES_MAX	(256 * 1024)

/* First nibble of byte 0 */
#define VIDEO_EX	0x8	/* FrameType with bit 7: Enhanced RTMP */
#define VIDEO_COMMAND	5	/* FrameType: no picture */
#define AUDIO_EX	9	/* SoundFormat */
#define AUDIO_AAC	10

#define VIDEO_AVC	7

/* AVCPacketType, AACPacketType; the first two are the Enhanced ones too. */
#define PACKET_CONFIG	0
#define PACKET_FRAME	1
#define PACKET_FRAME_X	3	/* Enhanced video: no composition offset */
#define PACKET_METADATA	4
#define PACKET_MODEX	7
#define PACKET_MULTITRACK_VIDEO	6
#define PACKET_MULTITRACK_AUDIO	5

#define FOURCC_AVC1	MP4_TYPE('a', 'v', 'c', '1')
#define FOURCC_MP4A	MP4_TYPE('m', 'p', '4', 'a')

int
flv_header(struct rd *in, uint8_t *flags, struct err *err)
{
	struct rd r = *in;
	const uint8_t *magic;
	uint32_t header_bytes;

	magic = rd_bytes(&r, 4);
	*flags = rd_u8(&r);
	header_bytes = rd_u32(&r);
	if (r.bad)
		return FLV_MORE;
	if (memcmp(magic, "FLV\1", 4) != 0)
		return err_set(err, ERR_DATA, "input is not FLV");
	if (header_bytes < FLV_HEADER_BYTES || header_bytes > HEADER_MAX)
		return err_set(err, ERR_DATA,
		    "FLV header: bad length %" PRIu32, header_bytes);
	rd_bytes(&r, header_bytes - FLV_HEADER_BYTES);
	rd_u32(&r);			/* PreviousTagSize0 */
	if (r.bad)
		return FLV_MORE;
	*in = r;
	return FLV_TAG;
}

static bool
type_ok(uint8_t type)
{
	const uint8_t t = type & (uint8_t)~TYPE_FILTER;

	return (type & TYPE_RESERVED) == 0 &&
	    (t == FLV_AUDIO || t == FLV_VIDEO || t == FLV_SCRIPT);
}

int
flv_next(struct rd *in, size_t max_bytes, struct flv_tag *tag,
    struct err *err)
{
	struct rd r = *in;
	uint32_t body_bytes, ts_low, stream_id;
	uint8_t type, ts_high;

	type = rd_u8(&r);
	body_bytes = rd_u24(&r);
	ts_low = rd_u24(&r);
	ts_high = rd_u8(&r);
	stream_id = rd_u24(&r);
	if (r.bad)
		return FLV_MORE;
	/* Judge the promise before waiting for it. */
	if (!type_ok(type) || stream_id != 0)
		return err_set(err, ERR_DATA, "FLV tag at byte %" PRIu64
		    ": bad header (type %d, stream ID %" PRIu32 ")",
		    rd_offset(in), type, stream_id);
	if (body_bytes > max_bytes)
		return err_set(err, ERR_DATA, "FLV tag at byte %" PRIu64
		    ": %" PRIu32 " bytes, limit %zu", rd_offset(in),
		    body_bytes, max_bytes);
	tag->body = rd_bytes(&r, body_bytes);
	rd_u32(&r);		/* PreviousTagSize: often wrong in the wild */
	if (r.bad)
		return FLV_MORE;

	tag->type = (enum flv_type)(type & ~TYPE_FILTER);
	tag->encrypted = (type & TYPE_FILTER) != 0;
	tag->ts_ms = (uint32_t)ts_high << 24 | ts_low;
	tag->body_bytes = body_bytes;
	*in = r;
	return FLV_TAG;
}

enum look { NOT_A_TAG, PART_OF_A_TAG, A_TAG };

/* Does a tag begin at R, with the right PreviousTagSize behind it? */
static enum look
look_like_tag(struct rd r)
{
	const uint8_t type = rd_u8(&r);
	const uint32_t body_bytes = rd_u24(&r);
	uint32_t stream_id, previous;

	rd_u32(&r);
	stream_id = rd_u24(&r);
	if (r.bad || !type_ok(type) || stream_id != 0 || body_bytes == 0 ||
	    body_bytes > RESYNC_TAG_BYTES_MAX)
		return NOT_A_TAG;
	rd_bytes(&r, body_bytes);
	previous = rd_u32(&r);
	if (r.bad)
		return PART_OF_A_TAG;
	return previous == body_bytes + FLV_TAG_HEADER_BYTES ? A_TAG :
	    NOT_A_TAG;
}

enum flv_result
flv_resync(struct rd *in)
{
	const uint8_t *part = NULL;
	struct rd r = *in;

	for (; rd_left(&r) >= FLV_TAG_HEADER_BYTES; r.p++) {
		switch (look_like_tag(r)) {
		case A_TAG:
			*in = r;
			return FLV_TAG;
		case PART_OF_A_TAG:
			if (part == NULL)
				part = r.p;
			break;
		case NOT_A_TAG:
			break;
		}
	}
	in->p = part != NULL ? part : r.p;
	return FLV_MORE;
}

struct codec_number {
	uint32_t	 number;	/* of the format, or a FourCC */
	const char	*name;
};

static const struct codec_number video_ids[] = {
	{ 1, "JPEG" }, { 2, "Sorenson H.263" }, { 3, "Screen video" },
	{ 4, "VP6" }, { 5, "VP6 with alpha" }, { 6, "Screen video 2" },
	{ 12, "HEVC" }, { 13, "AV1" }, { 14, "VVC" }, { 0, NULL }
};

static const struct codec_number audio_formats[] = {
	{ 0, "PCM" }, { 1, "ADPCM" }, { 2, "MP3" }, { 3, "PCM" },
	{ 4, "Nellymoser" }, { 5, "Nellymoser" }, { 6, "Nellymoser" },
	{ 7, "G.711 A-law" }, { 8, "G.711 mu-law" }, { 11, "Speex" },
	{ 14, "MP3" }, { 0, NULL }
};

static const struct codec_number fourccs[] = {
	{ MP4_TYPE('v', 'p', '0', '8'), "VP8" },
	{ MP4_TYPE('v', 'p', '0', '9'), "VP9" },
	{ MP4_TYPE('a', 'v', '0', '1'), "AV1" },
	{ MP4_TYPE('h', 'v', 'c', '1'), "HEVC" },
	{ MP4_TYPE('v', 'v', 'c', '1'), "VVC" },
	{ MP4_TYPE('a', 'c', '-', '3'), "AC-3" },
	{ MP4_TYPE('e', 'c', '-', '3'), "E-AC-3" },
	{ MP4_TYPE('O', 'p', 'u', 's'), "Opus" },
	{ MP4_TYPE('.', 'm', 'p', '3'), "MP3" },
	{ MP4_TYPE('f', 'L', 'a', 'C'), "FLAC" },
	{ 0, NULL }
};

static const char *
number_name(const struct codec_number *list, uint32_t number)
{
	for (; list->name != NULL; list++)
		if (list->number == number)
			return list->name;
	return NULL;
}

/* Another codec's tag, numbered NUMBER in LIST and called WHAT there. */
static void
foreign(struct flv_body *body, const struct codec_number *list,
    uint32_t number, const char *what)
{
	const char *name = number_name(list, number);

	if (name == NULL) {
		body->content = FLV_UNKNOWN;
		return;
	}
	body->content = FLV_FOREIGN;
	if (list == fourccs)
		snprintf(body->codec, sizeof(body->codec),
		    "%s (%s '%c%c%c%c')", name, what, (int)(number >> 24),
		    (int)(number >> 16 & 0xff), (int)(number >> 8 & 0xff),
		    (int)(number & 0xff));
	else
		snprintf(body->codec, sizeof(body->codec), "%s (%s %" PRIu32
		    ")", name, what, number);
}

/* The rest of R, if it could be read so far. */
static void
content(struct flv_body *body, struct rd *r, enum flv_content is)
{
	body->bytes = rd_left(r);
	body->p = rd_bytes(r, body->bytes);
	body->content = r->bad ? FLV_UNKNOWN : is;
}

static int32_t
si24(struct rd *r)
{
	uint32_t v = rd_u24(r);

	return (int32_t)(v << 8) / 256;		/* the sign comes along */
}

/*
 * Behind byte 0 of an Enhanced header: skip ModEx, return the packet type.
 * (Enhanced RTMP v2, "ExVideoTagBody": the type follows its data.)
 */
static uint8_t
skip_modex(struct rd *r, uint8_t packet)
{
	size_t n;

	while (packet == PACKET_MODEX && !r->bad) {
		n = (size_t)rd_u8(r) + 1;
		if (n == 256)
			n = (size_t)rd_u16(r) + 1;
		rd_bytes(r, n);
		packet = rd_u8(r) & 0x0f;
	}
	return packet;
}

static void
ex_body(struct rd *r, uint8_t packet, bool video, struct flv_body *body)
{
	const uint32_t ours = video ? FOURCC_AVC1 : FOURCC_MP4A;
	uint32_t fourcc;

	/* Further tracks of one kind are not read. */
	if (packet == (video ? PACKET_MULTITRACK_VIDEO :
	    PACKET_MULTITRACK_AUDIO)) {
		body->content = FLV_UNKNOWN;
		return;
	}
	fourcc = rd_u32(r);
	switch (packet) {
	case PACKET_CONFIG:
		break;
	case PACKET_FRAME:
		if (video && fourcc == ours)
			body->cts_ms = si24(r);
		break;
	case PACKET_FRAME_X:
		if (video)
			break;
		/* FALLTHROUGH */
	default:
		return;			/* end of sequence, layouts, HDR */
	}
	if (r->bad)
		body->content = FLV_UNKNOWN;
	else if (fourcc != ours)
		foreign(body, fourccs, fourcc, "FourCC");
	else
		content(body, r, packet == PACKET_CONFIG ? FLV_CONFIG :
		    FLV_FRAME);
}

static void
video_body(struct rd *r, struct flv_body *body)
{
	const uint8_t first = rd_u8(r), frame = first >> 4 & 7;
	uint8_t packet;

	if ((first >> 4 & VIDEO_EX) != 0) {
		packet = skip_modex(r, first & 0x0f);
		/* Metadata first: FFmpeg gives it the type of a command. */
		if (packet != PACKET_METADATA && frame != VIDEO_COMMAND)
			ex_body(r, packet, true, body);
		return;
	}
	if (frame == VIDEO_COMMAND)
		return;
	if ((first & 0x0f) != VIDEO_AVC) {
		foreign(body, video_ids, first & 0x0f, "FLV codec");
		return;
	}
	packet = rd_u8(r);
	body->cts_ms = si24(r);
	if (r->bad)
		body->content = FLV_UNKNOWN;
	else if (packet == PACKET_CONFIG)
		content(body, r, FLV_CONFIG);
	else if (packet == PACKET_FRAME)
		content(body, r, FLV_FRAME);
}

static void
audio_body(struct rd *r, struct flv_body *body)
{
	const uint8_t first = rd_u8(r), format = first >> 4;
	uint8_t packet;

	if (format == AUDIO_EX) {
		packet = skip_modex(r, first & 0x0f);
		ex_body(r, packet, false, body);
		return;
	}
	/* Rate, size and channels of byte 0 mean nothing for AAC. */
	if (format != AUDIO_AAC) {
		foreign(body, audio_formats, format, "FLV format");
		return;
	}
	packet = rd_u8(r);
	if (r->bad)
		body->content = FLV_UNKNOWN;
	else if (packet == PACKET_CONFIG)
		content(body, r, FLV_CONFIG);
	else if (packet == PACKET_FRAME)
		content(body, r, FLV_FRAME);
}

void
flv_body(const struct flv_tag *tag, struct flv_body *body)
{
	struct rd r;

	memset(body, 0, sizeof(*body));
	body->content = FLV_NOTHING;
	if (tag->body_bytes == 0)
		return;			/* a sign of life */
	if (tag->encrypted) {
		body->content = FLV_UNKNOWN;
		return;
	}
	rd_init(&r, tag->body, tag->body_bytes, 0);
	if (tag->type == FLV_VIDEO)
		video_body(&r, body);
	else if (tag->type == FLV_AUDIO)
		audio_body(&r, body);
}
