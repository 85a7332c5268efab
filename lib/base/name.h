/*
 * name - the names that streams and renditions may have.
 *
 * They become parts of paths, URLs and lines: nothing in them needs quoting,
 * and none can leave its directory.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>

#define NAME_BYTES	65	/* with NUL */

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63} */
bool	name_ok(const char *name);

#endif /* BASE_NAME_H */
