/*
 * put - fragments into the spool: numbers, order, durability.
 *
 * Several puts may feed one stream, as when a new publisher takes over while
 * the old one's last second is on its way.  (epoch, seq) of what is stored
 * is in one order all the same: each put has epochs of its own, and one that
 * finds a newer epoch than its own starts a new epoch behind it.  This rests
 * on link(2) alone, and on every put seeing the others' links at once.
 *
 * Fragments that are there at the same time are stored as a batch: the disk
 * gets each as soon as it is there, and all of them before any is waited for;
 * their directory is synced once.
 *
 * Each gets a date as well: the clock of arrival, made steady.
 */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "media/fragment.h"
#include "store/put_batch.h"
#include "store/spool.h"

struct err;

/* One fragment to store. */
struct put_item {
	uint8_t			*p;	/* borrowed; is stamped */
	size_t			 n;
	struct fragment_info	 info;	/* put_check() fills it in; numbers
					   and name as stored, afterwards */
	struct spool_key	 key;	/* as stored */
};

struct put {
	struct spool	*s;		/* borrowed */
	struct spool_key last;		/* the last stored; seq 0: none */
	bool		 own;		/* LAST's epoch is this put's own */
	int64_t		 end_us;	/* the date at which LAST ends; 0: not
					   known */
	struct put_batch batch;		/* written, not yet stored */
};

/*
 * Begin to store STREAM, behind what is there.  Removes what killed puts
 * left behind more than an hour ago, in the newest directory.
 * 0, or -1 with ERR_IO.
 */
int	put_begin(struct put *p, struct spool *s, const char *stream,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * 0 and ITEM->info when ITEM's bytes are one whole original as it was sealed:
 * checksums, boxes, tracks, samples.  -1 with ERR_DATA.
 */
int	put_check(struct put_item *item, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * ITEMS[I] is to be stored together with those before it, by the put_store()
 * that comes next: write it now, if that can be.  Its P may move afterwards,
 * what it points to must stay.
 */
void	put_ahead(struct put *p, struct put_item *items, size_t i);

/*
 * Store the first fragments of ITEMS, of which there are COUNT, at most
 * LIMIT_PUT_FRAGMENTS, all of them checked.  How many: at least one, fewer
 * than COUNT where a directory ends, a race is lost, or one of them fails.
 * Those are durable.  -1 with what spool_publish() fails with, if the first
 * one does; after ERR_AGAIN the same call may be made again.
 */
int	put_store(struct put *p, struct put_item *items, size_t count,
	    struct err *err) __attribute__((warn_unused_result));

/* Forget what was written and not stored. */
void	put_end(struct put *p);

#endif /* STORE_PUT_H */
