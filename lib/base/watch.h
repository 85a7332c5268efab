/*
 * watch - names that come into or leave one directory: inotify(7).
 *
 * Only makes things fast: events may be lost, and another host's never come.
 */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include <stdbool.h>

struct err;

enum watch_what { WATCH_NEW, WATCH_LEAVING };	/* names that come, or go */

/*
 * Watch the directory PATH.  A non-blocking descriptor to poll for reading,
 * which the caller closes; -1 with ERR_INPUT or ERR_OS.
 */
int	watch_open(const char *path, enum watch_what what, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Call FN with each name that came, or left, since the last time; with NULL when events were lost.  Does not block.
 * 0, or -1 with ERR_IO, or ERR_INPUT when the directory itself is gone.
 */
typedef void watch_fn(const char *name, void *arg);
int	watch_read(int fd, watch_fn *fn, void *arg, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Many directories on one descriptor, non-blocking, which the caller closes.
 * -1 with ERR_OS.
 */
int	watch_many_open(struct err *err) __attribute__((warn_unused_result));

/*
 * Watch for new names in the directory that is open as DIRFD, which need not
 * stay open: the number of the watch, the same one for the same directory;
 * -1 with ERR_OS or ERR_INPUT.
 */
int	watch_many_add(int fd, int dirfd, struct err *err)
	    __attribute__((warn_unused_result));
void	watch_many_remove(int fd, int number);

/*
 * Call FN with each watch and name since the last time; with no name when
 * that watch is gone; with watch -1 when events were lost.  Does not block.
 * 0, or -1 with ERR_IO.
 */
typedef void watch_many_fn(int number, const char *name, void *arg);
int	watch_many_read(int fd, watch_many_fn *fn, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * False when PATH is on a file system that other hosts may write to, by its
 * type; or when that cannot be told.
 */
bool	watch_sees_all(const char *path);

#endif /* BASE_WATCH_H */
