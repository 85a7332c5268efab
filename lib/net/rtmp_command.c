#include "net/rtmp_command.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/amf0.h"
#include "net/rtmp.h"
#include "net/rtmp_enhanced.h"
#include "net/rtmp_reply.h"

#define CSID_CONTROL	2
#define STREAM_BEGIN	0		/* user control event */

/* A command with its transaction, and what follows those two. */
struct command {
	struct amf0_value	name;
	double			txn;
	struct rd		args;
	uint32_t		msid;
};

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
	const uint8_t begin[] = { 0, STREAM_BEGIN, (uint8_t)(c->msid >> 24),
	    (uint8_t)(c->msid >> 16), (uint8_t)(c->msid >> 8),
	    (uint8_t)c->msid };

	answered(c);
	c->publishing = true;
	rtmp_chunks_set_media(&c->chunks, true);
	rtmp_chunk_put(out, CSID_CONTROL, RTMP_USER_CONTROL, 0, begin,
	    sizeof(begin));
	/* On the stream's own id: GStreamer hears no other. */
	rtmp_reply_status(c, c->msid, "status", "NetStream.Publish.Start",
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
	rtmp_reply_status(c, c->msid, "error", codes[why], description, out);
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
read_url(struct rtmp *c, const struct amf0_value *object)
{
	char url[LIMIT_RTMP_URL_BYTES + 1];
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

/* For people to read, in a log or on a terminal. */
static void
read_encoder(struct rtmp *c, const struct amf0_value *object)
{
	struct amf0_value v;
	size_t i;

	if (!amf0_find(object, "flashVer", &v) || v.type != AMF0_STRING)
		return;
	for (i = 0; i < v.string_bytes && i + 1 < sizeof(c->encoder); i++)
		c->encoder[i] = v.string[i] >= ' ' && v.string[i] < 0x7f ?
		    (char)v.string[i] : '?';
}

static int
do_connect(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	struct amf0_value object;

	(void)ev;
	if (c->connected) {
		rtmp_reply_rejected(c, cmd->txn, "connected already", out);
		return err_set(err, ERR_PROTO, "a second connect");
	}
	if (amf0_read(&cmd->args, &object, err) == -1) {
		rtmp_reply_rejected(c, cmd->txn, err->text, out);
		return err_wrap(err, "connect");
	}
	read_url(c, &object);
	read_encoder(c, &object);
	rtmp_enhanced_read(c, &object);
	c->connected = true;
	rtmp_reply_connected(c, cmd->txn, out);
	return 0;
}

static int
do_create_stream(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)ev;
	(void)err;
	if (cmd->txn == 0)
		return 0;
	c->last_msid++;
	rtmp_reply_number(c, cmd->txn, c->last_msid, out);
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
	(void)ev;
	(void)err;
	if (cmd->txn != 0)
		rtmp_reply_number(c, cmd->txn, 0, out);
	return 0;
}

static int
do_play(struct rtmp *c, struct command *cmd, struct buf *out,
    struct rtmp_event *ev, struct err *err)
{
	(void)ev;
	rtmp_reply_status(c, cmd->msid, "error", "NetStream.Play.Failed",
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
	if (cmd->txn != 0)
		rtmp_reply_done(c, cmd->txn, out);
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
