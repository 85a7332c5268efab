#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "store/spool.h"

#define DIR_FLAGS	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/*
 * What a failure to write means.  A full disk may have room later, a disk or
 * a network file system that failed may be back: all that was written is then
 * written again, as nobody knows what a failed fsync left behind.  A file
 * system that may not be written needs somebody's hand.
 */
static enum err_class
write_class(int errnum, enum err_class otherwise)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EIO:
	case ESTALE:
	case ETIMEDOUT:
		return ERR_AGAIN;
	case EROFS:
	case EACCES:
	case EPERM:
		return ERR_CREATE;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ERR_OS;
	default:
		return otherwise;
	}
}

static int
open_dir_below(struct spool *s, const char *dir, struct err *err)
{
	int fd = openat(s->fd, dir, DIR_FLAGS | O_NOFOLLOW);

	if (fd == -1)
		err_sys(err, write_class(errno, ERR_CREATE),
		    "cannot open directory '%s/%s'", s->dir, dir);
	return fd;
}

/* Make every directory of DIR that is missing; sync all that hold one. */
static int
make_dirs(struct spool *s, const char *dir, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	size_t n = 0;
	int fd = -1, parent;

	do {
		n += strcspn(dir + n, "/");
		snprintf(path, sizeof(path), "%.*s", (int)n, dir);
		if (mkdirat(s->fd, path, 0777) == -1 && errno != EEXIST) {
			err_sys(err, write_class(errno, ERR_CREATE),
			    "cannot create '%s/%s'", s->dir, path);
			goto out;
		}
		parent = fd == -1 ? s->fd : fd;
		if (fsync(parent) == -1) {
			err_sys(err, write_class(errno, ERR_IO),
			    "cannot sync the directory of '%s/%s'", s->dir,
			    path);
			goto out;
		}
		if (fd != -1)
			close(fd);
		if ((fd = open_dir_below(s, path, err)) == -1)
			return -1;
	} while (dir[n++] != '\0');
	return fd;
out:
	if (fd != -1)
		close(fd);
	return -1;
}

/*
 * The directory of PATH, made when it is missing.  Its way up is synced by
 * whoever makes it; for originals also by every process that uses it first,
 * as the maker may have been killed in between.
 */
static int
open_parent(struct spool *s, const char *path, const char **name,
    struct err *err)
{
	char dir[SPOOL_PATH_BYTES];
	const char *slash = strrchr(path, '/');
	bool original = strncmp(path, "src/", 4) == 0;
	int fd;

	if (slash == NULL || (size_t)(slash - path) >= sizeof(dir))
		return err_set(err, ERR_BUG, "bad path '%s'", path);
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	*name = slash + 1;
	if (!original || strcmp(dir, s->synced) == 0) {
		fd = openat(s->fd, dir, DIR_FLAGS | O_NOFOLLOW);
		if (fd != -1)
			return fd;
	}
	if ((fd = make_dirs(s, dir, err)) != -1 && original)
		memcpy(s->synced, dir, sizeof(dir));
	return fd;
}

/* Create a file under a name that nobody else uses, dot first. */
static int
create_tmp(int dirfd, const char *name, struct spool_draft *d,
    struct err *err)
{
	uint64_t unique;
	int n;

	do {
		if (getrandom(&unique, sizeof(unique), 0) !=
		    (ssize_t)sizeof(unique))
			return err_sys(err, ERR_OS, "cannot get random bytes");
		n = snprintf(d->tmp, sizeof(d->tmp), ".%s.%016" PRIx64, name,
		    unique);
		if (n < 0 || (size_t)n >= sizeof(d->tmp))
			return err_set(err, ERR_BUG, "name too long '%s'",
			    name);
		d->fd = openat(dirfd, d->tmp, O_WRONLY | O_CREAT | O_EXCL |
		    O_CLOEXEC | O_NOFOLLOW, 0666);
	} while (d->fd == -1 && errno == EEXIST);
	if (d->fd == -1)
		return err_sys(err, write_class(errno, ERR_CREATE),
		    "cannot create '%s'", d->tmp);
	return 0;
}

static int
sync_fd(int fd, const char *what, struct err *err)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc == -1 && errno == EINTR);
	if (rc == -1)
		return err_sys(err, write_class(errno, ERR_IO),
		    "cannot sync%s", what);
	return 0;
}

int
spool_dir_open(struct spool *s, const char *path, struct err *err)
{
	const char *name;

	return open_parent(s, path, &name, err);
}

int
spool_draft_write(int dirfd, const char *name, const void *p, size_t n,
    struct spool_draft *d, struct err *err)
{
	if (create_tmp(dirfd, name, d, err) == -1)
		return -1;
	if (file_write_all(d->fd, p, n, err) == 0)
		return 0;
	err->cls = write_class(err->errnum, ERR_IO);
	spool_draft_drop(dirfd, d);
	return -1;
}

int
spool_draft_append(const struct spool_draft *d, const void *p, size_t n,
    struct err *err)
{
	if (file_write_all(d->fd, p, n, err) == 0)
		return 0;
	err->cls = write_class(err->errnum, ERR_IO);
	return -1;
}

void
spool_draft_start(const struct spool_draft *d)
{
	(void)sync_file_range(d->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int
spool_draft_sync(const struct spool_draft *d, struct err *err)
{
	return sync_fd(d->fd, "", err);
}

int
spool_draft_link(int dirfd, const struct spool_draft *d, const char *name,
    struct err *err)
{
	struct stat st;

	if (linkat(dirfd, d->tmp, dirfd, name, 0) == 0)
		return 1;
	if (errno != EEXIST)
		return err_sys(err, write_class(errno, ERR_CREATE),
		    "cannot link");
	/* NFS: an answer was lost, the second request saw our own link. */
	if (fstat(d->fd, &st) == 0 && st.st_nlink > 1)
		return 1;
	return 0;
}

void
spool_draft_drop(int dirfd, struct spool_draft *d)
{
	close(d->fd);
	unlinkat(dirfd, d->tmp, 0);
	d->fd = -1;
}

int
spool_dir_sync(int dirfd, struct err *err)
{
	return sync_fd(dirfd, " the directory", err);
}

int
spool_publish(struct spool *s, const char *path, const void *p, size_t n,
    struct err *err)
{
	struct spool_draft d;
	const char *name = "";
	int dirfd, rc = -1;

	if ((dirfd = open_parent(s, path, &name, err)) == -1)
		return -1;
	if (spool_draft_write(dirfd, name, p, n, &d, err) == -1)
		goto out;
	if (spool_draft_sync(&d, err) == 0)
		rc = spool_draft_link(dirfd, &d, name, err);
	spool_draft_drop(dirfd, &d);
	/* Also when somebody else was first: he may not have synced yet. */
	if (rc != -1 && spool_dir_sync(dirfd, err) == -1) {
		if (rc == 1)
			unlinkat(dirfd, name, 0);
		rc = -1;
	}
out:
	close(dirfd);
	if (rc == -1)
		err_wrap(err, "'%s/%s'", s->dir, path);
	return rc;
}

int
spool_replace(struct spool *s, const char *path, const void *p, size_t n,
    enum spool_care care, struct err *err)
{
	struct spool_draft d;
	const char *name = "";
	int dirfd, rc = -1;

	if ((dirfd = open_parent(s, path, &name, err)) == -1)
		return -1;
	if (spool_draft_write(dirfd, name, p, n, &d, err) == -1)
		goto out;
	if (care == SPOOL_VOLATILE || spool_draft_sync(&d, err) == 0) {
		rc = renameat(dirfd, d.tmp, dirfd, name);
		if (rc == -1)
			err_sys(err, write_class(errno, ERR_CREATE),
			    "cannot rename");
	}
	if (rc == -1)
		spool_draft_drop(dirfd, &d);
	else
		close(d.fd);
	if (rc == 0 && care == SPOOL_DURABLE)
		rc = spool_dir_sync(dirfd, err);
out:
	close(dirfd);
	return rc == -1 ? err_wrap(err, "'%s/%s'", s->dir, path) : 0;
}

static bool
has_bytes(struct spool *s, const char *path, const void *p, size_t n)
{
	struct err ignored = ERR_INIT;
	struct buf now;
	bool same;

	buf_init(&now, n + 1);
	same = file_slurp(s->fd, path, &now, &ignored) == 0 && now.n == n &&
	    memcmp(now.p, p, n) == 0;
	buf_release(&now);
	return same;
}

int
spool_update(struct spool *s, const char *path, const void *p, size_t n,
    enum spool_care care, struct spool_known *known, struct err *err)
{
	uint64_t sum = known == NULL ? 0 : XXH3_64bits(p, n);
	bool other = known != NULL && (known->removed ||
	    (known->written && known->sum != sum));
	bool same = !other && has_bytes(s, path, p, n);

	if (!same && spool_replace(s, path, p, n, care, err) == -1)
		return -1;
	if (known != NULL)
		*known = (struct spool_known){ .sum = sum, .written = true };
	return !same;
}

int
spool_drop(struct spool *s, const char *path, struct spool_known *known,
    struct err *err)
{
	if (known->removed)
		return 0;
	if (unlinkat(s->fd, path, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir,
		    path);
	*known = (struct spool_known){ .removed = true };
	return 0;
}

int
spool_now_us(struct spool *s, int64_t *now_us, struct err *err)
{
	struct stat st = { 0 };

	/* No file is written: on a full disk expire must know the time too. */
	if (utimensat(s->fd, ".", NULL, 0) == -1)
		return err_sys(err, write_class(errno, ERR_IO),
		    "cannot touch '%s'", s->dir);
	if (fstatat(s->fd, ".", &st, 0) == -1)
		return err_sys(err, ERR_IO, "cannot stat '%s'", s->dir);
	*now_us = (int64_t)st.st_mtim.tv_sec * 1000000 +
	    st.st_mtim.tv_nsec / 1000;
	return 0;
}
