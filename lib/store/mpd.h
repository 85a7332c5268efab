/*
 * mpd - a DASH media presentation description as text (ISO/IEC 23009-1).
 *
 * Pure: the model in, the bytes out.  The same model gives the same bytes.
 * What belongs into it is decided in dash.h.
 */
#ifndef STORE_MPD_H
#define STORE_MPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"
#include "store/playlist.h"

struct buf;
struct err;

/* An S element: COUNT segments of D each, the first at T. */
struct mpd_run {
	int64_t		t, d;		/* timescale */
	uint32_t	count;
};

/*
 * Representations between which a player may switch at any segment: of one
 * codec, with the same timeline.
 */
struct mpd_set {
	enum track_kind			 kind;
	uint32_t			 timescale;
	int64_t				 offset;	/* of the time stamps at
							   the Period's start */
	uint32_t			 start_number;
	struct mpd_run			*runs;		/* owned */
	size_t				 nruns;
	struct playlist_rendition	*renditions;	/* owned */
	size_t				 count;
};

/* Segments of one directory: an epoch, and a group of it. */
struct mpd_period {
	uint32_t	 epoch, group;
	uint32_t	 seq;		/* of its first segment, listed or not:
					   with EPOCH its id */
	int64_t		 start_us;	/* not VOD: since 1970; if LOW that is
					   when it arrived */
	int64_t		 duration_us;	/* VOD, and the last when OVER */
	struct mpd_set	*sets;		/* owned */
	size_t		 count;
};

enum mpd_kind {
	MPD_LIVE,		/* dynamic, to be loaded again and again */
	MPD_OVER,		/* was that, and will not change any more */
	MPD_VOD,		/* static */
};

struct mpd {
	enum mpd_kind		 kind;
	bool			 low;		/* MPD_LIVE, MPD_OVER: with a
						   latency to reach */
	int64_t			 publish_us;	/* not VOD: since 1970 */
	int64_t			 window_us;	/* not VOD; 0: all is kept */
	struct mpd_period	*periods;	/* owned */
	size_t			 count;
};

/* What a live MPD promises and asks for, in seconds. */
#define MPD_UPDATE_S	1	/* it is up to date for so long */
#define MPD_LAG_S	3	/* players stay so far behind its edge */
#define MPD_BUFFER_S	2	/* enough for the declared bandwidth */

/* With low latency: the same, and how old what is shown shall be. */
#define MPD_LOW_LAG_S		4
#define MPD_LOW_BUFFER_S	1
#define MPD_LOW_TARGET_MS	(1000 * MPD_LOW_LAG_S)
#define MPD_LOW_MIN_MS		3000
#define MPD_LOW_MAX_MS		8000

void	mpd_release(struct mpd *m);

/* A segment at the end of SET's timeline.  0, or -1. */
int	mpd_add_run(struct mpd_set *set, int64_t t, int64_t d,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Put R where it may be switched to, in ascending height, or into a set of its
 * own: OWN, which has all but renditions.  0 with OWN's runs taken, so that
 * they are NULL; or -1.
 */
int	mpd_add_rendition(struct mpd_period *p, struct mpd_set *own,
	    const struct playlist_rendition *r, struct err *err)
	    __attribute__((warn_unused_result));

/* NAME is its own: who asks for its head is told the time. */
void	mpd_put(struct buf *b, const struct mpd *m, const char *name);

#endif /* STORE_MPD_H */
