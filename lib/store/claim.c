#include "store/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/list.h"

#define CLAIMED		"claimed"

static void
ticket_path(const struct spool_key *key, enum spool_queue q,
    char out[SPOOL_PATH_BYTES])
{
	char name[SPOOL_TICKET_BYTES];

	spool_ticket_name(key, name);
	snprintf(out, SPOOL_PATH_BYTES, "%s/%s", spool_queue_name(q), name);
}

static void
claim_path(const struct claim *c, char out[SPOOL_PATH_BYTES])
{
	char name[SPOOL_TICKET_BYTES];

	spool_ticket_name(&c->key, name);
	snprintf(out, SPOOL_PATH_BYTES, CLAIMED "/%s@%s", name, c->owner);
}

static int
cannot(const struct spool *s, const char *what, const char *path,
    struct err *err)
{
	return err_sys(err, ERR_IO, "cannot %s '%s/%s'", what, s->dir, path);
}

/* put makes it with the spool: hosts that race to make one harm GlusterFS. */
static int
make_claimed(struct spool *s, struct err *err)
{
	if (faccessat(s->fd, CLAIMED, F_OK, 0) == 0)
		return 0;
	if (mkdirat(s->fd, CLAIMED, 0777) == -1 && errno != EEXIST)
		return err_sys(err, ERR_CREATE, "cannot create '%s/%s'",
		    s->dir, CLAIMED);
	return 0;
}

int
claim_take(struct spool *s, enum spool_queue q, const struct spool_key *key,
    const char *owner, struct err *err)
{
	struct claim c = { .key = *key };
	char from[SPOOL_PATH_BYTES], to[SPOOL_PATH_BYTES];

	snprintf(c.owner, sizeof(c.owner), "%s", owner);
	ticket_path(key, q, from);
	claim_path(&c, to);
	if (make_claimed(s, err) == -1)
		return -1;
	if (renameat(s->fd, from, s->fd, to) == -1) {
		if (errno != ENOENT)
			return cannot(s, "claim", from, err);
		/* NFS: an answer was lost, the second request found nothing. */
		if (faccessat(s->fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
			return 0;
	}
	/* Who watched an older claim of ours sees that this is another. */
	return claim_renew(s, &c, err) == -1 ? -1 : 1;
}

int
claim_renew(struct spool *s, const struct claim *c, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	claim_path(c, path);
	if (utimensat(s->fd, path, NULL, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno != ENOENT)
		return cannot(s, "touch", path, err);
	return 0;
}

int
claim_drop(struct spool *s, const struct claim *c, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	claim_path(c, path);
	if (unlinkat(s->fd, path, 0) == -1 && errno != ENOENT)
		return cannot(s, "remove", path, err);
	return 0;
}

int
claim_back(struct spool *s, const struct claim *c, struct err *err)
{
	char from[SPOOL_PATH_BYTES], to[SPOOL_PATH_BYTES];

	claim_path(c, from);
	ticket_path(&c->key, QUEUE_LIVE, to);
	if (renameat(s->fd, from, s->fd, to) == 0)
		return 1;
	return errno == ENOENT ? 0 : cannot(s, "put back", from, err);
}

int
claim_changed(struct spool *s, const struct claim *c, int64_t *changed_ns,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct stat st;
	int fd, rc;

	claim_path(c, path);
	/* Opened, so that NFS asks its server and not its cache. */
	fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return errno == ENOENT ? 0 : cannot(s, "open", path, err);
	rc = fstat(fd, &st);
	close(fd);
	if (rc == -1)
		return cannot(s, "stat", path, err);
	*changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 +
	    st.st_mtim.tv_nsec;
	return 1;
}

static bool
parse_claim(const char *name, struct claim *c)
{
	char ticket[SPOOL_TICKET_BYTES];
	const char *at = strchr(name, '@');
	struct err ignored = ERR_INIT;

	if (at == NULL || (size_t)(at - name) >= sizeof(ticket) ||
	    !name_ok(at + 1))
		return false;
	memcpy(ticket, name, (size_t)(at - name));
	ticket[at - name] = '\0';
	snprintf(c->owner, sizeof(c->owner), "%s", at + 1);
	return spool_parse_ticket(ticket, &c->key, &ignored) == 0;
}

int
claim_each(struct spool *s, claim_fn *fn, void *arg, struct err *err)
{
	const char *name = NULL;
	struct claim c;
	struct list l;
	int rc, end = 0;

	if (list_open(&l, s, CLAIMED, err) == -1)
		return -1;
	while (end == 0 && (rc = list_next(&l, &name, err)) != 0)
		if (rc == -1)
			end = -1;
		else if (parse_claim(name, &c))
			end = fn(&c, arg, err);
	list_close(&l);
	return end;
}
