#include "store/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tap.h"

static const char good[] = "/s/src/cam/000002/000001/000001007.mp4\tcam\t"
    "000002\t000001007\tsrc\t-40000\t1000000\t123456\tdependent=3,last";

/* LINE printed in FORMAT, in a static array. */
static const char *
printed(const struct line *line, enum line_format format, size_t *n)
{
	static char text[4096];
	struct err err = ERR_INIT;
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (f == NULL || line_print(f, line, format, &err) == -1)
		exit(99);
	*n = (size_t)ftell(f);
	fclose(f);
	return text;
}

static void
test_round_trip(void)
{
	struct err err = ERR_INIT;
	struct line line;
	const char *text;
	size_t n;

	ok(line_parse(good, &line, &err) == 0, "a line parses (%s)", err.text);
	ok(line.key.epoch == 2 && line.key.seq == 1007 &&
	    strcmp(line.key.stream, "cam") == 0 &&
	    strcmp(line.key.rendition, "src") == 0, "its key");
	ok(line.info.timescale == 1000000 && line.info.start == -40000 &&
	    line.info.end == 960000, "its interval");
	ok(line.info.flags == (FRAGMENT_DEPENDENT | FRAGMENT_LAST) &&
	    line.info.back == 3 && line.bytes == 123456, "flags and bytes");
	text = printed(&line, LINE_TAB, &n);
	ok(n == sizeof(good) && memcmp(text, good, n - 1) == 0 &&
	    text[n - 1] == '\n', "printed again it is the same");
	text = printed(&line, LINE_NUL, &n);
	ok(n == 39 && memcmp(text, line.path, n) == 0, "the path and a NUL");
	text = printed(&line, LINE_JSON, &n);
	ok(strcmp(text, "{\"path\":\"/s/src/cam/000002/000001/000001007.mp4\""
	    ",\"stream\":\"cam\",\"epoch\":2,\"seq\":1007,\"rendition\":"
	    "\"src\",\"start_us\":-40000,\"duration_us\":1000000,\"bytes\":"
	    "123456,\"arrival_us\":0,\"date_us\":0,\"flags\":"
	    "[\"dependent=3\",\"last\"]}\n") == 0, "%s",
	    text);
}

static void
test_rounding(void)
{
	struct line line = { .path = "p", .key = { .stream = "s",
	    .rendition = "r" }, .info = { .timescale = 3, .start = 1,
	    .end = 2 } };
	const char *text;
	size_t n;

	text = printed(&line, LINE_TAB, &n);
	ok(strstr(text, "\t333333\t333333\t") != NULL,
	    "a third of a second: %s", text);
	line.info.start = 2;
	line.info.end = 3;
	text = printed(&line, LINE_TAB, &n);
	ok(strstr(text, "\t666666\t333334\t") != NULL,
	    "the next starts where it ended: %s", text);
	ok(strstr(text, "\t-\n") != NULL, "no flags are '-'");
}

static void
takes(const char *text, int want, const char *name)
{
	struct err err = ERR_INIT;
	struct line line;

	ok(line_parse(text, &line, &err) == want &&
	    (want == 0 || err.cls == ERR_DATA), "%s (%s)", name, err.text);
}

static void
test_hostile(void)
{
	char path[5000];

	takes("p\ts\t1\t2\tr\t0\t0\t0\t-", 0, "the least");
	takes("p\ts\t1\t2\tr\t0\t0\t0\t-\tmore\t", 0, "fields behind");
	takes("p\ts\t1\t2\tr\t0\t0\t0\tblue,last", 0, "an unknown flag");
	takes("", -1, "nothing");
	takes("p\ts\t1\t2\tr\t0\t0\t0", -1, "a field too few");
	takes("\ts\t1\t2\tr\t0\t0\t0\t-", -1, "no path");
	takes("p\t../s\t1\t2\tr\t0\t0\t0\t-", -1, "a stream that climbs");
	takes("p\ts\t1\t2\t\t0\t0\t0\t-", -1, "no rendition");
	takes("p\ts\t1000000\t2\tr\t0\t0\t0\t-", -1, "an epoch of 7 digits");
	takes("p\ts\t1\t-2\tr\t0\t0\t0\t-", -1, "a negative number");
	takes("p\ts\t1\t\tr\t0\t0\t0\t-", -1, "no number");
	takes("p\ts\t1\t2\tr\t9223372036854775807\t1\t0\t-", -1,
	    "an interval that overflows");
	takes("p\ts\t1\t2\tr\t99999999999999999999\t1\t0\t-", -1,
	    "a number that overflows");
	takes("p\ts\t1\t2\tr\t0\t0\t0\tdependent=", 0, "not the flag it seems");
	takes("p\ts\t1\t2\tr\t0\t0\t0\tdependent=x", -1, "a bad distance");
	takes("p\ts\t1\t2\tr\t0\t0\t0\tdependent=0", -1, "no distance");
	takes("p\ts\t1\t2\tr\t0\t0\t0\t,", -1, "empty flags");
	memset(path, 'p', sizeof(path));
	snprintf(path + 4096, sizeof(path) - 4096, "\ts\t1\t2\tr\t0\t0\t0\t-");
	takes(path, -1, "a path of 4096 bytes");
	takes(path + 1, 0, "a path of 4095 bytes");
}

int
main(void)
{
	test_round_trip();
	test_rounding();
	test_hostile();
	return done_testing();
}
