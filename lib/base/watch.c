#include "base/watch.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"

#define NEW	(IN_CREATE | IN_MOVED_TO)
#define LEAVING	(IN_DELETE | IN_MOVED_FROM)
#define GONE	(IN_DELETE_SELF | IN_MOVE_SELF)

int
watch_open(const char *path, enum watch_what what, struct err *err)
{
	uint32_t mask = GONE | IN_ONLYDIR |
	    (what == WATCH_LEAVING ? LEAVING : NEW);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_OS, "cannot use inotify");
	if (inotify_add_watch(fd, path, mask) == -1) {
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

int
watch_many_open(struct err *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	return fd != -1 ? fd : err_sys(err, ERR_OS, "cannot use inotify");
}

int
watch_many_add(int fd, int dirfd, struct err *err)
{
	char path[32];
	int number;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	number = inotify_add_watch(fd, path, IN_DELETE_SELF | IN_MOVE_SELF |
	    IN_ONLYDIR | NEW);
	return number != -1 ? number : err_sys(err, errno == ENOSPC ||
	    errno == ENOMEM ? ERR_OS : ERR_INPUT, "cannot watch a directory");
}

void
watch_many_remove(int fd, int number)
{
	inotify_rm_watch(fd, number);
}

int
watch_many_read(int fd, watch_many_fn *fn, void *arg, struct err *err)
{
	_Alignas(struct inotify_event) char
	    buf[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	const struct inotify_event *ev;
	ssize_t n;
	char *p;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (p = buf; p < buf + n; p += sizeof(*ev) + ev->len) {
			ev = (const struct inotify_event *)(void *)p;
			if ((ev->mask & IN_Q_OVERFLOW) != 0)
				fn(-1, NULL, arg);
			else if ((ev->mask & (GONE | IN_IGNORED)) != 0)
				fn(ev->wd, NULL, arg);
			else if (ev->len > 0)
				fn(ev->wd, ev->name, arg);
		}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return err_sys(err, ERR_IO, "cannot read inotify events");
	return 0;
}

bool
watch_sees_all(const char *path)
{
	/* linux/magic.h does not have them all. */
	static const uint32_t remote[] = { AFS_FS_MAGIC, AFS_SUPER_MAGIC,
	    CODA_SUPER_MAGIC, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, V9FS_MAGIC,
	    0x00c36400 /* Ceph */, 0xff534d42 /* CIFS */,
	    0xfe534d42 /* SMB2 */, FUSE_SUPER_MAGIC,
	    0x01161970 /* GFS2 */, OCFS2_SUPER_MAGIC,
	    0x0bd00bd0 /* Lustre */, 0x47504653 /* GPFS */ };
	struct statfs fs;
	size_t i;

	if (statfs(path, &fs) == -1)
		return false;
	for (i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return false;
	return true;
}
