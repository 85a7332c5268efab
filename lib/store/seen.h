/*
 * seen - which fragments the newest directories of a rendition have.
 *
 * Reading a directory of a thousand each second for a file or two more is
 * what following a stream would cost.  So it is remembered what was there, and
 * asked for by name what may have come.  It is read again from time to time;
 * at once when its first file is gone, as expiry takes the first; and when too
 * much would have to be asked for, as where an epoch left a directory to the
 * next one.  What somebody takes out of its middle is missed that much later.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/spool.h"

struct err;

struct seen_group {
	uint32_t	epoch, group;
	bool		there[SPOOL_GROUP];
};

/* Init with zeroes. */
struct seen {
	struct seen_group	*groups;	/* owned */
	size_t			 count;
	unsigned		 times;
};

void	seen_release(struct seen *seen);

/* Before the directories of a rendition are asked for once more. */
void	seen_again(struct seen *seen);

/*
 * As spool_group(); of what was not there before, FIRST <= seq <= LAST are
 * asked for.
 */
int	seen_group(struct seen *seen, struct spool *s,
	    const struct spool_key *key, uint32_t group, uint32_t first,
	    uint32_t last, bool there[SPOOL_GROUP], struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_SEEN_H */
