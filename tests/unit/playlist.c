#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/playlist.h"
#include "tap.h"

static void
text_is(struct buf *b, const char *want, const char *name)
{
	struct err err = ERR_INIT;
	bool good;

	good = buf_ok(b, &err) == 0 && b->n == strlen(want) &&
	    memcmp(b->p, want, b->n) == 0;
	ok(good, "%s", name);
	if (!good)
		printf("# got:\n%.*s\n", (int)b->n, (const char *)b->p);
	buf_release(b);
}

static void
test_media(void)
{
	struct playlist_entry e[] = {
		{ .uri = "000001/000000/000000009.m4s", .duration_us = 1000000,
		  .map = "init-000001.mp4", .date_us = 1772366400000000 },
		{ .uri = "000002/000000/000000010.m4s", .duration_us = 999999,
		  .map = "init-000002.mp4", .date_us = 1772366460123999,
		  .breaks = 1 },
		{ .uri = "000002/000000/000000011.m4s", .duration_us = 1033367,
		  .gap = true },
	};
	struct playlist p = { .kind = PLAYLIST_LIVE, .target_s = 1,
	    .media_sequence = 9, .independent = true, .entries = e,
	    .count = 3 };
	struct buf b;

	buf_init(&b, 65536);
	playlist_put_media(&b, &p);
	text_is(&b,
	    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n"
	    "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
	    "#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-MAP:URI=\"init-000001.mp4\"\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
	    "#EXTINF:1.000000,\n000001/000000/000000009.m4s\n"
	    "#EXT-X-DISCONTINUITY\n"
	    "#EXT-X-MAP:URI=\"init-000002.mp4\"\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:01:00.123Z\n"
	    "#EXTINF:0.999999,\n000002/000000/000000010.m4s\n"
	    "#EXT-X-GAP\n#EXTINF:1.033367,\n000002/000000/000000011.m4s\n",
	    "a live playlist with a break and a gap");

	e[0].range_at = 28;
	e[0].range_bytes = 5000;
	p.iframes = true;
	p.count = 1;
	buf_init(&b, 65536);
	playlist_put_media(&b, &p);
	text_is(&b,
	    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n"
	    "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
	    "#EXT-X-I-FRAMES-ONLY\n#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-MAP:URI=\"init-000001.mp4\"\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
	    "#EXT-X-BYTERANGE:5000@28\n"
	    "#EXTINF:1.000000,\n000001/000000/000000009.m4s\n",
	    "I-frames of it");
	e[0].range_bytes = 0;
	p.iframes = false;

	p.kind = PLAYLIST_VOD;
	p.ended = true;
	p.independent = false;
	p.count = 1;
	buf_init(&b, 65536);
	playlist_put_media(&b, &p);
	text_is(&b,
	    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n"
	    "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-PLAYLIST-TYPE:VOD\n"
	    "#EXT-X-MAP:URI=\"init-000001.mp4\"\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
	    "#EXTINF:1.000000,\n000001/000000/000000009.m4s\n"
	    "#EXT-X-ENDLIST\n", "a VOD playlist");

	p.kind = PLAYLIST_EVENT;
	p.ended = false;
	buf_init(&b, 65536);
	playlist_put_media(&b, &p);
	text_is(&b,
	    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n"
	    "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
	    "#EXT-X-PLAYLIST-TYPE:EVENT\n"
	    "#EXT-X-MAP:URI=\"init-000001.mp4\"\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
	    "#EXTINF:1.000000,\n000001/000000/000000009.m4s\n",
	    "an EVENT playlist");
}

/* An open segment of two parts, a GAP before it. */
static void
test_low(void)
{
	struct playlist_part parts[] = {
		{ .uri = "a", .duration_us = 1000000, .gap = true },
		{ .uri = "b", .duration_us = 1001000, .independent = true },
		{ .uri = "c", .duration_us = 999000 },
	};
	struct playlist_entry e[] = {
		{ .uri = "a", .duration_us = 1000000, .gap = true,
		  .nparts = 1 },
		{ .uri = "bcd", .duration_us = 2000000, .open = true,
		  .breaks = 1, .map = "init-000002.mp4", .first_part = 1,
		  .nparts = 2 },
	};
	struct playlist_report report = { .uri = "../aac/live.m3u8",
	    .msn = 8, .part = 2 };
	struct playlist p = { .kind = PLAYLIST_LIVE, .target_s = 3,
	    .part_target_us = 1050000, .media_sequence = 7,
	    .independent = true, .entries = e, .count = 2, .parts = parts,
	    .nparts = 3, .hint = "d", .reports = &report, .nreports = 1 };
	struct buf b;

	buf_init(&b, 65536);
	playlist_put_media(&b, &p);
	text_is(&b,
	    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:3\n"
	    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
	    "PART-HOLD-BACK=3.151000,HOLD-BACK=9.000000,"
	    "CAN-SKIP-UNTIL=18.000000\n"
	    "#EXT-X-PART-INF:PART-TARGET=1.050000\n"
	    "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
	    "#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-GAP\n#EXT-X-PART:DURATION=1.000000,URI=\"a\",GAP=YES\n"
	    "#EXTINF:1.000000,\na\n"
	    "#EXT-X-DISCONTINUITY\n"
	    "#EXT-X-MAP:URI=\"init-000002.mp4\"\n"
	    "#EXT-X-PART:DURATION=1.001000,URI=\"b\",INDEPENDENT=YES\n"
	    "#EXT-X-PART:DURATION=0.999000,URI=\"c\"\n"
	    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"d\"\n"
	    "#EXT-X-RENDITION-REPORT:URI=\"../aac/live.m3u8\",LAST-MSN=8,"
	    "LAST-PART=2\n", "a low-latency playlist");
}

static void
test_main(void)
{
	struct playlist_rendition r[] = {
		{ .name = "h264-720p", .kind = TRACK_VIDEO,
		  .codecs = "avc1.64001f", .peak_bps = 3000000,
		  .average_bps = 2000000, .width = 1280, .height = 720,
		  .milli_fps = 29970, .transfer = 16,
		  .iframe_peak_bps = 400000, .iframe_average_bps = 300000 },
		{ .name = "aac", .kind = TRACK_AUDIO, .codecs = "mp4a.40.2",
		  .peak_bps = 130000, .average_bps = 128000, .channels = 2 },
		{ .name = "h264-360p", .kind = TRACK_VIDEO,
		  .codecs = "avc1.64001e", .peak_bps = 800000,
		  .average_bps = 700000, .width = 640, .height = 360 },
	};
	struct buf b;

	buf_init(&b, 65536);
	playlist_put_main(&b, r, 3, true, "live");
	text_is(&b,
	    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"audio\","
	    "LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\","
	    "URI=\"aac/live.m3u8\"\n"
	    "#EXT-X-STREAM-INF:BANDWIDTH=930000,AVERAGE-BANDWIDTH=828000,"
	    "CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360,"
	    "AUDIO=\"aac\",VIDEO-RANGE=SDR\nh264-360p/live.m3u8\n"
	    "#EXT-X-STREAM-INF:BANDWIDTH=3130000,AVERAGE-BANDWIDTH=2128000,"
	    "CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,"
	    "FRAME-RATE=29.970,AUDIO=\"aac\",VIDEO-RANGE=PQ\n"
	    "h264-720p/live.m3u8\n"
	    "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=400000,"
	    "AVERAGE-BANDWIDTH=300000,CODECS=\"avc1.64001f\","
	    "RESOLUTION=1280x720,VIDEO-RANGE=PQ,"
	    "URI=\"h264-720p/live-iframes.m3u8\"\n",
	    "two videos by height, one audio");

	buf_init(&b, 65536);
	r[0].iframe_peak_bps = 0;
	r[0].transfer = 18;
	playlist_put_main(&b, r, 1, false, "vod");
	text_is(&b, "#EXTM3U\n#EXT-X-VERSION:7\n"
	    "#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2000000,"
	    "CODECS=\"avc1.64001f\",RESOLUTION=1280x720,FRAME-RATE=29.970,"
	    "VIDEO-RANGE=HLG\nh264-720p/vod.m3u8\n", "video alone");

	buf_init(&b, 65536);
	playlist_put_main(&b, r + 1, 1, true, "live");
	text_is(&b, "#EXTM3U\n#EXT-X-VERSION:7\n"
	    "#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"audio\","
	    "LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\","
	    "URI=\"aac/live.m3u8\"\n"
	    "#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,"
	    "CODECS=\"mp4a.40.2\",AUDIO=\"aac\"\naac/live.m3u8\n",
	    "audio alone");
}

int
main(void)
{
	ok(playlist_rounded_s(1499999) == 1, "1.499999 rounds to 1");
	ok(playlist_rounded_s(1500000) == 2, "1.5 rounds to 2");
	test_media();
	test_low();
	test_main();
	return done_testing();
}
