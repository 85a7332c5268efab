#include "store/hls.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "store/spool.h"
#include "store/timeline.h"

/*
 * A window of TIME holds so many fragments at most: half a second each, and
 * some short ones at the ends of epochs.
 */
#define ENTRIES_OF(us)	((uint32_t)((us) / 500000) + 64)

/* Fewer are not worth loading: players start three from the end. */
#define MAIN_MIN	3

uint32_t
hls_first_seq(const struct hls_conf *conf, uint32_t newest)
{
	uint32_t n = ENTRIES_OF(conf->window_us + conf->patience_us);

	if (conf->kind == PLAYLIST_VOD || newest < n)
		return 0;
	return newest - n;
}

/*
 * From the newest entry back until WINDOW_US is covered and HLS_LIST_MIN
 * entries are old enough to be listed whatever is missing.  Both borders only
 * move forward as entries are added, so MEDIA-SEQUENCE never goes back.
 */
static size_t
window_start(const struct timeline *t, const struct hls_conf *conf)
{
	int64_t newer_us = 0;
	size_t i = t->count, settled = 0;

	while (i > 0 && (newer_us < conf->window_us ||
	    settled < HLS_LIST_MIN)) {
		i--;
		if (newer_us >= conf->patience_us)
			settled++;
		newer_us += t->entries[i].duration_us;
	}
	return i;
}

static bool
transcoded(const struct timeline *t, uint32_t seq)
{
	size_t i;

	for (i = 0; i < t->nrows; i++)
		if (timeline_find(&t->rows[i], seq) != NULL)
			return true;
	return false;
}

static void
raise_target(struct hls_span *span, int64_t duration_us)
{
	uint32_t rounded_s = playlist_rounded_s(duration_us);

	if (rounded_s > span->target_s)
		span->target_s = rounded_s;
}

void
hls_choose(const struct timeline *t, const struct hls_conf *conf,
    struct hls_span *span)
{
	const struct timeline_seg *seg;
	size_t end = t->count, i, j;

	*span = (struct hls_span){ .target_s = 1 };
	switch (conf->kind) {
	case PLAYLIST_LIVE:
		span->first = window_start(t, conf);
		break;
	case PLAYLIST_VOD:	/* what no rendition has, at either end, is
				   not worth a GAP */
		while (end > 0 && !transcoded(t, t->entries[end - 1].seq))
			end--;
		while (span->first < end &&
		    !transcoded(t, t->entries[span->first].seq))
			span->first++;
		break;
	}
	span->count = end - span->first;
	for (i = span->first; i < end; i++) {
		raise_target(span, t->entries[i].duration_us);
		for (j = 0; j < t->nrows; j++)
			if ((seg = timeline_find(&t->rows[j],
			    t->entries[i].seq)) != NULL)
				raise_target(span, timeline_seg_us(seg));
	}
}

/* What the store says of a rendition in one epoch. */
struct epoch {
	uint32_t	number;
	bool		has_init;
	bool		none;
};

static void
look_at_epoch(struct spool *s, const struct timeline *t,
    const struct timeline_row *row, uint32_t number, struct epoch *e)
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key = { .epoch = number };

	memcpy(key.stream, t->stream, sizeof(key.stream));
	memcpy(key.rendition, row->name, sizeof(key.rendition));
	spool_init_path(&key, path);
	e->number = number;
	e->has_init = faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	e->none = !e->has_init && spool_none(s, &key);
}

/* PATH, which is below www/STREAM/RENDITION/, as seen from there. */
static void
relative(const char *path, char out[PLAYLIST_URI_BYTES])
{
	int i;

	for (i = 0; i < 3; i++)
		path = strchr(path, '/') + 1;
	snprintf(out, PLAYLIST_URI_BYTES, "%s", path);
}

static void
fill_entry(const struct timeline *t, const struct timeline_row *row,
    const struct timeline_entry *te, const struct timeline_seg *seg,
    struct playlist_entry *e)
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key = { .epoch = te->epoch, .seq = te->seq };

	memcpy(key.stream, t->stream, sizeof(key.stream));
	memcpy(key.rendition, row->name, sizeof(key.rendition));
	memset(e, 0, sizeof(*e));
	spool_path(&key, path);
	relative(path, e->uri);
	e->gap = seg == NULL || (seg->flags & FRAGMENT_GAP) != 0;
	e->duration_us = seg == NULL ? te->duration_us : timeline_seg_us(seg);
	e->breaks = te->breaks;
	e->date_us = te->dated ? te->date_us : 0;
}

static void
set_map(const struct timeline *t, const struct timeline_row *row,
    uint32_t epoch, struct playlist_entry *e)
{
	char path[SPOOL_PATH_BYTES];
	struct spool_key key = { .epoch = epoch };

	memcpy(key.stream, t->stream, sizeof(key.stream));
	memcpy(key.rendition, row->name, sizeof(key.rendition));
	spool_init_path(&key, path);
	relative(path, e->map);
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
set_numbers(const struct timeline *t, const struct hls_conf *conf,
    const struct hls_span *span, struct playlist *p)
{
	const struct timeline_entry *e = &t->entries[span->first];

	p->kind = conf->kind;
	p->target_s = span->target_s;
	p->media_sequence = e->seq;
	if (conf->kind == PLAYLIST_VOD) {
		p->entries[0].breaks = 0;	/* nothing is before it */
		return;
	}
	if (p->entries[0].breaks >= e->epoch)
		p->entries[0].breaks = 0;
	p->discontinuity_sequence = e->epoch > p->entries[0].breaks ?
	    e->epoch - 1 - p->entries[0].breaks : 0;
}

int
hls_media(struct spool *s, const struct timeline *t,
    const struct timeline_row *row, const struct hls_conf *conf,
    const struct hls_span *span, struct playlist *p, bool *complete,
    struct err *err)
{
	const struct timeline_entry *te = &t->entries[span->first];
	const struct timeline_seg *seg;
	struct epoch epoch = { .number = UINT32_MAX };
	int64_t newer_us = 0;
	size_t i;

	memset(p, 0, sizeof(*p));
	p->independent = true;
	*complete = true;
	p->entries = calloc(span->count + 1, sizeof(*p->entries));
	if (p->entries == NULL)
		return err_nomem(err);
	for (i = 0; i < span->count; i++)
		newer_us += te[i].duration_us;
	for (i = 0; i < span->count; i++) {
		newer_us -= te[i].duration_us;
		seg = timeline_find(row, te[i].seq);
		if (te[i].epoch != epoch.number)
			look_at_epoch(s, t, row, te[i].epoch, &epoch);
		if (seg == NULL && !epoch.none) {
			*complete = false;
			if (conf->kind == PLAYLIST_LIVE &&
			    newer_us < conf->patience_us)
				break;
		}
		fill_entry(t, row, &te[i], seg, &p->entries[i]);
		if (epoch.has_init && (i == 0 ||
		    te[i].epoch != te[i - 1].epoch))
			set_map(t, row, epoch.number, &p->entries[i]);
		if (seg != NULL && (seg->flags & FRAGMENT_DEPENDENT) != 0)
			p->independent = false;
	}
	p->count = i;
	if (i > 0) {
		p->entries[0].date_us = te[0].date_us;
		set_numbers(t, conf, span, p);
	}
	return 0;
}

/* One publication of a stream. */
struct publish {
	struct spool			*s;
	struct timeline			*t;
	const struct hls_conf		*conf;
	struct hls_span			 span;
	hls_written_fn			*written;
	void				*arg;
	struct hls_result		*result;
	bool				 independent;
	struct playlist_rendition	*renditions;	/* for the main list */
	size_t				 count;
};

/* Replace PATH by what B has, unless it has that already. */
static int
write_if_changed(const struct publish *pb, const char *path,
    const struct buf *b, struct err *err)
{
	enum spool_care care = pb->conf->kind == PLAYLIST_VOD ?
	    SPOOL_DURABLE : SPOOL_VOLATILE;
	struct err ignored = ERR_INIT;
	struct buf now;
	bool same;

	if (buf_ok(b, err) == -1)
		return err_wrap(err, "'%s'", path);
	buf_init(&now, LIMIT_PLAYLIST_BYTES);
	same = file_slurp(pb->s->fd, path, &now, &ignored) == 0 &&
	    now.n == b->n && memcmp(now.p, b->p, b->n) == 0;
	buf_release(&now);
	if (same)
		return 0;
	if (spool_replace(pb->s, path, b->p, b->n, care, err) == -1)
		return -1;
	if (pb->written != NULL)
		pb->written(path, pb->arg);
	return 0;
}

static const char *
media_name(const struct hls_conf *conf)
{
	return conf->kind == PLAYLIST_VOD ? "vod.m3u8" : "live.m3u8";
}

static int
publish_row(struct publish *pb, struct timeline_row *row, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct playlist p;
	struct buf b;
	bool complete = true;
	int rc = -1;

	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	if (hls_media(pb->s, pb->t, row, pb->conf, &pb->span, &p, &complete,
	    err) == -1)
		goto out;
	if (!complete)
		pb->result->complete = false;
	if (p.count == 0) {
		rc = 0;
		goto out;
	}
	if (!p.independent)
		pb->independent = false;
	playlist_put_media(&b, &p);
	snprintf(path, sizeof(path), "www/%s/%s/%s", pb->t->stream, row->name,
	    media_name(pb->conf));
	if (write_if_changed(pb, path, &b, err) == -1)
		goto out;
	rc = hls_rendition(pb->s, pb->t, row, &pb->span, p.count,
	    &pb->renditions[pb->count], err);
	if (rc == 1)
		pb->count++;
	rc = rc == -1 ? -1 : 0;
out:
	playlist_release(&p);
	buf_release(&b);
	return rc;
}

static int
publish_main(struct publish *pb, struct err *err)
{
	const struct timeline *t = pb->t;
	char path[SPOOL_PATH_BYTES];
	struct buf b;
	int rc;

	/*
	 * A player loads it once: what is missing in the first second of a
	 * stream would be missing for good.
	 */
	if (pb->count == 0 || (pb->conf->kind == PLAYLIST_LIVE &&
	    pb->span.count < MAIN_MIN && !t->entries[t->count - 1].ended))
		return 0;
	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	playlist_put_main(&b, pb->renditions, pb->count, pb->independent,
	    media_name(pb->conf));
	snprintf(path, sizeof(path), "www/%s/%s", t->stream,
	    pb->conf->kind == PLAYLIST_VOD ? "vod.m3u8" : "main.m3u8");
	rc = write_if_changed(pb, path, &b, err);
	buf_release(&b);
	return rc;
}

int
hls_publish(struct spool *s, struct timeline *t, const struct hls_conf *conf,
    hls_written_fn *written, void *arg, struct hls_result *result,
    struct err *err)
{
	struct publish pb = { .s = s, .t = t, .conf = conf,
	    .written = written, .arg = arg, .result = result,
	    .independent = true };
	size_t i;
	int rc = 0;

	*result = (struct hls_result){ .complete = true };
	hls_choose(t, conf, &pb.span);
	if (pb.span.count == 0)
		return 0;
	result->overlong = pb.span.target_s > 1;
	pb.renditions = calloc(t->nrows + 1, sizeof(*pb.renditions));
	if (pb.renditions == NULL)
		return err_nomem(err);
	for (i = 0; i < t->nrows && rc == 0; i++)
		if (t->rows[i].any)
			rc = publish_row(&pb, &t->rows[i], err);
	if (rc == 0)
		rc = publish_main(&pb, err);
	free(pb.renditions);
	return rc;
}
