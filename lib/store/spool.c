#include "store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "media/fragment.h"
#include "store/number.h"

#define DIR_FLAGS	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define TMP_BYTES	128	/* dot, name, random number */

static bool
name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return true;
	return !first && (c == '.' || c == '_' || c == '-');
}

bool
spool_name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (i == SPOOL_NAME_BYTES - 1 || !name_char(name[i], i == 0))
			return false;
	return i > 0;
}

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static int
make_top(struct spool *s, struct err *err)
{
	static const struct {
		const char	*name;
		mode_t		 mode;
	} top[] = {
		{ "src", 0750 }, { "www", 0777 }, { "queue", 0777 }
	};
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (mkdirat(s->fd, top[i].name, top[i].mode) == -1 &&
		    errno != EEXIST)
			return err_sys(err, ERR_CREATE, "cannot create '%s/%s'",
			    s->dir, top[i].name);
	if (fsync(s->fd) == -1)
		return err_sys(err, ERR_IO, "cannot sync '%s'", s->dir);
	return 0;
}

int
spool_open(struct spool *s, const char *dir, bool create, struct err *err)
{
	size_t n = strlen(dir);

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if (!printable(dir))
		return err_set(err, ERR_INPUT,
		    "spool '%s': control bytes in its name", dir);
	if (create && mkdir(dir, 0777) == -1 && errno != EEXIST)
		return err_sys(err, ERR_CREATE, "cannot create '%s'", dir);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	if ((s->dir = strndup(dir, n)) == NULL)
		return err_nomem(err);
	if ((s->fd = open(dir, DIR_FLAGS)) == -1) {
		err_sys(err, ERR_INPUT, "cannot open spool '%s'", dir);
		spool_close(s);
		return -1;
	}
	if (create && make_top(s, err) == -1) {
		spool_close(s);
		return -1;
	}
	return 0;
}

void
spool_close(struct spool *s)
{
	if (s->fd != -1)
		close(s->fd);
	free(s->dir);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

void
spool_path(const struct spool_key *key, char out[SPOOL_PATH_BYTES])
{
	uint32_t group = key->seq / SPOOL_GROUP;

	if (strcmp(key->rendition, SPOOL_SRC) == 0)
		snprintf(out, SPOOL_PATH_BYTES, "src/%s/%06" PRIu32 "/%06"
		    PRIu32 "/%09" PRIu32 ".mp4", key->stream, key->epoch,
		    group, key->seq);
	else
		snprintf(out, SPOOL_PATH_BYTES, "www/%s/%s/%06" PRIu32 "/%06"
		    PRIu32 "/%09" PRIu32 ".m4s", key->stream, key->rendition,
		    key->epoch, group, key->seq);
}

void
spool_init_path(const struct spool_key *key, char out[SPOOL_PATH_BYTES])
{
	snprintf(out, SPOOL_PATH_BYTES, "www/%s/%s/init-%06" PRIu32 ".mp4",
	    key->stream, key->rendition, key->epoch);
}

void
spool_none_path(const struct spool_key *key, char out[SPOOL_PATH_BYTES])
{
	snprintf(out, SPOOL_PATH_BYTES, "www/%s/%s/none-%06" PRIu32,
	    key->stream, key->rendition, key->epoch);
}

/*
 * Cut the last component off the N bytes at PATH.  It must fit into OUT.
 * The length of what is left, without the slash; SIZE_MAX when it is not so.
 */
static size_t
cut_last(const char *path, size_t n, char out[SPOOL_NAME_BYTES])
{
	size_t from = n;

	while (from > 0 && path[from - 1] != '/')
		from--;
	if (from == n || n - from >= SPOOL_NAME_BYTES)
		return SIZE_MAX;
	memcpy(out, path + from, n - from);
	out[n - from] = '\0';
	return from > 0 ? from - 1 : 0;
}

static bool
parse_path(const char *path, struct spool_key *key)
{
	char part[SPOOL_NAME_BYTES];
	uint32_t group;
	size_t n = strlen(path);
	bool original;

	memset(key, 0, sizeof(*key));
	if ((n = cut_last(path, n, part)) == SIZE_MAX)
		return false;
	original = number_is(part, SEQ_DIGITS, ".mp4", &key->seq);
	if (!original && !number_is(part, SEQ_DIGITS, ".m4s", &key->seq))
		return false;
	if ((n = cut_last(path, n, part)) == SIZE_MAX ||
	    !number_is(part, GROUP_DIGITS, "", &group) ||
	    group != key->seq / SPOOL_GROUP)
		return false;
	if ((n = cut_last(path, n, part)) == SIZE_MAX ||
	    !number_is(part, EPOCH_DIGITS, "", &key->epoch))
		return false;
	if (original)
		memcpy(key->rendition, SPOOL_SRC, sizeof(SPOOL_SRC));
	else if ((n = cut_last(path, n, key->rendition)) == SIZE_MAX)
		return false;
	if ((n = cut_last(path, n, key->stream)) == SIZE_MAX ||
	    cut_last(path, n, part) == SIZE_MAX)
		return false;
	return strcmp(part, original ? "src" : "www") == 0 &&
	    spool_name_ok(key->stream) && spool_name_ok(key->rendition) &&
	    (strcmp(key->rendition, SPOOL_SRC) == 0) == original;
}

int
spool_parse_path(const char *path, struct spool_key *key, struct err *err)
{
	if (!parse_path(path, key))
		return err_set(err, ERR_DATA,
		    "'%s' is not the path of a fragment in a spool", path);
	return 0;
}

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

/* A new file with the N bytes at P, synced.  Its open descriptor, or -1. */
static int
write_tmp(int dirfd, const char *name, const void *p, size_t n,
    char tmp[TMP_BYTES], struct err *err)
{
	int fd = create_tmp(dirfd, name, tmp, err);

	if (fd == -1)
		return -1;
	if (file_write_all(fd, p, n, err) == -1) {
		err->cls = write_class(err->errnum, ERR_IO);
		goto fail;
	}
	if (fsync(fd) == -1) {
		err_sys(err, write_class(errno, ERR_IO), "cannot sync");
		goto fail;
	}
	return fd;
fail:
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
    struct err *err)
{
	char tmp[TMP_BYTES];
	const char *name = "";
	int dirfd, fd, rc = -1;

	if ((dirfd = open_parent(s, path, &name, err)) == -1)
		return -1;
	if ((fd = write_tmp(dirfd, name, p, n, tmp, err)) == -1)
		goto out;
	close(fd);
	if (renameat(dirfd, tmp, dirfd, name) == -1) {
		err_sys(err, write_class(errno, ERR_CREATE), "cannot rename");
		unlinkat(dirfd, tmp, 0);
		goto out;
	}
	rc = 0;
out:
	close(dirfd);
	return rc == -1 ? err_wrap(err, "'%s/%s'", s->dir, path) : 0;
}

int
spool_read(struct spool *s, const struct spool_key *key, struct buf *b,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	spool_path(key, path);
	if (file_slurp(s->fd, path, b, err) == -1)
		return err_wrap(err, "spool '%s'", s->dir);
	return 0;
}

int
spool_info(struct spool *s, const struct spool_key *key,
    struct fragment_info *info, uint64_t *bytes, struct err *err)
{
	uint8_t head[FRAGMENT_HEAD_BYTES];
	char path[SPOOL_PATH_BYTES];
	struct stat st;
	ssize_t n;
	int fd, rc = -1;

	spool_path(key, path);
	fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return err_sys(err, ERR_INPUT, "cannot open '%s/%s'", s->dir,
		    path);
	if (fstat(fd, &st) == -1)
		err_sys(err, ERR_IO, "cannot stat");
	else if ((n = file_read_some(fd, head, sizeof(head), err)) != -1)
		rc = fragment_get_info(head, (size_t)n, info, err);
	close(fd);
	if (rc == -1)
		return err_wrap(err, "'%s/%s'", s->dir, path);
	*bytes = (uint64_t)st.st_size;
	return 0;
}

static bool
path_exists(struct spool *s, const char *path)
{
	return faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
spool_exists(struct spool *s, const struct spool_key *key)
{
	char path[SPOOL_PATH_BYTES];

	spool_path(key, path);
	return path_exists(s, path);
}

bool
spool_none(struct spool *s, const struct spool_key *key)
{
	char path[SPOOL_PATH_BYTES];

	spool_none_path(key, path);
	return path_exists(s, path);
}
