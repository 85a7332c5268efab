/*
 * worker - the renditions of originals, start to end.
 *
 * What meets the media runs in a jail (jail.h) and can only hand back bytes;
 * what writes into the spool runs here and believes none of them: a segment
 * that is not sealed as what it should be is not published.  Originals that
 * follow each other share a jail; one that fails there is tried again in a jail
 * of its own, so that it costs the others nothing.
 */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include <signal.h>

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
	/* No original is begun any more once it is not 0; may be NULL. */
	const volatile sig_atomic_t *stop;
};

/* The original KEY is done, RC 0, or failed, -1 and ERR. */
typedef void worker_done_fn(const struct spool_key *key, int rc,
	    struct err *err, void *arg);

/*
 * Make what the N originals KEYS lack, whose numbers follow each other, at most
 * LIMIT_RUN_FRAGMENTS; and publish it, or put it off; or compare what they
 * have.  PUBLISHED and DIFFERS get S as their argument.  What fails in the
 * jail for the fragment's sake is noted, and parked at the last try; a parked
 * one is refused.
 * DONE is called for each in turn, with what jail_run(), the steps of
 * transcode.h, PUBLISHED or DIFFERS had, unless it was told to stop before.
 */
void	worker_run(const struct worker *w, struct spool *s,
	    const struct spool_key keys[], size_t n, worker_done_fn *done,
	    void *arg);

#endif /* STORE_WORKER_H */
