/*
 * tail - the originals of some or all streams that lack renditions: those
 * that are there, and then each that comes.
 *
 * What it keeps of a stream is its place: the newest original that was looked
 * at.  So nothing that is behind a place is missed, whether a ticket told of
 * it or not, and nothing is told twice.  No descriptors and no signals: the
 * caller waits, and passes tickets on.
 */
#ifndef STORE_TAIL_H
#define STORE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/pending.h"

struct err;
struct tail_stream;

struct tail {
	/* Set by the caller; all is borrowed. */
	const struct pending	*p;	/* its FROM bounds the first list only */
	const char *const	*only;	/* streams asked for */
	size_t			 nonly;	/* 0: all there are */
	int64_t			 again_us;	/* tail_again()'s time */
	uint32_t		 late;	/* what is further behind its stream is
					   not told; 0: everything is */
	spool_fn		*fn;	/* told; non-zero stops what goes on */
	/* Called while a list is told, so that what comes can go first. */
	int			(*between)(void *arg, struct err *err);
	void			*arg;

	struct tail_stream	*streams;	/* owned */
	size_t			 count;
	size_t			 noffers;	/* of all streams */
	unsigned		 depth;		/* lists under way */
};

void	tail_release(struct tail *t);

/*
 * Look what has come, learn of new streams; the first time, list what is
 * there.  0, -1, or what FN returned.
 */
int	tail_look(struct tail *t, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * A ticket for KEY was made.  One for an original that was looked at before
 * is told again if it is still pending, unless it can be the ticket that goes
 * with it.  0, -1, or what FN returned.
 */
int	tail_ticket(struct tail *t, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Tell again what is pending and was told AGAIN_US ago or longer, each
 * original LIMIT_TAIL_AGAIN times at most.  To be called every AGAIN_US.
 * 0, -1, or what FN returned.
 */
int	tail_again(struct tail *t, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_TAIL_H */
