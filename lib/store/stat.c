#include "store/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/select.h"

struct count {
	struct spool		*s;
	struct stream_stat	*st;
	struct spool_key	 newest;
};

static int
count_fragment(const struct spool_key *key, void *arg, struct err *err)
{
	struct count *c = arg;
	char path[SPOOL_PATH_BYTES];
	struct stat st;

	spool_path(key, path);
	if (fstatat(c->s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;	/* removed meanwhile */
		return err_sys(err, ERR_IO, "cannot stat '%s/%s'", c->s->dir,
		    path);
	}
	if (c->st->fragments == 0)
		c->st->first = key->seq;
	if (c->st->fragments == 0 || key->epoch != c->newest.epoch)
		c->st->epochs++;
	c->st->last = key->seq;
	c->st->fragments++;
	c->st->bytes += (uint64_t)st.st_size;
	c->newest = *key;
	return 0;
}

int
stat_stream(struct spool *s, const char *stream, struct stream_stat *st,
    struct err *err)
{
	struct count c = { .s = s, .st = st };

	memset(st, 0, sizeof(*st));
	snprintf(st->stream, sizeof(st->stream), "%s", stream);
	if (spool_each(s, stream, SPOOL_SRC, 0, SPOOL_SEQ_MAX, count_fragment,
	    &c, err) == -1)
		return -1;
	if (st->fragments == 0)
		return 0;
	return select_arrival_us(s, &c.newest, NULL, &st->newest_us, err);
}

static int
count_pending(const struct spool_key *key, void *arg, struct err *err)
{
	struct stream_stat *st = arg;

	(void)key;
	(void)err;
	st->pending++;
	return 0;
}

int
stat_pending(struct spool *s, const struct ladder *l, struct stream_stat *st,
    struct err *err)
{
	const struct pending p = { s, l, PENDING_LIVE, PENDING_OLDEST_FIRST,
	    SELECT_ALL };

	st->pending = 0;
	return pending_each(&p, st->stream, count_pending, st, err);
}

struct tickets {
	struct stream_stat	*st;
	size_t			 n;
};

static int
count_ticket(const struct spool_key *key, void *arg, struct err *err)
{
	struct tickets *t = arg;
	size_t i;

	(void)err;
	for (i = 0; i < t->n; i++)
		if (strcmp(t->st[i].stream, key->stream) == 0)
			t->st[i].tickets++;
	return 0;
}

int
stat_tickets(struct spool *s, struct stream_stat *st, size_t n,
    struct err *err)
{
	struct tickets t = { st, n };
	size_t i;

	for (i = 0; i < n; i++)
		st[i].tickets = 0;
	return spool_each_ticket(s, count_ticket, &t, err);
}
