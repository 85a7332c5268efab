#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/m3u8_impl.h"

#define LEXICAL		"HLS 4.2"

void
m3u8_say(struct m3u8_parser *ps, const char *rule, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (ps->say != NULL)
		ps->say(ps->arg, ps->line, rule, text);
}

bool
m3u8_same(struct m3u8_str a, struct m3u8_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
m3u8_is(struct m3u8_str a, const char *s)
{
	return a.p != NULL && a.n == strlen(s) && memcmp(a.p, s, a.n) == 0;
}

bool
m3u8_number(struct m3u8_str s, uint64_t *n)
{
	size_t i;

	*n = 0;
	for (i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9 || *n > (UINT64_MAX - digit) / 10)
			return false;
		*n = *n * 10 + digit;
	}
	return s.n > 0;
}

/* Digits beyond millionths are cut.  A million hours is enough. */
bool
m3u8_decimal(struct m3u8_str s, int64_t *millionths)
{
	const char *point = s.n == 0 ? NULL : memchr(s.p, '.', s.n);
	size_t whole_n = point == NULL ? s.n : (size_t)(point - s.p), i;
	uint64_t whole, fraction = 0;

	if (!m3u8_number((struct m3u8_str){ s.p, whole_n }, &whole) ||
	    whole > UINT64_C(3600000000))
		return false;
	for (i = 0; i < 6; i++)
		fraction = fraction * 10 + (whole_n + 1 + i < s.n ?
		    (unsigned char)s.p[whole_n + 1 + i] - (unsigned)'0' : 0);
	for (i = whole_n + 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	*millionths = (int64_t)(whole * 1000000 + fraction);
	return point == NULL || whole_n + 1 < s.n;
}

bool
m3u8_range(struct m3u8_str s, uint64_t *length, uint64_t *offset,
    bool *has_offset)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, '@', s.n);
	size_t n = at == NULL ? s.n : (size_t)(at - s.p);

	*has_offset = at != NULL;
	if (!m3u8_number((struct m3u8_str){ s.p, n }, length) || *length == 0)
		return false;
	return (at == NULL ||
	    m3u8_number((struct m3u8_str){ at + 1, s.n - n - 1 }, offset)) &&
	    *length <= INT64_MAX && *offset <= INT64_MAX;
}

/* ISO 8601 also has offsets without a colon, and dates without one. */
bool
m3u8_date(struct m3u8_parser *ps, struct m3u8_str s, int64_t *us)
{
	char date[64];
	size_t n = s.n, i;

	if (n == 0 || n > sizeof(date) - 3)
		return false;
	memcpy(date, s.p, n);
	for (i = 11; i < n && strchr("Zz+-", date[i]) == NULL; i++)
		continue;
	if (i >= n) {
		m3u8_say(ps, "HLS 4.4.4.6", "the date has no time zone");
		date[n++] = 'Z';
	} else if (n - i == 5) {	/* +0000 */
		memmove(date + i + 4, date + i + 3, 2);
		date[i + 3] = ':';
		n++;
	}
	date[n] = '\0';
	return clock_parse_rfc3339(date, us);
}

static bool
name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static void
add_attr(struct m3u8_parser *ps, const struct m3u8_attr *a)
{
	size_t i;

	for (i = 0; i < ps->nattrs; i++)
		if (m3u8_same(ps->attrs[i].name, a->name)) {
			m3u8_say(ps, LEXICAL, "attribute %.*s twice",
			    M3U8_ARG(a->name));
			return;
		}
	if (ps->nattrs == M3U8_ATTRS_MAX)
		m3u8_say(ps, LEXICAL, "too many attributes");
	else
		ps->attrs[ps->nattrs++] = *a;
}

/* One "NAME=VALUE" at *S; false when the rest of the line is of no use. */
static bool
split_one(struct m3u8_parser *ps, const char **s, const char *end)
{
	struct m3u8_attr a = { .name.p = *s };
	const char *c = *s, *close;

	while (c < end && name_char(*c))
		c++;
	a.name.n = (size_t)(c - *s);
	if (a.name.n == 0 || c == end || *c != '=') {
		m3u8_say(ps, LEXICAL, "not an attribute: '%.*s'",
		    end - *s > 40 ? 40 : (int)(end - *s), *s);
		return false;
	}
	a.value.p = ++c;
	if (c < end && *c == '"') {
		a.quoted = true;
		a.value.p = ++c;
		close = memchr(c, '"', (size_t)(end - c));
		if (close == NULL) {
			m3u8_say(ps, LEXICAL, "%.*s: no closing quote",
			    M3U8_ARG(a.name));
			return false;
		}
		a.value.n = (size_t)(close - c);
		c = close + 1;
	} else {
		while (c < end && *c != ',' && *c != '"' && *c != ' ')
			c++;
		a.value.n = (size_t)(c - a.value.p);
		if (a.value.n == 0)
			m3u8_say(ps, LEXICAL, "%.*s has no value",
			    M3U8_ARG(a.name));
	}
	add_attr(ps, &a);
	*s = c;
	return true;
}

void
m3u8_split(struct m3u8_parser *ps, struct m3u8_str value)
{
	const char *s = value.p, *end = s + value.n;

	ps->nattrs = 0;
	while (s < end && split_one(ps, &s, end)) {
		if (s == end)
			return;
		if (*s == ' ' || (s + 1 < end && *s == ',' && s[1] == ' '))
			m3u8_say(ps, LEXICAL, "space in an attribute list");
		while (s < end && *s == ' ')
			s++;
		if (s < end && *s != ',') {
			m3u8_say(ps, LEXICAL, "no comma before '%.*s'",
			    end - s > 40 ? 40 : (int)(end - s), s);
			return;
		}
		s += s < end;
		if (s == end)
			m3u8_say(ps, LEXICAL, "comma at the end");
		while (s < end && *s == ' ')
			s++;
	}
}

static const struct m3u8_attr *
get(struct m3u8_parser *ps, const char *name)
{
	size_t i;

	for (i = 0; i < ps->nattrs; i++)
		if (m3u8_is(ps->attrs[i].name, name))
			return &ps->attrs[i];
	return NULL;
}

static struct m3u8_str
value_of(struct m3u8_parser *ps, const char *name, bool quoted)
{
	const struct m3u8_attr *a = get(ps, name);

	if (a == NULL)
		return (struct m3u8_str){ NULL, 0 };
	if (a->quoted != quoted) {
		m3u8_say(ps, LEXICAL, "%s must %sbe quoted", name,
		    quoted ? "" : "not ");
		return (struct m3u8_str){ NULL, 0 };
	}
	return a->value;
}

struct m3u8_str
m3u8_quoted(struct m3u8_parser *ps, const char *name)
{
	return value_of(ps, name, true);
}

struct m3u8_str
m3u8_plain(struct m3u8_parser *ps, const char *name)
{
	return value_of(ps, name, false);
}

static void
bad_value(struct m3u8_parser *ps, const char *name, struct m3u8_str s,
    const char *want)
{
	m3u8_say(ps, LEXICAL, "%s is '%.*s', want %s", name, M3U8_ARG(s),
	    want);
}

bool
m3u8_attr_number(struct m3u8_parser *ps, const char *name, uint64_t *n)
{
	struct m3u8_str s = m3u8_plain(ps, name);

	if (s.p == NULL)
		return false;
	if (m3u8_number(s, n))
		return true;
	bad_value(ps, name, s, "a whole number");
	*n = 0;
	return false;
}

bool
m3u8_attr_decimal(struct m3u8_parser *ps, const char *name,
    int64_t *millionths)
{
	struct m3u8_str s = m3u8_plain(ps, name);

	if (s.p == NULL)
		return false;
	if (m3u8_decimal(s, millionths))
		return true;
	bad_value(ps, name, s, "a number with or without a point");
	return false;
}

bool
m3u8_attr_yes(struct m3u8_parser *ps, const char *name)
{
	struct m3u8_str s = m3u8_plain(ps, name);

	if (s.p != NULL && !m3u8_is(s, "YES") && !m3u8_is(s, "NO"))
		bad_value(ps, name, s, "YES or NO");
	return m3u8_is(s, "YES");
}

bool
m3u8_attr_size(struct m3u8_parser *ps, const char *name, uint64_t *width,
    uint64_t *height)
{
	struct m3u8_str s = m3u8_plain(ps, name);
	const char *x = s.p == NULL ? NULL : memchr(s.p, 'x', s.n);
	size_t n;

	if (s.p == NULL)
		return false;
	n = x == NULL ? 0 : (size_t)(x - s.p);
	if (x != NULL && m3u8_number((struct m3u8_str){ s.p, n }, width) &&
	    m3u8_number((struct m3u8_str){ x + 1, s.n - n - 1 }, height))
		return true;
	bad_value(ps, name, s, "WIDTHxHEIGHT");
	return false;
}
