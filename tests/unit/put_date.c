#include "store/put_date.h"

#include <stdlib.h>

#include "media/fragment.h"
#include "tap.h"

#define SECOND	INT64_C(1000000)
#define NOON	(INT64_C(1700000000) * SECOND)
#define HOUR	(3600 * SECOND)

/* A second of a stream, 30000/1001 pictures a second. */
static struct fragment_info
fragment(uint32_t n, int64_t arrival_us)
{
	return (struct fragment_info){ .timescale = 90000,
	    .start = INT64_C(90090) * n, .end = INT64_C(90090) * (n + 1),
	    .arrival_us = arrival_us };
}

static void
test_first(void)
{
	struct fragment_info f = fragment(0, NOON);

	ok(put_date_us(&f, true, 0) == NOON, "a stream begins as it arrives");
	ok(put_date_us(&f, true, NOON - HOUR) == NOON, "so does an epoch");
	ok(put_date_us(&f, true, NOON + HOUR) == NOON + HOUR,
	    "but not before the end of the last one");
	f.arrival_us = 0;
	ok(put_date_us(&f, true, 0) == 0 && put_date_end_us(&f) == 0,
	    "an arrival that is not known is no date");
	ok(put_date_us(&f, false, NOON) == NOON,
	    "but where there was one it goes on");
}

/* A thousand fragments that arrive OFF_US beside media time. */
static void
test_slew(int64_t off_us, const char *name)
{
	int64_t end_us = 0, date_us = 0, before_us = 0, first_us = 0;
	struct fragment_info f;
	bool steady = true;
	uint32_t n;

	for (n = 0; n < 1000; n++) {
		f = fragment(n, NOON + fragment_us(INT64_C(90090) * n, 90000) +
		    (n == 0 ? 0 : off_us));
		date_us = put_date_us(&f, n == 0, end_us);
		if (n == 0)
			first_us = date_us;
		else if (llabs(date_us - before_us - 1001000) > 501)
			steady = false;
		before_us = f.date_us = date_us;
		end_us = put_date_end_us(&f);
	}
	ok(steady, "%s: never more than 500 ppm", name);
	date_us -= first_us + fragment_us(INT64_C(90090) * 999, 90000);
	if (llabs(off_us) < 100000)
		ok(llabs(date_us - off_us) <= 128, "and then there: %lld us",
		    (long long)date_us);
	else
		ok(llabs(date_us) == 499500 && (date_us > 0) == (off_us > 0),
		    "as fast as it may: %lld us", (long long)date_us);
}

/* Alone, media time is exact. */
static void
test_media_time(void)
{
	struct fragment_info f;
	int64_t end_us = 0;
	uint32_t n;

	for (n = 0; n < 90000; n++) {
		f = fragment(n, n == 0 ? NOON : 0);
		f.start = INT64_C(1001) * n * 3 / 7 + 1;
		f.end = INT64_C(1001) * (n + 1) * 3 / 7 + 1;
		f.date_us = put_date_us(&f, n == 0, end_us);
		end_us = put_date_end_us(&f);
	}
	ok(end_us - NOON == fragment_us(f.end, 90000) -
	    fragment_us(1, 90000), "no rounding adds up");
}

int
main(void)
{
	test_first();
	test_slew(0, "clocks agree");
	test_slew(40000, "a little late");
	test_slew(-40000, "a little early");
	test_slew(5 * HOUR, "the clock was set forward");
	test_slew(-5 * HOUR, "the clock was set back");
	test_media_time();
	return done_testing();
}
