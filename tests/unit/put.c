#include "store/put.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "sample.h"
#include "scratch.h"
#include "tap.h"

static struct spool spool;

static int64_t arrival;		/* of what is put */

static void
put_one(struct put *p, uint32_t flags, struct spool_key *key)
{
	struct err err = ERR_INIT;
	struct put_item item;
	struct buf b;

	buf_init(&b, 10000);
	sample_arrived(&b, flags, 0, arrival);
	item.p = b.p;
	item.n = b.n;
	if (put_check(&item, &err) == -1 || put_store(p, &item, 1, &err) != 1)
		ok(false, "put: %s", err.text);
	*key = item.key;
	buf_release(&b);
}

static void
stores(struct put *p, uint32_t flags, uint32_t epoch, uint32_t seq,
    const char *name)
{
	struct fragment_info info;
	struct err err = ERR_INIT;
	struct spool_key key = { .epoch = 0 };
	uint64_t bytes;

	put_one(p, flags, &key);
	ok(key.epoch == epoch && key.seq == seq, "%s: %" PRIu32 ":%" PRIu32,
	    name, key.epoch, key.seq);
	ok(spool_info(p->s, &key, &info, &bytes, &err) == 0 &&
	    info.epoch == epoch && info.seq == seq, "and so it is stamped");
}

static void
begin(struct put *p, const char *stream)
{
	struct err err = ERR_INIT;

	if (put_begin(p, &spool, stream, &err) == -1)
		ok(false, "put_begin: %s", err.text);
}

static void
test_numbers(void)
{
	struct put p;

	begin(&p, "cam");
	stores(&p, FRAGMENT_EPOCH_START, 1, 1, "the first");
	stores(&p, 0, 1, 2, "the next");
	stores(&p, FRAGMENT_EPOCH_START, 2, 3, "a new epoch");
	stores(&p, FRAGMENT_DEPENDENT, 2, 4, "and on");
	begin(&p, "cam");
	begin(&p, "cam");
	stores(&p, 0, 3, 5, "a put that stores nothing uses no epoch");
}

/* One bit of its box. */
static void
damage(const struct spool_key *key)
{
	char path[SPOOL_PATH_BYTES];
	uint8_t byte = 0xff;
	int fd;

	spool_path(key, path);
	fd = openat(spool.fd, path, O_WRONLY);
	ok(fd != -1 && pwrite(fd, &byte, 1, 60) == 1 && close(fd) == 0,
	    "it is damaged");
}

/* The date of KEY's fragment. */
static int64_t
date_of(const struct spool_key *key)
{
	struct fragment_info info = { .date_us = 0 };
	struct err err = ERR_INIT;
	uint64_t bytes;

	if (spool_info(&spool, key, &info, &bytes, &err) == -1)
		ok(false, "no date: %s", err.text);
	return info.date_us;
}

static int64_t
put_arrived(struct put *p, uint32_t flags, int64_t arrival_us,
    struct spool_key *key)
{
	arrival = arrival_us;
	put_one(p, flags, key);
	arrival = 0;
	return date_of(key);
}

/* Dates go on over puts and epochs, and never back. */
static void
test_dates(void)
{
	const int64_t noon = INT64_C(1700000000000000);
	const int64_t hour = INT64_C(3600000000);
	struct spool_key key, second;
	struct put p, other;
	int64_t last;

	begin(&p, "dates");
	ok(put_arrived(&p, FRAGMENT_EPOCH_START, noon, &key) == noon,
	    "the first is dated as it arrived");
	last = put_arrived(&p, 0, noon + 1064000, &second);
	ok(last == noon + 1000500, "the next at its end, slewed");
	begin(&p, "dates");
	last = put_arrived(&p, FRAGMENT_EPOCH_START, noon - hour, &key);
	ok(last == noon + 2000500, "another put, with its clock set back");
	ok(put_arrived(&p, FRAGMENT_EPOCH_START, noon + hour, &key) ==
	    noon + hour, "and with the right time");

	put_arrived(&p, 0, noon + hour + 1000000, &key);
	damage(&key);
	begin(&other, "dates");
	last = put_arrived(&other, FRAGMENT_EPOCH_START, noon, &key);
	ok(last == noon + hour + 1000000,
	    "behind a damaged one: where the one before it ended");
	last = put_arrived(&p, 0, noon, &key);
	ok(last == noon + hour + 2000000, "behind a put that was faster");
}

/* Two puts that began at the same place. */
static void
test_same_start(void)
{
	struct put a, b;

	begin(&a, "same");
	begin(&b, "same");
	stores(&a, FRAGMENT_EPOCH_START, 1, 1, "the faster one");
	stores(&b, FRAGMENT_EPOCH_START, 2, 2, "the other takes the next");
	stores(&b, 0, 2, 3, "and goes on");
	stores(&a, FRAGMENT_LAST, 3, 4, "the first goes behind it");
	stores(&b, 0, 4, 5, "which the second sees");
}

/* The old put stores between the new one's look and its first fragment. */
static void
test_takeover(void)
{
	struct spool_key key;
	struct put a, b;
	bool there;

	begin(&a, "over");
	stores(&a, 0, 1, 1, "the old one");
	begin(&b, "over");
	stores(&a, FRAGMENT_LAST, 1, 2, "its last fragment");
	stores(&b, FRAGMENT_EPOCH_START, 2, 3, "the new one is behind it");
	key = b.last;
	key.seq = 2;
	there = spool_exists(&spool, &key);
	ok(!there, "what was out of order is gone");
}

/*
 * Both of two puts lost a race, and left an empty epoch between them: the one
 * behind it was told of a number that the one before it has used since.
 */
static void
test_empty_epoch_between(void)
{
	struct spool_key gone = { .stream = "gap", .epoch = 2, .seq = 2,
	    .rendition = SPOOL_SRC };
	struct err err = ERR_INIT;
	struct put a, b;

	begin(&a, "gap");
	stores(&a, 0, 1, 1, "the first");
	begin(&b, "gap");
	stores(&b, 0, 2, 2, "a second, that will lose");
	begin(&b, "gap");
	ok(spool_remove(&spool, &gone, &err) == 1, "it lost (%s)", err.text);
	stores(&a, 0, 1, 2, "the first goes on");
	stores(&a, 0, 1, 3, "past the number that was lost");
	stores(&b, 0, 2, 4, "the second is behind all of it");
}

/*
 * A put was killed when it had lost a race, before it took its fragment back:
 * the newest epoch ends with a number that an older one is past.
 */
static void
test_loser_left_behind(void)
{
	struct spool_key left = { .stream = "left", .epoch = 2, .seq = 2,
	    .rendition = SPOOL_SRC };
	char path[SPOOL_PATH_BYTES], file[4096 + SPOOL_PATH_BYTES];
	char aside[sizeof(file) + 8];
	struct put a, b;

	begin(&a, "left");
	stores(&a, 0, 1, 1, "the first");
	begin(&b, "left");
	stores(&b, 0, 2, 2, "a second, that will lose");
	spool_path(&left, path);
	snprintf(file, sizeof(file), "%s/%s", spool.dir, path);
	snprintf(aside, sizeof(aside), "%s.aside", file);
	ok(rename(file, aside) == 0, "it is not there yet");
	stores(&a, 0, 1, 2, "the first goes on");
	stores(&a, 0, 1, 3, "and on");
	ok(rename(aside, file) == 0, "then it is, and stays");
	begin(&b, "left");
	stores(&b, 0, 3, 4, "the next put is behind all of it");
	stores(&b, 0, 3, 5, "and goes on");
}

/* COUNT of them, of which the one at START begins an epoch. */
static void
put_many(struct put *p, size_t count, size_t start, size_t want,
    const char *name)
{
	struct put_item items[LIMIT_PUT_FRAGMENTS];
	struct err err = ERR_INIT;
	uint32_t seq;
	struct buf b[LIMIT_PUT_FRAGMENTS];
	size_t i;
	int n;

	for (i = 0; i < count; i++) {
		buf_init(&b[i], 10000);
		sample_fragment(&b[i], i == start ? FRAGMENT_EPOCH_START : 0,
		    (uint32_t)i);
		items[i].p = b[i].p;
		items[i].n = b[i].n;
		if (put_check(&items[i], &err) == -1)
			ok(false, "check: %s", err.text);
	}
	n = put_store(p, items, count, &err);
	ok(n == (int)want, "%s: %d stored", name, n);
	seq = items[0].key.seq - 1;
	for (i = 0; n > 0 && i < (size_t)n; i++)
		if (items[i].key.seq != ++seq ||
		    !spool_exists(&spool, &items[i].key))
			ok(false, "number %" PRIu32, seq);
	ok(p->last.seq == seq, "the last one is %" PRIu32, seq);
	for (i = 0; i < count; i++)
		buf_release(&b[i]);
}

static void
test_batch(void)
{
	struct spool_key key;
	struct put p, other;

	begin(&p, "batch");
	put_many(&p, LIMIT_PUT_FRAGMENTS, 0, LIMIT_PUT_FRAGMENTS, "a batch");
	put_many(&p, 5, 3, 3, "up to a new epoch");
	put_many(&p, 5, 0, 5, "which begins another one");
	p.last.seq = 995;
	put_many(&p, 8, 8, 4, "up to the end of a directory");
	put_many(&p, 4, 8, 4, "and on in the next");
	begin(&other, "batch");
	put_one(&other, 0, &key);
	put_many(&p, 4, 8, 4, "another put began an epoch: behind it");
	ok(p.last.epoch == key.epoch + 1 && p.last.seq == key.seq + 4,
	    "in one of its own");
}

static void
test_check(void)
{
	struct err err = ERR_INIT;
	struct put_item item;
	struct buf b;

	buf_init(&b, 10000);
	sample_fragment(&b, 0, 0);
	item.p = b.p;
	item.n = b.n;
	ok(put_check(&item, &err) == 0, "a good one (%s)", err.text);
	item.n = b.n - 1;
	ok(put_check(&item, &err) == -1 && err.cls == ERR_DATA,
	    "cut short: %s", err.text);
	item.n = 8;
	ok(put_check(&item, &err) == -1 && err.cls == ERR_DATA,
	    "no more than a head: %s", err.text);
	item.n = b.n;
	b.p[30] ^= 0xff;
	ok(put_check(&item, &err) == -1 && err.cls == ERR_DATA,
	    "no info box: %s", err.text);
	buf_release(&b);
}

static void
test_limits(void)
{
	struct err err = ERR_INIT;
	struct put_item item;
	struct put p;
	struct buf b;

	begin(&p, "end");
	p.last.epoch = SPOOL_EPOCH_MAX - 1;
	p.last.seq = SPOOL_SEQ_MAX - 1;
	stores(&p, 0, SPOOL_EPOCH_MAX, SPOOL_SEQ_MAX, "the last of all");
	buf_init(&b, 10000);
	sample_fragment(&b, 0, 0);
	item.p = b.p;
	item.n = b.n;
	ok(put_check(&item, &err) == 0 && put_store(&p, &item, 1, &err) == -1,
	    "no number: %s", err.text);
	begin(&p, "end");
	ok(put_store(&p, &item, 1, &err) == -1, "no epoch: %s", err.text);
	buf_release(&b);
}

int
main(void)
{
	struct err err = ERR_INIT;

	ok(spool_open(&spool, scratch(), true, &err) == 0, "a spool (%s)",
	    err.text);
	test_numbers();
	test_dates();
	test_same_start();
	test_takeover();
	test_empty_epoch_between();
	test_loser_left_behind();
	test_batch();
	test_check();
	test_limits();
	spool_close(&spool);
	return done_testing();
}
