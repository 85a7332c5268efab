#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "store/expire_impl.h"
#include "store/list.h"
#include "store/number.h"

#define STALE_S		3600		/* dot files of dead writers */

static void
rendition_dir(const struct expire_cursor *c, const char *name,
    char out[SPOOL_PATH_BYTES])
{
	if (strcmp(name, SPOOL_SRC) == 0)
		snprintf(out, SPOOL_PATH_BYTES, "src/%s", c->stream);
	else
		snprintf(out, SPOOL_PATH_BYTES, "www/%s/%s", c->stream, name);
}

/* What is not empty, or gone, is no error. */
static int
remove_dir(const struct expire_cursor *c, const char *path, struct err *err)
{
	if (unlinkat(c->s->fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT ||
	    errno == ENOTEMPTY || errno == EEXIST)
		return 0;
	return err_sys(err, ERR_IO, "cannot remove '%s/%s'", c->s->dir, path);
}

static int
remove_group(const struct expire_cursor *c, const char *name,
    const struct expire_place *p, struct err *err)
{
	struct spool_key key = { .epoch = p->epoch,
	    .seq = p->group * SPOOL_GROUP };
	char path[SPOOL_PATH_BYTES];

	memcpy(key.stream, c->stream, sizeof(key.stream));
	snprintf(key.rendition, sizeof(key.rendition), "%s", name);
	if (spool_sweep(c->s, &key, STALE_S, err) == -1)
		return -1;
	spool_path(&key, path);
	*strrchr(path, '/') = '\0';
	return remove_dir(c, path, err);
}

/* No fragment of the epoch is left, neither original nor of KEY. */
static int
epoch_gone(const struct expire_cursor *c, const struct spool_key *key,
    struct err *err)
{
	struct spool_key src = *key;
	int rc;

	memcpy(src.rendition, SPOOL_SRC, sizeof(SPOOL_SRC));
	rc = spool_any(c->s, &src, 0, SPOOL_SEQ_MAX, err);
	if (rc == 0)
		rc = spool_any(c->s, key, 0, SPOOL_SEQ_MAX, err);
	return rc == -1 ? -1 : !rc;
}

/* NAME is an init segment or none file; remove it if its epoch is gone. */
static int
remove_head(const struct expire_cursor *c, const char *rendition,
    const char *dir, const char *name, struct err *err)
{
	struct spool_key key = { 0 };
	char path[2 * SPOOL_PATH_BYTES];
	const char *rest;
	int rc;

	if (strncmp(name, "init-", 5) == 0)
		rest = ".mp4";
	else if (strncmp(name, "none-", 5) == 0)
		rest = "";
	else
		return 0;
	if (!number_is(name + 5, EPOCH_DIGITS, rest, &key.epoch) ||
	    key.epoch >= c->newest.epoch)
		return 0;
	memcpy(key.stream, c->stream, sizeof(key.stream));
	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	if ((rc = epoch_gone(c, &key, err)) != 1)
		return rc;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (unlinkat(c->s->fd, path, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot remove '%s/%s'", c->s->dir,
		    path);
	return 0;
}

static int
remove_heads(const struct expire_cursor *c, const char *rendition,
    struct err *err)
{
	char dir[SPOOL_PATH_BYTES];
	const char *name = NULL;
	struct list l;
	int rc;

	rendition_dir(c, rendition, dir);
	if (list_open(&l, c->s, dir, err) == -1)
		return -1;
	while ((rc = list_next(&l, &name, err)) == 1)
		if (remove_head(c, rendition, dir, name, err) == -1) {
			rc = -1;
			break;
		}
	list_close(&l);
	return rc;
}

static int
tidy_rendition(const struct expire_cursor *c, const char *name,
    struct err *err)
{
	char dir[SPOOL_PATH_BYTES], path[SPOOL_PATH_BYTES + 8];
	const struct expire_place *p;
	size_t i;

	rendition_dir(c, name, dir);
	for (i = 0; i < c->at; i++) {
		p = &c->places[i];
		if (p->epoch > c->newest.epoch ||
		    (p->epoch == c->newest.epoch &&
		    p->group >= c->newest.seq / SPOOL_GROUP))
			break;		/* where put may be at work */
		if (remove_group(c, name, p, err) == -1)
			return -1;
		if (p->epoch == c->newest.epoch)
			continue;
		snprintf(path, sizeof(path), "%s/%06" PRIu32, dir, p->epoch);
		if (remove_dir(c, path, err) == -1)
			return -1;
	}
	return strcmp(name, SPOOL_SRC) == 0 ? 0 : remove_heads(c, name, err);
}

int
expire_tidy(struct expire_cursor *c, struct err *err)
{
	size_t i;

	for (i = 0; c->names[i] != NULL; i++)
		if (tidy_rendition(c, c->names[i], err) == -1)
			return -1;
	return 0;
}
