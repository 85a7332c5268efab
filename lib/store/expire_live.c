#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/expire_impl.h"
#include "store/list.h"
#include "store/timeline.h"

static bool
is_playlist(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".m3u8") == 0;
}

/* The fragments FIRST to LAST of the line at S, a segment's or a part's. */
static bool
read_uri(const char *s, uint32_t *first, uint32_t *last)
{
	size_t n = strcspn(s, "\n");
	const char *name = s + n;
	char *end;

	while (name > s && name[-1] != '/')
		name--;
	*first = (uint32_t)strtoul(name, &end, 10);
	*last = *end == '-' ? (uint32_t)strtoul(end + 1, &end, 10) : *first;
	return end > name && strncmp(end, ".m4s", 4) == 0 && *last >= *first;
}

/* The number of seconds behind TAG, if the line at S begins with it. */
static int64_t
seconds_us(const char *s, const char *tag)
{
	size_t n = strlen(tag);

	return strncmp(s, tag, n) != 0 ? 0 : (int64_t)(strtod(s + n, NULL) *
	    1e6);
}

/* What a playlist lists: from which fragment on, and how much. */
struct live {
	uint32_t	from;		/* seq */
	int64_t		length_us;
};

/*
 * The length of all segments, and of those that are not complete: two more,
 * as earlier versions may have been longer by that.
 */
static bool
read_list(const char *text, struct live *l)
{
	int64_t target_us = 0;
	uint32_t first, last;
	bool any = false;
	const char *s;

	l->length_us = 0;
	for (s = text; s != NULL && *s != '\0';
	    s = (s = strchr(s, '\n')) == NULL ? NULL : s + 1) {
		target_us += seconds_us(s, "#EXT-X-TARGETDURATION:");
		l->length_us += seconds_us(s, "#EXTINF:");
		if (any || *s == '#' || !read_uri(s, &first, &last))
			continue;
		l->from = first;
		any = true;
	}
	l->length_us += 3 * target_us;
	return any;
}

static bool
has(const struct buf *b, const char *tag)
{
	return strstr((const char *)b->p, tag) != NULL;
}

/*
 * 1 and *L when the playlist PATH is of a stream that goes on, or may.  One
 * that has everything and an end is a recording, which may lose its start.
 * 0, or -1.
 */
static int
live_playlist(struct spool *s, const char *path, struct live *l,
    struct err *err)
{
	struct buf b;
	int rc = 0;

	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	if (file_slurp(s->fd, path, &b, err) == -1)
		rc = err->errnum == ENOENT ? 0 : -1;
	buf_put_u8(&b, '\0');
	if (rc == 0 && b.n > 1 && buf_ok(&b, err) == 0 &&
	    !has(&b, "#EXT-X-PLAYLIST-TYPE:VOD") &&
	    read_list((char *)b.p, l)) {
		if (has(&b, "#EXT-X-PLAYLIST-TYPE:EVENT") &&
		    has(&b, "#EXT-X-ENDLIST"))
			l->from = SPOOL_SEQ_MAX + 1;
		rc = 1;
	}
	buf_release(&b);
	return rc;
}

typedef int live_fn(struct spool *s, const char *path, const struct live *l,
    void *arg, struct err *err);

/* Call FN for each live playlist in the directory DIR. */
static int
each_live(struct spool *s, const char *dir, live_fn *fn, void *arg,
    struct err *err)
{
	char path[2 * SPOOL_PATH_BYTES];
	const char *name = NULL;
	struct list list;
	struct live l;
	int rc;

	if (list_open(&list, s, dir, err) == -1)
		return -1;
	while ((rc = list_next(&list, &name, err)) == 1) {
		if (!is_playlist(name) || strlen(name) >= SPOOL_PATH_BYTES)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if ((rc = live_playlist(s, path, &l, err)) == 1)
			rc = fn(s, path, &l, arg, err);
		if (rc == -1)
			break;
	}
	list_close(&list);
	return rc;
}

static int
each_live_of(struct spool *s, const char *stream, live_fn *fn, void *arg,
    struct err *err)
{
	char dir[SPOOL_PATH_BYTES];
	char **names = spool_renditions(s, stream, err);
	size_t i;
	int rc = 0;

	if (names == NULL)
		return -1;
	for (i = 0; names[i] != NULL && rc == 0; i++) {
		snprintf(dir, sizeof(dir), "www/%s/%s", stream, names[i]);
		rc = each_live(s, dir, fn, arg, err);
	}
	spool_free_names(names);
	return rc;
}

/* The first that any lists, and the longest. */
static int
widen(struct spool *s, const char *path, const struct live *l, void *arg,
    struct err *err)
{
	struct live *all = arg;

	(void)s;
	(void)path;
	(void)err;
	if (l->from < all->from)
		all->from = l->from;
	if (l->length_us > all->length_us)
		all->length_us = l->length_us;
	return 0;
}

/*
 * HLS section 6.2.2 wants segments that left a playlist kept for as long as
 * it is: go back from SEQ for LENGTH_US of media, which is no less than that
 * of the clock.
 */
static int
go_back(struct spool *s, const char *stream, uint32_t *seq,
    int64_t length_us, struct err *err)
{
	struct timeline t = { .count = 0 };
	uint32_t n = 64, before;
	size_t i;
	int rc = 0;

	snprintf(t.stream, sizeof(t.stream), "%s", stream);
	while (rc == 0 && length_us > 0 && *seq > 1) {
		before = *seq - 1;
		rc = timeline_load(&t, s, before > n ? before - n : 1, before,
		    err);
		if (rc == -1 || t.count == 0)
			break;
		for (i = t.count; i-- > 0 && length_us > 0; ) {
			*seq = t.entries[i].seq;
			if (!t.entries[i].lost)
				length_us -= t.entries[i].duration_us;
		}
		n *= 2;
	}
	timeline_release(&t);
	return rc;
}

int
expire_live_from(struct spool *s, const char *stream, uint32_t *seq,
    struct err *err)
{
	struct live all = { .from = SPOOL_SEQ_MAX + 1 };

	if (each_live_of(s, stream, widen, &all, err) == -1)
		return -1;
	*seq = all.from;
	if (all.from > SPOOL_SEQ_MAX)
		return 0;
	return go_back(s, stream, seq, all.length_us, err);
}

static int
drop(struct spool *s, const char *path, const struct live *l, void *arg,
    struct err *err)
{
	(void)l;
	(void)arg;
	if (unlinkat(s->fd, path, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir,
		    path);
	return 0;
}

int
expire_drop_live(struct spool *s, const char *stream, struct err *err)
{
	static const char *const top[] = { "main.m3u8", "main.mpd",
	    "low.mpd" };
	char path[SPOOL_PATH_BYTES];
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		snprintf(path, sizeof(path), "www/%s/%s", stream, top[i]);
		if (drop(s, path, NULL, NULL, err) == -1)
			return -1;
	}
	return each_live_of(s, stream, drop, NULL, err);
}
