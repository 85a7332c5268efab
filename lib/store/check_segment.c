/* Reading init segments, segments and parts in the order they are listed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "media/codec.h"
#include "store/check_impl.h"

/* EXTINFs are printed with few digits by some. */
#define LISTED_SLACK_US	2000

uint64_t
check_msn(const struct m3u8 *p, size_t i)
{
	return p->media_sequence + p->skipped + i;
}

void
check_walk_release(struct check_walk *w)
{
	free(w->map_uri);
	free(w->facts);
	mp4_release(&w->moov);
	buf_release(&w->init);
}

static struct check_fact *
add_fact(struct check_walk *w, struct err *err)
{
	struct check_fact *grown = m3u8_more(w->facts, w->nfacts,
	    &w->facts_cap, sizeof(*grown), err);

	if (grown == NULL)
		return NULL;
	w->facts = grown;
	return &grown[w->nfacts++];
}

static bool
same_map(const struct check_walk *w, const struct m3u8_place *map)
{
	return w->map_uri != NULL && m3u8_is(map->uri, w->map_uri) &&
	    w->map.ranged == map->ranged && w->map.offset == map->offset &&
	    w->map.length == map->length;
}

/* 1; 0 when there is none to use (said); -1. */
static int
load_map(struct check *c, struct check_list *l, const struct m3u8_place *map,
    struct err *err)
{
	struct check_walk *w = &l->walk;
	int rc;

	if (same_map(w, map))
		return w->init.n > 0;
	free(w->map_uri);
	w->map = *map;
	w->map_uri = strndup(map->uri.p == NULL ? "" : map->uri.p,
	    map->uri.n);
	if (w->map_uri == NULL)
		return err_nomem(err);
	mp4_release(&w->moov);
	rc = check_get(c, l, map, &w->init, err);
	if (rc == 0)
		check_say(c, l, map->line, "HLS 4.4.4.5", "%s", err->text);
	if (rc == 1 && (mp4_parse(&w->moov, w->init.p, w->init.n, err) == -1 ||
	    w->moov.nruns > 0)) {
		rc = err->cls == ERR_OS ? -1 : 0;
		check_say(c, l, map->line, "HLS 3.1.2",
		    "bad init segment '%s': %s", w->map_uri,
		    w->moov.nruns > 0 ? "it has samples" : err->text);
	}
	if (rc != 1)
		buf_reset(&w->init);
	return rc;
}

enum kind { KIND_MP4, KIND_TS, KIND_AUDIO, KIND_TEXT, KIND_UNKNOWN };

static enum kind
kind_of(const uint8_t *p, size_t n)
{
	static const char *const boxes[] = { "styp", "ftyp", "moof", "sidx",
	    "prft", "emsg", "uuid", "free", "moov" };
	size_t i;

	if (n >= 1 && p[0] == 0x47)
		return KIND_TS;
	for (i = 0; n >= 8 && i < sizeof(boxes) / sizeof(boxes[0]); i++)
		if (memcmp(p + 4, boxes[i], 4) == 0)
			return KIND_MP4;
	if (n >= 3 && (memcmp(p, "ID3", 3) == 0 ||
	    (p[0] == 0xff && (p[1] & 0xe0) == 0xe0) ||
	    (p[0] == 0x0b && p[1] == 0x77)))
		return KIND_AUDIO;
	if (n >= 6 && (memcmp(p, "WEBVTT", 6) == 0 ||
	    memcmp(p, "\xef\xbb\xbf" "WEB", 6) == 0))
		return KIND_TEXT;
	return KIND_UNKNOWN;
}

/* EXTINF against the media, by their sums since the last break. */
static void
listed_length(struct check *c, struct check_list *l,
    const struct m3u8_seg *seg, const struct check_media_facts *f)
{
	struct check_walk *w = &l->walk;
	int64_t slack_us = f->frame_us + LISTED_SLACK_US, off_us;

	if (!w->running) {
		w->running = true;
		w->start_us = f->start_us;
		w->listed_us = 0;
	}
	w->listed_us += seg->duration_us;
	off_us = w->listed_us - (f->end_us - w->start_us);
	if (off_us <= slack_us && off_us >= -slack_us)
		return;
	check_say(c, l, seg->at.line, "Apple 8.1",
	    "'%.*s': by EXTINF %+.3f s from where its media ends",
	    M3U8_ARG(seg->at.uri), (double)off_us / 1e6);
	w->running = false;	/* said once, not for all that follow */
}

static bool
has_video(const struct check_list *l)
{
	size_t i;

	for (i = 0; i < l->walk.moov.ntracks; i++)
		if (l->walk.moov.tracks[i].kind == TRACK_VIDEO)
			return true;
	return false;
}

static int
look_into_mp4(struct check *c, struct check_list *l,
    const struct m3u8_seg *seg, const struct buf *b,
    struct check_fact *fact, struct err *err)
{
	struct check_media_facts f;
	int rc;

	if (seg->map == M3U8_NONE) {
		check_say(c, l, seg->at.line, "HLS 3.1.2",
		    "'%.*s' has no EXT-X-MAP", M3U8_ARG(seg->at.uri));
		return 0;
	}
	rc = load_map(c, l, &l->p.maps[seg->map], err);
	if (rc != 1)
		return rc;
	rc = l->p.iframes_only ? check_iframe(c, l, seg->at.line, b->p, b->n,
	    &f, err) : check_mp4(c, l, seg->at.line, b->p, b->n, true, &f,
	    err);
	if (rc == -1 || !f.timed)
		return rc;
	fact->timed = true;
	fact->dts_us = f.start_us;
	fact->frames = f.frames;
	if (l->p.iframes_only)
		return 0;
	if (!f.starts_sync && has_video(l) && (l->p.independent ||
	    (c->main.loaded && c->main.p.independent)))
		check_say(c, l, seg->at.line, "HLS 4.4.2.1",
		    "'%.*s' does not begin with a key frame, against "
		    "EXT-X-INDEPENDENT-SEGMENTS", M3U8_ARG(seg->at.uri));
	listed_length(c, l, seg, &f);
	return 0;
}

static int
look_into(struct check *c, struct check_list *l, const struct m3u8_seg *seg,
    const struct buf *b, struct check_fact *fact, struct err *err)
{
	if (seg->encrypted) {
		check_note(c, l, "encrypted segments are not looked into");
		return 0;
	}
	switch (kind_of(b->p, b->n)) {
	case KIND_MP4:
		return look_into_mp4(c, l, seg, b, fact, err);
	case KIND_TS:
		check_note(c, l, "MPEG-TS segments are not looked into");
		return 0;
	case KIND_AUDIO:
		check_note(c, l, "packed audio is not looked into");
		return 0;
	case KIND_TEXT:
		check_note(c, l, "WebVTT is not looked into");
		return 0;
	case KIND_UNKNOWN:
		check_say(c, l, seg->at.line, "HLS 3.1",
		    "'%.*s' is of no known format", M3U8_ARG(seg->at.uri));
	}
	return 0;
}

/* An INDEPENDENT part begins with a key frame. */
static int
look_into_part(struct check *c, struct check_list *l,
    const struct m3u8_part *part, const struct buf *b, struct err *err)
{
	struct check_media_facts f;

	if (kind_of(b->p, b->n) != KIND_MP4 || l->walk.init.n == 0)
		return 0;
	if (check_mp4(c, l, part->at.line, b->p, b->n, false, &f, err) == -1)
		return -1;
	if (part->independent && f.timed && !f.starts_sync && has_video(l))
		check_say(c, l, part->at.line, "HLS 4.4.4.9",
		    "part '%.*s' is INDEPENDENT and does not begin with a "
		    "key frame", M3U8_ARG(part->at.uri));
	return 0;
}

/*
 * The parts of SEG one after the other are the same bytes; WHOLE has them, or
 * is NULL as long as the segment has not come.
 */
static int
check_parts(struct check *c, struct check_list *l,
    const struct m3u8_seg *seg, const struct buf *whole, struct err *err)
{
	const struct m3u8_part *part;
	size_t at = 0, i;
	struct buf b;
	int rc = 0;

	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	for (i = 0; i < seg->nparts && rc != -1; i++) {
		part = &l->p.parts[seg->part + i];
		if (part->gap)
			break;
		rc = check_get(c, l, &part->at, &b, err);
		if (rc == 0)
			check_say(c, l, part->at.line, "HLS 6.2.2", "%s",
			    err->text);
		if (rc == 1 && !seg->encrypted)
			rc = look_into_part(c, l, part, &b, err) == -1 ? -1 : 1;
		if (rc != 1)
			break;
		if (whole != NULL && (b.n > whole->n - at ||
		    memcmp(b.p, whole->p + at, b.n) != 0)) {
			check_say(c, l, part->at.line, "HLS 3.2",
			    "part '%.*s' is not what '%.*s' has there",
			    M3U8_ARG(part->at.uri), M3U8_ARG(seg->at.uri));
			break;
		}
		at += b.n;
	}
	if (rc != -1 && i == seg->nparts && i > 0 && whole != NULL &&
	    at != whole->n)
		check_say(c, l, seg->at.line, "HLS 3.2",
		    "'%.*s' has more than its parts",
		    M3U8_ARG(seg->at.uri));
	buf_release(&b);
	return rc == -1 ? -1 : 0;
}

static int
read_segment(struct check *c, struct check_list *l,
    const struct m3u8_seg *seg, struct check_fact *fact, struct err *err)
{
	struct buf b;
	int rc;

	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	rc = check_get(c, l, &seg->at, &b, err);
	if (rc == 0)
		check_say(c, l, seg->at.line, "HLS 6.2.1", "%s", err->text);
	if (rc == 1 && seg->at.ranged && b.n != seg->at.length)
		check_say(c, l, seg->at.line, "HLS 4.4.4.2",
		    "'%.*s' has no such bytes", M3U8_ARG(seg->at.uri));
	if (rc == 1) {
		fact->gap = false;
		fact->bytes = b.n;
		rc = look_into(c, l, seg, &b, fact, err) == -1 ||
		    check_parts(c, l, seg, &b, err) == -1 ? -1 : 1;
	}
	buf_release(&b);
	return rc == -1 ? -1 : 0;
}

int
check_segments(struct check *c, struct check_list *l, struct err *err)
{
	struct check_walk *w = &l->walk;
	const struct m3u8 *p = &l->p;
	const struct m3u8_seg *seg;
	struct check_fact *fact;
	uint64_t msn;
	size_t i;

	for (i = 0; i < p->nsegs; i++) {
		seg = &p->segs[i];
		msn = check_msn(p, i);
		if (w->begun && msn < w->next_msn)
			continue;
		if (seg->breaks > 0 || !w->begun || msn > w->next_msn) {
			w->nclocks = 0;
			w->running = false;
		}
		w->begun = true;
		w->next_msn = msn + 1;
		if ((fact = add_fact(w, err)) == NULL)
			return -1;
		*fact = (struct check_fact){ .msn = msn, .gap = true,
		    .duration_us = seg->duration_us };
		if (!seg->gap && read_segment(c, l, seg, fact, err) == -1)
			return -1;
		if (fact->gap) {
			w->nclocks = 0;
			w->running = false;
		}
	}
	return check_parts(c, l, &p->open, NULL, err);
}
