#include "store/list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/spool.h"

int
list_open(struct list *l, struct spool *s, const char *path, struct err *err)
{
	l->fd = openat(s->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	l->path = path;
	l->s = s;
	l->at = l->n = 0;
	if (l->fd == -1 && errno != ENOENT)
		return err_sys(err, ERR_IO, "cannot open '%s/%s'", s->dir,
		    path);
	return 0;
}

int
list_next(struct list *l, const char **name, struct err *err)
{
	const struct dirent64 *d;
	ssize_t n;

	if (l->fd == -1)
		return 0;
	if (l->at == l->n) {
		n = getdents64(l->fd, l->names, sizeof(l->names));
		if (n == -1 && errno == ENOENT)
			return 0;	/* removed since it was opened */
		if (n == -1)
			return err_sys(err, ERR_IO, "cannot read '%s/%s'",
			    l->s->dir, l->path);
		if (n == 0)
			return 0;
		l->at = 0;
		l->n = (size_t)n;
	}
	d = (const struct dirent64 *)(const void *)(l->names + l->at);
	l->at += d->d_reclen;
	l->type = d->d_type;
	*name = d->d_name;
	return 1;
}

bool
list_is_directory(const struct list *l, const char *name)
{
	struct stat st;

	if (l->type != DT_UNKNOWN)
		return l->type == DT_DIR;
	return fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

void
list_close(struct list *l)
{
	if (l->fd != -1)
		close(l->fd);
}
