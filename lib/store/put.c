#include "store/put.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "store/put_date.h"

#define STALE_S		3600
#define TRIES		100	/* lost races in a row: something is wrong */

/*
 * Go on behind the end of KEY, if that is later.  1, 0 when it is damaged or
 * gone, -1.
 */
static int
note_end(struct put *p, const struct spool_key *key, struct err *err)
{
	struct fragment_info info;
	uint64_t bytes;
	int64_t end_us;

	if (spool_info(p->s, key, &info, &bytes, err) == -1)
		return err->cls == ERR_DATA || err->errnum == ENOENT ? 0 : -1;
	end_us = put_date_end_us(&info);
	if (end_us > p->end_us)
		p->end_us = end_us;
	return 1;
}

/* The end of the newest fragment that says it, among those of a directory. */
static int
find_end(struct put *p, struct err *err)
{
	struct spool_key k = p->last;
	int rc;

	p->end_us = 0;
	if (k.seq == 0)
		return 0;
	while ((rc = note_end(p, &k, err)) == 0 && k.seq % SPOOL_GROUP > 0)
		k.seq--;
	return rc == -1 ? -1 : 0;
}

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
	return find_end(p, err);
}

static int
raise_last(const struct spool_key *key, void *arg, struct err *err)
{
	struct put *p = arg;

	if (key->seq > p->last.seq)
		p->last.seq = key->seq;
	return note_end(p, key, err) == -1 ? -1 : 0;
}

/*
 * After a lost race: behind the newest fragment, and behind the numbers of
 * all epochs.  A put that was killed when it had lost may have left its link
 * in the newest epoch, with a number that older ones are past.
 */
static int
find_last_of_all(struct put *p, struct err *err)
{
	struct spool_key k;
	uint32_t *epochs;
	size_t count, i;
	int rc = 0;

	if (find_last(p, err) == -1 || spool_epochs(p->s, p->last.stream,
	    SPOOL_SRC, &epochs, &count, err) == -1)
		return -1;
	k = p->last;
	for (i = 0; i < count && rc == 0; i++) {
		k.epoch = epochs[i];
		if (p->last.seq < SPOOL_SEQ_MAX)
			rc = spool_each_of_epoch(p->s, &k, p->last.seq + 1,
			    SPOOL_SEQ_MAX, raise_last, p, err);
	}
	free(epochs);
	return rc;
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
put_check(struct put_item *item, struct err *err)
{
	struct mp4 m = { 0 };
	int rc = -1;

	if (fragment_check(item->p, item->n, &item->info, err) == -1)
		return -1;
	if (mp4_parse(&m, item->p, item->n, err) == -1)
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

/* The number behind LAST; it may be the first of an epoch. */
static int
next_key(const struct spool_key *last, bool new_epoch, struct spool_key *key,
    struct err *err)
{
	*key = *last;
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

static int
stamp(struct put_item *item, bool new_epoch, int64_t after_us,
    struct err *err)
{
	item->info.date_us = put_date_us(&item->info, new_epoch, after_us);
	item->info.epoch = item->key.epoch;
	item->info.seq = item->key.seq;
	item->info.name = fragment_name(item->key.stream,
	    item->key.rendition);
	return fragment_stamp(item->p, item->n, &item->info, err);
}

/*
 * Number, stamp and write ITEMS[I], all before it being written.
 * 1; 0 when it belongs into another directory; -1.
 */
static int
write_item(struct put *p, struct put_item *items, size_t i, struct err *err)
{
	const struct spool_key *last = i == 0 ? &p->last : &items[i - 1].key;
	struct put_item *item = &items[i];
	bool new_epoch = (item->info.flags & FRAGMENT_EPOCH_START) != 0 ||
	    (i == 0 && !p->own);
	int64_t after_us = i == 0 ? p->end_us :
	    put_date_end_us(&items[i - 1].info);

	if (i > 0 && (new_epoch || (last->seq + 1) % SPOOL_GROUP == 0))
		return 0;
	if (next_key(last, new_epoch, &item->key, err) == -1 ||
	    stamp(item, new_epoch, after_us, err) == -1)
		return -1;
	return put_batch_add(&p->batch, p->s, &item->key, item->p, item->n,
	    err) == -1 ? -1 : 1;
}

void
put_ahead(struct put *p, struct put_item *items, size_t i)
{
	struct err err = ERR_INIT;

	/* If it cannot be, put_store() tries again and says why. */
	if (i == p->batch.written && write_item(p, items, i, &err) == -1)
		put_batch_drop(&p->batch);
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

static const char *
name_of(const struct put_item *item, char path[SPOOL_PATH_BYTES])
{
	spool_path(&item->key, path);
	return strrchr(path, '/') + 1;
}

/*
 * Link the first COUNT of ITEMS, all of them synced, up to the first failure.
 * How many; *LOST when a race was what ended it.
 */
static size_t
link_items(struct put *p, const struct put_item *items, size_t count,
    bool *lost, struct err *err)
{
	const struct put_batch *b = &p->batch;
	char path[SPOOL_PATH_BYTES];
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		rc = spool_draft_link(b->dirfd, &b->drafts[i],
		    name_of(&items[i], path), err);
		*lost = rc == 0;
		if (rc != 1)
			break;
		/* After the link: one of two puts at least sees the other. */
		if ((rc = out_of_order(p, &items[i].key, err)) == 0)
			continue;
		*lost = rc == 1;
		unlinkat(b->dirfd, name_of(&items[i], path), 0);
		break;
	}
	return i;
}

/* No item is stored unless all names of the batch are: COUNT or 0. */
static size_t
sync_names(const struct put_batch *b, const struct put_item *items,
    size_t count, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	if (spool_dir_sync(b->dirfd, err) == 0)
		return count;
	while (count > 0)
		unlinkat(b->dirfd, name_of(&items[--count], path), 0);
	return 0;
}

/*
 * Store the first of ITEMS, as many as go into one directory.  How many; 0
 * when a race was lost for the first; or -1 when it failed.
 */
static int
store_items(struct put *p, struct put_item *items, size_t count,
    struct err *err)
{
	struct put_batch *b = &p->batch;
	char path[SPOOL_PATH_BYTES];
	bool lost = false;
	size_t n;

	while (b->written < count &&
	    write_item(p, items, b->written, err) == 1)
		;
	if (b->written == 0)
		return -1;
	n = put_batch_sync(b, err);
	n = link_items(p, items, n, &lost, err);
	if (n > 0 && (n = sync_names(b, items, n, err)) == 0)
		lost = false;
	put_batch_drop(b);
	if (n > 0 || lost)
		return (int)n;
	spool_path(&items[0].key, path);
	return err_wrap(err, "'%s/%s'", p->s->dir, path);
}

int
put_store(struct put *p, struct put_item *items, size_t count,
    struct err *err)
{
	int n, tries;

	for (tries = 0; tries < TRIES; tries++) {
		if ((n = store_items(p, items, count, err)) == -1)
			return -1;
		if (n > 0) {
			p->last = items[n - 1].key;
			p->own = true;
			p->end_us = put_date_end_us(&items[n - 1].info);
			return n;
		}
		if (find_last_of_all(p, err) == -1)
			return -1;
	}
	return err_set(err, ERR_AGAIN,
	    "stream '%s': other puts were faster %d times", p->last.stream,
	    TRIES);
}

void
put_end(struct put *p)
{
	put_batch_drop(&p->batch);
}
