/*
 * amf0 - Action Message Format 0, as RTMP commands and FLV metadata use it.
 *
 * Reading borrows: strings and members point into the bytes given.  A value
 * is checked as a whole, members included, when it is read; depth and number
 * of values are bounded (base/limits).  The AMF3 value behind marker 0x11 is
 * read by amf3.  Movie clips and anything unknown are refused.
 */
#ifndef NET_AMF0_H
#define NET_AMF0_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"

struct buf;
struct err;

enum amf0_type {
	AMF0_NUMBER,
	AMF0_BOOLEAN,
	AMF0_STRING,		/* long strings too */
	AMF0_OBJECT,		/* ECMA arrays and typed objects too */
	AMF0_NULL,
	AMF0_UNDEFINED,
	AMF0_OTHER,		/* skipped: list, date, XML, reference ... */
};

struct amf0_value {
	enum amf0_type	 type;
	double		 number;
	bool		 boolean;
	const uint8_t	*string;	/* points into the reader's bytes */
	size_t		 string_bytes;
	struct rd	 members;	/* of an object: key, value, ... */
	bool		 amf3;		/* MEMBERS are for amf3_find() */
};

/*
 * Read one value and skip all that is in it.
 * 0, or -1 with ERR_PROTO, and then R is where it was.
 */
int	amf0_read(struct rd *r, struct amf0_value *v, struct err *err)
	    __attribute__((warn_unused_result));

/* The member KEY of OBJECT, if it has one; false if not, or no object. */
bool	amf0_find(const struct amf0_value *object, const char *key,
	    struct amf0_value *v);

/* Is V the string S? */
bool	amf0_is(const struct amf0_value *v, const char *s);

/*
 * Copy the string V into OUT with a NUL.  False when V is no string, does not
 * fit or contains a NUL; then OUT is "".
 */
bool	amf0_copy(const struct amf0_value *v, char *out, size_t out_bytes);

void	amf0_put_number(struct buf *b, double number);
void	amf0_put_string(struct buf *b, const char *s);
void	amf0_put_null(struct buf *b);
void	amf0_put_undefined(struct buf *b);

/* An object is: begin, then a key before each value, then end. */
void	amf0_put_object(struct buf *b);
void	amf0_put_key(struct buf *b, const char *key);
void	amf0_put_object_end(struct buf *b);
/* A member of it that is a string. */
void	amf0_put_pair(struct buf *b, const char *key, const char *value);

/* A strict array: this, then COUNT values. */
void	amf0_put_list(struct buf *b, uint32_t count);

#endif /* NET_AMF0_H */
