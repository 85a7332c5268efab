/*
 * expire - make room: remove fragments, the oldest first.
 *
 * Originals go in units that no later fragment needs: from one that begins on
 * a sync sample up to the next such.  What always stays:
 *
 *	the newest fragment of a stream: numbers go on behind it
 *	what a live playlist lists, and as much before it, for players that
 *	loaded an older one
 *	originals that lack a rendition of the ladder
 *
 * Safe beside anything that runs, another expire as well.
 */
#ifndef STORE_EXPIRE_H
#define STORE_EXPIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/line.h"
#include "store/pending.h"
#include "store/spool.h"

struct err;
struct listed;

/* Why there must be room; what is not set is zero. */
struct expire_conf {
	int64_t			 age_us;	/* remove what is older */
	bool			 limit_bytes;
	uint64_t		 bytes;		/* leave so many at most, */
	bool			 each;		/* of each stream */
	uint64_t		 free_bytes;	/* of the file system */
	unsigned		 free_percent;

	int64_t			 keep_us;	/* never what is younger */
	const char *const	*names;		/* renditions; none: all, and
						   SPOOL_SRC */
	size_t			 nnames;
	const struct ladder	*ladder;	/* NULL: pending or not */
	enum pending_tier	 tier;
	struct listed		*listed;	/* NULL: any; else a unit goes
						   only if all its files are
						   among these */
	bool			 dry_run;
};

struct expire_result {
	uint64_t	files, bytes;	/* removed */
	uint64_t	pending;	/* fragments that stay as they lack
					   renditions */
	uint64_t	missing;	/* bytes of room still wanted */
};

/* Called with each file, after it is gone. */
typedef int expire_fn(const struct line *line, void *arg, struct err *err);

/*
 * Make room in the N STREAMS.  Stops when FN returns non-zero and returns
 * that; else 0, or -1.
 */
int	expire(struct spool *s, const struct expire_conf *conf,
	    char *const *streams, size_t n, expire_fn *fn, void *arg,
	    struct expire_result *result, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_EXPIRE_H */
