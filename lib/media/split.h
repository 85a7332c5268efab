/*
 * split - cut an FLV stream into fragments: fragment(5).
 *
 * Sans-I/O: bytes go in, whole fragments come out through a callback as soon
 * as their end is known.  Holds the fragment in hand and nothing else, but
 * at the start of an epoch up to two seconds of it.
 */
#ifndef MEDIA_SPLIT_H
#define MEDIA_SPLIT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct err;
struct split;

enum split_cut {
	SPLIT_CUT_EXACT,	/* at the mark, keyframe or not */
	SPLIT_CUT_KEYFRAME,	/* at keyframes only */
};

#define SPLIT_DURATION_MIN_MS	100
#define SPLIT_DURATION_MAX_MS	10000
#define SPLIT_MAX_GAP_MIN_MS	1000
#define SPLIT_MAX_GAP_MAX_MS	60000
/* With SPLIT_CUT_KEYFRAME: a fragment is cut all the same after this. */
#define SPLIT_KEYFRAME_WAIT_MS	20000

struct split_conf {
	int64_t		 duration_ms;
	enum split_cut	 cut;
	int64_t		 max_gap_ms;	/* a step beyond it is a new epoch */

	/*
	 * A finished fragment.  The memory is valid during the call; IOV may
	 * be changed.  0, or -1 with ERR, which ends the splitting.
	 */
	int		(*emit)(void *arg, struct iovec *iov, int count,
			    struct err *err);
	/* What an operator may want to know, in a few words.  May be NULL. */
	void		(*notice)(void *arg, const char *text);
	void		*arg;
};

struct split_stats {
	uint64_t	fragments, epochs;
	uint64_t	video_frames, audio_frames;	/* written */
	uint64_t	video_dropped, audio_dropped;
	uint64_t	ignored;	/* messages that made no sense */
	uint64_t	skipped_bytes;	/* of the input, between tags */
};

/* Returns owned; NULL with ERR_OS.  CONF is copied. */
struct split	*split_new(const struct split_conf *conf, struct err *err);
void	split_free(struct split *s);

/*
 * Room for input, at least one byte: the caller reads up to *BYTES into it
 * and says so with split_feed().  NULL with ERR_OS.
 */
uint8_t	*split_room(struct split *s, size_t *bytes, struct err *err);

/*
 * N bytes were put into split_room() at the wall clock time ARRIVAL_US (0:
 * not to be recorded).  0, or -1: ERR_DATA for what cannot be split, or
 * what emit() said.  After a failure only split_finish() may follow.
 */
int	split_feed(struct split *s, size_t n, int64_t arrival_us,
	    struct err *err) __attribute__((warn_unused_result));

enum split_end {
	SPLIT_END_INPUT,	/* there is no more */
	SPLIT_END_STOPPED,	/* there may be more: half a tag is no error */
};

/*
 * Write the fragment in hand.  0, or -1: what emit() said, or ERR_DATA when
 * the input was damaged or ends inside a tag.
 */
int	split_finish(struct split *s, enum split_end how, struct err *err)
	    __attribute__((warn_unused_result));

const struct split_stats *split_stats(const struct split *s);

#endif /* MEDIA_SPLIT_H */
