/*
 * seen - the numbers that a walk over originals called back for, as text.
 */
#ifndef UNIT_SEEN_H
#define UNIT_SEEN_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/spool.h"

static char seen[200];

/* A spool_fn; what is no original ends the walk with 9. */
static inline int
see(const struct spool_key *key, void *arg, struct err *err)
{
	size_t n = strlen(seen);

	(void)arg;
	(void)err;
	snprintf(seen + n, sizeof(seen) - n, "%s%" PRIu32,
	    n == 0 ? "" : " ", key->seq);
	return strcmp(key->rendition, SPOOL_SRC) == 0 ? 0 : 9;
}

#endif /* UNIT_SEEN_H */
