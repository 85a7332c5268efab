/*
 * faults - LD_PRELOAD: what changes the file system fails, or is forgotten
 *
 * Calls that change something (write, fsync, linkat, mkdirat, unlinkat, and
 * openat that creates) are counted.  FAULT_AT=N picks the Nth; FAULT=ERRNO
 * makes it fail with that number, FAULT=kill ends the process in its place.
 * FAULT_ONLY=NAME counts calls of that name alone.
 *
 * SHADOW=DIR keeps what a power cut would leave: at each fsync of a file its
 * bytes as DIR/f<inode>, of a directory its names and inodes as
 * DIR/d<inode>.  Then nothing is really synced.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name, ...)	((real_##name)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

typedef ssize_t (*real_write)(int, const void *, size_t);
typedef int (*real_fsync)(int);
typedef int (*real_linkat)(int, const char *, int, const char *, int);
typedef int (*real_mkdirat)(int, const char *, mode_t);
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

static void
keep_file(int fd, FILE *out)
{
	char path[64], bytes[65536];
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((in = fopen(path, "r")) == NULL)
		abort();
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		fwrite(bytes, 1, n, out);
	fclose(in);
}

static void
keep_dir(int fd, FILE *out)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((dir = opendir(path)) == NULL)
		abort();
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			fprintf(out, "%c %lu %s\n",
			    e->d_type == DT_DIR ? 'd' : 'f',
			    (unsigned long)e->d_ino, e->d_name);
	closedir(dir);
}

static void
keep(int fd, const char *shadow)
{
	char path[256], tmp[512];
	struct stat st;
	FILE *out;

	if (fstat(fd, &st) == -1)
		abort();
	snprintf(path, sizeof(path), "%s/%c%lu", shadow,
	    S_ISDIR(st.st_mode) ? 'd' : 'f', (unsigned long)st.st_ino);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	if ((out = fopen(tmp, "w")) == NULL)
		abort();
	if (S_ISDIR(st.st_mode))
		keep_dir(fd, out);
	else
		keep_file(fd, out);
	if (fclose(out) != 0 || rename(tmp, path) == -1)
		abort();
}

ssize_t
write(int fd, const void *p, size_t n)
{
	if (fd > 2 && fails("write"))
		return -1;
	return REAL(write, fd, p, n);
}

int
fsync(int fd)
{
	const char *shadow = getenv("SHADOW");

	if (fails("fsync"))
		return -1;
	if (shadow == NULL)
		return REAL(fsync, fd);
	keep(fd, shadow);
	return 0;
}

int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	return fails("linkat") ? -1 : REAL(linkat, from, old, to, new, flags);
}

int
mkdirat(int fd, const char *path, mode_t mode)
{
	return fails("mkdirat") ? -1 : REAL(mkdirat, fd, path, mode);
}

int
unlinkat(int fd, const char *path, int flags)
{
	return fails("unlinkat") ? -1 : REAL(unlinkat, fd, path, flags);
}

int
openat(int fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		if (fails("openat"))
			return -1;
	}
	return REAL(openat, fd, path, flags, mode);
}
