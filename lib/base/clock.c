#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

void
clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_BYTES])
{
	time_t s = (time_t)(wall_us / 1000000);
	struct tm tm;
	size_t n;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&s, &tm);
	n = strftime(out, CLOCK_RFC3339_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_RFC3339_BYTES - n, ".%03uZ",
	    (unsigned)(wall_us / 1000 % 1000));
}
