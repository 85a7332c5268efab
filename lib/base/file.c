#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

#define SLURP_STEP	65536

int
file_write_all(int fd, const void *p, size_t n, struct err *err)
{
	const char *from = p;
	ssize_t done;

	while (n > 0) {
		done = write(fd, from, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return err_sys(err, ERR_IO, "cannot write");
		from += done;
		n -= (size_t)done;
	}
	return 0;
}

int
file_writev_all(int fd, struct iovec *iov, int count, struct err *err)
{
	ssize_t done;
	size_t n;

	while (count > 0) {
		if (iov->iov_len == 0) {
			iov++;
			count--;
			continue;
		}
		done = writev(fd, iov, count < IOV_MAX ? count : IOV_MAX);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return err_sys(err, ERR_IO, "cannot write");
		for (; done > 0; done -= (ssize_t)n) {
			n = (size_t)done < iov->iov_len ? (size_t)done :
			    iov->iov_len;
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= n;
			if (iov->iov_len == 0) {
				iov++;
				count--;
			}
		}
	}
	return 0;
}

ssize_t
file_read_some(int fd, void *p, size_t n, struct err *err)
{
	ssize_t done;

	do
		done = read(fd, p, n);
	while (done == -1 && errno == EINTR);
	if (done == -1)
		return err_sys(err, ERR_IO, "cannot read");
	return done;
}

int
file_slurp_fd(int fd, struct buf *b, struct err *err)
{
	size_t step;
	uint8_t *to;
	ssize_t n;

	for (;;) {
		/* At the maximum, one byte more tells whether it fits. */
		step = b->max - b->n < SLURP_STEP ? b->max - b->n : SLURP_STEP;
		if (step == 0) {
			uint8_t more;

			if ((n = file_read_some(fd, &more, 1, err)) == -1)
				return -1;
			if (n > 0)
				b->bad = true;
			return buf_ok(b, err);
		}
		if ((to = buf_room(b, step)) == NULL)
			return buf_ok(b, err);
		if ((n = file_read_some(fd, to, step, err)) == -1)
			return -1;
		if (n == 0)
			return 0;
		b->n += (size_t)n;
	}
}

int
file_slurp(int dirfd, const char *path, struct buf *b, struct err *err)
{
	int fd, rc;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_INPUT, "cannot open '%s'", path);
	rc = file_slurp_fd(fd, b, err);
	close(fd);
	return rc == -1 ? err_wrap(err, "'%s'", path) : 0;
}

int
file_replace(const char *path, const void *p, size_t n, struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char tmp[4096];
	int fd, rc;

	rc = snprintf(tmp, sizeof(tmp), "%.*s.%s.tmp", (int)(name - path),
	    path, name);
	if (rc < 0 || (size_t)rc >= sizeof(tmp))
		return err_set(err, ERR_CREATE, "'%.80s...': path too long",
		    path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0644);
	if (fd == -1)
		return err_sys(err, ERR_CREATE, "cannot create '%s'", tmp);
	rc = file_write_all(fd, p, n, err);
	close(fd);
	if (rc == 0 && rename(tmp, path) == -1)
		rc = err_sys(err, ERR_CREATE, "cannot rename '%s'", tmp);
	if (rc == -1)
		unlink(tmp);
	return rc;
}

int
file_flush_stdout(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(err, ERR_IO, "cannot write standard output");
	return 0;
}
