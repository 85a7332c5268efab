#include "net/rtmp_chunk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"

#define U24_MAX			0xffffff
/* A body's memory above this goes back when the message is done. */
#define KEEP_BODY_BYTES		4096
/* A repeated type 0 timestamp that jumps farther is taken as delta 0. */
#define DELTA_FROM_ABSOLUTE_MAX_MS	10000

void
rtmp_chunks_init(struct rtmp_chunks *c)
{
	memset(c, 0, sizeof(*c));
	c->chunk_bytes = RTMP_CHUNK_BYTES;
	c->max_bytes = U24_MAX;
}

void
rtmp_chunks_release(struct rtmp_chunks *c)
{
	size_t i;

	for (i = 0; i < c->nstreams; i++)
		buf_release(&c->streams[i].body);
	free(c->streams);
	rtmp_chunks_init(c);
}

static struct rtmp_chunk_stream *
find(struct rtmp_chunks *c, uint32_t csid)
{
	size_t i;

	for (i = 0; i < c->nstreams; i++)
		if (c->streams[i].csid == csid)
			return &c->streams[i];
	return NULL;
}

static struct rtmp_chunk_stream *
add(struct rtmp_chunks *c, uint32_t csid, struct err *err)
{
	struct rtmp_chunk_stream *cs;
	size_t cap;

	if (c->nstreams == LIMIT_RTMP_CHUNK_STREAMS) {
		err_set(err, ERR_PROTO, "more than %d chunk streams",
		    LIMIT_RTMP_CHUNK_STREAMS);
		return NULL;
	}
	if (c->nstreams == c->cap) {
		cap = c->cap == 0 ? 4 : 2 * c->cap;
		cs = realloc(c->streams, cap * sizeof(*cs));
		if (cs == NULL) {
			err_nomem(err);
			return NULL;
		}
		c->streams = cs;
		c->cap = cap;
	}
	cs = &c->streams[c->nstreams++];
	memset(cs, 0, sizeof(*cs));
	cs->csid = csid;
	return cs;
}

/* A chunk header as read, before it changes any state. */
struct header {
	uint8_t		fmt;
	uint32_t	csid;
	uint32_t	field_ms;	/* timestamp or delta, extension applied */
	uint32_t	length;
	uint32_t	msid;
	uint8_t		type;
	bool		extended;
};

static void
read_basic(struct rd *r, struct header *h)
{
	uint8_t b = rd_u8(r);

	h->fmt = b >> 6;
	h->csid = b & 0x3f;
	if (h->csid == 0) {
		h->csid = 64u + rd_u8(r);
	} else if (h->csid == 1) {	/* little-endian */
		h->csid = 64u + rd_u8(r);
		h->csid += (uint32_t)rd_u8(r) << 8;
	}
}

/* What follows the basic header of types 0, 1 and 2. */
static void
read_explicit(struct rd *r, struct header *h)
{
	h->field_ms = rd_u24(r);
	if (h->fmt <= 1) {
		h->length = rd_u24(r);
		h->type = rd_u8(r);
	}
	if (h->fmt == 0)
		h->msid = rd_u32le(r);
	h->extended = h->field_ms == U24_MAX;
	if (h->extended)
		h->field_ms = rd_u32(r);
}

/*
 * Encoders differ: some repeat the extended timestamp on type 3 chunks, as
 * the standard says, others leave it out.  So it is one if its bytes are
 * those of the last explicit header; otherwise they are payload.
 * False when more bytes are needed to tell.
 */
static bool
skip_repeated(struct rd *r, uint32_t extended)
{
	const uint8_t want[] = { (uint8_t)(extended >> 24),
	    (uint8_t)(extended >> 16), (uint8_t)(extended >> 8),
	    (uint8_t)extended };
	size_t n = rd_left(r) < sizeof(want) ? rd_left(r) : sizeof(want);

	if (memcmp(r->p, want, n) != 0)
		return true;
	return rd_bytes(r, sizeof(want)) != NULL;
}

/* 1 with a header, 0 for more, -1 when it cannot be. */
static int
read_header(struct rtmp_chunks *c, struct rd *r, struct header *h,
    struct err *err)
{
	const struct rtmp_chunk_stream *cs;

	memset(h, 0, sizeof(*h));
	read_basic(r, h);
	if (r->bad)
		return 0;
	cs = find(c, h->csid);
	if (cs == NULL && h->fmt >= 2)
		return err_set(err, ERR_PROTO,
		    "chunk stream %u begins with a header of type %d",
		    (unsigned)h->csid, h->fmt);
	if (cs != NULL && cs->partial && h->fmt != 3)
		return err_set(err, ERR_PROTO,
		    "a new message inside one on chunk stream %u",
		    (unsigned)h->csid);
	if (h->fmt < 3) {
		read_explicit(r, h);
		return !r->bad;
	}
	return !cs->has_extended || skip_repeated(r, cs->extended);
}

static bool
is_media(uint8_t type)
{
	return type == RTMP_AUDIO || type == RTMP_VIDEO || type == RTMP_DATA ||
	    type == RTMP_DATA_AMF3 || type == RTMP_AGGREGATE;
}

static bool
is_command(uint8_t type)
{
	return (type >= RTMP_SET_CHUNK_SIZE && type <= RTMP_SET_PEER_BANDWIDTH)
	    || type == RTMP_COMMAND || type == RTMP_COMMAND_AMF3;
}

/* A new message begins: move the clock and decide about its body. */
static int
begin_message(struct rtmp_chunks *c, struct rtmp_chunk_stream *cs,
    const struct header *h, struct err *err)
{
	if (h->fmt <= 1) {
		cs->length = h->length;
		cs->type = h->type;
	}
	if (h->fmt == 0)
		cs->msid = h->msid;
	if (h->fmt < 3) {
		cs->delta_ms = h->field_ms;
		cs->extended = h->field_ms;
		cs->has_extended = h->extended;
		cs->absolute = h->fmt == 0;
	} else if (cs->absolute && cs->delta_ms > DELTA_FROM_ABSOLUTE_MAX_MS) {
		/*
		 * Section 5.3.1.2.4 reads a type 0 timestamp as the delta.
		 * Encoders that mean "the same time" are more likely here.
		 */
		cs->delta_ms = 0;
	}
	cs->ts_ms = h->fmt == 0 ? cs->delta_ms : cs->ts_ms + cs->delta_ms;
	if (cs->type == 0)
		return err_set(err, ERR_PROTO, "message of type 0");
	if (is_command(cs->type) && cs->length > LIMIT_RTMP_COMMAND_BYTES)
		return err_set(err, ERR_PROTO, "command of %u bytes, limit %d",
		    (unsigned)cs->length, LIMIT_RTMP_COMMAND_BYTES);
	if (cs->length > c->max_bytes)
		return err_set(err, ERR_PROTO, "message of %u bytes, limit %u",
		    (unsigned)cs->length, (unsigned)c->max_bytes);
	cs->skip = !is_command(cs->type) && !(c->media && is_media(cs->type));
	cs->got = 0;
	cs->partial = true;
	cs->body.max = cs->length;
	return 0;
}

static int
begin_chunk(struct rtmp_chunks *c, const struct header *h, struct err *err)
{
	struct rtmp_chunk_stream *cs = find(c, h->csid);
	uint32_t left;

	if (cs == NULL && (cs = add(c, h->csid, err)) == NULL)
		return -1;
	if (!cs->partial && begin_message(c, cs, h, err) == -1)
		return -1;
	left = cs->length - cs->got;
	c->chunk_left = left < c->chunk_bytes ? left : c->chunk_bytes;
	c->current = (size_t)(cs - c->streams);
	return 0;
}

/* The body handed out by the last call is no longer needed. */
static void
drop_spent(struct rtmp_chunks *c)
{
	struct buf *body;

	if (!c->has_spent)
		return;
	c->has_spent = false;
	body = &c->streams[c->spent].body;
	if (body->cap > KEEP_BODY_BYTES)
		buf_release(body);
	else
		buf_reset(body);
}

static void
finish(struct rtmp_chunks *c, struct rtmp_chunk_stream *cs,
    const uint8_t *body, const struct rtmp_layout *layout,
    struct rtmp_message *m)
{
	cs->partial = false;
	m->type = cs->type;
	m->ts_ms = cs->ts_ms;
	m->msid = cs->msid;
	m->body_bytes = cs->length;
	m->body = body;
	m->layout = *layout;
	c->spent = (size_t)(cs - c->streams);
	c->has_spent = true;
}

/* Keep N bytes of the current message. */
static int
keep(struct rtmp_chunks *c, struct rtmp_chunk_stream *cs, const uint8_t *p,
    size_t n, struct err *err)
{
	size_t limit = c->media ? LIMIT_RTMP_PARTIAL_BYTES :
	    LIMIT_RTMP_PARTIAL_EARLY_BYTES;

	if (n + c->held_bytes > limit)
		return err_set(err, ERR_PROTO,
		    "more than %zu bytes of unfinished messages", limit);
	buf_put(&cs->body, p, n);
	if (buf_ok(&cs->body, err) == -1)
		return -1;
	c->held_bytes += n;
	return 0;
}

/* Payload of the current chunk.  1 at the end of a message, 0 not yet. */
static int
read_payload(struct rtmp_chunks *c, struct rd *in, struct rtmp_message *m,
    struct err *err)
{
	static const uint8_t empty[1];
	struct rtmp_chunk_stream *cs = &c->streams[c->current];
	size_t n = rd_left(in) < c->chunk_left ? rd_left(in) : c->chunk_left;
	const uint8_t *p = rd_bytes(in, n);
	/*
	 * A whole message in one piece needs no copy.  But sub-messages of
	 * an aggregate are taken one by one while the input may move.
	 */
	bool whole = n == cs->length && cs->type != RTMP_AGGREGATE;
	const struct rtmp_layout layout = { .in_input = whole };

	if (!whole && !cs->skip && n > 0 && keep(c, cs, p, n, err) == -1)
		return -1;
	cs->got += (uint32_t)n;
	c->chunk_left -= (uint32_t)n;
	if (cs->got < cs->length)
		return 0;
	if (cs->skip) {
		cs->partial = false;
		c->skipped++;
		return 0;
	}
	c->held_bytes -= cs->body.n;
	finish(c, cs, n == 0 && cs->length == 0 ? empty :
	    whole ? p : cs->body.p, &layout, m);
	return 1;
}

/*
 * A message of audio or video begins in IN, and all of its chunks are there
 * and follow each other: hand it out as it lies.  Not if their headers differ
 * in length.  False, and nothing is taken, if it is not so.
 */
static bool
read_pieces(struct rtmp_chunks *c, struct rd *in, struct rtmp_message *m)
{
	struct rtmp_chunk_stream *cs = &c->streams[c->current];
	struct rtmp_layout layout = { .piece_bytes = c->chunk_bytes,
	    .in_input = true };
	struct rd r = *in;
	struct header h;
	const uint8_t *gap;
	size_t left;

	if (cs->got > 0 || cs->skip || cs->length <= c->chunk_bytes ||
	    c->chunk_bytes < RTMP_PIECE_BYTES || rd_left(in) < cs->length ||
	    (cs->type != RTMP_AUDIO && cs->type != RTMP_VIDEO))
		return false;
	for (left = cs->length; left > c->chunk_bytes;
	    left -= c->chunk_bytes) {
		rd_bytes(&r, c->chunk_bytes);
		gap = r.p;
		read_basic(&r, &h);
		if (r.bad || h.fmt != 3 || h.csid != cs->csid ||
		    (cs->has_extended && !skip_repeated(&r, cs->extended)))
			return false;
		if (layout.gap_bytes == 0)
			layout.gap_bytes = (size_t)(r.p - gap);
		if (layout.gap_bytes != (size_t)(r.p - gap))
			return false;
	}
	if (rd_bytes(&r, left) == NULL)
		return false;
	finish(c, cs, in->p, &layout, m);
	c->chunk_left = 0;
	*in = r;
	return true;
}

int
rtmp_chunks_next(struct rtmp_chunks *c, struct rd *in,
    struct rtmp_message *m, struct err *err)
{
	struct header h;
	struct rd r;
	int rc;

	drop_spent(c);
	for (;;) {
		if (c->chunk_left == 0) {
			r = *in;
			if ((rc = read_header(c, &r, &h, err)) <= 0)
				return rc;
			if (begin_chunk(c, &h, err) == -1)
				return -1;
			*in = r;
			if (read_pieces(c, in, m))
				return 1;
		}
		if ((rc = read_payload(c, in, m, err)) != 0)
			return rc;
		if (c->chunk_left > 0)
			return 0;	/* the input is used up */
	}
}

const uint8_t *
rtmp_piece(const uint8_t *body, size_t body_bytes,
    const struct rtmp_layout *layout, size_t at, size_t *n)
{
	size_t size = layout->piece_bytes;

	*n = size == 0 || body_bytes - at < size ? body_bytes - at : size;
	return size == 0 ? body + at :
	    body + at + at / size * layout->gap_bytes;
}

int
rtmp_chunks_set_size(struct rtmp_chunks *c, uint32_t bytes, struct err *err)
{
	if (bytes == 0 || bytes > INT32_MAX)
		return err_set(err, ERR_PROTO, "chunk size %u",
		    (unsigned)bytes);
	/* No message is larger, so no chunk need be. */
	c->chunk_bytes = bytes < U24_MAX ? bytes : U24_MAX;
	return 0;
}

/* Forget what there is of CS's unfinished message. */
static void
drop_partial(struct rtmp_chunks *c, struct rtmp_chunk_stream *cs)
{
	c->held_bytes -= cs->body.n;
	buf_release(&cs->body);
}

void
rtmp_chunks_set_media(struct rtmp_chunks *c, bool media)
{
	struct rtmp_chunk_stream *cs;
	size_t i;

	c->media = media;
	for (i = 0; i < c->nstreams && !media; i++) {
		cs = &c->streams[i];
		if (!cs->partial || !is_media(cs->type))
			continue;
		drop_partial(c, cs);
		cs->skip = true;
	}
}

void
rtmp_chunks_abort(struct rtmp_chunks *c, uint32_t csid)
{
	struct rtmp_chunk_stream *cs = find(c, csid);

	if (cs == NULL || !cs->partial)
		return;
	cs->partial = false;
	drop_partial(c, cs);
}

void
rtmp_chunk_put(struct buf *out, uint8_t csid, uint8_t type, uint32_t msid,
    const void *body, size_t body_bytes)
{
	assert(csid >= 2 && csid < 64 && body_bytes <= U24_MAX);
	buf_put_u8(out, csid);
	buf_put_u24(out, 0);
	buf_put_u24(out, (uint32_t)body_bytes);
	buf_put_u8(out, type);
	buf_put_u32le(out, msid);
	buf_put(out, body, body_bytes);
}
