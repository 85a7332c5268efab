/*
 * list - the names in one directory below the spool, in no order.
 */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <dirent.h>

struct err;
struct spool;

struct list {
	DIR		*dir;	/* NULL: there is none */
	const char	*path;	/* borrowed */
	struct spool	*s;	/* borrowed */
};

/* A directory that is not there is empty.  0, or -1 with ERR_IO. */
int	list_open(struct list *l, struct spool *s, const char *path,
	    struct err *err) __attribute__((warn_unused_result));

/* 1 and *NAME, good until the next call; 0 at the end; -1 with ERR_IO. */
int	list_next(struct list *l, const char **name, struct err *err)
	    __attribute__((warn_unused_result));
void	list_close(struct list *l);

#endif /* STORE_LIST_H */
