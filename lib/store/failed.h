/*
 * failed - originals that cannot be transcoded, parked.
 *
 *	failed/STREAM+EPOCH+SEQ@N	why the Nth try failed, a line
 *	failed/STREAM+EPOCH+SEQ		parked: why the last try failed
 *
 * Of any number of workers on any number of hosts each notes its failure
 * under the next free N; who reaches the limit parks the original.  A parked
 * one is not pending and has no ticket, until somebody asks for it again.
 */
#ifndef STORE_FAILED_H
#define STORE_FAILED_H

#include <stdbool.h>

#include "store/spool.h"

struct buf;
struct err;

/*
 * Note that a try at the original KEY failed for REASON, and park it when it
 * was the TRIESth.  1: it is parked, and its ticket dropped; 0; -1 with what
 * spool_publish() has.
 */
int	failed_note(struct spool *s, const struct spool_key *key,
	    unsigned tries, const char *reason, struct err *err)
	    __attribute__((warn_unused_result));

bool	failed_parked(struct spool *s, const struct spool_key *key);

/* Append why KEY is parked, without a newline.  0, or -1 with ERR_INPUT. */
int	failed_reason(struct spool *s, const struct spool_key *key,
	    struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Forget that tries failed: KEY is done, gone, or to be tried again.
 * 1: it was parked; 0; -1 with ERR_IO.
 */
int	failed_forget(struct spool *s, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/* Call FN for each that is parked, in no order, as spool_each() does. */
int	failed_each(struct spool *s, spool_fn *fn, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

/* False: none is parked.  True: one may be. */
bool	failed_any(struct spool *s);

#endif /* STORE_FAILED_H */
