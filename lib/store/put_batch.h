/*
 * put_batch - fragments on their way into one directory.
 *
 * Each is written under a dot name as soon as it is there, and the disk
 * begins with it while the next one is still read.  All are synced together:
 * that costs little more than to sync one.
 */
#ifndef STORE_PUT_BATCH_H
#define STORE_PUT_BATCH_H

#include <stddef.h>

#include "base/limits.h"
#include "store/spool.h"

struct err;

struct put_batch {
	int			dirfd;	/* when WRITTEN > 0 */
	size_t			written;
	struct spool_draft	drafts[LIMIT_PUT_FRAGMENTS];
};

/*
 * Write the N bytes at P, which KEY names, as the next one; its directory
 * must be that of those before it.  0, or -1 with what spool_publish() fails
 * with; the batch is then as it was.
 */
int	put_batch_add(struct put_batch *b, struct spool *s,
	    const struct spool_key *key, const void *p, size_t n,
	    struct err *err) __attribute__((warn_unused_result));

/* Sync them.  How many from the first on are; ERR when not all are. */
size_t	put_batch_sync(struct put_batch *b, struct err *err);

/* Remove the dot names: the batch is empty. */
void	put_batch_drop(struct put_batch *b);

#endif /* STORE_PUT_BATCH_H */
