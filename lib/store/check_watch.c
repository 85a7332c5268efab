/* Reading a live playlist again and again, as a player does. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/url.h"
#include "store/check_impl.h"

/* Reading takes a moment, too. */
#define STALL_SLACK_US	500000
#define AGAIN_MIN_US	100000

static int64_t
length_us(const struct m3u8 *p)
{
	int64_t us = 0;
	size_t i;

	for (i = 0; i < p->nsegs; i++)
		us += p->segs[i].duration_us;
	return us;
}

/* Segment I left at NOW_US; it stays as long as section 6.2.2 says. */
static int
note_gone(struct check_list *l, const struct m3u8 *old, size_t i,
    struct err *err)
{
	const struct m3u8_seg *seg = &old->segs[i];
	struct check_gone *grown;
	char url[URL_BYTES];

	if (seg->gap || l->ngone >= LIMIT_CHECK_GONE || url_resolve(l->url,
	    seg->at.uri.p, seg->at.uri.n, url, err) == -1)
		return 0;
	grown = m3u8_more(l->gone, l->ngone, &l->gone_cap, sizeof(*grown),
	    err);
	if (grown == NULL)
		return -1;
	l->gone = grown;
	grown = &grown[l->ngone];
	grown->at = seg->at;
	grown->until_us = l->first_us[i] + seg->duration_us + l->longest_us;
	if ((grown->url = strdup(url)) == NULL)
		return err_nomem(err);
	l->ngone++;
	return 0;
}

/*
 * When each segment was first listed.  Of those in the first version it is
 * not known: at the latest when all behind it had come.
 */
static int
note_first(struct check_list *l, const struct m3u8 *old, int64_t now_us,
    struct err *err)
{
	const struct m3u8 *p = &l->p;
	int64_t *first, newer_us = 0;
	uint64_t msn, from = old == NULL ? 0 : check_msn(old, 0);
	size_t i;

	if ((first = calloc(p->nsegs + 1, sizeof(*first))) == NULL)
		return err_nomem(err);
	for (i = p->nsegs; i-- > 0; newer_us += p->segs[i].duration_us) {
		msn = check_msn(p, i);
		first[i] = old == NULL ? now_us - newer_us : now_us;
		if (old != NULL && msn >= from && msn - from < old->nsegs)
			first[i] = l->first_us[msn - from];
	}
	for (i = 0; old != NULL && i < old->nsegs; i++)
		if (check_msn(old, i) < check_msn(p, 0) &&
		    note_gone(l, old, i, err) == -1) {
			free(first);
			return -1;
		}
	free(l->first_us);
	l->first_us = first;
	if (length_us(p) > l->longest_us)
		l->longest_us = length_us(p);
	return 0;
}

/* Are those that left and must be there up to BY_US there now? */
static int
see_gone(struct check *c, struct check_list *l, int64_t now_us,
    int64_t by_us, struct err *err)
{
	struct check_gone *g;
	struct buf b;
	size_t i, left = 0;
	int rc = 0;

	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	for (i = 0; i < l->ngone; i++) {
		g = &l->gone[i];
		if (rc == -1 || g->until_us > by_us) {
			l->gone[left++] = *g;
			continue;
		}
		buf_reset(&b);
		rc = g->until_us < now_us ? 1 : c->conf->fetch(c->conf->arg,
		    g->url, g->at.offset, g->at.ranged ? g->at.length : 0,
		    &b, err);
		if (rc == 0)
			check_say(c, l, 1, "HLS 6.2.2", "'%s' left the list "
			    "and is gone %.3f s too early", g->url,
			    (double)(g->until_us - now_us) / 1e6);
		free(g->url);
	}
	l->ngone = left;
	buf_release(&b);
	return rc == -1 ? -1 : 0;
}

/* How soon a player asks again (section 6.3.4), and a little sooner. */
static int64_t
pause_us(const struct m3u8 *p)
{
	int64_t us = p->part_target_us > 0 ? p->part_target_us / 2 :
	    (int64_t)p->target_s * 500000;

	return us < AGAIN_MIN_US ? AGAIN_MIN_US : us;
}

static void
stalled(struct check *c, struct check_list *l, int64_t now_us)
{
	int64_t unchanged_us = now_us - l->changed_us;

	if (l->stalled || l->p.ended || unchanged_us <
	    (int64_t)l->p.target_s * 1500000 + STALL_SLACK_US)
		return;
	l->stalled = true;
	check_say(c, l, l->p.last_line, "HLS 6.2.1", "no update for %.3f s, "
	    "want one within 1.5 target durations",
	    (double)unchanged_us / 1e6);
}

/* A new version of L, of which OLD was the one before. */
static int
updated(struct check *c, struct check_list *l, const struct m3u8 *old,
    int64_t now_us, struct err *err)
{
	l->changed_us = now_us;
	l->stalled = false;
	check_update(c, l, old);
	check_media(c, l);
	if (check_syntax(c, l, err) == -1)
		return -1;
	if (note_first(l, old, now_us, err) == -1)
		return -1;
	return c->conf->lists_only ? 0 : check_segments(c, l, err);
}

/* Read L once more. */
static int
again(struct check *c, struct check_list *l, int64_t now_us, struct err *err)
{
	struct m3u8 old = l->p;
	struct buf text = l->text;
	int rc;

	if (l->changed_us == 0) {
		l->changed_us = now_us;
		if (note_first(l, NULL, now_us, err) == -1)
			return -1;
	}
	buf_init(&l->text, LIMIT_PLAYLIST_BYTES);
	memset(&l->p, 0, sizeof(l->p));
	rc = check_load(c, l, err);
	if (rc == 1 && (text.n != l->text.n ||
	    memcmp(text.p, l->text.p, text.n) != 0) &&
	    !l->p.multivariant) {
		rc = updated(c, l, &old, now_us, err) == -1 ? -1 : 1;
		m3u8_release(&old);
		buf_release(&text);
		return rc == -1 ? -1 : 0;
	}
	if (rc == 0)
		check_say(c, l, 1, "HLS 6.2.1", "%s", err->text);
	/* The old one is the last that was good. */
	m3u8_release(&l->p);
	buf_release(&l->text);
	l->p = old;
	l->text = text;
	l->loaded = true;
	stalled(c, l, now_us);
	return rc == -1 ? -1 : 0;
}

int
check_again(struct check *c, int64_t now_us, int64_t *again_us,
    struct err *err)
{
	struct check_list *l;
	int64_t us = INT64_MAX;
	size_t i;

	c->watching = true;
	for (i = 0; i < c->nlists; i++) {
		l = &c->lists[i];
		if (!l->loaded || l->p.multivariant)
			continue;
		if (!l->p.ended && again(c, l, now_us, err) == -1)
			return -1;
		if (see_gone(c, l, now_us, now_us + pause_us(&l->p), err) ==
		    -1)
			return -1;
		if (!l->p.ended && pause_us(&l->p) < us)
			us = pause_us(&l->p);
	}
	check_together(c);
	*again_us = us == INT64_MAX ? 0 : now_us + us;
	return 0;
}

int
check_finish(struct check *c, int64_t now_us, struct err *err)
{
	size_t i;

	for (i = 0; i < c->nlists; i++)
		if (see_gone(c, &c->lists[i], now_us, INT64_MAX, err) == -1)
			return -1;
	return 0;
}
