/*
 * quarantine - files of the spool that are damaged, kept for a look.
 */
#ifndef STORE_QUARANTINE_H
#define STORE_QUARANTINE_H

struct err;
struct spool;

/*
 * Move PATH, below the spool, to quarantine/PATH; behind one that is there
 * already as PATH.1, PATH.2 and so on.  1; 0 when PATH is gone; -1 with
 * ERR_CREATE or ERR_IO.
 */
int	quarantine_file(struct spool *s, const char *path, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_QUARANTINE_H */
