/*
 * pending - which originals lack renditions of a ladder.
 *
 * Work to do = originals x ladder - renditions that exist.  A rendition that
 * an epoch cannot have (spool_none_path()) is not waited for, and originals
 * that are parked (failed.h) lack nothing.
 */
#ifndef STORE_PENDING_H
#define STORE_PENDING_H

#include <stdbool.h>

#include "store/ladder.h"
#include "store/select.h"
#include "store/spool.h"

struct err;

/* Whose renditions count. */
enum pending_tier { PENDING_LIVE, PENDING_BATCH, PENDING_ALL };

enum pending_order { PENDING_OLDEST_FIRST, PENDING_NEWEST_FIRST };

struct pending {
	struct spool		*s;		/* borrowed */
	const struct ladder	*l;		/* borrowed; NULL: every original
						   counts, oldest first */
	enum pending_tier	 tier;
	enum pending_order	 order;
	struct select		 sel;
};

bool	pending_counts(const struct rendition *r, enum pending_tier tier);

/*
 * The first rendition of L that the original KEY lacks; NULL: it is complete.
 * What cannot be looked at counts as missing.
 */
const struct rendition *store_missing(struct spool *s, const struct ladder *l,
	    enum pending_tier tier, const struct spool_key *key);

/*
 * How late the work on the original KEY is, in seconds: by as many fragments as
 * are newer in its stream, or for as long as it has been stored, by the file
 * system's own clock, if that is more: the last fragments of a stream get
 * late, too.  0 or -1.
 */
int	pending_behind(struct spool *s, const struct spool_key *key,
	    uint32_t *behind, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Call FN for every original of STREAM in the selection that lacks a
 * rendition, in the order of (epoch, seq) or backwards.  No file is looked
 * at; of the directories that can have something in the selection, those
 * that rest and are complete are read once and remembered (index.h).
 * Stops when FN returns non-zero and returns that; else 0, or -1.
 */
int	pending_each(const struct pending *p, const char *stream,
	    spool_fn *fn, void *arg, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_PENDING_H */
