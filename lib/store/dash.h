/*
 * dash - which fragments a stream's DASH presentation lists, and how.
 *
 *	www/STREAM/main.mpd	www/STREAM/NAME.mpd
 *	www/STREAM/low.mpd
 *
 * where NAME is event, vod or a clip's.
 * A pure function of the store, over the same files as hls.h.  A template
 * names the files of one group of one epoch, so that is what a Period covers
 * at most.  It ends before, too, where a rendition has no fragment, so that
 * all of a Period is there.
 *
 * Time is that of the fragments' dates, and a delay that the store keeps:
 * what is older than --patience is listed, whoever lacks it.  So the list only
 * grows, and no player finds less than the MPD promised.  low.mpd, of low
 * latency, lists a fragment as soon as it has what the one before has; its
 * time is that of their arrival, without a delay, and it promises no more than
 * what it lists.
 */
#ifndef STORE_DASH_H
#define STORE_DASH_H

#include "store/hls.h"
#include "store/mpd.h"

struct err;
struct spool;
struct timeline;

/*
 * The model of the one or, with LOW, the other; its PERIODS are empty while
 * there is nothing to list.  0, or -1; M is released by the caller.
 */
int	dash_model(struct spool *s, struct timeline *t,
	    const struct hls_conf *conf, bool low, struct mpd *m,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Write the MPD of T if it changed; the media playlists were written before.
 * WRITTEN may be NULL.  0 or -1.
 */
int	dash_publish(struct spool *s, struct timeline *t,
	    const struct hls_conf *conf, hls_written_fn *written, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_DASH_H */
