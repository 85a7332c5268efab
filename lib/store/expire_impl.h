/*
 * expire_impl - walking one stream from its oldest fragment on, for expire.
 */
#ifndef STORE_EXPIRE_IMPL_H
#define STORE_EXPIRE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "store/expire.h"

/* A fragment and those that need it; more is no sane stream. */
#define EXPIRE_UNIT_MAX	(LIMIT_FRAGMENT_BACK + 1)

struct expire_item {
	uint32_t	epoch, seq;
	int64_t		time_us;	/* when it arrived or was written,
					   whichever was later */
	bool		dependent;	/* on the one before */
};

/* One directory of fragments, of any rendition. */
struct expire_place {
	uint32_t	epoch, group;
};

struct expire_cursor {
	struct spool		*s;		/* borrowed */
	char			 stream[NAME_BYTES];
	int64_t			 now_us;	/* by the file system */
	char			**names;	/* owned; renditions selected */
	struct spool_key	 newest;	/* original; seq 0: none */
	uint32_t		 end;		/* seq: from here on all stays */
	bool			 over;		/* the newest is too old, too */

	struct expire_place	*places;	/* owned; ascending */
	size_t			 nplaces, at;	/* the next one to read */
	bool			 there[SPOOL_GROUP];	/* of places[at - 1] */
	uint32_t		 next;		/* index into it */
	bool			 ahead;		/* ITEM was read, not used */
	struct expire_item	 item;

	struct expire_item	 unit[EXPIRE_UNIT_MAX];
	size_t			 nunit;		/* 0: the end */
	uint64_t		 bytes;		/* selected, of this stream;
						   counted only if limited */
};

/*
 * Begin with the oldest unit of STREAM.  Zero C first; release it in any
 * case.  0 or -1.
 */
int	expire_cursor_open(struct expire_cursor *c, struct spool *s,
	    const char *stream, const struct expire_conf *conf,
	    int64_t now_us, struct err *err)
	    __attribute__((warn_unused_result));
void	expire_cursor_release(struct expire_cursor *c);

/* The next unit.  0 or -1. */
int	expire_cursor_next(struct expire_cursor *c, struct err *err)
	    __attribute__((warn_unused_result));

/* What a fragment's selected files hold, and what they take on the disk. */
struct expire_size {
	uint64_t	bytes, room;
};
struct expire_size	expire_cursor_size(const struct expire_cursor *c,
			    uint32_t epoch, uint32_t seq);

/*
 * The first seq that a playlist of STREAM without an end may still be asked
 * for, SPOOL_SEQ_MAX + 1 when there is none.  0 or -1.
 */
int	expire_live_from(struct spool *s, const char *stream, uint32_t *seq,
	    struct err *err) __attribute__((warn_unused_result));

/* Remove those playlists: the stream is over. */
int	expire_drop_live(struct spool *s, const char *stream, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Remove what holds no fragments any more: directories older than the newest
 * original's, and init segments and none files of epochs that are gone.
 * What is in use or was removed by somebody else is left alone.  0 or -1.
 */
int	expire_tidy(struct expire_cursor *c, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_EXPIRE_IMPL_H */
