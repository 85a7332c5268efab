#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "store/list.h"
#include "store/spool.h"

static int
last_change_s(const struct list *l, time_t *change_s, struct err *err)
{
	struct stat st;

	if (fstat(l->fd, &st) == -1)
		return err_sys(err, ERR_IO, "cannot stat '%s/%s'", l->s->dir,
		    l->path);
	*change_s = st.st_mtim.tv_sec;
	return 0;
}

static void
sweep_name(const struct list *l, const char *name, time_t before_s)
{
	struct stat st;

	if (name[0] != '.' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return;
	if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mtim.tv_sec < before_s)
		(void)unlinkat(l->fd, name, 0);
}

int
spool_sweep(struct spool *s, const struct spool_key *key, unsigned age_s,
    struct err *err)
{
	char path[SPOOL_PATH_BYTES];
	struct list l;
	const char *name = NULL;
	time_t change_s = 0;
	int rc;

	spool_path(key, path);
	*strrchr(path, '/') = '\0';
	if (list_open(&l, s, path, err) == -1)
		return -1;
	if (l.fd == -1)
		return 0;
	rc = last_change_s(&l, &change_s, err);
	while (rc == 0 && (rc = list_next(&l, &name, err)) == 1) {
		sweep_name(&l, name, change_s - (time_t)age_s);
		rc = 0;
	}
	list_close(&l);
	return rc;
}
