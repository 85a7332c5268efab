/*
 * index - what is remembered of those directories of a stream that rest.
 *
 * A cache, index/STREAM, that may be removed or lost at any time.  It says of
 * a directory of originals how much it holds, and of one of renditions that
 * it holds every fragment that the originals have; both only for as long as
 * the times of the directory's last change are the same.  So whoever adds or
 * removes files need not know of it.
 *
 * A change must not hide behind a time that does not tell it from the one
 * before.  So a directory is remembered only when its last change is QUIET_S
 * old before it is read, by its own file system's clock.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/spool.h"

struct err;

#define INDEX_BYTES_UNKNOWN	UINT64_MAX

/* When a directory changed last. */
struct index_stamp {
	int64_t	mtime_ns, ctime_ns;
};

struct index_entry {
	char			rendition[NAME_BYTES];
	uint32_t		epoch, group;
	struct index_stamp	stamp;
	/* Of originals: */
	uint32_t		count, first, last;	/* seq */
	uint64_t		bytes;		/* or INDEX_BYTES_UNKNOWN */
	bool			dead, seen;
};

struct index {
	struct spool		*s;		/* borrowed */
	char			 stream[NAME_BYTES];
	struct index_entry	*entries;	/* owned */
	size_t			 sorted;	/* as they were loaded */
	size_t			 count, cap;
	int64_t			 now_ns;	/* the file system's; 0: not
						   asked, -1: cannot be known */
	bool			 changed;
};

/* Load it.  What cannot be read is not remembered. */
void	index_open(struct index *ix, struct spool *s, const char *stream);

/*
 * Write it back when it has changed; failures are logged as debug.  With
 * ALL, every directory of originals was asked for, and those that were not
 * found are forgotten.
 */
void	index_close(struct index *ix, bool all);

/*
 * What is remembered of GROUP of KEY's epoch and rendition, until the next
 * call; NULL: nothing.  For a rendition only the word of the originals'
 * entry, found or noted just before, makes it true.
 */
const struct index_entry *index_find(struct index *ix,
	    const struct spool_key *key, uint32_t group);

/*
 * Before a directory is read that may then be noted.  True when it rests.
 */
bool	index_rests(struct index *ix, const struct spool_key *key,
	    uint32_t group, struct index_stamp *stamp);

/*
 * Remember ENTRY, whose stamp is index_rests()'s.  Originals in a new state
 * make what their renditions were remembered for void.
 */
void	index_note(struct index *ix, const struct index_entry *entry);

#endif /* STORE_INDEX_H */
