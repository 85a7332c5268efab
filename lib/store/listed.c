#include "store/listed.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/spool.h"

#define FIRST_ROOM	1024

int
listed_add(struct listed *l, const struct spool_key *key, struct err *err)
{
	size_t room = l->room == 0 ? FIRST_ROOM : 2 * l->room;
	struct spool_key *more;

	if (l->n == LIMIT_LISTED)
		return err_set(err, ERR_DATA, "more than %d fragments",
		    LIMIT_LISTED);
	if (l->n == l->room) {
		if ((more = realloc(l->keys, room * sizeof(*more))) == NULL)
			return err_nomem(err);
		l->keys = more;
		l->room = room;
	}
	l->keys[l->n++] = *key;
	l->sorted = false;
	return 0;
}

/* By place: what is in one directory, of any rendition, is together. */
static int
compare(const void *a, const void *b)
{
	const struct spool_key *x = a, *y = b;
	int c = strcmp(x->stream, y->stream);

	if (c != 0)
		return c;
	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return strcmp(x->rendition, y->rendition);
}

/* The first that is not before KEY, or NULL. */
static const struct spool_key *
find(struct listed *l, const struct spool_key *key)
{
	size_t lo = 0, hi = l->n, mid;

	if (!l->sorted && l->n > 0)
		qsort(l->keys, l->n, sizeof(*l->keys), compare);
	l->sorted = true;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare(&l->keys[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n ? &l->keys[lo] : NULL;
}

bool
listed_has(struct listed *l, const struct spool_key *key)
{
	const struct spool_key *at = find(l, key);

	return at != NULL && compare(at, key) == 0;
}

bool
listed_has_group(struct listed *l, const struct spool_key *key)
{
	struct spool_key first = *key;
	const struct spool_key *at;

	first.seq = key->seq / SPOOL_GROUP * SPOOL_GROUP;
	first.rendition[0] = '\0';
	at = find(l, &first);
	return at != NULL && strcmp(at->stream, key->stream) == 0 &&
	    at->epoch == key->epoch && at->seq - first.seq < SPOOL_GROUP;
}

void
listed_release(struct listed *l)
{
	free(l->keys);
	memset(l, 0, sizeof(*l));
}
