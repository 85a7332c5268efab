/* One version of a playlist after another: what may change, what must not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/url.h"
#include "store/check_impl.h"

#define CHANGE		"HLS 6.2.1"
/* Dates are cut to milliseconds, and add up. */
#define DATE_SLACK_US	20000

static uint64_t
end_msn(const struct m3u8 *p)
{
	return check_msn(p, p->nsegs);
}

/* What must be the same in every version. */
static void
constants(struct check *c, const struct check_list *l, const struct m3u8 *old)
{
	const struct m3u8 *p = &l->p;

	if (p->target_s != old->target_s)
		check_say(c, l, p->target_line, "HLS 4.4.3.1",
		    "TARGETDURATION was %" PRIu64 " and is %" PRIu64,
		    old->target_s, p->target_s);
	if (p->type != old->type)
		check_say(c, l, p->type_line, CHANGE,
		    "EXT-X-PLAYLIST-TYPE changed");
	if (p->part_target_us != old->part_target_us)
		check_say(c, l, p->part_target_line, CHANGE,
		    "PART-TARGET changed");
	if (p->can_block != old->can_block ||
	    p->hold_back_us != old->hold_back_us ||
	    p->part_hold_back_us != old->part_hold_back_us)
		check_say(c, l, p->control_line, CHANGE,
		    "EXT-X-SERVER-CONTROL changed");
}

/* The numbers in front: by what was removed, exactly. */
static void
numbers(struct check *c, const struct check_list *l, const struct m3u8 *old)
{
	const struct m3u8 *p = &l->p;
	uint64_t removed, tags = 0, i;

	if (p->media_sequence < old->media_sequence) {
		check_say(c, l, 1, "HLS 6.2.2", "EXT-X-MEDIA-SEQUENCE goes "
		    "back from %" PRIu64 " to %" PRIu64, old->media_sequence,
		    p->media_sequence);
		return;
	}
	if (end_msn(p) < end_msn(old))
		check_say(c, l, p->last_line, CHANGE,
		    "the end goes back from %" PRIu64 " to %" PRIu64,
		    end_msn(old), end_msn(p));
	removed = p->media_sequence - old->media_sequence;
	if (removed > 0 && p->type != M3U8_LIVE)
		check_say(c, l, 1, CHANGE, "%" PRIu64 " segments are gone, "
		    "against EXT-X-PLAYLIST-TYPE", removed);
	if (p->discontinuity_sequence < old->discontinuity_sequence)
		check_say(c, l, 1, "HLS 6.2.2", "EXT-X-DISCONTINUITY-SEQUENCE"
		    " goes back from %" PRIu64 " to %" PRIu64,
		    old->discontinuity_sequence, p->discontinuity_sequence);
	if (old->skipped > 0 || removed > old->nsegs)
		return;		/* what was removed was not seen */
	for (i = 0; i < removed; i++)
		tags += old->segs[i].breaks;
	if (p->discontinuity_sequence != old->discontinuity_sequence + tags)
		check_say(c, l, 1, "HLS 6.2.2", "EXT-X-DISCONTINUITY-SEQUENCE "
		    "was %" PRIu64 ", %" PRIu64 " tags were removed, and it "
		    "is %" PRIu64, old->discontinuity_sequence, tags,
		    p->discontinuity_sequence);
}

static const struct m3u8_place *
map_of(const struct m3u8 *p, const struct m3u8_seg *seg)
{
	return seg->map == M3U8_NONE ? NULL : &p->maps[seg->map];
}

/* Is what was seen of segment MSN still said of it? */
static void
same_segment(struct check *c, const struct check_list *l, uint64_t msn,
    const struct m3u8 *old, const struct m3u8_seg *a,
    const struct m3u8_seg *b)
{
	const struct m3u8_place *x = map_of(old, a), *y = map_of(&l->p, b);
	const char *what = NULL;

	if (!m3u8_same_place(&a->at, &b->at))
		what = "URI";
	else if (a->duration_us != b->duration_us)
		what = "EXTINF";
	else if ((x == NULL) != (y == NULL) ||
	    (x != NULL && !m3u8_same_place(x, y)))
		/* A filled gap brings the map that it did without. */
		what = a->gap ? NULL : "EXT-X-MAP";
	else if (!a->gap && b->gap)
		what = "EXT-X-GAP";
	if (what != NULL)
		check_say(c, l, b->at.line, CHANGE,
		    "segment %" PRIu64 " has another %s than before", msn,
		    what);
}

/* What is known of the date of the segment behind SEG; 0: nothing. */
static int64_t
date_after(const struct m3u8_seg *seg, int64_t date_us)
{
	if (seg->dated)
		date_us = seg->date_us;
	return date_us == 0 ? 0 : date_us + seg->duration_us;
}

/* False when it has another one, which is said. */
static bool
same_date(struct check *c, const struct check_list *l, uint64_t msn,
    const struct m3u8_seg *seg, int64_t was_us, int64_t is_us)
{
	if (was_us == 0 || is_us == 0 || (is_us - was_us <= DATE_SLACK_US &&
	    was_us - is_us <= DATE_SLACK_US))
		return true;
	check_say(c, l, seg->at.line, CHANGE, "segment %" PRIu64
	    " was %+.3f s from its date", msn,
	    (double)(was_us - is_us) / 1e6);
	return false;
}

/* Its parts, as far as both versions have them. */
static void
same_parts(struct check *c, const struct check_list *l, uint64_t msn,
    const struct m3u8 *old, const struct m3u8_seg *a,
    const struct m3u8_seg *b)
{
	const struct m3u8_part *x, *y;
	size_t i;

	for (i = 0; i < a->nparts && i < b->nparts; i++) {
		x = &old->parts[a->part + i];
		y = &l->p.parts[b->part + i];
		if (!m3u8_same_place(&x->at, &y->at) ||
		    x->duration_us != y->duration_us) {
			check_say(c, l, y->at.line, CHANGE, "part %zu of "
			    "segment %" PRIu64 " is not what it was", i, msn);
			return;
		}
	}
	if (b->nparts > 0 && b->nparts < a->nparts)
		check_say(c, l, l->p.parts[b->part].at.line, CHANGE,
		    "a part of segment %" PRIu64 " is gone", msn);
}

/* The part that was hinted is the one that came next. */
static void
kept_hint(struct check *c, const struct check_list *l,
    const struct m3u8 *old)
{
	const struct m3u8 *p = &l->p;
	const struct m3u8_hint *hint = NULL;
	const struct m3u8_part *next = NULL;
	const struct m3u8_seg *seg;
	uint64_t at = end_msn(old), first = check_msn(p, 0);
	size_t i, k = old->open.nparts;

	for (i = 0; i < old->nhints && hint == NULL; i++)
		if (old->hints[i].part)
			hint = &old->hints[i];
	if (hint == NULL || at < first)
		return;
	/* Behind the parts of AT, or the first of the segment after it. */
	for (i = (size_t)(at - first); next == NULL && i <= p->nsegs; i++) {
		seg = i < p->nsegs ? &p->segs[i] : &p->open;
		if (i < p->nsegs && seg->nparts == 0)
			return;		/* its parts are gone already */
		if (k < seg->nparts)
			next = &p->parts[seg->part + k];
		k = 0;
	}
	if (next != NULL && (!m3u8_same(hint->at.uri, next->at.uri) ||
	    (hint->at.ranged && hint->at.offset != next->at.offset)))
		check_say(c, l, next->at.line, "HLS 4.4.5.3",
		    "'%.*s' was hinted, '%.*s' came",
		    M3U8_ARG(hint->at.uri), M3U8_ARG(next->at.uri));
}

/* Parts stay until they are three target durations from the end. */
static void
kept_parts(struct check *c, const struct check_list *l,
    const struct m3u8 *old)
{
	const struct m3u8 *p = &l->p;
	uint64_t first = check_msn(old, 0), msn;
	int64_t newer_us = 0;
	size_t i;

	for (i = 0; i < p->open.nparts; i++)
		newer_us += p->parts[p->open.part + i].duration_us;
	for (i = p->nsegs; i-- > 0; newer_us += p->segs[i].duration_us) {
		msn = check_msn(p, i);
		if (p->ended || newer_us > 3000000 * (int64_t)p->target_s ||
		    msn < first)
			return;
		if (msn <= end_msn(old) && p->segs[i].nparts == 0 &&
		    (msn == end_msn(old) ? old->open.nparts :
		    old->segs[msn - first].nparts) > 0)
			check_say(c, l, p->segs[i].at.line, "HLS 6.2.2",
			    "segment %" PRIu64 " lost its parts within three "
			    "target durations", msn);
	}
}

void
check_update(struct check *c, struct check_list *l, const struct m3u8 *old)
{
	const struct m3u8 *p = &l->p;
	uint64_t a = check_msn(old, 0), b = check_msn(p, 0), msn;
	uint64_t x = old->discontinuity_sequence;
	uint64_t y = p->discontinuity_sequence;
	int64_t was_us = 0, is_us = 0;
	bool dates = true, shifted = false;	/* each is said once */
	size_t i = 0, k = 0;

	if (old->ended)
		check_say(c, l, 1, CHANGE, "it changed behind EXT-X-ENDLIST");
	constants(c, l, old);
	numbers(c, l, old);
	/* In both: each from its own front up to where they overlap. */
	for (; i < old->nsegs && a + i < b; i++) {
		x += old->segs[i].breaks;
		was_us = date_after(&old->segs[i], was_us);
	}
	for (; k < p->nsegs && b + k < a; k++)
		y += p->segs[k].breaks;
	for (; i < old->nsegs && k < p->nsegs; i++, k++) {
		msn = b + k;
		x += old->segs[i].breaks;
		y += p->segs[k].breaks;
		if (x != y && !shifted)
			check_say(c, l, p->segs[k].at.line, "HLS 6.3.4",
			    "segment %" PRIu64 " has discontinuity number "
			    "%" PRIu64 ", before it was %" PRIu64, msn, y, x);
		shifted = x != y;
		same_segment(c, l, msn, old, &old->segs[i], &p->segs[k]);
		was_us = date_after(&old->segs[i], was_us);
		is_us = date_after(&p->segs[k], is_us);
		if (dates)
			dates = same_date(c, l, msn, &p->segs[k], was_us,
			    is_us);
		same_parts(c, l, msn, old, &old->segs[i], &p->segs[k]);
	}
	if (i == old->nsegs && b <= end_msn(old))
		same_parts(c, l, end_msn(old), old, &old->open,
		    k < p->nsegs ? &p->segs[k] : &p->open);
	if (old->nparts > 0) {
		kept_hint(c, l, old);
		kept_parts(c, l, old);
	}
}
