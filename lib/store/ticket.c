#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/list.h"
#include "store/number.h"
#include "store/spool.h"

/* "+000001+000000001" */
#define TAIL_BYTES	(1 + EPOCH_DIGITS + 1 + SEQ_DIGITS)

void
spool_ticket_name(const struct spool_key *key, char out[SPOOL_TICKET_BYTES])
{
	snprintf(out, SPOOL_TICKET_BYTES, "%s+%06" PRIu32 "+%09" PRIu32,
	    key->stream, key->epoch, key->seq);
}

static bool
parse_ticket(const char *name, struct spool_key *key)
{
	size_t n = strlen(name), stream_bytes;
	const char *tail;

	memset(key, 0, sizeof(*key));
	if (n <= TAIL_BYTES || n - TAIL_BYTES >= NAME_BYTES)
		return false;
	stream_bytes = n - TAIL_BYTES;
	tail = name + stream_bytes;
	if (tail[0] != '+' || tail[EPOCH_DIGITS + 1] != '+' ||
	    !number_is(tail + 1, EPOCH_DIGITS, NULL, &key->epoch) ||
	    !number_is(tail + EPOCH_DIGITS + 2, SEQ_DIGITS, "", &key->seq))
		return false;
	memcpy(key->stream, name, stream_bytes);
	memcpy(key->rendition, SPOOL_SRC, sizeof(SPOOL_SRC));
	return name_ok(key->stream);
}

int
spool_parse_ticket(const char *name, struct spool_key *key, struct err *err)
{
	if (!parse_ticket(name, key))
		return err_set(err, ERR_DATA, "'%s' is no ticket", name);
	return 0;
}

const char *
spool_queue_name(enum spool_queue q)
{
	return q == QUEUE_LATER ? "later" : "queue";
}

static void
ticket_path(const struct spool_key *key, enum spool_queue q,
    char out[SPOOL_PATH_BYTES])
{
	char name[SPOOL_TICKET_BYTES];

	spool_ticket_name(key, name);
	snprintf(out, SPOOL_PATH_BYTES, "%s/%s", spool_queue_name(q), name);
}

static int
create(struct spool *s, const char *path, struct err *err)
{
	int fd;

	fd = openat(s->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0666);
	if (fd == -1 && errno == EEXIST)
		return 0;
	if (fd == -1)
		return err_sys(err, ERR_CREATE, "cannot create '%s/%s'",
		    s->dir, path);
	close(fd);
	return 0;
}

int
spool_ticket_put(struct spool *s, const struct spool_key *key,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	ticket_path(key, QUEUE_LIVE, path);
	return create(s, path, err);
}

/* Spools that are older than it have no such directory. */
static int
make_later(struct spool *s, struct err *err)
{
	const char *dir = spool_queue_name(QUEUE_LATER);

	if (faccessat(s->fd, dir, F_OK, 0) == 0 ||
	    mkdirat(s->fd, dir, 0777) == 0 || errno == EEXIST)
		return 0;
	return err_sys(err, ERR_CREATE, "cannot create '%s/%s'", s->dir, dir);
}

int
spool_ticket_defer(struct spool *s, const struct spool_key *key,
    struct err *err)
{
	char from[SPOOL_PATH_BYTES], to[SPOOL_PATH_BYTES];

	ticket_path(key, QUEUE_LIVE, from);
	ticket_path(key, QUEUE_LATER, to);
	if (make_later(s, err) == -1)
		return -1;
	if (renameat(s->fd, from, s->fd, to) == 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot put off '%s/%s'", s->dir,
		    from);
	return create(s, to, err);
}

int
spool_ticket_drop(struct spool *s, const struct spool_key *key,
    struct err *err)
{
	static const enum spool_queue queues[] = { QUEUE_LIVE, QUEUE_LATER };
	char path[SPOOL_PATH_BYTES];
	size_t i;

	for (i = 0; i < 2; i++) {
		ticket_path(key, queues[i], path);
		if (unlinkat(s->fd, path, 0) == -1 && errno != ENOENT)
			return err_sys(err, ERR_IO, "cannot remove '%s/%s'",
			    s->dir, path);
	}
	return 0;
}

int
spool_each_ticket(struct spool *s, enum spool_queue q, spool_fn *fn,
    void *arg, struct err *err)
{
	struct list l;
	struct spool_key key;
	const char *name = NULL;
	int rc, end = 0;

	if (list_open(&l, s, spool_queue_name(q), err) == -1)
		return -1;
	while (end == 0 && (rc = list_next(&l, &name, err)) != 0)
		if (rc == -1)
			end = -1;
		else if (parse_ticket(name, &key))
			end = fn(&key, arg, err);
	list_close(&l);
	return end;
}
