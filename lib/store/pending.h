/*
 * pending - which originals lack renditions of a ladder.
 *
 * Work to do = originals x ladder - renditions that exist.  A rendition that
 * an epoch cannot have (spool_none_path()) is not waited for.
 */
#ifndef STORE_PENDING_H
#define STORE_PENDING_H

#include <stdbool.h>

#include "store/ladder.h"
#include "store/spool.h"

struct err;

/* Whose renditions count. */
enum pending_tier { PENDING_LIVE, PENDING_BATCH, PENDING_ALL };

enum pending_order { PENDING_OLDEST_FIRST, PENDING_NEWEST_FIRST };

bool	pending_counts(const struct rendition *r, enum pending_tier tier);

/*
 * The first rendition of L that the original KEY lacks; NULL: it is complete.
 * What cannot be looked at counts as missing.
 */
const struct rendition *store_missing(struct spool *s, const struct ladder *l,
	    enum pending_tier tier, const struct spool_key *key);

/*
 * Call FN for every original of STREAM that lacks a rendition, in the order
 * of (epoch, seq) or backwards.  Reads directories only, each of them once:
 * no file is looked at.  Stops when FN returns non-zero and returns that;
 * else 0, or -1.
 */
int	pending_each(struct spool *s, const struct ladder *l,
	    enum pending_tier tier, enum pending_order order,
	    const char *stream, spool_fn *fn, void *arg, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_PENDING_H */
