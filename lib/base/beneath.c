#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

static int
open_below(int dirfd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd == -1 && errno == EINTR);
	return (int)fd;
}

int
beneath_dir(const char *path, struct err *err)
{
	int fd, probe;

	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_INPUT, "cannot open directory '%s'",
		    path);
	probe = open_below(fd, ".", O_PATH | O_DIRECTORY);
	if (probe == -1) {
		err_sys(err, ERR_OS, "cannot use openat2 below '%s'", path);
		close(fd);
		return -1;
	}
	close(probe);
	return fd;
}

int
beneath_open(int dirfd, const char *path, struct stat *st)
{
	/* O_NONBLOCK: a FIFO must not hold the server. */
	int fd = open_below(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int errnum = ENOENT;

	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1)
		errnum = errno;
	else if (S_ISREG(st->st_mode))
		return fd;
	close(fd);
	errno = errnum;
	return -1;
}

int
beneath_open_dir(int dirfd, const char *path)
{
	return open_below(dirfd, *path == '\0' ? "." : path,
	    O_PATH | O_DIRECTORY);
}
