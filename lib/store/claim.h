/*
 * claim - tickets that one of many workers has taken.
 *
 *	queue/STREAM+EPOCH+SEQ		anybody's
 *	later/STREAM+EPOCH+SEQ		anybody's who has nothing better to do
 *	claimed/STREAM+EPOCH+SEQ@OWNER	OWNER's
 *
 * rename(2) moves a ticket to its owner, and back to the queue, so that of any
 * number of hosts one gets it.  No clock counts: an owner that is gone is
 * known by name, or by the claim that it did not renew while somebody
 * watched.  A claim that was put back too early makes work double, never
 * lost.
 */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stddef.h>
#include <stdint.h>

#include "store/pending.h"
#include "store/spool.h"

struct err;

struct claim {
	struct spool_key	key;		/* of the original */
	char			owner[NAME_BYTES];
};

/*
 * Take the ticket of KEY from Q for OWNER, which must be the name of one
 * worker only: name_ok().  1; 0 when it is not there, or somebody else was faster;
 * -1 with ERR_IO or ERR_CREATE.
 */
int	claim_take(struct spool *s, enum spool_queue q,
	    const struct spool_key *key, const char *owner, struct err *err)
	    __attribute__((warn_unused_result));

/* Change the claim, for those who watch it.  0, also when it is gone; -1. */
int	claim_renew(struct spool *s, const struct claim *c, struct err *err)
	    __attribute__((warn_unused_result));

/* Forget the claim: its work is done.  0, also when it is gone; -1. */
int	claim_drop(struct spool *s, const struct claim *c, struct err *err)
	    __attribute__((warn_unused_result));

/* Make it a ticket again.  1; 0 when the claim is gone; -1. */
int	claim_back(struct spool *s, const struct claim *c, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * When the claim was last changed, by the clock of whoever keeps it: good for
 * telling two times apart, for nothing else.  1, 0 when it is gone, -1.
 */
int	claim_changed(struct spool *s, const struct claim *c,
	    int64_t *changed_ns, struct err *err)
	    __attribute__((warn_unused_result));

/* Call FN for every claim, in no order, as spool_each() does. */
typedef int claim_fn(const struct claim *c, void *arg, struct err *err);
int	claim_each(struct spool *s, claim_fn *fn, void *arg, struct err *err)
	    __attribute__((warn_unused_result));

struct ticket {
	struct spool_key	key;
	uint32_t		behind;	/* the newest ticket of its stream */
};

/*
 * The tickets of Q in the order in which to try them: the oldest of every
 * stream, or the newest, then the second of every stream, and so on, streams
 * in an order that differs from caller to caller, so that they do not all
 * reach for the same.
 * An owned array of at most LIMIT_CLAIM_LOOK.  0 or -1.
 */
int	claim_order(struct spool *s, enum spool_queue q,
	    enum pending_order order, struct ticket **tickets, size_t *count,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_CLAIM_H */
