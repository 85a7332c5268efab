#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "media/fragment.h"
#include "store/hls.h"
#include "store/samples.h"
#include "store/spool.h"
#include "store/timeline.h"

/* Where the I-frame of entry E, which is fragment SEQ, is in its file. */
static bool
set_range(struct spool *s, struct timeline_row *row, struct spool_key *key,
    uint32_t seq, struct playlist_entry *e)
{
	struct timeline_seg *seg = timeline_find(row, seq);

	if (e->gap || seg == NULL)
		return true;
	key->epoch = seg->epoch;
	key->seq = seq;
	if (!samples_read(s, key, seg) || seg->iframe_bytes == 0)
		return false;
	e->range_at = seg->iframe_at;
	e->range_bytes = seg->iframe_bytes;
	return true;
}

static int
measure(const struct playlist *p, struct playlist_rendition *r,
    struct err *err)
{
	struct hls_load *loads = calloc(p->count + 1, sizeof(*loads));
	size_t i;

	if (loads == NULL)
		return err_nomem(err);
	for (i = 0; i < p->count; i++)
		loads[i] = (struct hls_load){ p->entries[i].duration_us,
		    p->entries[i].range_bytes };
	hls_rate(loads, p->count, p->target_s, &r->iframe_peak_bps,
	    &r->iframe_average_bps);
	free(loads);
	return 0;
}

int
hls_iframes(struct spool *s, const struct timeline *t,
    struct timeline_row *row, const struct hls_conf *conf,
    const struct hls_span *span, struct playlist *p,
    struct playlist_rendition *r, struct err *err)
{
	struct hls_conf own = *conf;
	struct spool_key key = { .epoch = 0 };
	bool complete;
	size_t i;

	memset(p, 0, sizeof(*p));
	if (r->kind != TRACK_VIDEO || row->dependent)
		return 0;
	own.fragments = 1;
	own.part_target_us = 0;
	if (hls_media(s, t, row, &own, span, p, &complete, err) == -1)
		return -1;
	p->iframes = true;
	memcpy(key.stream, t->stream, sizeof(key.stream));
	memcpy(key.rendition, row->name, sizeof(key.rendition));
	/* Numbers of fragments and of what is listed are the same here. */
	for (i = 0; i < p->count; i++)
		if (!set_range(s, row, &key, p->media_sequence + (uint32_t)i,
		    &p->entries[i]))
			p->entries[i].gap = true;
	return measure(p, r, err);
}
