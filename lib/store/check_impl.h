/*
 * check_impl - what the parts of the checker share.
 */
#ifndef STORE_CHECK_IMPL_H
#define STORE_CHECK_IMPL_H

#include "base/buf.h"
#include "base/limits.h"
#include "media/mp4.h"
#include "store/check.h"
#include "store/m3u8.h"

/* A segment that was read. */
struct check_fact {
	uint64_t	msn;
	uint64_t	bytes;
	int64_t		duration_us;	/* EXTINF */
	bool		gap;		/* or not to be had: no bytes */
	bool		timed;		/* the two below are known */
	int64_t		dts_us;		/* of its first sample */
	uint32_t	frames;		/* of video */
};

/* Where a track goes on. */
struct check_clock {
	uint32_t	id;
	uint64_t	next;		/* track timescale */
};

/* Reading the segments of one playlist, in order. */
struct check_walk {
	uint64_t	 next_msn;	/* not read yet */
	bool		 begun;
	struct m3u8_place map;		/* of INIT; URI is owned */
	char		*map_uri;	/* owned */
	struct buf	 init;
	struct mp4	 moov;		/* of INIT */
	struct check_clock clocks[MP4_TRACKS_MAX];
	size_t		 nclocks;	/* 0: anything may come */
	/* Since the last break: where media and EXTINFs are. */
	bool		 running;
	int64_t		 start_us, listed_us;
	struct check_fact *facts;	/* owned */
	size_t		 nfacts, facts_cap;
};

/* A segment that left the list, and until when it has to be there. */
struct check_gone {
	char		*url;		/* owned */
	struct m3u8_place at;		/* without URI */
	int64_t		 until_us;
};

struct check_list {
	char		*url;		/* owned */
	struct buf	 text;
	struct m3u8	 p;
	bool		 loaded;
	bool		 iframes;	/* named as I-frame playlist */
	size_t		 line;		/* of the multivariant one, where it
					   is named */
	struct check_walk walk;

	int64_t		*first_us;	/* owned; of each seg, when watched */
	int64_t		 changed_us;
	int64_t		 longest_us;	/* of all versions */
	bool		 stalled;
	struct check_gone *gone;	/* owned */
	size_t		 ngone, gone_cap;
};

struct check {
	const struct check_conf	*conf;
	struct check_list	 main;	/* what was opened, if multivariant */
	struct check_list	*lists;	/* owned */
	size_t			 nlists;
	bool			 watching;
	uint64_t		 count, unsaid;
	uint64_t		 said[4 * LIMIT_CHECK_SAID];	/* hashes */
	struct buf		 scratch;
};

/* Something breaks RULE. */
void	check_say(struct check *c, const struct check_list *l, size_t line,
	    const char *rule, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
/* Something is not looked into; said once. */
void	check_note(struct check *c, const struct check_list *l,
	    const char *text);

/* The bytes of AT, named in L, replace what B has.  As check_fetch_fn. */
int	check_get(struct check *c, const struct check_list *l,
	    const struct m3u8_place *at, struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Load L->url: 1; 0 with *ERR when it is not to be had or no playlist; -1.
 * Nothing is said.
 */
int	check_load(struct check *c, struct check_list *l, struct err *err)
	    __attribute__((warn_unused_result));

/* Say how the text that was loaded is written wrong.  0 or -1. */
int	check_syntax(struct check *c, const struct check_list *l,
	    struct err *err) __attribute__((warn_unused_result));

/* The playlist that URI means in the multivariant one, or NULL. */
struct check_list *check_find(struct check *c, const struct check_list *from,
	    struct m3u8_str uri);

/* What a media playlist says by itself. */
void	check_media(struct check *c, const struct check_list *l);

/* What the multivariant playlist says, and its playlists together. */
void	check_main(struct check *c);
void	check_together(struct check *c);
/* Whether it says of its playlists what their media is. */
void	check_described(struct check *c);

/* The segments not read yet.  0 or -1. */
int	check_segments(struct check *c, struct check_list *l,
	    struct err *err) __attribute__((warn_unused_result));
void	check_walk_release(struct check_walk *w);

/* One file of ISO BMFF with the init segment in L->walk. */
struct check_media_facts {
	bool		timed, starts_sync;
	int64_t		start_us, end_us;	/* of the reference track */
	int64_t		frame_us;		/* its longest sample */
	uint32_t	frames;			/* of video */
};
int	check_mp4(struct check *c, struct check_list *l, size_t line,
	    const uint8_t *p, size_t n, bool advance,
	    struct check_media_facts *f, struct err *err)
	    __attribute__((warn_unused_result));

/* An entry of an I-frame playlist: the first sample is all in the N bytes. */
int	check_iframe(struct check *c, struct check_list *l, size_t line,
	    const uint8_t *p, size_t n, struct check_media_facts *f,
	    struct err *err) __attribute__((warn_unused_result));

/* OLD became L->p. */
void	check_update(struct check *c, struct check_list *l,
	    const struct m3u8 *old);

/* The media sequence number of segment I. */
uint64_t check_msn(const struct m3u8 *p, size_t i);

int64_t	check_us(uint64_t ticks, uint32_t timescale);

#endif /* STORE_CHECK_IMPL_H */
