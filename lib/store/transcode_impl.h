/*
 * transcode_impl - what the parts of transcode share.
 */
#ifndef STORE_TRANSCODE_IMPL_H
#define STORE_TRANSCODE_IMPL_H

#include "store/transcode.h"

struct render_rung;

#define TRANSCODE_TRACK_ID	1	/* of every rendition */

/* The name of what T makes of rendition R. */
struct spool_key transcode_key(const struct transcode *t,
	    const struct rendition *r);

/* The original itself. */
const struct transcode_source *transcode_original(const struct transcode *t);

/* The first track of KIND, or NULL. */
const struct track *transcode_track(const struct mp4 *m, enum track_kind kind);

/* The time that the samples of RUN take, in its track's timescale. */
int64_t	transcode_duration(const struct mp4_run *run);

/*
 * Fill OUT with RUN of TRACK, which is the rendition's, and what INFO says of
 * it.  0, or -1.
 */
int	transcode_put(const struct transcode *t, struct transcode_output *out,
	    const struct track *track, const struct mp4_run *run,
	    const struct fragment_info *info, struct err *err)
	    __attribute__((warn_unused_result));

/* Fill OUT with nothing but that there is nothing.  0, or -1. */
int	transcode_put_gap(const struct transcode *t,
	    struct transcode_output *out, struct err *err)
	    __attribute__((warn_unused_result));

/* Fill the outputs that need no picture.  0, or -1. */
int	transcode_others(struct transcode *t, struct err *err)
	    __attribute__((warn_unused_result));

/* transcode_plan.c: is R encoded of pictures, as rungs and thumbnails are? */
bool	transcode_is_encoded(const struct rendition *r);

/* What R is of VIDEO: 1 and *RUNG, 0 when VIDEO is too small for it, or -1. */
int	transcode_plan(const struct transcode *t, const struct rendition *r,
	    const struct track *video, struct render_rung *rung,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * transcode_video.c: fill all outputs of the first of the N, and of those
 * behind it that are decoded with it: *COUNT.  0, or -1.
 */
int	transcode_together(struct transcode ts[], size_t n, size_t *count,
	    transcode_made_fn *made, void *arg, struct err *err)
	    __attribute__((warn_unused_result));

/* transcode_audio.c: encode the sound of TRACK for OUT.  0, or -1. */
int	transcode_audio(struct transcode *t, struct transcode_output *out,
	    const struct track *track, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_TRANSCODE_IMPL_H */
