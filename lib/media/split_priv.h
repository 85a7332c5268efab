/*
 * split_priv - what the parts of split share:
 *
 *	split.c		bytes to tags, tags to samples
 *	split_tracks.c	tracks and their configurations
 *	split_hold.c	samples that wait for the start of an epoch
 *	split_epoch.c	epochs
 *	split_place.c	time, where to cut
 *	split_write.c	the fragment in hand
 *	split_data.c	where the bytes of its samples are
 */
#ifndef MEDIA_SPLIT_PRIV_H
#define MEDIA_SPLIT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "media/params.h"
#include "media/split.h"

struct flv_body;

#define SPLIT_TRACKS		MP4_TRACKS_MAX
#define SPLIT_TRACKS_DEFAULT	2	/* indexed by enum track_kind */
#define VIDEO_TIMESCALE		90000
#define VIDEO_TICKS_MS		90

/* What placing a sample can say beside 0 and -1. */
#define NEW_EPOCH		1

/* One frame on its way from a tag into a fragment. */
struct split_sample {
	size_t		 track;		/* index in split.tracks */
	enum track_kind	 kind;
	int64_t		 ms;		/* DTS, unwrapped */
	int32_t		 cts_ms;
	uint32_t	 nano_ns;	/* on top, of the PTS */
	uint32_t	 ticks;		/* audio: its duration */
	bool		 sync;		/* decoding can start here */
	bool		 open;		/* sync, but pictures that follow may
					   be shown before it */
	const uint8_t	*p;		/* borrowed, */
	bool		 in_input;	/* from the input: it stays there */
	size_t		 bytes;
	int64_t		 arrival_us;
};

/* Where the bytes of a sample in hand are. */
struct split_where {
	bool		 in_input;	/* AT: offset in the input; else */
	uint64_t	 at;		/* in the data of the track */
};

struct split_track {
	enum track_kind	 kind;
	uint8_t		 number;	/* of Enhanced RTMP */

	/* What the stream said last. */
	enum codec	 codec;
	struct buf	 record;	/* as it came */
	bool		 by_frame;	/* frames tell the parameters, */
	uint64_t	 key;		/* that is, these */
	struct buf	 config;	/* as it is stored */
	struct params	 params;
	bool		 configured;
	bool		 changed;	/* since the epoch began */
	bool		 have_raw;
	int64_t		 raw_ms;	/* unwrapped time of the last frame */
	uint32_t	 wrapped_ms;	/* by 33-bit wraps, so far */

	/* Of the epoch. */
	bool		 active;
	uint32_t	 timescale;
	bool		 have_dts;
	int64_t		 dts;		/* of the last sample placed */
	int64_t		 ms;		/* what its tag said */
	int64_t		 max_pts;
	uint32_t	 nominal;	/* duration of a sample */

	/* Of the fragment in hand. */
	struct mp4_sample *samples;	/* without P, but */
	struct split_where *where;
	size_t		 count, cap;
	size_t		 bytes;
	int64_t		 first_dts;
	struct buf	 data;
};

struct split_held {
	struct split_sample sample;	/* without P */
	size_t		 offset;	/* in data */
};

/* Samples in the order of their arrival; the first leading picture is sync. */
struct split_hold {
	struct split_held *items;
	size_t		 n, cap;
	struct buf	 data;
	size_t		 count[SPLIT_TRACKS];
};

struct split {
	struct split_conf conf;
	struct split_stats stats;

	/* The input. */
	struct buf	 in;
	uint64_t	 offset;	/* of in.p[0] */
	size_t		 used;		/* bytes of it that are kept only for
					   samples in hand */
	bool		 have_header;
	bool		 lost;		/* looking for the next tag */
	uint8_t		 hint;		/* FLV_HAS_* of the header */

	/* The default ones, then others as they appear. */
	struct split_track tracks[SPLIT_TRACKS];
	size_t		 ntracks;
	struct split_hold hold;
	bool		 decided;	/* which tracks there are */
	bool		 have_first;
	int64_t		 first_ms;	/* of the first frame at all */
	int64_t		 raw_ms;	/* of the last one */
	uint32_t	 wrapped_ms;	/* of the track that wrapped last */
	bool		 no_video;	/* it was there, but stopped */
	int64_t		 no_video_ms;	/* audio that came since a picture */
	unsigned	 no_sync_frames;	/* pictures while waiting */

	/* The epoch. */
	bool		 started;
	bool		 pending;	/* another one should begin */
	bool		 epoch_start;	/* no fragment of it is out yet */
	bool		 have_last_start;
	size_t		 lead;		/* the track that cuts */
	int64_t		 shift_ms;	/* to keep times from being negative */
	int64_t		 preshift;	/* video, ticks: to keep DTS <= PTS */
	int64_t		 ahead_ms;	/* audio was in front of the pictures
					   by so much, at most */
	int64_t		 last_start;
	uint32_t	 back;		/* fragments since the last sync sample */
	struct buf	 moov;
	size_t		 active;	/* tracks in it */

	/* The fragment in hand. */
	bool		 open;
	bool		 begun;		/* START is known without a picture */
	bool		 has_sync;
	bool		 dependent;
	int64_t		 start;
	int64_t		 arrival_us;
	struct buf	 head;
	struct iovec	*iov;
	size_t		 iov_cap;
};

/* A few words to the operator. */
void	split_notice(const struct split *s, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * split_tracks.c: the track of KIND with Enhanced RTMP's NUMBER, a new one if
 * need be; NULL if there are too many.
 */
struct split_track *split_track(struct split *s, enum track_kind kind,
	    uint8_t number);
/* The one that leads its kind: the default track, or the lowest number. */
struct split_track *split_first(struct split *s, enum track_kind kind);
/* Its ID in the fragments: the same in each epoch. */
uint32_t split_track_id(const struct split_track *t);
/* "video", "audio" */
const char *split_kind_name(enum track_kind kind);
/* A configuration record, a layout; parameters that a frame has. */
int	split_take_record(struct split *s, struct split_track *t,
	    const struct flv_body *b, struct err *err)
	    __attribute__((warn_unused_result));
int	split_take_layout(struct split *s, struct split_track *t,
	    const struct flv_body *b, struct err *err)
	    __attribute__((warn_unused_result));
int	split_take_key(struct split *s, struct split_track *t,
	    const struct flv_body *b, struct err *err)
	    __attribute__((warn_unused_result));

/* split_hold.c */
bool	split_hold_full(const struct split_hold *h, size_t bytes);
int	split_hold_add(struct split *s, const struct split_sample *x,
	    struct err *err) __attribute__((warn_unused_result));
/* The sample of item I; P points into the hold. */
struct split_sample split_hold_get(const struct split_hold *h, size_t i);
/* Forget the first N items, and what may not stand at the front then. */
void	split_hold_drop(struct split *s, size_t n);
/* Forget all of it; all items of TRACK. */
void	split_hold_clear(struct split *s);
void	split_hold_drop_track(struct split *s, size_t track);
/* Forget what does not lead outside of [MIN_MS, MAX_MS]. */
void	split_hold_trim(struct split *s, int64_t min_ms, int64_t max_ms);
void	split_hold_release(struct split_hold *h);

/* split_epoch.c */
int	split_take(struct split *s, const struct split_sample *x,
	    struct err *err) __attribute__((warn_unused_result));
/* Do not wait for more tracks; start an epoch with what is held, if any. */
int	split_decide(struct split *s, struct err *err)
	    __attribute__((warn_unused_result));
/* The epoch ends here: write what is in hand, with FLAGS as well. */
int	split_end_epoch(struct split *s, uint32_t flags, struct err *err)
	    __attribute__((warn_unused_result));

/* split_place.c: put X into the fragment in hand, or NEW_EPOCH. */
int	split_place(struct split *s, const struct split_sample *x,
	    struct err *err) __attribute__((warn_unused_result));
/* Count X as left out. */
int	split_drop(struct split *s, const struct split_sample *x);

/*
 * split_data.c: samples stay in the input that they came in, until they are
 * written, or too much else is between them.  X is T's next sample.
 */
int	split_data_put(struct split *s, struct split_track *t,
	    const struct split_sample *x, struct err *err)
	    __attribute__((warn_unused_result));
/* The bytes of T's sample I: until there is more input. */
uint8_t	*split_data_get(const struct split *s, const struct split_track *t,
	    size_t i);
/* Take T's samples out of the input, and keep nothing but them. */
int	split_data_own(struct split *s, struct split_track *t,
	    struct err *err) __attribute__((warn_unused_result));
/* Forget the input that nothing in hand is in. */
int	split_data_trim(struct split *s, struct err *err)
	    __attribute__((warn_unused_result));

/* split_write.c */
void	split_open(struct split *s, const struct split_sample *x);
int	split_append(struct split *s, const struct split_sample *x,
	    int64_t dts, int64_t pts, struct err *err)
	    __attribute__((warn_unused_result));
/* The bytes of all samples in hand, but those of track EXCEPT. */
size_t	split_in_hand(const struct split *s, size_t except);
/*
 * Write the fragment in hand.  It ends at END; the durations of its samples
 * are right already.
 */
int	split_close(struct split *s, int64_t end, uint32_t flags,
	    struct err *err) __attribute__((warn_unused_result));
/*
 * The same, but sound from END on goes into the next one, which begins there.
 * Nothing happens when nothing is in hand before END.
 */
int	split_close_at(struct split *s, int64_t end, struct err *err)
	    __attribute__((warn_unused_result));
/* Throw away what is in hand. */
void	split_discard(struct split *s);

/* T of FROM units a second in units of TO, rounded down. */
static inline int64_t
split_rescale(int64_t t, uint32_t from, uint32_t to)
{
	return t / from * to + t % from * to / from;
}

#endif /* MEDIA_SPLIT_PRIV_H */
