/*
 * timeline - what the store has of a stretch of one stream.
 *
 * The fragments of a stream are its originals and whatever renditions have,
 * as originals may have expired.  Loading again keeps what is known of the
 * files that are still there: they never change.
 */
#ifndef STORE_TIMELINE_H
#define STORE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/seen.h"
#include "store/spool.h"

struct err;
struct playlist_rendition;

/* One file: an original or a rendition of it. */
struct timeline_seg {
	uint32_t	epoch, seq;
	uint32_t	flags;		/* FRAGMENT_... */
	uint32_t	timescale;
	int64_t		start, end;	/* timescale */
	int64_t		date_us;	/* wall clock of START; 0: not known */
	uint64_t	bytes;
	uint32_t	frames;		/* samples; 0: not counted yet */
	uint32_t	iframe_at;	/* the bytes of moof to the end of the */
	uint32_t	iframe_bytes;	/* first sample, if that is sync; the
					   same */
};

struct timeline_row {
	char			 name[NAME_BYTES];
	struct timeline_seg	*segs;		/* owned; ascending seq */
	size_t			 count;
	struct seen		 seen;		/* of its directories */
	struct playlist_rendition *init;	/* owned; what the init segment
						   of INIT_EPOCH says, once it
						   was asked; or NULL */
	uint32_t		 init_epoch;
	struct spool_known	 list, iframes;	/* its playlists */
	bool			 any;		/* it has files, here or
						   before */
	bool			 dependent;	/* some start on no sync
						   sample: a copy */
	uint32_t		 since;		/* the seq from which on it has
						   all up to the timeline's
						   first, in its epoch and
						   group, or none */
};

/*
 * A fragment of the stream.  Consecutive entries have consecutive seq: one
 * of which no file is left is there too, LOST, with what its neighbours say.
 */
struct timeline_entry {
	uint32_t	epoch, seq;
	uint32_t	breaks;		/* epochs that end before it */
	int64_t		duration_us;
	int64_t		date_us;	/* wall clock of its start; 0: unknown */
	bool		ended;		/* its publication ended here */
	bool		lost;
};

/* Init with zeroes and STREAM. */
struct timeline {
	char			 stream[NAME_BYTES];
	struct timeline_row	 src;
	struct timeline_row	*rows;		/* owned; renditions by name */
	size_t			 nrows;
	struct timeline_row	*images;	/* owned; thumbnails, which no
						   playlist lists */
	size_t			 nimages;
	struct timeline_entry	*entries;	/* owned */
	size_t			 count;
	bool			 over;		/* its publishers are gone for
						   good: set by whoever knows */
	uint32_t		 first;		/* the seq it was loaded from */
	struct spool_known	 main, mpd, low;	/* its playlists */
	struct spool_key	 newest;	/* original when last asked;
						   seq 0: none */
	unsigned		 asked;
};

/*
 * The newest seq of the stream in any rendition.  1 and *SEQ, 0 when the
 * stream has nothing, -1.  Its cost does not depend on the stream's length;
 * asked again, it mostly looks for what follows, as in seen.h: TIMELINE_AHEAD
 * numbers far.  What comes behind a larger hole is seen some asks later.
 */
#define TIMELINE_AHEAD	4
int	timeline_newest(struct timeline *t, struct spool *s, uint32_t *seq,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * When the newest file of fragment SEQ was written, by the clock of the file
 * system.  0 or -1.
 */
int	timeline_written_us(struct spool *s, const char *stream, uint32_t seq,
	    int64_t *us, struct err *err) __attribute__((warn_unused_result));

/*
 * Load FIRST <= seq <= LAST.  A file that cannot be read counts as absent
 * and is logged.  0, or -1; ERR_DATA when it is more than
 * LIMIT_PLAYLIST_ENTRIES.
 */
int	timeline_load(struct timeline *t, struct spool *s, uint32_t first,
	    uint32_t last, struct err *err)
	    __attribute__((warn_unused_result));
void	timeline_release(struct timeline *t);
void	timeline_release_rows(struct timeline_row *rows, size_t n);

/* Make the entries from the rows; timeline_load() has done it.  0 or -1. */
int	timeline_join(struct timeline *t, struct err *err)
	    __attribute__((warn_unused_result));

/* The file of SEQ in ROW, or NULL. */
struct timeline_seg	*timeline_find(const struct timeline_row *row,
			    uint32_t seq);

int64_t	timeline_seg_us(const struct timeline_seg *seg);

/*
 * Did a publication end among the entries from FIRST on?  Once it did, it has
 * for as long as they are there.
 */
bool	timeline_ended(const struct timeline *t, size_t first);

/* SEG from KEY's file.  False, and logged, when it is no use. */
bool	timeline_read(struct spool *s, const struct spool_key *key,
	    struct timeline_seg *seg);

#endif /* STORE_TIMELINE_H */
