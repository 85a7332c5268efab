#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/list.h"
#include "store/number.h"
#include "store/spool.h"

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
append_number(uint32_t **list, size_t *count, uint32_t n, struct err *err)
{
	uint32_t *more;

	/* Grown when COUNT is a power of two, from 16 on. */
	if (*count == 0 || (*count >= 16 && (*count & (*count - 1)) == 0)) {
		more = realloc(*list, (*count < 16 ? 16 : *count * 2) *
		    sizeof(**list));
		if (more == NULL)
			return err_nomem(err);
		*list = more;
	}
	(*list)[(*count)++] = n;
	return 0;
}

/* The 6-digit names in the directory PATH; there are at most 10^6. */
static int
list_numbers(struct spool *s, const char *path, uint32_t **numbers,
    size_t *count, struct err *err)
{
	struct list l;
	const char *name = NULL;
	uint32_t n;
	int rc;

	*numbers = NULL;
	*count = 0;
	if (list_open(&l, s, path, err) == -1)
		return -1;
	while ((rc = list_next(&l, &name, err)) == 1)
		if (number_is(name, EPOCH_DIGITS, "", &n) &&
		    append_number(numbers, count, n, err) == -1) {
			rc = -1;
			break;
		}
	list_close(&l);
	if (rc == -1) {
		free(*numbers);
		*numbers = NULL;
		*count = 0;
		return -1;
	}
	if (*count > 0)
		qsort(*numbers, *count, sizeof(**numbers), compare_numbers);
	return 0;
}

/* The directory of a stream's rendition. */
static void
rendition_dir(const char *stream, const char *rendition,
    char out[SPOOL_PATH_BYTES])
{
	if (strcmp(rendition, SPOOL_SRC) == 0)
		snprintf(out, SPOOL_PATH_BYTES, "src/%s", stream);
	else
		snprintf(out, SPOOL_PATH_BYTES, "www/%s/%s", stream,
		    rendition);
}

int
spool_epochs(struct spool *s, const char *stream, const char *rendition,
    uint32_t **epochs, size_t *count, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	rendition_dir(stream, rendition, path);
	return list_numbers(s, path, epochs, count, err);
}

static void
append_dir(char path[SPOOL_PATH_BYTES], uint32_t n)
{
	size_t used = strlen(path);

	snprintf(path + used, SPOOL_PATH_BYTES - used, "/%06" PRIu32, n);
}

int
spool_groups(struct spool *s, const struct spool_key *key, uint32_t **groups,
    size_t *count, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	rendition_dir(key->stream, key->rendition, path);
	append_dir(path, key->epoch);
	return list_numbers(s, path, groups, count, err);
}

void
spool_group_path(const struct spool_key *key, uint32_t group,
    char out[SPOOL_PATH_BYTES])
{
	rendition_dir(key->stream, key->rendition, out);
	append_dir(out, key->epoch);
	append_dir(out, group);
}

int
spool_group(struct spool *s, const struct spool_key *key, uint32_t group,
    bool there[SPOOL_GROUP], struct err *err)
{
	bool original = strcmp(key->rendition, SPOOL_SRC) == 0;
	char path[SPOOL_PATH_BYTES];
	struct list l;
	const char *name = NULL;
	uint32_t seq;
	int rc;

	memset(there, 0, SPOOL_GROUP * sizeof(*there));
	spool_group_path(key, group, path);
	if (list_open(&l, s, path, err) == -1)
		return -1;
	while ((rc = list_next(&l, &name, err)) == 1)
		if (number_is(name, SEQ_DIGITS, original ? ".mp4" : ".m4s",
		    &seq) && seq / SPOOL_GROUP == group)
			there[seq % SPOOL_GROUP] = true;
	list_close(&l);
	return rc;
}

struct each {
	struct spool	*s;
	uint32_t	 first, last;
	spool_fn	*fn;
	void		*arg;
	struct err	*err;
};

static int
each_in_group(const struct each *e, struct spool_key *key, uint32_t group)
{
	bool there[SPOOL_GROUP];
	uint32_t i;
	int rc;

	if (spool_group(e->s, key, group, there, e->err) == -1)
		return -1;
	for (i = 0; i < SPOOL_GROUP; i++) {
		key->seq = group * SPOOL_GROUP + i;
		if (!there[i] || key->seq < e->first || key->seq > e->last)
			continue;
		if ((rc = e->fn(key, e->arg, e->err)) != 0)
			return rc;
	}
	return 0;
}

static int
each_in_epoch(const struct each *e, struct spool_key *key)
{
	uint32_t *groups;
	size_t count, i;
	int rc = 0;

	if (spool_groups(e->s, key, &groups, &count, e->err) == -1)
		return -1;
	for (i = 0; i < count && rc == 0; i++)
		if (groups[i] >= e->first / SPOOL_GROUP &&
		    groups[i] <= e->last / SPOOL_GROUP)
			rc = each_in_group(e, key, groups[i]);
	free(groups);
	return rc;
}

static void
set_key(struct spool_key *key, const char *stream, const char *rendition)
{
	memset(key, 0, sizeof(*key));
	snprintf(key->stream, sizeof(key->stream), "%s", stream);
	snprintf(key->rendition, sizeof(key->rendition), "%s", rendition);
}

/* The first group of EPOCH.  1, 0 when it has none, -1. */
static int
first_group(struct spool *s, const struct spool_key *key, uint32_t epoch,
    uint32_t *group, struct err *err)
{
	struct spool_key k = *key;
	uint32_t *groups;
	size_t count;

	k.epoch = epoch;
	if (spool_groups(s, &k, &groups, &count, err) == -1)
		return -1;
	if (count > 0)
		*group = groups[0];
	free(groups);
	return count > 0;
}

/*
 * Search for the last epoch that begins in front of GROUP: *AT, 0 when there
 * is none.  Those from *END on, a greater place, begin there or behind, or
 * have nothing.
 */
static int
search_epoch(struct spool *s, const struct spool_key *key,
    const uint32_t *epochs, size_t count, uint32_t group, size_t *at,
    size_t *end, struct err *err)
{
	size_t low = 0, high = count, mid, i;
	uint32_t first = 0;
	int rc;

	*at = 0;
	while (low < high) {
		mid = low + (high - low) / 2;
		i = mid + 1;
		do
			rc = first_group(s, key, epochs[--i], &first, err);
		while (rc == 0 && i > low);
		if (rc == -1)
			return -1;
		if (rc == 1 && first >= group) {
			high = i;
			continue;
		}
		if (rc == 1)
			*at = i;
		low = mid + 1;
	}
	*end = low;
	return 0;
}

int
spool_epochs_in(struct spool *s, const char *stream, const char *rendition,
    uint32_t first, uint32_t last, uint32_t **epochs, size_t *count,
    struct err *err)
{
	struct spool_key key;
	size_t from = 0, to, ignored;
	int rc = 0;

	set_key(&key, stream, rendition);
	if (spool_epochs(s, stream, rendition, epochs, count, err) == -1)
		return -1;
	to = *count;
	if (first >= SPOOL_GROUP)
		rc = search_epoch(s, &key, *epochs, *count,
		    first / SPOOL_GROUP, &from, &ignored, err);
	if (rc == 0 && last < SPOOL_SEQ_MAX)
		rc = search_epoch(s, &key, *epochs, *count,
		    last / SPOOL_GROUP + 1, &ignored, &to, err);
	if (rc == -1) {
		free(*epochs);
		return -1;
	}
	*count = to > from ? to - from : 0;
	if (from > 0)
		memmove(*epochs, *epochs + from, *count * sizeof(**epochs));
	return 0;
}

int
spool_each(struct spool *s, const char *stream, const char *rendition,
    uint32_t first, uint32_t last, spool_fn *fn, void *arg, struct err *err)
{
	struct each e = { s, first, last, fn, arg, err };
	struct spool_key key;
	uint32_t *epochs;
	size_t count, i;
	int rc = 0;

	set_key(&key, stream, rendition);
	if (spool_epochs_in(s, stream, rendition, first, last, &epochs,
	    &count, err) == -1)
		return -1;
	for (i = 0; i < count && rc == 0; i++) {
		key.epoch = epochs[i];
		rc = each_in_epoch(&e, &key);
	}
	free(epochs);
	return rc;
}

int
spool_each_of_epoch(struct spool *s, const struct spool_key *key,
    uint32_t first, uint32_t last, spool_fn *fn, void *arg, struct err *err)
{
	struct each e = { s, first, last, fn, arg, err };
	struct spool_key k = *key;

	return each_in_epoch(&e, &k);
}

static int
found(const struct spool_key *key, void *arg, struct err *err)
{
	(void)key;
	(void)arg;
	(void)err;
	return 1;
}

int
spool_any(struct spool *s, const struct spool_key *key, uint32_t first,
    uint32_t last, struct err *err)
{
	return spool_each_of_epoch(s, key, first, last, found, NULL, err);
}

/* The newest fragment of KEY's epoch.  1, 0 or -1. */
static int
newest_of_epoch(struct spool *s, struct spool_key *key, struct err *err)
{
	bool there[SPOOL_GROUP];
	uint32_t *groups, i;
	size_t count;
	int rc = 0;

	if (spool_groups(s, key, &groups, &count, err) == -1)
		return -1;
	while (rc == 0 && count-- > 0) {
		rc = spool_group(s, key, groups[count], there, err);
		for (i = SPOOL_GROUP; rc == 0 && i-- > 0; )
			if (there[i]) {
				key->seq = groups[count] * SPOOL_GROUP + i;
				rc = 1;
			}
	}
	free(groups);
	return rc;
}

int
spool_newest(struct spool *s, const char *stream, const char *rendition,
    struct spool_key *key, struct err *err)
{
	uint32_t *epochs;
	size_t count;
	int rc = 0;

	set_key(key, stream, rendition);
	if (spool_epochs(s, stream, rendition, &epochs, &count, err) == -1)
		return -1;
	while (rc == 0 && count-- > 0) {
		key->epoch = epochs[count];
		rc = newest_of_epoch(s, key, err);
	}
	free(epochs);
	return rc;
}

int
spool_find(struct spool *s, const char *stream, const char *rendition,
    uint32_t seq, struct spool_key *key, struct err *err)
{
	uint32_t *epochs;
	size_t count;
	bool found = false;

	set_key(key, stream, rendition);
	key->seq = seq;
	if (spool_epochs(s, stream, rendition, &epochs, &count, err) == -1)
		return -1;
	while (!found && count-- > 0) {
		key->epoch = epochs[count];
		found = spool_exists(s, key);
	}
	free(epochs);
	return found;
}
