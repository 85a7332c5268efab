/*
 * hls - which fragments a stream's HLS playlists list, and how.
 *
 * A pure function of the store: the same files give the same bytes, however
 * often and by whomever they are asked for.
 *
 *	www/STREAM/RENDITION/live.m3u8	www/STREAM/main.m3u8
 *	www/STREAM/RENDITION/NAME.m3u8	www/STREAM/NAME.m3u8
 *	www/STREAM/RENDITION/NAME-iframes.m3u8
 *
 * where NAME is event, vod or a clip's.
 */
#ifndef STORE_HLS_H
#define STORE_HLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/playlist.h"

struct aes_keys;
struct err;
struct spool;
struct timeline;
struct timeline_row;

/* draft-pantos-hls-rfc8216bis asks for three; Apple for six. */
#define HLS_LIST_MIN	6

/* With keys there is neither low latency nor an I-frame playlist: both list
   parts of what is encrypted as a whole. */
#define HLS_FRAGMENTS_MAX	6
#define HLS_NAME_BYTES		64

struct hls_conf {
	enum playlist_kind	kind;
	char			name[HLS_NAME_BYTES];	/* of the files,
						   without ".m3u8" */
	int64_t			from_us, to_us;	/* VOD: dates, if CLIP */
	bool			clip;
	int64_t			linger_us;	/* not VOD: an end when nothing
						   came for so long; 0: never */
	int64_t			window_us;	/* live: at least so much */
	int64_t			patience_us;	/* live: of newer media, until
						   a hole is a GAP */
	uint32_t		fragments;	/* of a segment; 0 is 1 */
	int64_t			part_target_us;	/* live: low latency, with
						   parts of so much at most;
						   0: none */
	struct aes_keys		*keys;		/* NULL: in the clear */
};


/* The playlists of KIND; the times of a clip may be INT64_MIN, INT64_MAX. */
void	hls_conf_kind(struct hls_conf *conf, enum playlist_kind kind);
void	hls_conf_clip(struct hls_conf *conf, int64_t from_us, int64_t to_us);

/* The timeline's entries that every playlist of the stream is about. */
struct hls_span {
	size_t		first, count;
	uint32_t	target_s;
};

/* The first seq to load when NEWEST is the stream's newest. */
uint32_t hls_first_seq(const struct hls_conf *conf, uint32_t newest);

/*
 * The fragments of a clip: those with dates in its time, and in front of
 * them what makes the first segment whole.  *LAST is the newest of the
 * stream, at first.  1, 0 when there are none, or -1.
 */
int	hls_clip(struct spool *s, const char *stream,
	    const struct hls_conf *conf, uint32_t *first, uint32_t *last,
	    struct err *err) __attribute__((warn_unused_result));

/* Choose the span; COUNT is 0 when there is nothing to list yet. */
void	hls_choose(const struct timeline *t, const struct hls_conf *conf,
	    struct hls_span *span);

/*
 * Segments.  The media sequence number of a fragment's segment follows from
 * the fragment's own numbers; segments start at the same fragments in all
 * renditions.  Those of a copy, which cannot start anywhere, start with the
 * first fragment of their number that begins with a sync sample, or failing
 * that with the last.
 */
uint32_t hls_number(const struct hls_conf *conf, uint32_t epoch,
	    uint32_t seq);

/* The first entry of the timeline with the number of entry AT. */
size_t	hls_number_start(const struct timeline *t,
	    const struct hls_conf *conf, size_t at);

/* How long entry AT is in ROW: its file, or else the stream's fragment. */
int64_t	hls_fragment_us(const struct timeline *t,
	    const struct timeline_row *row, size_t at);

/* Entries FIRST to FIRST + COUNT - 1.  A closed one is not continued. */
struct hls_segment {
	size_t	first, count;
	bool	closed;
};

/*
 * The next segment of ROW that starts at FIRST + COUNT of *SEG or behind, in
 * front of END.  False when there is none.
 */
bool	hls_segment_next(const struct timeline *t,
	    const struct timeline_row *row, const struct hls_conf *conf,
	    size_t end, struct hls_segment *seg);

/*
 * The playlist of ROW; the joined files of its segments are published on the
 * way.  *COMPLETE is false when it stops at a hole that may still be filled
 * or has a GAP.  0, or -1; P is released by the caller.
 */
int	hls_media(struct spool *s, const struct timeline *t,
	    const struct timeline_row *row, const struct hls_conf *conf,
	    const struct hls_span *span, struct playlist *p, bool *complete,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * The I-frames of ROW, one of each fragment, whatever the length of segments.
 * P->count is 0 when it has no such playlist: sound has none, nor have
 * pictures of which some fragment does not begin with an I-frame.  Fills in
 * what the multivariant playlist says of it.  0, or -1; P is released by the
 * caller.
 */
int	hls_iframes(struct spool *s, const struct timeline *t,
	    struct timeline_row *row, const struct hls_conf *conf,
	    const struct hls_span *span, struct playlist *p,
	    struct playlist_rendition *r, struct err *err)
	    __attribute__((warn_unused_result));

/* Something of BYTES that takes so long; 0 bytes: nothing is there. */
struct hls_load {
	int64_t		us;
	uint64_t	bytes;
};

/*
 * BANDWIDTH and AVERAGE-BANDWIDTH of N loads behind each other: the peak is
 * that of any contiguous run between half and one and a half target durations
 * (and half a second) long; the draft's section 4.4.6.2.
 */
void	hls_rate(const struct hls_load *loads, size_t n, uint32_t target_s,
	    uint64_t *peak_bps, uint64_t *average_bps);

/*
 * What the multivariant playlist says of ROW over the first LISTED entries
 * of SPAN, each with PADDING bytes more.  1; 0 when the row has nothing there, or its init segment or
 * codec cannot be read (logged); -1.
 */
int	hls_rendition(struct spool *s, const struct timeline *t,
	    struct timeline_row *row, const struct hls_span *span,
	    size_t listed, uint32_t padding, struct playlist_rendition *r,
	    struct err *err)
	    __attribute__((warn_unused_result));

/* Called with the path, below the spool, of each playlist written. */
typedef void hls_written_fn(const char *path, void *arg);

struct hls_result {
	bool	complete;	/* no playlist waits for anything */
	bool	overlong;	/* TARGETDURATION is more than segments are
				   meant to have */
};

/*
 * Write the playlists of T, media playlists first, those that changed only.
 * WRITTEN may be NULL.  0 or -1.
 */
int	hls_publish(struct spool *s, struct timeline *t,
	    const struct hls_conf *conf, hls_written_fn *written, void *arg,
	    struct hls_result *result, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_HLS_H */
