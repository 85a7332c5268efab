/*
 * rd - a bounds-checked reader over bytes it borrows.
 *
 * Reads past the end return 0 or NULL and set the sticky BAD, so a parser
 * reads a whole record and checks once.  Copy it, parse the copy, assign it
 * back on success: then a failure leaves the original where it was.
 * All integers are big-endian unless the name says otherwise.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rd {
	const uint8_t	*p;	/* next byte */
	const uint8_t	*end;	/* one past the last */
	const uint8_t	*start;	/* first byte given */
	uint64_t	 base;	/* stream offset of START, in bytes */
	bool		 bad;	/* sticky: something was missing */
};

static inline void
rd_init(struct rd *r, const void *p, size_t n, uint64_t base)
{
	r->p = r->start = p;
	r->end = n > 0 ? r->p + n : r->p;	/* P may be NULL */
	r->base = base;
	r->bad = false;
}

static inline size_t
rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

/* The stream offset of the next byte. */
static inline uint64_t
rd_offset(const struct rd *r)
{
	return r->base + (uint64_t)(r->p - r->start);
}

/* Borrow N bytes, or NULL (and bad) if fewer are left. */
static inline const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > rd_left(r)) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

/* A reader over the next N bytes, which R skips; bad if fewer are left. */
static inline struct rd
rd_sub(struct rd *r, size_t n)
{
	struct rd sub;
	uint64_t base = rd_offset(r);
	const uint8_t *p = rd_bytes(r, n);

	rd_init(&sub, p, p == NULL ? 0 : n, base);
	sub.bad = p == NULL;
	return sub;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

static inline uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
rd_u24(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 3);

	return p == NULL ? 0 :
	    (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p == NULL ? 0 : (uint32_t)p[0] << 24 |
	    (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t
rd_u32le(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p == NULL ? 0 : (uint32_t)p[3] << 24 |
	    (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t
rd_u64(struct rd *r)
{
	uint64_t high = rd_u32(r);

	return high << 32 | rd_u32(r);
}

#endif /* BASE_RD_H */
