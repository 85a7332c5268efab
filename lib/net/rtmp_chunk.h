/*
 * rtmp_chunk - messages out of the RTMP chunk stream (RTMP 1.0 section 5.3,
 * with "RTMP Errata and Addenda" 2024).
 *
 * Sans-I/O: feed bytes, get messages.  Memory follows the bytes received,
 * never a length or chunk size announced.  Bodies that nobody wants are
 * skipped without being kept.
 */
#ifndef NET_RTMP_CHUNK_H
#define NET_RTMP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;
struct rd;

enum rtmp_type {
	RTMP_SET_CHUNK_SIZE = 1,
	RTMP_ABORT = 2,
	RTMP_ACK = 3,
	RTMP_USER_CONTROL = 4,
	RTMP_WINDOW_ACK_SIZE = 5,
	RTMP_SET_PEER_BANDWIDTH = 6,
	RTMP_AUDIO = 8,
	RTMP_VIDEO = 9,
	RTMP_DATA_AMF3 = 15,
	RTMP_COMMAND_AMF3 = 17,
	RTMP_DATA = 18,
	RTMP_COMMAND = 20,
	RTMP_AGGREGATE = 22,
};

/*
 * Where the bytes of a body are.  Audio and video that came in large chunks,
 * one behind the other, stay where they are: pieces with chunk headers
 * between.  Every piece but the last is of RTMP_PIECE_BYTES or more.
 */
struct rtmp_layout {
	size_t		 piece_bytes;	/* of each but the last; 0: there is
					   one, the body */
	size_t		 gap_bytes;	/* between two */
	bool		 in_input;	/* valid as long as the input is */
};

struct rtmp_message {
	uint8_t		 type;		/* enum rtmp_type or unknown */
	uint32_t	 ts_ms;		/* modulo 2^32 */
	uint32_t	 msid;		/* message stream id */
	const uint8_t	*body;		/* points into the input or a stream's
					   buffer; until the next call */
	size_t		 body_bytes;	/* without the gaps */
	struct rtmp_layout layout;
};

/* What one chunk stream id remembers from header to header. */
struct rtmp_chunk_stream {
	uint32_t	csid;
	uint32_t	ts_ms;		/* of the last message begun */
	uint32_t	delta_ms;	/* for the next message of type 3 */
	uint32_t	extended;	/* the last explicit 32-bit field */
	uint32_t	length;
	uint32_t	msid;
	uint32_t	got;		/* bytes of this message received */
	uint8_t		type;
	bool		has_extended;	/* the last explicit header had one */
	bool		absolute;	/* delta_ms is a type 0 timestamp */
	bool		partial;	/* a message is unfinished */
	bool		skip;		/* and its body is not wanted */
	struct buf	body;		/* owned */
};

struct rtmp_chunks {
	struct rtmp_chunk_stream *streams;	/* owned */
	size_t		nstreams, cap;
	size_t		current;	/* whose chunk is being read */
	uint32_t	chunk_left;	/* payload of that chunk still to come */
	uint32_t	chunk_bytes;	/* the peer's chunk size */
	uint32_t	max_bytes;	/* of a message; may be set */
	size_t		held_bytes;	/* of all unfinished messages */
	size_t		spent;		/* stream whose body was handed out */
	bool		has_spent;
	bool		media;		/* keep audio, video, data; else skip */
	uint64_t	skipped;	/* messages whose body was dropped */
};

#define RTMP_CHUNK_BYTES	128	/* until Set Chunk Size */
#define RTMP_PIECE_BYTES	1024	/* smaller ones are put together */

/* No allocation. */
void	rtmp_chunks_init(struct rtmp_chunks *c);
void	rtmp_chunks_release(struct rtmp_chunks *c);

/*
 * Take chunks from IN up to the end of a message.
 * 1: *M is filled.  0: all but the beginning of a header is consumed, feed
 * more behind what is left.  -1: ERR_PROTO or ERR_OS; IN is at the bad chunk.
 */
int	rtmp_chunks_next(struct rtmp_chunks *c, struct rd *in,
	    struct rtmp_message *m, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The piece of a body that begins AT bytes into it: 0, or what the pieces
 * before add up to.  Its length is in *N.
 */
const uint8_t *rtmp_piece(const uint8_t *body, size_t body_bytes,
	    const struct rtmp_layout *layout, size_t at, size_t *n);

/* A Set Chunk Size message's value.  0, or -1 with ERR_PROTO. */
int	rtmp_chunks_set_size(struct rtmp_chunks *c, uint32_t bytes,
	    struct err *err) __attribute__((warn_unused_result));

/* Are audio, video and data wanted?  Not at first. */
void	rtmp_chunks_set_media(struct rtmp_chunks *c, bool media);

/* Drop CSID's unfinished message; its header history stays. */
void	rtmp_chunks_abort(struct rtmp_chunks *c, uint32_t csid);

/*
 * Append a message in one chunk with timestamp 0: librtmp's reader copes
 * with no other kind.  BODY must fit the chunk size announced.
 */
void	rtmp_chunk_put(struct buf *out, uint8_t csid, uint8_t type,
	    uint32_t msid, const void *body, size_t body_bytes);

#endif /* NET_RTMP_CHUNK_H */
