/* Tests of net/rtmp_chunk: RTMP 1.0 section 5.3, and what encoders do. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"
#include "net/rtmp_chunk.h"
#include "tap.h"

/* A receiver that writes down what it gets: "type@ts/msid:body " each. */
struct peer {
	struct rtmp_chunks	chunks;
	struct buf		in;	/* fed, not yet taken */
	struct buf		got;
	struct err		err;
	uint32_t		sum;	/* of all bodies */
	int			rc;
	unsigned		pieces;	/* messages that came in some */
};

static void
peer_init(struct peer *p)
{
	memset(p, 0, sizeof(*p));
	rtmp_chunks_init(&p->chunks);
	rtmp_chunks_set_media(&p->chunks, true);
	buf_init(&p->in, 64 << 20);
	buf_init(&p->got, 1 << 20);
}

static void
peer_release(struct peer *p)
{
	rtmp_chunks_release(&p->chunks);
	buf_release(&p->in);
	buf_release(&p->got);
}

/* The same for any body of these bytes, wherever they lie. */
static uint32_t
sum(const struct rtmp_message *m, char *last)
{
	const uint8_t *piece;
	uint32_t sum = 0;
	size_t at, n, i;

	*last = '.';
	for (at = 0; at < m->body_bytes; at += n) {
		piece = rtmp_piece(m->body, m->body_bytes, &m->layout, at, &n);
		for (i = 0; i < n; i++)
			sum = sum * 31 + piece[i];
		*last = (char)piece[n - 1];
	}
	return sum;
}

static void
note(struct peer *p, const struct rtmp_message *m)
{
	char last;
	uint32_t all = sum(m, &last);

	p->sum = p->sum * 31 + all;
	p->pieces += m->layout.piece_bytes > 0;
	buf_printf(&p->got, "%d@%u/%u:", m->type, (unsigned)m->ts_ms,
	    (unsigned)m->msid);
	if (m->body_bytes > 40)
		buf_printf(&p->got, "[%zu %c%c] ", m->body_bytes, m->body[0],
		    last >= ' ' ? last : '.');
	else
		buf_printf(&p->got, "%.*s ", (int)m->body_bytes,
		    (const char *)m->body);
}

/*
 * Feed N bytes.  They lie in memory of exactly that size, which is gone
 * afterwards, so that the sanitizers see what reads too far or too late.
 */
static void
feed(struct peer *p, const uint8_t *bytes, size_t n)
{
	struct rtmp_message m;
	struct rd in;
	uint8_t *copy;

	if (p->rc == -1)
		return;
	buf_put(&p->in, bytes, n);
	copy = malloc(p->in.n + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, p->in.p, p->in.n);
	rd_init(&in, copy, p->in.n, 0);
	while ((p->rc = rtmp_chunks_next(&p->chunks, &in, &m, &p->err)) == 1)
		note(p, &m);
	buf_drop(&p->in, p->in.n - rd_left(&in));
	free(copy);
}

/* The basic header: FMT and CSID in its shortest form, or longer. */
static void
put_basic(struct buf *b, int fmt, uint32_t csid)
{
	if (csid < 64) {
		buf_put_u8(b, (uint8_t)(fmt << 6 | csid));
	} else if (csid < 320) {
		buf_put_u8(b, (uint8_t)(fmt << 6));
		buf_put_u8(b, (uint8_t)(csid - 64));
	} else {
		buf_put_u8(b, (uint8_t)(fmt << 6 | 1));
		buf_put_u8(b, (uint8_t)((csid - 64) & 0xff));
		buf_put_u8(b, (uint8_t)((csid - 64) >> 8));
	}
}

/* A header of type FMT for a video message, stream 1; FIELD is its time. */
static void
put_header(struct buf *b, int fmt, uint32_t csid, uint32_t field,
    uint32_t length)
{
	put_basic(b, fmt, csid);
	if (fmt < 3)
		buf_put_u24(b, field < 0xffffff ? field : 0xffffff);
	if (fmt < 2) {
		buf_put_u24(b, length);
		buf_put_u8(b, RTMP_VIDEO);
	}
	if (fmt == 0)
		buf_put_u32le(b, 1);
	if (fmt < 3 && field >= 0xffffff)
		buf_put_u32(b, field);
}

static void
put_message(struct buf *b, int fmt, uint32_t csid, uint32_t field,
    const char *body)
{
	put_header(b, fmt, csid, field, (uint32_t)strlen(body));
	buf_put_str(b, body);
}

/* The bytes in B give WANT, whole and one at a time.  Releases B. */
static void
gives(struct buf *b, const char *want, const char *name)
{
	struct peer p;
	size_t i, step;
	const size_t steps[] = { b->n, 1, 7 };
	size_t s;

	for (s = 0; s < 3; s++) {
		step = steps[s];
		peer_init(&p);
		for (i = 0; i < b->n; i += step)
			feed(&p, b->p + i, b->n - i < step ? b->n - i : step);
		buf_put_u8(&p.got, '\0');
		ok(p.rc == 0 && strcmp((char *)p.got.p, want) == 0 &&
		    p.chunks.held_bytes == 0,
		    "%s, %zu bytes at a time%s%s", name, step,
		    p.rc == -1 ? ": " : "", p.err.text);
		if (strcmp((char *)p.got.p, want) != 0)
			printf("# got  %s\n# want %s\n", (char *)p.got.p,
			    want);
		peer_release(&p);
	}
	buf_release(b);
}

static void
refuses(struct buf *b, const char *message, const char *name)
{
	struct peer p;

	peer_init(&p);
	feed(&p, b->p, b->n);
	ok(p.rc == -1 && p.err.cls == ERR_PROTO &&
	    strstr(p.err.text, message) != NULL, "%s: %s", name, p.err.text);
	peer_release(&p);
	buf_release(b);
}

static struct buf
bytes(void)
{
	struct buf b;

	buf_init(&b, 64 << 20);
	return b;
}

static void
test_header_types(void)
{
	struct buf b = bytes();

	put_message(&b, 0, 4, 1000, "first");
	put_message(&b, 1, 4, 40, "two");
	put_message(&b, 2, 4, 33, "thr");
	put_message(&b, 3, 4, 0, "fou");
	gives(&b, "9@1000/1:first 9@1040/1:two 9@1073/1:thr 9@1106/1:fou ",
	    "header types 0 to 3");

	b = bytes();
	put_message(&b, 0, 4, 20, "a");
	put_message(&b, 3, 4, 0, "b");
	gives(&b, "9@20/1:a 9@40/1:b ",
	    "type 3 after type 0: its time is the delta");

	b = bytes();
	put_message(&b, 0, 4, 3600000, "a");
	put_message(&b, 3, 4, 0, "b");
	put_message(&b, 3, 4, 0, "c");
	gives(&b, "9@3600000/1:a 9@3600000/1:b 9@3600000/1:c ",
	    "but not when the clock would leap");

	b = bytes();
	put_message(&b, 1, 4, 7, "a");
	gives(&b, "9@7/0:a ", "type 1 on a new chunk stream");
}

static void
test_csids(void)
{
	static const uint32_t csids[] = { 2, 63, 64, 319, 320, 65599 };
	struct buf b = bytes();
	size_t i;

	for (i = 0; i < 6; i++)
		put_message(&b, 0, csids[i], 1, "a");
	for (i = 0; i < 6; i++)
		put_message(&b, 2, csids[i], (uint32_t)i, "b");
	gives(&b, "9@1/1:a 9@1/1:a 9@1/1:a 9@1/1:a 9@1/1:a 9@1/1:a "
	    "9@1/1:b 9@2/1:b 9@3/1:b 9@4/1:b 9@5/1:b 9@6/1:b ",
	    "chunk stream ids of 1, 2 and 3 bytes");

	b = bytes();
	put_message(&b, 0, 64, 5, "a");
	buf_put(&b, "\x81\x00\x00\x00\x00\x01", 6);	/* 64 in 3 bytes */
	buf_put_str(&b, "b");
	gives(&b, "9@5/1:a 9@6/1:b ", "one id in two forms is one stream");

	b = bytes();
	for (i = 0; i < LIMIT_RTMP_CHUNK_STREAMS; i++)
		put_message(&b, 0, 1000 + (uint32_t)i, 0, "");
	put_message(&b, 0, 3, 0, "");
	refuses(&b, "more than 64 chunk streams", "too many chunk streams");
}

static void
test_extended(void)
{
	struct buf b = bytes();

	put_message(&b, 0, 4, 0xfffffe, "a");
	put_message(&b, 0, 4, 0xffffff, "b");
	put_message(&b, 0, 4, 0x1000000, "c");
	put_message(&b, 0, 4, 0xffffffff, "d");
	gives(&b, "9@16777214/1:a 9@16777215/1:b 9@16777216/1:c "
	    "9@4294967295/1:d ", "extended timestamps");

	b = bytes();
	put_message(&b, 0, 4, 1000, "a");
	/* As an encoder sends 20 ms backwards. */
	buf_put(&b, "\x44\xff\xff\xff\0\0\5\x08\xff\xff\xff\xec" "hello", 17);
	gives(&b, "9@1000/1:a 8@980/1:hello ", "a negative delta");

	b = bytes();
	put_message(&b, 0, 4, 0xfffffff0, "a");
	put_message(&b, 2, 4, 0x20, "b");
	gives(&b, "9@4294967280/1:a 9@16/1:b ", "the 32-bit wrap");

	b = bytes();
	put_message(&b, 0, 4, 5, "a");
	put_message(&b, 1, 4, 0x1000000, "b");
	gives(&b, "9@5/1:a 9@16777221/1:b ",
	    "an extended delta is a delta");
}

/* 300 bytes of C in chunks of 128, the extension REPEATED or not. */
static void
put_chunked(struct buf *b, uint32_t ts, char c, bool repeated)
{
	uint8_t body[300];

	memset(body, c, sizeof(body));
	put_header(b, 0, 4, ts, sizeof(body));
	buf_put(b, body, 128);
	put_basic(b, 3, 4);
	if (repeated)
		buf_put_u32(b, ts);
	buf_put(b, body, 128);
	put_basic(b, 3, 4);
	if (repeated)
		buf_put_u32(b, ts);
	buf_put(b, body, 44);
}

static void
test_extended_repeated(void)
{
	struct buf b = bytes();

	put_chunked(&b, 0x1000000, 'x', true);
	put_chunked(&b, 0x1000021, 'y', true);
	gives(&b, "9@16777216/1:[300 xx] 9@16777249/1:[300 yy] ",
	    "the extension is repeated on type 3");

	b = bytes();
	put_chunked(&b, 0x1000000, 'x', false);
	put_chunked(&b, 0x1000021, 'y', false);
	gives(&b, "9@16777216/1:[300 xx] 9@16777249/1:[300 yy] ",
	    "the extension is left out on type 3");

	b = bytes();
	put_message(&b, 0, 4, 0, "a");
	put_message(&b, 1, 4, 0x1000000, "b");
	put_basic(&b, 3, 4);
	buf_put_u32(&b, 0x1000000);
	buf_put_str(&b, "c");
	put_basic(&b, 3, 4);
	buf_put_str(&b, "d");
	put_message(&b, 0, 4, 1, "e");
	gives(&b, "9@0/1:a 9@16777216/1:b 9@33554432/1:c 9@50331648/1:d "
	    "9@1/1:e ", "and on a message that begins with type 3");
}

/* The last chunk holds less than the 4 bytes that are compared. */
static void
test_extended_short_end(void)
{
	struct buf b = bytes();
	uint8_t body[128];

	memset(body, 'z', sizeof(body));
	put_header(&b, 0, 4, 0x1000000, 130);
	buf_put(&b, body, 128);
	put_basic(&b, 3, 4);
	buf_put(&b, "\1\0", 2);		/* like the extension's head */
	put_message(&b, 0, 5, 9, "next");
	gives(&b, "9@16777216/1:[130 z.] 9@9/1:next ",
	    "a last chunk shorter than the extension it does not have");
}

static void
test_interleaved(void)
{
	struct buf b = bytes();
	uint8_t body[200];

	memset(body, 'v', sizeof(body));
	put_header(&b, 0, 6, 10, 200);
	buf_put(&b, body, 128);
	put_message(&b, 0, 4, 12, "audio");
	memset(body, 'w', sizeof(body));
	put_header(&b, 0, 7, 11, 200);
	buf_put(&b, body, 128);
	memset(body, 'v', sizeof(body));
	put_basic(&b, 3, 6);
	buf_put(&b, body, 72);
	memset(body, 'w', sizeof(body));
	put_basic(&b, 3, 7);
	buf_put(&b, body, 72);
	gives(&b, "9@12/1:audio 9@10/1:[200 vv] 9@11/1:[200 ww] ",
	    "messages interleaved on three chunk streams");
}

static void
test_empty(void)
{
	struct buf b = bytes();

	put_message(&b, 0, 4, 1, "");
	put_message(&b, 3, 4, 0, "");
	put_message(&b, 1, 4, 1, "x");
	gives(&b, "9@1/1: 9@2/1: 9@3/1:x ", "messages without a body");
}

static void
test_refused(void)
{
	struct buf b = bytes();

	put_basic(&b, 2, 4);
	refuses(&b, "begins with a header of type 2", "type 2 at first");
	b = bytes();
	put_basic(&b, 3, 4);
	refuses(&b, "begins with a header of type 3", "type 3 at first");

	b = bytes();
	put_header(&b, 0, 4, 0, 500);
	buf_put(&b, (uint8_t[128]){ 0 }, 128);
	put_message(&b, 0, 4, 0, "x");
	refuses(&b, "a new message inside one", "a header inside a message");

	b = bytes();
	buf_put(&b, "\4\0\0\0\0\0\1\0\1\0\0\0x", 13);
	refuses(&b, "message of type 0", "type 0");

	b = bytes();
	buf_put(&b, "\3\0\0\0\1\0\1\x14\0\0\0\0", 12);
	refuses(&b, "command of 65537 bytes", "a huge command");
}

static void
test_sizes(void)
{
	static const uint32_t good[] = { 1, 128, 65536, 0xffffff, 0x7fffffff };
	struct rtmp_chunks c;
	struct err err = ERR_INIT;
	size_t i;

	rtmp_chunks_init(&c);
	for (i = 0; i < 5; i++)
		ok(rtmp_chunks_set_size(&c, good[i], &err) == 0 &&
		    c.chunk_bytes == (good[i] < 0xffffff ? good[i] : 0xffffff),
		    "chunk size %u", (unsigned)good[i]);
	ok(rtmp_chunks_set_size(&c, 0, &err) == -1 &&
	    err.cls == ERR_PROTO, "chunk size 0 is refused");
	ok(rtmp_chunks_set_size(&c, 0x80000000, &err) == -1,
	    "and one with the top bit");
	rtmp_chunks_release(&c);
}

/* A size applies from the next header on. */
static void
test_size_change(void)
{
	struct peer p;
	struct buf b = bytes();
	struct err err = ERR_INIT;

	peer_init(&p);
	put_header(&b, 0, 4, 0, 130);
	buf_put(&b, (uint8_t[100]){ 0 }, 100);
	feed(&p, b.p, b.n);
	ok(rtmp_chunks_set_size(&p.chunks, 1, &err) == 0, "size 1, midway");
	buf_reset(&b);
	buf_put(&b, (uint8_t[28]){ 0 }, 28);
	buf_put(&b, "\xc4" "A\xc4" "B", 4);
	feed(&p, b.p, b.n);
	ok(p.rc == 0 && p.got.n > 0 && p.chunks.held_bytes == 0,
	    "the chunk begun keeps its size, later ones have one byte");
	peer_release(&p);
	buf_release(&b);
}

static void
test_memory(void)
{
	struct peer p;
	struct buf b = bytes();
	struct err err = ERR_INIT;
	int i;

	peer_init(&p);
	ok(rtmp_chunks_set_size(&p.chunks, 0x7fffffff, &err) == 0,
	    "a huge chunk size");
	put_header(&b, 0, 4, 0, 0xffffff);
	buf_put_str(&b, "x");
	feed(&p, b.p, b.n);
	ok(p.rc == 0 && p.chunks.streams[0].body.cap < 1024,
	    "and a huge length take no memory: %zu bytes",
	    p.chunks.streams[0].body.cap);
	peer_release(&p);

	peer_init(&p);
	ok(rtmp_chunks_set_size(&p.chunks, 1 << 20, &err) == 0, "1 MiB");
	buf_reset(&b);
	put_header(&b, 0, 10, 0, 0xffffff);
	if (buf_room(&b, 1 << 20) != NULL) {
		memset(b.p + b.n, 0, 1 << 20);
		b.n += 1 << 20;
	}
	for (i = 0; i < 30 && p.rc == 0; i++) {
		b.p[0] = (uint8_t)(10 + i);
		feed(&p, b.p, b.n);
	}
	ok(p.rc == -1 && i == 21 && strstr(p.err.text,
	    "bytes of unfinished messages") != NULL,
	    "unfinished messages have a budget: %s", p.err.text);
	peer_release(&p);
	buf_release(&b);
}

static void
test_largest(void)
{
	struct peer p;
	struct buf b = bytes();
	struct err err = ERR_INIT;

	peer_init(&p);
	ok(rtmp_chunks_set_size(&p.chunks, 0xffffff, &err) == 0, "16 MiB");
	put_header(&b, 0, 4, 0, 0xffffff);
	if (buf_room(&b, 0xffffff) != NULL) {
		memset(b.p + b.n, 'm', 0xffffff);
		b.n += 0xffffff;
	}
	feed(&p, b.p, 1000);
	feed(&p, b.p + 1000, b.n - 1000);
	buf_put_u8(&p.got, '\0');
	ok(p.rc == 0 && strcmp((char *)p.got.p,
	    "9@0/1:[16777215 mm] ") == 0, "the largest message");
	feed(&p, b.p, 11);
	ok(p.chunks.streams[0].body.cap == 0, "its memory is given back");
	peer_release(&p);
	buf_release(&b);
}

static void
test_abort(void)
{
	struct peer p;
	struct buf b = bytes();

	peer_init(&p);
	put_header(&b, 0, 4, 100, 300);
	buf_put(&b, (uint8_t[128]){ 0 }, 128);
	put_header(&b, 0, 6, 7, 130);
	buf_put(&b, (uint8_t[128]){ 0 }, 128);
	feed(&p, b.p, b.n);
	rtmp_chunks_abort(&p.chunks, 4);
	rtmp_chunks_abort(&p.chunks, 99);
	ok(p.chunks.held_bytes == 128, "abort drops what was there");
	buf_reset(&b);
	put_message(&b, 1, 4, 40, "after");
	put_basic(&b, 3, 6);
	buf_put_str(&b, "zz");
	feed(&p, b.p, b.n);
	buf_put_u8(&p.got, '\0');
	ok(p.rc == 0 && strncmp((char *)p.got.p, "9@140/1:after 9@7/1:[130",
	    24) == 0, "of that chunk stream alone, and its clock goes on");
	peer_release(&p);
	buf_release(&b);
}

static void
test_skip(void)
{
	struct peer p;
	struct buf b = bytes();

	peer_init(&p);
	rtmp_chunks_set_media(&p.chunks, false);
	put_header(&b, 0, 4, 0, 1000);
	buf_put(&b, (uint8_t[128]){ 0 }, 128);
	feed(&p, b.p, b.n);
	ok(p.rc == 0 && p.chunks.held_bytes == 0,
	    "unwanted media are not kept");
	rtmp_chunks_set_media(&p.chunks, true);
	buf_reset(&b);
	put_header(&b, 0, 6, 0, 1000);
	buf_put(&b, (uint8_t[128]){ 0 }, 128);
	feed(&p, b.p, b.n);
	ok(p.chunks.held_bytes == 128, "wanted ones are");
	rtmp_chunks_set_media(&p.chunks, false);
	ok(p.chunks.held_bytes == 0, "until they are no longer");
	peer_release(&p);
	buf_release(&b);
}

static void
test_endian(void)
{
	struct buf b = bytes();

	/* Length 0x000102 would be 2 * 65536 the other way round. */
	buf_put(&b, "\4\0\1\2\0\0\3\x09\4\3\2\1abc", 15);
	gives(&b, "9@258/16909060:abc ",
	    "the message stream id is little-endian, all else big-endian");
}

/* OBS: one chain of deltas, whatever the type of message. */
static void
test_mixed_types(void)
{
	struct buf b = bytes();

	buf_put(&b, "\4\0\0\0\0\0\1\x12\1\0\0\0m", 13);
	buf_put(&b, "\x44\0\0\x15\0\0\1\x09v", 9);
	buf_put(&b, "\x44\0\0\2\0\0\1\x08" "a", 9);
	buf_put(&b, "\x84\0\0\x15" "b", 5);
	buf_put(&b, "\xc4" "c", 2);
	gives(&b, "18@0/1:m 9@21/1:v 8@23/1:a 8@44/1:b 8@65/1:c ",
	    "audio, video and data on one chunk stream");
}

/* A message of SIZE bytes, each other, in chunks with headers of CSID. */
static void
put_chunks(struct buf *b, uint32_t csid, uint32_t field, bool repeated,
    size_t size, size_t chunk)
{
	size_t i;

	put_header(b, 0, csid, field, (uint32_t)size);
	for (i = 0; i < size; i++) {
		if (i > 0 && i % chunk == 0) {
			put_basic(b, 3, csid);
			if (repeated)
				buf_put_u32(b, field);
		}
		buf_put_u8(b, (uint8_t)(i * 7 + i / 251));
	}
}

/*
 * B, in chunks of CHUNK, has this many messages that stay where they are, and
 * the bodies are those that come of single bytes.  Releases B.
 */
static void
in_pieces(struct buf *b, uint32_t chunk, unsigned pieces, const char *name)
{
	struct err err = ERR_INIT;
	struct peer whole, bytes;
	size_t i;

	peer_init(&whole);
	peer_init(&bytes);
	if (rtmp_chunks_set_size(&whole.chunks, chunk, &err) == -1 ||
	    rtmp_chunks_set_size(&bytes.chunks, chunk, &err) == -1)
		abort();
	feed(&whole, b->p, b->n);
	for (i = 0; i < b->n; i++)
		feed(&bytes, b->p + i, 1);
	ok(whole.rc == 0 && whole.got.n > 0 && whole.got.n == bytes.got.n &&
	    memcmp(whole.got.p, bytes.got.p, whole.got.n) == 0 &&
	    whole.sum == bytes.sum && whole.pieces == pieces &&
	    bytes.pieces == 0, "%s: %u in pieces, of 1 byte %u", name,
	    whole.pieces, bytes.pieces);
	peer_release(&whole);
	peer_release(&bytes);
	buf_release(b);
}

static void
test_pieces(void)
{
	const uint32_t late = 0x01020304;
	struct buf b;

	buf_init(&b, 1 << 20);
	put_chunks(&b, 6, 40, false, 10000, 4096);
	in_pieces(&b, 4096, 1, "three chunks stay where they are");
	put_chunks(&b, 6, 40, false, 8192, 4096);
	put_chunks(&b, 6, 80, false, 8193, 4096);
	in_pieces(&b, 4096, 2, "a last chunk that is full, and of one byte");
	put_chunks(&b, 1000, 40, false, 10000, 1024);
	in_pieces(&b, 1024, 1, "ids of three bytes");
	put_chunks(&b, 6, late, true, 10000, 1024);
	in_pieces(&b, 1024, 1, "extended timestamps, repeated");
	put_chunks(&b, 6, late, false, 10000, 1024);
	in_pieces(&b, 1024, 1, "extended timestamps, left out");
	put_chunks(&b, 6, 40, false, 10000, 1023);
	in_pieces(&b, 1023, 0, "small chunks are put together");
	put_chunks(&b, 6, 40, false, 1024, 1024);
	in_pieces(&b, 1024, 0, "one chunk has no gap");

	/* The second header of one is longer: its id in another form. */
	put_header(&b, 0, 70, 0, 3 * 1024);
	memset(buf_room(&b, 1024), 'a', 1024);
	b.n += 1024;
	put_basic(&b, 3, 70);
	memset(buf_room(&b, 1024), 'b', 1024);
	b.n += 1024;
	buf_put_u8(&b, 0xc1);
	buf_put_u8(&b, 6);
	buf_put_u8(&b, 0);
	memset(buf_room(&b, 1024), 'c', 1024);
	b.n += 1024;
	in_pieces(&b, 1024, 0, "headers of two lengths");

	/* Another message between, which is whole. */
	put_header(&b, 0, 6, 0, 2048);
	memset(buf_room(&b, 1024), 'a', 1024);
	b.n += 1024;
	put_chunks(&b, 7, 0, false, 5000, 1024);
	put_basic(&b, 3, 6);
	memset(buf_room(&b, 1024), 'b', 1024);
	b.n += 1024;
	in_pieces(&b, 1024, 1, "one inside another");
}

static void
test_put(void)
{
	struct buf b = bytes();

	rtmp_chunk_put(&b, 3, RTMP_COMMAND, 0x01020304, "xyz", 3);
	ok(b.n == 15 && memcmp(b.p,
	    "\3\0\0\0\0\0\3\x14\4\3\2\1xyz", 15) == 0,
	    "a message of ours: time 0, stream id little-endian");
	buf_release(&b);
}

int
main(void)
{
	test_header_types();
	test_csids();
	test_extended();
	test_extended_repeated();
	test_extended_short_end();
	test_interleaved();
	test_empty();
	test_refused();
	test_sizes();
	test_size_change();
	test_memory();
	test_largest();
	test_abort();
	test_skip();
	test_endian();
	test_mixed_types();
	test_pieces();
	test_put();
	return done_testing();
}
