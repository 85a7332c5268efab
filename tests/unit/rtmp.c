/* Tests of net/rtmp: handshake, media, control messages, replies unread. */
#include "rtmp_peer.h"

static void
test_handshake(void)
{
	struct server s;
	struct buf b = bytes();
	uint8_t version = 0x16;

	put_handshake(&b);
	server_init(&s);
	feed(&s, b.p, 1536);
	ok(s.rc == 0 && s.out.n == 0, "no answer before the whole C1");
	feed(&s, b.p + 1536, 1);
	ok(s.out.n == 1 + 2 * 1536 && s.out.p[0] == 3,
	    "then S0, S1, S2 at once, without C2");
	ok(memcmp(s.out.p + 1 + 4, "\0\0\0\0", 4) == 0,
	    "S1 says that it is the plain handshake");
	ok(memcmp(s.out.p + 1 + 1536, b.p + 1, 1536) == 0, "S2 echoes C1");
	feed(&s, b.p + 1537, 1536);
	ok(s.rc == 0 && s.c.state == RTMP_CHUNKS,
	    "a C2 that echoes nothing is accepted");
	server_release(&s);

	server_init(&s);
	feed(&s, &version, 1);
	ok(s.rc == -1 && strcmp(s.err.text, "TLS hello on the plain port")
	    == 0, "a TLS hello is known by its first byte");
	server_release(&s);
	server_init(&s);
	feed(&s, "GET /", 5);
	ok(s.rc == -1 && strcmp(s.err.text, "HTTP request") == 0, "HTTP");
	server_release(&s);
	server_init(&s);
	feed(&s, "\6", 1);
	ok(s.rc == -1 && strcmp(s.err.text, "C0: version 0x06, want 3") == 0,
	    "RTMPE");
	server_release(&s);
	buf_release(&b);
}

#define SESSION_LOG	"publish live/cam?|8@5:aud|9@7:vid|end|"

static void
put_whole_session(struct buf *b)
{
	put_session(b, "cam");
	put_message(b, RTMP_AUDIO, 1, 5, "aud", 3);
	put_message(b, RTMP_VIDEO, 1, 7, "vid", 3);
	put_command(b, "FCUnpublish", 6, "cam", 0);
	put_delete(b, 1);
}

static void
test_pieces(void)
{
	static const size_t steps[] = { 1, 2, 5, 100, 1537, 100000 };
	struct server s;
	struct buf b = bytes();
	size_t i, j, first_out = 0;

	put_whole_session(&b);
	for (j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
		server_init(&s);
		for (i = 0; i < b.n; i += steps[j])
			feed(&s, b.p + i, b.n - i < steps[j] ? b.n - i :
			    steps[j]);
		if (j == 0)
			first_out = s.out.n;
		ok(s.rc == 0 && strcmp(log_text(&s), SESSION_LOG) == 0 &&
		    s.out.n == first_out && s.c.received_bytes == b.n,
		    "a session in pieces of %zu: %s", steps[j], s.err.text);
		server_release(&s);
	}
	buf_release(&b);
}

static void
test_end(void)
{
	struct buf b = bytes();

	put_session(&b, "cam");
	put_delete(&b, 9);
	put_message(&b, RTMP_AUDIO, 1, 0, "a", 1);
	put_delete(&b, 1);
	put_command(&b, "FCUnpublish", 8, "cam", 0);
	put_message(&b, RTMP_AUDIO, 1, 0, "b", 1);
	logs(&b, "publish live/cam?|8@0:a|end|",
	    "deleteStream of that number ends it, once");

	b = bytes();
	put_session(&b, "cam");
	put_command(&b, "deleteStream", 0, "cam", 0);
	logs(&b, "publish live/cam?|end|", "deleteStream with a name");

	b = bytes();
	put_session(&b, "cam");
	put_command(&b, "closeStream", 0, NULL, 1);
	put_command(&b, "createStream", 8, NULL, 0);
	put_command(&b, "publish", 9, "two", 2);
	put_message(&b, RTMP_AUDIO, 2, 0, "a", 1);
	put_message(&b, RTMP_AUDIO, 1, 0, "b", 1);
	logs(&b, "publish live/cam?|end|publish live/two?|8@0:a|",
	    "another publication on the same connection");
}

static void
test_media(void)
{
	struct buf b = bytes();

	put_session(&b, "cam");
	put_message(&b, RTMP_VIDEO, 7, 0, "other stream", 12);
	put_message(&b, RTMP_AUDIO, 1, 0, "", 0);
	put_message(&b, 99, 1, 0, "unknown type", 12);
	put_message(&b, RTMP_VIDEO, 1, 0x123456, "v", 1);
	logs(&b, "publish live/cam?|9@1193046:v|",
	    "media of other streams, of no length, unknown messages");

	b = bytes();
	put_handshake(&b);
	put_connect(&b, "live", NULL);
	put_message(&b, RTMP_VIDEO, 1, 0, "early", 5);
	put_command(&b, "publish", 2, "cam", 1);
	put_message(&b, RTMP_VIDEO, 1, 0, "v", 1);
	logs(&b, "publish live/cam?|9@0:v|", "media before publish");
}

static void
test_data(void)
{
	struct buf b = bytes();

	put_session(&b, "cam");
	put_message(&b, RTMP_DATA, 1, 0,
	    "\2\0\x0d@setDataFrame\2X", 18);
	put_message(&b, RTMP_DATA, 1, 0, "\2Y", 2);
	put_message(&b, RTMP_DATA_AMF3, 1, 0,
	    "\0\2\0\x0d@setDataFrame\2Z", 19);
	put_message(&b, RTMP_DATA_AMF3, 1, 0, "\1ignored", 8);
	put_message(&b, RTMP_DATA, 1, 0, "\2\0\x0d@setDataFrame", 16);
	put_message(&b, RTMP_DATA, 1, 0, "\2\0\x0f@clearDataFrame\2W", 20);
	logs(&b, "publish live/cam?|18@0:\2X|18@0:\2Y|18@0:\2Z|",
	    "data without '@setDataFrame'");
}

static void
test_aggregate(void)
{
	static const uint8_t three[] =
	    "\x08\0\0\1\0\0\x64\0\0\0\0" "a" "\0\0\0\x0c"
	    "\x09\0\0\2\0\0\x8c\0\0\0\0" "vv" "\0\0\0\x0d"
	    "\x63\0\0\1\0\0\x8c\0\0\0\0" "?" "\0\0\0\x0c"
	    "\x08\0\0\1\0\0\x96\0\0\0\0" "b";		/* no pointer */
	struct buf b = bytes();

	put_session(&b, "cam");
	put_message(&b, RTMP_AGGREGATE, 1, 5000, three, sizeof(three) - 1);
	put_message(&b, RTMP_AGGREGATE, 1, 6000, three, 14);
	put_message(&b, RTMP_AGGREGATE, 1, 7000, three, 20);
	put_message(&b, RTMP_AGGREGATE, 1, 8000, "", 0);
	put_message(&b, RTMP_AUDIO, 1, 9000, "c", 1);
	logs(&b, "publish live/cam?|8@5000:a|9@5040:vv|8@5050:b|8@6000:a|"
	    "8@7000:a|8@9000:c|", "aggregates, whole and cut short");
}

static void
test_control(void)
{
	struct server s;
	struct buf b = bytes();
	size_t before;

	put_session(&b, "cam");
	server_init(&s);
	feed(&s, b.p, b.n);
	before = s.out.n;
	buf_reset(&b);
	put_message(&b, RTMP_USER_CONTROL, 0, 0, "\0\6\1\2\3\4", 6);
	feed(&s, b.p, b.n);
	ok(s.out.n - before == 18 && has_bytes(&s.out,
	    "\2\0\0\0\0\0\6\4\0\0\0\0\0\7\1\2\3\4", 18),
	    "a ping is answered with its bytes");
	before = s.out.n;
	buf_reset(&b);
	put_message(&b, RTMP_USER_CONTROL, 0, 0, "\0\6\1", 3);
	put_message(&b, RTMP_USER_CONTROL, 0, 0, "\0\x3f\1\2\3\4", 6);
	put_message(&b, RTMP_ACK, 0, 0, "\0\0\0\1", 4);
	put_message(&b, RTMP_WINDOW_ACK_SIZE, 0, 0, "\0", 1);
	put_message(&b, RTMP_SET_PEER_BANDWIDTH, 0, 0, "\0\x26\x25\xa0\2", 5);
	feed(&s, b.p, b.n);
	ok(s.rc == 0 && s.out.n == before,
	    "short and unknown control messages are ignored");
	buf_reset(&b);
	put_message(&b, RTMP_SET_PEER_BANDWIDTH, 0, 0, "\0\1\0\0\2", 5);
	feed(&s, b.p, b.n);
	ok(s.out.n - before == 16, "a new peer bandwidth sets our window");
	buf_reset(&b);
	put_message(&b, RTMP_SET_CHUNK_SIZE, 0, 0, "\0\0\0\0", 4);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && strstr(s.err.text, "chunk size 0") != NULL &&
	    strncmp(s.err.text, "byte ", 5) == 0, "chunk size 0: %s",
	    s.err.text);
	server_release(&s);
	buf_release(&b);
}

/* The value of the last acknowledgement in OUT, or 0. */
static uint32_t
last_ack(const struct buf *out)
{
	static const uint8_t head[] = "\2\0\0\0\0\0\4\3\0\0\0";
	struct rd r;
	size_t i;
	uint32_t value = 0;

	for (i = 0; i + 16 <= out->n; i++)
		if (memcmp(out->p + i, head, sizeof(head)) == 0) {
			rd_init(&r, out->p + i + 12, 4, 0);
			value = rd_u32(&r);
		}
	return value;
}

static void
test_acks(void)
{
	struct server s;
	struct buf b = bytes();

	put_session(&b, "cam");
	put_message(&b, RTMP_WINDOW_ACK_SIZE, 0, 0, "\0\0\x10\0", 4);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(last_ack(&s.out) == 0, "no acknowledgement within the window");
	feed(&s, "\4\0\0\0\0\0\0\x63\0\0\0\0", 12);
	feed(&s, b.p, 0);
	s.c.acked_bytes = s.c.received_bytes - 4095;
	feed(&s, "\xc4", 1);
	ok(last_ack(&s.out) == s.c.received_bytes,
	    "one when the peer's window is full");

	/* As after more than 4 GB. */
	s.c.received_bytes = s.c.acked_bytes = 0xffffffffu;
	s.c.acked_bytes -= 4096;
	feed(&s, "\xc4\xc4\xc4", 3);
	ok(s.c.received_bytes == 0x100000002 && last_ack(&s.out) == 2,
	    "the count wraps at 2^32");
	s.c.ack_window = 0;
	s.c.acked_bytes = 0;
	feed(&s, "\xc4", 1);
	ok(last_ack(&s.out) == 2, "none for a peer without a window");
	server_release(&s);
	buf_release(&b);
}

/* FourCC, ModEx, several tracks, metadata: none of our business. */
static void
test_enhanced_media(void)
{
	static const char *const bodies[] = { "\xd4hvc1x", "\221av01x",
	    "\x97\1zz\1vp09x", "\xa6\1hvc1\2x", "\x95\1Opus\1x" };
	struct buf b = bytes(), want = bytes();
	size_t i;

	put_session(&b, "cam");
	buf_put_str(&want, "publish live/cam?|");
	for (i = 0; i < 5; i++) {
		put_message(&b, i < 4 ? RTMP_VIDEO : RTMP_AUDIO, 1, 7,
		    bodies[i], strlen(bodies[i]));
		buf_printf(&want, "%d@7:%s|", i < 4 ? 9 : 8, bodies[i]);
	}
	buf_put_u8(&want, '\0');
	logs(&b, (const char *)want.p, "Enhanced RTMP's media pass untouched");
	buf_release(&want);
}

static void
test_unread_replies(void)
{
	struct server s;
	struct buf b = bytes();
	int i;

	put_session(&b, "cam");
	server_init(&s);
	s.out.max = 65536;
	feed(&s, b.p, b.n);
	buf_reset(&b);
	put_message(&b, RTMP_USER_CONTROL, 0, 0, "\0\6\1\2\3\4", 6);
	for (i = 0; i < 5000 && s.rc == 0; i++)
		feed(&s, b.p, b.n);
	ok(s.rc == -1 && s.err.cls == ERR_PROTO && i > 1000,
	    "replies are bounded: %s", s.err.text);
	server_release(&s);
	buf_release(&b);
}

int
main(void)
{
	test_handshake();
	test_pieces();
	test_end();
	test_media();
	test_data();
	test_aggregate();
	test_control();
	test_acks();
	test_enhanced_media();
	test_unread_replies();
	return done_testing();
}
