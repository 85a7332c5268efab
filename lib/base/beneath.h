/*
 * beneath - opening files that cannot be outside a directory.
 *
 * openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, Linux 5.6: the
 * kernel refuses "..", absolute paths and every symbolic link while it
 * resolves, so there is no check here to race with.
 */
#ifndef BASE_BENEATH_H
#define BASE_BENEATH_H

#include <sys/stat.h>

struct err;

/*
 * A descriptor of the directory PATH, to open below; the caller closes it.
 * -1 with ERR_INPUT, or ERR_OS when the kernel has no openat2.
 */
int	beneath_dir(const char *path, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Open the regular file PATH below DIRFD for reading and fill *ST.
 * The descriptor, which the caller closes, or -1 with errno: ENOENT also for
 * what is no regular file, ELOOP and EXDEV for what leads outside.
 */
int	beneath_open(int dirfd, const char *path, struct stat *st)
	    __attribute__((warn_unused_result));

/*
 * Open the directory PATH ("": DIRFD itself) below DIRFD, as a place alone:
 * O_PATH.  The descriptor, which the caller closes, or -1 with errno.
 */
int	beneath_open_dir(int dirfd, const char *path)
	    __attribute__((warn_unused_result));

#endif /* BASE_BENEATH_H */
