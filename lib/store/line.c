#include "store/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#define LINE_FIELDS	9
#define JSON_BYTES_MAX	32768	/* a path of bad bytes, all escaped */
#define US		1000000	/* timescale of a parsed line */

int
line_fill(const struct spool *s, const struct spool_key *key,
    const struct fragment_info *info, uint64_t bytes, struct line *line,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	int n;

	spool_path(key, path);
	n = snprintf(line->path, sizeof(line->path), "%s/%s", s->dir, path);
	if (n < 0 || (size_t)n >= sizeof(line->path))
		return err_set(err, ERR_INPUT, "path too long '%.80s…'",
		    s->dir);
	line->key = *key;
	line->info = *info;
	line->bytes = bytes;
	line->why = NULL;
	return 0;
}

int
line_of(struct spool *s, const struct spool_key *key, struct line *line,
    struct err *err)
{
	struct fragment_info info;
	uint64_t bytes;

	if (spool_info(s, key, &info, &bytes, err) == -1)
		return -1;
	return line_fill(s, key, &info, bytes, line, err);
}

static int64_t
start_us(const struct line *line)
{
	return fragment_us(line->info.start, line->info.timescale);
}

/* From rounded ends, so that the lines of a stream add up. */
static int64_t
duration_us(const struct line *line)
{
	return fragment_us(line->info.end, line->info.timescale) -
	    start_us(line);
}

/* Each flag within QUOTE, commas between; NONE when there is none. */
static void
put_flags(struct buf *b, const struct line *line, const char *quote,
    const char *none)
{
	const struct fragment_info *info = &line->info;
	const char *comma = "";

	if (info->flags & FRAGMENT_DEPENDENT) {
		buf_printf(b, "%sdependent=%" PRIu32 "%s", quote, info->back,
		    quote);
		comma = ",";
	}
	if (info->flags & FRAGMENT_EPOCH_START) {
		buf_printf(b, "%s%sepoch-start%s", comma, quote, quote);
		comma = ",";
	}
	if (info->flags & FRAGMENT_LAST) {
		buf_printf(b, "%s%slast%s", comma, quote, quote);
		comma = ",";
	}
	if (info->flags & FRAGMENT_GAP) {
		buf_printf(b, "%s%sgap%s", comma, quote, quote);
		comma = ",";
	}
	if (comma[0] == '\0')
		buf_put_str(b, none);
}

static void
put_tab(struct buf *b, const struct line *line)
{
	buf_printf(b, "%s\t%s\t%06" PRIu32 "\t%09" PRIu32 "\t%s\t%" PRId64
	    "\t%" PRId64 "\t%" PRIu64 "\t", line->path, line->key.stream,
	    line->key.epoch, line->key.seq, line->key.rendition,
	    start_us(line), duration_us(line), line->bytes);
	put_flags(b, line, "", "-");
	if (line->why != NULL)
		buf_printf(b, "\t%s", line->why);
	buf_put_u8(b, '\n');
}

static void
put_json(struct buf *b, const struct line *line)
{
	buf_put_str(b, "{\"path\":");
	json_put_string(b, line->path);
	/* Names are safe as they are: name_ok(). */
	buf_printf(b, ",\"stream\":\"%s\",\"epoch\":%" PRIu32 ",\"seq\":%"
	    PRIu32 ",\"rendition\":\"%s\",\"start_us\":%" PRId64
	    ",\"duration_us\":%" PRId64 ",\"bytes\":%" PRIu64
	    ",\"arrival_us\":%" PRId64 ",\"date_us\":%" PRId64
	    ",\"flags\":[",
	    line->key.stream, line->key.epoch, line->key.seq,
	    line->key.rendition, start_us(line), duration_us(line),
	    line->bytes, line->info.arrival_us, line->info.date_us);
	put_flags(b, line, "\"", "");
	buf_put_u8(b, ']');
	if (line->why != NULL) {
		buf_put_str(b, ",\"failed\":");
		json_put_string(b, line->why);
	}
	buf_put_str(b, "}\n");
}

int
line_print(FILE *out, const struct line *line, enum line_format format,
    struct err *err)
{
	struct buf b;
	int rc = -1;

	buf_init(&b, JSON_BYTES_MAX);
	switch (format) {
	case LINE_TAB:
		put_tab(&b, line);
		break;
	case LINE_JSON:
		put_json(&b, line);
		break;
	case LINE_NUL:
		buf_put(&b, line->path, strlen(line->path) + 1);
		break;
	}
	if (buf_ok(&b, err) == -1)
		goto out;
	if (fwrite(b.p, 1, b.n, out) != b.n || fflush(out) != 0) {
		err_sys(err, ERR_IO, "cannot write a fragment line");
		goto out;
	}
	rc = 0;
out:
	buf_release(&b);
	return rc;
}

/* N bytes of decimal digits, perhaps with a minus. */
static bool
parse_number(const char *s, size_t n, int64_t min, int64_t max, int64_t *out)
{
	bool negative = n > 0 && s[0] == '-';
	int64_t v = 0;
	size_t i = negative;

	if (i == n)
		return false;
	for (; i < n; i++)
		if (s[i] < '0' || s[i] > '9' ||
		    __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, s[i] - '0', &v))
			return false;
	*out = negative ? -v : v;
	return *out >= min && *out <= max;
}

static bool
parse_name(const char *s, size_t n, char out[NAME_BYTES])
{
	if (n >= NAME_BYTES)
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return name_ok(out);
}

/* Unknown flags are skipped: there may be more of them one day. */
static bool
parse_flag(const char *s, size_t n, struct fragment_info *info)
{
	static const char dependent[] = "dependent=";
	const size_t prefix = sizeof(dependent) - 1;
	int64_t back;

	if (n > prefix && memcmp(s, dependent, prefix) == 0) {
		if (!parse_number(s + prefix, n - prefix, 1, UINT32_MAX, &back))
			return false;
		info->flags |= FRAGMENT_DEPENDENT;
		info->back = (uint32_t)back;
	} else if (n == 11 && memcmp(s, "epoch-start", n) == 0) {
		info->flags |= FRAGMENT_EPOCH_START;
	} else if (n == 4 && memcmp(s, "last", n) == 0) {
		info->flags |= FRAGMENT_LAST;
	} else if (n == 3 && memcmp(s, "gap", n) == 0) {
		info->flags |= FRAGMENT_GAP;
	}
	return n > 0;
}

static bool
parse_flags(const char *s, size_t n, struct fragment_info *info)
{
	size_t i = 0, word;

	do {
		for (word = i; i < n && s[i] != ','; i++)
			;
		if (!parse_flag(s + word, i - word, info))
			return false;
	} while (i++ < n);
	return true;
}

struct field {
	const char	*p;
	size_t		 n;
};

static bool
parse_key(const struct field f[LINE_FIELDS], struct line *line)
{
	int64_t epoch, seq;

	if (!parse_name(f[1].p, f[1].n, line->key.stream) ||
	    !parse_number(f[2].p, f[2].n, 0, SPOOL_EPOCH_MAX, &epoch) ||
	    !parse_number(f[3].p, f[3].n, 0, SPOOL_SEQ_MAX, &seq) ||
	    !parse_name(f[4].p, f[4].n, line->key.rendition))
		return false;
	line->key.epoch = line->info.epoch = (uint32_t)epoch;
	line->key.seq = line->info.seq = (uint32_t)seq;
	return true;
}

static bool
parse_rest(const struct field f[LINE_FIELDS], struct line *line)
{
	int64_t duration, bytes;

	if (!parse_number(f[5].p, f[5].n, INT64_MIN, INT64_MAX,
	    &line->info.start) ||
	    !parse_number(f[6].p, f[6].n, 0, INT64_MAX, &duration) ||
	    __builtin_add_overflow(line->info.start, duration,
	    &line->info.end) ||
	    !parse_number(f[7].p, f[7].n, 0, INT64_MAX, &bytes))
		return false;
	line->info.timescale = US;
	line->bytes = (uint64_t)bytes;
	return parse_flags(f[8].p, f[8].n, &line->info);
}

int
line_parse(const char *text, struct line *line, struct err *err)
{
	struct field f[LINE_FIELDS];
	const char *s = text;
	size_t i;

	memset(line, 0, sizeof(*line));
	for (i = 0; i < LINE_FIELDS; i++) {
		f[i].p = s;
		f[i].n = strcspn(s, "\t");
		s += f[i].n;
		if (*s == '\t')
			s++;
		else if (i < LINE_FIELDS - 1)
			return err_set(err, ERR_DATA, "not a fragment line: "
			    "%zu fields of %d: '%.80s'", i + 1, LINE_FIELDS,
			    text);
	}
	if (f[0].n == 0 || f[0].n >= sizeof(line->path))
		return err_set(err, ERR_DATA,
		    "fragment line: bad path: '%.80s'", text);
	memcpy(line->path, f[0].p, f[0].n);
	if (!parse_key(f, line) || !parse_rest(f, line))
		return err_set(err, ERR_DATA,
		    "fragment line: bad field: '%.200s'", text);
	return 0;
}
