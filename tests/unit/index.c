#include "store/index.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "scratch.h"
#include "seen.h"
#include "store/pending.h"
#include "tap.h"

static struct spool spool;
static struct rendition renditions[] = {
	{ .name = "low", .tier = LADDER_LIVE },
	{ .name = "sound", .tier = LADDER_LIVE },
};
static const struct ladder ladder = { renditions, 2 };

static struct spool_key
key_of(const char *rendition, uint32_t epoch, uint32_t seq)
{
	struct spool_key key = { .stream = "cam", .epoch = epoch, .seq = seq };

	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	return key;
}

static void
make(const char *rendition, uint32_t epoch, uint32_t seq)
{
	struct spool_key key = key_of(rendition, epoch, seq);
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;

	spool_path(&key, path);
	if (spool_publish(&spool, path, "", 0, &err) != 1)
		ok(false, "%s: %s", path, err.text);
}

static void
drop(const char *rendition, uint32_t epoch, uint32_t seq)
{
	struct spool_key key = key_of(rendition, epoch, seq);
	struct err err = ERR_INIT;

	if (spool_remove(&spool, &key, &err) == -1)
		ok(false, "%s", err.text);
}

static void
are_pending(const char *want, const char *name)
{
	const struct pending p = { &spool, &ladder, PENDING_LIVE,
	    PENDING_OLDEST_FIRST, SELECT_ALL };
	struct err err = ERR_INIT;

	seen[0] = '\0';
	ok(pending_each(&p, "cam", see, NULL, &err) == 0 &&
	    strcmp(seen, want) == 0, "%s: '%s'", name, seen);
}

static bool
remembered(const char *rendition, uint32_t epoch, uint32_t group)
{
	struct spool_key key = key_of(rendition, epoch, 0);
	struct index ix;
	bool found;

	index_open(&ix, &spool, "cam");
	found = index_find(&ix, &key, group) != NULL;
	index_close(&ix, false);
	return found;
}

/* Until the directory changed last rests. */
static void
wait_for_rest(const char *rendition, uint32_t epoch, uint32_t group)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	struct spool_key key = key_of(rendition, epoch, 0);
	int64_t end_us = clock_mono_us() + 20000000;
	struct index_stamp stamp;
	struct index ix;
	bool rests = false;

	while (!rests && clock_mono_us() < end_us) {
		nanosleep(&pause, NULL);
		index_open(&ix, &spool, "cam");
		rests = index_rests(&ix, &key, group, &stamp);
		index_close(&ix, false);
	}
	ok(rests, "the directories rest");
}

static void
write_index(const char *text)
{
	struct err err = ERR_INIT;

	if (spool_replace(&spool, "index/cam", text, strlen(text),
	    SPOOL_VOLATILE, &err) == -1)
		ok(false, "%s", err.text);
}

static void
test_remembering(void)
{
	make("low", 1, 5);
	make("low", 1, 6);
	make("low", 1, 1005);
	make("low", 2, 1006);
	make("sound", 1, 5);
	make("sound", 1, 6);
	make("sound", 2, 1006);
	make("src", 1, 5);
	make("src", 1, 6);
	make("src", 1, 1005);
	make("src", 2, 1006);
	are_pending("1005", "one lacks one");
	ok(!remembered("src", 1, 0), "what has just changed is not remembered");
	wait_for_rest("src", 2, 1);
	are_pending("1005", "the same");
	ok(remembered("src", 1, 0) && remembered("low", 1, 0) &&
	    remembered("sound", 1, 0), "a complete group is remembered");
	ok(remembered("src", 1, 1) && remembered("low", 1, 1) &&
	    !remembered("sound", 1, 1), "an incomplete one as far as it is");
	are_pending("1005", "the same from memory");
}

static void
test_changes(void)
{
	drop("sound", 1, 6);
	ok(!remembered("sound", 1, 0), "a removal is seen");
	are_pending("6 1005", "a rendition removed is pending, at once");
	make("sound", 1, 6);
	are_pending("1005", "and not when it is back");
	make("src", 2, 1007);
	are_pending("1005 1007", "an original that is new is pending");
	make("low", 2, 1007);
	make("sound", 2, 1007);
	make("sound", 1, 1005);
	are_pending("", "all is there");
	wait_for_rest("sound", 1, 1);
	are_pending("", "still");
	ok(remembered("sound", 1, 0) && remembered("src", 2, 1) &&
	    remembered("low", 2, 1) && remembered("sound", 1, 1),
	    "and is remembered");
}

static void
test_gone(void)
{
	struct spool_key key = key_of(SPOOL_SRC, 1, 0);
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	struct buf b;

	drop("src", 1, 5);
	drop("src", 1, 6);
	spool_group_path(&key, 0, path);
	ok(unlinkat(spool.fd, path, AT_REMOVEDIR) == 0, "a group expires");
	make("src", 2, 1008);
	wait_for_rest("src", 2, 1);
	are_pending("1008", "what is new is pending");
	buf_init(&b, 10000);
	ok(file_slurp(spool.fd, "index/cam", &b, &err) == 0, "the index");
	buf_put_u8(&b, '\0');
	ok(strstr((char *)b.p, "low 1 0 ") == NULL &&
	    strstr((char *)b.p, "src 1 0 ") == NULL &&
	    strstr((char *)b.p, "src 1 1 ") != NULL,
	    "has forgotten what is gone");
	buf_release(&b);
}

static void
test_bad(void)
{
	static const char *const bad[] = { "", "livespool index 1\n",
	    "livespool index 1\nend 1\n", "livespool index 2\nend 0\n",
	    "livespool index 1\nsrc 1 1 1 1 1 1 1 1\nend 2\n",
	    "livespool index 1\nsrc 1 1 1 1 1 1 1 1\nsrc 1 1 1 1 1 1 1 1\n"
	    "end 2\n",
	    "livespool index 1\nsrc 1 1 1 1 1 1 1\nend 1\n",
	    "livespool index 1\nsrc 1 1 -1 1 1 1 1 1\nend 1\n",
	    "livespool index 1\n../x 1 1 1 1 1 1 1 1\nend 1\n",
	    "livespool index 1\nsrc 1 1 99999999999999999999 1 1 1 1 1\n"
	    "end 1\n", "livespool index 1\nend 0\nmore" };
	struct index ix;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_index(bad[i]);
		index_open(&ix, &spool, "cam");
		ok(ix.count == 0, "bad index %zu is not believed", i);
		index_close(&ix, false);
	}
	are_pending("1008", "and does no harm");
}

int
main(void)
{
	struct err err = ERR_INIT;

	ok(spool_open(&spool, scratch(), true, &err) == 0, "a spool (%s)",
	    err.text);
	test_remembering();
	test_changes();
	test_gone();
	test_bad();
	spool_close(&spool);
	return done_testing();
}
