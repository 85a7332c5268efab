/*
 * list - the names in one directory below the spool, in no order.
 *
 * Not readdir(3), which asks the kernel three things more for each directory
 * and takes memory for it: there are thousands of them each second.
 */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct spool;

#define LIST_BYTES	8192	/* at a time */

struct list {
	int		 fd;	/* -1: there is none */
	const char	*path;	/* borrowed */
	struct spool	*s;	/* borrowed */
	size_t		 at, n;	/* of NAMES */
	unsigned char	 type;	/* of the last name, as in dirent */
	char		 names[LIST_BYTES] __attribute__((aligned(16)));
};

/* A directory that is not there is empty.  0, or -1 with ERR_IO. */
int	list_open(struct list *l, struct spool *s, const char *path,
	    struct err *err) __attribute__((warn_unused_result));

/* 1 and *NAME, good until the next call; 0 at the end; -1 with ERR_IO. */
int	list_next(struct list *l, const char **name, struct err *err)
	    __attribute__((warn_unused_result));

/* Is NAME, the last one, a directory? */
bool	list_is_directory(const struct list *l, const char *name);

void	list_close(struct list *l);

#endif /* STORE_LIST_H */
