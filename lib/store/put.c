#include "store/put.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "media/fragment.h"
#include "media/mp4.h"

#define STALE_S		3600
#define BATCH		LIMIT_PUT_FRAGMENTS
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
stamp(struct put_item *item, struct err *err)
{
	item->info.epoch = item->key.epoch;
	item->info.seq = item->key.seq;
	item->info.name = fragment_name(item->key.stream,
	    item->key.rendition);
	return fragment_stamp(item->p, item->n, item->info.name,
	    item->key.epoch, item->key.seq, err);
}

/*
 * Number and stamp as many of ITEMS as go into one directory.
 * How many, or -1 when the first one cannot be.
 */
static int
number_items(const struct put *p, struct put_item *items, size_t count,
    struct err *err)
{
	const struct spool_key *last = &p->last;
	bool new_epoch;
	size_t i;

	for (i = 0; i < count && i < BATCH; last = &items[i++].key) {
		new_epoch = (items[i].info.flags & FRAGMENT_EPOCH_START) != 0;
		if (i > 0 && (new_epoch ||
		    (last->seq + 1) % SPOOL_GROUP == 0))
			break;
		if (next_key(last, new_epoch || (i == 0 && !p->own),
		    &items[i].key, err) == -1 || stamp(&items[i], err) == -1)
			return i == 0 ? -1 : (int)i;
	}
	return (int)i;
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

/* The items of one directory on their way. */
struct batch {
	struct put	   *p;
	struct put_item	   *items;	/* borrowed */
	struct spool_draft  drafts[BATCH];
	int		    written, synced, linked;
	int		    dirfd;
	bool		    lost;	/* a race */
};

static const char *
name_of(const struct put_item *item, char path[SPOOL_PATH_BYTES])
{
	spool_path(&item->key, path);
	return strrchr(path, '/') + 1;
}

/* Each step takes what the one before it left, up to the first failure. */
static void
write_items(struct batch *b, int count, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	const struct put_item *item;

	for (; b->written < count; b->written++) {
		item = &b->items[b->written];
		if (spool_draft_write(b->dirfd, name_of(item, path), item->p,
		    item->n, &b->drafts[b->written], err) == -1)
			return;
		if (count > 1)
			spool_draft_start(&b->drafts[b->written]);
	}
}

/*
 * File systems commit what several threads sync at the same time in one go;
 * one after another each would wait for the disk.
 */
struct sync {
	struct batch	*b;
	atomic_int	 next;
	struct err	 errs[BATCH];
	int		 rc[BATCH];
};

static void *
sync_some(void *arg)
{
	struct sync *s = arg;
	int i;

	while ((i = atomic_fetch_add(&s->next, 1)) < s->b->written)
		s->rc[i] = spool_draft_sync(&s->b->drafts[i], &s->errs[i]);
	return NULL;
}

static void
sync_items(struct batch *b, struct err *err)
{
	struct sync s = { .b = b };
	pthread_t threads[LIMIT_PUT_THREADS];
	int n = 0;

	/* This thread is one of them, and enough when there are no more. */
	while (n < LIMIT_PUT_THREADS && n < b->written - 1 &&
	    pthread_create(&threads[n], NULL, sync_some, &s) == 0)
		n++;
	sync_some(&s);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	while (b->synced < b->written && s.rc[b->synced] == 0)
		b->synced++;
	if (b->synced < b->written)
		*err = s.errs[b->synced];
}

static void
link_items(struct batch *b, struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	const struct put_item *item;
	int rc;

	for (; b->linked < b->synced; b->linked++) {
		item = &b->items[b->linked];
		rc = spool_draft_link(b->dirfd, &b->drafts[b->linked],
		    name_of(item, path), err);
		b->lost = rc == 0;
		if (rc != 1)
			return;
		/* After the link: one of two puts at least sees the other. */
		if ((rc = out_of_order(b->p, &item->key, err)) == 0)
			continue;
		b->lost = rc == 1;
		unlinkat(b->dirfd, name_of(item, path), 0);
		return;
	}
}

/* No item is stored unless all names of the batch are. */
static void
sync_names(struct batch *b, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	if (spool_dir_sync(b->dirfd, err) == 0)
		return;
	b->lost = false;
	while (b->linked > 0)
		unlinkat(b->dirfd, name_of(&b->items[--b->linked], path), 0);
}

/*
 * Store the first of COUNT numbered items.  How many; 0 when a race was lost
 * for the first; or -1 when it failed.
 */
static int
store_items(struct put *p, struct put_item *items, int count,
    struct err *err)
{
	struct batch b = { .p = p, .items = items };
	char path[SPOOL_PATH_BYTES];

	spool_path(&items[0].key, path);
	if ((b.dirfd = spool_dir_open(p->s, path, err)) == -1)
		return -1;
	write_items(&b, count, err);
	sync_items(&b, err);
	link_items(&b, err);
	for (int i = 0; i < b.written; i++)
		spool_draft_drop(b.dirfd, &b.drafts[i]);
	if (b.linked > 0)
		sync_names(&b, err);
	close(b.dirfd);
	if (b.linked == 0 && !b.lost)
		return err_wrap(err, "'%s/%s'", p->s->dir, path);
	return b.linked;
}

int
put_store(struct put *p, struct put_item *items, size_t count,
    struct err *err)
{
	int n, tries;

	for (tries = 0; tries < TRIES; tries++) {
		if ((n = number_items(p, items, count, err)) == -1 ||
		    (n = store_items(p, items, n, err)) == -1)
			return -1;
		if (n > 0) {
			p->last = items[n - 1].key;
			p->own = true;
			return n;
		}
		if (find_last(p, err) == -1)
			return -1;
	}
	return err_set(err, ERR_AGAIN,
	    "stream '%s': other puts were faster %d times", p->last.stream,
	    TRIES);
}
