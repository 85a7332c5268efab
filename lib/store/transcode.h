/*
 * transcode - one original to the renditions it lacks.
 *
 * Four steps, so that those which meet hostile media write no file, and the
 * one that decodes it needs none: see what is lacking, read everything, make
 * everything in memory, publish.  A rendition depends on the original, on
 * those before it back to a sync sample, for sound on the one before it, and
 * on the ladder: on nothing else.  Originals that follow each other can be
 * read and made in one go, which takes less, and gives the same bytes.
 */
#ifndef STORE_TRANSCODE_H
#define STORE_TRANSCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/decode.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "media/pcm.h"
#include "store/pending.h"
#include "store/spool.h"

struct err;
struct ladder;
struct rendition;

enum transcode_aim {
	TRANSCODE_MISSING,	/* make what is not there */
	TRANSCODE_AGAIN,	/* make what is there, to compare */
};

/* Which renditions are wanted; all borrowed. */
struct transcode_conf {
	enum transcode_aim	 aim;
	const struct ladder	*ladder;
	enum pending_tier	 tier;
	const char *const	*names;	/* if any: these, whatever their tier */
	size_t			 nnames;
	/* Live renditions whose SHED is less than this are put off. */
	uint32_t		 behind;
	unsigned		 threads;	/* that encode, at least 1 */
};

enum transcode_kind {
	TRANSCODE_SEGMENT,	/* INIT and SEGMENT are filled */
	TRANSCODE_NONE,		/* the epoch cannot have this rendition */
	TRANSCODE_GAP,		/* the original has no samples for it: SEGMENT
				   says so */
};

struct transcode_output {
	const struct rendition	*rendition;	/* of the ladder */
	enum transcode_kind	 kind;
	struct buf		 init, segment;
};

struct transcode_source {
	struct buf	 bytes;
	struct mp4	 mp4;		/* points into BYTES */
};

/* Originals in order of their numbers, without a gap. */
struct transcode_sources {
	struct transcode_source	*v;		/* owned */
	size_t			 n;
};

/* Zero it before transcode_select(), release it in any case. */
struct transcode {
	struct spool_key	 key;		/* of the original */
	struct fragment_info	 info;		/* its own */
	const struct ladder	*ladder;	/* borrowed */
	unsigned		 threads;
	struct transcode_output	*outputs;	/* owned; the ladder's order */
	size_t			 count;
	bool			 shed;		/* some were put off */
	const struct transcode_source *sources;	/* borrowed; the original last,
						   INFO.back before it at least */
	size_t			 nsources;
	struct decode_stats	 stats;		/* zero if nothing is decoded */
	struct pcm_stats	 sound;		/* of each rendition again */
	bool			 unheard;	/* there is no good original to
						   hear before this one */
};

/*
 * Find what the original KEY lacks, or has.  1; 0 when that is nothing (if it
 * lacks nothing the ticket is dropped, if something is shed put off); -1 with
 * ERR_IO or ERR_OS.
 */
int	transcode_select(struct transcode *t, struct spool *s,
	    const struct transcode_conf *conf, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Read the originals that are needed for the first of the N, whose numbers
 * follow each other, and for as many behind it as can be had easily: *READY.
 * Release SOURCES in any case, after the last use of the transcodes.
 * 0, or -1 with ERR_INPUT (one is not there), ERR_IO, ERR_DATA or ERR_OS.
 */
int	transcode_read(struct transcode ts[], size_t n, struct spool *s,
	    struct transcode_sources *sources, size_t *ready, struct err *err)
	    __attribute__((warn_unused_result));
void	transcode_release_sources(struct transcode_sources *sources);

/* The outputs of T are filled; they may be taken out.  0 or -1. */
typedef int transcode_made_fn(struct transcode *t, void *arg,
	    struct err *err);

/*
 * Fill the outputs of N that are read, and call MADE for one after the other.
 * No I/O.  0, or -1 with the reason, or what MADE failed of: those that MADE
 * was not called for have no output.
 */
int	transcode_run(struct transcode ts[], size_t n, transcode_made_fn *made,
	    void *arg, struct err *err) __attribute__((warn_unused_result));

/*
 * Publish the outputs: init segments, then fragments; drop the ticket when
 * the original is complete, put it off when something was shed.  FN is called for each fragment of a rendition
 * once it is durable, unless somebody else was first.
 * 0, or -1; ERR_DATA when an init segment of the epoch is there and differs:
 * then nothing is published.
 */
int	transcode_publish(struct transcode *t, struct spool *s, spool_fn *fn,
	    void *arg, struct err *err) __attribute__((warn_unused_result));

/*
 * Compare the outputs with what is there, and publish nothing.  FN is called
 * for each rendition whose fragment or init segment differs, with its key and
 * what differs.  Sound whose run-up has expired cannot be made again, and is
 * left out.  0, what FN returned, or -1.
 */
typedef int transcode_differs_fn(const struct spool_key *key,
	    const char *what, void *arg, struct err *err);
int	transcode_compare(const struct transcode *t, struct spool *s,
	    transcode_differs_fn *fn, void *arg, struct err *err)
	    __attribute__((warn_unused_result));

void	transcode_release(struct transcode *t);

#endif /* STORE_TRANSCODE_H */
