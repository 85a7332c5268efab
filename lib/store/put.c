#include "store/put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "media/fragment.h"
#include "media/mp4.h"

#define STALE_S		3600
#define TRIES		100	/* lost races in a row: something is wrong */

/* Go on behind whatever is the newest fragment now. */
static int
find_last(struct put *p, struct err *err)
{
	struct spool_key newest;
	int rc;

	rc = spool_newest(p->s, p->last.stream, SPOOL_SRC, &newest, err);
	if (rc == -1)
		return -1;
	p->last.epoch = rc == 1 ? newest.epoch : 0;
	p->last.seq = rc == 1 ? newest.seq : 0;
	p->own = false;
	return 0;
}

int
put_begin(struct put *p, struct spool *s, const char *stream,
    struct err *err)
{
	memset(p, 0, sizeof(*p));
	p->s = s;
	snprintf(p->last.stream, sizeof(p->last.stream), "%s", stream);
	memcpy(p->last.rendition, SPOOL_SRC, sizeof(SPOOL_SRC));
	if (find_last(p, err) == -1)
		return -1;
	return p->last.seq == 0 ? 0 : spool_sweep(s, &p->last, STALE_S, err);
}

int
put_check(const uint8_t *fragment, size_t n, struct err *err)
{
	struct fragment_info info;
	struct mp4 m = { 0 };
	int rc = -1;

	if (fragment_check(fragment, n, &info, err) == -1)
		return -1;
	if (mp4_parse(&m, fragment, n, err) == -1)
		goto out;
	if (m.ntracks == 0 || m.nruns == 0) {
		err_set(err, ERR_DATA, "a fragment without %s",
		    m.ntracks == 0 ? "tracks" : "samples");
		goto out;
	}
	rc = 0;
out:
	mp4_release(&m);
	return rc;
}

/* The number of the next fragment; it may be the first of an epoch. */
static int
next_key(const struct put *p, bool new_epoch, struct spool_key *key,
    struct err *err)
{
	*key = p->last;
	if (new_epoch) {
		if (key->epoch == SPOOL_EPOCH_MAX)
			return err_set(err, ERR_DATA,
			    "stream '%s' is out of epochs", key->stream);
		key->epoch++;
	}
	if (key->seq == SPOOL_SEQ_MAX)
		return err_set(err, ERR_DATA,
		    "stream '%s' is out of numbers", key->stream);
	key->seq++;
	return 0;
}

/*
 * 1 when another put stored at the same time what makes KEY's place wrong: a
 * newer epoch has a fragment that is not behind it, or an older one has one
 * that is not in front of it.  0, or -1.
 *
 * Older epochs are looked at for the first fragment of an epoch, and then all
 * of them: the one just before may be empty, its only fragment having lost
 * such a race.  From the second on, whoever still stores into an older epoch
 * finds the first here.
 */
static int
out_of_order(struct put *p, const struct spool_key *key, struct err *err)
{
	bool first = !p->own || p->last.epoch != key->epoch;
	struct spool_key k = *key;
	uint32_t *epochs;
	size_t count, i;
	int rc = 0;

	if (spool_epochs(p->s, key->stream, SPOOL_SRC, &epochs, &count,
	    err) == -1)
		return -1;
	for (i = count; i-- > 0 && rc == 0; ) {
		k.epoch = epochs[i];
		if (epochs[i] > key->epoch)
			rc = spool_any(p->s, &k, 0, key->seq, err);
		else if (epochs[i] < key->epoch && first)
			rc = spool_any(p->s, &k, key->seq, SPOOL_SEQ_MAX, err);
	}
	free(epochs);
	return rc;
}

/* Store under KEY.  1; 0 when the place is taken or out of order; -1. */
static int
store_as(struct put *p, uint8_t *fragment, size_t n,
    const struct spool_key *key, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;
	int rc;

	if (fragment_stamp(fragment, n, fragment_name(key->stream,
	    key->rendition), key->epoch, key->seq, err) == -1)
		return -1;
	spool_path(key, path);
	if ((rc = spool_publish(p->s, path, fragment, n, err)) != 1)
		return rc;
	/* Looked at after the link: one of two puts at least sees the other. */
	if ((rc = out_of_order(p, key, err)) == 0)
		return 1;
	if (spool_remove(p->s, key, rc == -1 ? &ignored : err) == -1)
		return -1;
	return rc == -1 ? -1 : 0;
}

int
put_fragment(struct put *p, uint8_t *fragment, size_t n,
    struct spool_key *key, struct err *err)
{
	struct fragment_info info;
	int rc, tries;

	if (fragment_get_info(fragment, n, &info, err) == -1)
		return -1;
	for (tries = 0; tries < TRIES; tries++) {
		if (next_key(p, !p->own ||
		    (info.flags & FRAGMENT_EPOCH_START) != 0, key, err) == -1)
			return -1;
		if ((rc = store_as(p, fragment, n, key, err)) == -1)
			return -1;
		if (rc == 1) {
			p->last = *key;
			p->own = true;
			return 0;
		}
		if (find_last(p, err) == -1)
			return -1;
	}
	return err_set(err, ERR_AGAIN,
	    "stream '%s': other puts were faster %d times", key->stream,
	    TRIES);
}
