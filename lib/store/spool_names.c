#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/list.h"
#include "store/spool.h"

void
spool_free_names(char **names)
{
	size_t i;

	if (names == NULL)
		return;
	for (i = 0; names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Append a copy of NAME to the NULL-ended array. */
static int
append_name(char ***names, size_t *count, const char *name, struct err *err)
{
	char **more = realloc(*names, (*count + 2) * sizeof(*more));

	if (more == NULL)
		return err_nomem(err);
	*names = more;
	more[*count + 1] = NULL;
	if ((more[*count] = strdup(name)) == NULL)
		return err_nomem(err);
	(*count)++;
	return 0;
}

/* The directories in PATH whose names could be a stream's or rendition's. */
static char **
list_names(struct spool *s, const char *path, struct err *err)
{
	struct list l;
	char **names = calloc(1, sizeof(*names));
	const char *name = NULL;
	size_t count = 0;
	int rc;

	if (names == NULL) {
		err_nomem(err);
		return NULL;
	}
	if (list_open(&l, s, path, err) == -1) {
		free(names);
		return NULL;
	}
	while ((rc = list_next(&l, &name, err)) == 1)
		if (name_ok(name) && list_is_directory(&l, name) &&
		    append_name(&names, &count, name, err) == -1) {
			rc = -1;
			break;
		}
	list_close(&l);
	if (rc == -1) {
		spool_free_names(names);
		return NULL;
	}
	qsort(names, count, sizeof(*names), compare_names);
	return names;
}

char **
spool_streams(struct spool *s, struct err *err)
{
	return list_names(s, "src", err);
}

char **
spool_renditions(struct spool *s, const char *stream, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	snprintf(path, sizeof(path), "www/%s", stream);
	return list_names(s, path, err);
}
