#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "net/http.h"

/* Digits at *S into *N, saturating; false if there are none. */
static bool
number(const char **s, uint64_t *n)
{
	if (!isdigit((unsigned char)**s))
		return false;
	for (*n = 0; isdigit((unsigned char)**s); (*s)++)
		if (__builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(**s - '0'), n))
			*n = UINT64_MAX;
	return true;
}

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

enum http_range
http_range(const char *value, uint64_t size, uint64_t *first,
    uint64_t *bytes)
{
	bool has_first, has_last;
	uint64_t from = 0, last = 0;
	const char *s = value;

	if (s == NULL || strncasecmp(s, "bytes=", 6) != 0)
		return HTTP_RANGE_WHOLE;
	s = skip_blanks(s + 6);
	has_first = number(&s, &from);
	if (*s++ != '-')
		return HTTP_RANGE_WHOLE;
	has_last = number(&s, &last);
	if (*skip_blanks(s) != '\0' || (!has_first && !has_last) ||
	    (has_first && has_last && last < from))
		return HTTP_RANGE_WHOLE;

	if (!has_first) {		/* the last LAST bytes */
		if (last == 0 || size == 0)
			return HTTP_RANGE_NONE;
		from = last < size ? size - last : 0;
		last = size - 1;
	} else if (!has_last || last >= size) {
		last = size - 1;	/* with SIZE 0 FROM fails below */
	}
	if (from >= size)
		return HTTP_RANGE_NONE;
	*first = from;
	*bytes = last - from + 1;
	return HTTP_RANGE_PART;
}

void
http_etag(const struct stat *st, char out[HTTP_ETAG_BYTES])
{
	uint64_t mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000 +
	    (uint64_t)st->st_mtim.tv_nsec;

	snprintf(out, HTTP_ETAG_BYTES, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64
	    "\"", (uint64_t)st->st_ino, (uint64_t)st->st_size, mtime_ns);
}

bool
http_etag_matches(const char *value, const char *etag)
{
	size_t n = strlen(etag);
	const char *s = value;

	while (s != NULL && *(s += strspn(s, " \t,")) != '\0') {
		if (*s == '*')
			return true;
		if (strncmp(s, "W/", 2) == 0)	/* weak comparison, 8.8.3.2 */
			s += 2;
		if (strncmp(s, etag, n) == 0 && strchr(" \t,", s[n]) != NULL)
			return true;
		/* Past this one; a comma may be inside its quotes. */
		if (*s == '"' && (s = strchr(s + 1, '"')) == NULL)
			return false;
		s = strchr(s, ',');
	}
	return false;
}

void
http_date(time_t t, char out[HTTP_DATE_BYTES])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	/* Not strftime: the locale must not change it. */
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 8099) {
		out[0] = '\0';
		return;
	}
	snprintf(out, HTTP_DATE_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
