/* Tests of net/rtmp: commands in any order, and the answers to them. */
#include "rtmp_peer.h"

static void
test_connect_reply(void)
{
	/* Window 2500000, bandwidth 2500000 dynamic, chunks of 65536. */
	static const uint8_t want[] =
	    "\2\0\0\0\0\0\4\5\0\0\0\0\0\x26\x25\xa0"
	    "\2\0\0\0\0\0\5\6\0\0\0\0\0\x26\x25\xa0\2"
	    "\2\0\0\0\0\0\4\1\0\0\0\0\0\1\0\0"
	    "\3\0\0\0\0\0\xbe\x14\0\0\0\0"
	    "\2\0\7_result\0\x3f\xf0\0\0\0\0\0\0\3";
	struct server s;
	struct buf b = bytes();

	put_handshake(&b);
	put_connect(&b, "live", NULL);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.out.n == 3073 + 49 + 12 + 190 &&
	    memcmp(s.out.p + 3073, want, sizeof(want) - 1) == 0,
	    "connect: sizes first, then _result in one chunk");
	ok(replied(&s, "NetConnection.Connect.Success") &&
	    has_bytes(&s.out, "\0\x0eobjectEncoding\0\0\0\0\0\0\0\0\0\0\0\x09",
	    28), "with code and objectEncoding 0");
	server_release(&s);
	buf_release(&b);
}

/* A connect whose object has what PUT adds to it. */
static void
connect_with(struct server *s, void (*put)(struct buf *))
{
	struct buf b = bytes(), cmd;

	put_handshake(&b);
	begin_command(&cmd, "connect", 1);
	amf0_put_object(&cmd);
	amf0_put_pair(&cmd, "app", "live");
	put(&cmd);
	amf0_put_object_end(&cmd);
	end_command(&b, &cmd, 0);
	server_init(s);
	feed(s, b.p, b.n);
	buf_release(&b);
}

static void
put_nothing(struct buf *b)
{
	(void)b;
}

static void
put_version_1(struct buf *b)
{
	amf0_put_key(b, "fourCcList");
	amf0_put_list(b, 2);
	amf0_put_string(b, "av01");
	amf0_put_string(b, "hvc1");
}

static void
put_map(struct buf *b)
{
	amf0_put_key(b, "videoFourCcInfoMap");
	amf0_put_object(b);
	amf0_put_key(b, "vp09");
	amf0_put_number(b, 2);
	amf0_put_object_end(b);
}

static void
put_caps(struct buf *b)
{
	amf0_put_key(b, "capsEx");
	amf0_put_number(b, 15);
	amf0_put_pair(b, "flashVer", "Encoder/1 \33[2J\377");
}

static void
put_mad_caps(struct buf *b)
{
	amf0_put_key(b, "capsEx");
	amf0_put_number(b, -1e300);
}

/* Are all four members in the answer, with right bytes? */
static bool
answers_enhanced(const struct server *s)
{
	static const uint8_t list[] = "\0\x0a" "fourCcList\x0a\0\0\0\x0c"
	    "\2\0\4avc1\2\0\4hvc1\2\0\4vvc1\2\0\4av01\2\0\4vp09\2\0\4vp08"
	    "\2\0\4mp4a\2\0\4Opus\2\0\4fLaC\2\0\4ac-3\2\0\4ec-3\2\0\4.mp3";
	static const uint8_t video[] = "\0\x12videoFourCcInfoMap\3"
	    "\0\1*\0\x40\x10\0\0\0\0\0\0\0\4" "avc1\0\x40\x10";
	static const uint8_t audio[] = "\0\x12" "audioFourCcInfoMap\3"
	    "\0\1*\0\x40\x10\0\0\0\0\0\0\0\4mp4a\0\x40\x10";
	static const uint8_t caps[] = "\0\6capsEx\0\x40\x2e\0\0\0\0\0\0"
	    "\0\0\x09";

	return has_bytes(&s->out, list, sizeof(list) - 1) &&
	    has_bytes(&s->out, video, sizeof(video) - 1) &&
	    has_bytes(&s->out, audio, sizeof(audio) - 1) &&
	    has_bytes(&s->out, caps, sizeof(caps) - 1);
}

static void
test_enhanced(void)
{
	struct server s;

	connect_with(&s, put_nothing);
	ok(!s.c.enhanced && !replied(&s, "fourCcList") &&
	    !replied(&s, "FourCcInfoMap") && !replied(&s, "capsEx"),
	    "enhanced: who does not ask gets the answer of old");
	server_release(&s);
	connect_with(&s, put_version_1);
	ok(s.c.enhanced && answers_enhanced(&s) && s.c.caps_ex == 0,
	    "enhanced: fourCcList is answered with all capabilities");
	server_release(&s);
	connect_with(&s, put_map);
	ok(s.c.enhanced && answers_enhanced(&s),
	    "enhanced: so is a FourCcInfoMap");
	server_release(&s);
	connect_with(&s, put_caps);
	ok(s.c.enhanced && answers_enhanced(&s) && s.c.caps_ex == 15,
	    "enhanced: and capsEx");
	ok(strcmp(s.c.encoder, "Encoder/1 ?[2J?") == 0,
	    "the encoder's name is kept, fit for a terminal");
	server_release(&s);
	connect_with(&s, put_mad_caps);
	ok(s.rc == 0 && s.c.enhanced && s.c.caps_ex == 0,
	    "enhanced: capsEx that is no mask");
	server_release(&s);
}

static void
test_reconnect(void)
{
	static const uint8_t want[] =
	    "\3\0\0\0\0\0\x82\x14\0\0\0\0\2\0\x08onStatus\0\0\0\0\0\0\0\0\0"
	    "\5\3\0\5level\2\0\6status\0\4code\2\0\x26"
	    "NetConnection.Connect.ReconnectRequest\0\x0b" "description"
	    "\2\0\4move\0\5tcUrl\2\0\x0crtmp://b/app\0\0\x09";
	struct server s;
	size_t before;

	connect_with(&s, put_caps);
	before = s.out.n;
	ok(rtmp_reconnect_request(&s.c, "rtmp://b/app", "move", &s.out) &&
	    s.out.n == before + sizeof(want) - 1 &&
	    memcmp(s.out.p + before, want, sizeof(want) - 1) == 0,
	    "reconnect: an event on stream 0, with the URL");
	before = s.out.n;
	ok(rtmp_reconnect_request(&s.c, NULL, "update", &s.out) &&
	    memmem(s.out.p + before, s.out.n - before, "tcUrl", 5) == NULL,
	    "reconnect: without a URL, to the same");
	server_release(&s);
	connect_with(&s, put_version_1);
	before = s.out.n;
	ok(!rtmp_reconnect_request(&s.c, NULL, "update", &s.out) &&
	    s.out.n == before, "reconnect: not for who would not understand");
	server_release(&s);
}

static void
test_rejected(void)
{
	struct buf b = bytes();
	struct server s;

	put_handshake(&b);
	put_connect(&b, "live", NULL);
	put_connect(&b, "live", NULL);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && has_bytes(&s.out, "\2\0\6_error\0\x3f\xf0", 12) &&
	    replied(&s, "NetConnection.Connect.Rejected"),
	    "a second connect is answered with _error: %s", s.err.text);
	server_release(&s);
	buf_reset(&b);
	put_handshake(&b);
	put_message(&b, RTMP_COMMAND, 0, 0,
	    "\2\0\7connect\0\x3f\xf0\0\0\0\0\0\0\3\0\3app", 25);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && replied(&s, "NetConnection.Connect.Rejected") &&
	    memcmp(s.out.p + 3106, "\2\0\0\0\0\0\4\1\0\0\0\0\0\1\0\0", 16)
	    == 0, "so is half a connect, in one chunk: %s", s.err.text);
	server_release(&s);
	buf_release(&b);
}

static void
test_replies(void)
{
	static const uint8_t created[] =
	    "\3\0\0\0\0\0\x1d\x14\0\0\0\0\2\0\7_result\0\x40\x10\0\0\0\0\0\0"
	    "\5\0\x3f\xf0\0\0\0\0\0\0";
	static const uint8_t begun[] = "\2\0\0\0\0\0\6\4\0\0\0\0\0\0\0\0\0\1"
	    "\5\0\0\0\0\0\x69\x14\1\0\0\0\2\0\x08onStatus\0\0\0\0\0\0\0\0\0\5"
	    "\3\0\5level\2\0\6status\0\4code\2\0\x17NetStream.Publish.Start"
	    "\0\x0b" "description\2\0\x10Start publishing\0\0\x09";
	struct server s;
	struct buf b = bytes();

	put_session(&b, "cam");
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(has_bytes(&s.out, created, sizeof(created) - 1),
	    "createStream: its transaction and the number 1");
	ok(has_bytes(&s.out, begun, sizeof(begun) - 1),
	    "publish: StreamBegin, onStatus on the stream's id");
	ok(has_bytes(&s.out, "_result\0\x40\0\0\0\0\0\0\0\5\6", 18) &&
	    has_bytes(&s.out, "_result\0\x40\x08\0\0\0\0\0\0\5\6", 18),
	    "releaseStream and FCPublish: _result, null, undefined");
	server_release(&s);

	buf_reset(&b);
	put_session(&b, "no");
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == 0 && replied(&s, "NetStream.Publish.Denied") &&
	    !s.c.publishing && !replied(&s, "Publish.Start"),
	    "a refusal says so");
	ok(memcmp(s.c.name, (char[sizeof(s.c.name)]){ 0 },
	    sizeof(s.c.name)) == 0, "and the key is forgotten");
	server_release(&s);
	buf_release(&b);
}

static size_t
reply_bytes(const char *name, double txn)
{
	struct server s;
	struct buf b = bytes();
	size_t before, n;

	put_handshake(&b);
	put_connect(&b, "live", NULL);
	server_init(&s);
	feed(&s, b.p, b.n);
	before = s.out.n;
	buf_reset(&b);
	put_command(&b, name, txn, "x", 0);
	feed(&s, b.p, b.n);
	n = s.rc == 0 ? s.out.n - before : 0;
	server_release(&s);
	buf_release(&b);
	return n;
}

static void
test_transactions(void)
{
	ok(reply_bytes("releaseStream", 0) == 0 &&
	    reply_bytes("FCPublish", 0) == 0 &&
	    reply_bytes("createStream", 0) == 0 &&
	    reply_bytes("whatever", 0) == 0, "no answer to transaction 0");
	ok(reply_bytes("whatever", 9) == 12 + 21 &&
	    reply_bytes("_checkbw", 9) == 12 + 21,
	    "an unknown command gets a _result");
	ok(reply_bytes("getStreamLength", 9) == 12 + 29, "a length of 0");
	ok(reply_bytes("_result", 9) == 0 && reply_bytes("FCUnpublish", 9)
	    == 0 && reply_bytes("deleteStream", 9) == 0,
	    "those that want none get none");
}

static void
test_order(void)
{
	struct buf b = bytes();
	struct server s;

	put_handshake(&b);
	put_command(&b, "createStream", 2, NULL, 0);
	put_connect(&b, "live", NULL);
	put_command(&b, "publish", 0, "cam", 1);
	put_command(&b, "FCPublish", 3, "cam", 0);
	put_message(&b, RTMP_AUDIO, 1, 0, "a", 1);
	logs(&b, "publish live/cam?|8@0:a|", "other orders of commands");

	b = bytes();
	put_handshake(&b);
	put_command(&b, "publish", 0, "cam", 1);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && s.err.cls == ERR_PROTO && strstr(s.err.text,
	    "publish before connect") != NULL, "but: %s", s.err.text);
	server_release(&s);
	buf_release(&b);

	b = bytes();
	put_session(&b, "cam");
	put_command(&b, "publish", 6, "cam2", 2);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && s.err.cls == ERR_PROTO, "and: %s", s.err.text);
	server_release(&s);
	buf_release(&b);
}

static void
names(const char *app, const char *url, const char *name, const char *want)
{
	struct buf b = bytes();

	put_handshake(&b);
	put_connect(&b, app, url);
	put_command(&b, "publish", 2, name, 1);
	logs(&b, want, want);
}

static void
test_names(void)
{
	names("", NULL, "cam", "publish /cam?|");
	names(NULL, NULL, "cam", "publish /cam?|");
	names("/live/room/", NULL, "/cam", "publish live/room/cam?|");
	names("live", "rtmp://h:1935//k", "cam", "publish live/cam?|");
	names("live", NULL, "cam?key=s", "publish live/cam?key=s|");
	names("live?key=s", NULL, "cam", "publish live/cam?key=s|");
	names("live", "rtmp://h/live?key=s", "cam", "publish live/cam?key=s|");
	names("live?key=a", "rtmp://h/live?key=b", "cam?key=c",
	    "publish live/cam?key=c|");
	names("live", NULL, "", "publish live/?|");
}

static void
test_amf3_command(void)
{
	struct buf b = bytes(), cmd;

	put_handshake(&b);
	put_connect(&b, "live", NULL);
	buf_init(&cmd, 100);
	buf_put_u8(&cmd, 0);
	amf0_put_string(&cmd, "publish");
	amf0_put_number(&cmd, 2);
	buf_put(&cmd, "\x11\1", 2);		/* AMF3 null */
	buf_put(&cmd, "\x11\6\7cam", 6);
	put_message(&b, RTMP_COMMAND_AMF3, 1, 0, cmd.p, cmd.n);
	cmd.p[0] = 1;				/* no such format */
	put_message(&b, RTMP_COMMAND_AMF3, 1, 0, cmd.p, cmd.n);
	buf_release(&cmd);
	logs(&b, "publish live/cam?|", "a command of type 17");

	b = bytes();
	put_handshake(&b);
	buf_init(&cmd, 100);
	buf_put_u8(&cmd, 0);
	amf0_put_string(&cmd, "connect");
	amf0_put_number(&cmd, 1);
	buf_put(&cmd, "\x11\x0a\x0b\1\7app\6\7x/y\1", 14);
	put_message(&b, RTMP_COMMAND_AMF3, 0, 0, cmd.p, cmd.n);
	buf_release(&cmd);
	put_command(&b, "publish", 2, "cam", 1);
	logs(&b, "publish x/y/cam?|", "a connect whose object is in AMF3");
}

static void
test_play(void)
{
	struct server s;
	struct buf b = bytes();

	put_handshake(&b);
	put_connect(&b, "live", NULL);
	put_command(&b, "play", 0, "cam", 1);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && replied(&s, "NetStream.Play.Failed"),
	    "players are told: %s", s.err.text);
	server_release(&s);
	buf_release(&b);
}

static void
test_bad_commands(void)
{
	struct server s;
	struct buf b = bytes();

	put_handshake(&b);
	put_message(&b, RTMP_COMMAND, 0, 0, "\2\0\7conn", 7);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1 && strncmp(s.err.text, "byte 3092: command: AMF0", 24)
	    == 0, "a truncated command: %s", s.err.text);
	server_release(&s);
	buf_reset(&b);
	put_handshake(&b);
	put_message(&b, RTMP_COMMAND, 0, 0, "\5\5", 2);
	server_init(&s);
	feed(&s, b.p, b.n);
	ok(s.rc == -1, "a command without a name: %s", s.err.text);
	server_release(&s);
	buf_release(&b);
}

/* librtmp's reader copes with no other kind. */
static void
test_answers_are_simple(void)
{
	struct server s;
	struct buf b = bytes();
	struct rd r;
	uint32_t n, chunk_bytes = 128, count = 0;
	bool simple = true;

	put_session(&b, "cam");
	put_command(&b, "getStreamLength", 6, "x", 0);
	put_message(&b, RTMP_USER_CONTROL, 0, 0, "\0\6\1\2\3\4", 6);
	put_command(&b, "play", 7, "x", 1);
	server_init(&s);
	feed(&s, b.p, b.n);
	rd_init(&r, s.out.p + 3073, s.out.n - 3073, 0);
	for (; rd_left(&r) > 0 && !r.bad; count++) {
		simple = simple && rd_u8(&r) < 64 && rd_u24(&r) == 0;
		n = rd_u24(&r);
		simple = simple && n <= chunk_bytes;
		if (rd_u8(&r) == RTMP_SET_CHUNK_SIZE)
			chunk_bytes = RTMP_OUT_CHUNK_BYTES;
		rd_u32le(&r);
		rd_bytes(&r, n);
	}
	ok(simple && !r.bad && count == 12,
	    "every answer has time 0 and is whole in one chunk");
	server_release(&s);
	buf_release(&b);
}

int
main(void)
{
	test_connect_reply();
	test_enhanced();
	test_reconnect();
	test_rejected();
	test_replies();
	test_transactions();
	test_order();
	test_names();
	test_amf3_command();
	test_play();
	test_bad_commands();
	test_answers_are_simple();
	return done_testing();
}
