#include "store/mpd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

static void
release_period(struct mpd_period *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		free(p->sets[i].runs);
		free(p->sets[i].renditions);
	}
	free(p->sets);
}

void
mpd_release(struct mpd *m)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		release_period(&m->periods[i]);
	free(m->periods);
	m->periods = NULL;
	m->count = 0;
}

/* Seconds alone: minutes and hours are what clients get wrong. */
static void
put_duration(struct buf *b, const char *name, int64_t us)
{
	buf_printf(b, " %s=\"PT%" PRId64, name, us / 1000000);
	if (us % 1000000 != 0)
		buf_printf(b, ".%06" PRId64, us % 1000000);
	buf_put_str(b, "S\"");
}

/* With the microseconds that clock_rfc3339() cuts. */
static void
put_time(struct buf *b, const char *name, int64_t us)
{
	char date[CLOCK_RFC3339_BYTES];

	clock_rfc3339(us, date);
	buf_printf(b, " %s=\"%.*s%03dZ\"", name, (int)strlen(date) - 1, date,
	    (int)(us % 1000));
}

/* Only a rate that is one: what was counted would change all the time. */
static void
put_frame_rate(struct buf *b, uint32_t milli_fps)
{
	uint32_t fps = (milli_fps + 999) / 1000;

	if (milli_fps == 0)
		return;
	if (milli_fps % 1000 == 0)
		buf_printf(b, " frameRate=\"%" PRIu32 "\"", fps);
	else if (fps * 1000000 / 1001 == milli_fps)
		buf_printf(b, " frameRate=\"%" PRIu32 "000/1001\"", fps);
}

/*
 * Four digits in binary, rounded up: an attribute that changed with every
 * segment would make a new Representation of it.
 */
static uint64_t
steady(uint64_t bps)
{
	uint64_t step = 1;

	while (bps / step >= 16)
		step *= 2;
	return (bps + step - 1) / step * step;
}

static void
put_representation(struct buf *b, const struct playlist_rendition *r)
{
	buf_printf(b, "   <Representation id=\"%s\" bandwidth=\"%" PRIu64
	    "\" codecs=\"%s\"", r->name, steady(r->peak_bps), r->codecs);
	if (r->kind == TRACK_VIDEO) {
		buf_printf(b, " width=\"%u\" height=\"%u\"",
		    (unsigned)r->width, (unsigned)r->height);
		put_frame_rate(b, r->milli_fps);
		buf_put_str(b, "/>\n");
		return;
	}
	if (r->sample_rate != 0)
		buf_printf(b, " audioSamplingRate=\"%" PRIu32 "\"",
		    r->sample_rate);
	if (r->channels == 0) {
		buf_put_str(b, "/>\n");
		return;
	}
	buf_printf(b, ">\n    <AudioChannelConfiguration schemeIdUri=\""
	    "urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" "
	    "value=\"%u\"/>\n   </Representation>\n", (unsigned)r->channels);
}

static void
put_utc(struct buf *b, const char *indent, const char *name)
{
	buf_printf(b, "%s<UTCTiming schemeIdUri=\""
	    "urn:mpeg:dash:utc:http-head:2014\" value=\"%s\"/>\n", indent,
	    name);
}

/* The Period's time is that of the clock, so that a latency can be one. */
static void
put_reference(struct buf *b, const struct mpd_period *p, size_t n,
    const char *name)
{
	buf_printf(b, "   <ProducerReferenceTime id=\"%zu\" "
	    "type=\"captured\"", n + 1);
	put_time(b, "wallclockTime", p->start_us);
	buf_printf(b, " presentationTime=\"%" PRId64 "\">\n",
	    p->sets[n].offset);
	put_utc(b, "    ", name);
	buf_put_str(b, "   </ProducerReferenceTime>\n");
}

static void
put_template(struct buf *b, const struct mpd_period *p,
    const struct mpd_set *set)
{
	const struct mpd_run *run;
	int64_t next = 0;
	size_t i;

	buf_printf(b, "   <SegmentTemplate timescale=\"%" PRIu32
	    "\" presentationTimeOffset=\"%" PRId64 "\" startNumber=\"%" PRIu32
	    "\" initialization=\"$RepresentationID$/init-%06" PRIu32
	    ".mp4\" media=\"$RepresentationID$/%06" PRIu32 "/%06" PRIu32
	    "/$Number%%09d$.m4s\">\n    <SegmentTimeline>\n", set->timescale,
	    set->offset, set->start_number, p->epoch, p->epoch, p->group);
	for (i = 0; i < set->nruns; i++) {
		run = &set->runs[i];
		buf_put_str(b, "     <S");
		if (i == 0 || run->t != next)
			buf_printf(b, " t=\"%" PRId64 "\"", run->t);
		buf_printf(b, " d=\"%" PRId64 "\"", run->d);
		if (run->count > 1)
			buf_printf(b, " r=\"%" PRIu32 "\"", run->count - 1);
		buf_put_str(b, "/>\n");
		next = run->t + run->d * run->count;
	}
	buf_put_str(b, "    </SegmentTimeline>\n   </SegmentTemplate>\n");
}

static void
put_set(struct buf *b, const struct mpd *m, const struct mpd_period *p,
    size_t n, const char *name)
{
	const struct mpd_set *set = &p->sets[n];
	const char *kind = set->kind == TRACK_VIDEO ? "video" : "audio";
	size_t i;

	buf_printf(b, "  <AdaptationSet id=\"%zu\" contentType=\"%s\" "
	    "mimeType=\"%s/mp4\" segmentAlignment=\"true\" "
	    "startWithSAP=\"1\">\n", n + 1, kind, kind);
	if (m->low)
		put_reference(b, p, n, name);
	put_template(b, p, set);
	for (i = 0; i < set->count; i++)
		put_representation(b, &set->renditions[i]);
	buf_put_str(b, "  </AdaptationSet>\n");
}

static void
put_period(struct buf *b, const struct mpd *m, const struct mpd_period *p,
    const char *name)
{
	size_t i;

	buf_printf(b, " <Period id=\"%" PRIu32 "-%" PRIu32 "\"", p->epoch,
	    p->seq);
	if (m->kind != MPD_VOD)
		put_duration(b, "start", p->start_us);
	if (m->kind == MPD_VOD || (m->kind == MPD_OVER &&
	    p == &m->periods[m->count - 1]))
		put_duration(b, "duration", p->duration_us);
	buf_put_str(b, ">\n");
	for (i = 0; i < p->count; i++)
		put_set(b, m, p, i, name);
	buf_put_str(b, " </Period>\n");
}

static void
put_root(struct buf *b, const struct mpd *m)
{
	int64_t total_us = 0;
	size_t i;

	buf_put_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" "
	    "profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"");
	put_duration(b, "minBufferTime", (m->low ? MPD_LOW_BUFFER_S :
	    MPD_BUFFER_S) * 1000000);
	if (m->kind == MPD_VOD) {
		for (i = 0; i < m->count; i++)
			total_us += m->periods[i].duration_us;
		put_duration(b, "mediaPresentationDuration", total_us);
		buf_put_str(b, " type=\"static\">\n");
		return;
	}
	buf_put_str(b, " type=\"dynamic\" "
	    "availabilityStartTime=\"1970-01-01T00:00:00Z\"");
	put_time(b, "publishTime", m->publish_us);
	if (m->kind == MPD_LIVE)
		put_duration(b, "minimumUpdatePeriod",
		    MPD_UPDATE_S * 1000000);
	if (m->window_us != 0)
		put_duration(b, "timeShiftBufferDepth", m->window_us);
	put_duration(b, "suggestedPresentationDelay", (m->low ?
	    MPD_LOW_LAG_S : MPD_LAG_S) * 1000000);
	buf_put_str(b, ">\n");
}

/* By the clock of the first reference of each Period. */
static void
put_service(struct buf *b)
{
	buf_printf(b, " <ServiceDescription id=\"1\">\n"
	    "  <Latency referenceId=\"1\" target=\"%d\" min=\"%d\" "
	    "max=\"%d\"/>\n"
	    "  <PlaybackRate min=\"0.96\" max=\"1.04\"/>\n"
	    " </ServiceDescription>\n", MPD_LOW_TARGET_MS, MPD_LOW_MIN_MS,
	    MPD_LOW_MAX_MS);
}

void
mpd_put(struct buf *b, const struct mpd *m, const char *name)
{
	size_t i;

	put_root(b, m);
	if (m->low)
		put_service(b);
	for (i = 0; i < m->count; i++)
		put_period(b, m, &m->periods[i], name);
	if (m->kind != MPD_VOD)
		put_utc(b, " ", name);
	buf_put_str(b, "</MPD>\n");
}
