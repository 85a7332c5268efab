/*
 * playlists - streams for playlist-gen to follow.
 *
 *	playlists fill DIR STREAMS SECONDS
 *	playlists feed DIR STREAMS SECONDS RATE
 *
 * fill makes a spool of STREAMS that have been live for so long: what is out
 * of every window is one file under many names.  feed goes on with each, RATE
 * fragments a second, for SECONDS, as put and transcode-job would: original,
 * ticket, renditions, no ticket.  Prints how many fragments it was late by a
 * second with.
 */
#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "../soak/synthetic.h"

#define WINDOW		192		/* fragments with files of their own */
#define FRAMES		25

static struct spool spool;

/* Fragment SEQ of stream I. */
static struct synthetic
fragment(uint32_t i, uint32_t seq)
{
	static char name[16];
	struct synthetic f = { .stream = name, .epoch = 1, .seq = seq,
	    .flags = seq == 1 ? FRAGMENT_EPOCH_START : 0,
	    .start_frame = (int64_t)seq * FRAMES, .frames = FRAMES };

	snprintf(name, sizeof(name), "s%04" PRIu32, i);
	f.arrival_us = f.date_us = INT64_C(1700000000000000) +
	    (int64_t)seq * 1000000;
	return f;
}

static void
put(const struct synthetic *f)
{
	size_t r;

	synthetic_fragment(&spool, &synthetic_src, f);
	for (r = 0; r < SYNTHETIC_ROWS; r++)
		synthetic_fragment(&spool, &synthetic_rows[r], f);
}

/* SEQ of ROW is the file of FIRST under another name. */
static void
link_row(const struct synthetic_row *row, const struct synthetic *first,
    uint32_t seq)
{
	char from[SPOOL_PATH_BYTES], to[SPOOL_PATH_BYTES];
	struct spool_key key;

	synthetic_key(row, first, &key);
	spool_path(&key, from);
	key.seq = seq;
	spool_path(&key, to);
	if (linkat(spool.fd, from, spool.fd, to, 0) == -1)
		abort();
}

static void
fill(uint32_t i, uint32_t seconds)
{
	struct synthetic first = fragment(i, 1), f;
	uint32_t seq = 2;
	size_t r;

	put(&first);
	for (; seq + WINDOW <= seconds; seq++) {
		/* Where an MPD's Period begins. */
		if (seq % SPOOL_GROUP == 0) {
			f = fragment(i, seq);
			put(&f);
			continue;
		}
		link_row(&synthetic_src, &first, seq);
		for (r = 0; r < SYNTHETIC_ROWS; r++)
			link_row(&synthetic_rows[r], &first, seq);
	}
	for (; seq <= seconds; seq++) {
		f = fragment(i, seq);
		put(&f);
	}
}

static void
feed_one(uint32_t i, uint32_t seq)
{
	struct synthetic f = fragment(i, seq);
	char ticket[SPOOL_PATH_BYTES];
	size_t r;
	int fd;

	synthetic_fragment(&spool, &synthetic_src, &f);
	snprintf(ticket, sizeof(ticket), "queue/%s+%06" PRIu32 "+%09" PRIu32,
	    f.stream, f.epoch, f.seq);
	fd = openat(spool.fd, ticket, O_WRONLY | O_CREAT, 0666);
	if (fd == -1 || close(fd) == -1)
		abort();
	for (r = 0; r < SYNTHETIC_ROWS; r++)
		synthetic_fragment(&spool, &synthetic_rows[r], &f);
	unlinkat(spool.fd, ticket, 0);
}

static uint32_t
newest(void)
{
	struct spool_key key;
	struct err err = ERR_INIT;

	if (spool_newest(&spool, "s0000", SPOOL_SRC, &key, &err) != 1)
		synthetic_die("newest", &err);
	return key.seq;
}

/* All at an even distance from each other. */
static void
feed(uint32_t streams, uint32_t seconds, uint32_t rate)
{
	uint32_t seq = newest(), n, i, late = 0;
	int64_t begin_us = clock_mono_us(), due_us, left_us;

	for (n = 0; n < seconds * rate; n++)
		for (i = 0; i < streams; i++) {
			due_us = begin_us + ((int64_t)n * streams + i) *
			    1000000 / rate / streams;
			left_us = due_us - clock_mono_us();
			if (left_us > 0)
				nanosleep(&(struct timespec){ .tv_nsec =
				    left_us * 1000 }, NULL);
			late += left_us < -1000000;
			feed_one(i, seq + 1 + n);
		}
	printf("%" PRIu32 "\n", late);
}

int
main(int argc, char *argv[])
{
	struct err err = ERR_INIT;
	uint32_t n[3] = { 0 }, i;

	if (argc < 5 || argc > 6)
		return 64;
	for (i = 0; i + 3 < (uint32_t)argc; i++)
		n[i] = (uint32_t)strtoul(argv[i + 3], NULL, 10);
	if (spool_open(&spool, argv[2], true, &err) == -1)
		synthetic_die(argv[2], &err);
	if (argv[1][1] == 'i')
		for (i = 0; i < n[0]; i++)
			fill(i, n[1]);
	else
		feed(n[0], n[1], n[2]);
	spool_close(&spool);
	return 0;
}
