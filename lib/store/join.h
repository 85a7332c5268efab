/*
 * join - several fragments of a rendition behind one another in one file.
 *
 *	www/STREAM/RENDITION/EPOCH/GROUP/FIRST-LAST.m4s
 *
 * is the fragments FIRST to LAST, in the directory of FIRST: a segment for
 * whoever does not load its fragments one by one.  It follows from them:
 * whoever writes it writes the same bytes, and it can be removed at any time.
 */
#ifndef STORE_JOIN_H
#define STORE_JOIN_H

#include <stdint.h>

#include "store/spool.h"

struct err;

/* Fragments of one file. */
#define JOIN_MAX	16
/* The directory of the encrypted ones, below that of FIRST: aes.h. */
#define JOIN_AES	"aes"

/* FIRST to LAST, which is greater, as a path below the spool. */
void	join_path(const struct spool_key *first, uint32_t last,
	    char out[SPOOL_PATH_BYTES]);

/*
 * Publish it: all or nothing.  Durable are its bytes; with SPOOL_VOLATILE
 * its name may be lost with the power, and has to be published again.
 * 1, 0 when it was there, or -1 as with spool_read() and spool_publish().
 */
int	join_publish(struct spool *s, const struct spool_key *first,
	    uint32_t last, enum spool_care care, struct err *err)
	    __attribute__((warn_unused_result));

struct join_size {
	uint64_t	bytes, room;	/* of the files; on the disk */
};

/* The files that begin with FIRST, encrypted ones too; an original begins
   none. */
struct join_size	join_sizes(struct spool *s,
			    const struct spool_key *first);

/* Remove them.  0, or -1 with ERR_IO. */
int	join_remove(struct spool *s, const struct spool_key *first,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_JOIN_H */
