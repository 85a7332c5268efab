#include "base/lines.h"

#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tap.h"

static struct lines lines;
static struct err err = ERR_INIT;
static int ends[2];

static void
put(const char *text)
{
	if (write(ends[1], text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
}

static void
begin(void)
{
	if (pipe(ends) == -1)
		_exit(1);
	lines_init(&lines, ends[0]);
}

static void
end(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void
expect(bool wait, int rc, const char *want, const char *what)
{
	char *line = NULL;
	int got = lines_next(&lines, wait, &line, &err);

	ok(got == rc && (rc != 1 || strcmp(line, want) == 0), "%s (%d)", what,
	    got);
}

static void
fill(char c, size_t n)
{
	char text[LINES_BYTES_MAX + 1];

	memset(text, c, n);
	text[n] = '\0';
	put(text);
}

int
main(void)
{
	char *line;

	begin();
	expect(false, 0, NULL, "nothing is there yet");
	put("one\ntwo\nthr");
	expect(true, 1, "one", "the first");
	expect(false, 1, "two", "the second, which is there");
	expect(false, 0, NULL, "half a line is none yet");
	put("ee\n\n");
	expect(false, 1, "three", "its other half");
	expect(false, 1, "", "an empty one");
	put("last");
	close(ends[1]);
	expect(true, 1, "last", "the last one lacks its end");
	expect(true, 0, NULL, "the end");
	expect(true, 0, NULL, "and again");
	end();

	begin();
	fill('x', LINES_BYTES_MAX - 1);
	put("\nnext\n");
	ok(lines_next(&lines, true, &line, &err) == 1 &&
	    strlen(line) == LINES_BYTES_MAX - 1, "the longest");
	expect(true, 1, "next", "and what follows it");
	fill('x', LINES_BYTES_MAX);
	ok(lines_next(&lines, true, &line, &err) == -1 &&
	    err.cls == ERR_DATA, "too long: %s", err.text);
	end();
	return done_testing();
}
