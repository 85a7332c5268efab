/*
 * What the checker says of playlists that are wrong, each in one way, and of
 * versions that must not follow each other.  Media is tested in
 * tests/cmd/playlist-gen-check.t.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/check.h"
#include "tap.h"

/* What the world serves now, and what was said of it. */
struct world {
	const char	*main, *a, *b, *gone;	/* b, gone: may be NULL */
	char		 said[4096];
	unsigned	 count;
};

static int
fetch(void *arg, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	const struct world *w = arg;
	const char *text = strcmp(url, "main.m3u8") == 0 ? w->main :
	    strcmp(url, "a/live.m3u8") == 0 ? w->a :
	    strcmp(url, "b/live.m3u8") == 0 ? w->b :
	    w->gone != NULL && strstr(url, w->gone) != NULL ? NULL : "media";

	(void)offset;
	(void)length;
	if (text == NULL) {
		err_set(err, ERR_INPUT, "'%s' is not there", url);
		return 0;
	}
	buf_put_str(b, text);
	return 1;
}

static void
say(void *arg, const char *url, size_t line, const char *rule,
    const char *text)
{
	struct world *w = arg;
	size_t n = strlen(w->said);

	w->count++;
	snprintf(w->said + n, sizeof(w->said) - n, "%s:%zu: %s (%s)\n", url,
	    line, text, rule);
}

static void
note(void *arg, const char *url, const char *text)
{
	(void)arg;
	(void)url;
	(void)text;
}

static void
start(struct world *w, struct check_conf *conf)
{
	w->said[0] = '\0';
	w->count = 0;
	*conf = (struct check_conf){ fetch, say, note, w, true };
}

/* W is wrong in one way, and WANT is in what is said; NULL: it is right. */
static void
judged(struct world *w, const char *url, const char *want, const char *name)
{
	struct check_conf conf;
	struct err err = ERR_INIT;
	struct check *c;
	bool good;

	start(w, &conf);
	c = check_open(&conf, url, &err);
	good = c != NULL && check_run(c, &err) == 0;
	good = good && (want == NULL ? w->count == 0 :
	    w->count == 1 && strstr(w->said, want) != NULL);
	ok(good, "%s", name);
	if (!good)
		printf("# want %s, got: %s%s\n", want == NULL ? "nothing" :
		    want, err.text, w->said);
	check_close(c);
}

#define HEAD	"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n"
#define DATE	"#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
#define SEG(n)	"#EXTINF:2.000000,\n" #n ".m4s\n"
#define SIX	SEG(1) SEG(2) SEG(3) SEG(4) SEG(5) SEG(6)
#define LIVE(n)	HEAD "#EXT-X-MEDIA-SEQUENCE:" #n "\n" \
		"#EXT-X-DISCONTINUITY-SEQUENCE:0\n" \
		"#EXT-X-MAP:URI=\"init.mp4\"\n" DATE

/* Low latency: parts of a second, the last segment begun. */
#define CONTROL	"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES," \
		"PART-HOLD-BACK=3.0,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0\n"
#define LOW(control, inf)	HEAD control inf \
		"#EXT-X-MEDIA-SEQUENCE:7\n" \
		"#EXT-X-DISCONTINUITY-SEQUENCE:0\n" \
		"#EXT-X-MAP:URI=\"init.mp4\"\n" DATE
#define INF	"#EXT-X-PART-INF:PART-TARGET=1.0\n"
#define PART(n)	"#EXT-X-PART:DURATION=1.0,URI=\"p" #n ".m4s\"\n"
#define PARTS	SEG(7) SEG(8) SEG(9) SEG(10) PART(1) PART(2) SEG(11) \
		PART(3) PART(4) SEG(12) PART(5)
#define HINT(n)	"#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p" #n ".m4s\"\n"

static const struct {
	const char	*text, *want, *name;
} media[] = {
	{ LIVE(7) SIX, NULL, "a good live list" },
	{ HEAD "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"i\"\n" SEG(1)
	    "#EXT-X-ENDLIST\n", NULL, "a good VOD list" },
	{ LOW(CONTROL, INF) PARTS HINT(6), NULL, "a good low-latency list" },
	{ "#EXTM3U\r\n#EXT-X-TARGETDURATION:2\r\n#EXTINF:2,\r\na.ts\r\n"
	    "#EXT-X-ENDLIST", NULL, "CRLF, no last newline, version 1" },
	{ LIVE(7) SIX "# a remark\n#EXT-X-NEWER:1\n", NULL,
	    "comments and unknown tags are read over" },
	{ "\xef\xbb\xbf" LIVE(7) SIX, "(HLS 4.1)", "a byte order mark" },
	{ LIVE(7) SIX "#\xff\n", "not UTF-8 (HLS 4.1)", "not UTF-8" },
	{ LIVE(7) SIX "#\xe2\x82\n", "not UTF-8", "UTF-8 cut short" },
	{ LIVE(7) SIX "#a\tb\n", "control byte 0x09 (HLS 4.1)",
	    "a control byte" },
	{ LIVE(7) SIX "#EXT-X-VERSION:7\n", "EXT-X-VERSION twice (HLS 4.4)",
	    "two versions" },
	{ LOW("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES, "
	    "PART-HOLD-BACK=3.0\n", INF) PARTS HINT(6),
	    "space in an attribute list (HLS 4.2)", "a space" },
	{ LOW("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
	    "PART-HOLD-BACK=3.0,CAN-BLOCK-RELOAD=YES\n", INF) PARTS HINT(6),
	    "twice (HLS 4.2)", "an attribute twice" },
	{ LOW("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3.0,"
	    "CAN-BLOCK-RELOAD=\"YES\"\n", INF) PARTS HINT(6),
	    "must not be quoted (HLS 4.2)", "quotes around YES" },
	{ LOW("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3.0,"
	    "HOLD-BACK=6e0\n", INF) PARTS HINT(6),
	    "want a number with or without a point", "an exponent" },
	{ LIVE(7) SIX "#EXTINF:2,5,\n7.m4s\n", NULL,
	    "what is behind the comma is a title" },
	{ HEAD "#EXT-X-VERSION:7\n#EXT-X-ENDLIST\n",
	    "twice", "a version twice in a list of nothing" },
	{ "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:2\n"
	    "#EXT-X-MAP:URI=\"i\"\n" SEG(1) "#EXT-X-ENDLIST\n",
	    "EXT-X-VERSION is 5, and EXT-X-MAP takes 6 (HLS 8)",
	    "a version too low for EXT-X-MAP" },
	{ "#EXTM3U\n#EXT-X-VERSION:2\n#EXT-X-TARGETDURATION:2\n" SEG(1)
	    "#EXT-X-ENDLIST\n", "EXTINF with a point takes 3",
	    "a version too low for EXTINF" },
	{ "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-MEDIA-SEQUENCE:0\n"
	    "#EXT-X-ENDLIST\n", "no EXT-X-TARGETDURATION (HLS 4.4.3.1)",
	    "no TARGETDURATION" },
	{ LIVE(7) SIX "#EXTINF:2.5,\n7.m4s\n",
	    "2.500 s long, TARGETDURATION 2 (HLS 4.4.3.1)",
	    "longer than TARGETDURATION when rounded" },
	{ LIVE(7) SIX "#EXTINF:2.499999,\n7.m4s\n", NULL,
	    "not longer when rounded" },
	{ HEAD "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"i\"\n" DATE
	    SEG(1), "VOD without EXT-X-ENDLIST (HLS 4.4.3.5)",
	    "VOD without an end" },
	{ LIVE(7) SEG(7) SEG(8), "less than three target durations",
	    "a live list that is too short" },
	{ LIVE(7) SEG(7) SEG(8) SEG(9), "want six (Apple 8.11)",
	    "a live list of three" },
	{ LIVE(1) SEG(1), NULL, "short, and nothing was removed yet" },
	{ HEAD "#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n"
	    "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"i\"\n" DATE SEG(2),
	    NULL, "nor perhaps where it begins with a break" },
	{ LIVE(7) SIX "#EXT-X-DISCONTINUITY\n#EXTINF:2.0,\n7.m4s\n",
	    "no date behind EXT-X-DISCONTINUITY (Apple 8.4)",
	    "no date behind a break" },
	{ HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"i\"\n" SIX,
	    "no EXT-X-PROGRAM-DATE-TIME (Apple 8.4)", "no date" },
	{ HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"i\"\n" SEG(0) DATE
	    SIX, "no date of the first segment (Apple 8.4)",
	    "a date, but not of the first" },
	{ LIVE(7) SIX DATE SEG(7), "-12.000 s from where media time is",
	    "a date that media time is not at" },
	{ LIVE(7) SIX "#EXT-X-DISCONTINUITY\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T11:00:00.000Z\n" SEG(7),
	    "goes back by 3612.000 s (HLS 6.2.1)", "a date that goes back" },
	{ HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"i\"\n"
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T13:00:00.000+0100\n" SIX
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:12Z\n" SEG(7),
	    NULL, "zones without a colon, and UTC" },
	{ LIVE(7) "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000\n" SIX,
	    "no time zone (HLS 4.4.4.6)", "a date without a zone" },
	{ LIVE(7) "#EXT-X-BYTERANGE:100\n" SIX,
	    "a byte range without offset", "a range that follows nothing" },
	{ LIVE(7) "#EXT-X-BYTERANGE:100@5\n#EXTINF:2.0,\nx\n"
	    "#EXT-X-BYTERANGE:70\n#EXTINF:2.0,\nx\n" SEG(1) SEG(2) SEG(3)
	    SEG(4), NULL, "a range that follows one" },
	{ LIVE(7) SIX "#EXT-X-KEY:URI=\"k\"\n", "no METHOD (HLS 4.4.4.4)",
	    "a key without a method" },
	{ LIVE(7) SIX "#EXTINF:2.0,\n", "no URI behind EXTINF",
	    "EXTINF and then nothing" },

	{ LOW(CONTROL, INF) PARTS
	    "#EXT-X-PART:DURATION=1.000001,URI=\"p6.m4s\"\n" HINT(7),
	    "1.000001 s long, PART-TARGET 1.000000 (HLS 4.4.4.9)",
	    "a part longer than PART-TARGET" },
	{ LOW(CONTROL, INF) PARTS
	    "#EXT-X-PART:DURATION=0.8,URI=\"p6.m4s\"\n" PART(7) HINT(8),
	    "shorter than 85 % of PART-TARGET (HLS 4.4.4.9)",
	    "a part that is too short" },
	{ LOW(CONTROL, INF) PARTS
	    "#EXT-X-PART:DURATION=0.8,URI=\"p6.m4s\",INDEPENDENT=YES\n"
	    PART(7) HINT(8), NULL, "it may be if it is INDEPENDENT" },
	{ LOW(CONTROL, INF) PARTS
	    "#EXT-X-PART:DURATION=0.8,URI=\"p6.m4s\"\n"
	    "#EXT-X-PART:DURATION=1.0,URI=\"p7.m4s\",GAP=YES\n" HINT(8),
	    NULL, "or before a GAP" },
	{ LOW(CONTROL, "") SEG(7) SEG(8) SEG(9) SEG(10) SEG(11) SEG(12)
	    PART(5) HINT(6), "no EXT-X-PART-INF (HLS 4.4.3.7)",
	    "parts without PART-INF" },
	{ LOW("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n", INF) PARTS
	    HINT(6), "no PART-HOLD-BACK (HLS 4.4.3.8)",
	    "no PART-HOLD-BACK" },
	{ LOW("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1.9\n", INF) PARTS
	    HINT(6), "want at least 2.000 (HLS 4.4.3.8)",
	    "PART-HOLD-BACK below two parts" },
	{ LOW("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=2.9\n", INF) PARTS
	    HINT(6), "want at least 3.000 (Apple 14.3)",
	    "PART-HOLD-BACK below three" },
	{ LOW("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3.0,HOLD-BACK=5.9\n",
	    INF) PARTS HINT(6), "HOLD-BACK is 5.900 s, want at least 6.000",
	    "HOLD-BACK below three target durations" },
	{ LOW("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3.0,CAN-SKIP-UNTIL=11\n",
	    INF) PARTS HINT(6), "CAN-SKIP-UNTIL is 11.000 s, want",
	    "CAN-SKIP-UNTIL below six" },
	{ LOW(CONTROL, INF) PARTS, "no EXT-X-PRELOAD-HINT of the next (HLS B.1)",
	    "no hint" },
	{ LOW(CONTROL, INF) PARTS HINT(5), "which is listed (HLS 4.4.5.3)",
	    "a hint of what is there" },
	{ LOW(CONTROL, INF) PARTS HINT(6) HINT(7), "more than one hint",
	    "two hints" },
	{ LOW(CONTROL, INF) PARTS PART(6) SEG(13) HINT(7)
	    "#EXT-X-ENDLIST\n", "in a list that has ended (HLS 4.4.5.3)",
	    "a hint behind the end" },
	{ LOW(CONTROL, INF) PARTS "#EXT-X-ENDLIST\n",
	    "parts without their segment (HLS 6.2.1)",
	    "half a segment, and the end" },
	{ LOW(CONTROL, INF) PART(1) PART(2) SEG(7) SEG(8) SEG(9) SEG(10)
	    SEG(11) SEG(12) PART(5) HINT(6),
	    "more than three target durations from the end (HLS 6.2.2)",
	    "parts far from the end" },
	{ LOW(CONTROL, INF) SEG(7) SEG(8) SEG(9) SEG(10) SEG(11) PART(3)
	    SEG(12) PART(5) HINT(6), "its parts together 1.000",
	    "parts that are less than their segment" },
	{ LOW(CONTROL, INF) SEG(7) SEG(8) SEG(9) SEG(10) SEG(11)
	    "#EXT-X-PART:DURATION=1.0,URI=\"p1\",GAP=YES\n" PART(2)
	    SEG(12) PART(5) HINT(6), "has a part that is a GAP",
	    "a GAP in a segment that is none" },
};

/* Those above that say more than one thing, by what must be among it. */
static const struct {
	const char	*text, *want;
} several[] = {
	{ LIVE(7) SIX "#EXTINF:two,\n7.m4s\n", "bad duration 'two'" },
	{ LIVE(7) SIX "7.m4s\n", "a segment without EXTINF (HLS 4.4.4.1)" },
	{ LOW(CONTROL, INF) "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n" PARTS HINT(6),
	    "a delta update that nobody asked for (HLS 6.2.5.1)" },
	{ LOW(CONTROL, INF) "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n" PARTS HINT(6),
	    "EXT-X-VERSION is 7, and EXT-X-SKIP takes 9 (HLS 8)" },
	{ HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" DATE SEG(1) SEG(2) SEG(3) SEG(4)
	    SEG(5) "#EXT-X-DISCONTINUITY\n" DATE SEG(6),
	    "no EXT-X-DISCONTINUITY-SEQUENCE (Apple 8.17)" },
	{ LIVE(7) SIX "#EXT-X-MEDIA-SEQUENCE:7\n",
	    "EXT-X-MEDIA-SEQUENCE twice" },
	{ HEAD DATE SIX "#EXT-X-MEDIA-SEQUENCE:7\n",
	    "EXT-X-MEDIA-SEQUENCE behind a segment (HLS 4.4.3.2)" },
	{ HEAD "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n"
	    DATE SIX, "behind EXT-X-DISCONTINUITY (HLS 4.4.3.3)" },
};

static void
test_media(void)
{
	struct check_conf conf;
	struct err err = ERR_INIT;
	struct world w = { .a = NULL };
	struct check *c;
	size_t i;

	for (i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		w.a = media[i].text;
		judged(&w, "a/live.m3u8", media[i].want, media[i].name);
	}
	for (i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		w.a = several[i].text;
		start(&w, &conf);
		c = check_open(&conf, "a/live.m3u8", &err);
		ok(c != NULL && check_run(c, &err) == 0 &&
		    strstr(w.said, several[i].want) != NULL, "says: %s",
		    several[i].want);
		check_close(c);
	}
	w.a = "#EXTINF:2,\na.ts\n";
	start(&w, &conf);
	ok(check_open(&conf, "a/live.m3u8", &err) == NULL &&
	    err.cls == ERR_DATA, "no playlist: %s", err.text);
	ok(check_open(&conf, "b/live.m3u8", &err) == NULL &&
	    err.cls == ERR_INPUT, "not there: %s", err.text);
}

#define AUDIO	"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\"," \
		"LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES," \
		"URI=\"b/live.m3u8\"\n"
#define VIDEO	"#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8," \
		"CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=2x2," \
		"FRAME-RATE=25.000,AUDIO=\"g\"\na/live.m3u8\n"
#define TOP	"#EXTM3U\n#EXT-X-VERSION:7\n"

static const struct {
	const char	*main, *a, *b, *want, *name;
} mains[] = {
	{ TOP AUDIO VIDEO, LIVE(7) SIX, LIVE(7) SIX, NULL, "a good pair" },
	{ TOP VIDEO, LIVE(7) SIX, LIVE(7) SIX,
	    "there is no AUDIO group 'g' (HLS 4.4.6.2)", "no such group" },
	{ TOP AUDIO "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=0,CODECS=\"ec-3\","
	    "BANDWIDTH=9\na/live.m3u8\n", LIVE(7) SIX, LIVE(7) SIX,
	    "no AVERAGE-BANDWIDTH (Apple 9.14)", "no AVERAGE-BANDWIDTH" },
	{ TOP AUDIO "#EXT-X-STREAM-INF:BANDWIDTH=7,AVERAGE-BANDWIDTH=8,"
	    "CODECS=\"mp4a.40.2\"\na/live.m3u8\n", LIVE(7) SIX, LIVE(7) SIX,
	    "above BANDWIDTH, the peak (HLS 4.4.6.2)",
	    "the average is above the peak" },
	{ TOP AUDIO "#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8\n"
	    "a/live.m3u8\n", LIVE(7) SIX, LIVE(7) SIX,
	    "no CODECS (Apple 9.1)", "no CODECS" },
	{ TOP AUDIO "#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,"
	    "CODECS=\"avc1.640028\",FRAME-RATE=25\na/live.m3u8\n",
	    LIVE(7) SIX, LIVE(7) SIX, "no RESOLUTION (Apple 9.2)",
	    "no RESOLUTION" },
	{ TOP AUDIO "#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,"
	    "CODECS=\"avc1.640028\",RESOLUTION=2x2\na/live.m3u8\n",
	    LIVE(7) SIX, LIVE(7) SIX, "no FRAME-RATE (Apple 9.15)",
	    "no FRAME-RATE" },
	{ TOP AUDIO VIDEO "#EXT-X-STREAM-INF:BANDWIDTH=9,"
	    "AVERAGE-BANDWIDTH=8,CODECS=\"hvc1.2.4.L123.B0\","
	    "RESOLUTION=2x2,FRAME-RATE=25,VIDEO-RANGE=PQ\na/live.m3u8\n",
	    LIVE(7) SIX, LIVE(7) SIX, "no VIDEO-RANGE beside",
	    "SDR is not named beside PQ" },
	{ TOP AUDIO VIDEO "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,"
	    "CODECS=\"avc1.640028\",URI=\"b/live.m3u8\"\n",
	    LIVE(7) SIX, LIVE(7) "#EXT-X-I-FRAMES-ONLY\n" SIX,
	    "no RESOLUTION (Apple 9.4)",
	    "I-frames without RESOLUTION" },
	{ TOP "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\","
	    "DEFAULT=YES,AUTOSELECT=YES,URI=\"b/live.m3u8\"\n" VIDEO,
	    LIVE(7) SIX, LIVE(7) SIX, "no LANGUAGE (Apple 8.10)",
	    "no LANGUAGE" },
	{ TOP "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\","
	    "LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=NO,"
	    "URI=\"b/live.m3u8\"\n" VIDEO, LIVE(7) SIX, LIVE(7) SIX,
	    "DEFAULT=YES with AUTOSELECT=NO (HLS 4.4.6.1)",
	    "a default that is not selected" },
	{ TOP AUDIO "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"o\","
	    "LANGUAGE=\"en\",DEFAULT=YES,URI=\"b/live.m3u8\"\n" VIDEO,
	    LIVE(7) SIX, LIVE(7) SIX, "DEFAULT=YES twice in a group",
	    "two defaults" },
	{ TOP AUDIO "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\","
	    "LANGUAGE=\"en\",URI=\"b/live.m3u8\"\n" VIDEO,
	    LIVE(7) SIX, LIVE(7) SIX, "NAME 'n' twice in a group",
	    "two of a name" },
	{ TOP AUDIO "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"h\",NAME=\"n\","
	    "LANGUAGE=\"en\",URI=\"b/live.m3u8\"\n"
	    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"h\",NAME=\"o\","
	    "LANGUAGE=\"en\",URI=\"b/live.m3u8\"\n" VIDEO,
	    LIVE(7) SIX, LIVE(7) SIX, "group 'g' has no 'o' (HLS 4.4.6.1.1)",
	    "groups with other members" },
	{ TOP AUDIO VIDEO, LIVE(7) SIX, NULL, "is not there (HLS 6.2.1)",
	    "a playlist that is not there" },
	{ TOP AUDIO VIDEO "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,"
	    "CODECS=\"avc1.640028\",URI=\"b/live.m3u8\",RESOLUTION=2x2\n",
	    LIVE(7) SIX, LIVE(7) SIX, "no EXT-X-I-FRAMES-ONLY (HLS 4.4.6.3)",
	    "I-frames that are segments" },
	{ TOP AUDIO VIDEO "#EXT-X-ENDLIST\n", LIVE(7) SIX, LIVE(7) SIX,
	    "EXT-X-ENDLIST in a multivariant playlist (HLS 4.4)",
	    "what segments have in a multivariant playlist" },
	{ TOP AUDIO VIDEO, LIVE(7) SIX, "#EXTM3U\n#EXT-X-VERSION:7\n"
	    "#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:7\n"
	    "#EXT-X-MAP:URI=\"i\"\n" DATE SIX,
	    "TARGETDURATION is 3, in 'a/live.m3u8' 2 (HLS 6.2.4)",
	    "another TARGETDURATION" },
	{ TOP AUDIO VIDEO, LIVE(7) SIX, LOW(CONTROL, "") SIX,
	    "EXT-X-SERVER-CONTROL is not that of", "another SERVER-CONTROL" },
	{ TOP AUDIO VIDEO, LIVE(7) SIX, HEAD "#EXT-X-MEDIA-SEQUENCE:7\n"
	    "#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-MAP:URI=\"i\"\n" DATE
	    SIX, "has discontinuity number 1, what has its date in",
	    "another discontinuity number" },
	{ TOP AUDIO VIDEO, HEAD "#EXT-X-MAP:URI=\"i\"\n" DATE SIX
	    "#EXT-X-ENDLIST\n", HEAD "#EXT-X-MAP:URI=\"i\"\n" SIX
	    "#EXT-X-ENDLIST\n", "no dates, against", "dates in one only" },
#define REPORT(x, n)	"#EXT-X-RENDITION-REPORT:URI=\"../" x \
			"/live.m3u8\",LAST-MSN=" n ",LAST-PART=0\n"
	{ TOP AUDIO VIDEO, LOW(CONTROL, INF) PARTS HINT(6) REPORT("b", "13"),
	    LOW(CONTROL, INF) PARTS HINT(6) REPORT("a", "13"), NULL,
	    "reports of each other" },
	{ TOP AUDIO VIDEO, LOW(CONTROL, INF) PARTS HINT(6) REPORT("b", "13"),
	    LOW(CONTROL, INF) PARTS HINT(6),
	    "no EXT-X-RENDITION-REPORT of 'a/live.m3u8' (HLS B.1)",
	    "no report" },
	{ TOP AUDIO VIDEO, LOW(CONTROL, INF) PARTS HINT(6) REPORT("b", "13"),
	    LOW(CONTROL, INF) PARTS HINT(6) REPORT("a", "13")
	    REPORT("b", "13"), "a report of itself (HLS 4.4.5.4)",
	    "a report of itself" },
	{ TOP AUDIO VIDEO, LOW(CONTROL, INF) PARTS HINT(6) REPORT("b", "13"),
	    LOW(CONTROL, INF) PARTS HINT(6) REPORT("a", "99"),
	    "LAST-MSN 99 of 'a/live.m3u8', which is at 13",
	    "a report of what is not there" },
};

static void
test_mains(void)
{
	struct world w = { .a = NULL };
	size_t i;

	for (i = 0; i < sizeof(mains) / sizeof(mains[0]); i++) {
		w = (struct world){ .main = mains[i].main, .a = mains[i].a,
		    .b = mains[i].b };
		judged(&w, "main.m3u8", mains[i].want, mains[i].name);
	}
}

#define SLID	SEG(2) SEG(3) SEG(4) SEG(5) SEG(6) SEG(7)
#define FROM(n, cc)	HEAD "#EXT-X-MEDIA-SEQUENCE:" #n "\n" \
		"#EXT-X-DISCONTINUITY-SEQUENCE:" #cc "\n" \
		"#EXT-X-MAP:URI=\"init.mp4\"\n"
#define DATE_2	"#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:02.000Z\n"
#define DATE_0	"#EXT-X-PROGRAM-DATE-TIME:2026-03-01T11:59:58.000Z\n"
#define EVENT	HEAD "#EXT-X-PLAYLIST-TYPE:EVENT\n" \
		"#EXT-X-MAP:URI=\"init.mp4\"\n" DATE
#define BREAK	"#EXT-X-DISCONTINUITY\n"
#define LOW_8	HEAD CONTROL INF "#EXT-X-MEDIA-SEQUENCE:8\n" \
		"#EXT-X-DISCONTINUITY-SEQUENCE:0\n" \
		"#EXT-X-MAP:URI=\"init.mp4\"\n" DATE_2

static const struct {
	const char	*before, *after, *want, *name;
} updates[] = {
	{ LIVE(7) SIX, FROM(8, 0) DATE_2 SLID, NULL, "it slides" },
	{ LIVE(7) SIX, LIVE(7) SIX SEG(7) SEG(8), NULL, "it grows" },
	{ LIVE(7) SIX, FROM(6, 0) DATE_0 SEG(0) SIX, "goes back from 7 to 6",
	    "MEDIA-SEQUENCE goes back" },
	{ LIVE(7) SIX SEG(7), LIVE(7) SIX, "the end goes back from 14 to 13",
	    "the end goes back" },
	{ FROM(7, 0) BREAK DATE SIX, FROM(8, 1) DATE_2 SLID, NULL,
	    "a break leaves, and is counted" },
	{ FROM(7, 0) DATE SEG(1) BREAK DATE_2 SLID, FROM(8, 0) BREAK DATE_2
	    SLID, NULL, "a break that is first is not counted yet" },
	{ LIVE(7) SIX, FROM(8, 0) BREAK DATE_2 SLID,
	    "segment 8 has discontinuity number 1, before it was 0",
	    "a break that was not there" },
	{ LIVE(7) SIX, FROM(8, 0) DATE_2 SEG(2) "#EXTINF:2.000000,\nx.m4s\n"
	    SEG(4) SEG(5) SEG(6) SEG(7),
	    "segment 9 has another URI than before (HLS 6.2.1)",
	    "another URI" },
	{ LIVE(7) SIX, FROM(8, 0) DATE_2 SEG(2) "#EXTINF:1.990000,\n3.m4s\n"
	    SEG(4) SEG(5) SEG(6) SEG(7),
	    "segment 9 has another EXTINF", "another EXTINF" },
	{ LIVE(7) SIX, LIVE(7) SEG(1) SEG(2) SEG(3) SEG(4) SEG(5)
	    "#EXT-X-MAP:URI=\"other.mp4\"\n" SEG(6) SEG(7),
	    "segment 12 has another EXT-X-MAP", "another map" },
	{ LIVE(7) SIX, FROM(8, 0)
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:03.000Z\n" SLID,
	    "segment 8 was -1.000 s from its date", "another date" },
	{ LIVE(7) SIX, LIVE(7) SEG(1) SEG(2) "#EXT-X-GAP\n" SEG(3) SEG(4)
	    SEG(5) SEG(6), "segment 9 has another EXT-X-GAP",
	    "what was there is a GAP" },
	{ LIVE(7) SEG(1) SEG(2) "#EXT-X-GAP\n" SEG(3) SEG(4) SEG(5) SEG(6),
	    LIVE(7) SIX, NULL, "a GAP is filled" },
	{ LIVE(7) SIX, "#EXTM3U\n#EXT-X-VERSION:7\n"
	    "#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:7\n"
	    "#EXT-X-MAP:URI=\"init.mp4\"\n" DATE SIX SEG(7),
	    "TARGETDURATION was 2 and is 3 (HLS 4.4.3.1)",
	    "TARGETDURATION changes" },
	{ EVENT SIX, EVENT SIX SEG(7), NULL, "EVENT grows" },
	{ EVENT SIX, EVENT SIX "#EXT-X-ENDLIST\n", NULL, "and ends" },
	{ EVENT SIX, HEAD "#EXT-X-PLAYLIST-TYPE:EVENT\n"
	    "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-MAP:URI=\"init.mp4\"\n"
	    DATE_2 SLID, "against EXT-X-PLAYLIST-TYPE (HLS 6.2.1)",
	    "EVENT loses a segment" },
	{ LOW(CONTROL, INF) PARTS HINT(6), LOW(CONTROL, INF) PARTS PART(6)
	    HINT(7), NULL, "the hinted part comes" },
	{ LOW(CONTROL, INF) PARTS HINT(6), LOW(CONTROL, INF) PARTS PART(6)
	    SEG(13) PART(7) HINT(8), NULL, "and the one after it" },
	{ LOW(CONTROL, INF) PARTS PART(6) SEG(13) HINT(7),
	    LOW(CONTROL, INF) PARTS PART(6) SEG(13) PART(7) HINT(8), NULL,
	    "the first of the next segment" },
	{ LOW(CONTROL, INF) PARTS HINT(9), LOW(CONTROL, INF) PARTS PART(6)
	    HINT(7), "'p9.m4s' was hinted, 'p6.m4s' came (HLS 4.4.5.3)",
	    "another part comes" },
	{ LOW(CONTROL, INF) PARTS HINT(6), LOW(CONTROL, INF) SEG(7) SEG(8)
	    SEG(9) SEG(10) PART(1) PART(2) SEG(11) PART(3) PART(9) SEG(12)
	    PART(5) PART(6) HINT(7),
	    "part 1 of segment 12 is not what it was", "a part changes" },
	{ LOW(CONTROL, INF) PARTS HINT(6), LOW(CONTROL, INF) SEG(7) SEG(8)
	    SEG(9) SEG(10) PART(1) PART(2) SEG(11) SEG(12) PART(5) PART(6)
	    HINT(7), "segment 12 lost its parts within three",
	    "parts leave too early" },
	{ LOW(CONTROL, INF) PARTS HINT(6), LOW_8 SEG(8) SEG(9) SEG(10)
	    PART(1) PART(2) SEG(11) PART(3) PART(4) SEG(12) PART(5) PART(6)
	    SEG(13) PART(7) HINT(8), NULL, "it slides, and parts stay" },
};

static void
test_update(const char *before, const char *after, const char *want,
    unsigned count, const char *name)
{
	struct world w = { .a = before };
	struct check_conf conf;
	struct err err = ERR_INIT;
	struct check *c;
	int64_t next_us = 0;
	bool good;

	start(&w, &conf);
	c = check_open(&conf, "a/live.m3u8", &err);
	good = c != NULL && check_run(c, &err) == 0 &&
	    check_again(c, 1000000, &next_us, &err) == 0 && w.count == 0;
	w.a = after;
	good = good && check_again(c, 2000000, &next_us, &err) == 0 &&
	    w.count == count &&
	    (want == NULL || strstr(w.said, want) != NULL);
	ok(good, "%s", name);
	if (!good)
		printf("# want %s, got: %s%s\n", want == NULL ? "nothing" :
		    want, err.text, w.said);
	check_close(c);
}

static void
test_watch(void)
{
	struct world w = { .a = LIVE(7) SIX };
	struct check_conf conf;
	struct err err = ERR_INIT;
	struct check *c;
	int64_t next_us = 0;

	start(&w, &conf);
	c = check_open(&conf, "a/live.m3u8", &err);
	ok(c != NULL && check_run(c, &err) == 0 &&
	    check_again(c, 1000000, &next_us, &err) == 0 &&
	    next_us == 2000000, "half a target duration later again");
	ok(check_again(c, 4000000, &next_us, &err) == 0 && w.count == 0,
	    "three seconds without an update");
	ok(check_again(c, 4600000, &next_us, &err) == 0 && w.count == 1 &&
	    strstr(w.said, "no update for 3.600 s") != NULL,
	    "more than that are too many");
	ok(check_again(c, 5600000, &next_us, &err) == 0 && w.count == 1,
	    "which is said once");
	/* Segment 7 was first seen with ten seconds behind it: 1 - 10 s; it
	   stays for its length and that of the list. */
	w.a = FROM(8, 0) DATE_2 SLID;
	w.gone = "1.m4s";
	ok(check_again(c, 4700000, &next_us, &err) == 0 && w.count == 2 &&
	    strstr(w.said, "'a/1.m4s' left the list and is gone 0.300 s too "
	    "early (HLS 6.2.2)") != NULL, "what left is gone too early");
	ok(check_finish(c, 4800000, &err) == 0 && w.count == 2,
	    "which is all that left");
	w.a = NULL;
	ok(check_again(c, 6000000, &next_us, &err) == 0 && w.count == 3 &&
	    strstr(w.said, "'a/live.m3u8' is not there") != NULL,
	    "the list itself is gone");
	w.a = FROM(8, 0) DATE_2 SLID "#EXT-X-ENDLIST\n";
	ok(check_again(c, 6500000, &next_us, &err) == 0 && w.count == 3 &&
	    next_us == 0, "and comes back with an end: nobody comes again");
	check_close(c);
}

int
main(void)
{
	size_t i;

	test_media();
	test_mains();
	for (i = 0; i < sizeof(updates) / sizeof(updates[0]); i++)
		test_update(updates[i].before, updates[i].after,
		    updates[i].want, updates[i].want != NULL,
		    updates[i].name);
	/* All that follows has another number then, which is said as well. */
	test_update(FROM(7, 0) BREAK DATE SIX, FROM(8, 0) DATE_2 SLID,
	    "1 tags were removed, and it is 0 (HLS 6.2.2)", 2,
	    "a break that left is not counted");
	test_watch();
	return done_testing();
}
