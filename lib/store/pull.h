/*
 * pull - take tickets, and do the work of each in a child of its own.
 *
 * One process for all workers of a host: one watch on the queue wakes it, and
 * one look at the queue serves all.  Its claims are renewed while it lives,
 * so that requeue can tell when it does not (claim.h).
 */
#ifndef STORE_PULL_H
#define STORE_PULL_H

#include <stdint.h>

#include "store/spool.h"

struct err;

struct pull_conf {
	struct spool	*s;		/* borrowed */
	const char	*owner;		/* borrowed; of this process only */
	size_t		 jobs;		/* at once; 1 to LIMIT_PULL_JOBS */
	/* Tickets further behind their stream than this are put off; and when
	   none is left that is not, as many JOBS again do what was put off.
	   0: nothing is. */
	uint32_t	 late;
	/* The work, in a child; its exit status, 0: done. */
	int		(*work)(const struct spool_key *key,
			    enum spool_queue from, void *arg);
	void		*arg;		/* borrowed */
};

/*
 * Until SIGTERM or SIGINT: then finish what runs.  The newest ticket of each
 * stream comes first; with LATE the oldest that is not late.  A claim whose
 * work failed is left behind, for requeue to put back, unless the original is
 * parked then: failed.h.
 * 0, or -1 with ERR_OS, ERR_IO, ERR_CREATE, or ERR_INPUT: there is no queue.
 */
int	pull_run(const struct pull_conf *conf, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_PULL_H */
