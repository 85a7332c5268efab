#include "store/join.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/list.h"

void
join_path(const struct spool_key *first, uint32_t last,
    char out[SPOOL_PATH_BYTES])
{
	char *dot;

	spool_path(first, out);
	dot = strrchr(out, '.');
	snprintf(dot, SPOOL_PATH_BYTES - (size_t)(dot - out),
	    "-%09" PRIu32 ".m4s", last);
}

/* KEY into a new draft, or behind what is in D. */
static int
write_fragment(struct spool *s, int dirfd, const char *name,
    const struct spool_key *key, struct buf *b, struct spool_draft *d,
    struct err *err)
{
	buf_reset(b);
	if (spool_read(s, key, b, err) == -1)
		return -1;
	if (d->fd == -1)
		return spool_draft_write(dirfd, name, b->p, b->n, d, err);
	return spool_draft_append(d, b->p, b->n, err);
}

static int
write_all(struct spool *s, int dirfd, const char *name,
    const struct spool_key *first, uint32_t last, struct spool_draft *d,
    struct err *err)
{
	struct spool_key key = *first;
	struct buf b;
	int rc = 0;

	buf_init(&b, LIMIT_FRAGMENT_BYTES);
	for (; key.seq <= last && rc == 0; key.seq++)
		rc = write_fragment(s, dirfd, name, &key, &b, d, err);
	buf_release(&b);
	return rc;
}

int
join_publish(struct spool *s, const struct spool_key *first, uint32_t last,
    enum spool_care care, struct err *err)
{
	struct spool_draft d = { .fd = -1 };
	char path[SPOOL_PATH_BYTES];
	const char *name;
	int dirfd, rc = -1;

	assert(last > first->seq && last - first->seq < JOIN_MAX);
	join_path(first, last, path);
	if (faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	name = strrchr(path, '/') + 1;
	if ((dirfd = spool_dir_open(s, path, err)) == -1)
		return -1;
	if (write_all(s, dirfd, name, first, last, &d, err) == 0 &&
	    spool_draft_sync(&d, err) == 0)
		rc = spool_draft_link(dirfd, &d, name, err);
	if (d.fd != -1)
		spool_draft_drop(dirfd, &d);
	if (rc != -1 && care == SPOOL_DURABLE &&
	    spool_dir_sync(dirfd, err) == -1)
		rc = -1;
	close(dirfd);
	return rc == -1 ? err_wrap(err, "'%s'", path) : rc;
}

/* Called for the place of a file; -1 ends the walk. */
typedef int place_fn(struct spool *s, const char *path, void *arg,
    struct err *err);

/* The files that begin with FIRST, in the directory DIR of a key. */
static int
each_encrypted(struct spool *s, const struct spool_key *first,
    const char *dir, place_fn *fn, void *arg, struct err *err)
{
	char path[2 * SPOOL_PATH_BYTES];
	uint32_t n;

	for (n = 0; n < JOIN_MAX; n++) {
		if (n == 0)
			snprintf(path, sizeof(path), "%s/%09" PRIu32 ".m4s",
			    dir, first->seq);
		else
			snprintf(path, sizeof(path), "%s/%09" PRIu32 "-%09"
			    PRIu32 ".m4s", dir, first->seq, first->seq + n);
		if (fn(s, path, arg, err) == -1)
			return -1;
	}
	return fn(s, dir, arg, err);
}

/* The same for the directories of all keys, and for that which has them. */
static int
each_key(struct spool *s, const struct spool_key *first, place_fn *fn,
    void *arg, struct err *err)
{
	char top[SPOOL_PATH_BYTES], dir[SPOOL_PATH_BYTES];
	const char *name = NULL;
	struct list list;
	char *slash;
	int rc;

	spool_path(first, top);
	slash = strrchr(top, '/');
	snprintf(slash, SPOOL_PATH_BYTES - (size_t)(slash - top),
	    "/" JOIN_AES);
	if (list_open(&list, s, top, err) == -1)
		return -1;
	if (list.fd == -1) {
		list_close(&list);
		return 0;
	}
	while ((rc = list_next(&list, &name, err)) == 1) {
		if (name[0] == '.')
			continue;
		snprintf(dir, sizeof(dir), "%.160s/%.64s", top, name);
		if ((rc = each_encrypted(s, first, dir, fn, arg, err)) == -1)
			break;
	}
	list_close(&list);
	return rc == -1 ? -1 : fn(s, top, arg, err);
}

/* All places where a file that begins with FIRST may be. */
static int
each_place(struct spool *s, const struct spool_key *first, place_fn *fn,
    void *arg, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	uint32_t n;

	if (strcmp(first->rendition, SPOOL_SRC) == 0)
		return 0;
	for (n = 1; n < JOIN_MAX; n++) {
		join_path(first, first->seq + n, path);
		if (fn(s, path, arg, err) == -1)
			return -1;
	}
	return each_key(s, first, fn, arg, err);
}

static int
add_size(struct spool *s, const char *path, void *arg, struct err *err)
{
	struct join_size *size = arg;
	struct stat st;

	(void)err;
	if (fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode)) {
		size->bytes += (uint64_t)st.st_size;
		size->room += (uint64_t)st.st_blocks * 512;
	}
	return 0;
}

struct join_size
join_sizes(struct spool *s, const struct spool_key *first)
{
	struct join_size size = { 0 };
	struct err ignored = ERR_INIT;

	(void)each_place(s, first, add_size, &size, &ignored);
	return size;
}

/* A directory goes when nothing is left in it. */
static int
remove_place(struct spool *s, const char *path, void *arg, struct err *err)
{
	(void)arg;
	if (unlinkat(s->fd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR && (unlinkat(s->fd, path, AT_REMOVEDIR) == 0 ||
	    errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST))
		return 0;
	return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir, path);
}

int
join_remove(struct spool *s, const struct spool_key *first, struct err *err)
{
	return each_place(s, first, remove_place, NULL, err);
}
