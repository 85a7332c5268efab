#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/fragment.h"
#include "store/archive.h"
#include "store/number.h"

#define READ_BYTES	65536

/* www/STREAM/RENDITION/init-EPOCH.mp4: seq is 0. */
static bool
parse_init(const char *path, struct spool_key *key)
{
	char again[SPOOL_PATH_BYTES];
	const char *stream, *rendition, *name;

	memset(key, 0, sizeof(*key));
	if (strncmp(path, "www/", 4) != 0)
		return false;
	stream = path + 4;
	if ((rendition = strchr(stream, '/')) == NULL ||
	    (name = strchr(rendition + 1, '/')) == NULL ||
	    rendition - stream >= NAME_BYTES ||
	    name - rendition - 1 >= NAME_BYTES)
		return false;
	memcpy(key->stream, stream, (size_t)(rendition - stream));
	memcpy(key->rendition, rendition + 1, (size_t)(name - rendition - 1));
	if (strncmp(name, "/init-", 6) != 0 ||
	    !number_is(name + 6, EPOCH_DIGITS, ".mp4", &key->epoch) ||
	    !name_ok(key->stream) || !name_ok(key->rendition))
		return false;
	spool_init_path(key, again);
	return strcmp(path, again) == 0;
}

/* www/STREAM/RENDITION/none-EPOCH: epoch and seq are 0. */
static bool
parse_none(const char *path, struct spool_key *key)
{
	char init[SPOOL_PATH_BYTES + 8], none[SPOOL_PATH_BYTES];
	const char *name = strrchr(path, '/');

	if (name == NULL || strncmp(name, "/none-", 6) != 0 ||
	    strlen(path) >= SPOOL_PATH_BYTES)
		return false;
	snprintf(init, sizeof(init), "%.*s/init-%s.mp4", (int)(name - path),
	    path, name + 6);
	if (!parse_init(init, key))
		return false;
	spool_none_path(key, none);
	key->epoch = 0;
	return strcmp(path, none) == 0;
}

/* Exactly a path of a spool, from its top. */
static bool
parse_name(const char *path, struct spool_key *key)
{
	char again[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;

	if (parse_init(path, key) || parse_none(path, key))
		return true;
	if (spool_parse_path(path, key, &ignored) == -1)
		return false;
	spool_path(key, again);
	return key->seq != 0 && key->epoch != 0 && strcmp(path, again) == 0;
}

static int
read_data(struct archive *a, struct buf *b, struct err *err)
{
	la_ssize_t n;
	uint8_t *to;

	buf_reset(b);
	for (;;) {
		if ((to = buf_room(b, READ_BYTES)) == NULL)
			return buf_ok(b, err);
		if ((n = archive_read_data(a, to, READ_BYTES)) == 0)
			return 0;
		if (n < 0)
			return err_set(err, ERR_DATA, "%s",
			    archive_error_string(a));
		b->n += (size_t)n;
	}
}

/* It is whole, and says that it is KEY. */
static int
check(const struct spool_key *key, const struct buf *b, struct err *err)
{
	struct fragment_info info;

	if (key->epoch == 0)
		return b->n == 0 ? 0 : err_set(err, ERR_DATA, "not empty");
	if (fragment_check(b->p, b->n, &info, err) == -1)
		return -1;
	if (info.epoch != key->epoch || info.seq != key->seq ||
	    info.name != fragment_name(key->stream, key->rendition))
		return err_set(err, ERR_DATA,
		    "it says itself that it belongs elsewhere");
	return 0;
}

/* The name was taken: by the same bytes? */
static int
compare(struct spool *s, const struct spool_key *key, const struct buf *b,
    struct err *err)
{
	struct buf there;
	int rc;

	buf_init(&there, LIMIT_FRAGMENT_BYTES);
	rc = key->seq == 0 ? spool_read_init(s, key, &there, err) :
	    spool_read(s, key, &there, err);
	if (rc == 0 && (there.n != b->n || memcmp(there.p, b->p, b->n) != 0))
		rc = err_set(err, ERR_DATA, "there is another one already");
	buf_release(&there);
	return rc;
}

/* What is done with each entry, B, once it is known to be whole. */
struct each {
	struct spool	*s;
	int		(*entry)(const struct each *each,
			    const struct spool_key *key, const char *path,
			    const struct buf *b, struct err *err);
	spool_fn	*fn;
	void		*arg;
};

static int
publish(const struct each *each, const struct spool_key *key,
    const char *path, const struct buf *b, struct err *err)
{
	int rc = spool_publish(each->s, path, b->p, b->n, err);

	if (rc == 0)
		return key->epoch == 0 ? 0 : compare(each->s, key, b, err);
	if (rc == -1 || key->seq == 0)
		return rc == -1 ? -1 : 0;
	if (strcmp(key->rendition, SPOOL_SRC) == 0 &&
	    spool_ticket_put(each->s, key, err) == -1)
		return -1;
	return each->fn(key, each->arg, err);
}

/* What is not here any more is no difference. */
static int
find_same(const struct each *each, const struct spool_key *key,
    const char *path, const struct buf *b, struct err *err)
{
	(void)path;
	if (key->epoch == 0)
		return 0;
	if (compare(each->s, key, b, err) == -1)
		return err->errnum == ENOENT ? 0 : -1;
	return key->seq == 0 ? 0 : each->fn(key, each->arg, err);
}

static int
take_entry(const struct each *each, struct archive *a,
    struct archive_entry *e, struct buf *b, struct err *err)
{
	const char *path = archive_entry_pathname(e);
	struct spool_key key;

	if (path == NULL || archive_entry_hardlink(e) != NULL ||
	    archive_entry_filetype(e) != AE_IFREG)
		return err_set(err, ERR_DATA, "'%.200s': not a regular file",
		    path == NULL ? "?" : path);
	if (!parse_name(path, &key))
		return err_set(err, ERR_DATA,
		    "'%.200s': not the path of a fragment in a spool", path);
	if (archive_entry_size(e) > LIMIT_FRAGMENT_BYTES)
		return err_set(err, ERR_DATA, "'%s': more than %d bytes", path,
		    LIMIT_FRAGMENT_BYTES);
	if (read_data(a, b, err) == -1 || check(&key, b, err) == -1 ||
	    each->entry(each, &key, path, b, err) == -1)
		return err_wrap(err, "'%s'", path);
	return 0;
}

static int
take_all(const struct each *each, int fd, struct err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	struct buf b;
	int rc = 0, next;

	if (a == NULL)
		return err_nomem(err);
	buf_init(&b, LIMIT_FRAGMENT_BYTES + READ_BYTES);
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK ||
	    archive_read_open_fd(a, fd, READ_BYTES) != ARCHIVE_OK)
		rc = err_set(err, ERR_DATA, "not a tar file: %s",
		    archive_error_string(a));
	while (rc == 0 &&
	    (next = archive_read_next_header(a, &e)) != ARCHIVE_EOF) {
		if (next == ARCHIVE_OK)
			rc = take_entry(each, a, e, &b, err);
		else
			rc = err_set(err, ERR_DATA, "bad tar file: %s",
			    archive_error_string(a));
	}
	archive_read_free(a);
	buf_release(&b);
	return rc;
}

int
archive_import(struct spool *s, int fd, spool_fn *fn, void *arg,
    struct err *err)
{
	return take_all(&(struct each){ s, publish, fn, arg }, fd, err);
}

int
archive_compare(struct spool *s, int fd, spool_fn *fn, void *arg,
    struct err *err)
{
	return take_all(&(struct each){ s, find_same, fn, arg }, fd, err);
}
