/* What a multivariant playlist says, and its playlists beside each other. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/check_impl.h"

#define VARIANT		"HLS 4.4.6.2"
#define RENDITION	"HLS 4.4.6.1"

/* A codec of FAMILIES, NULL-ended, is in the list CODECS. */
static bool
has_family(struct m3u8_str codecs, const char *const families[])
{
	size_t i, k;

	for (k = 0; families[k] != NULL; k++)
		for (i = 0; i + 4 <= codecs.n; i++)
			if (memcmp(codecs.p + i, families[k], 4) == 0 &&
			    (i == 0 || codecs.p[i - 1] == ',' ||
			    codecs.p[i - 1] == ' '))
				return true;
	return false;
}

static bool
is_video(const struct m3u8_variant *v)
{
	static const char *const families[] = { "avc1", "avc3", "hvc1",
	    "hev1", "dvh1", "dvhe", "av01", "vp08", "vp09", "vvc1", NULL };

	return v->iframes || v->width != 0 ||
	    has_family(v->codecs, families);
}

static void
group_exists(struct check *c, const struct m3u8_variant *v, const char *type,
    struct m3u8_str group)
{
	const struct m3u8 *p = &c->main.p;
	size_t i;

	if (group.p == NULL)
		return;
	for (i = 0; i < p->nrenditions; i++)
		if (m3u8_is(p->renditions[i].type, type) &&
		    m3u8_same(p->renditions[i].group, group))
			return;
	check_say(c, &c->main, v->tag_line, VARIANT,
	    "there is no %s group '%.*s'", type, M3U8_ARG(group));
}

static void
variant(struct check *c, const struct m3u8_variant *v, bool ranges)
{
	const struct check_list *l = &c->main;
	size_t line = v->tag_line;

	if (v->peak_bps == 0)
		check_say(c, l, line, VARIANT, "no BANDWIDTH");
	if (v->average_bps == 0 && !v->iframes)
		check_say(c, l, line, "Apple 9.14", "no AVERAGE-BANDWIDTH");
	if (v->average_bps > v->peak_bps)
		check_say(c, l, line, VARIANT, "AVERAGE-BANDWIDTH is above "
		    "BANDWIDTH, the peak");
	if (v->codecs.n == 0)
		check_say(c, l, line, v->iframes ? "Apple 9.3" : "Apple 9.1",
		    "no CODECS");
	if (is_video(v) && v->width == 0)
		check_say(c, l, line, v->iframes ? "Apple 9.4" : "Apple 9.2",
		    "no RESOLUTION");
	if (is_video(v) && !v->iframes && v->micro_fps == 0)
		check_say(c, l, line, "Apple 9.15", "no FRAME-RATE");
	if (is_video(v) && ranges && v->range.p == NULL)
		check_say(c, l, line, "Apple 9.16",
		    "no VIDEO-RANGE beside variants that are not SDR");
	if (v->range.p != NULL && !m3u8_is(v->range, "SDR") &&
	    !m3u8_is(v->range, "HLG") && !m3u8_is(v->range, "PQ"))
		check_say(c, l, line, VARIANT, "VIDEO-RANGE '%.*s'",
		    M3U8_ARG(v->range));
	group_exists(c, v, "AUDIO", v->audio);
	group_exists(c, v, "VIDEO", v->video);
	group_exists(c, v, "SUBTITLES", v->subtitles);
}

static void
rendition(struct check *c, const struct m3u8_rendition *r)
{
	const struct check_list *l = &c->main;
	size_t line = r->at.line;
	bool captions = m3u8_is(r->type, "CLOSED-CAPTIONS");

	if (!captions && !m3u8_is(r->type, "AUDIO") &&
	    !m3u8_is(r->type, "VIDEO") && !m3u8_is(r->type, "SUBTITLES"))
		check_say(c, l, line, RENDITION, "TYPE '%.*s'",
		    M3U8_ARG(r->type));
	if (r->group.n == 0)
		check_say(c, l, line, RENDITION, "no GROUP-ID");
	if (r->name.n == 0)
		check_say(c, l, line, RENDITION, "no NAME");
	if (r->is_default && r->denies_autoselect)
		check_say(c, l, line, RENDITION,
		    "DEFAULT=YES with AUTOSELECT=NO");
	if (r->language.n == 0 && !m3u8_is(r->type, "VIDEO"))
		check_say(c, l, line, "Apple 8.10", "no LANGUAGE");
	if (captions && r->at.uri.p != NULL)
		check_say(c, l, line, RENDITION, "closed captions have a URI");
	if (m3u8_is(r->type, "SUBTITLES") && r->at.uri.p == NULL)
		check_say(c, l, line, RENDITION, "subtitles have no URI");
}

static bool
same_group(const struct m3u8_rendition *a, const struct m3u8_rendition *b)
{
	return m3u8_same(a->type, b->type) && m3u8_same(a->group, b->group);
}

/* Every group of A's type has a member of its name. */
static void
member_everywhere(struct check *c, const struct m3u8_rendition *a)
{
	const struct m3u8 *p = &c->main.p;
	const struct m3u8_rendition *group, *r;
	size_t i, k;

	for (i = 0; i < p->nrenditions; i++) {
		group = &p->renditions[i];
		if (!m3u8_same(group->type, a->type))
			continue;
		for (k = 0; k < p->nrenditions; k++) {
			r = &p->renditions[k];
			if (same_group(group, r) && m3u8_same(r->name, a->name))
				break;
		}
		if (k == p->nrenditions) {
			check_say(c, &c->main, a->at.line,
			    "HLS 4.4.6.1.1", "group '%.*s' has no '%.*s'",
			    M3U8_ARG(group->group), M3U8_ARG(a->name));
			return;
		}
	}
}

/* At most so many members of groups are compared with each other. */
#define MEMBERS_MAX	64

static void
groups(struct check *c)
{
	const struct m3u8 *p = &c->main.p;
	const struct m3u8_rendition *a, *b;
	size_t i, k;

	for (i = 0; i < p->nrenditions; i++) {
		a = &p->renditions[i];
		for (k = 0; k < i; k++) {
			b = &p->renditions[k];
			if (!same_group(a, b))
				continue;
			if (m3u8_same(a->name, b->name))
				check_say(c, &c->main, a->at.line,
				    "HLS 4.4.6.1.1",
				    "NAME '%.*s' twice in a group",
				    M3U8_ARG(a->name));
			if (a->is_default && b->is_default)
				check_say(c, &c->main, a->at.line,
				    "HLS 4.4.6.1.1",
				    "DEFAULT=YES twice in a group");
		}
		if (p->nrenditions <= MEMBERS_MAX)
			member_everywhere(c, a);
	}
}

void
check_main(struct check *c)
{
	const struct m3u8 *p = &c->main.p;
	bool ranges = false;
	size_t i;

	for (i = 0; i < p->nvariants; i++)
		ranges |= p->variants[i].range.p != NULL &&
		    !m3u8_is(p->variants[i].range, "SDR");
	for (i = 0; i < p->nvariants; i++)
		variant(c, &p->variants[i], ranges);
	for (i = 0; i < p->nrenditions; i++)
		rendition(c, &p->renditions[i]);
	groups(c);
}

/* A position in a list, by date or by number. */
struct place {
	size_t	 i;		/* of segs */
	uint64_t cc;		/* its discontinuity number */
	int64_t	 date_us;	/* 0: not known */
};

static bool
step(const struct m3u8 *p, struct place *at, bool first)
{
	const struct m3u8_seg *seg;

	if (!first) {
		if (at->date_us != 0)
			at->date_us += p->segs[at->i].duration_us;
		at->i++;
	}
	if (at->i >= p->nsegs)
		return false;
	seg = &p->segs[at->i];
	at->cc = (first ? p->discontinuity_sequence : at->cc) + seg->breaks;
	if (seg->dated)
		at->date_us = seg->date_us;
	return true;
}

/* Both begin at the same time: their discontinuity numbers are the same. */
static void
same_breaks(struct check *c, const struct check_list *l,
    const struct check_list *first)
{
	const struct m3u8 *a = &first->p, *b = &l->p;
	struct place x = { .i = 0 }, y = { .i = 0 };
	bool more_x = step(a, &x, true), more_y = step(b, &y, true);
	int64_t off_us, half_us;

	while (more_x && more_y) {
		if (x.date_us == 0 || y.date_us == 0)
			return;
		off_us = y.date_us - x.date_us;
		half_us = a->segs[x.i].duration_us / 2;
		if (off_us > half_us) {
			more_x = step(a, &x, false);
		} else if (off_us < -half_us) {
			more_y = step(b, &y, false);
		} else if (x.cc != y.cc) {
			check_say(c, l, b->segs[y.i].at.line, "HLS 6.2.4",
			    "'%.*s' has discontinuity number %" PRIu64 ", "
			    "what has its date in '%s' %" PRIu64,
			    M3U8_ARG(b->segs[y.i].at.uri), y.cc, first->url,
			    x.cc);
			return;
		} else {
			more_x = step(a, &x, false);
			more_y = step(b, &y, false);
		}
	}
}

static bool
dated(const struct m3u8 *p)
{
	size_t i;

	for (i = 0; i < p->nsegs; i++)
		if (p->segs[i].dated)
			return true;
	return false;
}

/* The two lists of one presentation. */
static void
compare(struct check *c, const struct check_list *l,
    const struct check_list *first)
{
	const struct m3u8 *a = &first->p, *b = &l->p;

	if (a->target_s != b->target_s &&
	    !(b->iframes_only && b->type == M3U8_VOD))
		check_say(c, l, b->target_line, "HLS 6.2.4",
		    "TARGETDURATION is %" PRIu64 ", in '%s' %" PRIu64,
		    b->target_s, first->url, a->target_s);
	if (b->iframes_only)
		return;
	if (!m3u8_same(a->control, b->control))
		check_say(c, l, b->control_line, "HLS 4.4.3.8",
		    "EXT-X-SERVER-CONTROL is not that of '%s'", first->url);
	if (a->nsegs > 0 && b->nsegs > 0 && dated(a) != dated(b))
		check_say(c, l, b->segs[0].at.line, "HLS 6.2.4",
		    "%s dates, against '%s'", dated(b) ? "has" : "no",
		    first->url);
	same_breaks(c, l, first);
}

/* What it reports of T, and the number of its last segment, begun or not. */
static void
reported(struct check *c, const struct check_list *l,
    const struct m3u8_report *r, const struct check_list *t)
{
	uint64_t last = check_msn(&t->p, t->p.nsegs) - 1 +
	    (t->p.open.nparts > 0);

	if (r->has_msn && t->p.nsegs > 0 && (r->msn > last + 2 ||
	    r->msn + 2 < last))
		check_say(c, l, r->at.line, "HLS 4.4.5.4",
		    "LAST-MSN %" PRIu64 " of '%s', which is at %" PRIu64,
		    r->msn, t->url, last);
}

static void
reports(struct check *c, const struct check_list *l)
{
	const struct check_list *t;
	unsigned *seen = calloc(c->nlists + 1, sizeof(*seen));
	size_t i;

	for (i = 0; seen != NULL && i < l->p.nreports; i++) {
		t = check_find(c, l, l->p.reports[i].at.uri);
		if (t == NULL || t == l)
			check_say(c, l, l->p.reports[i].at.line,
			    "HLS 4.4.5.4", t == l ? "a report of itself" :
			    "a report of a playlist that the multivariant "
			    "one does not name");
		else if (seen[t - c->lists]++ > 0)
			check_say(c, l, l->p.reports[i].at.line,
			    "HLS 4.4.5.4", "two reports of '%s'", t->url);
		else if (t->loaded)
			reported(c, l, &l->p.reports[i], t);
	}
	for (i = 0; seen != NULL && i < c->nlists; i++)
		if (seen[i] == 0 && &c->lists[i] != l &&
		    !c->lists[i].iframes)
			check_say(c, l, l->p.last_line, "HLS B.1",
			    "no EXT-X-RENDITION-REPORT of '%s'",
			    c->lists[i].url);
	free(seen);
}

void
check_together(struct check *c)
{
	const struct check_list *first = NULL, *l;
	size_t i;

	for (i = 0; i < c->nlists; i++) {
		l = &c->lists[i];
		if (!l->loaded || l->p.multivariant)
			continue;
		if (first != NULL)
			compare(c, l, first);
		else if (!l->p.iframes_only)
			first = l;
		if (c->main.loaded && l->p.nparts > 0 && !l->p.ended)
			reports(c, l);
	}
}
