#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/mpd.h"
#include "tap.h"

static struct playlist_rendition videos[] = {
	{ .name = "h264-360p", .kind = TRACK_VIDEO, .codecs = "avc1.64001e",
	  .peak_bps = 800001, .width = 640, .height = 360,
	  .milli_fps = 29970, .timescale = 90000 },
	{ .name = "h264-720p", .kind = TRACK_VIDEO, .codecs = "avc1.64001f",
	  .peak_bps = 3000000, .width = 1280, .height = 720,
	  .milli_fps = 25000, .timescale = 90000 },
};
static struct playlist_rendition audio = { .name = "aac",
	.kind = TRACK_AUDIO, .codecs = "mp4a.40.2", .peak_bps = 130000,
	.channels = 2, .sample_rate = 48000, .timescale = 48000 };
static struct mpd_run video_runs[] = { { 90000, 90000, 3 },
	{ 360000, 93003, 1 }, { 460000, 90000, 1 } };
static struct mpd_run audio_runs[] = { { 47104, 48128, 1 } };
static struct mpd_set sets[] = {
	{ .kind = TRACK_VIDEO, .timescale = 90000, .offset = 90000,
	  .start_number = 7, .runs = video_runs, .nruns = 3,
	  .renditions = videos, .count = 2 },
	{ .kind = TRACK_AUDIO, .timescale = 48000, .offset = 48000,
	  .start_number = 7, .runs = audio_runs, .nruns = 1,
	  .renditions = &audio, .count = 1 },
};
static struct mpd_period period = { .epoch = 2, .group = 0, .seq = 7,
	.start_us = 1772366400250000, .duration_us = 5033367, .sets = sets,
	.count = 2 };

#define TEXT_SETS	TEXT_SETS_WITH("", "")
#define TEXT_SETS_WITH(video_reference, audio_reference) \
	"  <AdaptationSet id=\"1\" contentType=\"video\" " \
	"mimeType=\"video/mp4\" segmentAlignment=\"true\" " \
	"startWithSAP=\"1\">\n" video_reference \
	"   <SegmentTemplate timescale=\"90000\" " \
	"presentationTimeOffset=\"90000\" startNumber=\"7\" " \
	"initialization=\"$RepresentationID$/init-000002.mp4\" " \
	"media=\"$RepresentationID$/000002/000000/$Number%09d$.m4s\">\n" \
	"    <SegmentTimeline>\n" \
	"     <S t=\"90000\" d=\"90000\" r=\"2\"/>\n" \
	"     <S d=\"93003\"/>\n" \
	"     <S t=\"460000\" d=\"90000\"/>\n" \
	"    </SegmentTimeline>\n   </SegmentTemplate>\n" \
	"   <Representation id=\"h264-360p\" bandwidth=\"851968\" " \
	"codecs=\"avc1.64001e\" width=\"640\" height=\"360\" " \
	"frameRate=\"30000/1001\"/>\n" \
	"   <Representation id=\"h264-720p\" bandwidth=\"3145728\" " \
	"codecs=\"avc1.64001f\" width=\"1280\" height=\"720\" " \
	"frameRate=\"25\"/>\n" \
	"  </AdaptationSet>\n" \
	"  <AdaptationSet id=\"2\" contentType=\"audio\" " \
	"mimeType=\"audio/mp4\" segmentAlignment=\"true\" " \
	"startWithSAP=\"1\">\n" audio_reference \
	"   <SegmentTemplate timescale=\"48000\" " \
	"presentationTimeOffset=\"48000\" startNumber=\"7\" " \
	"initialization=\"$RepresentationID$/init-000002.mp4\" " \
	"media=\"$RepresentationID$/000002/000000/$Number%09d$.m4s\">\n" \
	"    <SegmentTimeline>\n     <S t=\"47104\" d=\"48128\"/>\n" \
	"    </SegmentTimeline>\n   </SegmentTemplate>\n" \
	"   <Representation id=\"aac\" bandwidth=\"131072\" " \
	"codecs=\"mp4a.40.2\" audioSamplingRate=\"48000\">\n" \
	"    <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:" \
	"23003:3:audio_channel_configuration:2011\" value=\"2\"/>\n" \
	"   </Representation>\n  </AdaptationSet>\n </Period>\n"
#define TEXT_HEAD	TEXT_HEAD_WITH("PT2S")
#define TEXT_HEAD_WITH(buffer) \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" " \
	"profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" " \
	"minBufferTime=\"" buffer "\""
#define TEXT_DYNAMIC \
	" type=\"dynamic\" " \
	"availabilityStartTime=\"1970-01-01T00:00:00Z\" " \
	"publishTime=\"2026-03-01T12:00:05.000012Z\""
#define TEXT_UTC_TAG \
	" <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-head:2014\" " \
	"value=\"main.mpd\"/>\n"
#define TEXT_UTC	TEXT_UTC_TAG "</MPD>\n"
#define TEXT_REFERENCE(id, t) \
	"   <ProducerReferenceTime id=\"" id "\" type=\"captured\" " \
	"wallclockTime=\"2026-03-01T12:00:00.250000Z\" " \
	"presentationTime=\"" t "\">\n" \
	"   " TEXT_UTC_TAG "   </ProducerReferenceTime>\n"
#define TEXT_LOW \
	TEXT_HEAD_WITH("PT1S") TEXT_DYNAMIC " minimumUpdatePeriod=\"PT1S\" " \
	"timeShiftBufferDepth=\"PT30S\" " \
	"suggestedPresentationDelay=\"PT4S\">\n" \
	" <ServiceDescription id=\"1\">\n" \
	"  <Latency referenceId=\"1\" target=\"4000\" min=\"3000\" " \
	"max=\"8000\"/>\n" \
	"  <PlaybackRate min=\"0.96\" max=\"1.04\"/>\n" \
	" </ServiceDescription>\n" \
	" <Period id=\"2-7\" start=\"PT1772366400.250000S\">\n" \
	TEXT_SETS_WITH(TEXT_REFERENCE("1", "90000"), \
	    TEXT_REFERENCE("2", "48000")) TEXT_UTC

static void
text_is(const struct mpd *m, const char *want, const char *name)
{
	struct err err = ERR_INIT;
	struct buf b;
	bool good;

	buf_init(&b, 65536);
	mpd_put(&b, m, "main.mpd");
	good = buf_ok(&b, &err) == 0 && b.n == strlen(want) &&
	    memcmp(b.p, want, b.n) == 0;
	ok(good, "%s", name);
	if (!good)
		printf("# got:\n%.*s\n", (int)b.n, (const char *)b.p);
	buf_release(&b);
}

int
main(void)
{
	struct mpd m = { .kind = MPD_LIVE, .publish_us = 1772366405000012,
	    .window_us = 30000000, .periods = &period, .count = 1 };

	text_is(&m, TEXT_HEAD TEXT_DYNAMIC " minimumUpdatePeriod=\"PT1S\" "
	    "timeShiftBufferDepth=\"PT30S\" "
	    "suggestedPresentationDelay=\"PT3S\">\n"
	    " <Period id=\"2-7\" start=\"PT1772366400.250000S\">\n"
	    TEXT_SETS TEXT_UTC, "a live MPD");
	m.low = true;
	text_is(&m, TEXT_LOW, "one with low latency");
	m.low = false;
	m.kind = MPD_OVER;
	m.window_us = 0;
	text_is(&m, TEXT_HEAD TEXT_DYNAMIC
	    " suggestedPresentationDelay=\"PT3S\">\n"
	    " <Period id=\"2-7\" start=\"PT1772366400.250000S\" "
	    "duration=\"PT5.033367S\">\n"
	    TEXT_SETS TEXT_UTC, "one that is over, of all there was");
	m.kind = MPD_VOD;
	text_is(&m, TEXT_HEAD " mediaPresentationDuration=\"PT5.033367S\" "
	    "type=\"static\">\n"
	    " <Period id=\"2-7\" duration=\"PT5.033367S\">\n"
	    TEXT_SETS "</MPD>\n", "a static one");
	return done_testing();
}
