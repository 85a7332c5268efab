#include "store/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "sample.h"
#include "scratch.h"
#include "tap.h"

static struct spool spool;

static struct spool_key
key_of(const char *stream, const char *rendition, uint32_t epoch,
    uint32_t seq)
{
	struct spool_key key = { .epoch = epoch, .seq = seq };

	snprintf(key.stream, sizeof(key.stream), "%s", stream);
	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	return key;
}

static void
round_trip(const struct spool_key *key, const char *want)
{
	char path[SPOOL_PATH_BYTES], longer[SPOOL_PATH_BYTES + 10];
	struct err err = ERR_INIT;
	struct spool_key back;

	spool_path(key, path);
	ok(strcmp(path, want) == 0, "%s", path);
	ok(spool_parse_path(path, &back, &err) == 0 &&
	    memcmp(&back, key, sizeof(back)) == 0, "and back (%s)", err.text);
	snprintf(longer, sizeof(longer), "/a/src/%s", path);
	ok(spool_parse_path(longer, &back, &err) == 0 &&
	    memcmp(&back, key, sizeof(back)) == 0, "below a directory too");
}

static void
test_paths(void)
{
	static const char *const bad[] = {
		"", "src", "/src/c/000001/000000/000000001.m4s",
		"src/c/000001/000001/000000001.mp4",	/* another group */
		"src/c/00001/000000/000000001.mp4",
		"src/c/000001/000000/00000001.mp4",
		"src/c/000001/000000/000000001.mp4/",
		"src/c/000001/000000/.000000001.mp4",
		"src/../000001/000000/000000001.mp4",
		"c/000001/000000/000000001.mp4",
		"www/c/000001/000000/000000001.m4s",
		"www/c/src/000001/000000/000000001.m4s",
		"xsrc/c/000001/000000/000000001.mp4",
	};
	struct spool_key key = key_of("cam", "src", 12, 345678), back;
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	size_t i;

	round_trip(&key, "src/cam/000012/000345/000345678.mp4");
	key = key_of("src", "www", 1, 999999999);
	round_trip(&key, "www/src/www/000001/999999/999999999.m4s");
	spool_init_path(&key, path);
	ok(strcmp(path, "www/src/www/init-000001.mp4") == 0, "%s", path);
	spool_none_path(&key, path);
	ok(strcmp(path, "www/src/www/none-000001") == 0, "%s", path);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(spool_parse_path(bad[i], &back, &err) == -1 &&
		    err.cls == ERR_DATA, "no path: '%s'", bad[i]);
}

/* How many names the directory PATH has that begin with a dot. */
static int
count_dots(const char *path)
{
	DIR *dir = fdopendir(openat(spool.fd, path, O_RDONLY | O_DIRECTORY));
	const struct dirent *d;
	int n = -2;	/* "." and ".." */

	if (dir == NULL)
		return -1;
	while ((d = readdir(dir)) != NULL)
		n += d->d_name[0] == '.';
	closedir(dir);
	return n;
}

static void
test_publish(void)
{
	static const char path[] = "src/cam/000001/000000/000000001.mp4";
	struct err err = ERR_INIT;
	struct stat st;
	struct buf b;
	struct spool_key key = key_of("cam", "src", 1, 1);

	ok(!spool_exists(&spool, &key), "nothing there");
	ok(spool_publish(&spool, path, "first", 5, &err) == 1,
	    "published, with its directories (%s)", err.text);
	ok(spool_publish(&spool, path, "second", 6, &err) == 0,
	    "there already");
	buf_init(&b, 100);
	ok(file_slurp(spool.fd, path, &b, &err) == 0 && b.n == 5 &&
	    memcmp(b.p, "first", 5) == 0, "the first one stays");
	ok(spool_exists(&spool, &key), "and is there");
	ok(fstatat(spool.fd, path, &st, 0) == 0 && st.st_nlink == 1,
	    "under one name");
	ok(count_dots("src/cam/000001/000000") == 0, "no dot name is left");
	ok(spool_replace(&spool, "www/cam/main.m3u8", "a", 1, SPOOL_VOLATILE,
	    &err) == 0 &&
	    spool_replace(&spool, "www/cam/main.m3u8", "bc", 2, SPOOL_DURABLE,
	    &err) == 0 &&
	    fstatat(spool.fd, "www/cam/main.m3u8", &st, 0) == 0 &&
	    st.st_size == 2, "replaced");
	key.seq = 2;
	buf_reset(&b);
	ok(spool_read(&spool, &key, &b, &err) == -1 && err.cls == ERR_INPUT,
	    "reading what is not there: %s", err.text);
	buf_release(&b);
	ok(spool_publish(&spool, "www/cam/main.m3u8/x/y", "", 0, &err) == -1 &&
	    err.cls == ERR_CREATE, "a file in the way: %s", err.text);
}

/* One that is made again and again, and others that meddle with it. */
static void
test_known(void)
{
#define LIST	"www/cam/known.m3u8"
#define UPDATE(bytes, known)	spool_update(&spool, LIST, bytes, 1, \
    SPOOL_VOLATILE, known, &err)
	struct spool_known ours = { .sum = 0 }, theirs = { .sum = 0 };
	struct err err = ERR_INIT;
	struct stat st;

	ok(UPDATE("a", &theirs) == 1 && UPDATE("a", &ours) == 0,
	    "somebody wrote the same first");
	ok(UPDATE("b", &ours) == 1 && UPDATE("b", &ours) == 0,
	    "other bytes are written, once");
	ok(UPDATE("c", &theirs) == 1 && UPDATE("b", &ours) == 1,
	    "what others made of it does not stay");
	ok(unlinkat(spool.fd, LIST, 0) == 0 && UPDATE("b", &ours) == 1,
	    "nor does it stay removed");
	ok(spool_drop(&spool, LIST, &ours, &err) == 0 &&
	    fstatat(spool.fd, LIST, &st, 0) == -1 &&
	    spool_drop(&spool, LIST, &ours, &err) == 0 &&
	    UPDATE("b", &ours) == 1, "removed, and back");
	ok(spool_drop(&spool, "www/cam", &theirs, &err) == -1 &&
	    err.cls == ERR_IO, "what cannot be removed: %s", err.text);
#undef UPDATE
#undef LIST
}

/* Publish the file of KEY. */
static void
publish(const char *stream, const char *rendition, uint32_t epoch,
    uint32_t seq, uint32_t flags)
{
	struct spool_key key = key_of(stream, rendition, epoch, seq);
	char path[SPOOL_PATH_BYTES];
	const struct fragment_info info = { .epoch = epoch, .seq = seq,
	    .name = fragment_name(stream, rendition) };
	struct err err = ERR_INIT;
	struct buf b;

	buf_init(&b, 10000);
	sample_fragment(&b, flags, seq);
	spool_path(&key, path);
	if (fragment_stamp(b.p, b.n, &info, &err) == -1 ||
	    spool_publish(&spool, path, b.p, b.n, &err) != 1)
		ok(false, "publish %s: %s", path, err.text);
	buf_release(&b);
}

static char seen[400];

static int
note(const struct spool_key *key, void *arg, struct err *err)
{
	size_t n = strlen(seen);

	(void)err;
	snprintf(seen + n, sizeof(seen) - n, "%" PRIu32 ":%" PRIu32 " ",
	    key->epoch, key->seq);
	return arg != NULL && key->seq == *(uint32_t *)arg ? 7 : 0;
}

static void
lists(const char *rendition, uint32_t first, uint32_t last, const char *want)
{
	struct err err = ERR_INIT;

	seen[0] = '\0';
	ok(spool_each(&spool, "long", rendition, first, last, note, NULL,
	    &err) == 0 && strcmp(seen, want) == 0, "%s %u to %u: %s",
	    rendition, first, last, seen);
}

static void
make_long(void)
{
	static const char *const noise[] = { ".000000003.mp4.0123", "README",
	    "000000003.mp4.tmp", "0000000003.mp4", "000000003.m4s",
	    "000001003.mp4" };
	char path[SPOOL_PATH_BYTES];
	size_t i;
	int fd;

	publish("long", "src", 10, 1001, 0);
	publish("long", "src", 2, 1000, 0);
	publish("long", "src", 2, 999, 0);
	publish("long", "src", 2, 7, 0);
	publish("long", "low", 2, 999, 0);
	for (i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
		snprintf(path, sizeof(path), "src/long/000002/000000/%s",
		    noise[i]);
		fd = openat(spool.fd, path, O_CREAT | O_WRONLY, 0600);
		if (fd != -1)
			close(fd);
	}
	if (mkdirat(spool.fd, "src/long/000011", 0700) == -1 ||
	    mkdirat(spool.fd, "src/long/000011/000001", 0700) == -1)
		ok(false, "mkdir");
}

static void
test_lists(void)
{
	struct err err = ERR_INIT;
	struct spool_key key, other;
	uint32_t stop = 999;

	lists("src", 0, SPOOL_SEQ_MAX, "2:7 2:999 2:1000 10:1001 ");
	lists("src", 8, 1000, "2:999 2:1000 ");
	lists("src", 1002, SPOOL_SEQ_MAX, "");
	lists("low", 0, SPOOL_SEQ_MAX, "2:999 ");
	lists("none", 0, SPOOL_SEQ_MAX, "");
	seen[0] = '\0';
	ok(spool_each(&spool, "long", "src", 0, SPOOL_SEQ_MAX, note, &stop,
	    &err) == 7 && strcmp(seen, "2:7 2:999 ") == 0, "it can be stopped");

	ok(spool_newest(&spool, "long", "src", &key, &err) == 1 &&
	    key.epoch == 10 && key.seq == 1001,
	    "the newest, before an empty epoch");
	ok(spool_newest(&spool, "nothing", "src", &key, &err) == 0,
	    "nothing is newest");
	ok(spool_find(&spool, "long", "src", 1000, &key, &err) == 1 &&
	    key.epoch == 2, "found, whatever its epoch");
	ok(spool_find(&spool, "long", "src", 8, &key, &err) == 0,
	    "not there, not found");
	other = key_of("long", "src", 2, 0);
	ok(spool_any(&spool, &other, 8, 999, &err) == 1 &&
	    spool_any(&spool, &other, 8, 998, &err) == 0 &&
	    spool_any(&spool, &other, 1001, SPOOL_SEQ_MAX, &err) == 0,
	    "any in a range");
}

static void
test_streams(void)
{
	struct err err = ERR_INIT;
	char **names = spool_streams(&spool, &err);

	ok(names != NULL && names[0] != NULL && names[1] != NULL &&
	    strcmp(names[0], "cam") == 0 && strcmp(names[1], "long") == 0 &&
	    names[2] == NULL, "the streams, sorted");
	spool_free_names(names);
	names = spool_renditions(&spool, "long", &err);
	ok(names != NULL && names[0] != NULL && strcmp(names[0], "low") == 0 &&
	    names[1] == NULL, "the renditions");
	spool_free_names(names);
	names = spool_renditions(&spool, "nothing", &err);
	ok(names != NULL && names[0] == NULL, "no renditions");
	spool_free_names(names);
	ok(spool_has_stream(&spool, "long") &&
	    !spool_has_stream(&spool, "nothing"), "spool_has_stream");
}

static void
test_info(void)
{
	struct spool_key key = key_of("long", "src", 2, 7);
	struct fragment_info info;
	struct err err = ERR_INIT;
	int64_t mtime_us;
	uint64_t bytes;

	ok(spool_info(&spool, &key, &info, &bytes, &err) == 0 &&
	    info.start == 7 * SAMPLE_TIMESCALE && bytes > 400, "info (%s)",
	    err.text);
	ok(spool_mtime_us(&spool, &key, &mtime_us, &err) == 0 &&
	    mtime_us > INT64_C(1577836800000000), "when it was written");
	key = key_of("cam", "src", 1, 1);
	ok(spool_info(&spool, &key, &info, &bytes, &err) == -1 &&
	    err.cls == ERR_DATA, "no fragment at all: %s", err.text);
	ok(spool_remove(&spool, &key, &err) == 1 &&
	    !spool_exists(&spool, &key) &&
	    spool_remove(&spool, &key, &err) == 0, "removed, also twice");
}

static void
test_remove_sheet(void)
{
#define BASE	"www/sheet/thumb/000001/000000/000000009"
	struct spool_key key = key_of("sheet", "thumb", 1, 9);
	struct err err = ERR_INIT;

	ok(spool_publish(&spool, BASE ".m4s", "x", 1, &err) == 1 &&
	    spool_update(&spool, BASE ".jpg", "y", 1, SPOOL_VOLATILE, NULL,
	    &err) == 1, "a thumbnail, and a sheet that begins with it");
	ok(spool_update(&spool, BASE ".jpg", "y", 1, SPOOL_VOLATILE, NULL,
	    &err) == 0, "the same bytes are not written again");
	ok(spool_update(&spool, BASE ".jpg", "z", 1, SPOOL_DURABLE, NULL,
	    &err) == 1, "others are");
	ok(spool_remove(&spool, &key, &err) == 1 &&
	    faccessat(spool.fd, BASE ".jpg", F_OK, 0) == -1,
	    "they go together");
#undef BASE
}

/* What is at KEY's place is refused, by its head too when HEAD. */
static void
refused(const struct spool_key *key, bool head, const char *why)
{
	struct fragment_info info;
	struct err err = ERR_INIT;
	uint64_t bytes;
	struct buf b;

	buf_init(&b, 10000);
	ok(spool_read(&spool, key, &b, &err) == -1 && err.cls == ERR_DATA &&
	    strstr(err.text, why) != NULL, "read: %s", err.text);
	ok((spool_info(&spool, key, &info, &bytes, &err) == -1) == head,
	    "from its head: %s", head ? err.text : "nothing is seen");
	buf_release(&b);
}

static void
flip(const struct spool_key *key, off_t at)
{
	char path[SPOOL_PATH_BYTES];
	uint8_t byte = 0;
	int fd;

	spool_path(key, path);
	fd = openat(spool.fd, path, O_RDWR);
	if (fd == -1 || pread(fd, &byte, 1, at) != 1)
		ok(false, "flip");
	byte ^= 1;
	if (pwrite(fd, &byte, 1, at) != 1)
		ok(false, "flip");
	close(fd);
}

static void
cut(const struct spool_key *key, off_t bytes)
{
	char path[SPOOL_PATH_BYTES];
	int fd;

	spool_path(key, path);
	fd = openat(spool.fd, path, O_WRONLY);
	if (fd == -1 || ftruncate(fd, bytes) == -1)
		ok(false, "cut");
	close(fd);
}

static void
copy_to(const struct spool_key *from, const char *stream,
    const char *rendition, uint32_t seq)
{
	struct spool_key key = key_of(stream, rendition, 1, seq);
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	struct buf b;

	buf_init(&b, 10000);
	spool_path(from, path);
	if (file_slurp(spool.fd, path, &b, &err) == -1)
		ok(false, "read: %s", err.text);
	spool_path(&key, path);
	if (spool_publish(&spool, path, b.p, b.n, &err) != 1)
		ok(false, "publish: %s", err.text);
	refused(&key, true, "misplaced");
	buf_release(&b);
}

static void
test_damage(void)
{
	struct spool_key key = key_of("sick", "low", 1, 1);

	publish("sick", "low", 1, 1, 0);
	copy_to(&key, "sick", "low", 2);
	copy_to(&key, "sick", "high", 1);
	copy_to(&key, "ill", "low", 1);
	flip(&key, 800);
	refused(&key, false, "damaged");
	flip(&key, 800);
	flip(&key, 80);
	refused(&key, true, "damaged");
	flip(&key, 80);
	cut(&key, 700);
	refused(&key, true, "damaged: 700 bytes of");
}

static int
count(const struct spool_key *key, void *arg, struct err *err)
{
	(void)key;
	(void)err;
	++*(int *)arg;
	return 0;
}

static void
test_tickets(void)
{
	static const char *const bad[] = { "", "cam", "cam+000001+00000000",
	    "+000001+000000001", ".x+000001+000000001",
	    "cam+000001-000000001", "cam+00000x+000000001" };
	struct spool_key key = key_of("a.b-c", "src", 3, 4), back;
	char name[SPOOL_TICKET_BYTES];
	struct err err = ERR_INIT;
	size_t i;
	int n = 0;

	spool_ticket_name(&key, name);
	ok(strcmp(name, "a.b-c+000003+000000004") == 0, "%s", name);
	ok(spool_parse_ticket(name, &back, &err) == 0 &&
	    memcmp(&back, &key, sizeof(key)) == 0, "and back");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(spool_parse_ticket(bad[i], &back, &err) == -1,
		    "no ticket: '%s'", bad[i]);
	ok(spool_ticket_put(&spool, &key, &err) == 0 &&
	    spool_ticket_put(&spool, &key, &err) == 0, "put, also twice");
	ok(spool_each_ticket(&spool, QUEUE_LIVE, count, &n, &err) == 0 && n == 1,
	    "one ticket");
	ok(spool_ticket_drop(&spool, &key, &err) == 0 &&
	    spool_ticket_drop(&spool, &key, &err) == 0, "dropped, also twice");
	n = 0;
	ok(spool_each_ticket(&spool, QUEUE_LIVE, count, &n, &err) == 0 && n == 0,
	    "no ticket");
	ok(spool_ticket_put(&spool, &key, &err) == 0 &&
	    spool_ticket_defer(&spool, &key, &err) == 0 &&
	    spool_ticket_defer(&spool, &key, &err) == 0,
	    "put off, also what has no ticket");
	ok(spool_each_ticket(&spool, QUEUE_LIVE, count, &n, &err) == 0 && n == 0 &&
	    spool_each_ticket(&spool, QUEUE_LATER, count, &n, &err) == 0 && n == 1,
	    "it waits elsewhere");
	n = 0;
	ok(spool_ticket_drop(&spool, &key, &err) == 0 &&
	    spool_each_ticket(&spool, QUEUE_LATER, count, &n, &err) == 0 && n == 0,
	    "and is dropped from there");
}

static void
test_sweep(void)
{
	static const char dir[] = "src/long/000002/000000/";
	struct spool_key key = key_of("long", "src", 2, 7);
	const struct timespec old[2] = { { 1000000000, 0 },
	    { 1000000000, 0 } };
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;

	ok(spool_sweep(&spool, &key, 3600, &err) == 0 && count_dots(dir) == 1,
	    "a young dot file stays");
	snprintf(path, sizeof(path), "%s.000000003.mp4.0123", dir);
	ok(utimensat(spool.fd, path, old, 0) == 0 &&
	    spool_sweep(&spool, &key, 3600, &err) == 0 &&
	    count_dots(dir) == 0, "an old one goes");
	ok(spool_exists(&spool, &key), "and no other");
	key.epoch = 999;
	ok(spool_sweep(&spool, &key, 3600, &err) == 0, "nothing to sweep");
}

static void
test_open(const char *dir)
{
	struct err err = ERR_INIT;
	struct spool s;
	char path[300];

	snprintf(path, sizeof(path), "%s/new//", dir);
	ok(spool_open(&s, path, false, &err) == -1 && err.cls == ERR_INPUT,
	    "not there: %s", err.text);
	ok(spool_open(&s, path, true, &err) == 0 &&
	    s.dir[strlen(s.dir) - 1] == 'w', "made; no slash at its end");
	spool_close(&s);
	ok(spool_open(&s, path, false, &err) == 0, "and there again");
	spool_close(&s);
	snprintf(path, sizeof(path), "%s/a/b", dir);
	ok(spool_open(&s, path, true, &err) == -1 && err.cls == ERR_CREATE,
	    "only the last directory is made: %s", err.text);
	snprintf(path, sizeof(path), "%s/a\tb", dir);
	ok(spool_open(&s, path, true, &err) == -1 && err.cls == ERR_INPUT,
	    "no TAB in its name");
}

int
main(void)
{
	struct err err = ERR_INIT;
	const char *dir = scratch();

	test_paths();
	test_open(dir);
	ok(spool_open(&spool, dir, true, &err) == 0, "a spool (%s)", err.text);
	test_publish();
	test_known();
	make_long();
	test_lists();
	test_streams();
	test_info();
	test_remove_sheet();
	test_damage();
	test_tickets();
	test_sweep();
	spool_close(&spool);
	return done_testing();
}
