/*
 * file - whole reads and writes on descriptors.
 *
 * EINTR and short counts are handled here and nowhere else.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct buf;
struct err;
struct iovec;

/* Write all N bytes.  0, or -1 with ERR_IO. */
int	file_write_all(int fd, const void *p, size_t n, struct err *err)
	    __attribute__((warn_unused_result));

/* The same for COUNT pieces, which are changed on the way. */
int	file_writev_all(int fd, struct iovec *iov, int count,
	    struct err *err) __attribute__((warn_unused_result));

/* Up to N bytes: the number read, 0 at end of file, -1 with ERR_IO. */
ssize_t	file_read_some(int fd, void *p, size_t n, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Append PATH (below DIRFD; AT_FDCWD for the working directory) to B.
 * 0, or -1 with ERR_INPUT, ERR_IO, or ERR_DATA when it is over B's maximum.
 */
int	file_slurp(int dirfd, const char *path, struct buf *b,
	    struct err *err) __attribute__((warn_unused_result));

/* Append what is behind the place of FD.  ERR_IO or ERR_DATA, as above. */
int	file_slurp_fd(int fd, struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Make PATH hold the N bytes, in one step: readers see all of the old or all
 * of the new.  Not synced: for what is written again soon.
 * 0, or -1 with ERR_CREATE or ERR_IO.
 */
int	file_replace(const char *path, const void *p, size_t n,
	    struct err *err) __attribute__((warn_unused_result));

/* Flush and check standard output.  0, or -1 with ERR_IO. */
int	file_flush_stdout(struct err *err) __attribute__((warn_unused_result));

#endif /* BASE_FILE_H */
