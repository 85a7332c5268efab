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

/* AVCPacketType, AACPacketType; the first two are the Enhanced ones too. */
#define PACKET_CONFIG	0
#define PACKET_FRAME	1
#define PACKET_FRAME_X	3	/* Enhanced video: no composition offset */
#define PACKET_METADATA	4	/* video */
#define PACKET_LAYOUT	4	/* audio: MultichannelConfig */
#define PACKET_MODEX	7
#define PACKET_MULTITRACK_VIDEO	6
#define PACKET_MULTITRACK_AUDIO	5

/* AvMultitrackType */
#define ONE_TRACK		0
#define MANY_CODECS		2
#define NOT_MULTI		0xff

#define MODEX_NANO	0	/* TimestampOffsetNano */
#define NANO_MAX	999999

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
	enum codec	 codec;		/* CODEC_NONE: we know it by name */
	const char	*name;
};

static const struct codec_number video_ids[] = {
	{ 1, CODEC_NONE, "JPEG" }, { 2, CODEC_NONE, "Sorenson H.263" },
	{ 3, CODEC_NONE, "Screen video" }, { 4, CODEC_NONE, "VP6" },
	{ 5, CODEC_NONE, "VP6 with alpha" },
	{ 6, CODEC_NONE, "Screen video 2" }, { 7, CODEC_H264, "H.264" },
	{ 12, CODEC_HEVC, "HEVC" },	/* in no standard, but in use */
	{ 13, CODEC_NONE, "AV1" }, { 14, CODEC_NONE, "VVC" },
	{ 0, CODEC_NONE, NULL }
};

static const struct codec_number audio_formats[] = {
	{ 0, CODEC_NONE, "PCM" }, { 1, CODEC_NONE, "ADPCM" },
	{ 2, CODEC_MP3, "MP3" }, { 3, CODEC_NONE, "PCM" },
	{ 4, CODEC_NONE, "Nellymoser" }, { 5, CODEC_NONE, "Nellymoser" },
	{ 6, CODEC_NONE, "Nellymoser" }, { 7, CODEC_NONE, "G.711 A-law" },
	{ 8, CODEC_NONE, "G.711 mu-law" }, { 10, CODEC_AAC, "AAC" },
	{ 11, CODEC_NONE, "Speex" }, { 14, CODEC_MP3, "MP3" },
	{ 15, CODEC_NONE, "device-specific sound" },
	{ 0, CODEC_NONE, NULL }
};

static const struct codec_number video_fourccs[] = {
	{ MP4_TYPE('a', 'v', 'c', '1'), CODEC_H264, "H.264" },
	{ MP4_TYPE('h', 'v', 'c', '1'), CODEC_HEVC, "HEVC" },
	{ MP4_TYPE('a', 'v', '0', '1'), CODEC_AV1, "AV1" },
	{ MP4_TYPE('v', 'p', '0', '9'), CODEC_VP9, "VP9" },
	{ MP4_TYPE('v', 'p', '0', '8'), CODEC_NONE, "VP8" },
	{ MP4_TYPE('v', 'v', 'c', '1'), CODEC_NONE, "VVC" },
	{ 0, CODEC_NONE, NULL }
};

static const struct codec_number audio_fourccs[] = {
	{ MP4_TYPE('m', 'p', '4', 'a'), CODEC_AAC, "AAC" },
	{ MP4_TYPE('O', 'p', 'u', 's'), CODEC_OPUS, "Opus" },
	{ MP4_TYPE('.', 'm', 'p', '3'), CODEC_MP3, "MP3" },
	{ MP4_TYPE('f', 'L', 'a', 'C'), CODEC_FLAC, "FLAC" },
	{ MP4_TYPE('a', 'c', '-', '3'), CODEC_AC3, "AC-3" },
	{ MP4_TYPE('e', 'c', '-', '3'), CODEC_EAC3, "E-AC-3" },
	{ 0, CODEC_NONE, NULL }
};

/* Look up NUMBER, called WHAT there.  True: a codec of ours. */
static bool
find_codec(struct flv_body *body, const struct codec_number *list,
    uint32_t number, const char *what)
{
	while (list->name != NULL && list->number != number)
		list++;
	body->codec = list->codec;
	if (list->codec != CODEC_NONE)
		return true;
	body->content = list->name == NULL ? FLV_UNKNOWN : FLV_FOREIGN;
	if (list->name == NULL)
		return false;
	if (number > 0xff)
		snprintf(body->name, sizeof(body->name),
		    "%s (%s '%c%c%c%c')", list->name, what,
		    (int)(number >> 24), (int)(number >> 16 & 0xff),
		    (int)(number >> 8 & 0xff), (int)(number & 0xff));
	else
		snprintf(body->name, sizeof(body->name), "%s (%s %" PRIu32
		    ")", list->name, what, number);
	return false;
}

/* The rest of R, if it could be read so far. */
static void
content(struct flv_body *body, struct rd *r, enum flv_content is)
{
	body->content = r->bad ? FLV_UNKNOWN : is;
	if (r->bad)
		return;
	body->bytes = rd_left(r);
	body->p = rd_bytes(r, body->bytes);
}

static int32_t
si24(struct rd *r)
{
	uint32_t v = rd_u24(r);

	return (int32_t)(v << 8) / 256;		/* the sign comes along */
}

/*
 * Behind byte 0 of an Enhanced header: read ModEx, return the packet type.
 * (Enhanced RTMP v2, "ExVideoTagBody": the type follows its data.)
 */
static uint8_t
take_modex(struct flv_bodies *b, uint8_t packet)
{
	struct rd data;
	uint32_t nano;
	uint8_t next;
	size_t n;

	while (packet == PACKET_MODEX && !b->r.bad) {
		n = (size_t)rd_u8(&b->r) + 1;
		if (n == 256)
			n = (size_t)rd_u16(&b->r) + 1;
		data = rd_sub(&b->r, n);
		next = rd_u8(&b->r);
		packet = next & 0x0f;
		nano = rd_u24(&data);
		if (next >> 4 == MODEX_NANO && !data.bad && nano <= NANO_MAX)
			b->nano_ns = nano;
	}
	return packet;
}

/* What all bodies of an Enhanced tag share. */
static void
ex_begin(struct flv_bodies *b, uint8_t first)
{
	b->packet = take_modex(b, first & 0x0f);
	/* Metadata first: FFmpeg gives it the type of a command. */
	if (b->video && b->packet != PACKET_METADATA &&
	    (first >> 4 & 7) == VIDEO_COMMAND) {
		b->done = true;
		return;
	}
	b->form = NOT_MULTI;
	if (b->packet == (b->video ? PACKET_MULTITRACK_VIDEO :
	    PACKET_MULTITRACK_AUDIO)) {
		first = rd_u8(&b->r);
		b->form = first >> 4;
		b->packet = first & 0x0f;
		if (b->form > MANY_CODECS || b->packet ==
		    (b->video ? PACKET_MULTITRACK_VIDEO :
		    PACKET_MULTITRACK_AUDIO))
			b->r.bad = true;
	}
	if (b->form != MANY_CODECS)
		b->fourcc = rd_u32(&b->r);
}

static void
ex_content(const struct flv_bodies *b, struct rd *r, struct flv_body *body)
{
	if (r->bad) {
		body->content = FLV_UNKNOWN;
		return;
	}
	if (b->video && b->packet == PACKET_METADATA)
		return;
	if (!find_codec(body, b->video ? video_fourccs : audio_fourccs,
	    b->fourcc, "FourCC"))
		return;
	switch (b->packet) {
	case PACKET_CONFIG:
		content(body, r, FLV_CONFIG);
		break;
	case PACKET_FRAME:
		if (body->codec == CODEC_H264 || body->codec == CODEC_HEVC)
			body->cts_ms = si24(r);
		content(body, r, FLV_FRAME);
		break;
	case PACKET_FRAME_X:
		if (b->video)
			content(body, r, FLV_FRAME);
		break;
	case PACKET_LAYOUT:		/* audio: video is done with */
		content(body, r, FLV_LAYOUT);
		break;
	default:
		break;			/* end of sequence, MPEG-2 TS */
	}
}

/* One track's part of R, with what stands in front of it. */
static struct rd
ex_part(struct flv_bodies *b, struct flv_body *body)
{
	struct rd part;

	if (b->form == MANY_CODECS)
		b->fourcc = rd_u32(&b->r);
	if (b->form != NOT_MULTI)
		body->track = rd_u8(&b->r);
	if (b->form != NOT_MULTI && b->form != ONE_TRACK)
		part = rd_sub(&b->r, rd_u24(&b->r));
	else
		part = rd_sub(&b->r, rd_left(&b->r));
	b->done = part.bad || rd_left(&b->r) == 0;
	return part;
}

/* Legacy AVC and AAC have a packet type, video an offset, MP3 neither. */
static void
legacy_content(struct flv_bodies *b, uint8_t first, struct flv_body *body)
{
	uint8_t packet = PACKET_FRAME;

	b->done = true;
	if (b->video ? !find_codec(body, video_ids, first & 0x0f,
	    "FLV codec") : !find_codec(body, audio_formats, first >> 4,
	    "FLV format"))
		return;
	if (body->codec != CODEC_MP3)
		packet = rd_u8(&b->r);
	if (b->video)
		body->cts_ms = si24(&b->r);
	if (b->r.bad)
		body->content = FLV_UNKNOWN;
	else if (packet == PACKET_CONFIG)
		content(body, &b->r, FLV_CONFIG);
	else if (packet == PACKET_FRAME)
		content(body, &b->r, FLV_FRAME);
}

void
flv_bodies(struct flv_bodies *b, const struct flv_tag *tag)
{
	memset(b, 0, sizeof(*b));
	rd_init(&b->r, tag->body, tag->body_bytes, 0);
	b->video = tag->type == FLV_VIDEO;
	b->done = tag->body_bytes == 0;		/* a sign of life */
	b->r.bad = tag->encrypted;
}

/* Byte 0, and the whole body where it is a legacy one. */
static void
begin(struct flv_bodies *b, struct flv_body *body)
{
	const uint8_t first = rd_u8(&b->r), high = first >> 4;

	b->begun = true;
	if (b->r.bad) {
		b->done = true;
		body->content = FLV_UNKNOWN;
	} else if (b->video ? (high & VIDEO_EX) != 0 : high == AUDIO_EX) {
		ex_begin(b, first);
	} else if (b->video && high == VIDEO_COMMAND) {
		b->done = true;
	} else {
		legacy_content(b, first, body);
	}
}

bool
flv_bodies_next(struct flv_bodies *b, struct flv_body *body)
{
	struct rd part;

	if (b->done)
		return false;
	memset(body, 0, sizeof(*body));
	body->content = FLV_NOTHING;
	if (!b->begun) {
		begin(b, body);
		if (b->done)
			return true;
	}
	part = ex_part(b, body);
	body->nano_ns = b->nano_ns;
	ex_content(b, &part, body);
	return true;
}
