#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/claim.h"

struct candidate {
	struct spool_key	key;
	uint32_t		rank;	/* in its stream */
	uint32_t		mark;	/* of its stream */
};

struct candidates {
	struct candidate	*list;	/* owned */
	size_t			 count, cap;
};

static int
add(const struct spool_key *key, void *arg, struct err *err)
{
	struct candidates *c = arg;
	struct candidate *more;

	if (c->count == LIMIT_CLAIM_LOOK)
		return 1;
	if (c->count == c->cap) {
		c->cap = c->cap == 0 ? 64 : 2 * c->cap;
		more = realloc(c->list, c->cap * sizeof(*more));
		if (more == NULL)
			return err_nomem(err);
		c->list = more;
	}
	c->list[c->count++] = (struct candidate){ .key = *key };
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct spool_key *x = &((const struct candidate *)a)->key;
	const struct spool_key *y = &((const struct candidate *)b)->key;
	int order = strcmp(x->stream, y->stream);

	if (order != 0)
		return order;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int
by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->mark != y->mark)
		return x->mark < y->mark ? -1 : 1;
	return by_place(a, b);
}

/* FNV-1a of the stream's name, from a start that is this caller's own. */
static uint32_t
mark_of(const char *stream, uint32_t start)
{
	for (; *stream != '\0'; stream++)
		start = (start ^ (uint8_t)*stream) * 16777619u;
	return start;
}

/* Number those of each stream, which are together, from the first to try. */
static void
rank(struct candidates *c, enum pending_order order)
{
	size_t i, at, was;

	for (i = 0; i < c->count; i++) {
		at = order == PENDING_OLDEST_FIRST ? i : c->count - 1 - i;
		was = order == PENDING_OLDEST_FIRST ? at - 1 : at + 1;
		if (i > 0 && strcmp(c->list[at].key.stream,
		    c->list[was].key.stream) == 0)
			c->list[at].rank = c->list[was].rank + 1;
	}
}

int
claim_order(struct spool *s, enum pending_order order,
    struct spool_key **keys, size_t *count, struct err *err)
{
	struct candidates c = { 0 };
	uint32_t start = 0;
	size_t i;
	int rc = -1;

	*keys = NULL;
	*count = 0;
	if (spool_each_ticket(s, add, &c, err) == -1)
		goto out;
	if (getrandom(&start, sizeof(start), 0) != (ssize_t)sizeof(start)) {
		err_sys(err, ERR_OS, "cannot get random bytes");
		goto out;
	}
	if ((*keys = calloc(c.count + 1, sizeof(**keys))) == NULL) {
		err_nomem(err);
		goto out;
	}
	if (c.count > 0)
		qsort(c.list, c.count, sizeof(*c.list), by_place);
	for (i = 0; i < c.count; i++)
		c.list[i].mark = mark_of(c.list[i].key.stream, start);
	rank(&c, order);
	if (c.count > 0)
		qsort(c.list, c.count, sizeof(*c.list), by_rank);
	for (i = 0; i < c.count; i++)
		(*keys)[i] = c.list[i].key;
	*count = c.count;
	rc = 0;
out:
	free(c.list);
	return rc;
}
