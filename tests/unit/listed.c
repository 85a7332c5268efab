#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "store/listed.h"
#include "store/spool.h"
#include "tap.h"

static struct spool_key
key(const char *stream, const char *rendition, uint32_t epoch, uint32_t seq)
{
	struct spool_key k = { .epoch = epoch, .seq = seq };

	snprintf(k.stream, sizeof(k.stream), "%s", stream);
	snprintf(k.rendition, sizeof(k.rendition), "%s", rendition);
	return k;
}

static bool
add(struct listed *l, struct spool_key k)
{
	struct err err = ERR_INIT;

	return listed_add(l, &k, &err) == 0;
}

static bool
has(struct listed *l, struct spool_key k)
{
	return listed_has(l, &k);
}

static bool
has_group(struct listed *l, struct spool_key k)
{
	return listed_has_group(l, &k);
}

static void
test_members(void)
{
	struct listed l = { 0 };

	ok(!has(&l, key("cam", "src", 1, 1)) &&
	    !has_group(&l, key("cam", "src", 1, 1)), "nothing is listed");
	ok(add(&l, key("cam", "src", 2, 1999)) &&
	    add(&l, key("cam", "low", 1, 7)) &&
	    add(&l, key("bob", "src", 1, 7)), "three are added");
	ok(has(&l, key("cam", "low", 1, 7)) &&
	    has(&l, key("bob", "src", 1, 7)) &&
	    has(&l, key("cam", "src", 2, 1999)), "and found");
	ok(!has(&l, key("cam", "src", 1, 7)) &&
	    !has(&l, key("cam", "low", 2, 7)) &&
	    !has(&l, key("cam", "low", 1, 8)) &&
	    !has(&l, key("zoe", "low", 1, 7)), "others are not");
	ok(has_group(&l, key("cam", "src", 2, 1000)) &&
	    has_group(&l, key("cam", "any", 1, 999)), "their directories");
	ok(!has_group(&l, key("cam", "src", 2, 999)) &&
	    !has_group(&l, key("cam", "src", 2, 2000)) &&
	    !has_group(&l, key("cam", "src", 1, 1000)) &&
	    !has_group(&l, key("bob", "src", 2, 1999)), "no others");
	ok(add(&l, key("abe", "src", 1, 1)) &&
	    has(&l, key("abe", "src", 1, 1)) &&
	    has(&l, key("cam", "low", 1, 7)), "one more, after a question");
	listed_release(&l);
	ok(!has(&l, key("cam", "low", 1, 7)), "none is left");
}

static void
test_limit(void)
{
	struct listed l = { 0 };
	struct spool_key k = key("cam", "src", 1, 1);
	struct err err = ERR_INIT;
	int i;

	for (i = 0; i < LIMIT_LISTED; i++)
		if (listed_add(&l, &k, &err) == -1)
			break;
	ok(i == LIMIT_LISTED, "as many as may be");
	ok(listed_add(&l, &k, &err) == -1 && err.cls == ERR_DATA,
	    "one more is refused (%s)", err.text);
	listed_release(&l);
}

int
main(void)
{
	test_members();
	test_limit();
	return done_testing();
}
