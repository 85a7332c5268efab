/*
 * Any bytes as what a client sends, from C0 on, in pieces whose sizes follow
 * from the bytes.  Every publication is accepted but each third one, and
 * asked to move at once.
 *
 * Seeds are the client's side of real sessions, and what encoders seldom send.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/rtmp.h"

#define REPLY_BYTES	65536

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

/* Touch all that is said to be there. */
static void
read_all(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sink ^= p[i];
}

static void
on_event(struct rtmp *c, const struct rtmp_event *ev, struct buf *out,
    unsigned *publications)
{
	const uint8_t *piece;
	size_t at, n;

	switch (ev->kind) {
	case RTMP_EVENT_PUBLISH:
		read_all((const uint8_t *)ev->app, strlen(ev->app));
		read_all((const uint8_t *)ev->name, strlen(ev->name));
		read_all((const uint8_t *)ev->query, strlen(ev->query));
		if (++*publications % 3 == 0)
			rtmp_refuse(c, RTMP_REFUSE_DENIED, "no", out);
		else
			rtmp_accept(c, out);
		rtmp_reconnect_request(c, *publications % 2 == 0 ?
		    "rtmp://h/app" : NULL, "move", out);
		read_all((const uint8_t *)c->encoder, strlen(c->encoder));
		break;
	case RTMP_EVENT_MEDIA:
		if (ev->body_bytes == 0 || !c->publishing)
			abort();
		for (at = 0; at < ev->body_bytes; at += n) {
			piece = rtmp_piece(ev->body, ev->body_bytes,
			    &ev->layout, at, &n);
			read_all(piece, n);
		}
		break;
	case RTMP_EVENT_END:
		if (c->publishing)
			abort();
		break;
	}
}

/* Feed what is in IN, from memory of just that size.  False at the end. */
static bool
feed(struct rtmp *c, struct buf *in, struct buf *out, unsigned *publications)
{
	struct err err = ERR_INIT;
	struct rtmp_event ev;
	uint8_t *copy = malloc(in->n + 1);
	struct rd r;
	int rc;

	if (copy == NULL)
		abort();
	memcpy(copy, in->p, in->n);
	rd_init(&r, copy, in->n, 0);
	while ((rc = rtmp_step(c, &r, out, &ev, &err)) == 1)
		on_event(c, &ev, out, publications);
	/* Whatever it waits for must be the head of something. */
	if (rc == 0 && rd_left(&r) > 1 + RTMP_HANDSHAKE_BYTES)
		abort();
	buf_drop(in, in->n - rd_left(&r));
	buf_reset(out);
	free(copy);
	return rc == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtmp c;
	struct buf in, out;
	size_t i, n;
	unsigned publications = 0;

	rtmp_init(&c);
	buf_init(&in, size + 1);
	buf_init(&out, REPLY_BYTES);
	for (i = 0; i < size; i += n) {
		n = 1 + data[i] * 13u;
		if (n > size - i)
			n = size - i;
		buf_put(&in, data + i, n);
		if (!feed(&c, &in, &out, &publications))
			break;
	}
	rtmp_release(&c);
	buf_release(&in);
	buf_release(&out);
	return 0;
}
