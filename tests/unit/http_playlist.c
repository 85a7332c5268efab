#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "net/http_playlist.h"
#include "tap.h"

#define HEAD	"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n"
#define LL	"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES," \
		"CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=3.015\n" \
		"#EXT-X-PART-INF:PART-TARGET=1.005\n"
#define PART	"#EXT-X-PART:DURATION=1.0,URI=\"p.m4s\"\n"
#define SEGMENT	"#EXTINF:2.0,\ns.m4s\n"

static struct http_playlist
parse(const char *text)
{
	struct http_playlist p;

	http_playlist_parse(text, strlen(text), &p);
	return p;
}

static void
test_parse(void)
{
	struct http_playlist p;

	p = parse(HEAD LL "#EXT-X-MEDIA-SEQUENCE:5\n" SEGMENT PART PART
	    SEGMENT PART "#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"m\"\n"
	    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"next,1.m4s\"\n");
	ok(p.media && p.blocks && !p.ended, "a live list that blocks");
	ok(p.version == 7 && p.target_s == 2, "its numbers");
	ok(p.part_target_us == 1005000, "PART-TARGET");
	ok(p.skip_us == 12000000, "CAN-SKIP-UNTIL");
	ok(p.next == 7 && p.next_parts == 1 && p.last_parts == 2,
	    "two segments from number 5, and one part");
	ok(p.hint_bytes == 10, "the part's hint, with a comma in it");

	p = parse("#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n#EXTINF:6,\r\na\r\n"
	    "#EXT-X-ENDLIST\r\n");
	ok(p.media && p.ended && p.target_s == 6 && p.next == 1,
	    "lines that end with CR LF");
	p = parse(HEAD "#EXTINF:1,\na\n#EXTINF:1,\nb");
	ok(p.next == 2, "a last line without an end");

	ok(!parse("").media, "nothing");
	ok(!parse("\n" HEAD).media, "no EXTM3U first");
	ok(!parse("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n").media,
	    "a multivariant playlist");
	ok(!parse(HEAD "#EXT-X-MEDIA-SEQUENCE:18446744073709551615\na\n")
	    .media, "a media sequence number that overflows");
	ok(!parse("#EXTM3U\n#EXT-X-TARGETDURATION:-1\na\n").media,
	    "a target duration that is none");
	ok(!parse("#EXTM3U\n#EXT-X-TARGETDURATION:99999999999\n").media,
	    "one without sense");
	p = parse(HEAD "#EXT-X-SERVER-CONTROL:X=\"CAN-BLOCK-RELOAD=YES\","
	    "CAN-SKIP-UNTIL=99999999999\n");
	ok(p.media && !p.blocks && p.skip_us == 0,
	    "a name inside quotes, a number without sense");
}

static void
hint_is(const char *uri, const char *path, const char *want)
{
	char text[512], got[64];
	struct http_playlist p;

	snprintf(text, sizeof(text), HEAD
	    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%s\"\n", uri);
	p = parse(text);
	if (http_playlist_hint(text, &p, path, got, sizeof(got)))
		ok(want != NULL && strcmp(got, want) == 0,
		    "hint '%s' at '%s' is '%s'", uri, path, got);
	else
		ok(want == NULL, "hint '%s' at '%s' is none", uri, path);
}

static void
test_hint(void)
{
	hint_is("a.m4s", "s/r/live.m3u8", "s/r/a.m4s");
	hint_is("a.m4s", "live.m3u8", "a.m4s");
	hint_is("1/2/a.m4s?x=1#y", "s/r/live.m3u8", "s/r/1/2/a.m4s");
	hint_is("./../q/a.m4s", "s/r/live.m3u8", "s/q/a.m4s");
	hint_is("../../../a.m4s", "s/r/live.m3u8", "a.m4s");
	hint_is("/a%20b.m4s", "s/r/live.m3u8", "a b.m4s");
	hint_is("//host/a", "s/live.m3u8", NULL);
	hint_is("http://host/a", "s/live.m3u8", NULL);
	hint_is("%2e%2e/a", "s/live.m3u8", NULL);
	hint_is("..", "s/live.m3u8", NULL);
	hint_is(".a", "s/live.m3u8", NULL);
	hint_is("", "s/live.m3u8", NULL);
	hint_is("a.m4s", "s%41/live.m3u8", NULL);
	hint_is("0123456789012345678901234567890123456789012345678901234567890",
	    "s/live.m3u8", "s/01234567890123456789012345678901234567890123456"
	    "78901234567890");
	hint_is("01234567890123456789012345678901234567890123456789012345678901"
	    "2", "s/live.m3u8", NULL);
}

static void
delta_is(const char *text, const char *want, const char *name)
{
	struct http_playlist p = parse(text);
	struct buf out;
	bool is;

	buf_init(&out, 4096);
	is = http_playlist_delta(text, strlen(text), &p, &out);
	if (want == NULL)
		ok(!is && out.n == 0, "%s", name);
	else
		ok(is && out.n == strlen(want) &&
		    memcmp(out.p, want, out.n) == 0, "%s", name);
	buf_release(&out);
}

static void
test_delta(void)
{
	delta_is(HEAD LL "#EXT-X-MEDIA-SEQUENCE:3\n"
	    "#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-DATERANGE:ID=\"1\"\n"
	    "#EXT-X-MAP:URI=\"i\"\n" SEGMENT
	    "#EXT-X-DATERANGE:ID=\"2\"\n#EXT-X-DISCONTINUITY\n" SEGMENT
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
	    "#EXTINF:6,\na\n#EXTINF:6.0,\nb\n" PART
	    "#EXT-X-RENDITION-REPORT:URI=\"x\"\n",
	    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n" LL
	    "#EXT-X-MEDIA-SEQUENCE:3\n"
	    "#EXT-X-INDEPENDENT-SEGMENTS\n"
	    "#EXT-X-DATERANGE:ID=\"1\"\n"
	    "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n"
	    "#EXT-X-DATERANGE:ID=\"2\"\n#EXT-X-DISCONTINUITY\n" SEGMENT
	    "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z\n"
	    "#EXTINF:6,\na\n#EXTINF:6.0,\nb\n" PART
	    "#EXT-X-RENDITION-REPORT:URI=\"x\"\n",
	    "what ends further away than the boundary, not at it");
	delta_is("#EXTM3U\n#EXT-X-TARGETDURATION:6\n" LL
	    "#EXTINF:6,\na\n#EXT-X-DATERANGE:ID=\"2\"\n"
	    "#EXTINF:6,\nb\n#EXTINF:9,\nc\n#EXTINF:6,\nd\n",
	    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:6\n" LL
	    "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n#EXT-X-DATERANGE:ID=\"2\"\n"
	    "#EXTINF:9,\nc\n#EXTINF:6,\nd\n",
	    "a date range among those skipped stays; a version is said");
	delta_is("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-VERSION:12\n" LL
	    "#EXTINF:6,\na\n#EXTINF:6,\nb\n#EXTINF:9,\nc\n",
	    "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-TARGETDURATION:6\n" LL
	    "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXTINF:6,\nb\n#EXTINF:9,\nc\n",
	    "a higher version stays");
	delta_is(HEAD LL "#EXTINF:6,\na\n#EXTINF:6,\nb\n", NULL,
	    "a list no longer than the boundary");
	delta_is(HEAD LL "#EXTINF:6,\na\n#EXTINF:6,\nb\n#EXTINF:9,\nc\n"
	    "#EXT-X-ENDLIST\n", NULL, "a list that has ended");
	delta_is(HEAD "#EXTINF:6,\na\n#EXTINF:6,\nb\n#EXTINF:9,\nc\n", NULL,
	    "a list that does not offer it");
}

/* Number 6 is the last whole segment, with two parts; 7 has one. */
static const char live[] = HEAD LL "#EXT-X-MEDIA-SEQUENCE:5\n" SEGMENT PART
    PART SEGMENT PART;

static void
judged(const char *text, const char *msn, const char *part,
    enum http_verdict want)
{
	struct http_playlist p = parse(text);
	struct http_reload r = { 0 };

	if (msn != NULL)
		http_reload_add(&r, "_HLS_msn", msn);
	if (part != NULL)
		http_reload_add(&r, "_HLS_part", part);
	ok(http_reload_judge(&r, &p) == want, "number %s, part %s: %s",
	    msn == NULL ? "-" : msn, part == NULL ? "-" : part,
	    want == HTTP_NOW ? "now" : want == HTTP_WAIT ? "wait" : "bad");
}

static void
test_judge(void)
{
	char fine[256];

	judged(live, NULL, NULL, HTTP_NOW);
	judged(live, "0", NULL, HTTP_NOW);
	judged(live, "6", NULL, HTTP_NOW);
	judged(live, "7", NULL, HTTP_WAIT);
	judged(live, "8", NULL, HTTP_WAIT);
	judged(live, "9", NULL, HTTP_BAD);
	judged(live, "18446744073709551615", NULL, HTTP_BAD);
	judged(live, "5", "9", HTTP_NOW);
	judged(live, "6", "1", HTTP_NOW);
	judged(live, "6", "2", HTTP_NOW);	/* 7's part 0 */
	judged(live, "7", "0", HTTP_NOW);
	judged(live, "7", "1", HTTP_WAIT);
	judged(live, "7", "3", HTTP_WAIT);
	judged(live, "7", "4", HTTP_BAD);
	judged(live, "8", "0", HTTP_WAIT);
	judged(live, "8", "2", HTTP_WAIT);
	judged(live, "8", "3", HTTP_BAD);
	judged(live, "9", "0", HTTP_BAD);
	judged(live, "7", "18446744073709551615", HTTP_BAD);
	judged(live, NULL, "0", HTTP_BAD);
	judged(live, "", NULL, HTTP_BAD);
	judged(live, "7x", NULL, HTTP_BAD);
	judged(live, "18446744073709551616", NULL, HTTP_BAD);
	judged(live, "7", "-1", HTTP_BAD);

	/* No part of 7 is there: the last of 6 is not its first. */
	judged(HEAD LL "#EXT-X-MEDIA-SEQUENCE:6\n" PART PART SEGMENT, "6",
	    "2", HTTP_WAIT);
	/* Without parts, one stands for its segment. */
	judged(HEAD "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n" SEGMENT,
	    "0", "9", HTTP_NOW);
	judged(HEAD "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n" SEGMENT,
	    "1", "9", HTTP_WAIT);
	/* A third of a second: nine parts ahead, rounded up. */
	snprintf(fine, sizeof(fine), HEAD "#EXT-X-SERVER-CONTROL:"
	    "CAN-BLOCK-RELOAD=YES\n#EXT-X-PART-INF:PART-TARGET=0.34\n"
	    SEGMENT);
	judged(fine, "1", "8", HTTP_WAIT);
	judged(fine, "1", "9", HTTP_BAD);

	judged(HEAD SEGMENT, "99", NULL, HTTP_NOW);	/* not offered */
	judged(HEAD SEGMENT, NULL, "1", HTTP_BAD);	/* all the same */
	judged(HEAD LL SEGMENT "#EXT-X-ENDLIST\n", "99", NULL, HTTP_NOW);
	judged(HEAD LL SEGMENT "#EXT-X-ENDLIST\n", NULL, "1", HTTP_NOW);
	judged(HEAD LL SEGMENT "#EXT-X-ENDLIST\n", "x", "1", HTTP_NOW);
	judged("#EXTM3U\n", "99", NULL, HTTP_NOW);
}

static void
test_directives(void)
{
	struct http_playlist p = parse(live);
	struct http_reload r = { 0 };

	http_reload_add(&r, "_HLS_skip", "YES");
	http_reload_add(&r, "token", NULL);
	http_reload_add(&r, "_HLS_pathway", "x");
	ok(r.skip && !r.bad && !r.has_msn, "a skip among others");
	ok(http_reload_skips(&r, &p) && !http_reload_blocks(&r, &p),
	    "skips, does not block");
	http_reload_add(&r, "_HLS_skip", "v3");
	ok(!r.skip, "an unknown skip");
	http_reload_add(&r, "_HLS_skip", "v2");
	http_reload_add(&r, "_HLS_msn", "3");
	ok(r.skip && http_reload_blocks(&r, &p), "v2, and blocks");
	http_reload_add(&r, "_HLS_msn", "3");
	ok(r.bad, "a number said twice");
	r = (struct http_reload){ 0 };
	http_reload_add(&r, "_HLS_msn", NULL);
	ok(r.bad, "a number not said");
}

int
main(void)
{
	test_parse();
	test_hint();
	test_delta();
	test_judge();
	test_directives();
	return done_testing();
}
