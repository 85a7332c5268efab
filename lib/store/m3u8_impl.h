/*
 * m3u8_impl - values of tags and attributes, for the reader.
 *
 * Each getter reads one value, says what is wrong with it, and returns false
 * when there is none to use.
 */
#ifndef STORE_M3U8_IMPL_H
#define STORE_M3U8_IMPL_H

#include "store/m3u8.h"

struct err;

#define M3U8_ATTRS_MAX	48

struct m3u8_attr {
	struct m3u8_str	name, value;	/* VALUE without its quotes */
	bool		quoted, used;
};

struct m3u8_parser {
	struct m3u8	*p;
	m3u8_say_fn	*say;
	void		*arg;
	size_t		 line;
	struct m3u8_str	 tag;		/* name of the one in hand */
	struct m3u8_attr attrs[M3U8_ATTRS_MAX];
	size_t		 nattrs;

	uint64_t	 seen;		/* bit per tag that may come once */
	bool		 versioned;
	unsigned	 needs;		/* version, by the tags so far */
	const char	*needs_why;

	/* What the tags say of the segment to come. */
	struct m3u8_seg	 seg;
	bool		 has_duration, open, encrypted;
	size_t		 map;
	struct m3u8_variant variant;
	bool		 has_variant;
	void		*grown;		/* of M3U8_MORE() */
	size_t		 segs_cap, parts_cap, maps_cap, hints_cap,
			 reports_cap, variants_cap, renditions_cap;
};

void	m3u8_say(struct m3u8_parser *ps, const char *rule, const char *fmt,
	    ...) __attribute__((format(printf, 3, 4)));

/* LINE is a tag: note what it says.  0 or -1. */
int	m3u8_tag(struct m3u8_parser *ps, struct m3u8_str line,
	    struct err *err) __attribute__((warn_unused_result));

/* The tag in hand takes VERSION, because of WHY: section 8. */
void	m3u8_needs(struct m3u8_parser *ps, unsigned version,
	    const char *why);

/* The next of ps->p->WHAT, not counted yet; or NULL. */
#define M3U8_MORE(ps, what, err) \
	(((ps)->grown = m3u8_more((ps)->p->what, (ps)->p->n##what, \
	    &(ps)->what##_cap, sizeof(*(ps)->p->what), err)) == NULL ? NULL : \
	((ps)->p->what = (ps)->grown, &(ps)->p->what[(ps)->p->n##what]))

/* Split VALUE into ps->attrs (section 4.2). */
void	m3u8_split(struct m3u8_parser *ps, struct m3u8_str value);

/* The value of NAME; P is NULL when it is not there, or quoted otherwise. */
struct m3u8_str	m3u8_quoted(struct m3u8_parser *ps, const char *name);
struct m3u8_str	m3u8_plain(struct m3u8_parser *ps, const char *name);
bool	m3u8_attr_number(struct m3u8_parser *ps, const char *name,
	    uint64_t *n);
/* Seconds, or frames a second, in millionths. */
bool	m3u8_attr_decimal(struct m3u8_parser *ps, const char *name,
	    int64_t *millionths);
bool	m3u8_attr_yes(struct m3u8_parser *ps, const char *name);
/* "WIDTHxHEIGHT". */
bool	m3u8_attr_size(struct m3u8_parser *ps, const char *name,
	    uint64_t *width, uint64_t *height);

bool	m3u8_number(struct m3u8_str s, uint64_t *n);
bool	m3u8_decimal(struct m3u8_str s, int64_t *millionths);
/* "LENGTH[@OFFSET]"; without OFFSET *OFFSET stays. */
bool	m3u8_range(struct m3u8_str s, uint64_t *length, uint64_t *offset,
	    bool *has_offset);
bool	m3u8_date(struct m3u8_parser *ps, struct m3u8_str s, int64_t *us);

#endif /* STORE_M3U8_IMPL_H */
