#include "store/pending.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

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

/* KEY's original was stored SECONDS ago, as its file system sees it. */
static void
stored_ago(const struct spool_key *key, int seconds)
{
	struct timespec times[2];
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	int64_t now_us = 0;

	spool_path(key, path);
	if (spool_now_us(&spool, &now_us, &err) == -1)
		ok(false, "%s", err.text);
	times[0].tv_sec = (time_t)(now_us / 1000000) - seconds;
	times[0].tv_nsec = (long)(now_us % 1000000 * 1000);
	times[1] = times[0];
	if (utimensat(spool.fd, path, times, 0) == -1)
		ok(false, "utimensat %s", path);
}

static void
is_behind(const struct spool_key *key, uint32_t want, const char *name)
{
	struct err err = ERR_INIT;
	uint32_t behind = 0;
	int rc = pending_behind(&spool, key, &behind, &err);

	ok(rc == 0 && behind == want, "%s: %u %s", name, behind, err.text);
}

static void
test_behind(void)
{
	struct spool_key key = { .stream = "cam", .rendition = SPOOL_SRC,
	    .epoch = 1, .seq = 998 };

	is_behind(&key, 3, "three newer ones");
	key.epoch = 2;
	key.seq = 1001;
	is_behind(&key, 0, "none newer");
	stored_ago(&key, 9);
	is_behind(&key, 9, "none newer, but it was stored long ago");
	stored_ago(&key, -100);
	is_behind(&key, 0, "a clock that went back makes nothing late");
	snprintf(key.stream, sizeof(key.stream), "other");
	is_behind(&key, 0, "no stream");
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
