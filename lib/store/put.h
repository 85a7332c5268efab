/*
 * put - fragments into the spool: numbers, order, durability.
 *
 * Several puts may feed one stream, as when a new publisher takes over while
 * the old one's last second is on its way.  (epoch, seq) of what is stored
 * is in one order all the same: each put has epochs of its own, and one that
 * finds a newer epoch than its own starts a new epoch behind it.  This rests
 * on link(2) alone, and on every put seeing the others' links at once.
 */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/spool.h"

struct err;

struct put {
	struct spool	*s;		/* borrowed */
	struct spool_key last;		/* the last stored; seq 0: none */
	bool		 own;		/* LAST's epoch is this put's own */
};

/*
 * Begin to store STREAM, behind what is there.  Removes what killed puts
 * left behind more than an hour ago, in the newest directory.
 * 0, or -1 with ERR_IO.
 */
int	put_begin(struct put *p, struct spool *s, const char *stream,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * 0 when the N bytes at FRAGMENT are one whole original as it was sealed:
 * checksums, boxes, tracks, samples.  -1 with ERR_DATA.
 */
int	put_check(const uint8_t *fragment, size_t n, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Store a fragment that put_check() passed: stamp it, publish it, *KEY.
 * When 0 returns it is durable.  -1 with what spool_publish() fails with;
 * after ERR_AGAIN the same call may be made again.
 */
int	put_fragment(struct put *p, uint8_t *fragment, size_t n,
	    struct spool_key *key, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_PUT_H */
