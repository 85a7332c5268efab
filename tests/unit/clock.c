#include "base/clock.h"

#include <string.h>

#include "tap.h"

static void
test_ntp(void)
{
	static const int64_t times[] = { 0, 1, 999999, 1000000,
	    INT64_C(1772366400123456), INT64_C(4085978495999999) };
	size_t i;

	ok(clock_ntp_from_wall(0) == UINT64_C(2208988800) << 32,
	    "1970 in NTP's count from 1900");
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		ok(clock_wall_from_ntp(clock_ntp_from_wall(times[i])) ==
		    times[i], "%lld us goes to NTP and back",
		    (long long)times[i]);
}

static void
test_rfc3339(void)
{
	char out[CLOCK_RFC3339_BYTES];

	clock_rfc3339(0, out);
	ok(strcmp(out, "1970-01-01T00:00:00.000Z") == 0, "%s", out);
	clock_rfc3339(INT64_C(1772366400123999), out);
	ok(strcmp(out, "2026-03-01T12:00:00.123Z") == 0,
	    "milliseconds are cut: %s", out);
	clock_rfc3339(INT64_MAX, out);
	ok(strcmp(out, "294247-01-10T04:00:54.775Z") == 0, "%s", out);
	clock_rfc3339(INT64_MIN, out);
	ok(strcmp(out, "1970-01-01T00:00:00.000Z") == 0,
	    "nothing is before 1970: %s", out);
}

static void
test_parse_rfc3339(void)
{
	static const struct {
		const char	*text;
		int64_t		 us;		/* -1: refused */
	} t[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-03-01T12:00:00.123999Z", INT64_C(1772366400123999) },
		{ "2026-03-01T12:00:00.1239999Z", INT64_C(1772366400123999) },
		{ "2026-03-01T14:30:00+02:30", INT64_C(1772366400000000) },
		{ "2026-03-01T07:00:00-05:00", INT64_C(1772366400000000) },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000000) },
		{ "2024-02-29T00:00:00Z", INT64_C(1709164800000000) },
		{ "2023-02-29T00:00:00Z", -1 }, { "", -1 }, { "2026", -1 },
		{ "2026-03-01T12:00:00", -1 }, { "2026-03-01T12:00:00Z ", -1 },
		{ "2026-03-01T12:00Z", -1 }, { "2026-03-01T12:00:61Z", -1 },
		{ "2026-03-01T12:00:00.Z", -1 }, { "2026-03-01 12:00:00Z", -1 },
		{ "2026-03-01T12:00:00+2:00", -1 },
		{ "2026-03-01T12:00:00+02:00Z", -1 },
	};
	int64_t us;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (!clock_parse_rfc3339(t[i].text, &us))
			us = -1;
		ok(us == t[i].us, "'%s' is %lld", t[i].text, (long long)us);
	}
}

int
main(void)
{
	int64_t mono_us = clock_mono_us();

	ok(clock_mono_us() >= mono_us, "the monotonic clock is");
	ok(clock_wall_us() > INT64_C(1577836800000000), "it is after 2020");
	test_ntp();
	test_rfc3339();
	test_parse_rfc3339();
	return done_testing();
}
