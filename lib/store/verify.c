#include "store/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/quarantine.h"

struct verify {
	struct spool			*s;
	const struct verify_conf	*conf;
	struct verify_result		*result;
	struct spool_key		 newest;	/* original; seq 0: none */
	uint32_t			 epoch;		/* whose init segment was
							   looked at last */
	int64_t				 since_us;	/* monotonic */
	uint64_t			 since_bytes;
	struct buf			 b;
};

/* So many bytes were read: sleep until the rate allows them. */
static void
slow_down(struct verify *v, uint64_t bytes)
{
	struct timespec ts;
	int64_t due_us, left_us;

	v->since_bytes += bytes;
	if (v->conf->rate == 0)
		return;
	due_us = v->since_us + (int64_t)((double)v->since_bytes /
	    (double)v->conf->rate * 1e6);
	while ((left_us = due_us - clock_mono_us()) > 0) {
		ts.tv_sec = (time_t)(left_us / 1000000);
		ts.tv_nsec = (long)(left_us % 1000000 * 1000);
		nanosleep(&ts, NULL);
	}
}

static int
report(struct verify *v, const struct spool_key *key,
    enum verify_finding finding, const char *path, const char *reason,
    struct err *err)
{
	if (strcmp(key->rendition, SPOOL_SRC) == 0)
		v->result->originals++;
	else
		v->result->others++;
	if (finding == VERIFY_UNREADABLE)
		v->result->unreadable++;
	return v->conf->fn(finding, path, reason, v->conf->arg, err);
}

/* A rendition that is gone is work again. */
static int
ask_again(struct verify *v, const struct spool_key *key, struct err *err)
{
	struct spool_key src = *key;

	memcpy(src.rendition, SPOOL_SRC, sizeof(SPOOL_SRC));
	if (strcmp(key->rendition, SPOOL_SRC) == 0 ||
	    !spool_exists(v->s, &src))
		return 0;
	return spool_ticket_put(v->s, &src, err);
}

/*
 * The newest original stays: numbers go on behind it, and a second fragment
 * of its number would not be what its renditions show.
 */
static bool
stays(const struct verify *v, const struct spool_key *key)
{
	return strcmp(key->rendition, SPOOL_SRC) == 0 &&
	    key->seq == v->newest.seq && key->epoch == v->newest.epoch;
}

/* What reading PATH failed with is in ERR. */
static int
judge(struct verify *v, const struct spool_key *key, const char *path,
    struct err *err)
{
	char reason[sizeof(err->text)];
	int rc;

	memcpy(reason, err->text, sizeof(reason));
	if (err->errnum == ENOENT)
		return 0;		/* expired meanwhile */
	if (err->cls == ERR_OS)
		return -1;
	/* A disk that cannot be read now may be read tomorrow. */
	if (err->cls != ERR_DATA)
		return report(v, key, VERIFY_UNREADABLE, path, reason, err);
	if (v->conf->list_only || stays(v, key))
		return report(v, key, VERIFY_KEPT, path, reason, err);
	if ((rc = quarantine_file(v->s, path, err)) != 1)
		return rc;
	if (key->seq != 0 && ask_again(v, key, err) == -1)
		return -1;
	return report(v, key, VERIFY_DAMAGED, path, reason, err);
}

/* The init segment of KEY's epoch. */
static int
verify_init(struct verify *v, const struct spool_key *key, struct err *err)
{
	struct spool_key init = *key;
	char path[SPOOL_PATH_BYTES];

	init.seq = 0;
	spool_init_path(key, path);
	buf_reset(&v->b);
	if (spool_read_init(v->s, key, &v->b, err) == 0) {
		v->result->files++;
		v->result->bytes += v->b.n;
		return 0;
	}
	if (err->errnum != ENOENT)
		return judge(v, &init, path, err);
	if (!spool_exists(v->s, key))
		return 0;
	return report(v, &init, VERIFY_MISSING, path,
	    "its fragments cannot be played", err);
}

static int
verify_one(const struct spool_key *key, void *arg, struct err *err)
{
	struct verify *v = arg;
	char path[SPOOL_PATH_BYTES];
	int rc;

	if (strcmp(key->rendition, SPOOL_SRC) != 0 && key->epoch != v->epoch) {
		v->epoch = key->epoch;
		if ((rc = verify_init(v, key, err)) != 0)
			return rc;
	}
	spool_path(key, path);
	buf_reset(&v->b);
	rc = spool_read(v->s, key, &v->b, err) == -1 ?
	    judge(v, key, path, err) : 0;
	v->result->files++;
	v->result->bytes += v->b.n;
	slow_down(v, v->b.n);
	return rc;
}

static bool
selected(const struct verify_conf *conf, const char *name)
{
	return conf->nnames == 0 ||
	    name_among(name, conf->names, conf->nnames);
}

static int
verify_rendition(struct verify *v, const char *stream, const char *name,
    struct err *err)
{
	if (!selected(v->conf, name))
		return 0;
	v->epoch = 0;
	return select_each(v->s, stream, name, &v->conf->select, verify_one,
	    v, err);
}

int
verify_stream(struct spool *s, const char *stream,
    const struct verify_conf *conf, struct verify_result *result,
    struct err *err)
{
	struct verify v = { .s = s, .conf = conf, .result = result,
	    .since_us = clock_mono_us() };
	char **names = NULL;
	size_t i;
	int rc;

	if (spool_newest(s, stream, SPOOL_SRC, &v.newest, err) == -1 ||
	    (names = spool_renditions(s, stream, err)) == NULL)
		return -1;
	buf_init(&v.b, LIMIT_FRAGMENT_BYTES);
	rc = verify_rendition(&v, stream, SPOOL_SRC, err);
	for (i = 0; names[i] != NULL && rc == 0; i++)
		rc = verify_rendition(&v, stream, names[i], err);
	buf_release(&v.b);
	spool_free_names(names);
	return rc;
}
