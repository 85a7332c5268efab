#include "store/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/spool.h"

#define DIR		"quarantine"
#define COPIES_MAX	100		/* of one path */

/* As private as the originals are. */
static int
make_dirs(struct spool *s, const char *to, struct err *err)
{
	char dir[SPOOL_PATH_BYTES + 32];
	const char *slash;

	for (slash = strchr(to, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - to), to);
		if (mkdirat(s->fd, dir, 0750) == -1 && errno != EEXIST)
			return err_sys(err, ERR_CREATE,
			    "cannot create '%s/%s'", s->dir, dir);
	}
	return 0;
}

int
quarantine_file(struct spool *s, const char *path, struct err *err)
{
	char to[SPOOL_PATH_BYTES + 32];
	int i;

	snprintf(to, sizeof(to), DIR "/%s", path);
	if (make_dirs(s, to, err) == -1)
		return -1;
	for (i = 1; linkat(s->fd, path, s->fd, to, 0) == -1; i++) {
		if (errno == ENOENT)
			return 0;
		if (errno != EEXIST || i == COPIES_MAX)
			return err_sys(err, ERR_CREATE, "cannot link '%s/%s' "
			    "to '%s'", s->dir, path, to);
		snprintf(to, sizeof(to), DIR "/%s.%d", path, i);
	}
	if (unlinkat(s->fd, path, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot remove '%s/%s'", s->dir,
		    path);
	return 1;
}
