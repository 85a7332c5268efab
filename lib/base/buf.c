#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dec.h"
#include "base/err.h"

#define BUF_FIRST_BYTES	256

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_release(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->bad = b->nomem = false;
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap;
	uint8_t *p;

	if (b->bad || n > b->max - b->n) {
		b->bad = true;
		return NULL;
	}
	if (b->cap - b->n >= n && b->p != NULL)
		return b->p + b->n;
	if (cap < BUF_FIRST_BYTES)
		cap = BUF_FIRST_BYTES;
	while (cap - b->n < n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	if (cap == 0)
		cap = 1;	/* realloc(p, 0) frees */
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->bad = b->nomem = true;
		return NULL;
	}
	b->p = p;
	b->cap = cap;
	return p + b->n;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	uint8_t *to;

	if (n == 0 || (to = buf_room(b, n)) == NULL)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void
buf_put_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

void
buf_put_u16(struct buf *b, uint16_t v)
{
	const uint8_t w[] = { (uint8_t)(v >> 8), (uint8_t)v };

	buf_put(b, w, sizeof(w));
}

void
buf_put_u24(struct buf *b, uint32_t v)
{
	const uint8_t w[] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8),
	    (uint8_t)v };

	buf_put(b, w, sizeof(w));
}

void
buf_put_u32(struct buf *b, uint32_t v)
{
	const uint8_t w[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	buf_put(b, w, sizeof(w));
}

void
buf_put_u32le(struct buf *b, uint32_t v)
{
	buf_put_u32(b, __builtin_bswap32(v));
}

void
buf_put_u64(struct buf *b, uint64_t v)
{
	buf_put_u32(b, (uint32_t)(v >> 32));
	buf_put_u32(b, (uint32_t)v);
}

void
buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_put_uint(struct buf *b, uint64_t v, int digits)
{
	char text[DEC_MAX];

	buf_put(b, text, (size_t)(dec_put(text, v, digits) - text));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->bad ? 0 : b->cap - b->n;
	va_list ap;
	int n;
	char *to;

	va_start(ap, fmt);
	n = vsnprintf(room == 0 ? NULL : (char *)b->p + b->n, room, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->bad = true;
		return;
	}
	/* One more for the NUL, which does not count. */
	if ((to = (char *)buf_room(b, (size_t)n + 1)) == NULL)
		return;
	if ((size_t)n >= room) {
		va_start(ap, fmt);
		vsnprintf(to, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

void
buf_set_u32(struct buf *b, size_t offset, uint32_t v)
{
	if (b->bad)
		return;
	assert(b->n >= 4 && offset <= b->n - 4);
	b->p[offset] = (uint8_t)(v >> 24);
	b->p[offset + 1] = (uint8_t)(v >> 16);
	b->p[offset + 2] = (uint8_t)(v >> 8);
	b->p[offset + 3] = (uint8_t)v;
}

void
buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

int
buf_ok(const struct buf *b, struct err *err)
{
	if (!b->bad)
		return 0;
	if (b->nomem)
		return err_nomem(err);
	return err_set(err, ERR_DATA, "more than %zu bytes", b->max);
}
