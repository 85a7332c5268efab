/*
 * flv - FLV framing and the headers of audio and video tags (Adobe FLV
 * specification 10.1, Annex E; Enhanced RTMP v2).
 *
 * Pure: no I/O, no allocation, no globals.  Safe on hostile input.  Knows
 * which codec a tag carries, not what is inside: see params.h.
 */
#ifndef MEDIA_FLV_H
#define MEDIA_FLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"
#include "media/codec.h"

struct err;

#define FLV_HEADER_BYTES	9
#define FLV_TAG_HEADER_BYTES	11

#define FLV_HAS_VIDEO	0x01	/* bits of the file header, */
#define FLV_HAS_AUDIO	0x04	/* often wrong in live streams */

enum flv_type {
	FLV_AUDIO = 8,
	FLV_VIDEO = 9,
	FLV_SCRIPT = 18,
};

struct flv_tag {
	enum flv_type	 type;
	bool		 encrypted;	/* the filter bit: body is not for us */
	uint32_t	 ts_ms;		/* raw 32 bits: wraps after 49 days */
	const uint8_t	*body;		/* points into the rd given */
	size_t		 body_bytes;
};

enum flv_result {
	FLV_MORE = 0,			/* need more input */
	FLV_TAG = 1,			/* it is there */
};

/*
 * Take the file header and PreviousTagSize0 from IN.
 *
 * FLV_TAG:  *FLAGS has FLV_HAS_*, IN has moved past them.
 * FLV_MORE: IN is untouched; append input and call again.
 * -1:       ERR_DATA, no FLV; IN is untouched.
 */
int	flv_header(struct rd *in, uint8_t *flags, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Take one tag and its PreviousTagSize from IN.
 *
 * FLV_TAG:  *TAG is filled, IN has moved past it.
 * FLV_MORE: IN is untouched; append input and call again.
 * -1:       ERR_DATA: no audio, video or script tag can begin like this, or
 *           the body is over MAX_BYTES.  IN is untouched: rd_offset(IN) is
 *           the offset of the bad tag.
 */
int	flv_next(struct rd *in, size_t max_bytes, struct flv_tag *tag,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * After a bad tag: move IN forward to the next byte at which a whole tag and
 * its right PreviousTagSize stand.  FLV_TAG: flv_next() can go on there.
 * FLV_MORE: what IN has moved past is no tag; append input and call again.
 */
enum flv_result	flv_resync(struct rd *in);

enum flv_content {
	FLV_NOTHING,		/* end of sequence, command, keep-alive, ... */
	FLV_CONFIG,		/* how CODEC is configured; may be empty */
	FLV_LAYOUT,		/* audio: MultichannelConfig */
	FLV_FRAME,		/* a frame of CODEC */
	FLV_FOREIGN,		/* a codec we know by name only: see name */
	FLV_UNKNOWN,		/* neither: to be ignored */
};

/* What an audio or video tag carries for one track. */
struct flv_body {
	enum flv_content content;
	enum codec	 codec;
	uint8_t		 track;		/* 0: the one without multitrack */
	const uint8_t	*p;		/* points into the tag's body */
	size_t		 bytes;
	int32_t		 cts_ms;	/* video: PTS - DTS */
	uint32_t	 nano_ns;	/* to add to the presentation time,
					   below a millisecond */
	char		 name[48];	/* FLV_FOREIGN: for messages */
};

/* The bodies of one tag that are still to be read. */
struct flv_bodies {
	struct rd	 r;
	bool		 video;
	bool		 begun, done;
	uint8_t		 packet;	/* PacketType of all of them */
	uint8_t		 form;		/* AvMultitrackType, or NOT_MULTI */
	uint32_t	 fourcc;
	uint32_t	 nano_ns;
};

/*
 * The bodies of TAG, which is of type FLV_AUDIO or FLV_VIDEO, one by one:
 * true and *BODY, or false after the last.  There is one, or none in a tag
 * without bytes, but with Enhanced RTMP's multitrack.
 */
void	flv_bodies(struct flv_bodies *b, const struct flv_tag *tag);
bool	flv_bodies_next(struct flv_bodies *b, struct flv_body *body);

#endif /* MEDIA_FLV_H */
