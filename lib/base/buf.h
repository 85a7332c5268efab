/*
 * buf - a byte buffer that grows up to a stated maximum.
 *
 * Errors stick, as in rd: append what you like and check buf_ok() once.
 * BAD is set when the maximum would be passed or memory is out; then nothing
 * more is appended.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct buf {
	uint8_t	*p;		/* owned; NULL while empty */
	size_t	 n;		/* bytes in use */
	size_t	 cap;		/* bytes allocated */
	size_t	 max;		/* never more than this many bytes */
	bool	 bad;		/* sticky */
	bool	 nomem;		/* why it is bad: else the maximum */
};

/* No allocation. */
void	buf_init(struct buf *b, size_t max);
void	buf_release(struct buf *b);

/* Empty it and clear BAD; keep the memory. */
void	buf_reset(struct buf *b);

/*
 * Room for N more bytes at p + n, or NULL (and bad).  The caller writes there
 * and adds to n itself.
 */
uint8_t	*buf_room(struct buf *b, size_t n);

void	buf_put(struct buf *b, const void *p, size_t n);
void	buf_put_u8(struct buf *b, uint8_t v);
void	buf_put_u16(struct buf *b, uint16_t v);
void	buf_put_u24(struct buf *b, uint32_t v);
void	buf_put_u32(struct buf *b, uint32_t v);
void	buf_put_u32le(struct buf *b, uint32_t v);
void	buf_put_u64(struct buf *b, uint64_t v);
void	buf_put_str(struct buf *b, const char *s);

/* V in decimal, with zeros in front up to DIGITS, as dec_put(). */
void	buf_put_uint(struct buf *b, uint64_t v, int digits);
void	buf_printf(struct buf *b, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Overwrite 4 bytes at OFFSET, which must be there already. */
void	buf_set_u32(struct buf *b, size_t offset, uint32_t v);

/* Drop the first N bytes; the rest moves down. */
void	buf_drop(struct buf *b, size_t n);

/* 0, or -1 with ERR_DATA (over the maximum) or ERR_OS (no memory). */
int	buf_ok(const struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_BUF_H */
