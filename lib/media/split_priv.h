/*
 * split_priv - what the parts of split share:
 *
 *	split.c		bytes to tags, tags to configurations and samples
 *	split_hold.c	samples that wait for the start of an epoch
 *	split_epoch.c	epochs, time, where to cut
 *	split_write.c	the fragment in hand
 */
#ifndef MEDIA_SPLIT_PRIV_H
#define MEDIA_SPLIT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/fragment.h"
#include "media/mp4.h"
#include "media/split.h"

#define SPLIT_TRACKS		2	/* indexed by enum track_kind */
#define VIDEO_TIMESCALE		90000
#define VIDEO_TICKS_MS		90

/* One frame on its way from a tag into a fragment. */
struct split_sample {
	enum track_kind	 kind;
	int64_t		 ms;		/* DTS, unwrapped */
	int32_t		 cts_ms;
	bool		 sync;
	const uint8_t	*p;		/* borrowed */
	size_t		 bytes;
	int64_t		 arrival_us;
};

struct split_track {
	/* What the stream said last. */
	struct buf	 config;
	struct track	 desc;		/* without its config */
	uint32_t	 frame_ticks;	/* audio: of one frame */
	uint8_t		 nal_length_bytes;
	bool		 configured;
	bool		 changed;	/* since the epoch began */
	bool		 absent;	/* was there, but frames stopped */
	bool		 have_raw;
	int64_t		 raw_ms;	/* unwrapped time of the last frame */

	/* Of the epoch. */
	bool		 active;
	uint32_t	 id;
	uint32_t	 timescale;
	bool		 have_dts;
	int64_t		 dts;		/* of the last sample placed */
	int64_t		 ms;		/* what its tag said */
	int64_t		 max_pts;
	uint32_t	 nominal;	/* duration of a sample */

	/* Of the fragment in hand. */
	struct mp4_sample *samples;
	size_t		 count, cap;
	int64_t		 first_dts;
	struct buf	 data;
};

struct split_held {
	struct split_sample sample;	/* without P */
	size_t		 offset;	/* in data */
};

/* Samples in the order of their arrival; the first video one is sync. */
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
	bool		 have_header;
	bool		 lost;		/* looking for the next tag */
	uint8_t		 hint;		/* FLV_HAS_* of the header */

	struct split_track tracks[SPLIT_TRACKS];
	struct split_hold hold;
	bool		 decided;	/* which tracks there are */
	bool		 have_first;
	int64_t		 first_ms;	/* of the first frame at all */
	int64_t		 no_video_ms;	/* audio that came since a picture */
	unsigned	 no_sync_frames;	/* pictures while waiting */

	/* The epoch. */
	bool		 started;
	bool		 pending;	/* another one should begin */
	bool		 epoch_start;	/* no fragment of it is out yet */
	bool		 have_last_start;
	enum track_kind	 lead;		/* the track that cuts */
	int64_t		 shift_ms;	/* to keep times from being negative */
	int64_t		 preshift;	/* video, ticks: to keep DTS <= PTS */
	int64_t		 last_start;
	uint32_t	 back;		/* fragments since the last sync sample */
	struct buf	 moov;

	/* The fragment in hand. */
	bool		 open;
	bool		 has_sync;
	bool		 dependent;
	int64_t		 start;
	int64_t		 arrival_us;
	struct buf	 head;
};

/* A few words to the operator. */
void	split_notice(const struct split *s, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* split_hold.c */
bool	split_hold_full(const struct split_hold *h, size_t bytes);
int	split_hold_add(struct split *s, const struct split_sample *x,
	    struct err *err) __attribute__((warn_unused_result));
/* The sample of item I; P points into the hold. */
struct split_sample split_hold_get(const struct split_hold *h, size_t i);
/* Forget the first N items, and what may not stand at the front then. */
void	split_hold_drop(struct split *s, size_t n);
/* Forget all of it; all items of KIND. */
void	split_hold_clear(struct split *s);
void	split_hold_drop_kind(struct split *s, enum track_kind kind);
/* Forget audio outside of [MIN_MS, MAX_MS]. */
void	split_hold_trim_audio(struct split *s, int64_t min_ms,
	    int64_t max_ms);
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

/* split_write.c */
void	split_open(struct split *s, const struct split_sample *x);
int	split_append(struct split *s, const struct split_sample *x,
	    int64_t dts, int64_t pts, struct err *err)
	    __attribute__((warn_unused_result));
/* The bytes of all samples in hand. */
size_t	split_in_hand(const struct split *s);
/*
 * Write the fragment in hand.  It ends at END; the durations of its samples
 * are right already.
 */
int	split_close(struct split *s, int64_t end, uint32_t flags,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_SPLIT_PRIV_H */
