#include "store/put_batch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

int
put_batch_add(struct put_batch *b, struct spool *s,
    const struct spool_key *key, const void *p, size_t n, struct err *err)
{
	struct spool_draft *d = &b->drafts[b->written];
	char path[SPOOL_PATH_BYTES];

	spool_path(key, path);
	if (b->written == 0 &&
	    (b->dirfd = spool_dir_open(s, path, err)) == -1)
		return -1;
	if (spool_draft_write(b->dirfd, strrchr(path, '/') + 1, p, n, d,
	    err) == -1) {
		if (b->written == 0)
			close(b->dirfd);
		return err_wrap(err, "'%s/%s'", s->dir, path);
	}
	spool_draft_start(d);
	b->written++;
	return 0;
}

/*
 * File systems commit what several threads sync at the same time in one go;
 * one after another each would wait for the disk.
 */
struct sync {
	struct put_batch *b;
	atomic_size_t	 next;
	struct err	 errs[LIMIT_PUT_FRAGMENTS];
	int		 rc[LIMIT_PUT_FRAGMENTS];
};

static void *
sync_some(void *arg)
{
	struct sync *s = arg;
	size_t i;

	while ((i = atomic_fetch_add(&s->next, 1)) < s->b->written)
		s->rc[i] = spool_draft_sync(&s->b->drafts[i], &s->errs[i]);
	return NULL;
}

size_t
put_batch_sync(struct put_batch *b, struct err *err)
{
	struct sync s = { .b = b };
	pthread_t threads[LIMIT_PUT_THREADS];
	size_t n = 0, synced = 0;

	/* This thread is one of them, and enough when there are no more. */
	while (n < LIMIT_PUT_THREADS && n + 1 < b->written &&
	    pthread_create(&threads[n], NULL, sync_some, &s) == 0)
		n++;
	sync_some(&s);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	while (synced < b->written && s.rc[synced] == 0)
		synced++;
	if (synced < b->written)
		*err = s.errs[synced];
	return synced;
}

void
put_batch_drop(struct put_batch *b)
{
	if (b->written == 0)
		return;
	while (b->written > 0)
		spool_draft_drop(b->dirfd, &b->drafts[--b->written]);
	close(b->dirfd);
}
