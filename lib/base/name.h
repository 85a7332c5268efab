/*
 * name - the names that streams and renditions may have.
 *
 * They become parts of paths, URLs and lines: nothing in them needs quoting,
 * and none can leave its directory.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_BYTES	65	/* with NUL */

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63} */
bool	name_ok(const char *name);

/* Is NAME one of the N NAMES?  Of no names, none is. */
bool	name_among(const char *name, const char *const names[], size_t n);

#endif /* BASE_NAME_H */
