/*
 * replay - run a fuzz target over its seeds without libFuzzer; prints TAP.
 *
 * The seeds are in tests/fuzz/corpus/NAME, where the program is fuzz-NAME.t,
 * or in the files given.  Each seed is also cut short and flipped a little,
 * so that even a plain run goes where hostile input goes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "../unit/tap.h"

int	LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define SEED_MAX_BYTES	(1024 * 1024)
#define MUTATIONS	200

/* A fixed sequence: a failure must come again. */
static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* The target gets memory of exactly N bytes: a sanitizer sees the edge. */
static void
feed(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
replay(const char *file)
{
	struct err err = ERR_INIT;
	struct buf b;
	uint32_t state = 1;
	size_t i, at;
	uint8_t old;

	buf_init(&b, SEED_MAX_BYTES);
	if (file_slurp(AT_FDCWD, file, &b, &err) == -1) {
		ok(false, "%s: %s", file, err.text);
		buf_release(&b);
		return;
	}
	feed(b.p, b.n);
	for (i = 0; b.n > 0 && i < MUTATIONS; i++) {
		at = next_random(&state) % b.n;
		feed(b.p, at);
		old = b.p[at];
		b.p[at] = (uint8_t)next_random(&state);
		feed(b.p, b.n);
		b.p[at] = old;
	}
	ok(true, "%s", file);
	buf_release(&b);
}

static int
skip_dots(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int
main(int argc, char *argv[])
{
	const char *name = strrchr(argv[0], '/');
	struct dirent **list;
	char dir[256], path[1024];
	int i, n;

	for (i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc > 1)
		return done_testing();

	name = strstr(name != NULL ? name : argv[0], "fuzz-");
	if (name == NULL)
		return 64;
	name += strlen("fuzz-");
	snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%.*s",
	    (int)strcspn(name, "."), name);
	n = scandir(dir, &list, skip_dots, alphasort);
	ok(n > 0, "%s has seeds", dir);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		replay(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return done_testing();
}
