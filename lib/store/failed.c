#include "store/failed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/list.h"

#define DIR	"failed"

static void
parked_path(const struct spool_key *key, char out[SPOOL_PATH_BYTES])
{
	char name[SPOOL_TICKET_BYTES];

	spool_ticket_name(key, name);
	snprintf(out, SPOOL_PATH_BYTES, DIR "/%s", name);
}

static void
try_path(const struct spool_key *key, unsigned n, char out[SPOOL_PATH_BYTES])
{
	char name[SPOOL_TICKET_BYTES];

	spool_ticket_name(key, name);
	snprintf(out, SPOOL_PATH_BYTES, DIR "/%s@%u", name, n);
}

int
failed_note(struct spool *s, const struct spool_key *key, unsigned tries,
    const char *reason, struct err *err)
{
	char path[SPOOL_PATH_BYTES], line[LIMIT_FAILED_BYTES];
	size_t bytes;
	unsigned n;
	int rc = 0;

	snprintf(line, sizeof(line), "%s\n", reason);
	bytes = strlen(line);
	for (n = 1; n <= tries && rc == 0; n++) {
		try_path(key, n, path);
		rc = spool_publish(s, path, line, bytes, err);
	}
	if (rc == -1 || n <= tries)
		return rc == -1 ? -1 : 0;
	parked_path(key, path);
	if (spool_publish(s, path, line, bytes, err) == -1 ||
	    spool_ticket_drop(s, key, err) == -1)
		return -1;
	return 1;
}

bool
failed_parked(struct spool *s, const struct spool_key *key)
{
	char path[SPOOL_PATH_BYTES];

	parked_path(key, path);
	return faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int
failed_reason(struct spool *s, const struct spool_key *key, struct buf *b,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct buf line;
	size_t i;
	int rc;

	parked_path(key, path);
	buf_init(&line, LIMIT_FAILED_BYTES);
	rc = file_slurp(s->fd, path, &line, err);
	/* Whoever wrote it: it is shown on a terminal. */
	for (i = 0; rc == 0 && i < line.n && line.p[i] != '\n'; i++)
		buf_put_u8(b, line.p[i] < 0x20 || line.p[i] == 0x7f ? '?' :
		    line.p[i]);
	buf_release(&line);
	return rc == 0 ? buf_ok(b, err) : -1;
}

/* 1, 0 when it is not there, -1. */
static int
remove_file(struct spool *s, const char *path, struct err *err)
{
	if (unlinkat(s->fd, path, 0) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir, path);
}

int
failed_forget(struct spool *s, const struct spool_key *key, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	int parked, rc = 1;
	unsigned n;

	parked_path(key, path);
	if ((parked = remove_file(s, path, err)) == -1)
		return -1;
	for (n = 1; rc == 1; n++) {
		try_path(key, n, path);
		rc = remove_file(s, path, err);
	}
	return rc == -1 ? -1 : parked;
}

int
failed_each(struct spool *s, spool_fn *fn, void *arg, struct err *err)
{
	struct err ignored = ERR_INIT;
	const char *name = NULL;
	struct spool_key key;
	struct list l;
	int rc, end = 0;

	if (list_open(&l, s, DIR, err) == -1)
		return -1;
	while (end == 0 && (rc = list_next(&l, &name, err)) != 0)
		if (rc == -1)
			end = -1;
		else if (spool_parse_ticket(name, &key, &ignored) == 0)
			end = fn(&key, arg, err);
	list_close(&l);
	return end;
}

static int
stop(const struct spool_key *key, void *arg, struct err *err)
{
	(void)key;
	(void)arg;
	(void)err;
	return 1;
}

bool
failed_any(struct spool *s)
{
	struct err ignored = ERR_INIT;

	return failed_each(s, stop, NULL, &ignored) != 0;
}
