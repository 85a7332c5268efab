/*
 * faults - LD_PRELOAD: what changes the file system fails, or is forgotten
 *
 * Calls that change something (write, fsync, linkat, mkdirat, unlinkat, and
 * openat that creates) are counted.  FAULT_AT=N picks the Nth; FAULT=ERRNO
 * makes it fail with that number, FAULT=kill ends the process in its place.
 * FAULT_ONLY=NAME counts calls of that name alone.
 *
 * OPLOG=FILE is given a record of each change that was made, and of each line
 * on standard output before it goes out, in the order of all processes that
 * write to FILE; tests/PowerCut.pm reads it.  Then nothing is really synced.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name, ...)	((real_##name)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

typedef ssize_t (*real_write)(int, const void *, size_t);
typedef int (*real_fsync)(int);
typedef int (*real_linkat)(int, const char *, int, const char *, int);
typedef int (*real_mkdirat)(int, const char *, mode_t);
typedef int (*real_mkdir)(const char *, mode_t);
typedef size_t (*real_fwrite)(const void *, size_t, size_t, FILE *);
typedef int (*real_unlinkat)(int, const char *, int);
typedef int (*real_openat)(int, const char *, int, mode_t);

static atomic_int calls;

/* True when this call is to fail; errno is set. */
static int
fails(const char *name)
{
	const char *at = getenv("FAULT_AT"), *fault = getenv("FAULT");
	const char *only = getenv("FAULT_ONLY");

	if (at == NULL || (only != NULL && strcmp(only, name) != 0) ||
	    atomic_fetch_add(&calls, 1) + 1 != atoi(at))
		return 0;
	if (strcmp(fault, "kill") == 0)
		kill(getpid(), SIGKILL);
	errno = atoi(fault);
	return 1;
}

/* The log, opened once by each process; -1 when there is none. */
static int
log_fd(void)
{
	static atomic_int fd = -1;
	const char *name = getenv("OPLOG");
	int new, none = -1;

	if (name == NULL || fd != -1)
		return fd;
	if ((new = REAL(openat, AT_FDCWD, name, O_WRONLY | O_CREAT |
	    O_APPEND | O_CLOEXEC, 0666)) == -1)
		abort();
	if (!atomic_compare_exchange_strong(&fd, &none, new))
		close(new);
	return fd;
}

/* One record: a line, then N bytes at P.  ERRNO is kept. */
static void
record(const void *p, size_t n, const char *fmt, ...)
{
	struct iovec iov[2];
	int fd = log_fd(), saved = errno;
	char line[512];
	va_list ap;

	if (fd == -1)
		return;
	va_start(ap, fmt);
	iov[0].iov_len = (size_t)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	iov[0].iov_base = line;
	iov[1].iov_base = (void *)(uintptr_t)p;
	iov[1].iov_len = n;
	if (writev(fd, iov, 2) != (ssize_t)(iov[0].iov_len + n))
		abort();
	errno = saved;
}

static unsigned long
inode_of(int fd, const char *path)
{
	struct stat st = { .st_ino = 0 };

	/* It may be gone again: others work there too. */
	if (path[0] == '\0')
		fstat(fd, &st);
	else
		fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW);
	return (unsigned long)st.st_ino;
}

/* An entry PATH of a directory was made or removed. */
static void
record_entry(char type, int fd, const char *path, unsigned long inode)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];

	if (log_fd() == -1)
		return;
	snprintf(dir, sizeof(dir), "%.*s",
	    slash == NULL ? 0 : (int)(slash - path), path);
	if (slash == NULL && fd == AT_FDCWD)
		snprintf(dir, sizeof(dir), ".");
	record(NULL, 0, "%c %lu %lu %s\n", type, inode_of(fd, dir), inode,
	    slash == NULL ? path : slash + 1);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t done;
	off_t at;

	if (fd > 2 && fails("write"))
		return -1;
	at = lseek(fd, 0, SEEK_CUR);
	done = REAL(write, fd, p, n);
	if (fd > 2 && done > 0)
		record(p, (size_t)done, "W %lu %ld %zd\n", inode_of(fd, ""),
		    (long)at, done);
	return done;
}

size_t
fwrite(const void *p, size_t size, size_t n, FILE *f)
{
	if (f == stdout)
		record(p, size * n, "P %zu\n", size * n);
	return REAL(fwrite, p, size, n, f);
}

int
fsync(int fd)
{
	static atomic_int number;
	int id;

	if (fails("fsync"))
		return -1;
	if (log_fd() == -1)
		return REAL(fsync, fd);
	id = atomic_fetch_add(&number, 1);
	record(NULL, 0, "B %lu %d.%d\n", inode_of(fd, ""), getpid(), id);
	record(NULL, 0, "S %lu %d.%d\n", inode_of(fd, ""), getpid(), id);
	return 0;
}

int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	unsigned long inode = inode_of(from, old);

	if (fails("linkat") || REAL(linkat, from, old, to, new, flags) == -1)
		return -1;
	record_entry('L', to, new, inode);
	return 0;
}

/* It may have been there: who made it may have died before it said so. */
static int
made_dir(int rc, int fd, const char *path)
{
	int saved = errno;

	if (rc == 0 || saved == EEXIST)
		record_entry('D', fd, path, inode_of(fd, path));
	errno = saved;
	return rc;
}

int
mkdirat(int fd, const char *path, mode_t mode)
{
	return fails("mkdirat") ? -1 :
	    made_dir(REAL(mkdirat, fd, path, mode), fd, path);
}

int
mkdir(const char *path, mode_t mode)
{
	return made_dir(REAL(mkdir, path, mode), AT_FDCWD, path);
}

int
unlinkat(int fd, const char *path, int flags)
{
	if (fails("unlinkat") || REAL(unlinkat, fd, path, flags) == -1)
		return -1;
	record_entry('U', fd, path, 0);
	return 0;
}

int
openat(int fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int new;

	if ((flags & O_CREAT) == 0)
		return REAL(openat, fd, path, flags, 0);
	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	if (fails("openat"))
		return -1;
	new = REAL(openat, fd, path, flags, mode);
	if (new != -1)
		record_entry('C', fd, path, inode_of(new, ""));
	return new;
}
