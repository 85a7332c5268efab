#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/m3u8_impl.h"

void
m3u8_needs(struct m3u8_parser *ps, unsigned version, const char *why)
{
	if (version > ps->needs) {
		ps->needs = version;
		ps->needs_why = why;
	}
}

/* A BYTERANGE behind PREV, if that has the same URI. */
static void
set_range(struct m3u8_parser *ps, struct m3u8_str s,
    const struct m3u8_place *prev, struct m3u8_place *at)
{
	bool has_offset;

	if (s.p == NULL)
		return;
	if (!m3u8_range(s, &at->length, &at->offset, &has_offset)) {
		m3u8_say(ps, "HLS 4.4.4.2", "bad byte range '%.*s'",
		    M3U8_ARG(s));
		return;
	}
	at->ranged = true;
	if (has_offset)
		return;
	if (prev != NULL && prev->ranged && (at->uri.p == NULL ||
	    m3u8_same(prev->uri, at->uri)))
		at->offset = prev->offset + prev->length;
	else
		m3u8_say(ps, "HLS 4.4.4.2", "a byte range without offset, "
		    "and none of the same resource before it");
}

static int
on_version(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	uint64_t n;

	(void)err;
	if (!m3u8_number(s, &n) || n == 0 || n > 1000)
		m3u8_say(ps, "HLS 4.4.1.2", "bad version '%.*s'", M3U8_ARG(s));
	else
		ps->p->version = (unsigned)n;
	return 0;
}

static int
on_target(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)err;
	if (!m3u8_number(s, &ps->p->target_s) || ps->p->target_s == 0 ||
	    ps->p->target_s > 86400) {
		m3u8_say(ps, "HLS 4.4.3.1", "'%.*s' is no whole number of "
		    "seconds", M3U8_ARG(s));
		ps->p->target_s = 0;
	}
	ps->p->target_line = ps->line;
	return 0;
}

static void
before_segments(struct m3u8_parser *ps, const char *rule)
{
	if (ps->p->nsegs > 0 || ps->p->nparts > 0)
		m3u8_say(ps, rule, "%.*s behind a segment",
		    M3U8_ARG(ps->tag));
}

static int
on_media_sequence(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)err;
	before_segments(ps, "HLS 4.4.3.2");
	if (!m3u8_number(s, &ps->p->media_sequence) ||
	    ps->p->media_sequence > INT64_MAX) {
		m3u8_say(ps, "HLS 4.4.3.2", "bad number '%.*s'", M3U8_ARG(s));
		ps->p->media_sequence = 0;
	}
	return 0;
}

static int
on_discontinuity_sequence(struct m3u8_parser *ps, struct m3u8_str s,
    struct err *err)
{
	(void)err;
	before_segments(ps, "HLS 4.4.3.3");
	if (ps->seg.breaks > 0)
		m3u8_say(ps, "HLS 4.4.3.3", "behind EXT-X-DISCONTINUITY");
	ps->p->has_discontinuity_sequence = true;
	if (!m3u8_number(s, &ps->p->discontinuity_sequence) ||
	    ps->p->discontinuity_sequence > INT64_MAX) {
		m3u8_say(ps, "HLS 4.4.3.3", "bad number '%.*s'", M3U8_ARG(s));
		ps->p->discontinuity_sequence = 0;
	}
	return 0;
}

static int
on_type(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)err;
	ps->p->type_line = ps->line;
	if (m3u8_is(s, "VOD"))
		ps->p->type = M3U8_VOD;
	else if (m3u8_is(s, "EVENT"))
		ps->p->type = M3U8_EVENT;
	else
		m3u8_say(ps, "HLS 4.4.3.5", "'%.*s', want VOD or EVENT",
		    M3U8_ARG(s));
	return 0;
}

static int
on_flag(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)err;
	if (s.p != NULL)
		m3u8_say(ps, "HLS 4.1", "%.*s has no value",
		    M3U8_ARG(ps->tag));
	if (m3u8_is(ps->tag, "EXT-X-ENDLIST"))
		ps->p->ended = true;
	if (m3u8_is(ps->tag, "EXT-X-INDEPENDENT-SEGMENTS"))
		ps->p->independent = true;
	if (m3u8_is(ps->tag, "EXT-X-GAP"))
		ps->seg.gap = true;
	if (m3u8_is(ps->tag, "EXT-X-I-FRAMES-ONLY")) {
		ps->p->iframes_only = true;
		m3u8_needs(ps, 4, "EXT-X-I-FRAMES-ONLY");
	}
	if (m3u8_is(ps->tag, "EXT-X-DISCONTINUITY")) {
		ps->seg.breaks++;
		ps->seg.break_line = ps->line;
	}
	return 0;
}

static int
on_control(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	struct m3u8 *p = ps->p;

	(void)err;
	p->control = s;
	p->control_line = ps->line;
	p->can_block = m3u8_attr_yes(ps, "CAN-BLOCK-RELOAD");
	m3u8_attr_decimal(ps, "HOLD-BACK", &p->hold_back_us);
	m3u8_attr_decimal(ps, "PART-HOLD-BACK", &p->part_hold_back_us);
	m3u8_attr_decimal(ps, "CAN-SKIP-UNTIL", &p->skip_until_us);
	if (m3u8_attr_yes(ps, "CAN-SKIP-DATERANGES") && p->skip_until_us == 0)
		m3u8_say(ps, "HLS 4.4.3.8",
		    "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL");
	return 0;
}

static int
on_part_inf(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)s;
	(void)err;
	ps->p->part_target_line = ps->line;
	if (!m3u8_attr_decimal(ps, "PART-TARGET", &ps->p->part_target_us) ||
	    ps->p->part_target_us == 0)
		m3u8_say(ps, "HLS 4.4.3.7", "no PART-TARGET");
	return 0;
}

static int
on_map(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	struct m3u8_place *m = M3U8_MORE(ps, maps, err);

	(void)s;
	if (m == NULL)
		return -1;
	m->line = ps->line;
	m->uri = m3u8_quoted(ps, "URI");
	if (m->uri.n == 0)
		m3u8_say(ps, "HLS 4.4.4.5", "no URI");
	s = m3u8_quoted(ps, "BYTERANGE");
	if (s.p != NULL && memchr(s.p, '@', s.n) == NULL)
		/* Its start has no default but the start of the file. */
		m->ranged = m3u8_number(s, &m->length) && m->length > 0;
	else
		set_range(ps, s, NULL, m);
	/* The same again is the same: an I-frame playlist may say 5. */
	ps->map = ps->p->nmaps++;
	return 0;
}

static int
on_date(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)err;
	if (m3u8_date(ps, s, &ps->seg.date_us)) {
		ps->seg.dated = true;
		ps->seg.date_line = ps->line;
	} else {
		m3u8_say(ps, "HLS 4.4.4.6", "bad date '%.*s'", M3U8_ARG(s));
	}
	return 0;
}

static int
on_key(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	struct m3u8_str method = m3u8_plain(ps, "METHOD");

	(void)s;
	(void)err;
	if (method.p == NULL)
		m3u8_say(ps, "HLS 4.4.4.4", "no METHOD");
	ps->encrypted = method.p != NULL && !m3u8_is(method, "NONE");
	if (ps->encrypted && m3u8_quoted(ps, "URI").n == 0)
		m3u8_say(ps, "HLS 4.4.4.4", "no URI");
	if (m3u8_plain(ps, "IV").p != NULL)
		m3u8_needs(ps, 2, "the IV of EXT-X-KEY");
	if (m3u8_quoted(ps, "KEYFORMAT").p != NULL)
		m3u8_needs(ps, 5, "the KEYFORMAT of EXT-X-KEY");
	return 0;
}

static int
on_byterange(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	const struct m3u8 *p = ps->p;

	(void)err;
	m3u8_needs(ps, 4, "EXT-X-BYTERANGE");
	set_range(ps, s, p->nsegs == 0 ? NULL : &p->segs[p->nsegs - 1].at,
	    &ps->seg.at);
	return 0;
}

static int
on_extinf(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	const char *comma = s.p == NULL ? NULL : memchr(s.p, ',', s.n);
	struct m3u8_str duration = s;

	(void)err;
	if (ps->has_duration)
		m3u8_say(ps, "HLS 4.4.4.1", "EXTINF twice for a segment");
	if (comma == NULL)
		m3u8_say(ps, "HLS 4.4.4.1", "no comma behind the duration");
	else
		duration.n = (size_t)(comma - s.p);
	if (!m3u8_decimal(duration, &ps->seg.duration_us)) {
		m3u8_say(ps, "HLS 4.4.4.1", "bad duration '%.*s'",
		    M3U8_ARG(duration));
		ps->seg.duration_us = 0;
	}
	if (duration.p != NULL && memchr(duration.p, '.', duration.n) != NULL)
		m3u8_needs(ps, 3, "an EXTINF with a point");
	ps->has_duration = true;
	return 0;
}

static int
on_part(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	const struct m3u8_place *prev = ps->p->nparts == 0 ? NULL :
	    &ps->p->parts[ps->p->nparts - 1].at;
	struct m3u8_part part = { .at.line = ps->line }, *at;

	(void)s;
	part.at.uri = m3u8_quoted(ps, "URI");
	if (part.at.uri.n == 0)
		m3u8_say(ps, "HLS 4.4.4.9", "no URI");
	if (!m3u8_attr_decimal(ps, "DURATION", &part.duration_us))
		m3u8_say(ps, "HLS 4.4.4.9", "no DURATION");
	part.independent = m3u8_attr_yes(ps, "INDEPENDENT");
	part.gap = m3u8_attr_yes(ps, "GAP");
	set_range(ps, m3u8_quoted(ps, "BYTERANGE"), prev, &part.at);
	if ((at = M3U8_MORE(ps, parts, err)) == NULL)
		return -1;
	*at = part;
	if (ps->seg.nparts++ == 0)
		ps->seg.part = ps->p->nparts;
	ps->p->nparts++;
	return 0;
}

static int
on_hint(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	struct m3u8_hint *h = M3U8_MORE(ps, hints, err);
	struct m3u8_str type = m3u8_plain(ps, "TYPE");

	(void)s;
	if (h == NULL)
		return -1;
	h->at.line = ps->line;
	h->at.uri = m3u8_quoted(ps, "URI");
	h->part = m3u8_is(type, "PART");
	if (!h->part && !m3u8_is(type, "MAP"))
		m3u8_say(ps, "HLS 4.4.5.3", "TYPE '%.*s', want PART or MAP",
		    M3U8_ARG(type));
	if (h->at.uri.n == 0)
		m3u8_say(ps, "HLS 4.4.5.3", "no URI");
	h->at.ranged = m3u8_attr_number(ps, "BYTERANGE-START", &h->at.offset);
	m3u8_attr_number(ps, "BYTERANGE-LENGTH", &h->at.length);
	ps->p->nhints++;
	return 0;
}

static int
on_report(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	struct m3u8_report *r = M3U8_MORE(ps, reports, err);

	(void)s;
	if (r == NULL)
		return -1;
	r->at.line = ps->line;
	r->at.uri = m3u8_quoted(ps, "URI");
	if (r->at.uri.n == 0)
		m3u8_say(ps, "HLS 4.4.5.4", "no URI");
	r->has_msn = m3u8_attr_number(ps, "LAST-MSN", &r->msn);
	r->has_part = m3u8_attr_number(ps, "LAST-PART", &r->part);
	ps->p->nreports++;
	return 0;
}

static int
on_skip(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)s;
	(void)err;
	m3u8_needs(ps, 9, "EXT-X-SKIP");
	before_segments(ps, "HLS 4.4.5.2");
	ps->p->skip_line = ps->line;
	if (!m3u8_attr_number(ps, "SKIPPED-SEGMENTS", &ps->p->skipped) ||
	    ps->p->skipped > INT64_MAX) {
		m3u8_say(ps, "HLS 4.4.5.2", "no SKIPPED-SEGMENTS");
		ps->p->skipped = 0;
	}
	return 0;
}

static int
on_define(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)s;
	(void)err;
	m3u8_needs(ps, 8, "EXT-X-DEFINE");
	return 0;
}

static int
on_media(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	struct m3u8_rendition *r = M3U8_MORE(ps, renditions, err);

	(void)s;
	if (r == NULL)
		return -1;
	r->at.line = ps->line;
	r->at.uri = m3u8_quoted(ps, "URI");
	r->type = m3u8_plain(ps, "TYPE");
	r->group = m3u8_quoted(ps, "GROUP-ID");
	r->name = m3u8_quoted(ps, "NAME");
	r->language = m3u8_quoted(ps, "LANGUAGE");
	r->channels = m3u8_quoted(ps, "CHANNELS");
	r->is_default = m3u8_attr_yes(ps, "DEFAULT");
	r->autoselect = m3u8_attr_yes(ps, "AUTOSELECT");
	r->denies_autoselect = m3u8_is(m3u8_plain(ps, "AUTOSELECT"), "NO");
	ps->p->nrenditions++;
	return 0;
}

static void
variant_attrs(struct m3u8_parser *ps, struct m3u8_variant *v)
{
	int64_t fps;

	*v = (struct m3u8_variant){ .tag_line = ps->line };
	m3u8_attr_number(ps, "BANDWIDTH", &v->peak_bps);
	m3u8_attr_number(ps, "AVERAGE-BANDWIDTH", &v->average_bps);
	m3u8_attr_size(ps, "RESOLUTION", &v->width, &v->height);
	if (m3u8_attr_decimal(ps, "FRAME-RATE", &fps))
		v->micro_fps = (uint64_t)fps;
	v->codecs = m3u8_quoted(ps, "CODECS");
	v->range = m3u8_plain(ps, "VIDEO-RANGE");
	v->audio = m3u8_quoted(ps, "AUDIO");
	v->video = m3u8_quoted(ps, "VIDEO");
	v->subtitles = m3u8_quoted(ps, "SUBTITLES");
}

static int
on_variant(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	(void)s;
	(void)err;
	if (ps->has_variant)
		m3u8_say(ps, "HLS 4.4.6.2", "no URI behind EXT-X-STREAM-INF");
	variant_attrs(ps, &ps->variant);
	ps->has_variant = true;
	return 0;
}

static int
on_iframe_variant(struct m3u8_parser *ps, struct m3u8_str s, struct err *err)
{
	static const char *const none[] = { "FRAME-RATE", "AUDIO",
	    "SUBTITLES", "CLOSED-CAPTIONS" };
	struct m3u8_variant *v = M3U8_MORE(ps, variants, err);
	size_t i, k;

	(void)s;
	if (v == NULL)
		return -1;
	variant_attrs(ps, v);
	v->iframes = true;
	v->at.line = ps->line;
	v->at.uri = m3u8_quoted(ps, "URI");
	if (v->at.uri.n == 0)
		m3u8_say(ps, "HLS 4.4.6.3", "no URI");
	for (i = 0; i < ps->nattrs; i++)
		for (k = 0; k < sizeof(none) / sizeof(none[0]); k++)
			if (m3u8_is(ps->attrs[i].name, none[k]))
				m3u8_say(ps, "HLS 4.4.6.3",
				    "%s is not for I-frames", none[k]);
	ps->p->nvariants++;
	return 0;
}

enum where { ANY, MEDIA, MAIN };

static const struct tag {
	const char	*name;
	enum where	 where;
	bool		 once, attrs;
	int		(*fn)(struct m3u8_parser *ps, struct m3u8_str s,
			    struct err *err);
} tags[] = {
	{ "EXTINF", MEDIA, false, false, on_extinf },
	{ "EXT-X-BYTERANGE", MEDIA, false, false, on_byterange },
	{ "EXT-X-DEFINE", ANY, false, true, on_define },
	{ "EXT-X-DISCONTINUITY", MEDIA, false, false, on_flag },
	{ "EXT-X-DISCONTINUITY-SEQUENCE", MEDIA, true, false,
	    on_discontinuity_sequence },
	{ "EXT-X-ENDLIST", MEDIA, true, false, on_flag },
	{ "EXT-X-GAP", MEDIA, false, false, on_flag },
	{ "EXT-X-I-FRAME-STREAM-INF", MAIN, false, true, on_iframe_variant },
	{ "EXT-X-I-FRAMES-ONLY", MEDIA, true, false, on_flag },
	{ "EXT-X-INDEPENDENT-SEGMENTS", ANY, true, false, on_flag },
	{ "EXT-X-KEY", MEDIA, false, true, on_key },
	{ "EXT-X-MAP", MEDIA, false, true, on_map },
	{ "EXT-X-MEDIA", MAIN, false, true, on_media },
	{ "EXT-X-MEDIA-SEQUENCE", MEDIA, true, false, on_media_sequence },
	{ "EXT-X-PART", MEDIA, false, true, on_part },
	{ "EXT-X-PART-INF", MEDIA, true, true, on_part_inf },
	{ "EXT-X-PLAYLIST-TYPE", MEDIA, true, false, on_type },
	{ "EXT-X-PRELOAD-HINT", MEDIA, false, true, on_hint },
	{ "EXT-X-PROGRAM-DATE-TIME", MEDIA, false, false, on_date },
	{ "EXT-X-RENDITION-REPORT", MEDIA, false, true, on_report },
	{ "EXT-X-SERVER-CONTROL", MEDIA, true, true, on_control },
	{ "EXT-X-SKIP", MEDIA, true, true, on_skip },
	{ "EXT-X-STREAM-INF", MAIN, false, true, on_variant },
	{ "EXT-X-TARGETDURATION", MEDIA, true, false, on_target },
	{ "EXT-X-VERSION", ANY, true, false, on_version },
};

#define NTAGS	(sizeof(tags) / sizeof(tags[0]))

int
m3u8_tag(struct m3u8_parser *ps, struct m3u8_str line, struct err *err)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct m3u8_str name = { line.p + 1, line.n - 1 }, value = { NULL, 0 };
	size_t i;

	if (colon != NULL) {
		name.n = (size_t)(colon - name.p);
		value = (struct m3u8_str){ colon + 1,
		    line.n - (size_t)(colon + 1 - line.p) };
	}
	for (i = 0; i < NTAGS && !m3u8_is(name, tags[i].name); i++)
		continue;
	if (i == NTAGS)
		return 0;	/* a comment, or a tag we know nothing of */
	ps->tag = name;
	if (tags[i].where != ANY &&
	    (tags[i].where == MAIN) != ps->p->multivariant)
		m3u8_say(ps, "HLS 4.4", "%s in a %s playlist", tags[i].name,
		    ps->p->multivariant ? "multivariant" : "media");
	if (tags[i].once && (ps->seen & UINT64_C(1) << i) != 0) {
		m3u8_say(ps, "HLS 4.4", "%s twice", tags[i].name);
		return 0;
	}
	ps->seen |= UINT64_C(1) << i;
	if (tags[i].attrs && value.p == NULL)
		value.p = line.p + line.n;
	if (tags[i].attrs)
		m3u8_split(ps, value);
	return tags[i].fn(ps, value, err);
}
