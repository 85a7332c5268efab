#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "media/fragment.h"
#include "store/aes.h"
#include "store/hls.h"
#include "store/join.h"
#include "store/spool.h"
#include "store/timeline.h"

/* Parts stay listed until they are so many target durations from the end. */
#define PART_TARGETS	3

#define NOTHING_US	1000

/* What the store says of a rendition in one epoch. */
struct epoch {
	uint32_t	number;		/* 0: none was looked at */
	bool		has_init;
	bool		none;
};

/* Making one playlist. */
struct media {
	struct spool			*s;
	const struct timeline		*t;
	const struct timeline_row	*row;
	const struct hls_conf		*conf;
	const struct hls_span		*span;
	struct playlist			*p;
	struct epoch			 epoch;
	uint32_t			 mapped;	/* epoch of the last map */
	bool				 final;		/* nothing more comes */
	int64_t				 newer_us;	/* from AT on */
	size_t				 at;
	size_t				 fill, filled;	/* numbers */
	bool				*complete;
};

static void
set_key(const struct media *m, uint32_t epoch, uint32_t seq,
    struct spool_key *key)
{
	*key = (struct spool_key){ .epoch = epoch, .seq = seq };
	memcpy(key->stream, m->t->stream, sizeof(key->stream));
	memcpy(key->rendition, m->row->name, sizeof(key->rendition));
}

static void
look_at_epoch(struct media *m, uint32_t number)
{
	struct spool_key key;

	if (m->epoch.number == number)
		return;
	set_key(m, number, 0, &key);
	m->epoch.number = number;
	m->epoch.has_init = spool_init_exists(m->s, &key);
	m->epoch.none = !m->epoch.has_init && spool_none(m->s, &key);
}

/* PATH, which is below www/STREAM/RENDITION/, as seen from there. */
static void
relative(const char *path, char out[PLAYLIST_URI_BYTES])
{
	int i;

	for (i = 0; i < 3; i++)
		path = strchr(path, '/') + 1;
	assert(strlen(path) < PLAYLIST_URI_BYTES);
	memcpy(out, path, strlen(path) + 1);
}

static void
fragment_uri(const struct media *m, uint32_t epoch, uint32_t seq,
    char out[PLAYLIST_URI_BYTES])
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;

	set_key(m, epoch, seq, &key);
	spool_path(&key, path);
	relative(path, out);
}

/* The epoch's init segment, unless the entries before have it already. */
static void
set_map(struct media *m, struct playlist_entry *e)
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;

	if (!m->epoch.has_init || m->mapped == m->epoch.number)
		return;
	set_key(m, m->epoch.number, 0, &key);
	spool_init_path(&key, path);
	relative(path, e->map);
	m->mapped = m->epoch.number;
}

/* The date of what it begins with: a file's own, as sound has its own cuts. */
static void
set_date(struct media *m, const struct hls_segment *seg,
    struct playlist_entry *e)
{
	const struct timeline_entry *te = &m->t->entries[seg->first];
	const struct timeline_seg *file = timeline_find(m->row, te->seq);

	e->date_us = file != NULL ? file->date_us : te->date_us;
}

/* Entry AT as a part.  False when it may still come, which ends the list. */
static bool
fragment_of(struct media *m, size_t at, struct playlist_part *part)
{
	const struct timeline_entry *te = &m->t->entries[at];
	const struct timeline_seg *seg = timeline_find(m->row, te->seq);

	m->newer_us -= te->duration_us;
	look_at_epoch(m, te->epoch);
	if (seg == NULL && !m->epoch.none) {
		*m->complete = false;
		if (!m->final && m->newer_us < m->conf->patience_us)
			return false;
	}
	fragment_uri(m, te->epoch, te->seq, part->uri);
	part->gap = seg == NULL || (seg->flags & FRAGMENT_GAP) != 0;
	part->duration_us = hls_fragment_us(m->t, m->row, at);
	part->independent = seg != NULL && !part->gap &&
	    (seg->flags & FRAGMENT_DEPENDENT) == 0;
	return true;
}

/*
 * The one file of a segment, in the clear or under a key, which E gets.
 * 0 or -1.
 */
static int
publish(struct media *m, const struct hls_segment *seg,
    struct playlist_entry *e, struct err *err)
{
	const struct timeline_entry *te = &m->t->entries[seg->first];
	enum spool_care care = m->conf->kind == PLAYLIST_VOD ?
	    SPOOL_DURABLE : SPOOL_VOLATILE;
	uint32_t last = te->seq + (uint32_t)seg->count - 1;
	char path[SPOOL_PATH_BYTES];
	const struct aes_key *key;
	struct spool_key first;

	set_key(m, te->epoch, te->seq, &first);
	if (m->conf->keys == NULL || e->gap) {
		join_path(&first, last, path);
		relative(path, e->uri);
		return e->gap ? 0 : join_publish(m->s, &first, last, care,
		    err);
	}
	if ((key = aes_keys_at(m->conf->keys, te->date_us, err)) == NULL)
		return -1;
	aes_path(&first, last, key, path);
	relative(path, e->uri);
	if (aes_iv(path, e->iv, err) == -1)
		return -1;
	e->key = key->uri;
	return aes_publish(m->s, &first, last, key, e->iv, care, err);
}

/*
 * The same.  0, also when E is made a GAP as its fragments cannot be read; or
 * -1.
 */
static int
set_file(struct media *m, const struct hls_segment *seg,
    struct playlist_entry *e, struct err *err)
{
	if (publish(m, seg, e, err) != -1)
		return 0;
	if (err->cls != ERR_DATA && err->cls != ERR_INPUT)
		return -1;
	log_warning("%s", err->text);
	e->key = NULL;
	e->gap = true;
	*m->complete = false;
	return 0;
}

/*
 * The parts of E, a segment whose first N fragments are there, go behind
 * those that are listed already.  One that is longer than a part may be is
 * none, and what is behind it waits for the segment to be closed.
 */
static void
set_parts(struct media *m, const struct playlist_part *parts, size_t n,
    struct playlist_entry *e)
{
	struct playlist *p = m->p;
	size_t i;

	e->first_part = p->nparts;
	for (i = 0; i < n && parts[i].duration_us <=
	    m->conf->part_target_us; i++)
		p->parts[p->nparts++] = parts[i];
	if (!e->open && i < n)
		p->nparts = e->first_part;
	e->nparts = p->nparts - e->first_part;
}

/* Only near the end of the list are parts of use, and have to stay. */
static void
drop_parts(struct playlist *p)
{
	int64_t newer_us = 0;
	size_t i, j;

	for (i = p->count; i-- > 0; ) {
		if (newer_us > PART_TARGETS * (int64_t)p->target_s * 1000000)
			p->entries[i].nparts = 0;
		if (!p->entries[i].open)
			newer_us += p->entries[i].duration_us;
		else
			for (j = 0; j < p->entries[i].nparts; j++)
				newer_us += p->parts[p->entries[i].first_part +
				    j].duration_us;
	}
}

/*
 * List SEG, or its parts as far as there are any.  1, 0 when the list ends
 * here, -1.
 */
static int
list_segment(struct media *m, const struct hls_segment *seg, struct err *err)
{
	const struct timeline_entry *te = &m->t->entries[seg->first];
	struct playlist_entry *e = &m->p->entries[m->p->count];
	struct playlist_part parts[2 * HLS_FRAGMENTS_MAX];
	bool low = m->conf->part_target_us != 0;
	size_t n = 0;

	assert(seg->count > 0 &&
	    seg->count <= sizeof(parts) / sizeof(parts[0]));
	memset(e, 0, sizeof(*e));
	while (n < seg->count && fragment_of(m, seg->first + n, &parts[n])) {
		e->duration_us += parts[n].duration_us;
		e->gap |= parts[n].gap;
		n++;
	}
	m->at = seg->first + n;
	e->open = n < seg->count || !(seg->closed || m->final);
	if (e->open && (!low || n == 0))
		return 0;
	look_at_epoch(m, te->epoch);
	set_map(m, e);
	set_date(m, seg, e);
	m->p->fragments = m->at - m->span->first;
	e->breaks = te->breaks;
	if (seg->count == 1 && (e->gap || m->conf->keys == NULL))
		memcpy(e->uri, parts[0].uri, sizeof(e->uri));
	else if (!e->open && set_file(m, seg, e, err) == -1)
		return -1;
	if (low)
		set_parts(m, parts, n, e);
	if (e->open && e->nparts == 0)
		return 0;
	if (!parts[0].independent && !parts[0].gap)
		m->p->independent = false;
	m->p->last_msn = hls_number(m->conf, te->epoch, te->seq);
	m->p->last_part = n == 0 ? 0 : (uint32_t)n - 1;
	m->p->count++;
	return !e->open;
}

/*
 * Epochs of which nothing is left may have taken numbers: whoever counts
 * segments finds a GAP for each, of no length to speak of.
 */
static void
fill_numbers(struct media *m, const struct hls_segment *seg)
{
	const struct timeline_entry *te = &m->t->entries[seg->first];
	uint32_t number = hls_number(m->conf, te->epoch, te->seq), n;
	struct playlist_entry *e;

	if (m->p->count == 0 || number < m->p->last_msn)
		return;
	for (n = number - m->p->last_msn; n > 1 && m->filled < m->fill; n--) {
		m->filled++;
		e = &m->p->entries[m->p->count++];
		*e = (struct playlist_entry){ .gap = true,
		    .duration_us = NOTHING_US };
		fragment_uri(m, te->epoch - n + 1, te->seq, e->uri);
	}
}

/*
 * The part that is listed next, if that is known: behind the end of a
 * publication it is not.
 */
static void
set_hint(struct media *m)
{
	const struct timeline_entry *last = &m->t->entries[m->t->count - 1];
	const struct playlist_entry *e = &m->p->entries[m->p->count - 1];
	uint32_t epoch = last->epoch, seq = last->seq + 1;

	if (m->at < m->t->count) {
		epoch = m->t->entries[m->at].epoch;
		seq = m->t->entries[m->at].seq;
	} else if (last->ended || last->seq == SPOOL_SEQ_MAX) {
		return;
	}
	look_at_epoch(m, epoch);
	if (m->epoch.none || (e->open && e->nparts <= m->p->last_part))
		return;
	fragment_uri(m, epoch, seq, m->p->hint);
}

/*
 * The numbers in front of the list.  A segment's discontinuity number is
 * DISCONTINUITY-SEQUENCE plus the tags up to and including its own; here it
 * is always its epoch - 1.  Three steps of a window over epochs 1 1 2 2:
 *
 *	SEQUENCE 0: 1 1 [D] 2 2		the tag is inside
 *	SEQUENCE 0: [D] 2 2		its segment is first: the tag stays
 *	SEQUENCE 1: 2			it left, and the tag with it
 *
 * as section 6.2.2 of the draft has it.  An epoch that no fragment came of
 * is one more tag, so the sum is right without knowing what was removed.
 */
static void
set_numbers(struct media *m, const struct timeline_entry *first)
{
	struct playlist *p = m->p;

	p->media_sequence = hls_number(m->conf, first->epoch, first->seq);
	if (m->conf->kind == PLAYLIST_VOD) {
		p->entries[0].breaks = 0;	/* nothing is before it */
		return;
	}
	if (p->entries[0].breaks >= first->epoch)
		p->entries[0].breaks = 0;
	p->discontinuity_sequence = first->epoch > p->entries[0].breaks ?
	    first->epoch - 1 - p->entries[0].breaks : 0;
}

/* How many numbers of the span may be without a fragment. */
static size_t
count_fill(const struct media *m)
{
	const struct timeline_entry *e = &m->t->entries[m->span->first];
	const struct timeline_entry *last = &e[m->span->count - 1];

	return last->epoch > e->epoch ? last->epoch - e->epoch : 0;
}

int
hls_media(struct spool *s, const struct timeline *t,
    const struct timeline_row *row, const struct hls_conf *conf,
    const struct hls_span *span, struct playlist *p, bool *complete,
    struct err *err)
{
	struct media m = { .s = s, .t = t, .row = row, .conf = conf,
	    .span = span, .p = p, .at = span->first,
	    .final = t->over || conf->kind == PLAYLIST_VOD,
	    .complete = complete };
	struct hls_segment seg = { .first = span->first };
	size_t i, end = span->first + span->count, first = SIZE_MAX;
	int rc = 1;

	memset(p, 0, sizeof(*p));
	p->kind = conf->kind;
	p->target_s = span->target_s;
	p->part_target_us = conf->part_target_us;
	p->independent = true;
	p->ended = m.final;
	*complete = true;
	m.fill = span->count == 0 ? 0 : count_fill(&m);
	p->entries = calloc(span->count + m.fill + 1, sizeof(*p->entries));
	p->parts = calloc(conf->part_target_us == 0 ? 1 : span->count + 1,
	    sizeof(*p->parts));
	if (p->entries == NULL || p->parts == NULL)
		return err_nomem(err);
	for (i = span->first; i < end; i++)
		m.newer_us += t->entries[i].duration_us;
	while (rc == 1 && hls_segment_next(t, row, conf, end, &seg)) {
		for (i = m.at; i < seg.first; i++)	/* not listed */
			m.newer_us -= t->entries[i].duration_us;
		if (first == SIZE_MAX)
			first = seg.first;
		fill_numbers(&m, &seg);
		rc = list_segment(&m, &seg, err);
	}
	if (rc == -1)
		return -1;
	drop_parts(p);
	if (p->count > 0) {
		set_numbers(&m, &t->entries[first]);
		if (conf->part_target_us != 0 && !m.final)
			set_hint(&m);
	}
	return 0;
}
