/* What is asked for by name, and what is read again. */
#include "store/seen.h"

#include <string.h>

#include "base/err.h"
#include "scratch.h"
#include "tap.h"

static struct spool spool;
static struct seen seen;
static const struct spool_key key = { .stream = "cam", .epoch = 1,
    .rendition = "aac" };

static void
put(uint32_t seq)
{
	struct spool_key k = key;
	struct err err = ERR_INIT;
	char path[SPOOL_PATH_BYTES];

	k.seq = seq;
	spool_path(&k, path);
	if (spool_publish(&spool, path, "x", 1, &err) != 1)
		exit(99);
}

static void
take(uint32_t seq)
{
	struct spool_key k = key;
	struct err err = ERR_INIT;

	k.seq = seq;
	if (spool_remove(&spool, &k, &err) != 1)
		exit(99);
}

/* Is SEQ there, when numbers up to LAST are wanted? */
static bool
has(uint32_t seq, uint32_t last)
{
	bool there[SPOOL_GROUP];
	struct err err = ERR_INIT;

	if (seen_group(&seen, &spool, &key, 0, 0, last, there, &err) == -1)
		exit(99);
	return there[seq];
}

static void
test_few(void)
{
	uint32_t seq;

	for (seq = 1; seq <= 20; seq++)
		put(seq);
	ok(has(20, 20) && !has(21, 24), "what is there is seen");
	put(22);
	ok(has(22, 24), "what comes is asked for by name");
	take(10);
	ok(has(10, 24), "what leaves the middle is missed later");
	take(1);
	ok(!has(10, 24), "at once when the first is gone");
}

/* Of a thousand numbers no directory is worth asking for each. */
static void
test_many(void)
{
	take(11);
	ok(has(11, 24), "few are missing: each is asked for");
	ok(!has(11, SPOOL_GROUP - 1),
	    "most are missing: the directory is read again");
	put(900);
	ok(has(900, SPOOL_GROUP - 1), "and has what came");
}

int
main(void)
{
	struct err err = ERR_INIT;

	if (spool_open(&spool, scratch(), true, &err) == -1)
		return 99;
	test_few();
	test_many();
	seen_release(&seen);
	spool_close(&spool);
	return done_testing();
}
