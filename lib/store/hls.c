#include "store/hls.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/aes.h"
#include "store/spool.h"
#include "store/timeline.h"

/*
 * A window of TIME holds so many fragments at most: half a second each, and
 * some short ones at the ends of epochs.
 */
#define ENTRIES_OF(us)	((uint32_t)((us) / 500000) + 64)

/* Fewer are not worth loading: players start three from the end. */
#define MAIN_MIN	3

static uint32_t
fragments_of(const struct hls_conf *conf)
{
	return conf->fragments == 0 ? 1 : conf->fragments;
}

void
hls_conf_kind(struct hls_conf *conf, enum playlist_kind kind)
{
	static const char *const names[] = { [PLAYLIST_LIVE] = "live",
	    [PLAYLIST_EVENT] = "event", [PLAYLIST_VOD] = "vod" };

	conf->kind = kind;
	snprintf(conf->name, sizeof(conf->name), "%s", names[kind]);
}

/* "20231114T221320.123Z": a time as part of a name. */
static void
put_time(char *name, size_t n, int64_t us, const char *open)
{
	char date[CLOCK_RFC3339_BYTES];
	size_t i, used = strlen(name);

	if (us == INT64_MIN || us == INT64_MAX) {
		snprintf(name + used, n - used, "-%s", open);
		return;
	}
	clock_rfc3339(us, date);
	if (used < n - 1)
		name[used++] = '-';
	for (i = 0; date[i] != '\0' && used < n - 1; i++)
		if (date[i] != '-' && date[i] != ':')
			name[used++] = date[i];
	name[used] = '\0';
}

void
hls_conf_clip(struct hls_conf *conf, int64_t from_us, int64_t to_us)
{
	hls_conf_kind(conf, PLAYLIST_VOD);
	conf->clip = true;
	conf->from_us = from_us;
	conf->to_us = to_us;
	snprintf(conf->name, sizeof(conf->name), "clip");
	put_time(conf->name, sizeof(conf->name), from_us, "start");
	put_time(conf->name, sizeof(conf->name), to_us, "end");
}

uint32_t
hls_first_seq(const struct hls_conf *conf, uint32_t newest)
{
	uint32_t n = ENTRIES_OF(conf->window_us + conf->patience_us +
	    fragments_of(conf) * HLS_LIST_MIN * INT64_C(1000000));

	if (conf->kind != PLAYLIST_LIVE || newest < n)
		return 0;
	return newest - n;
}

/*
 * From the newest entry back until WINDOW_US is covered and the fragments of
 * HLS_LIST_MIN segments are old enough to be listed whatever is missing; then
 * to the start of a segment.  All borders only move forward as entries are
 * added, so MEDIA-SEQUENCE never goes back.
 */
static size_t
window_start(const struct timeline *t, const struct hls_conf *conf)
{
	int64_t newer_us = 0;
	size_t i = t->count, settled = 0;

	while (i > 0 && (newer_us < conf->window_us ||
	    settled < HLS_LIST_MIN * fragments_of(conf))) {
		i--;
		if (newer_us >= conf->patience_us)
			settled++;
		newer_us += t->entries[i].duration_us;
	}
	return i < t->count ? hls_number_start(t, conf, i) : i;
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

/*
 * TARGETDURATION is what segments are meant to have.  It has to cover the
 * longest, too, which does not happen where fragments are shorter than a
 * second and a half.
 */
static void
choose_target(const struct timeline *t, const struct hls_conf *conf,
    struct hls_span *span)
{
	struct hls_segment seg;
	uint32_t rounded_s;
	int64_t us;
	size_t i, j, k;

	span->target_s = fragments_of(conf);
	for (j = 0; j < t->nrows; j++) {
		seg = (struct hls_segment){ .first = span->first };
		while (hls_segment_next(t, &t->rows[j], conf,
		    span->first + span->count, &seg)) {
			us = 0;
			for (i = 0; i < seg.count; i++) {
				k = seg.first + i;
				us += hls_fragment_us(t, &t->rows[j], k);
			}
			rounded_s = playlist_rounded_s(us);
			if (rounded_s > span->target_s)
				span->target_s = rounded_s;
		}
	}
}

void
hls_choose(const struct timeline *t, const struct hls_conf *conf,
    struct hls_span *span)
{
	size_t end = t->count;

	*span = (struct hls_span){ .first = 0 };
	switch (conf->kind) {
	case PLAYLIST_LIVE:
		span->first = window_start(t, conf);
		break;
	case PLAYLIST_EVENT:
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
	choose_target(t, conf, span);
}

/* A rendition's playlist, and what the multivariant playlist says of it. */
struct row {
	struct timeline_row		*row;
	struct playlist			 p, iframes;
	struct playlist_rendition	 r;
	bool				 in_main;
};

/* One publication of a stream. */
struct publish {
	struct spool			*s;
	struct timeline			*t;
	const struct hls_conf		*conf;
	struct hls_span			 span;
	hls_written_fn			*written;
	void				*arg;
	struct hls_result		*result;
	struct row			*rows;
	size_t				 nrows;
};

/* Replace PATH by what B has, unless it has that already. */
static int
write_if_changed(const struct publish *pb, const char *path,
    const struct buf *b, struct spool_known *known, struct err *err)
{
	enum spool_care care = pb->conf->kind == PLAYLIST_VOD ?
	    SPOOL_DURABLE : SPOOL_VOLATILE;
	int rc;

	if (buf_ok(b, err) == -1)
		return err_wrap(err, "'%s'", path);
	rc = spool_update(pb->s, path, b->p, b->n, care, known, err);
	if (rc == 1 && pb->written != NULL)
		pb->written(path, pb->arg);
	return rc == -1 ? -1 : 0;
}

static int
make_row(struct publish *pb, struct row *row, struct err *err)
{
	bool complete = true;
	int rc;

	if (hls_media(pb->s, pb->t, row->row, pb->conf, &pb->span, &row->p,
	    &complete, err) == -1)
		return -1;
	if (!complete)
		pb->result->complete = false;
	if (row->p.count == 0)
		return 0;
	rc = hls_rendition(pb->s, pb->t, row->row, &pb->span,
	    row->p.fragments, pb->conf->keys == NULL ? 0 : AES_BYTES,
	    &row->r, err);
	row->in_main = rc == 1;
	if (rc == 1 && pb->conf->keys == NULL)
		rc = hls_iframes(pb->s, pb->t, row->row, pb->conf, &pb->span,
		    &row->iframes, &row->r, err);
	return rc == -1 ? -1 : 0;
}

/* Where the other playlists end. */
static int
add_reports(const struct publish *pb, struct row *row, struct err *err)
{
	struct playlist_report *r;
	size_t i;

	if (row->p.part_target_us == 0)
		return 0;
	row->p.reports = calloc(pb->nrows, sizeof(*row->p.reports));
	if (row->p.reports == NULL)
		return err_nomem(err);
	for (i = 0; i < pb->nrows; i++) {
		if (&pb->rows[i] == row || !pb->rows[i].in_main)
			continue;
		r = &row->p.reports[row->p.nreports++];
		snprintf(r->uri, sizeof(r->uri), "../%s/%s.m3u8",
		    pb->rows[i].row->name, pb->conf->name);
		r->msn = pb->rows[i].p.last_msn;
		r->part = pb->rows[i].p.last_part;
	}
	return 0;
}

/* P as ROW's NAME SUFFIX; one that is not any more must not stay. */
static int
write_list(const struct publish *pb, const struct timeline_row *row,
    const char *suffix, const struct playlist *p, struct spool_known *known,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct buf b;
	int rc;

	snprintf(path, sizeof(path), "www/%s/%s/%s%s.m3u8", pb->t->stream,
	    row->name, pb->conf->name, suffix);
	if (p == NULL || p->count == 0)
		return spool_drop(pb->s, path, known, err);
	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	playlist_put_media(&b, p);
	rc = write_if_changed(pb, path, &b, known, err);
	buf_release(&b);
	return rc;
}

static int
write_row(const struct publish *pb, struct row *row, struct err *err)
{
	if (row->p.count == 0)
		return 0;
	if (add_reports(pb, row, err) == -1 ||
	    write_list(pb, row->row, "", &row->p, &row->row->list, err) == -1)
		return -1;
	return write_list(pb, row->row, "-iframes", &row->iframes,
	    &row->row->iframes, err);
}

/*
 * A player loads the multivariant playlist once: what is missing in the first
 * seconds of a stream would be missing for good.
 */
static bool
is_early(const struct publish *pb)
{
	const struct timeline *t = pb->t;

	return pb->conf->kind != PLAYLIST_VOD && pb->span.count <
	    MAIN_MIN + fragments_of(pb->conf) - 1 && !t->over &&
	    !timeline_ended(t, pb->span.first);
}

static int
write_main(const struct publish *pb, struct err *err)
{
	struct playlist_rendition *r;
	char path[SPOOL_PATH_BYTES];
	bool independent = true;
	struct buf b;
	size_t n = 0, i;
	int rc;

	if (is_early(pb))
		return 0;
	if ((r = calloc(pb->nrows + 1, sizeof(*r))) == NULL)
		return err_nomem(err);
	for (i = 0; i < pb->nrows; i++) {
		if (pb->rows[i].p.count > 0)
			independent &= pb->rows[i].p.independent;
		if (pb->rows[i].in_main)
			r[n++] = pb->rows[i].r;
	}
	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	playlist_put_main(&b, r, n, independent, pb->conf->name);
	snprintf(path, sizeof(path), "www/%s/%s.m3u8", pb->t->stream,
	    pb->conf->kind == PLAYLIST_LIVE ? "main" : pb->conf->name);
	rc = n == 0 ? 0 : write_if_changed(pb, path, &b, &pb->t->main, err);
	buf_release(&b);
	free(r);
	return rc;
}

/*
 * ROW has no file left in the store: made from nothing there would be no
 * playlist of it, so the last one must not stay.
 */
static int
drop_row(const struct publish *pb, struct timeline_row *row, struct err *err)
{
	if (write_list(pb, row, "", NULL, &row->list, err) == -1)
		return -1;
	return write_list(pb, row, "-iframes", NULL, &row->iframes, err);
}

int
hls_publish(struct spool *s, struct timeline *t, const struct hls_conf *conf,
    hls_written_fn *written, void *arg, struct hls_result *result,
    struct err *err)
{
	struct publish pb = { .s = s, .t = t, .conf = conf,
	    .written = written, .arg = arg, .result = result };
	size_t i;
	int rc = 0;

	*result = (struct hls_result){ .complete = true };
	hls_choose(t, conf, &pb.span);
	if (pb.span.count == 0)
		return 0;
	if (conf->keys != NULL && aes_keys_look(conf->keys, t->stream,
	    err) == -1)
		return -1;
	result->overlong = pb.span.target_s > fragments_of(conf);
	if ((pb.rows = calloc(t->nrows + 1, sizeof(*pb.rows))) == NULL)
		return err_nomem(err);
	for (i = 0; i < t->nrows && rc == 0; i++) {
		if (!t->rows[i].any) {
			rc = drop_row(&pb, &t->rows[i], err);
			continue;
		}
		pb.rows[pb.nrows].row = &t->rows[i];
		rc = make_row(&pb, &pb.rows[pb.nrows++], err);
	}
	for (i = 0; i < pb.nrows && rc == 0; i++)
		rc = write_row(&pb, &pb.rows[i], err);
	if (rc == 0)
		rc = write_main(&pb, err);
	for (i = 0; i < pb.nrows; i++) {
		playlist_release(&pb.rows[i].p);
		playlist_release(&pb.rows[i].iframes);
	}
	free(pb.rows);
	return rc;
}
