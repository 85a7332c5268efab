#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "store/spool.h"

#define DIR_FLAGS	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define TMP_BYTES	128	/* dot, name, random number */

/* What a failure to write means: a full disk may have room later. */
static enum err_class
write_class(int errnum, enum err_class otherwise)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EIO:
		return ERR_AGAIN;
	default:
		return otherwise;
	}
}

static int
open_dir_below(struct spool *s, const char *dir, struct err *err)
{
	int fd = openat(s->fd, dir, DIR_FLAGS | O_NOFOLLOW);

	if (fd == -1)
		err_sys(err, ERR_CREATE, "cannot open directory '%s/%s'",
		    s->dir, dir);
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
create_tmp(int dirfd, const char *name, char tmp[TMP_BYTES], struct err *err)
{
	uint64_t unique;
	int fd, n;

	do {
		if (getrandom(&unique, sizeof(unique), 0) !=
		    (ssize_t)sizeof(unique))
			return err_sys(err, ERR_OS, "cannot get random bytes");
		n = snprintf(tmp, TMP_BYTES, ".%s.%016" PRIx64, name, unique);
		if (n < 0 || n >= TMP_BYTES)
			return err_set(err, ERR_BUG, "name too long '%s'",
			    name);
		fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL |
		    O_CLOEXEC | O_NOFOLLOW, 0666);
	} while (fd == -1 && errno == EEXIST);
	if (fd == -1)
		err_sys(err, write_class(errno, ERR_CREATE),
		    "cannot create '%s'", tmp);
	return fd;
}

/* A new file with the N bytes at P.  Its open descriptor, or -1. */
static int
write_tmp(int dirfd, const char *name, const void *p, size_t n,
    char tmp[TMP_BYTES], struct err *err)
{
	int fd = create_tmp(dirfd, name, tmp, err);

	if (fd == -1)
		return -1;
	if (file_write_all(fd, p, n, err) == 0)
		return fd;
	err->cls = write_class(err->errnum, ERR_IO);
	close(fd);
	unlinkat(dirfd, tmp, 0);
	return -1;
}

/* Give TMP, open as FD, the name NAME.  1, 0 when NAME is taken, -1. */
static int
link_tmp(int dirfd, int fd, const char *tmp, const char *name,
    struct err *err)
{
	struct stat st;

	if (linkat(dirfd, tmp, dirfd, name, 0) == 0)
		return 1;
	if (errno != EEXIST)
		return err_sys(err, write_class(errno, ERR_CREATE),
		    "cannot link");
	/* NFS: an answer was lost, the second request saw our own link. */
	if (fstat(fd, &st) == 0 && st.st_nlink > 1)
		return 1;
	return 0;
}

int
spool_publish(struct spool *s, const char *path, const void *p, size_t n,
    struct err *err)
{
	char tmp[TMP_BYTES];
	const char *name = "";
	int dirfd, fd, rc = -1;

	if ((dirfd = open_parent(s, path, &name, err)) == -1)
		return -1;
	if ((fd = write_tmp(dirfd, name, p, n, tmp, err)) == -1)
		goto out;
	if (fsync(fd) == -1)
		err_sys(err, write_class(errno, ERR_IO), "cannot sync");
	else
		rc = link_tmp(dirfd, fd, tmp, name, err);
	close(fd);
	unlinkat(dirfd, tmp, 0);
	/* Also when somebody else was first: he may not have synced yet. */
	if (rc != -1 && fsync(dirfd) == -1) {
		err_sys(err, write_class(errno, ERR_IO),
		    "cannot sync the directory");
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
	char tmp[TMP_BYTES];
	const char *name = "";
	int dirfd, fd, rc = -1;

	if ((dirfd = open_parent(s, path, &name, err)) == -1)
		return -1;
	if ((fd = write_tmp(dirfd, name, p, n, tmp, err)) == -1)
		goto out;
	if (care == SPOOL_DURABLE && fsync(fd) == -1)
		err_sys(err, write_class(errno, ERR_IO), "cannot sync");
	else if (renameat(dirfd, tmp, dirfd, name) == -1)
		err_sys(err, write_class(errno, ERR_CREATE), "cannot rename");
	else
		rc = 0;
	close(fd);
	if (rc == -1)
		unlinkat(dirfd, tmp, 0);
	else if (care == SPOOL_DURABLE && fsync(dirfd) == -1)
		rc = err_sys(err, write_class(errno, ERR_IO),
		    "cannot sync the directory");
out:
	close(dirfd);
	return rc == -1 ? err_wrap(err, "'%s/%s'", s->dir, path) : 0;
}

int
spool_now_us(struct spool *s, int64_t *now_us, struct err *err)
{
	char tmp[TMP_BYTES];
	struct stat st;
	int fd, rc;

	if ((fd = create_tmp(s->fd, "now", tmp, err)) == -1)
		return err_wrap(err, "'%s'", s->dir);
	/* Closed before it is looked at: then NFS has asked its server. */
	rc = file_write_all(fd, "", 1, err);
	close(fd);
	if (rc == 0 && fstatat(s->fd, tmp, &st, AT_SYMLINK_NOFOLLOW) == -1)
		rc = err_sys(err, ERR_IO, "cannot stat");
	unlinkat(s->fd, tmp, 0);
	if (rc == -1)
		return err_wrap(err, "'%s/%s'", s->dir, tmp);
	*now_us = (int64_t)st.st_mtim.tv_sec * 1000000 +
	    st.st_mtim.tv_nsec / 1000;
	return 0;
}
