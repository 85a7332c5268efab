#include "net/rtmp_reply.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "net/amf0.h"
#include "net/rtmp.h"
#include "net/rtmp_enhanced.h"

#define CSID_CONTROL	2
#define CSID_COMMAND	3
#define CSID_STATUS	5
#define REPLY_BYTES	4096		/* the longest of ours */
#define DYNAMIC		2		/* kind of peer bandwidth */

static void
begin(struct buf *body, const char *name, double txn)
{
	buf_init(body, REPLY_BYTES);
	amf0_put_string(body, name);
	amf0_put_number(body, txn);
}

static void
put_u32(struct buf *out, uint8_t type, uint32_t v)
{
	const uint8_t body[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	rtmp_chunk_put(out, CSID_CONTROL, type, 0, body, sizeof(body));
}

static void
end(struct rtmp *c, uint8_t csid, uint32_t msid, struct buf *body,
    struct buf *out)
{
	if (body->bad) {	/* memory is out: the caller sees it in OUT */
		out->bad = out->nomem = true;
	} else {
		assert(body->n <= c->out_chunk_bytes);
		rtmp_chunk_put(out, csid, RTMP_COMMAND, msid, body->p,
		    body->n);
	}
	buf_release(body);
}

static void
put_info(struct buf *b, const char *level, const char *code,
    const char *description)
{
	amf0_put_object(b);
	amf0_put_pair(b, "level", level);
	amf0_put_pair(b, "code", code);
	amf0_put_pair(b, "description", description);
}

void
rtmp_reply_done(struct rtmp *c, double txn, struct buf *out)
{
	struct buf b;

	begin(&b, "_result", txn);
	amf0_put_null(&b);
	amf0_put_undefined(&b);
	end(c, CSID_COMMAND, 0, &b, out);
}

void
rtmp_reply_number(struct rtmp *c, double txn, double number, struct buf *out)
{
	struct buf b;

	begin(&b, "_result", txn);
	amf0_put_null(&b);
	amf0_put_number(&b, number);
	end(c, CSID_COMMAND, 0, &b, out);
}

static void
put_sizes(struct rtmp *c, struct buf *out)
{
	const uint8_t bandwidth[] = { (uint8_t)(RTMP_WINDOW_BYTES >> 24),
	    (uint8_t)(RTMP_WINDOW_BYTES >> 16 & 0xff),
	    (uint8_t)(RTMP_WINDOW_BYTES >> 8 & 0xff),
	    (uint8_t)(RTMP_WINDOW_BYTES & 0xff), DYNAMIC };

	put_u32(out, RTMP_WINDOW_ACK_SIZE, RTMP_WINDOW_BYTES);
	c->sent_window = RTMP_WINDOW_BYTES;
	rtmp_chunk_put(out, CSID_CONTROL, RTMP_SET_PEER_BANDWIDTH, 0,
	    bandwidth, sizeof(bandwidth));
	put_u32(out, RTMP_SET_CHUNK_SIZE, RTMP_OUT_CHUNK_BYTES);
	c->out_chunk_bytes = RTMP_OUT_CHUNK_BYTES;
}

void
rtmp_reply_connected(struct rtmp *c, double txn, struct buf *out)
{
	struct buf b;

	put_sizes(c, out);
	begin(&b, "_result", txn);
	amf0_put_object(&b);
	amf0_put_pair(&b, "fmsVer", "FMS/3,0,1,123");
	amf0_put_key(&b, "capabilities");
	amf0_put_number(&b, 31);
	amf0_put_object_end(&b);
	put_info(&b, "status", "NetConnection.Connect.Success",
	    "Connection succeeded.");
	amf0_put_key(&b, "objectEncoding");
	amf0_put_number(&b, 0);		/* and so the client stays with AMF0 */
	if (c->enhanced)
		rtmp_enhanced_put(&b);
	amf0_put_object_end(&b);
	end(c, CSID_COMMAND, 0, &b, out);
}

void
rtmp_reply_rejected(struct rtmp *c, double txn, const char *description,
    struct buf *out)
{
	struct buf b;

	if (!c->connected)
		put_sizes(c, out);	/* for one chunk to be enough */
	begin(&b, "_error", txn);
	amf0_put_null(&b);
	put_info(&b, "error", "NetConnection.Connect.Rejected", description);
	amf0_put_object_end(&b);
	end(c, CSID_COMMAND, 0, &b, out);
}

void
rtmp_reply_status(struct rtmp *c, uint32_t msid, const char *level,
    const char *code, const char *description, struct buf *out)
{
	struct buf b;

	begin(&b, "onStatus", 0);
	amf0_put_null(&b);
	put_info(&b, level, code, description);
	amf0_put_object_end(&b);
	end(c, CSID_STATUS, msid, &b, out);
}

bool
rtmp_reconnect_request(struct rtmp *c, const char *url,
    const char *description, struct buf *out)
{
	struct buf b;

	if ((c->caps_ex & RTMP_CAPS_RECONNECT) == 0)
		return false;
	assert(url == NULL || strlen(url) <= LIMIT_RTMP_URL_BYTES);
	begin(&b, "onStatus", 0);
	amf0_put_null(&b);
	put_info(&b, "status", "NetConnection.Connect.ReconnectRequest",
	    description);
	if (url != NULL)
		amf0_put_pair(&b, "tcUrl", url);
	amf0_put_object_end(&b);
	end(c, CSID_COMMAND, 0, &b, out);
	return true;
}
