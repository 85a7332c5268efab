/* Tests of net/rtmp: handshake, commands in any order, media, replies. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/amf0.h"
#include "net/rtmp.h"
#include "tap.h"

/* A server that accepts all but the name "no", and writes down events. */
struct server {
	struct rtmp	c;
	struct buf	in;	/* fed, not yet taken */
	struct buf	out;
	struct buf	log;
	struct err	err;
	int		rc;
};

static void
server_init(struct server *s)
{
	memset(s, 0, sizeof(*s));
	rtmp_init(&s->c);
	buf_init(&s->in, 1 << 24);
	buf_init(&s->out, 1 << 24);
	buf_init(&s->log, 1 << 20);
}

static void
server_release(struct server *s)
{
	rtmp_release(&s->c);
	buf_release(&s->in);
	buf_release(&s->out);
	buf_release(&s->log);
}

static void
on_event(struct server *s, const struct rtmp_event *ev)
{
	switch (ev->kind) {
	case RTMP_EVENT_PUBLISH:
		buf_printf(&s->log, "publish %s/%s?%s|", ev->app, ev->name,
		    ev->query);
		if (strcmp(ev->name, "no") == 0)
			rtmp_refuse(&s->c, RTMP_REFUSE_DENIED, "bad key",
			    &s->out);
		else
			rtmp_accept(&s->c, &s->out);
		break;
	case RTMP_EVENT_MEDIA:
		buf_printf(&s->log, "%d@%u:%.*s|", ev->type,
		    (unsigned)ev->ts_ms, (int)ev->body_bytes,
		    (const char *)ev->body);
		break;
	case RTMP_EVENT_END:
		buf_printf(&s->log, "end|");
		break;
	}
}

/*
 * Take what is in S->in, up to an event.  It lies in memory of exactly that
 * size, which is gone afterwards: input may move between steps.
 */
static void
take(struct server *s)
{
	struct rtmp_event ev;
	struct rd in;
	uint8_t *copy = malloc(s->in.n + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, s->in.p, s->in.n);
	rd_init(&in, copy, s->in.n, 0);
	s->rc = rtmp_step(&s->c, &in, &s->out, &ev, &s->err);
	if (s->rc == 1)
		on_event(s, &ev);
	buf_drop(&s->in, s->in.n - rd_left(&in));
	memset(copy, 0, s->in.n);
	free(copy);
}

static void
feed(struct server *s, const void *bytes, size_t n)
{
	if (s->rc == -1)
		return;
	buf_put(&s->in, bytes, n);
	do
		take(s);
	while (s->rc == 1);
}

static const char *
log_text(struct server *s)
{
	uint8_t *end = buf_room(&s->log, 1);

	if (end == NULL)
		abort();
	*end = '\0';
	return (const char *)s->log.p;
}

static bool
has_bytes(const struct buf *b, const void *want, size_t n)
{
	return b->p != NULL && memmem(b->p, b->n, want, n) != NULL;
}

static bool
replied(const struct server *s, const char *text)
{
	return has_bytes(&s->out, text, strlen(text));
}

/* What a client sends. */

static void
put_handshake(struct buf *b)
{
	int i;

	buf_put_u8(b, 3);
	for (i = 0; i < 1536; i++)
		buf_put_u8(b, (uint8_t)(i * 7));
	for (i = 0; i < 1536; i++)
		buf_put_u8(b, 0x55);		/* C2 echoes nothing */
}

/* A message of any type in chunks of 128. */
static void
put_message(struct buf *b, uint8_t type, uint32_t msid, uint32_t ts,
    const void *body, size_t n)
{
	const uint8_t *p = body;
	size_t part;

	buf_put_u8(b, 4);
	buf_put_u24(b, ts);
	buf_put_u24(b, (uint32_t)n);
	buf_put_u8(b, type);
	buf_put_u32le(b, msid);
	for (;;) {
		part = n < 128 ? n : 128;
		buf_put(b, p, part);
		p += part;
		if ((n -= part) == 0)
			break;
		buf_put_u8(b, 0xc4);
	}
}

static void
begin_command(struct buf *cmd, const char *name, double txn)
{
	buf_init(cmd, 4096);
	amf0_put_string(cmd, name);
	amf0_put_number(cmd, txn);
}

static void
end_command(struct buf *b, struct buf *cmd, uint32_t msid)
{
	put_message(b, RTMP_COMMAND, msid, 0, cmd->p, cmd->n);
	buf_release(cmd);
}

static void
put_connect(struct buf *b, const char *app, const char *url)
{
	struct buf cmd;

	begin_command(&cmd, "connect", 1);
	amf0_put_object(&cmd);
	if (app != NULL) {
		amf0_put_key(&cmd, "app");
		amf0_put_string(&cmd, app);
	}
	if (url != NULL) {
		amf0_put_key(&cmd, "tcUrl");
		amf0_put_string(&cmd, url);
	}
	amf0_put_object_end(&cmd);
	end_command(b, &cmd, 0);
}

/* NAME(TXN, null, ARG). */
static void
put_command(struct buf *b, const char *name, double txn, const char *arg,
    uint32_t msid)
{
	struct buf cmd;

	begin_command(&cmd, name, txn);
	amf0_put_null(&cmd);
	if (arg != NULL)
		amf0_put_string(&cmd, arg);
	end_command(b, &cmd, msid);
}

static void
put_delete(struct buf *b, double id)
{
	struct buf cmd;

	begin_command(&cmd, "deleteStream", 7);
	amf0_put_null(&cmd);
	amf0_put_number(&cmd, id);
	end_command(b, &cmd, 0);
}

/* Handshake, connect, createStream, publish NAME. */
static void
put_session(struct buf *b, const char *name)
{
	put_handshake(b);
	put_connect(b, "live", "rtmp://h/live");
	put_command(b, "releaseStream", 2, name, 0);
	put_command(b, "FCPublish", 3, name, 0);
	put_command(b, "createStream", 4, NULL, 0);
	put_command(b, "publish", 5, name, 1);
}

/* One server, fed with B at once, whose log must be WANT.  Releases B. */
static void
logs(struct buf *b, const char *want, const char *name)
{
	struct server s;

	server_init(&s);
	feed(&s, b->p, b->n);
	ok(s.rc == 0 && strcmp(log_text(&s), want) == 0, "%s", name);
	if (strcmp(log_text(&s), want) != 0 || s.rc == -1)
		printf("# got %s (%s)\n# want %s\n", log_text(&s), s.err.text,
		    want);
	server_release(&s);
	buf_release(b);
}

static struct buf
bytes(void)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	return b;
}

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

/* FourCC, ModEx, several tracks, metadata: none of our business. */
static void
test_enhanced_media(void)
{
	static const char *const bodies[] = { "\xd4hvc1x", "\x91" "av01x",
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
	test_connect_reply();
	test_enhanced();
	test_reconnect();
	test_rejected();
	test_replies();
	test_transactions();
	test_order();
	test_names();
	test_end();
	test_media();
	test_data();
	test_aggregate();
	test_amf3_command();
	test_control();
	test_acks();
	test_play();
	test_bad_commands();
	test_answers_are_simple();
	test_enhanced_media();
	test_unread_replies();
	return done_testing();
}
