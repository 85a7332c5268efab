/*
 * raw-store [-d] DIR FILE... - write, fsync, rename: each FILE to DIR under a
 * name of its own, and no more.  Prints how many a second.
 *
 * The files are read before the clock starts.  Without -d no directory is
 * synced, so less is promised than segment-store put does; with it as much.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct blob {
	char	*p;
	size_t	 n;
};

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct blob
slurp(const char *name)
{
	struct blob b = { NULL, 0 };
	struct stat st;
	int fd = open(name, O_RDONLY);

	if (fd == -1 || fstat(fd, &st) == -1)
		err(1, "%s", name);
	b.n = (size_t)st.st_size;
	if ((b.p = malloc(b.n)) == NULL ||
	    read(fd, b.p, b.n) != (ssize_t)b.n)
		err(1, "%s", name);
	close(fd);
	return b;
}

/* DIRFD: to be synced, or -1. */
static void
store(const struct blob *b, const char *dir, int number, int dirfd)
{
	char tmp[256], name[256];
	int fd;

	snprintf(tmp, sizeof(tmp), "%s/.%09d", dir, number);
	snprintf(name, sizeof(name), "%s/%09d", dir, number);
	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0666)) == -1 ||
	    write(fd, b->p, b->n) != (ssize_t)b->n || fsync(fd) == -1 ||
	    close(fd) == -1 || rename(tmp, name) == -1 ||
	    (dirfd != -1 && fsync(dirfd) == -1))
		err(1, "%s", tmp);
}

int
main(int argc, char *argv[])
{
	struct blob *blobs = calloc((size_t)argc, sizeof(*blobs));
	int i, dirfd = -1, at = 1;
	double start;

	if (argc > 1 && strcmp(argv[1], "-d") == 0)
		at++;
	if (argc < at + 2 || blobs == NULL)
		errx(64, "usage: raw-store [-d] DIR FILE...");
	if (at > 1 && (dirfd = open(argv[at], O_RDONLY)) == -1)
		err(1, "%s", argv[at]);
	for (i = at + 1; i < argc; i++)
		blobs[i] = slurp(argv[i]);
	start = now_s();
	for (i = at + 1; i < argc; i++)
		store(&blobs[i], argv[at], i, dirfd);
	printf("%.1f\n", (argc - at - 1) / (now_s() - start));
	return 0;
}
