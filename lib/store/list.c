#include "store/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/err.h"
#include "store/spool.h"

int
list_open(struct list *l, struct spool *s, const char *path, struct err *err)
{
	int fd = openat(s->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);

	l->dir = NULL;
	l->path = path;
	l->s = s;
	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1)
		return err_sys(err, ERR_IO, "cannot open '%s/%s'", s->dir,
		    path);
	if ((l->dir = fdopendir(fd)) == NULL) {
		close(fd);
		return err_nomem(err);
	}
	return 0;
}

int
list_next(struct list *l, const char **name, struct err *err)
{
	struct dirent *d;

	if (l->dir == NULL)
		return 0;
	errno = 0;
	if ((d = readdir(l->dir)) != NULL) {
		*name = d->d_name;
		return 1;
	}
	if (errno == 0)
		return 0;
	return err_sys(err, ERR_IO, "cannot read '%s/%s'", l->s->dir, l->path);
}

void
list_close(struct list *l)
{
	if (l->dir != NULL)
		closedir(l->dir);
}
