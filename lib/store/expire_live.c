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

/* From which fragment on the playlist lists, and how many. */
static bool
read_numbers(const char *text, uint32_t *from, uint32_t *count)
{
	uint32_t first, last, newest = 0;
	bool any = false;
	const char *s;

	for (s = text; s != NULL && *s != '\0';
	    s = (s = strchr(s, '\n')) == NULL ? NULL : s + 1) {
		if (*s == '#' || !read_uri(s, &first, &last))
			continue;
		if (!any)
			*from = first;
		any = true;
		newest = last;
	}
	*count = any && newest >= *from ? newest - *from + 1 : 0;
	return any;
}

static bool
has(const struct buf *b, const char *tag)
{
	return strstr((const char *)b->p, tag) != NULL;
}

/*
 * 1 when the playlist PATH is of a stream that goes on, or may, and from
 * where on its segments must be there: RFC 8216 section 6.2.2 wants those
 * that left it kept for as long as the playlist is.  One that has everything
 * and an end is a recording, which may lose its start.  0, or -1.
 */
static int
live_playlist(struct spool *s, const char *path, uint32_t *from,
    struct err *err)
{
	uint32_t count;
	struct buf b;
	int rc = 0;

	buf_init(&b, LIMIT_PLAYLIST_BYTES);
	if (file_slurp(s->fd, path, &b, err) == -1)
		rc = err->errnum == ENOENT ? 0 : -1;
	buf_put_u8(&b, '\0');
	if (rc == 0 && b.n > 1 && buf_ok(&b, err) == 0 &&
	    !has(&b, "#EXT-X-PLAYLIST-TYPE:VOD") &&
	    read_numbers((char *)b.p, from, &count)) {
		*from = *from > count + 1 ? *from - count - 1 : 0;
		if (has(&b, "#EXT-X-PLAYLIST-TYPE:EVENT") &&
		    has(&b, "#EXT-X-ENDLIST"))
			*from = SPOOL_SEQ_MAX + 1;
		rc = 1;
	}
	buf_release(&b);
	return rc;
}

/* Call FN for each live playlist in the directory DIR. */
static int
each_live(struct spool *s, const char *dir,
    int (*fn)(struct spool *s, const char *path, uint32_t from, void *arg,
    struct err *err), void *arg, struct err *err)
{
	char path[2 * SPOOL_PATH_BYTES];
	const char *name = NULL;
	struct list l;
	uint32_t from;
	int rc;

	if (list_open(&l, s, dir, err) == -1)
		return -1;
	while ((rc = list_next(&l, &name, err)) == 1) {
		if (!is_playlist(name) || strlen(name) >= SPOOL_PATH_BYTES)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if ((rc = live_playlist(s, path, &from, err)) == 1)
			rc = fn(s, path, from, arg, err);
		if (rc == -1)
			break;
	}
	list_close(&l);
	return rc;
}

static int
each_live_of(struct spool *s, const char *stream,
    int (*fn)(struct spool *s, const char *path, uint32_t from, void *arg,
    struct err *err), void *arg, struct err *err)
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

static int
lower(struct spool *s, const char *path, uint32_t from, void *arg,
    struct err *err)
{
	uint32_t *seq = arg;

	(void)s;
	(void)path;
	(void)err;
	if (from < *seq)
		*seq = from;
	return 0;
}

int
expire_live_from(struct spool *s, const char *stream, uint32_t *seq,
    struct err *err)
{
	*seq = SPOOL_SEQ_MAX + 1;
	return each_live_of(s, stream, lower, seq, err);
}

static int
drop(struct spool *s, const char *path, uint32_t from, void *arg,
    struct err *err)
{
	(void)from;
	(void)arg;
	if (unlinkat(s->fd, path, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir,
		    path);
	return 0;
}

int
expire_drop_live(struct spool *s, const char *stream, struct err *err)
{
	static const char *const top[] = { "main.m3u8", "main.mpd" };
	char path[SPOOL_PATH_BYTES];
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		snprintf(path, sizeof(path), "www/%s/%s", stream, top[i]);
		if (drop(s, path, 0, NULL, err) == -1)
			return -1;
	}
	return each_live_of(s, stream, drop, NULL, err);
}
