#include "store/pending.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "scratch.h"
#include "seen.h"
#include "tap.h"

static struct spool spool;
static struct rendition renditions[] = {
	{ .name = "low", .tier = LADDER_LIVE },
	{ .name = "best", .tier = LADDER_BATCH },
	{ .name = "sound", .tier = LADDER_LIVE },
};
static const struct ladder ladder = { renditions, 3 };

static struct spool_key
make(const char *rendition, uint32_t epoch, uint32_t seq)
{
	struct spool_key key = { .stream = "cam", .epoch = epoch, .seq = seq };
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;

	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	spool_path(&key, path);
	if (spool_publish(&spool, path, "", 0, &err) != 1)
		ok(false, "%s: %s", path, err.text);
	return key;
}

static void
are_pending(enum pending_tier tier, enum pending_order order,
    const char *want, const char *name)
{
	const struct pending p = { &spool, &ladder, tier, order, SELECT_ALL };
	struct err err = ERR_INIT;

	seen[0] = '\0';
	ok(pending_each(&p, "cam", see, NULL, &err) == 0 && strcmp(seen, want) == 0, "%s: %s", name, seen);
}

static void
live_are(const char *want, const char *name)
{
	are_pending(PENDING_LIVE, PENDING_OLDEST_FIRST, want, name);
}

static void
publish_none(const char *rendition, uint32_t epoch)
{
	struct spool_key key = { .stream = "cam", .epoch = epoch };
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;

	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	spool_none_path(&key, path);
	if (spool_publish(&spool, path, "", 0, &err) != 1)
		ok(false, "%s: %s", path, err.text);
}

static void
test_pending(void)
{
	const struct rendition *missing;
	struct spool_key key;

	live_are("", "no stream, nothing pending");
	make("src", 1, 998);
	key = make("src", 1, 1000);
	make("src", 2, 1001);
	live_are("998 1000 1001", "all");
	are_pending(PENDING_ALL, PENDING_NEWEST_FIRST, "1001 1000 998",
	    "the newest first");
	make("low", 1, 1000);
	missing = store_missing(&spool, &ladder, PENDING_LIVE, &key);
	ok(missing == &renditions[2], "one of two is not enough");
	live_are("998 1000 1001", "so it is still pending");
	make("sound", 1, 1000);
	ok(store_missing(&spool, &ladder, PENDING_LIVE, &key) == NULL,
	    "two of two are");
	live_are("998 1001", "it is not pending");
	ok(store_missing(&spool, &ladder, PENDING_ALL, &key) ==
	    &renditions[1], "batch is missing");
	are_pending(PENDING_BATCH, PENDING_OLDEST_FIRST, "998 1000 1001",
	    "batch is another matter");
	make("sound", 1, 999);
	live_are("998 1001", "a rendition without its original is no matter");
}

static void
test_none(void)
{
	struct spool_key key = { .stream = "cam", .rendition = SPOOL_SRC,
	    .epoch = 1, .seq = 998 };

	publish_none("sound", 1);
	live_are("998 1001", "one that cannot be is one of two");
	publish_none("low", 1);
	live_are("1001", "an epoch that can have neither waits for nothing");
	ok(store_missing(&spool, &ladder, PENDING_LIVE, &key) == NULL,
	    "its fragment lacks nothing");
	ok(spool_none(&spool, &(struct spool_key){ .stream = "cam",
	    .rendition = "low", .epoch = 1 }) &&
	    !spool_none(&spool, &(struct spool_key){ .stream = "cam",
	    .rendition = "low", .epoch = 2 }), "it is per epoch");
}

static void
test_behind(void)
{
	struct spool_key key = { .stream = "cam", .rendition = SPOOL_SRC,
	    .epoch = 1, .seq = 998 };
	struct err err = ERR_INIT;
	uint32_t behind = 0;

	ok(pending_behind(&spool, &key, &behind, &err) == 0 && behind == 3,
	    "three newer ones (%u)", behind);
	key.seq = 1001;
	ok(pending_behind(&spool, &key, &behind, &err) == 0 && behind == 0,
	    "none newer");
	snprintf(key.stream, sizeof(key.stream), "other");
	ok(pending_behind(&spool, &key, &behind, &err) == 0 && behind == 0,
	    "no stream");
}

int
main(void)
{
	struct err err = ERR_INIT;

	ok(spool_open(&spool, scratch(), true, &err) == 0, "a spool (%s)",
	    err.text);
	test_pending();
	test_none();
	test_behind();
	spool_close(&spool);
	return done_testing();
}
