/*
 * storyboard - a stream's thumbnails as pages and players take them.
 *
 *	www/STREAM/RENDITION/live.jpg	the newest
 *	www/STREAM/RENDITION/vod.vtt	what is stored, as WebVTT: for each
 *					stretch of time a part of a sheet
 *	www/STREAM/RENDITION/EPOCH/GROUP/SEQ.jpg	a sheet, from SEQ on
 *
 * A pure function of the store, as playlists are: the thumbnails' own bytes,
 * joined as jpeg.h does it; nothing is decoded.
 */
#ifndef STORE_STORYBOARD_H
#define STORE_STORYBOARD_H

#include "store/hls.h"

struct err;
struct spool;
struct timeline;

/* Fragments whose thumbnails are in one sheet, and thumbnails in it at most:
   a part of SPOOL_GROUP. */
#define STORYBOARD_FRAGMENTS	50
/* Lines of a sheet: what every graphics memory takes. */
#define STORYBOARD_LINES	16384

/*
 * Write what T has of thumbnails: for PLAYLIST_VOD sheets and
 * index, over the span that hls_choose() chooses, for others the newest.  Only what changed is
 * written, and told to WRITTEN, which may be NULL.  A file that cannot be used
 * is logged and left out.  0 or -1.
 */
int	storyboard_publish(struct spool *s, const struct timeline *t,
	    const struct hls_conf *conf, hls_written_fn *written, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_STORYBOARD_H */
