/*
 * rtmp - the server's side of one RTMP connection that publishes.
 *
 * RTMP 1.0 (Adobe, 2012) with "RTMP Errata and Addenda" (2024): the
 * handshake, the chunk stream, and the commands with which an encoder
 * publishes.  Does not play, and does not look into media.
 *
 * Sans-I/O: bytes in, bytes out, events.  Many parts of real life are
 * tolerated; what is not ends the connection with a reason.
 */
#ifndef NET_RTMP_H
#define NET_RTMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/rd.h"
#include "net/rtmp_chunk.h"
#include "net/rtmp_handshake.h"

struct buf;
struct err;

#define RTMP_VERSION		3
#define RTMP_WINDOW_BYTES	2500000	/* that we announce */
#define RTMP_OUT_CHUNK_BYTES	65536	/* FFmpeg adopts it for itself */
#define RTMP_ENCODER_BYTES	64

enum rtmp_state {
	RTMP_WAIT_C0C1,
	RTMP_WAIT_C2,
	RTMP_CHUNKS,
};

enum rtmp_event_kind {
	RTMP_EVENT_PUBLISH,	/* answer with rtmp_accept or rtmp_refuse */
	RTMP_EVENT_MEDIA,	/* a message of the stream */
	RTMP_EVENT_END,		/* the publication is over; another may come */
};

struct rtmp_event {
	enum rtmp_event_kind kind;
	/* Of RTMP_EVENT_PUBLISH; point into the struct rtmp. */
	const char	*app;		/* as sent, without query and '/' around */
	const char	*name;		/* may be the secret key; no query */
	const char	*query;		/* what was behind '?', of the name or
					   else of the app or tcUrl; "" if none */
	/* Of RTMP_EVENT_MEDIA; valid until the next rtmp_step(), or as long
	   as the input, as LAYOUT says. */
	uint8_t		 type;		/* RTMP_AUDIO, RTMP_VIDEO, RTMP_DATA */
	uint32_t	 ts_ms;
	const uint8_t	*body;		/* in pieces: see rtmp_piece() */
	size_t		 body_bytes;	/* at least 1, limit of the message */
	struct rtmp_layout layout;
};

enum rtmp_refusal {
	RTMP_REFUSE_BAD_NAME,	/* not a name, or the stream is in use */
	RTMP_REFUSE_DENIED,	/* not authorised */
	RTMP_REFUSE_FAILED,	/* our own trouble */
};

/* What a client says that it understands: CapsExMask of Enhanced RTMP v2. */
enum rtmp_caps {
	RTMP_CAPS_RECONNECT = 1,	/* see rtmp_reconnect_request() */
	RTMP_CAPS_MULTITRACK = 2,
	RTMP_CAPS_MODEX = 4,
	RTMP_CAPS_NANO_OFFSET = 8,
};

/* The fields are rtmp's own but for those marked. */
struct rtmp {
	enum rtmp_state	 state;			/* may be read */
	uint64_t	 received_bytes;	/* consumed; may be read */
	uint64_t	 acked_bytes;		/* as of the last acknowledgement */
	uint32_t	 ack_window;		/* the peer's; 0: none */
	uint32_t	 sent_window;		/* last Window Ack Size we sent */
	size_t		 c2_left;
	size_t		 out_chunk_bytes;
	struct rtmp_chunks chunks;

	bool		 connected;	/* may be read, as the next three */
	bool		 enhanced;	/* the client knows Enhanced RTMP */
	uint32_t	 caps_ex;	/* enum rtmp_caps, bits */
	char		 encoder[RTMP_ENCODER_BYTES];	/* its flashVer */
	bool		 asked;		/* a publish waits for its answer */
	bool		 publishing;	/* may be read */
	uint32_t	 last_msid;	/* given out by createStream */
	uint32_t	 msid;		/* asked for or publishing on */
	char		 app[LIMIT_RTMP_NAME_BYTES];
	char		 app_query[LIMIT_RTMP_NAME_BYTES];
	char		 name[LIMIT_RTMP_NAME_BYTES];
	char		 query[LIMIT_RTMP_NAME_BYTES];

	struct rd	 aggregate;	/* sub-messages still to be taken */
	uint32_t	 aggregate_ms;	/* add to their timestamps */
	bool		 aggregate_begun;
};

/* No allocation. */
void	rtmp_init(struct rtmp *c);
void	rtmp_release(struct rtmp *c);

/*
 * Take bytes from IN and append replies to OUT.
 * 1: *EV is filled; call again.  0: feed more behind what is left in IN.
 * -1: ERR_PROTO, with the reason; close after sending OUT.
 * Whatever the result, send what is in OUT.
 */
int	rtmp_step(struct rtmp *c, struct rd *in, struct buf *out,
	    struct rtmp_event *ev, struct err *err)
	    __attribute__((warn_unused_result));

/* Answer RTMP_EVENT_PUBLISH, before the next rtmp_step(). */
void	rtmp_accept(struct rtmp *c, struct buf *out);
void	rtmp_refuse(struct rtmp *c, enum rtmp_refusal why,
	    const char *description, struct buf *out);

/*
 * Ask the client to connect again, to URL, which is absolute or relative and
 * has at most LIMIT_RTMP_URL_BYTES, or if NULL to the same as now.  It goes on
 * publishing until it does: go on taking what it sends.
 * False, and nothing is sent, for a client that has not said in connect that
 * it understands this: caps_ex without RTMP_CAPS_RECONNECT.
 */
bool	rtmp_reconnect_request(struct rtmp *c, const char *url,
	    const char *description, struct buf *out);

#endif /* NET_RTMP_H */
