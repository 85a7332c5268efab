#include "net/rtmp_command.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/amf0.h"
#include "net/rtmp.h"

#define CSID_COMMAND	3
#define CSID_STATUS	5
#define REPLY_BYTES	1024		/* the longest of ours */
#define STREAM_BEGIN	0		/* user control event */

/* A command with its transaction, and what follows those two. */
struct command {
	struct amf0_value	name;
	double			txn;
	struct rd		args;
	uint32_t		msid;
};

static void
put_control(struct buf *out, uint8_t type, const struct buf *body)
{
	rtmp_chunk_put(out, 2, type, 0, body->p, body->n);
}

static void
put_u32_control(struct buf *out, uint8_t type, uint32_t v)
{
	const uint8_t body[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	rtmp_chunk_put(out, 2, type, 0, body, sizeof(body));
}

static void
begin_reply(struct buf *body, const char *name, double txn)
{
	buf_init(body, REPLY_BYTES);
	amf0_put_string(body, name);
	amf0_put_number(body, txn);
}

static void
send_reply(struct rtmp *c, uint8_t csid, uint32_t msid, struct buf *body,
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
put_pair(struct buf *b, const char *key, const char *value)
{
	amf0_put_key(b, key);
	amf0_put_string(b, value);
}

static void
put_info(struct buf *b, const char *level, const char *code,
    const char *description)
{
	put_pair(b, "level", level);
	put_pair(b, "code", code);
	put_pair(b, "description", description);
}

static void
send_status(struct rtmp *c, const char *level, const char *code,
    const char *description, struct buf *out)
{
	struct buf b;

	/* On the stream's own id: GStreamer hears no other. */
	begin_reply(&b, "onStatus", 0);
	amf0_put_null(&b);
	amf0_put_object(&b);
	put_info(&b, level, code, description);
	amf0_put_object_end(&b);
	send_reply(c, CSID_STATUS, c->msid, &b, out);
}

/* The request is answered: forget what may be a secret. */
static void
answered(struct rtmp *c)
{
	assert(c->asked);
	c->asked = false;
	explicit_bzero(c->name, sizeof(c->name));
	explicit_bzero(c->query, sizeof(c->query));
}

void
rtmp_accept(struct rtmp *c, struct buf *out)
{
	struct buf b;

	answered(c);
	c->publishing = true;
	rtmp_chunks_set_media(&c->chunks, true);
	buf_init(&b, REPLY_BYTES);
	buf_put_u16(&b, STREAM_BEGIN);
	buf_put_u32(&b, c->msid);
	put_control(out, RTMP_USER_CONTROL, &b);
	buf_release(&b);
	send_status(c, "status", "NetStream.Publish.Start",
	    "Start publishing", out);
}

void
rtmp_refuse(struct rtmp *c, enum rtmp_refusal why, const char *description,
    struct buf *out)
{
	static const char *const codes[] = {
		[RTMP_REFUSE_BAD_NAME] = "NetStream.Publish.BadName",
		[RTMP_REFUSE_DENIED] = "NetStream.Publish.Denied",
		[RTMP_REFUSE_FAILED] = "NetStream.Failed",
	};

	answered(c);
	send_status(c, "error", codes[why], description, out);
}

static void
send_result(struct rtmp *c, const struct command *cmd, struct buf *out)
{
	struct buf b;

	if (cmd->txn == 0)
		return;		/* no answer is wanted */
	begin_reply(&b, "_result", cmd->txn);
	amf0_put_null(&b);
	amf0_put_undefined(&b);
	send_reply(c, CSID_COMMAND, 0, &b, out);
}

/* Cut S at '?'.  What was behind it, or "". */
static char *
cut_query(char *s)
{
	char *q = strchr(s, '?');

	if (q == NULL)
		return s + strlen(s);
	*q = '\0';
	return q + 1;
}

static void
strip_slashes(char *s)
{
	size_t n = strlen(s), lead = strspn(s, "/");

	memmove(s, s + lead, n - lead + 1);
	for (n -= lead; n > 0 && s[n - 1] == '/'; n--)
		s[n - 1] = '\0';
}

static void
copy_string(char *to, size_t to_bytes, const char *from)
{
	size_t n = strlen(from);

	if (n >= to_bytes)
		n = 0;		/* half a key is no key */
	memcpy(to, from, n);
	to[n] = '\0';
}

/* Never refused for its app or tcUrl: clients cut a URL as they please. */
static void
read_connect(struct rtmp *c, const struct amf0_value *object)
{
	char url[4 * LIMIT_RTMP_NAME_BYTES];
	struct amf0_value v;

	if (amf0_find(object, "app", &v))
		amf0_copy(&v, c->app, sizeof(c->app));
	copy_string(c->app_query, sizeof(c->app_query), cut_query(c->app));
	strip_slashes(c->app);
	if (c->app_query[0] != '\0')
		return;
	if (!amf0_find(object, "tcUrl", &v) && !amf0_find(object, "tcurl", &v))
		return;
	if (amf0_copy(&v, url, sizeof(url)))
		copy_string(c->app_query, sizeof(c->app_query),
		    cut_query(url));
}

static void
send_connected(struct rtmp *c, const struct command *cmd, struct buf *out)
{
	struct buf b;

	put_u32_control(out, RTMP_WINDOW_ACK_SIZE, RTMP_WINDOW_BYTES);
	buf_init(&b, REPLY_BYTES);
	buf_put_u32(&b, RTMP_WINDOW_BYTES);
	buf_put_u8(&b, 2);		/* dynamic */
	put_control(out, RTMP_SET_PEER_BANDWIDTH, &b);
	buf_release(&b);
	put_u32_control(out, RTMP_SET_CHUNK_SIZE, RTMP_OUT_CHUNK_BYTES);
	c->out_chunk_bytes = RTMP_OUT_CHUNK_BYTES;
	c->sent_window = RTMP_WINDOW_BYTES;

	begin_reply(&b, "_result", cmd->txn);
	amf0_put_object(&b);
	put_pair(&b, "fmsVer", "FMS/3,0,1,123");
	amf0_put_key(&b, "capabilities");
	amf0_put_number(&b, 31);
	amf0_put_object_end(&b);
	amf0_put_object(&b);
	put_info(&b, "status", "NetConnection.Connect.Success",
	    "Connection succeeded.");
	amf0_put_key(&b, "objectEncoding");
	amf0_put_number(&b, 0);		/* and so the client stays with AMF0 */
	amf0_put_object_end(&b);
	send_reply(c, CSID_COMMAND, 0, &b, out);
}

static int
do_connect(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct amf0_value object;

	(void)ev;
	if (c->connected)
		return err_set(err, ERR_PROTO, "a second connect");
	if (amf0_read(&cmd->args, &object, err) == -1)
		return err_wrap(err, "connect");
	read_connect(c, &object);
	c->connected = true;
	send_connected(c, cmd, out);
	return 0;
}

static int
do_create_stream(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct buf b;

	(void)ev;
	(void)err;
	if (cmd->txn == 0)
		return 0;
	c->last_msid++;
	begin_reply(&b, "_result", cmd->txn);
	amf0_put_null(&b);
	amf0_put_number(&b, c->last_msid);
	send_reply(c, CSID_COMMAND, 0, &b, out);
	return 0;
}

/* The argument behind the command object.  False when there is none. */
static bool
first_argument(struct command *cmd, struct amf0_value *v)
{
	struct err err;

	return amf0_read(&cmd->args, v, &err) == 0 &&
	    amf0_read(&cmd->args, v, &err) == 0;
}

static int
do_publish(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct amf0_value name;
	char *query;

	(void)out;
	if (!c->connected)
		return err_set(err, ERR_PROTO, "publish before connect");
	if (c->publishing)
		return err_set(err, ERR_PROTO,
		    "a second publish on one connection");
	if (!first_argument(cmd, &name))
		return err_set(err, ERR_PROTO, "publish without a name");
	amf0_copy(&name, c->name, sizeof(c->name));
	query = cut_query(c->name);
	copy_string(c->query, sizeof(c->query),
	    *query != '\0' ? query : c->app_query);
	strip_slashes(c->name);
	c->msid = cmd->msid;
	c->asked = true;
	ev->kind = RTMP_EVENT_PUBLISH;
	ev->app = c->app;
	ev->name = c->name;
	ev->query = c->query;
	return 1;
}

static int
end_publication(struct rtmp *c, struct rtmp_event *ev)
{
	if (!c->publishing)
		return 0;
	c->publishing = false;
	rtmp_chunks_set_media(&c->chunks, false);
	ev->kind = RTMP_EVENT_END;
	return 1;
}

/*
 * A connection has one publication at most, so whatever FCUnpublish names
 * it is that one; and GStreamer puts the name where deleteStream has the id.
 */
static int
do_unpublish(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)cmd;
	(void)out;
	(void)err;
	return end_publication(c, ev);
}

static int
do_close_stream(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)out;
	(void)err;
	if (cmd->msid != c->msid && cmd->msid != 0)
		return 0;
	return end_publication(c, ev);
}

static int
do_delete_stream(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct amf0_value id;

	(void)out;
	(void)err;
	if (first_argument(cmd, &id) && id.type == AMF0_NUMBER &&
	    id.number != c->msid)
		return 0;
	return end_publication(c, ev);
}

static int
do_get_length(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct buf b;

	(void)ev;
	(void)err;
	if (cmd->txn == 0)
		return 0;
	begin_reply(&b, "_result", cmd->txn);
	amf0_put_null(&b);
	amf0_put_number(&b, 0);
	send_reply(c, CSID_COMMAND, 0, &b, out);
	return 0;
}

static int
do_play(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)ev;
	c->msid = cmd->msid;
	send_status(c, "error", "NetStream.Play.Failed",
	    "this server does not play", out);
	return err_set(err, ERR_PROTO, "asked to play, which is not served");
}

/* An answer of the peer's, or one that wants none from us. */
static int
do_nothing(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)c;
	(void)cmd;
	(void)out;
	(void)ev;
	(void)err;
	return 0;
}

static int
do_other(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)ev;
	(void)err;
	send_result(c, cmd, out);
	return 0;
}

static const struct {
	const char	*name;
	int		(*run)(struct rtmp *c, struct command *cmd,
			    struct buf *out, struct rtmp_event *ev,
			    struct err *err);
} commands[] = {
	{ "connect",		do_connect },
	{ "createStream",	do_create_stream },
	{ "publish",		do_publish },
	{ "FCUnpublish",	do_unpublish },
	{ "closeStream",	do_close_stream },
	{ "deleteStream",	do_delete_stream },
	{ "getStreamLength",	do_get_length },
	{ "play",		do_play },
	{ "play2",		do_play },
	{ "_result",		do_nothing },
	{ "_error",		do_nothing },
	{ "onStatus",		do_nothing },
	/* releaseStream, FCPublish, _checkbw ...: do_other */
};

int
rtmp_command(struct rtmp *c, const struct rtmp_message *m, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct command cmd = { .msid = m->msid };
	struct amf0_value txn;
	size_t i;

	rd_init(&cmd.args, m->body, m->body_bytes, 0);
	/* AMF3's envelope: a format byte, then AMF0 all the same. */
	if (m->type == RTMP_COMMAND_AMF3 && rd_u8(&cmd.args) != 0)
		return 0;
	if (amf0_read(&cmd.args, &cmd.name, err) == -1)
		return err_wrap(err, "command");
	if (cmd.name.type != AMF0_STRING)
		return err_set(err, ERR_PROTO, "a command without a name");
	if (amf0_read(&cmd.args, &txn, err) == -1)
		return err_wrap(err, "command");
	cmd.txn = txn.type == AMF0_NUMBER ? txn.number : 0;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (amf0_is(&cmd.name, commands[i].name))
			return commands[i].run(c, &cmd, out, ev, err);
	return do_other(c, &cmd, out, ev, err);
}
