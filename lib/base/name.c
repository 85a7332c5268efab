#include "base/name.h"

#include <string.h>

#define ALNUM		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz0123456789"

bool
name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < NAME_BYTES &&
	    strspn(name, ALNUM) > 0 && strspn(name, ALNUM "._-") == n;
}

bool
name_among(const char *name, const char *const names[], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}
