#include "base/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/err.h"

#define NAMES	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define GONE	(IN_DELETE_SELF | IN_MOVE_SELF)

int
watch_open(const char *path, struct err *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_OS, "cannot use inotify");
	if (inotify_add_watch(fd, path, NAMES | GONE | IN_ONLYDIR) == -1) {
		err_sys(err, errno == ENOSPC ? ERR_OS : ERR_INPUT,
		    "cannot watch '%s'", path);
		close(fd);
		return -1;
	}
	return fd;
}

int
watch_read(int fd, watch_fn *fn, void *arg, struct err *err)
{
	_Alignas(struct inotify_event) char
	    buf[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	const struct inotify_event *ev;
	bool gone = false;
	ssize_t n;
	char *p;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (p = buf; p < buf + n; p += sizeof(*ev) + ev->len) {
			ev = (const struct inotify_event *)(void *)p;
			if ((ev->mask & (GONE | IN_IGNORED)) != 0)
				gone = true;
			else if ((ev->mask & IN_Q_OVERFLOW) != 0)
				fn(NULL, arg);
			else if (ev->len > 0)
				fn(ev->name, arg);
		}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return err_sys(err, ERR_IO, "cannot read inotify events");
	if (gone)
		return err_set(err, ERR_INPUT, "the watched directory is gone");
	return 0;
}
