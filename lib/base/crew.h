/*
 * crew - threads that work off lines of items: what is in a line in its
 * order, one at a time; the lines beside each other.
 *
 * So what becomes of a line does not depend on how many threads there are.
 * The caller is one of them: it works while it would have to wait.
 */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stddef.h>

struct crew;
struct err;

struct crew_conf {
	unsigned	 threads;	/* with the caller's; at least 1 */
	size_t		 lines;
	/* On ITEM of LINE; after a failure no more.  0 or -1. */
	int		(*work)(size_t line, void *item, void *arg,
			    struct err *err);
	void		(*drop)(void *item);	/* every item, in the end */
	void		*arg;		/* borrowed, of WORK */
};

/* Owned, or NULL with ERR_OS. */
struct crew	*crew_new(const struct crew_conf *conf, struct err *err)
		    __attribute__((warn_unused_result));

/* Drops what is left in the lines.  NULL is ignored. */
void		 crew_free(struct crew *c);

/*
 * ITEM, which is the crew's from now on, to the end of LINE.  Returns when
 * there is room for it.  0, or -1 with the error of a line: then nothing more
 * is worked on.
 */
int	crew_put(struct crew *c, size_t line, void *item, struct err *err)
	    __attribute__((warn_unused_result));

/* Until all lines are empty.  0, or -1 with the error of a line. */
int	crew_wait(struct crew *c, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_CREW_H */
