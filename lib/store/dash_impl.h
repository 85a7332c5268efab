/*
 * dash_impl - what the parts of dash share.
 */
#ifndef STORE_DASH_IMPL_H
#define STORE_DASH_IMPL_H

#include "store/dash.h"
#include "store/mpd.h"
#include "store/timeline.h"

/*
 * What may be newer than the last fragment older than --patience: the one
 * that is being filled, and a second in which its end is stored and noticed;
 * and what the MPD is valid for.
 */
#define DASH_DELAY_US(conf) \
	((conf)->patience_us + (MPD_UPDATE_S + 2) * 1000000)

/*
 * The entries of T that are listed, [FIRST, END).  END is behind the newest
 * that patience is over for, and FIRST so that what timeShiftBufferDepth
 * promises is there.  When a publication has ended, nothing of it will be newer: then
 * what is complete is listed, and all when nobody comes back.  With LOW what
 * follows is listed at once.
 */
void	dash_choose(const struct timeline *t, const struct hls_conf *conf,
	    bool low, size_t *first, size_t *end);

#endif /* STORE_DASH_IMPL_H */
