/*
 * A crew works off each line in its order, whoever is quicker, and stops at
 * the first failure without losing an item.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/crew.h"
#include "base/err.h"
#include "tap.h"

#define LINES	5
#define ITEMS	400

struct test {
	size_t		next[LINES];	/* of each line: what must come */
	int		bad_at;		/* of the last line; -1: never */
	atomic_int	wrong, worked;
};

static atomic_int dropped;

static int
work(size_t line, void *item, void *arg, struct err *err)
{
	struct test *t = arg;
	size_t n = *(size_t *)item;

	if (n != t->next[line]++)
		t->wrong++;
	t->worked++;
	if (line == LINES - 1 && t->bad_at == (int)n)
		return err_set(err, ERR_DATA, "line %zu, item %zu", line, n);
	return 0;
}

static void
drop(void *item)
{
	free(item);
	dropped++;
}

/* How many items were put; *RC of the last call. */
static int
feed(struct crew *c, int *rc, struct err *err)
{
	size_t i, line, *item;
	int put = 0;

	for (i = 0, *rc = 0; i < ITEMS && *rc == 0; i++)
		for (line = 0; line < LINES && *rc == 0; line++) {
			item = malloc(sizeof(*item));
			*item = i;
			put++;
			*rc = crew_put(c, line, item, err);
		}
	if (*rc == 0)
		*rc = crew_wait(c, err);
	return put;
}

static void
try(unsigned threads, int bad_at)
{
	struct test t = { .bad_at = bad_at };
	const struct crew_conf conf = { threads, LINES, work, drop, &t };
	struct err err = ERR_INIT;
	struct crew *c = crew_new(&conf, &err);
	int put, rc;

	dropped = 0;
	put = feed(c, &rc, &err);
	if (bad_at == -1)
		ok(rc == 0 && t.worked == LINES * ITEMS,
		    "%u threads: everything", threads);
	else
		ok(rc == -1 && err.cls == ERR_DATA && t.worked < put + 1,
		    "%u threads: %s", threads, err.text);
	ok(t.wrong == 0, "in order");
	crew_free(c);
	ok(dropped == put, "every item dropped, once");
}

int
main(void)
{
	static const unsigned threads[] = { 1, 2, 3, 16 };
	size_t i;

	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
		try(threads[i], -1);
		try(threads[i], ITEMS / 2);
		try(threads[i], ITEMS - 1);
	}
	crew_free(NULL);
	return done_testing();
}
