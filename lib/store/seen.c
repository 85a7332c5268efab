#include "store/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* Directories are read again every so many times. */
#define AGAIN	16
/* Reading a directory costs less than asking for so many files. */
#define ASK_MAX	64

void
seen_release(struct seen *seen)
{
	free(seen->groups);
	memset(seen, 0, sizeof(*seen));
}

void
seen_again(struct seen *seen)
{
	if (seen->times++ % AGAIN == 0)
		seen->count = 0;
}

static struct seen_group *
find(const struct seen *seen, uint32_t epoch, uint32_t group)
{
	size_t i;

	for (i = 0; i < seen->count; i++)
		if (seen->groups[i].epoch == epoch &&
		    seen->groups[i].group == group)
			return &seen->groups[i];
	return NULL;
}

static bool
exists(struct spool *s, const struct spool_key *key, uint32_t seq)
{
	struct spool_key k = *key;

	k.seq = seq;
	return spool_exists(s, &k);
}

static bool
first_is_there(struct spool *s, const struct spool_key *key,
    const struct seen_group *g)
{
	uint32_t i;

	for (i = 0; i < SPOOL_GROUP; i++)
		if (g->there[i])
			return exists(s, key, g->group * SPOOL_GROUP + i);
	return false;
}

/* How many of the numbers from FIRST to LAST were not there? */
static uint32_t
count_missing(const struct seen_group *g, uint32_t first, uint32_t last)
{
	uint32_t base = g->group * SPOOL_GROUP, n = 0, i;

	for (i = first > base ? first - base : 0;
	    i < SPOOL_GROUP && base + i <= last; i++)
		n += !g->there[i];
	return n;
}

static void
ask(struct spool *s, const struct spool_key *key, struct seen_group *g,
    uint32_t first, uint32_t last)
{
	uint32_t base = g->group * SPOOL_GROUP, i;

	for (i = first > base ? first - base : 0;
	    i < SPOOL_GROUP && base + i <= last; i++)
		if (!g->there[i])
			g->there[i] = exists(s, key, base + i);
}

/* Room for one more. */
static struct seen_group *
add(struct seen *seen, struct err *err)
{
	struct seen_group *more = realloc(seen->groups,
	    (seen->count + 1) * sizeof(*more));

	if (more == NULL) {
		err_nomem(err);
		return NULL;
	}
	seen->groups = more;
	return &more[seen->count++];
}

int
seen_group(struct seen *seen, struct spool *s, const struct spool_key *key,
    uint32_t group, uint32_t first, uint32_t last, bool there[SPOOL_GROUP],
    struct err *err)
{
	struct seen_group *g = find(seen, key->epoch, group);

	if (g != NULL && count_missing(g, first, last) <= ASK_MAX &&
	    first_is_there(s, key, g)) {
		ask(s, key, g, first, last);
	} else {
		if (g == NULL && (g = add(seen, err)) == NULL)
			return -1;
		*g = (struct seen_group){ .epoch = key->epoch,
		    .group = group };
		if (spool_group(s, key, group, g->there, err) == -1)
			return -1;
	}
	memcpy(there, g->there, sizeof(g->there));
	return 0;
}
