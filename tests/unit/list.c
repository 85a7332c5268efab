/* Directories that are read, and what may be in them or not. */
#include "store/list.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "scratch.h"
#include "store/spool.h"
#include "tap.h"

#define FILES	1000		/* more than one read of the directory */

static struct spool spool;
static struct err err = ERR_INIT;

static void
make(const char *path)
{
	int fd = openat(spool.fd, path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd == -1)
		exit(99);
	close(fd);
}

/* How many names and directories but "." and "..", or -1. */
static int
count(const char *path, int *directories)
{
	const char *name;
	struct list l;
	int n = 0, rc;

	*directories = 0;
	if (list_open(&l, &spool, path, &err) == -1)
		return -1;
	while ((rc = list_next(&l, &name, &err)) == 1)
		if (name[0] != '.') {
			*directories += list_is_directory(&l, name);
			n++;
		}
	list_close(&l);
	return rc == -1 ? -1 : n;
}

/* One that goes while it is open has nothing more, and that is no error. */
static void
test_removed(void)
{
	const char *name;
	struct list l;
	int rc = -1;

	if (mkdirat(spool.fd, "src/gone", 0700) == -1 ||
	    list_open(&l, &spool, "src/gone", &err) == -1 ||
	    unlinkat(spool.fd, "src/gone", AT_REMOVEDIR) == -1)
		exit(99);
	while ((rc = list_next(&l, &name, &err)) == 1)
		;
	list_close(&l);
	ok(rc == 0, "a directory that was removed is empty");
}

int
main(void)
{
	char path[64];
	int directories, i;

	if (spool_open(&spool, scratch(), true, &err) == -1)
		return 99;
	ok(count("src/none", &directories) == 0, "what is not there is empty");
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "src/%09d.mp4", i);
		make(path);
	}
	if (mkdirat(spool.fd, "src/one", 0700) == -1)
		return 99;
	ok(count("src", &directories) == FILES + 1 && directories == 1,
	    "%d names and a directory among them", FILES);
	ok(count("src/000000000.mp4", &directories) == -1 &&
	    err.cls == ERR_IO, "a file is no directory");
	test_removed();
	spool_close(&spool);
	return done_testing();
}
