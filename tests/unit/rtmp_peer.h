/*
 * rtmp_peer - a server that writes down what it is told, and what a client
 * sends, for tests of net/rtmp.
 */
#ifndef UNIT_RTMP_PEER_H
#define UNIT_RTMP_PEER_H

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

static inline void
server_init(struct server *s)
{
	memset(s, 0, sizeof(*s));
	rtmp_init(&s->c);
	buf_init(&s->in, 1 << 24);
	buf_init(&s->out, 1 << 24);
	buf_init(&s->log, 1 << 20);
}

static inline void
server_release(struct server *s)
{
	rtmp_release(&s->c);
	buf_release(&s->in);
	buf_release(&s->out);
	buf_release(&s->log);
}

static inline void
on_event(struct server *s, const struct rtmp_event *ev)
{
	const uint8_t *piece;
	size_t at, n;

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
		buf_printf(&s->log, "%d@%u:", ev->type, (unsigned)ev->ts_ms);
		for (at = 0; at < ev->body_bytes; at += n) {
			piece = rtmp_piece(ev->body, ev->body_bytes,
			    &ev->layout, at, &n);
			buf_put(&s->log, piece, n);
		}
		buf_printf(&s->log, "|");
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
static inline void
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

static inline void
feed(struct server *s, const void *bytes, size_t n)
{
	if (s->rc == -1)
		return;
	buf_put(&s->in, bytes, n);
	do
		take(s);
	while (s->rc == 1);
}

static inline const char *
log_text(struct server *s)
{
	uint8_t *end = buf_room(&s->log, 1);

	if (end == NULL)
		abort();
	*end = '\0';
	return (const char *)s->log.p;
}

static inline bool
has_bytes(const struct buf *b, const void *want, size_t n)
{
	return b->p != NULL && memmem(b->p, b->n, want, n) != NULL;
}

static inline bool
replied(const struct server *s, const char *text)
{
	return has_bytes(&s->out, text, strlen(text));
}

/* What a client sends. */

static inline void
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
static inline void
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

static inline void
begin_command(struct buf *cmd, const char *name, double txn)
{
	buf_init(cmd, 4096);
	amf0_put_string(cmd, name);
	amf0_put_number(cmd, txn);
}

static inline void
end_command(struct buf *b, struct buf *cmd, uint32_t msid)
{
	put_message(b, RTMP_COMMAND, msid, 0, cmd->p, cmd->n);
	buf_release(cmd);
}

static inline void
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
static inline void
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

static inline void
put_delete(struct buf *b, double id)
{
	struct buf cmd;

	begin_command(&cmd, "deleteStream", 7);
	amf0_put_null(&cmd);
	amf0_put_number(&cmd, id);
	end_command(b, &cmd, 0);
}

/* Handshake, connect, createStream, publish NAME. */
static inline void
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
static inline void
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

static inline struct buf
bytes(void)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	return b;
}

#endif /* UNIT_RTMP_PEER_H */
