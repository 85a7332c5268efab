#include "store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/dec.h"
#include "base/err.h"
#include "base/file.h"
#include "media/fragment.h"
#include "store/number.h"

#define DIR_FLAGS	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/* The spool's own name, which may be new; it need not be readable above. */
static int
sync_above(struct spool *s, struct err *err)
{
	int fd = openat(s->fd, "..", DIR_FLAGS), rc;

	if (fd == -1 && errno == EACCES)
		return 0;
	if (fd == -1)
		return err_sys(err, ERR_IO, "cannot open '%s/..'", s->dir);
	if ((rc = fsync(fd)) == -1)
		err_sys(err, ERR_IO, "cannot sync '%s/..'", s->dir);
	close(fd);
	return rc;
}

static int
make_top(struct spool *s, struct err *err)
{
	static const struct {
		const char	*name;
		mode_t		 mode;
	} top[] = {
		{ "src", 0750 }, { "www", 0777 }, { "queue", 0777 },
		{ "index", 0750 }, { "claimed", 0777 },
		{ "later", 0777 }, { "failed", 0777 }
	};
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (mkdirat(s->fd, top[i].name, top[i].mode) == -1 &&
		    errno != EEXIST)
			return err_sys(err, ERR_CREATE, "cannot create '%s/%s'",
			    s->dir, top[i].name);
	if (fsync(s->fd) == -1)
		return err_sys(err, ERR_IO, "cannot sync '%s'", s->dir);
	return sync_above(s, err);
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
	bool original = strcmp(key->rendition, SPOOL_SRC) == 0;

	/* The longest names and numbers fit. */
	out = stpcpy(stpcpy(out, original ? "src/" : "www/"), key->stream);
	if (!original)
		out = stpcpy(stpcpy(out, "/"), key->rendition);
	out = dec_put(stpcpy(out, "/"), key->epoch, EPOCH_DIGITS);
	out = dec_put(stpcpy(out, "/"), key->seq / SPOOL_GROUP, GROUP_DIGITS);
	out = dec_put(stpcpy(out, "/"), key->seq, SEQ_DIGITS);
	stpcpy(out, original ? ".mp4" : ".m4s");
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
cut_last(const char *path, size_t n, char out[NAME_BYTES])
{
	size_t from = n;

	while (from > 0 && path[from - 1] != '/')
		from--;
	if (from == n || n - from >= NAME_BYTES)
		return SIZE_MAX;
	memcpy(out, path + from, n - from);
	out[n - from] = '\0';
	return from > 0 ? from - 1 : 0;
}

static bool
parse_path(const char *path, struct spool_key *key)
{
	char part[NAME_BYTES];
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
	    name_ok(key->stream) && name_ok(key->rendition) &&
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

/* A file that was copied or moved to another name is not what it seems. */
static int
check_identity(const struct spool_key *key, uint32_t seq,
    const struct fragment_info *info, struct err *err)
{
	if (info->epoch != key->epoch || info->seq != seq)
		return err_set(err, ERR_DATA, "misplaced: is fragment %" PRIu32
		    " of epoch %" PRIu32, info->seq, info->epoch);
	if (info->name != fragment_name(key->stream, key->rendition))
		return err_set(err, ERR_DATA, "misplaced: is of another "
		    "stream or rendition");
	return 0;
}

/* Append PATH, which must be whole and what KEY and SEQ say. */
static int
read_checked(struct spool *s, const char *path, const struct spool_key *key,
    uint32_t seq, struct buf *b, struct err *err)
{
	struct fragment_info info;
	size_t at = b->n;

	if (file_slurp(s->fd, path, b, err) == -1)
		return err_wrap(err, "spool '%s'", s->dir);
	if (fragment_check(b->p + at, b->n - at, &info, err) == -1 ||
	    check_identity(key, seq, &info, err) == -1)
		return err_wrap(err, "'%s/%s'", s->dir, path);
	return 0;
}

int
spool_read(struct spool *s, const struct spool_key *key, struct buf *b,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	spool_path(key, path);
	return read_checked(s, path, key, key->seq, b, err);
}

int
spool_read_init(struct spool *s, const struct spool_key *key, struct buf *b,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	spool_init_path(key, path);
	return read_checked(s, path, key, 0, b, err);
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
	if (rc == 0 && info->bytes != (uint64_t)st.st_size)
		rc = err_set(err, ERR_DATA, "damaged: %jd bytes of %" PRIu64,
		    (intmax_t)st.st_size, info->bytes);
	if (rc == 0)
		rc = check_identity(key, key->seq, info, err);
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
spool_init_exists(struct spool *s, const struct spool_key *key)
{
	char path[SPOOL_PATH_BYTES];

	spool_init_path(key, path);
	return path_exists(s, path);
}

bool
spool_none(struct spool *s, const struct spool_key *key)
{
	char path[SPOOL_PATH_BYTES];

	spool_none_path(key, path);
	return path_exists(s, path);
}

bool
spool_has_stream(struct spool *s, const char *stream)
{
	char path[SPOOL_PATH_BYTES];

	snprintf(path, sizeof(path), "src/%s", stream);
	if (path_exists(s, path))
		return true;
	snprintf(path, sizeof(path), "www/%s", stream);
	return path_exists(s, path);
}

int
spool_mtime_us(struct spool *s, const struct spool_key *key,
    int64_t *mtime_us, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct stat st;

	spool_path(key, path);
	if (fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(err, ERR_INPUT, "cannot stat '%s/%s'", s->dir,
		    path);
	*mtime_us = (int64_t)st.st_mtim.tv_sec * 1000000 +
	    st.st_mtim.tv_nsec / 1000;
	return 0;
}

int
spool_remove(struct spool *s, const struct spool_key *key, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	spool_path(key, path);
	if (unlinkat(s->fd, path, 0) == 0) {
		memcpy(strrchr(path, '.'), ".jpg", sizeof(".jpg"));
		unlinkat(s->fd, path, 0);
		return 1;
	}
	if (errno == ENOENT)
		return 0;
	return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir, path);
}
