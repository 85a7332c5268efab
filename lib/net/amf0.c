#include "net/amf0.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "net/amf3.h"

enum marker {
	M_NUMBER = 0x00,
	M_BOOLEAN = 0x01,
	M_STRING = 0x02,
	M_OBJECT = 0x03,
	M_NULL = 0x05,
	M_UNDEFINED = 0x06,
	M_REFERENCE = 0x07,
	M_ECMA_ARRAY = 0x08,
	M_OBJECT_END = 0x09,
	M_STRICT_ARRAY = 0x0a,
	M_DATE = 0x0b,
	M_LONG_STRING = 0x0c,
	M_UNSUPPORTED = 0x0d,
	M_XML = 0x0f,
	M_TYPED_OBJECT = 0x10,
	M_AVMPLUS = 0x11,
};

struct walk {
	unsigned	 budget;	/* values that may still be read */
	struct err	*err;
};

static int	read_value(struct walk *, struct rd *, int,
		    struct amf0_value *);

static int
truncated(struct walk *w, const struct rd *r)
{
	return err_set(w->err, ERR_PROTO, "AMF0: truncated at byte %llu",
	    (unsigned long long)rd_offset(r));
}

static double
read_double(struct rd *r)
{
	uint64_t bits = rd_u64(r);
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

static void
read_string(struct rd *r, size_t n, struct amf0_value *v)
{
	v->string = rd_bytes(r, n);
	v->string_bytes = v->string == NULL ? 0 : n;
}

/* Key, value, ..., empty key, end marker. */
static int
read_members(struct walk *w, struct rd *r, int depth, struct rd *members)
{
	const uint8_t *from = r->p;
	uint64_t base = rd_offset(r);
	struct amf0_value v;
	size_t key_bytes;

	for (;;) {
		rd_init(members, from, (size_t)(r->p - from), base);
		key_bytes = rd_u16(r);
		rd_bytes(r, key_bytes);
		if (r->bad)
			return truncated(w, r);
		if (key_bytes == 0 && rd_left(r) > 0 && *r->p == M_OBJECT_END) {
			rd_u8(r);
			return 0;
		}
		if (read_value(w, r, depth + 1, &v) == -1)
			return -1;
	}
}

static int
read_list(struct walk *w, struct rd *r, int depth)
{
	uint32_t count = rd_u32(r);
	struct amf0_value v;

	if (count > w->budget)
		return err_set(w->err, ERR_PROTO, "AMF0: a list of %u values",
		    (unsigned)count);
	for (; count > 0; count--)
		if (read_value(w, r, depth + 1, &v) == -1)
			return -1;
	return 0;
}

static int
read_container(struct walk *w, struct rd *r, int depth, uint8_t marker,
    struct amf0_value *v)
{
	if (depth >= LIMIT_AMF_DEPTH)
		return err_set(w->err, ERR_PROTO, "AMF0: nested too deep");
	if (marker == M_STRICT_ARRAY)
		return read_list(w, r, depth);
	v->type = AMF0_OBJECT;
	if (marker == M_ECMA_ARRAY)
		rd_u32(r);	/* a hint: OBS writes 20, whatever follows */
	if (marker == M_TYPED_OBJECT)
		rd_bytes(r, rd_u16(r));
	return read_members(w, r, depth, &v->members);
}

static int
read_value(struct walk *w, struct rd *r, int depth, struct amf0_value *v)
{
	uint8_t marker = rd_u8(r);

	if (w->budget == 0)
		return err_set(w->err, ERR_PROTO, "AMF0: more than %d values",
		    LIMIT_AMF_VALUES);
	w->budget--;
	memset(v, 0, sizeof(*v));
	v->type = AMF0_OTHER;
	if (r->bad)
		return truncated(w, r);

	switch (marker) {
	case M_NUMBER:
		v->type = AMF0_NUMBER;
		v->number = read_double(r);
		break;
	case M_BOOLEAN:
		v->type = AMF0_BOOLEAN;
		v->boolean = rd_u8(r) != 0;
		break;
	case M_STRING:
		v->type = AMF0_STRING;
		read_string(r, rd_u16(r), v);
		break;
	case M_LONG_STRING:
		v->type = AMF0_STRING;
		read_string(r, rd_u32(r), v);
		break;
	case M_NULL:
		v->type = AMF0_NULL;
		break;
	case M_UNDEFINED:
		v->type = AMF0_UNDEFINED;
		break;
	case M_UNSUPPORTED:
		break;
	case M_REFERENCE:
		rd_u16(r);
		break;
	case M_DATE:
		read_double(r);
		rd_u16(r);	/* time zone: to be ignored */
		break;
	case M_XML:
		rd_bytes(r, rd_u32(r));
		break;
	case M_OBJECT:
	case M_ECMA_ARRAY:
	case M_STRICT_ARRAY:
	case M_TYPED_OBJECT:
		if (read_container(w, r, depth, marker, v) == -1)
			return -1;
		break;
	case M_AVMPLUS:
		if (amf3_read(r, depth, &w->budget, v, w->err) == -1)
			return -1;
		break;
	default:
		return err_set(w->err, ERR_PROTO,
		    "AMF0: marker 0x%02x at byte %llu", marker,
		    (unsigned long long)rd_offset(r) - 1);
	}
	return r->bad ? truncated(w, r) : 0;
}

int
amf0_read(struct rd *r, struct amf0_value *v, struct err *err)
{
	struct walk w = { .budget = LIMIT_AMF_VALUES, .err = err };
	struct rd copy = *r;

	if (read_value(&w, &copy, 0, v) == -1)
		return -1;
	*r = copy;
	return 0;
}

bool
amf0_find(const struct amf0_value *object, const char *key,
    struct amf0_value *v)
{
	struct rd r = object->members;
	struct err err;
	const uint8_t *name;
	size_t n;

	if (object->type != AMF0_OBJECT)
		return false;
	if (object->amf3)
		return amf3_find(object->members, key, v);
	while (rd_left(&r) > 0) {
		n = rd_u16(&r);
		name = rd_bytes(&r, n);
		if (name == NULL || amf0_read(&r, v, &err) == -1)
			return false;
		if (n == strlen(key) && memcmp(name, key, n) == 0)
			return true;
	}
	return false;
}

bool
amf0_is(const struct amf0_value *v, const char *s)
{
	return v->type == AMF0_STRING && v->string_bytes == strlen(s) &&
	    memcmp(v->string, s, v->string_bytes) == 0;
}

bool
amf0_copy(const struct amf0_value *v, char *out, size_t out_bytes)
{
	out[0] = '\0';
	if (v->type != AMF0_STRING || v->string_bytes >= out_bytes ||
	    memchr(v->string, '\0', v->string_bytes) != NULL)
		return false;
	memcpy(out, v->string, v->string_bytes);
	out[v->string_bytes] = '\0';
	return true;
}

void
amf0_put_number(struct buf *b, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	buf_put_u8(b, M_NUMBER);
	buf_put_u64(b, bits);
}

void
amf0_put_string(struct buf *b, const char *s)
{
	buf_put_u8(b, M_STRING);
	amf0_put_key(b, s);
}

void
amf0_put_null(struct buf *b)
{
	buf_put_u8(b, M_NULL);
}

void
amf0_put_undefined(struct buf *b)
{
	buf_put_u8(b, M_UNDEFINED);
}

void
amf0_put_object(struct buf *b)
{
	buf_put_u8(b, M_OBJECT);
}

void
amf0_put_key(struct buf *b, const char *key)
{
	size_t n = strlen(key);

	if (n > UINT16_MAX) {
		b->bad = true;
		return;
	}
	buf_put_u16(b, (uint16_t)n);
	buf_put(b, key, n);
}

void
amf0_put_object_end(struct buf *b)
{
	buf_put_u24(b, M_OBJECT_END);
}

void
amf0_put_pair(struct buf *b, const char *key, const char *value)
{
	amf0_put_key(b, key);
	amf0_put_string(b, value);
}

void
amf0_put_list(struct buf *b, uint32_t count)
{
	buf_put_u8(b, M_STRICT_ARRAY);
	buf_put_u32(b, count);
}
