/*
 * The middle step of a transcode: no I/O, but hostile media.
 */
#include "store/transcode_impl.h"

#include <inttypes.h>
#include <sys/uio.h>

#include "base/err.h"
#include "store/ladder.h"

const struct transcode_source *
transcode_original(const struct transcode *t)
{
	return &t->sources[t->nsources - 1];
}

const struct track *
transcode_track(const struct mp4 *m, enum track_kind kind)
{
	size_t i;

	for (i = 0; i < m->ntracks; i++)
		if (m->tracks[i].kind == kind)
			return &m->tracks[i];
	return NULL;
}

int64_t
transcode_duration(const struct mp4_run *run)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < run->count; i++)
		sum += run->samples[i].duration;
	return sum;
}

/*
 * The wall clock of DTS on TRACK.  The original's is that of its first
 * video sample, or of its first sample when it has no video.
 */
static int64_t
wall_us(const struct mp4 *m, const struct track *track, uint64_t dts)
{
	const struct track *ref = transcode_track(m, TRACK_VIDEO);
	const struct mp4_run *run;

	if (m->wall_us == 0)
		return 0;
	if (ref == NULL || (run = mp4_run(m, ref->id)) == NULL) {
		ref = transcode_track(m, TRACK_AUDIO);
		run = ref == NULL ? NULL : mp4_run(m, ref->id);
	}
	if (run == NULL)
		return 0;
	return m->wall_us + fragment_us((int64_t)dts, track->timescale) -
	    fragment_us((int64_t)run->dts, ref->timescale);
}

static int
seal(const struct buf *b, struct err *err)
{
	const struct iovec iov = { b->p, b->n };

	if (buf_ok(b, err) == -1)
		return -1;
	return fragment_seal(&iov, 1, err);
}

/* RUN of TRACK, which is the rendition's, as an init and a media segment. */
int
transcode_put(const struct transcode *t, struct transcode_output *out,
    const struct track *track, const struct mp4_run *run,
    const struct fragment_info *info, struct err *err)
{
	int64_t wall = wall_us(&transcode_original(t)->mp4, track, run->dts);
	struct fragment_info own = *info;
	struct fragment_info init = { .epoch = t->key.epoch,
	    .timescale = track->timescale };

	/* Sound is cut at frames of its own. */
	if (own.date_us != 0)
		own.date_us += fragment_us(own.start, own.timescale) -
		    fragment_us(t->info.start, t->info.timescale);
	own.name = init.name = fragment_name(t->key.stream,
	    out->rendition->name);
	mp4_put_ftyp(&out->init);
	fragment_put_info(&out->init, &init);
	mp4_put_moov(&out->init, track, 1);
	mp4_put_styp(&out->segment);
	fragment_put_info(&out->segment, &own);
	if (wall > 0)
		mp4_put_prft(&out->segment, track->id, wall, run->dts);
	mp4_put_fragment(&out->segment, own.seq, run, 1);
	out->kind = TRANSCODE_SEGMENT;
	if (seal(&out->init, err) == -1)
		return -1;
	return seal(&out->segment, err);
}

/* Pictures or sound that paused: nothing is pending, there is nothing more. */
int
transcode_put_gap(const struct transcode *t, struct transcode_output *out,
    struct err *err)
{
	struct fragment_info info = t->info;

	info.flags = (info.flags & ~FRAGMENT_DEPENDENT) | FRAGMENT_GAP;
	info.back = 0;
	if (out->rendition->codec == CODEC_JPEG)
		info.flags |= FRAGMENT_IMAGES;
	info.name = fragment_name(t->key.stream, out->rendition->name);
	mp4_put_styp(&out->segment);
	fragment_put_info(&out->segment, &info);
	mp4_put_fragment(&out->segment, info.seq, NULL, 0);
	out->kind = TRANSCODE_GAP;
	return seal(&out->segment, err);
}

/* The source's own samples. */
static int
copy_output(const struct transcode *t, struct transcode_output *out,
    const struct track *track, struct err *err)
{
	const struct mp4_run *from = mp4_run(&transcode_original(t)->mp4, track->id);
	struct fragment_info info = t->info;
	struct track copy = *track;
	struct mp4_run run;

	if (from == NULL || from->count == 0)
		return transcode_put_gap(t, out, err);
	if (from->dts > INT64_MAX / 2)
		return err_set(err, ERR_DATA, "bad decode time %" PRIu64,
		    from->dts);
	run = *from;
	run.track_id = copy.id = TRANSCODE_TRACK_ID;
	if (track->kind == TRACK_AUDIO) {
		info.flags &= ~FRAGMENT_DEPENDENT;
		info.back = 0;
		info.timescale = track->timescale;
		info.start = (int64_t)run.dts;
		info.end = info.start + transcode_duration(&run);
	}
	return transcode_put(t, out, &copy, &run, &info, err);
}

/* What needs no picture: sound, and the source's own samples. */
int
transcode_others(struct transcode *t, struct err *err)
{
	const struct mp4 *m = &transcode_original(t)->mp4;
	const struct track *track;
	struct transcode_output *out;

	for (out = t->outputs; out < t->outputs + t->count; out++) {
		track = transcode_track(m, out->rendition->kind);
		if (track == NULL)
			out->kind = TRANSCODE_NONE;
		else if (out->rendition->copy &&
		    copy_output(t, out, track, err) == -1)
			return -1;
		else if (!out->rendition->copy && track->kind == TRACK_AUDIO &&
		    transcode_audio(t, out, track, err) == -1)
			return -1;
	}
	return 0;
}

int
transcode_run(struct transcode ts[], size_t n, transcode_made_fn *made,
    void *arg, struct err *err)
{
	size_t i, count;

	for (i = 0; i < n; i += count)
		if (transcode_together(ts + i, n - i, &count, made, arg,
		    err) == -1)
			return -1;
	return 0;
}
