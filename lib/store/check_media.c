/* What one media playlist says by itself. */
#include <inttypes.h>

#include "store/check_impl.h"

/* Dates and media time may be so far apart where nothing breaks. */
#define DATE_SLACK_US	500000
/* What is printed of durations is rounded. */
#define SUM_SLACK_US	50000

#define S(us)	((double)(us) / 1e6)

static int64_t
target_us(const struct m3u8 *p)
{
	return (int64_t)p->target_s * 1000000;
}

static void
durations(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;
	const struct m3u8_seg *seg;
	size_t i;

	if (p->target_s == 0) {
		check_say(c, l, p->last_line, "HLS 4.4.3.1",
		    "no EXT-X-TARGETDURATION");
		return;
	}
	for (i = 0; i < p->nsegs; i++) {
		seg = &p->segs[i];
		if ((seg->duration_us + 500000) / 1000000 >
		    (int64_t)p->target_s)
			check_say(c, l, seg->at.line, "HLS 4.4.3.1",
			    "'%.*s' is %.3f s long, TARGETDURATION %" PRIu64,
			    M3U8_ARG(seg->at.uri), S(seg->duration_us),
			    p->target_s);
		if (seg->duration_us == 0)
			check_say(c, l, seg->at.line, "HLS 4.4.4.1",
			    "'%.*s' has no duration", M3U8_ARG(seg->at.uri));
	}
}

static int64_t
total_us(const struct m3u8 *p)
{
	int64_t us = 0;
	size_t i;

	for (i = 0; i < p->nsegs; i++)
		us += p->segs[i].duration_us;
	return us;
}

/*
 * A live list that has removed segments keeps enough of them.  One that begins
 * with a break may be new, whatever its number: of publications before it
 * nothing may have come.
 */
static void
window(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;

	if (p->type == M3U8_VOD && !p->ended)
		check_say(c, l, p->type_line, "HLS 4.4.3.5",
		    "VOD without EXT-X-ENDLIST");
	if (p->skipped > 0)
		check_say(c, l, p->skip_line, "HLS 6.2.5.1",
		    "a delta update that nobody asked for");
	if (p->ended || p->type != M3U8_LIVE || p->media_sequence <= 1 ||
	    p->skipped > 0 || (p->nsegs > 0 && p->segs[0].breaks > 0))
		return;
	if (total_us(p) < 3 * target_us(p))
		check_say(c, l, p->last_line, "HLS 6.2.2",
		    "%.3f s in all are less than three target durations",
		    S(total_us(p)));
	else if (p->nsegs < 6)
		check_say(c, l, p->last_line, "Apple 8.11",
		    "%zu segments, want six", p->nsegs);
}

static void
breaks(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;
	size_t i;

	if (p->ended || p->has_discontinuity_sequence)
		return;
	for (i = 0; i < p->nsegs; i++)
		if (p->segs[i].breaks > 0) {
			check_say(c, l, p->segs[i].break_line, "Apple 8.17",
			    "EXT-X-DISCONTINUITY, and no "
			    "EXT-X-DISCONTINUITY-SEQUENCE");
			return;
		}
}

static void
date_follows(struct check *c, const struct check_list *l,
    const struct m3u8_seg *seg, int64_t expected_us)
{
	int64_t off_us = seg->date_us - expected_us;

	if (seg->breaks == 0 && (off_us > DATE_SLACK_US ||
	    off_us < -DATE_SLACK_US))
		check_say(c, l, seg->date_line, "HLS 4.4.4.6",
		    "the date of '%.*s' is %+.3f s from where media time is",
		    M3U8_ARG(seg->at.uri), S(off_us));
	else if (seg->breaks > 0 && off_us < -DATE_SLACK_US)
		check_say(c, l, seg->date_line, "HLS 6.2.1",
		    "the date of '%.*s' goes back by %.3f s",
		    M3U8_ARG(seg->at.uri), S(-off_us));
}

static void
dates(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;
	const struct m3u8_seg *seg;
	int64_t expected_us = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < p->nsegs; i++)
		any |= p->segs[i].dated;
	if (!any && !p->ended && p->nsegs > 0)
		check_say(c, l, p->segs[0].at.line, "Apple 8.4",
		    "no EXT-X-PROGRAM-DATE-TIME");
	for (i = 0; any && i < p->nsegs; i++) {
		seg = &p->segs[i];
		if (!seg->dated && (i == 0 || seg->breaks > 0))
			check_say(c, l, seg->at.line, "Apple 8.4",
			    "no date %s", i == 0 ? "of the first segment" :
			    "behind EXT-X-DISCONTINUITY");
		if (seg->dated && expected_us != 0)
			date_follows(c, l, seg, expected_us);
		if (seg->dated)
			expected_us = seg->date_us;
		if (expected_us != 0)
			expected_us += seg->duration_us;
	}
}

static void
hold(struct check *c, const struct check_list *l, const char *name,
    int64_t us, int64_t min_us, const char *rule)
{
	if (us != 0 && us < min_us)
		check_say(c, l, l->p.control_line, rule,
		    "%s is %.3f s, want at least %.3f", name, S(us),
		    S(min_us));
}

static void
control(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;

	hold(c, l, "HOLD-BACK", p->hold_back_us, 3 * target_us(p),
	    "HLS 4.4.3.8");
	hold(c, l, "CAN-SKIP-UNTIL", p->skip_until_us, 6 * target_us(p),
	    "HLS 4.4.3.8");
	if (p->part_hold_back_us < 2 * p->part_target_us)
		hold(c, l, "PART-HOLD-BACK", p->part_hold_back_us,
		    2 * p->part_target_us, "HLS 4.4.3.8");
	else
		hold(c, l, "PART-HOLD-BACK", p->part_hold_back_us,
		    3 * p->part_target_us, "Apple 14.3");
	if (p->part_target_us != 0 && p->part_hold_back_us == 0)
		check_say(c, l, p->part_target_line, "HLS 4.4.3.8",
		    "EXT-X-PART-INF, and no PART-HOLD-BACK");
	if (p->nparts > 0 && p->part_target_us == 0)
		check_say(c, l, p->parts[0].at.line, "HLS 4.4.3.7",
		    "EXT-X-PART, and no EXT-X-PART-INF");
}

/* The parts of SEG; WHOLE: its last one has come. */
static void
parts_of(struct check *c, const struct check_list *l,
    const struct m3u8_seg *seg, bool whole)
{
	const struct m3u8 *p = &l->p;
	const struct m3u8_part *part;
	int64_t sum_us = 0;
	bool exempt, gap = false;
	size_t i;

	for (i = 0; i < seg->nparts; i++) {
		part = &p->parts[seg->part + i];
		sum_us += part->duration_us;
		gap |= part->gap;
		if (p->part_target_us == 0)
			continue;
		if (part->duration_us > p->part_target_us)
			check_say(c, l, part->at.line, "HLS 4.4.4.9",
			    "part '%.*s' is %.6f s long, PART-TARGET %.6f",
			    M3U8_ARG(part->at.uri), S(part->duration_us),
			    S(p->part_target_us));
		exempt = part->independent || part->gap ||
		    i + 1 == seg->nparts || part[1].gap;
		if (!exempt &&
		    part->duration_us * 100 < p->part_target_us * 85)
			check_say(c, l, part->at.line, "HLS 4.4.4.9",
			    "part '%.*s' of %.6f s is shorter than 85 %% of "
			    "PART-TARGET", M3U8_ARG(part->at.uri),
			    S(part->duration_us));
	}
	if (!whole || seg->nparts == 0)
		return;
	if (sum_us > seg->duration_us + SUM_SLACK_US ||
	    sum_us < seg->duration_us - SUM_SLACK_US)
		check_say(c, l, seg->at.line, "HLS 4.4.4.9",
		    "'%.*s' is %.3f s long, its parts together %.3f",
		    M3U8_ARG(seg->at.uri), S(seg->duration_us), S(sum_us));
	if (gap && !seg->gap)
		check_say(c, l, seg->at.line, "HLS 4.4.4.7",
		    "'%.*s' has a part that is a GAP and is none",
		    M3U8_ARG(seg->at.uri));
}

static void
parts(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;
	const struct m3u8_seg *old = NULL;
	int64_t newer_us = 0;
	size_t i;

	for (i = 0; i < p->open.nparts; i++)
		newer_us += p->parts[p->open.part + i].duration_us;
	for (i = p->nsegs; i-- > 0; ) {
		parts_of(c, l, &p->segs[i], true);
		if (p->segs[i].nparts > 0 && newer_us > 3 * target_us(p))
			old = &p->segs[i];
		newer_us += p->segs[i].duration_us;
	}
	parts_of(c, l, &p->open, false);
	if (old != NULL && !p->ended)
		check_say(c, l, p->parts[old->part].at.line, "HLS 6.2.2",
		    "parts more than three target durations from the end");
	if (p->ended && p->open.nparts > 0)
		check_say(c, l, p->parts[p->open.part].at.line, "HLS 6.2.1",
		    "EXT-X-ENDLIST, and parts without their segment");
}

static void
hint(struct check *c, const struct check_list *l, const struct m3u8_hint *h)
{
	const struct m3u8 *p = &l->p;
	size_t i;

	if (p->ended)
		check_say(c, l, h->at.line, "HLS 4.4.5.3",
		    "EXT-X-PRELOAD-HINT in a list that has ended");
	for (i = 0; h->part && i < p->nparts; i++)
		if (m3u8_same(h->at.uri, p->parts[i].at.uri) &&
		    (!h->at.ranged ||
		    h->at.offset == p->parts[i].at.offset)) {
			check_say(c, l, h->at.line, "HLS 4.4.5.3",
			    "hint of '%.*s', which is listed",
			    M3U8_ARG(h->at.uri));
			return;
		}
}

static void
hints(struct check *c, const struct check_list *l)
{
	const struct m3u8 *p = &l->p;
	bool had[2] = { false, false };
	size_t i;

	for (i = 0; i < p->nhints; i++) {
		if (!had[p->hints[i].part])
			hint(c, l, &p->hints[i]);
		else
			check_say(c, l, p->hints[i].at.line, "HLS 4.4.5.3",
			    "more than one hint of a TYPE");
		had[p->hints[i].part] = true;
	}
	if (p->nparts > 0 && !had[true] && !p->ended)
		check_say(c, l, p->last_line, "HLS B.1",
		    "parts, and no EXT-X-PRELOAD-HINT of the next");
}

void
check_media(struct check *c, const struct check_list *l)
{
	if (l->p.multivariant) {
		check_say(c, l, 1, "HLS 4.1",
		    "a multivariant playlist, want a media playlist");
		return;
	}
	durations(c, l);
	window(c, l);
	breaks(c, l);
	if (!l->p.iframes_only)
		dates(c, l);
	control(c, l);
	parts(c, l);
	hints(c, l);
	if (l->iframes && !l->p.iframes_only)
		check_say(c, l, l->p.last_line, "HLS 4.4.6.3",
		    "named as an I-frame playlist, and no "
		    "EXT-X-I-FRAMES-ONLY");
}
