/*
 * listed - a set of fragments that somebody listed.
 */
#ifndef STORE_LISTED_H
#define STORE_LISTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct spool_key;

struct listed {
	struct spool_key	*keys;		/* owned */
	size_t			 n, room;
	bool			 sorted;
};

/* Zero L first.  0, or -1 with ERR_DATA: more than LIMIT_LISTED. */
int	listed_add(struct listed *l, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/* True when KEY was added; when anything of its directory was, KEY being of
   any rendition and any number of that directory. */
bool	listed_has(struct listed *l, const struct spool_key *key);
bool	listed_has_group(struct listed *l, const struct spool_key *key);

void	listed_release(struct listed *l);

#endif /* STORE_LISTED_H */
