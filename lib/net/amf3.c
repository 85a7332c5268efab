#include "net/amf3.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"
#include "net/amf0.h"

enum marker {
	M_UNDEFINED = 0x00,
	M_NULL = 0x01,
	M_FALSE = 0x02,
	M_TRUE = 0x03,
	M_INTEGER = 0x04,
	M_DOUBLE = 0x05,
	M_STRING = 0x06,
	M_DATE = 0x08,
	M_ARRAY = 0x09,
	M_OBJECT = 0x0a,
};

/* What an object of a class consists of. */
struct traits {
	uint32_t	sealed;		/* members named by the class */
	struct rd	names;		/* of those */
	bool		dynamic;	/* then members with their names */
};

struct string {
	const uint8_t	*p;
	size_t		 n;
};

struct walk {
	unsigned	*budget;
	struct traits	 traits[LIMIT_AMF3_TRAITS];
	size_t		 ntraits;
	struct string	 strings[LIMIT_AMF3_STRINGS];
	size_t		 nstrings;
	int		 depth;		/* of the whole value */
	const char	*key;		/* of its member to be found, or NULL */
	struct amf0_value *found;	/* where that goes */
	bool		 has_found;
	struct err	*err;
};

static int	read_value(struct walk *, struct rd *, int,
		    struct amf0_value *);

static int
bad(struct walk *w, const char *what)
{
	return err_set(w->err, ERR_PROTO, "AMF3: %s", what);
}

/* U29: up to 3 bytes of 7 bits, or 4 with 8 bits in the last. */
static uint32_t
read_u29(struct rd *r)
{
	uint32_t v = 0;
	uint8_t b;
	int i;

	for (i = 0; i < 3; i++) {
		b = rd_u8(r);
		v = v << 7 | (b & 0x7f);
		if ((b & 0x80) == 0)
			return v;
	}
	return v << 8 | rd_u8(r);
}

/*
 * Inline, or a reference to an earlier one.  NULL if that is not known, or R
 * is at its end.
 */
static const uint8_t *
peek_string(const struct walk *w, struct rd *r, size_t *n)
{
	uint32_t head = read_u29(r);

	if ((head & 1) != 0) {
		*n = head >> 1;
		return rd_bytes(r, *n);
	}
	*n = 0;
	if (head >> 1 >= w->nstrings)
		return NULL;
	*n = w->strings[head >> 1].n;
	return w->strings[head >> 1].p;
}

/* The same, and later references may mean it. */
static const uint8_t *
read_string(struct walk *w, struct rd *r, size_t *n)
{
	const uint8_t *before = r->p;
	const uint8_t *p = peek_string(w, r, n);

	if (p != NULL && *n > 0 && p > before && p < r->p &&
	    w->nstrings < LIMIT_AMF3_STRINGS)
		w->strings[w->nstrings++] = (struct string){ p, *n };
	return p;
}

/* The value V of the member NAME, at DEPTH. */
static void
note_member(struct walk *w, int depth, const uint8_t *name, size_t n,
    const struct amf0_value *v)
{
	if (w->key == NULL || depth != w->depth + 1 || name == NULL ||
	    w->has_found || n != strlen(w->key) ||
	    memcmp(name, w->key, n) != 0)
		return;
	*w->found = *v;
	w->has_found = true;
}

/* Named members up to the empty name. */
static int
skip_named(struct walk *w, struct rd *r, int depth)
{
	struct amf0_value v;
	const uint8_t *name;
	size_t n;

	for (;;) {
		name = read_string(w, r, &n);
		if (r->bad)
			return bad(w, "truncated");
		if (name != NULL && n == 0)
			return 0;
		if (read_value(w, r, depth, &v) == -1)
			return -1;
		note_member(w, depth, name, n, &v);
	}
}

static int
skip_values(struct walk *w, struct rd *r, int depth, uint32_t count)
{
	struct amf0_value v;

	if (count > *w->budget)
		return bad(w, "too many values");
	for (; count > 0; count--)
		if (read_value(w, r, depth, &v) == -1)
			return -1;
	return 0;
}

static int
skip_array(struct walk *w, struct rd *r, int depth)
{
	uint32_t head = read_u29(r);

	if ((head & 1) == 0)
		return 0;	/* a reference */
	if (skip_named(w, r, depth) == -1)
		return -1;
	return skip_values(w, r, depth, head >> 1);
}

static int
read_traits(struct walk *w, struct rd *r, uint32_t head, struct traits *t)
{
	uint32_t i;
	size_t n;
	const uint8_t *from;

	if ((head & 3) == 1) {
		if (head >> 2 >= w->ntraits)
			return bad(w, "reference to unknown traits");
		*t = w->traits[head >> 2];
		return 0;
	}
	if ((head & 4) != 0)
		return bad(w, "externalizable class");
	t->dynamic = (head & 8) != 0;
	t->sealed = head >> 4;
	read_string(w, r, &n);		/* class name */
	from = r->p;
	for (i = 0; i < t->sealed && !r->bad; i++)
		read_string(w, r, &n);
	rd_init(&t->names, from, (size_t)(r->p - from), 0);
	if (w->ntraits == LIMIT_AMF3_TRAITS)
		return bad(w, "too many classes");
	w->traits[w->ntraits++] = *t;
	return 0;
}

static int
skip_sealed(struct walk *w, struct rd *r, int depth, const struct traits *t)
{
	struct rd names = t->names;
	struct amf0_value v;
	const uint8_t *name;
	uint32_t i;
	size_t n;

	if (t->sealed > *w->budget)
		return bad(w, "too many values");
	for (i = 0; i < t->sealed; i++) {
		name = peek_string(w, &names, &n);
		if (read_value(w, r, depth, &v) == -1)
			return -1;
		note_member(w, depth, name, n, &v);
	}
	return 0;
}

static int
skip_object(struct walk *w, struct rd *r, int depth)
{
	uint32_t head = read_u29(r);
	struct traits t;

	if ((head & 1) == 0)
		return 0;	/* a reference */
	if (read_traits(w, r, head, &t) == -1)
		return -1;
	if (skip_sealed(w, r, depth, &t) == -1)
		return -1;
	return t.dynamic ? skip_named(w, r, depth) : 0;
}

static int
read_value(struct walk *w, struct rd *r, int depth, struct amf0_value *v)
{
	const uint8_t *from = r->p;
	uint8_t marker = rd_u8(r);
	uint64_t bits;
	uint32_t u;

	memset(v, 0, sizeof(*v));
	v->type = AMF0_OTHER;
	if (r->bad)
		return bad(w, "truncated");
	if (*w->budget == 0)
		return bad(w, "too many values");
	--*w->budget;
	if (depth >= LIMIT_AMF_DEPTH)
		return bad(w, "nested too deep");

	switch (marker) {
	case M_UNDEFINED:
		v->type = AMF0_UNDEFINED;
		break;
	case M_NULL:
		v->type = AMF0_NULL;
		break;
	case M_FALSE:
	case M_TRUE:
		v->type = AMF0_BOOLEAN;
		v->boolean = marker == M_TRUE;
		break;
	case M_INTEGER:		/* 29 bits, signed */
		v->type = AMF0_NUMBER;
		u = read_u29(r);
		v->number = (u & 0x10000000) != 0 ? (double)u - 0x20000000 : u;
		break;
	case M_DOUBLE:
		v->type = AMF0_NUMBER;
		bits = rd_u64(r);
		memcpy(&v->number, &bits, sizeof(v->number));
		break;
	case M_STRING:
		v->string = read_string(w, r, &v->string_bytes);
		if (v->string != NULL)
			v->type = AMF0_STRING;
		break;
	case M_DATE:
		if ((read_u29(r) & 1) != 0)
			rd_u64(r);
		break;
	case M_ARRAY:
		if (skip_array(w, r, depth + 1) == -1)
			return -1;
		break;
	case M_OBJECT:
		if (skip_object(w, r, depth + 1) == -1)
			return -1;
		break;
	default:
		return err_set(w->err, ERR_PROTO,
		    "AMF3: marker 0x%02x at byte %llu", marker,
		    (unsigned long long)rd_offset(r) - 1);
	}
	if (r->bad)
		return bad(w, "truncated");
	if (depth == w->depth && (marker == M_ARRAY || marker == M_OBJECT)) {
		v->type = AMF0_OBJECT;
		v->amf3 = true;
		rd_init(&v->members, from, (size_t)(r->p - from), 0);
	}
	return 0;
}

int
amf3_read(struct rd *r, int depth, unsigned *budget, struct amf0_value *v,
    struct err *err)
{
	struct walk w;

	w.budget = budget;
	w.ntraits = w.nstrings = 0;	/* the tables need not be cleared */
	w.depth = depth;
	w.key = NULL;
	w.err = err;
	return read_value(&w, r, depth, v);
}

bool
amf3_find(struct rd value, const char *key, struct amf0_value *v)
{
	unsigned budget = LIMIT_AMF_VALUES;
	struct amf0_value whole;
	struct err err;
	struct walk w;

	w.budget = &budget;
	w.ntraits = w.nstrings = 0;
	w.depth = 0;
	w.key = key;
	w.found = v;
	w.has_found = false;
	w.err = &err;
	return read_value(&w, &value, 0, &whole) == 0 && w.has_found;
}
