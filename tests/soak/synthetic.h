/*
 * synthetic - the files of a stream that nobody encoded: three renditions of
 * it, right down to checksums and tables, with nothing in their samples.
 */
#ifndef SOAK_SYNTHETIC_H
#define SOAK_SYNTHETIC_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "store/spool.h"

#define SYNTHETIC_FRAME_US	40000	/* 25 pictures a second */
#define SYNTHETIC_ROWS		3

static const struct synthetic_row {
	const char	*name;
	enum track_kind	 kind;
	uint32_t	 timescale;
	uint32_t	 sample;	/* ticks of one */
	uint32_t	 bytes;		/* of one */
} synthetic_rows[SYNTHETIC_ROWS] = {
	{ "h264-180p", TRACK_VIDEO, 90000, 3600, 120 },
	{ "h264-90p", TRACK_VIDEO, 12800, 512, 40 },
	{ "aac", TRACK_AUDIO, 48000, 960, 20 },
}, synthetic_src = { SPOOL_SRC, TRACK_VIDEO, 90000, 3600, 0 };

/* A fragment of the stream. */
struct synthetic {
	const char	*stream;
	uint32_t	 epoch, seq, flags;
	int64_t		 start_frame;	/* media time */
	uint32_t	 frames;
	int64_t		 arrival_us, date_us;
};

static inline void __attribute__((noreturn))
synthetic_die(const char *what, const struct err *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	exit(99);
}

static inline void
synthetic_key(const struct synthetic_row *r, const struct synthetic *f,
    struct spool_key *key)
{
	memset(key, 0, sizeof(*key));
	snprintf(key->stream, sizeof(key->stream), "%s", f->stream);
	snprintf(key->rendition, sizeof(key->rendition), "%s", r->name);
	key->epoch = f->epoch;
	key->seq = f->seq;
}

/* As spool_publish() does it, without waiting for a disk. */
static inline void
synthetic_store(struct spool *s, const char *path, const struct buf *b)
{
	char dir[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	const char *slash;
	int fd;

	for (slash = strchr(path, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (mkdirat(s->fd, dir, 0777) == -1 && errno != EEXIST)
			abort();
	}
	fd = openat(s->fd, ".new", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (buf_ok(b, &err) == -1 || fd == -1 ||
	    file_write_all(fd, b->p, b->n, &err) == -1 || close(fd) == -1 ||
	    renameat(s->fd, ".new", s->fd, path) == -1)
		synthetic_die(path, &err);
}

static inline void
synthetic_seal(struct buf *b)
{
	struct err err = ERR_INIT;

	if (buf_ok(b, &err) == -1 ||
	    fragment_seal(&(struct iovec){ b->p, b->n }, 1, &err) == -1)
		synthetic_die("seal", &err);
}

static inline void
synthetic_init(struct spool *s, const struct synthetic_row *r,
    const struct synthetic *f)
{
	static const uint8_t avcc[] = { 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4,
	    0x67, 0x64, 0, 0x1f, 1, 0, 1, 0x68 };
	static const uint8_t asc[] = { 0x11, 0x90 };
	const struct fragment_info info = { .epoch = f->epoch,
	    .timescale = r->timescale,
	    .name = fragment_name(f->stream, r->name) };
	struct track t = { .id = 1, .kind = r->kind, .codec = CODEC_H264,
	    .timescale = r->timescale, .width = 64, .height = 64,
	    .config = avcc, .config_bytes = sizeof(avcc) };
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;
	struct buf b;

	synthetic_key(r, f, &key);
	spool_init_path(&key, path);
	if (faccessat(s->fd, path, F_OK, 0) == 0)
		return;
	if (r->kind == TRACK_AUDIO)
		t = (struct track){ .id = 1, .kind = r->kind,
		    .codec = CODEC_AAC, .timescale = r->timescale,
		    .sample_rate = r->timescale, .channels = 2,
		    .config = asc, .config_bytes = sizeof(asc) };
	buf_init(&b, LIMIT_INIT_BYTES);
	mp4_put_ftyp(&b);
	fragment_put_info(&b, &info);
	mp4_put_moov(&b, &t, 1);
	synthetic_seal(&b);
	synthetic_store(s, path, &b);
	buf_release(&b);
}

static inline void
synthetic_media(struct buf *b, const struct synthetic_row *r,
    const struct synthetic *f)
{
	static const uint8_t media[256];
	struct mp4_sample samples[128];
	int64_t ticks = r->timescale / 25 * f->start_frame;
	size_t n = r->timescale / 25 / r->sample * f->frames, i;
	struct mp4_run run = { .track_id = 1, .dts = (uint64_t)ticks,
	    .samples = samples, .count = n };

	if (n > 128)
		abort();
	for (i = 0; i < n; i++)
		samples[i] = (struct mp4_sample){ .p = media,
		    .bytes = r->bytes, .duration = r->sample,
		    .sync = i == 0 || r->kind == TRACK_AUDIO };
	mp4_put_fragment(b, f->seq, &run, 1);
}

/* The file of F in ROW, and its init segment if that is missing. */
static inline void
synthetic_fragment(struct spool *s, const struct synthetic_row *r,
    const struct synthetic *f)
{
	int64_t start = r->timescale / 25 * f->start_frame;
	const struct fragment_info info = { .epoch = f->epoch,
	    .seq = f->seq, .flags = f->flags, .timescale = r->timescale,
	    .start = start,
	    .end = start + (int64_t)(r->timescale / 25) * f->frames,
	    .arrival_us = f->arrival_us, .date_us = f->date_us,
	    .name = fragment_name(f->stream, r->name) };
	char path[SPOOL_PATH_BYTES];
	struct spool_key key;
	struct buf b;

	if (r != &synthetic_src)
		synthetic_init(s, r, f);
	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	if (r == &synthetic_src)
		mp4_put_ftyp(&b);
	else
		mp4_put_styp(&b);
	fragment_put_info(&b, &info);
	synthetic_media(&b, r, f);
	synthetic_seal(&b);
	synthetic_key(r, f, &key);
	spool_path(&key, path);
	synthetic_store(s, path, &b);
	buf_release(&b);
}

#endif /* SOAK_SYNTHETIC_H */
