/*
 * mp4 - writing and reading ISO BMFF fragments (ISO/IEC 14496-12, CMAF).
 *
 * Only what a fragment needs: ftyp or styp, moov without samples, prft, one
 * moof with a traf and a trun for each track, one mdat.  Writing goes into a
 * buf; reading points into the caller's bytes.  No I/O.  Reading is safe on
 * hostile input.
 */
#ifndef MEDIA_MP4_H
#define MEDIA_MP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"

struct buf;
struct err;

struct mp4_sample {
	const uint8_t	*p;		/* borrowed, or points into the file */
	uint32_t	 bytes;
	uint32_t	 duration;	/* track timescale */
	int32_t		 cts;		/* PTS - DTS, track timescale */
	bool		 sync;
};

/* The samples of one track in one fragment. */
struct mp4_run {
	uint32_t		 track_id;
	uint64_t		 dts;	/* tfdt: of the first sample */
	const struct mp4_sample	*samples;
	size_t			 count;
};

/*
 * ftyp + moov: an init segment.  Same tracks, same bytes.  The brands of
 * mp4_put_ftyp() promise a CMAF track, which has one track a file;
 * mp4_put_ftyp_movie() is for files with several.
 */
void	mp4_put_ftyp(struct buf *b);
void	mp4_put_ftyp_movie(struct buf *b);
void	mp4_put_moov(struct buf *b, const struct track *tracks, size_t n);

/* styp of a media segment. */
void	mp4_put_styp(struct buf *b);

/* prft version 1, flags 24 (capture): wall clock of the sample at DTS. */
void	mp4_put_prft(struct buf *b, uint32_t track_id, int64_t wall_us,
	    uint64_t dts);

/* moof + mdat; runs without samples are left out.  SEQ goes into mfhd. */
void	mp4_put_fragment(struct buf *b, uint32_t seq,
	    const struct mp4_run *runs, size_t n);

/*
 * The same without the samples' bytes: moof and the header of mdat.  What
 * follows must be all samples, run by run; their P is not looked at.
 */
void	mp4_put_moof(struct buf *b, uint32_t seq, const struct mp4_run *runs,
	    size_t n);

#define MP4_TRACKS_MAX	16

/* A parsed file.  Init it with zeroes; all pointers point into the bytes. */
struct mp4 {
	struct track	 tracks[MP4_TRACKS_MAX];
	size_t		 ntracks;
	struct mp4_run	 runs[MP4_TRACKS_MAX];	/* one per traf */
	size_t		 nruns;
	struct mp4_sample *samples;	/* owned: runs[].samples point here */
	int64_t		 wall_us;	/* prft; 0 if there is none */
};

/*
 * Read a whole fragment, an init segment (no runs) or a media segment (no
 * tracks).  0, or -1 with ERR_DATA that names box and byte offset.
 * mp4_release() is safe after a failure too.
 */
int	mp4_parse(struct mp4 *m, const uint8_t *p, size_t n, struct err *err)
	    __attribute__((warn_unused_result));
void	mp4_release(struct mp4 *m);

/* The track with ID, or NULL; the run of track ID, or NULL. */
const struct track	*mp4_track(const struct mp4 *m, uint32_t id);
const struct mp4_run	*mp4_run(const struct mp4 *m, uint32_t id);

/*
 * The size of the first top-level box in the N bytes at P and its type.
 * 1; 0 when more bytes are needed; -1 with ERR_DATA.
 */
int	mp4_box(const uint8_t *p, size_t n, uint64_t *bytes, uint32_t *type,
	    struct err *err) __attribute__((warn_unused_result));

#define MP4_TYPE(a, b, c, d)	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | \
				    (uint32_t)(c) << 8 | (uint32_t)(d))

#endif /* MEDIA_MP4_H */
