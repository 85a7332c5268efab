#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/dec.h"

#define NTP_TO_UNIX_S	UINT64_C(2208988800)

static int64_t
now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t
clock_wall_us(void)
{
	return now_us(CLOCK_REALTIME);
}

uint64_t
clock_ntp_from_wall(int64_t wall_us)
{
	uint64_t s = (uint64_t)(wall_us / 1000000);
	uint64_t us = (uint64_t)(wall_us % 1000000);

	/* Rounded up, so that the way back gives the same microsecond. */
	return (s + NTP_TO_UNIX_S) << 32 | ((us << 32) + 999999) / 1000000;
}

int64_t
clock_wall_from_ntp(uint64_t ntp)
{
	uint64_t s = ntp >> 32;
	uint64_t us = ((ntp & 0xffffffff) * 1000000) >> 32;

	/* Its seconds wrap in 2036: what would be before 1970 is behind. */
	if (s < NTP_TO_UNIX_S)
		s += UINT64_C(1) << 32;
	return (int64_t)((s - NTP_TO_UNIX_S) * 1000000 + us);
}

static char *
put_field(char *to, int value, int digits, char behind)
{
	to = dec_put(to, (uint64_t)value, digits);
	*to++ = behind;
	return to;
}

void
clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_BYTES])
{
	int64_t us = wall_us < 0 ? 0 : wall_us;
	time_t s = (time_t)(us / 1000000);
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&s, &tm);
	out = put_field(out, tm.tm_year + 1900, 4, '-');
	out = put_field(out, tm.tm_mon + 1, 2, '-');
	out = put_field(out, tm.tm_mday, 2, 'T');
	out = put_field(out, tm.tm_hour, 2, ':');
	out = put_field(out, tm.tm_min, 2, ':');
	out = put_field(out, tm.tm_sec, 2, '.');
	*put_field(out, (int)(us / 1000 % 1000), 3, 'Z') = '\0';
}

/* N digits at *S, at most MAX; moves *S behind them. */
static bool
digits(const char **s, int n, int max, int *out)
{
	for (*out = 0; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return *out <= max;
}

static bool
literal(const char **s, char c)
{
	return *(*s)++ == c;
}

static bool
parse_fraction(const char **s, int64_t *us)
{
	int64_t scale = 100000;

	*us = 0;
	if (**s != '.')
		return true;
	if (*++*s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		*us += (**s - '0') * scale;
	return true;
}

/* "Z" or "+HH:MM" at the end of the text. */
static bool
parse_offset(const char *s, int64_t *offset_us)
{
	int sign = *s == '-' ? -1 : 1, h, m;

	*offset_us = 0;
	if (*s == 'Z')
		return s[1] == '\0';
	if (*s != '-' && *s != '+')
		return false;
	s++;
	if (!digits(&s, 2, 23, &h) || !literal(&s, ':') ||
	    !digits(&s, 2, 59, &m))
		return false;
	*offset_us = sign * (h * 60 + m) * INT64_C(60000000);
	return *s == '\0';
}

bool
clock_parse_rfc3339(const char *s, int64_t *wall_us)
{
	struct tm tm = { 0 };
	int64_t fraction_us, offset_us;
	int year, month, day, h, m, sec;

	if (!digits(&s, 4, 9999, &year) || year < 1970 || !literal(&s, '-') ||
	    !digits(&s, 2, 12, &month) || !literal(&s, '-') ||
	    !digits(&s, 2, 31, &day) || !literal(&s, 'T') ||
	    !digits(&s, 2, 23, &h) || !literal(&s, ':') ||
	    !digits(&s, 2, 59, &m) || !literal(&s, ':') ||
	    !digits(&s, 2, 60, &sec) || !parse_fraction(&s, &fraction_us) ||
	    !parse_offset(s, &offset_us))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*wall_us = ((int64_t)timegm(&tm) + h * 3600 + m * 60 + sec) * 1000000 +
	    fraction_us - offset_us;
	/* A 31st of June has become another day. */
	return tm.tm_mon == month - 1 && tm.tm_mday == day;
}
