#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/claim.h"

struct candidate {
	struct ticket		ticket;
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
	c->list[c->count++] = (struct candidate){ .ticket.key = *key };
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct spool_key *x = &((const struct candidate *)a)->ticket.key;
	const struct spool_key *y = &((const struct candidate *)b)->ticket.key;
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

/* Number N of one stream, oldest first, from the first to try. */
static void
rank(struct candidate *list, size_t n, enum pending_order order,
    uint32_t start)
{
	uint32_t mark = mark_of(list[0].ticket.key.stream, start);
	size_t i;

	for (i = 0; i < n; i++) {
		list[i].mark = mark;
		list[i].rank = (uint32_t)(order == PENDING_OLDEST_FIRST ? i :
		    n - 1 - i);
		list[i].ticket.behind = list[n - 1].ticket.key.seq -
		    list[i].ticket.key.seq;
	}
}

static void
rank_all(struct candidates *c, enum pending_order order, uint32_t start)
{
	size_t i, n;

	for (i = 0; i < c->count; i += n) {
		for (n = 1; i + n < c->count &&
		    strcmp(c->list[i + n].ticket.key.stream,
		    c->list[i].ticket.key.stream) == 0; n++)
			continue;
		rank(&c->list[i], n, order, start);
	}
}

int
claim_order(struct spool *s, enum spool_queue q, enum pending_order order,
    struct ticket **tickets, size_t *count, struct err *err)
{
	struct candidates c = { 0 };
	uint32_t start = 0;
	size_t i;
	int rc = -1;

	*tickets = NULL;
	*count = 0;
	if (spool_each_ticket(s, q, add, &c, err) == -1)
		goto out;
	if (getrandom(&start, sizeof(start), 0) != (ssize_t)sizeof(start)) {
		err_sys(err, ERR_OS, "cannot get random bytes");
		goto out;
	}
	if ((*tickets = calloc(c.count + 1, sizeof(**tickets))) == NULL) {
		err_nomem(err);
		goto out;
	}
	if (c.count > 0)
		qsort(c.list, c.count, sizeof(*c.list), by_place);
	rank_all(&c, order, start);
	if (c.count > 0)
		qsort(c.list, c.count, sizeof(*c.list), by_rank);
	for (i = 0; i < c.count; i++)
		(*tickets)[i] = c.list[i].ticket;
	*count = c.count;
	rc = 0;
out:
	free(c.list);
	return rc;
}
