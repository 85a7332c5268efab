#include "net/rtmp.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/rtmp_command.h"

#define PING_REQUEST	6
#define PING_RESPONSE	7
#define CSID_CONTROL	2

void
rtmp_init(struct rtmp *c)
{
	memset(c, 0, sizeof(*c));
	c->state = RTMP_WAIT_C0C1;
	c->out_chunk_bytes = RTMP_CHUNK_BYTES;
	rtmp_chunks_init(&c->chunks);
}

void
rtmp_release(struct rtmp *c)
{
	rtmp_chunks_release(&c->chunks);
	/* The name may be a secret. */
	explicit_bzero(c, sizeof(*c));
}

static int
bad_version(uint8_t version, struct err *err)
{
	if (version == 0x16)
		return err_set(err, ERR_PROTO, "TLS hello on the plain port");
	if (version == 'G' || version == 'P' || version == 'H' ||
	    version == 'O')
		return err_set(err, ERR_PROTO, "HTTP request");
	return err_set(err, ERR_PROTO, "C0: version 0x%02x, want %d", version,
	    RTMP_VERSION);
}

/*
 * S0, S1 and S2 leave together, before C2 is there: FFmpeg reads all three
 * before it writes C2.
 */
static int
step_c0c1(struct rtmp *c, struct rd *in, struct buf *out, struct err *err)
{
	struct rd r = *in;
	uint8_t version = rd_u8(&r), s1[RTMP_HANDSHAKE_BYTES];
	uint8_t s2[RTMP_HANDSHAKE_BYTES];
	const uint8_t *c1;

	if (r.bad)
		return 0;
	if (version != RTMP_VERSION)
		return bad_version(version, err);
	c1 = rd_bytes(&r, RTMP_HANDSHAKE_BYTES);
	if (c1 == NULL)
		return 0;
	rtmp_handshake(c1, s1, s2);
	buf_put_u8(out, RTMP_VERSION);
	buf_put(out, s1, sizeof(s1));
	buf_put(out, s2, sizeof(s2));
	*in = r;
	c->c2_left = RTMP_HANDSHAKE_BYTES;
	c->state = RTMP_WAIT_C2;
	return 1;
}

/* Its content is not compared: encoders differ, and nothing hangs on it. */
static int
step_c2(struct rtmp *c, struct rd *in)
{
	size_t n = rd_left(in) < c->c2_left ? rd_left(in) : c->c2_left;

	rd_bytes(in, n);
	c->c2_left -= n;
	if (c->c2_left > 0)
		return 0;
	c->state = RTMP_CHUNKS;
	return 1;
}

static void
put_control_u32(struct buf *out, uint8_t type, uint32_t v)
{
	const uint8_t body[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	rtmp_chunk_put(out, CSID_CONTROL, type, 0, body, sizeof(body));
}

static void
user_control(struct rd *r, struct buf *out)
{
	uint16_t event = rd_u16(r);
	const uint8_t *time = rd_bytes(r, 4);
	uint8_t body[6] = { 0, PING_RESPONSE };

	if (event != PING_REQUEST || time == NULL)
		return;
	memcpy(body + 2, time, 4);
	rtmp_chunk_put(out, CSID_CONTROL, RTMP_USER_CONTROL, 0, body,
	    sizeof(body));
}

static void
peer_bandwidth(struct rtmp *c, uint32_t window, struct buf *out)
{
	if (window == c->sent_window)
		return;
	c->sent_window = window;
	put_control_u32(out, RTMP_WINDOW_ACK_SIZE, window);
}

/* Protocol control messages.  One that is too short is ignored. */
static int
control(struct rtmp *c, const struct rtmp_message *m, struct buf *out,
    struct err *err)
{
	struct rd r;
	uint32_t v;

	rd_init(&r, m->body, m->body_bytes, 0);
	if (m->type == RTMP_USER_CONTROL) {
		user_control(&r, out);
		return 0;
	}
	v = rd_u32(&r);
	if (r.bad)
		return 0;
	switch (m->type) {
	case RTMP_SET_CHUNK_SIZE:
		return rtmp_chunks_set_size(&c->chunks, v, err);
	case RTMP_ABORT:
		rtmp_chunks_abort(&c->chunks, v);
		break;
	case RTMP_WINDOW_ACK_SIZE:
		c->ack_window = v;
		break;
	case RTMP_SET_PEER_BANDWIDTH:
		peer_bandwidth(c, v, out);
		break;
	case RTMP_ACK:
		break;
	}
	return 0;
}

/* Skip the AMF0 string S at the head of BODY, if it is there. */
static bool
skip_string(const uint8_t **body, size_t *n, const char *s)
{
	size_t len = strlen(s);
	const uint8_t *p = *body;

	if (*n < 3 + len || p[0] != 0x02 || p[1] != 0 || p[2] != len ||
	    memcmp(p + 3, s, len) != 0)
		return false;
	*body += 3 + len;
	*n -= 3 + len;
	return true;
}

/*
 * Script data as an FLV file has it: "@setDataFrame" only tells a server to
 * keep what follows.
 */
static int
data(const struct rtmp_message *m, struct rtmp_event *ev)
{
	ev->body = m->body;
	ev->body_bytes = m->body_bytes;
	ev->layout = m->layout;
	if (m->type == RTMP_DATA_AMF3) {
		if (ev->body_bytes == 0 || ev->body[0] != 0)
			return 0;
		ev->body++;
		ev->body_bytes--;
	}
	if (skip_string(&ev->body, &ev->body_bytes, "@clearDataFrame"))
		return 0;
	skip_string(&ev->body, &ev->body_bytes, "@setDataFrame");
	ev->type = RTMP_DATA;
	return ev->body_bytes > 0;
}

/* A message of the stream.  1 if *EV is filled; an empty one says nothing. */
static int
media(const struct rtmp *c, const struct rtmp_message *m,
    struct rtmp_event *ev)
{
	if (!c->publishing || m->msid != c->msid)
		return 0;
	ev->kind = RTMP_EVENT_MEDIA;
	ev->ts_ms = m->ts_ms;
	if (m->type == RTMP_DATA || m->type == RTMP_DATA_AMF3)
		return data(m, ev);
	ev->type = m->type;
	ev->body = m->body;
	ev->body_bytes = m->body_bytes;
	ev->layout = m->layout;
	return ev->body_bytes > 0;
}

static void
begin_aggregate(struct rtmp *c, const struct rtmp_message *m)
{
	if (!c->publishing || m->msid != c->msid)
		return;
	rd_init(&c->aggregate, m->body, m->body_bytes, 0);
	c->aggregate_ms = m->ts_ms;
	c->aggregate_begun = false;
}

/*
 * The next sub-message.  Their own times count from the first of them,
 * which has the time of the aggregate (RTMP 1.0 section 7.1.6).
 */
static int
step_aggregate(struct rtmp *c, struct rtmp_event *ev)
{
	struct rd *r = &c->aggregate;
	struct rtmp_message m = { .msid = c->msid };

	while (rd_left(r) > 0) {
		m.type = rd_u8(r);
		m.body_bytes = rd_u24(r);
		m.ts_ms = rd_u24(r);
		m.ts_ms |= (uint32_t)rd_u8(r) << 24;
		rd_bytes(r, 3);			/* stream id */
		m.body = rd_bytes(r, m.body_bytes);
		if (r->bad)
			break;			/* cut short: what is whole counts */
		if (rd_left(r) >= 4)
			rd_bytes(r, 4);		/* back pointer */
		if (!c->aggregate_begun)
			c->aggregate_ms -= m.ts_ms;
		c->aggregate_begun = true;
		m.ts_ms += c->aggregate_ms;
		if (m.type != RTMP_AUDIO && m.type != RTMP_VIDEO &&
		    m.type != RTMP_DATA)
			continue;
		if (media(c, &m, ev))
			return 1;
	}
	memset(r, 0, sizeof(*r));
	return 0;
}

static int
message(struct rtmp *c, const struct rtmp_message *m, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	switch (m->type) {
	case RTMP_AUDIO:
	case RTMP_VIDEO:
	case RTMP_DATA:
	case RTMP_DATA_AMF3:
		return media(c, m, ev);
	case RTMP_AGGREGATE:
		begin_aggregate(c, m);
		return step_aggregate(c, ev);
	case RTMP_COMMAND:
	case RTMP_COMMAND_AMF3:
		return rtmp_command(c, m, out, ev, err);
	default:
		return control(c, m, out, err);
	}
}

static int
step_chunks(struct rtmp *c, struct rd *in, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct rtmp_message m;
	int rc;

	if (step_aggregate(c, ev))
		return 1;
	do {
		if ((rc = rtmp_chunks_next(&c->chunks, in, &m, err)) <= 0)
			return rc;
	} while ((rc = message(c, &m, out, ev, err)) == 0);
	return rc;
}

/*
 * Only for peers that announced a window.  FFmpeg does not, and reads one
 * message per ten it sends: one that it has not read when it closes makes
 * the system reset the connection and throw away the end of the stream.
 * The count wraps at 2^32 (RTMP 1.0 section 5.4.3).
 */
static void
acknowledge(struct rtmp *c, struct buf *out)
{
	if (c->ack_window == 0 ||
	    c->received_bytes - c->acked_bytes < c->ack_window)
		return;
	c->acked_bytes = c->received_bytes;
	put_control_u32(out, RTMP_ACK, (uint32_t)c->received_bytes);
}

/* As rtmp_step(), but counts nothing. */
static int
step(struct rtmp *c, struct rd *in, struct buf *out, struct rtmp_event *ev,
    struct err *err)
{
	int rc;

	if (c->state == RTMP_WAIT_C0C1 &&
	    (rc = step_c0c1(c, in, out, err)) <= 0)
		return rc;
	if (c->state == RTMP_WAIT_C2 && step_c2(c, in) == 0)
		return 0;
	return step_chunks(c, in, out, ev, err);
}

int
rtmp_step(struct rtmp *c, struct rd *in, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	const uint8_t *from = in->p;
	int rc;

	assert(!c->asked);
	memset(ev, 0, sizeof(*ev));
	rc = step(c, in, out, ev, err);
	c->received_bytes += (uint64_t)(in->p - from);
	if (rc == -1 && c->state == RTMP_CHUNKS)
		err_wrap(err, "byte %llu",
		    (unsigned long long)c->received_bytes);
	if (rc == 0 && c->state == RTMP_CHUNKS)
		acknowledge(c, out);
	if (rc >= 0 && out->bad)
		return err_set(err, out->nomem ? ERR_OS : ERR_PROTO,
		    out->nomem ? "out of memory" : "replies are not read");
	return rc;
}
