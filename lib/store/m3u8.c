#include "store/m3u8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/m3u8_impl.h"

bool
m3u8_same_place(const struct m3u8_place *a, const struct m3u8_place *b)
{
	return m3u8_same(a->uri, b->uri) && a->ranged == b->ranged &&
	    a->offset == b->offset && a->length == b->length;
}

void *
m3u8_more(void *array, size_t n, size_t *cap, size_t size, struct err *err)
{
	void *grown;

	if (n == *cap) {
		if (n >= LIMIT_PLAYLIST_ENTRIES) {
			err_set(err, ERR_DATA, "more than %d entries",
			    LIMIT_PLAYLIST_ENTRIES);
			return NULL;
		}
		grown = reallocarray(array, n == 0 ? 16 : 2 * n, size);
		if (grown == NULL) {
			err_nomem(err);
			return NULL;
		}
		*cap = n == 0 ? 16 : 2 * n;
		array = grown;
	}
	memset((char *)array + n * size, 0, size);
	return array;
}

static int
read_variant_uri(struct m3u8_parser *ps, struct m3u8_str uri, struct err *err)
{
	struct m3u8_variant *v;

	if (!ps->has_variant) {
		m3u8_say(ps, "HLS 4.4.6.2", "a URI without EXT-X-STREAM-INF");
		return 0;
	}
	if ((v = M3U8_MORE(ps, variants, err)) == NULL)
		return -1;
	*v = ps->variant;
	v->at.uri = uri;
	v->at.line = ps->line;
	ps->p->nvariants++;
	ps->has_variant = false;
	return 0;
}

static int
read_uri(struct m3u8_parser *ps, struct m3u8_str uri, struct err *err)
{
	struct m3u8_seg *seg;

	if (ps->p->multivariant)
		return read_variant_uri(ps, uri, err);
	if (!ps->has_duration)
		m3u8_say(ps, "HLS 4.4.4.1", "a segment without EXTINF");
	if ((seg = M3U8_MORE(ps, segs, err)) == NULL)
		return -1;
	*seg = ps->seg;
	seg->at.uri = uri;
	seg->at.line = ps->line;
	seg->map = ps->map;
	seg->encrypted = ps->encrypted;
	ps->p->nsegs++;
	ps->seg = (struct m3u8_seg){ .map = M3U8_NONE };
	ps->has_duration = false;
	return 0;
}

/* No control bytes, and UTF-8 (RFC 3629) as section 4.1 has it. */
static void
check_bytes(struct m3u8_parser *ps, struct m3u8_str line)
{
	const unsigned char *c = (const unsigned char *)line.p;
	const unsigned char *end = c + line.n;
	int tail = 0;
	bool good = true;

	for (; c < end && good; c++) {
		if (tail > 0)
			good = (*c & 0xc0) == 0x80 && tail-- > 0;
		else if (*c >= 0xc2 && *c <= 0xf4)
			tail = *c < 0xe0 ? 1 : *c < 0xf0 ? 2 : 3;
		else if (*c < 0x20 || *c == 0x7f) {
			m3u8_say(ps, "HLS 4.1", "control byte 0x%02x", *c);
			return;
		} else
			good = *c < 0x80;
	}
	if (!good || tail > 0)
		m3u8_say(ps, "HLS 4.1", "not UTF-8");
}

static int
read_line(struct m3u8_parser *ps, struct m3u8_str line, struct err *err)
{
	if (line.n == 0)
		return 0;
	check_bytes(ps, line);
	if (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t')
		m3u8_say(ps, "HLS 4.1", "space at the end of the line");
	if (line.p[0] == '#')
		return line.n > 4 && memcmp(line.p, "#EXT", 4) == 0 ?
		    m3u8_tag(ps, line, err) : 0;
	return read_uri(ps, line, err);
}

/* A line that begins with TAG is in the text. */
static bool
has_tag(const char *text, size_t n, const char *tag)
{
	size_t k = strlen(tag);
	const char *at = text, *end = text + n;

	while (at < end && (at = memmem(at, (size_t)(end - at), tag, k)) !=
	    NULL) {
		if (at == text || at[-1] == '\n')
			return true;
		at += k;
	}
	return false;
}

static void
finish(struct m3u8_parser *ps)
{
	struct m3u8 *p = ps->p;

	p->last_line = ps->line;
	if (ps->has_variant)
		m3u8_say(ps, "HLS 4.4.6.2", "no URI behind EXT-X-STREAM-INF");
	if (ps->has_duration)
		m3u8_say(ps, "HLS 4.4.4.1", "no URI behind EXTINF");
	p->open = ps->seg;
	p->open.map = ps->map;
	if (p->nmaps > 0)
		m3u8_needs(ps, p->iframes_only ? 5 : 6, "EXT-X-MAP");
	if (ps->needs > p->version)
		m3u8_say(ps, "HLS 8", "EXT-X-VERSION is %u, and %s takes %u",
		    p->version, ps->needs_why, ps->needs);
}

int
m3u8_read(struct m3u8 *p, const char *text, size_t n, m3u8_say_fn *say,
    void *arg, struct err *err)
{
	struct m3u8_parser ps = { .p = p, .say = say, .arg = arg, .line = 1,
	    .map = M3U8_NONE, .seg.map = M3U8_NONE };
	const char *end = text + n, *newline;
	struct m3u8_str line;

	*p = (struct m3u8){ .version = 1 };
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		m3u8_say(&ps, "HLS 4.1", "a byte order mark");
		text += 3;
	}
	if (end - text < 7 || memcmp(text, "#EXTM3U", 7) != 0 ||
	    (end - text > 7 && text[7] != '\n' && text[7] != '\r'))
		return err_set(err, ERR_DATA, "no playlist: the first line is "
		    "not #EXTM3U");
	p->multivariant = has_tag(text, (size_t)(end - text),
	    "#EXT-X-STREAM-INF:");
	for (ps.line = 0; text < end; text = newline + 1) {
		ps.line++;
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		line = (struct m3u8_str){ text, (size_t)(newline - text) };
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (read_line(&ps, line, err) == -1)
			return -1;
		if (newline == end)
			break;
	}
	finish(&ps);
	return 0;
}

void
m3u8_release(struct m3u8 *p)
{
	free(p->segs);
	free(p->parts);
	free(p->maps);
	free(p->hints);
	free(p->reports);
	free(p->variants);
	free(p->renditions);
	memset(p, 0, sizeof(*p));
}
