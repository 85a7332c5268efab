/*
 * What is to be encoded of an original's pictures.
 */
#include "base/err.h"
#include "media/render.h"
#include "media/scale.h"
#include "store/ladder.h"
#include "store/transcode_impl.h"

static bool
fits(const struct rendition *r, const struct track *video)
{
	return r->height <= video->height;
}

bool
transcode_is_encoded(const struct rendition *r)
{
	return r->kind == TRACK_VIDEO && !r->copy;
}

static bool
is_rung(const struct rendition *r)
{
	return transcode_is_encoded(r) && r->codec != CODEC_JPEG;
}

/*
 * When every rung of a tier is above the source, the lowest one of the tier
 * is made at the source's size, so that there is a picture.
 */
static bool
is_last_resort(const struct ladder *l, const struct rendition *rung,
    const struct track *video)
{
	const struct rendition *r;

	for (r = l->renditions; r < l->renditions + l->count; r++) {
		if (!is_rung(r) || r->tier != rung->tier)
			continue;
		if (fits(r, video) || r->height < rung->height ||
		    (r->height == rung->height && r < rung))
			return false;
	}
	return true;
}

/*
 * Thumbnails are few: each rendition of them is scaled from the source, and
 * no rung from it.  What has ten bits is not scaled from what has eight.
 */
static int
chain_of(const struct ladder *l, const struct rendition *r)
{
	return is_rung(r) ? 2 * (int)r->tier + (r->depth == 10) :
	    2 * (LADDER_BATCH + 1) + (int)(r - l->renditions);
}

/* What is around the samples of a segment, and what there is for each. */
#define SEGMENT_BYTES	320
#define SAMPLE_BYTES	16

/*
 * The samples of what CAP bits a second allow the interval, and a tenth.
 * Small rungs are half headers when they may have hardly more.
 */
static size_t
max_bytes(const struct transcode *t, const struct track *video,
    uint64_t cap_bps)
{
	const struct mp4_run *run = mp4_run(&transcode_original(t)->mp4,
	    video->id);
	const size_t headers = SEGMENT_BYTES + SAMPLE_BYTES *
	    (run == NULL ? 0 : run->count);
	int64_t us = fragment_us(t->info.end - t->info.start,
	    t->info.timescale);
	size_t max;

	if (us <= 0 || cap_bps == 0)
		return 0;
	max = (size_t)((double)cap_bps / 8 * 1.1 * (double)us / 1e6);
	return max > 2 * headers ? max - headers : max / 2 + 1;
}

int
transcode_plan(const struct transcode *t, const struct rendition *r,
    const struct track *video, struct render_rung *rung, struct err *err)
{
	struct encode_conf *conf = &rung->conf;
	uint32_t height = r->height;

	if (!fits(r, video)) {
		if (is_rung(r) && !is_last_resort(t->ladder, r, video))
			return 0;
		height = 0;
	}
	*rung = (struct render_rung){ .conf = {
		.codec = r->codec,
		.preset = r->preset,
		.depth = r->depth == 10 ? 10 : 8,
		.bitrate_bps = r->bitrate_bps,
		.quality = r->quality,
		.cap_bps = r->cap_bps != 0 ? r->cap_bps : r->bitrate_bps,
		.timescale = video->timescale,
		.interval = t->info.end - t->info.start,
	} };
	if (is_rung(r))
		conf->hdr = video->hdr;
	rung->chain = chain_of(t->ladder, r);
	rung->fps = r->fps;
	rung->every_s = r->every_s;
	rung->sparse = r->every_s != 0 &&
	    (t->info.flags & FRAGMENT_EPOCH_START) == 0;
	rung->max_bytes = max_bytes(t, video, conf->cap_bps);
	return scale_size(video, height, &conf->width, &conf->height, err) ==
	    -1 ? -1 : 1;
}
