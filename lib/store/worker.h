/*
 * worker - the renditions of one original, start to end.
 *
 * What meets the media runs in a jail (jail.h) and can only hand back bytes;
 * what writes into the spool runs here and believes none of them: a segment
 * that is not sealed as what it should be is not published.
 */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include "base/jail.h"
#include "store/spool.h"
#include "store/transcode.h"

struct err;

struct worker {
	struct transcode_conf	 transcode;
	struct jail		 jail;	/* its limits; the rest is not read */
	unsigned		 tries;	/* until an original is parked */
	/* An original that is further behind its stream than this is put off,
	   and renditions may be shed; 0: nothing is. */
	uint32_t		 late;
	int64_t			 behind;	/* it is; -1: count */
	/* Called in the child when the renditions are made: may log. */
	void			(*made)(const struct transcode *t);
	/* Called for each fragment of a rendition once it is durable. */
	spool_fn		*published;
	/* Called, with TRANSCODE_AGAIN, for each that is not as it was. */
	transcode_differs_fn	*differs;
};

/*
 * Make what the original KEY lacks, and publish it, or put it off; or compare
 * what it has.  PUBLISHED and DIFFERS get S as their argument.  What fails in
 * the jail for the fragment's sake is noted, and parked at the last try; a
 * parked one is refused.
 * 0, or -1 with what jail_run(), the steps of transcode.h, PUBLISHED or DIFFERS
 * had.
 */
int	worker_run(const struct worker *w, struct spool *s,
	    const struct spool_key *key, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_WORKER_H */
