/*
 * Any bytes as a chunk stream: whole and in pieces it must give the same
 * messages, whatever the chunk sizes and aborts in between, and hold no more
 * than it was given.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rd.h"
#include "net/rtmp_chunk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	uint64_t	sum;		/* of all messages */
	size_t		taken;		/* bytes, up to the end or the error */
	int		rc;
};

static void
add(struct result *res, uint64_t v)
{
	res->sum = (res->sum ^ v) * 0x100000001b3;
}

static int
obey(struct rtmp_chunks *c, const struct rtmp_message *m)
{
	struct err err = ERR_INIT;
	struct rd r;

	rd_init(&r, m->body, m->body_bytes, 0);
	if (m->body_bytes < 4)
		return 0;
	if (m->type == RTMP_SET_CHUNK_SIZE)
		return rtmp_chunks_set_size(c, rd_u32(&r), &err);
	if (m->type == RTMP_ABORT)
		rtmp_chunks_abort(c, rd_u32(&r));
	if (m->type == RTMP_ACK)	/* a publication begins or ends */
		rtmp_chunks_set_media(c, (rd_u32(&r) & 1) != 0);
	return 0;
}

/* Messages of what is in IN, from memory of just that size. */
static void
take(struct rtmp_chunks *c, struct buf *in, struct result *res)
{
	struct err err = ERR_INIT;
	struct rtmp_message m;
	uint8_t *copy = malloc(in->n + 1);
	const uint8_t *piece;
	struct rd r;
	size_t at, n, i;

	if (copy == NULL)
		abort();
	memcpy(copy, in->p, in->n);
	rd_init(&r, copy, in->n, 0);
	while ((res->rc = rtmp_chunks_next(c, &r, &m, &err)) == 1) {
		add(res, m.type);
		add(res, m.ts_ms);
		add(res, m.msid);
		for (at = 0; at < m.body_bytes; at += n) {
			piece = rtmp_piece(m.body, m.body_bytes, &m.layout,
			    at, &n);
			for (i = 0; i < n; i++)
				add(res, piece[i]);
		}
		if (obey(c, &m) == -1) {
			res->rc = -1;
			break;
		}
	}
	res->taken += in->n - rd_left(&r);
	if (c->held_bytes > res->taken)
		abort();
	/* Whatever it waits for must be the head of a header. */
	if (res->rc == 0 && rd_left(&r) > 3 + 11 + 4)
		abort();
	buf_drop(in, in->n - rd_left(&r));
	free(copy);
}

static struct result
run(const uint8_t *data, size_t size, size_t step)
{
	struct result res = { 0 };
	struct rtmp_chunks c;
	struct buf in;
	size_t i, n;

	rtmp_chunks_init(&c);
	rtmp_chunks_set_media(&c, true);
	buf_init(&in, size + 1);
	for (i = 0; i < size && res.rc == 0; i += n) {
		n = size - i < step ? size - i : step;
		buf_put(&in, data + i, n);
		take(&c, &in, &res);
	}
	rtmp_chunks_release(&c);
	buf_release(&in);
	return res;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, pieces;

	if (size < 1)
		return 0;
	whole = run(data + 1, size - 1, size);
	pieces = run(data + 1, size - 1, 1 + data[0] % 64);
	if (whole.rc != pieces.rc || whole.sum != pieces.sum ||
	    whole.taken != pieces.taken)
		abort();
	return 0;
}
