#include "net/http_playlist.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

#define SECONDS_MAX	1000000000	/* of a duration: beyond any sense */
#define SKIP_VERSION	9u		/* the least with EXT-X-SKIP */

/* A piece of the text. */
struct piece {
	const char	*p;
	size_t		 n;
};

/* The next line of REST without its end; false when there is none. */
static bool
next_line(struct piece *rest, struct piece *line)
{
	const char *end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, '\n', rest->n);
	line->p = rest->p;
	line->n = end == NULL ? rest->n : (size_t)(end - rest->p);
	rest->n -= line->n + (end != NULL);
	rest->p += line->n + (end != NULL);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool
is(const struct piece *s, const char *word)
{
	return s->n == strlen(word) && memcmp(s->p, word, s->n) == 0;
}

/* LINE begins with TAG: what is behind it. */
static bool
tagged(const struct piece *line, const char *tag, struct piece *value)
{
	size_t n = strlen(tag);

	if (line->n < n || memcmp(line->p, tag, n) != 0)
		return false;
	value->p = line->p + n;
	value->n = line->n - n;
	return true;
}

/* The value of NAME in the attribute LIST, without its quotes. */
static bool
attribute(struct piece list, const char *name, struct piece *value)
{
	size_t n, end;
	bool found, quoted;

	while (list.n > 0) {
		const char *equal = memchr(list.p, '=', list.n);

		if (equal == NULL)
			return false;
		n = (size_t)(equal - list.p);
		found = n == strlen(name) && memcmp(list.p, name, n) == 0;
		list.p += n + 1;
		list.n -= n + 1;
		quoted = list.n > 0 && *list.p == '"';
		if (quoted) {
			list.p++;
			list.n--;
		}
		for (end = 0; end < list.n &&
		    list.p[end] != (quoted ? '"' : ','); end++)
			;
		if (found) {
			*value = (struct piece){ list.p, end };
			return true;
		}
		for (; end < list.n && list.p[end] != ','; end++)
			;
		end += end < list.n;
		list.p += end;
		list.n -= end;
	}
	return false;
}

/* A decimal-integer that is the whole of S. */
static bool
whole(const struct piece *s, uint64_t *v)
{
	size_t i;

	*v = 0;
	for (i = 0; i < s->n; i++)
		if (!isdigit((unsigned char)s->p[i]) ||
		    __builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(s->p[i] - '0'), v))
			return false;
	return s->n > 0;
}

/* A decimal-floating-point at the start of S in microseconds, else 0. */
static int64_t
seconds_us(const struct piece *s)
{
	int64_t us = 0, unit = 100000;
	size_t i;

	for (i = 0; i < s->n && isdigit((unsigned char)s->p[i]); i++)
		if ((us = us * 10 + (s->p[i] - '0')) > SECONDS_MAX)
			return 0;
	us *= 1000000;
	if (i < s->n && s->p[i] == '.')
		for (i++; i < s->n && isdigit((unsigned char)s->p[i]);
		    i++, unit /= 10)
			us += (s->p[i] - '0') * unit;
	return us;
}

static void
server_control(const struct piece *list, struct http_playlist *p)
{
	struct piece v;

	p->blocks = attribute(*list, "CAN-BLOCK-RELOAD", &v) && is(&v, "YES");
	if (attribute(*list, "CAN-SKIP-UNTIL", &v))
		p->skip_us = seconds_us(&v);
}

static void
preload_hint(const struct piece *list, const char *text,
    struct http_playlist *p)
{
	struct piece type, uri;

	if (attribute(*list, "TYPE", &type) && is(&type, "PART") &&
	    attribute(*list, "URI", &uri)) {
		p->hint = (size_t)(uri.p - text);
		p->hint_bytes = uri.n;
	}
}

/* False when there cannot be such a playlist. */
static bool
take_tag(const struct piece *line, const char *text, struct http_playlist *p)
{
	struct piece v;
	uint64_t n;

	if (tagged(line, "#EXT-X-PART:", &v)) {
		p->next_parts++;
	} else if (tagged(line, "#EXT-X-VERSION:", &v)) {
		if (!whole(&v, &n) || n > UINT32_MAX)
			return false;
		p->version = (uint32_t)n;
	} else if (tagged(line, "#EXT-X-TARGETDURATION:", &v)) {
		if (!whole(&v, &n) || n == 0 || n > UINT32_MAX / 8)
			return false;
		p->target_s = (uint32_t)n;
		p->media = true;
	} else if (tagged(line, "#EXT-X-MEDIA-SEQUENCE:", &v)) {
		if (!whole(&v, &n) || __builtin_add_overflow(p->next, n,
		    &p->next))
			return false;
	} else if (tagged(line, "#EXT-X-SERVER-CONTROL:", &v)) {
		server_control(&v, p);
	} else if (tagged(line, "#EXT-X-PART-INF:", &v)) {
		if (attribute(v, "PART-TARGET", &v))
			p->part_target_us = seconds_us(&v);
	} else if (tagged(line, "#EXT-X-PRELOAD-HINT:", &v)) {
		preload_hint(&v, text, p);
	} else if (is(line, "#EXT-X-ENDLIST")) {
		p->ended = true;
	}
	return true;
}

/* A URI: the segment is whole. */
static bool
take_segment(struct http_playlist *p)
{
	p->last_parts = p->next_parts;
	p->next_parts = 0;
	return !__builtin_add_overflow(p->next, 1, &p->next);
}

void
http_playlist_parse(const char *text, size_t bytes, struct http_playlist *p)
{
	struct piece rest = { text, bytes }, line;
	bool good = true;

	memset(p, 0, sizeof(*p));
	if (!next_line(&rest, &line) || !is(&line, "#EXTM3U"))
		return;
	while (good && next_line(&rest, &line))
		if (line.n > 0)
			good = line.p[0] == '#' ? take_tag(&line, text, p) :
			    take_segment(p);
	if (!good || !p->media)
		memset(p, 0, sizeof(*p));
}

/* A tag that belongs to the segment whose URI follows. */
static bool
is_of_segment(const struct piece *line)
{
	static const char *const tags[] = { "#EXTINF:", "#EXT-X-BYTERANGE:",
	    "#EXT-X-KEY:", "#EXT-X-MAP:", "#EXT-X-PROGRAM-DATE-TIME:",
	    "#EXT-X-BITRATE:", "#EXT-X-PART:" };
	struct piece v;
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tagged(line, tags[i], &v))
			return true;
	return is(line, "#EXT-X-DISCONTINUITY") || is(line, "#EXT-X-GAP");
}

/* How many segments are further than SKIP_US from the end of the last. */
static uint64_t
skippable(struct piece rest, int64_t skip_us)
{
	int64_t total_us = 0, end_us = 0, us = 0;
	struct piece text = rest, line, v;
	uint64_t n = 0;

	while (next_line(&rest, &line))
		if (tagged(&line, "#EXTINF:", &v) &&
		    __builtin_add_overflow(total_us, seconds_us(&v),
		    &total_us))
			return 0;
	while (next_line(&text, &line))
		if (tagged(&line, "#EXTINF:", &v)) {
			us = seconds_us(&v);
		} else if (line.n > 0 && line.p[0] != '#') {
			end_us += us;
			us = 0;
			if (total_us - end_us <= skip_us)
				break;
			n++;
		}
	return n;
}

static void
put_line(struct buf *out, const struct piece *line)
{
	buf_put(out, line->p, line->n);
	buf_put_u8(out, '\n');
}

/* The lines before the first segment; REST is then at its first line. */
static void
put_head(struct piece *rest, uint32_t version, struct buf *out)
{
	struct piece line, before = *rest, v;

	while (next_line(rest, &line) && !is_of_segment(&line) &&
	    (line.n == 0 || line.p[0] == '#')) {
		if (!tagged(&line, "#EXT-X-VERSION:", &v))
			put_line(out, &line);
		if (is(&line, "#EXTM3U"))
			buf_printf(out, "#EXT-X-VERSION:%u\n",
			    version > SKIP_VERSION ? version : SKIP_VERSION);
		before = *rest;
	}
	*rest = before;
}

bool
http_playlist_delta(const char *text, size_t bytes,
    const struct http_playlist *p, struct buf *out)
{
	struct piece rest = { text, bytes }, line, v;
	uint64_t skip, left;

	if (p->skip_us == 0 || p->ended ||
	    (skip = skippable(rest, p->skip_us)) == 0)
		return false;
	put_head(&rest, p->version, out);
	buf_printf(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%ju\n",
	    (uintmax_t)skip);
	for (left = skip; left > 0 && next_line(&rest, &line); )
		if (tagged(&line, "#EXT-X-DATERANGE:", &v))
			put_line(out, &line);
		else if (line.n > 0 && line.p[0] != '#')
			left--;
	buf_put(out, rest.p, rest.n);
	return true;
}
