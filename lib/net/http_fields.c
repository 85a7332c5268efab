#include "net/http_fields.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
is_token(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && (s[i] == '\0' ||
		    strchr("!#$%&'*+-.^_`|~", s[i]) == NULL))
			return false;
	return n > 0;
}

static bool
is_value(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (iscntrl((unsigned char)s[i]) && s[i] != '\t')
			return false;
	return true;
}

static bool
is(const char *name, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(name, word, n) == 0;
}

void
http_fields_add(struct http_fields *f, const char *name, size_t name_bytes,
    const char *value, size_t value_bytes)
{
	if (!is_token(name, name_bytes)) {
		f->bad = "a field's name is not one";
	} else if (!is_value(value, value_bytes)) {
		f->bad = "a field has control characters";
	} else if (is(name, name_bytes, "Transfer-Encoding")) {
		f->bad = "a request here has no body";
	} else if (is(name, name_bytes, "Content-Length")) {
		if (f->length || value_bytes != 1 || *value != '0')
			f->bad = "a request here has no body";
		f->length = true;
	} else if (is(name, name_bytes, "Host")) {
		if (f->host)
			f->bad = "two Host fields";
		f->host = true;
	}
}

/* The weight behind a coding at S: is it more than zero? */
static bool
has_weight(const char *s)
{
	s += strspn(s, " \t");
	if (*s != ';')
		return true;
	s += 1 + strspn(s + 1, " \t");
	if ((*s != 'q' && *s != 'Q') || s[1] != '=')
		return false;
	/* "0", "0.", "0.000": RFC 9110 section 12.4.2. */
	return s[2] != '0' || s[3 + strspn(s + 3, ".0")] > '0';
}

bool
http_accepts_gzip(const char *value)
{
	const char *s = value;
	size_t n;

	while (s != NULL) {
		s += strspn(s, " \t,");
		n = strcspn(s, " \t,;");
		if (is(s, n, "gzip") || is(s, n, "x-gzip"))
			return has_weight(s + n);
		s = strchr(s, ',');
	}
	return false;
}
