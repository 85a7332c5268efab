/*
 * verify - read everything again, and move aside what is damaged.
 *
 * A damaged file is moved to quarantine/ in the spool, under the path that it
 * had, by link(2) and unlink(2): it is not listed or served any more.  A
 * rendition is then pending again, and its original gets a ticket.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/select.h"
#include "store/spool.h"

struct err;

#define SPOOL_QUARANTINE	"quarantine"

enum verify_finding {
	VERIFY_DAMAGED,		/* moved, unless nothing is to be moved */
	VERIFY_KEPT,		/* damaged, and left where it is */
	VERIFY_UNREADABLE,	/* reading failed: it may be well */
	VERIFY_MISSING,		/* an init segment with renditions */
};

/* PATH is below the spool; REASON is one line without control bytes. */
typedef int verify_fn(enum verify_finding finding, const char *path,
    const char *reason, void *arg, struct err *err);

struct verify_conf {
	const char *const	*names;	/* renditions; none: all, and
					   SPOOL_SRC */
	size_t			 nnames;
	struct select		 select;
	uint64_t		 rate;	/* bytes a second; 0: no limit */
	bool			 list_only;	/* move nothing */
	verify_fn		*fn;
	void			*arg;
};

struct verify_result {
	uint64_t	files, bytes;	/* read */
	uint64_t	originals;	/* of the findings */
	uint64_t	others;
	uint64_t	unreadable;	/* among both */
};

/*
 * Verify STREAM and add to RESULT, which is zero at first.  Stops when the
 * callback returns non-zero and returns that; else 0, or -1.
 */
int	verify_stream(struct spool *s, const char *stream,
	    const struct verify_conf *conf, struct verify_result *result,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_VERIFY_H */
