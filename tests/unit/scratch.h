/*
 * scratch - a directory for one test, removed at its end.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char scratch_dir[] = "/tmp/livespool-unit.XXXXXX";

static int
scratch_remove_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
scratch_remove(void)
{
	nftw(scratch_dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *
scratch(void)
{
	if (mkdtemp(scratch_dir) == NULL)
		exit(99);
	atexit(scratch_remove);
	return scratch_dir;
}

/* The path of a new file NAME in the scratch directory that holds TEXT. */
static inline const char *
scratch_file(const char *name, const char *text)
{
	static char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
	if ((f = fopen(path, "w")) == NULL || fputs(text, f) == EOF ||
	    fclose(f) != 0)
		exit(99);
	return path;
}

#endif /* UNIT_SCRATCH_H */
