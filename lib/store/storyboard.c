#include "store/storyboard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "media/fragment.h"
#include "media/jpeg.h"
#include "media/mp4.h"
#include "store/spool.h"
#include "store/timeline.h"

/* Of a fragment, which is a few seconds long: what is more is no thumbnail. */
#define TILES_MAX	16

struct tile {
	struct buf	bytes;
	struct jpeg	jpeg;		/* points into BYTES */
	int64_t		late_us;	/* behind the fragment's start */
};

struct board {
	struct spool		*s;
	const struct timeline	*t;
	const struct timeline_row *row;
	hls_written_fn		*written;
	void			*arg;
	struct spool_key	 first;		/* of the sheet at hand */
	struct tile		 tiles[STORYBOARD_FRAGMENTS];
	size_t			 n;
	struct buf		 vtt;
	int64_t			 since_us;	/* of the cue at hand */
	char			 cue[128];	/* ""; none yet */
};

static void
set_key(const struct board *b, const struct timeline_seg *seg,
    struct spool_key *key)
{
	*key = (struct spool_key){ .epoch = seg->epoch, .seq = seg->seq };
	memcpy(key->stream, b->t->stream, sizeof(key->stream));
	memcpy(key->rendition, b->row->name, sizeof(key->rendition));
}

static void
release_tiles(struct tile *tiles, size_t n)
{
	while (n > 0)
		buf_release(&tiles[--n].bytes);
}

static int
take_tiles(const struct mp4 *m, const struct fragment_info *info,
    struct tile tiles[TILES_MAX], size_t *n, struct err *err)
{
	const struct mp4_run *run = &m->runs[0];
	const struct mp4_sample *sample;
	int64_t dts = (int64_t)run->dts;
	struct tile *tile;
	size_t i;

	if (m->nruns != 1)
		return err_set(err, ERR_DATA, "no thumbnail in it");
	for (i = 0; i < run->count && i < TILES_MAX; i++) {
		sample = &run->samples[i];
		tile = &tiles[(*n)++];
		buf_init(&tile->bytes, sample->bytes);
		buf_put(&tile->bytes, sample->p, sample->bytes);
		tile->late_us = fragment_us(dts + sample->cts - info->start,
		    info->timescale);
		if (buf_ok(&tile->bytes, err) == -1 || jpeg_parse(&tile->jpeg,
		    tile->bytes.p, tile->bytes.n, err) == -1)
			return -1;
		dts += sample->duration;
	}
	return 0;
}

/*
 * The thumbnails of KEY.  0, with none when the file is no use, which is told
 * unless it has expired; -1.
 */
static int
read_tiles(const struct board *b, const struct spool_key *key,
    struct tile tiles[TILES_MAX], size_t *n, struct err *err)
{
	struct fragment_info info;
	struct mp4 m = { .nruns = 0 };
	struct buf file;
	int rc;

	*n = 0;
	buf_init(&file, LIMIT_FRAGMENT_BYTES);
	rc = spool_read(b->s, key, &file, err);
	if (rc == 0)
		rc = fragment_get_info(file.p, file.n, &info, err);
	if (rc == 0)
		rc = mp4_parse(&m, file.p, file.n, err);
	if (rc == 0)
		rc = take_tiles(&m, &info, tiles, n, err);
	mp4_release(&m);
	buf_release(&file);
	if (rc == 0)
		return 0;
	release_tiles(tiles, *n);
	*n = 0;
	if (err->cls == ERR_OS)
		return -1;
	if (err->errnum == 0)
		log_warning("thumbnail %" PRIu32 " of '%s': %s", key->seq,
		    key->stream, err->text);
	*err = (struct err)ERR_INIT;
	return 0;
}

static int
write_file(const struct board *b, const char *path, const uint8_t *p,
    size_t n, enum spool_care care, struct err *err)
{
	int rc = spool_update(b->s, path, p, n, care, NULL, err);

	if (rc == 1 && b->written != NULL)
		b->written(path, b->arg);
	return rc == -1 ? -1 : 0;
}

/* The path of a sheet, from RENDITION/ on. */
static void
sheet_uri(const struct spool_key *first, char out[SPOOL_PATH_BYTES])
{
	snprintf(out, SPOOL_PATH_BYTES, "%06" PRIu32 "/%06" PRIu32 "/%09"
	    PRIu32 ".jpg", first->epoch, first->seq / SPOOL_GROUP,
	    first->seq);
}

static int
write_sheet(struct board *b, struct err *err)
{
	struct jpeg parts[STORYBOARD_FRAGMENTS];
	char uri[SPOOL_PATH_BYTES], path[2 * SPOOL_PATH_BYTES];
	struct buf sheet;
	size_t i;
	int rc;

	if (b->n == 0)
		return 0;
	for (i = 0; i < b->n; i++)
		parts[i] = b->tiles[i].jpeg;
	buf_init(&sheet, LIMIT_FRAGMENT_BYTES);
	sheet_uri(&b->first, uri);
	snprintf(path, sizeof(path), "www/%s/%s/%s", b->first.stream,
	    b->first.rendition, uri);
	rc = jpeg_join(&sheet, parts, b->n, err);
	if (rc == 0)
		rc = write_file(b, path, sheet.p, sheet.n, SPOOL_DURABLE, err);
	buf_release(&sheet);
	release_tiles(b->tiles, b->n);
	b->n = 0;
	return rc == -1 ? err_wrap(err, "'%s'", path) : 0;
}

static void
put_time(struct buf *b, int64_t us)
{
	int64_t ms = us / 1000;

	buf_printf(b, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64,
	    ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

static void
end_cue(struct board *b, int64_t us)
{
	if (b->cue[0] == '\0' || us / 1000 <= b->since_us / 1000)
		return;
	put_time(&b->vtt, b->since_us);
	buf_put_str(&b->vtt, " --> ");
	put_time(&b->vtt, us);
	buf_printf(&b->vtt, "\n%s\n\n", b->cue);
}

/* Does it go behind the others of the sheet at hand? */
static bool
goes_on(const struct board *b, const struct spool_key *key,
    const struct jpeg *j)
{
	return b->n < STORYBOARD_FRAGMENTS && key->epoch == b->first.epoch &&
	    key->seq / STORYBOARD_FRAGMENTS ==
	    b->first.seq / STORYBOARD_FRAGMENTS &&
	    (b->n + 1) * j->rows <= STORYBOARD_LINES &&
	    jpeg_alike(j, &b->tiles[0].jpeg);
}

/* Put the tile, which is shown from US on, behind the others and take it. */
static int
add_tile(struct board *b, const struct spool_key *key, struct tile *tile,
    int64_t us, struct err *err)
{
	char uri[SPOOL_PATH_BYTES];

	if (b->n > 0 && !goes_on(b, key, &tile->jpeg) &&
	    write_sheet(b, err) == -1)
		return -1;
	if (b->n == 0)
		b->first = *key;
	end_cue(b, us);
	sheet_uri(&b->first, uri);
	snprintf(b->cue, sizeof(b->cue), "%.40s#xywh=0,%zu,%u,%u", uri,
	    b->n * tile->jpeg.rows, (unsigned)tile->jpeg.width,
	    (unsigned)tile->jpeg.height);
	b->since_us = us;
	b->tiles[b->n++] = *tile;
	tile->bytes.p = NULL;
	return 0;
}

static int
add_fragment(struct board *b, uint32_t seq, int64_t us, struct err *err)
{
	const struct timeline_seg *seg = timeline_find(b->row, seq);
	struct tile tiles[TILES_MAX];
	struct spool_key key;
	size_t n, i;
	int rc = 0;

	if (seg == NULL || (seg->flags & FRAGMENT_GAP) != 0)
		return 0;
	set_key(b, seg, &key);
	if (read_tiles(b, &key, tiles, &n, err) == -1)
		return -1;
	for (i = 0; i < n && rc == 0; i++)
		rc = add_tile(b, &key, &tiles[i], us + tiles[i].late_us, err);
	release_tiles(tiles, n);	/* those that were not taken */
	return rc;
}

static int
write_all(struct board *b, const struct hls_span *span, struct err *err)
{
	const struct timeline_entry *e = &b->t->entries[span->first];
	char path[SPOOL_PATH_BYTES];
	int64_t us = 0;
	size_t i;

	buf_put_str(&b->vtt, "WEBVTT\n\n");
	for (i = 0; i < span->count; us += e[i++].duration_us)
		if (add_fragment(b, e[i].seq, us, err) == -1)
			return -1;
	end_cue(b, us);
	if (write_sheet(b, err) == -1)
		return -1;
	snprintf(path, sizeof(path), "www/%s/%s/vod.vtt", b->t->stream,
	    b->row->name);
	if (buf_ok(&b->vtt, err) == -1)
		return err_wrap(err, "'%s'", path);
	return write_file(b, path, b->vtt.p, b->vtt.n, SPOOL_DURABLE, err);
}

/* From the newest fragment back to one that has a thumbnail. */
static int
write_newest(struct board *b, struct err *err)
{
	const struct timeline_seg *seg = b->row->segs + b->row->count;
	char path[SPOOL_PATH_BYTES];
	struct tile tiles[TILES_MAX];
	struct spool_key key;
	size_t n = 0;
	int rc;

	while (n == 0 && seg-- > b->row->segs) {
		if ((seg->flags & FRAGMENT_GAP) != 0)
			continue;
		set_key(b, seg, &key);
		if (read_tiles(b, &key, tiles, &n, err) == -1)
			return -1;
	}
	if (n == 0)
		return 0;
	snprintf(path, sizeof(path), "www/%s/%s/live.jpg", b->t->stream,
	    b->row->name);
	rc = write_file(b, path, tiles[n - 1].bytes.p, tiles[n - 1].bytes.n,
	    SPOOL_VOLATILE, err);
	release_tiles(tiles, n);
	return rc;
}

int
storyboard_publish(struct spool *s, const struct timeline *t,
    const struct hls_conf *conf, hls_written_fn *written, void *arg,
    struct err *err)
{
	struct board b = { .s = s, .t = t, .written = written, .arg = arg };
	struct hls_span span;
	size_t i;
	int rc = 0;

	hls_choose(t, conf, &span);
	for (i = 0; i < t->nimages && rc == 0; i++) {
		b.row = &t->images[i];
		b.cue[0] = '\0';
		buf_init(&b.vtt, LIMIT_PLAYLIST_BYTES);
		switch (conf->kind) {
		case PLAYLIST_LIVE:
		case PLAYLIST_EVENT:	/* sheets, when it has ended */
			rc = write_newest(&b, err);
			break;
		case PLAYLIST_VOD:
			rc = write_all(&b, &span, err);
			break;
		}
		buf_release(&b.vtt);
		release_tiles(b.tiles, b.n);
		b.n = 0;
	}
	return rc;
}
