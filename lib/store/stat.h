/*
 * stat - what the spool holds of each stream, in numbers.
 *
 * Exact; yet only directories that have changed lately are counted, the sums
 * of the others are remembered (index.h).
 */
#ifndef STORE_STAT_H
#define STORE_STAT_H

#include <stddef.h>
#include <stdint.h>

#include "store/pending.h"
#include "store/spool.h"

struct err;

#define STAT_RATE_S	60

struct stream_stat {
	char		stream[NAME_BYTES];
	uint64_t	epochs, fragments, bytes;	/* of originals */
	uint32_t	first, last;		/* seq; 0: no fragment */
	int64_t		newest_us;		/* its arrival; 0: none */
	uint64_t	rate_fragments;		/* that arrived in the last */
	uint64_t	rate_bytes;		/* STAT_RATE_S */
	uint64_t	tickets;
	uint64_t	later;			/* tickets put off */
	uint64_t	failed;			/* parked: failed.h */
	uint64_t	pending;		/* lack a live rendition, */
	uint64_t	shed;			/* and only such as may be shed */
};

/*
 * Fill ST from the files of STREAM, but for what stat_tickets() and
 * stat_pending() count.
 */
int	stat_stream(struct spool *s, const char *stream,
	    struct stream_stat *st, struct err *err)
	    __attribute__((warn_unused_result));

/* Count the originals of ST's stream that lack live renditions of L. */
int	stat_pending(struct spool *s, const struct ladder *l,
	    struct stream_stat *st, struct err *err)
	    __attribute__((warn_unused_result));

/* Count the tickets, those put off, and what is parked of each of the N
   streams. */
int	stat_tickets(struct spool *s, struct stream_stat *st, size_t n,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_STAT_H */
