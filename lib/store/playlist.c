#include "store/playlist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

/* EXT-X-MAP outside I-frame playlists needs 6; 7 is what players expect. */
#define VERSION_TAG	"#EXT-X-VERSION:7\n"
/* What an origin may shorten with EXT-X-SKIP; one number for one URL. */
#define VERSION_LOW_TAG	"#EXT-X-VERSION:9\n"

/* Target durations from the end: of skipping, and of holding back. */
#define SKIP_TARGETS	6
#define HOLD_TARGETS	3

void
playlist_release(struct playlist *p)
{
	free(p->entries);
	free(p->parts);
	free(p->reports);
	memset(p, 0, sizeof(*p));
}

uint32_t
playlist_rounded_s(int64_t duration_us)
{
	return (uint32_t)((duration_us + 500000) / 1000000);
}

static void
put_seconds(struct buf *b, int64_t us)
{
	buf_put_uint(b, (uint64_t)us / 1000000, 1);
	buf_put_u8(b, '.');
	buf_put_uint(b, (uint64_t)us % 1000000, 6);
}

static void
put_part(struct buf *b, const struct playlist_part *part)
{
	buf_put_str(b, "#EXT-X-PART:DURATION=");
	put_seconds(b, part->duration_us);
	buf_printf(b, ",URI=\"%s\"", part->uri);
	if (part->independent)
		buf_put_str(b, ",INDEPENDENT=YES");
	if (part->gap)
		buf_put_str(b, ",GAP=YES");
	buf_put_str(b, "\n");
}

/*
 * A tag of its own for each segment, as each has its own IV.  *KEYED: there
 * was one in front.  Init segments are in the clear (RFC 8216 section 4.3.2.5
 * has them under the key that is in force), so a map goes before the key.
 */
static void
put_map(struct buf *b, const struct playlist_entry *e, bool *keyed)
{
	size_t i;

	if (e->map[0] != '\0') {
		if (*keyed)
			buf_put_str(b, "#EXT-X-KEY:METHOD=NONE\n");
		buf_printf(b, "#EXT-X-MAP:URI=\"%s\"\n", e->map);
		*keyed = false;
	}
	if (e->key == NULL)
		return;
	buf_printf(b, "#EXT-X-KEY:METHOD=AES-128,URI=\"%s\",IV=0x", e->key);
	for (i = 0; i < sizeof(e->iv); i++)
		buf_printf(b, "%02x", (unsigned)e->iv[i]);
	buf_put_str(b, "\n");
	*keyed = true;
}

static void
put_entry(struct buf *b, const struct playlist *p,
    const struct playlist_entry *e, bool *keyed)
{
	char date[CLOCK_RFC3339_BYTES];
	size_t i;

	for (i = 0; i < e->breaks; i++)
		buf_put_str(b, "#EXT-X-DISCONTINUITY\n");
	put_map(b, e, keyed);
	if (e->date_us != 0) {
		clock_rfc3339(e->date_us, date);
		buf_put_str(b, "#EXT-X-PROGRAM-DATE-TIME:");
		buf_put_str(b, date);
		buf_put_str(b, "\n");
	}
	if (e->gap)
		buf_put_str(b, "#EXT-X-GAP\n");
	if (e->range_bytes != 0) {
		buf_put_str(b, "#EXT-X-BYTERANGE:");
		buf_put_uint(b, e->range_bytes, 1);
		buf_put_str(b, "@");
		buf_put_uint(b, e->range_at, 1);
		buf_put_str(b, "\n");
	}
	for (i = 0; i < e->nparts; i++)
		put_part(b, &p->parts[e->first_part + i]);
	if (e->open)
		return;
	buf_put_str(b, "#EXTINF:");
	put_seconds(b, e->duration_us);
	buf_put_str(b, ",\n");
	buf_put_str(b, e->uri);
	buf_put_str(b, "\n");
}

/*
 * What the origin promises, the same in all media playlists of a stream.  A
 * player of parts may stand nearer to the end than one of segments; by one
 * millisecond less, lest 3.15 be found less than 3 times 1.05.
 */
static void
put_control(struct buf *b, const struct playlist *p)
{
	int64_t target_us = p->target_s * INT64_C(1000000);
	int64_t part_hold_us = HOLD_TARGETS * p->part_target_us + 1000;
	int64_t hold_us = HOLD_TARGETS * target_us;

	buf_put_str(b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
	    "PART-HOLD-BACK=");
	put_seconds(b, part_hold_us);
	buf_put_str(b, ",HOLD-BACK=");
	put_seconds(b, hold_us < part_hold_us ? part_hold_us : hold_us);
	buf_put_str(b, ",CAN-SKIP-UNTIL=");
	put_seconds(b, SKIP_TARGETS * target_us);
	buf_put_str(b, "\n#EXT-X-PART-INF:PART-TARGET=");
	put_seconds(b, p->part_target_us);
	buf_put_str(b, "\n");
}

/* Behind the segments: what comes next, here and in the other playlists. */
static void
put_ahead(struct buf *b, const struct playlist *p)
{
	const struct playlist_report *r;
	size_t i;

	if (p->hint[0] != '\0')
		buf_printf(b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%s\"\n",
		    p->hint);
	for (i = 0; i < p->nreports; i++) {
		r = &p->reports[i];
		buf_printf(b, "#EXT-X-RENDITION-REPORT:URI=\"%s\",LAST-MSN=%"
		    PRIu32 ",LAST-PART=%" PRIu32 "\n", r->uri, r->msn,
		    r->part);
	}
}

void
playlist_put_media(struct buf *b, const struct playlist *p)
{
	bool keyed = false;
	size_t i;

	buf_put_str(b, "#EXTM3U\n");
	buf_put_str(b, p->part_target_us != 0 ? VERSION_LOW_TAG : VERSION_TAG);
	buf_printf(b, "#EXT-X-TARGETDURATION:%" PRIu32 "\n", p->target_s);
	if (p->part_target_us != 0)
		put_control(b, p);
	buf_printf(b, "#EXT-X-MEDIA-SEQUENCE:%" PRIu32 "\n",
	    p->media_sequence);
	if (p->kind != PLAYLIST_VOD)
		buf_printf(b, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu32 "\n",
		    p->discontinuity_sequence);
	switch (p->kind) {
	case PLAYLIST_LIVE:
		break;
	case PLAYLIST_EVENT:
		buf_put_str(b, "#EXT-X-PLAYLIST-TYPE:EVENT\n");
		break;
	case PLAYLIST_VOD:
		buf_put_str(b, "#EXT-X-PLAYLIST-TYPE:VOD\n");
		break;
	}
	if (p->iframes)
		buf_put_str(b, "#EXT-X-I-FRAMES-ONLY\n");
	if (p->independent)
		buf_put_str(b, "#EXT-X-INDEPENDENT-SEGMENTS\n");
	for (i = 0; i < p->count; i++)
		put_entry(b, p, &p->entries[i], &keyed);
	put_ahead(b, p);
	if (p->ended)
		buf_put_str(b, "#EXT-X-ENDLIST\n");
}

static void
put_audio(struct buf *b, const struct playlist_rendition *r,
    const char *name)
{
	/* One member a group: all groups then have the same members. */
	buf_printf(b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\","
	    "NAME=\"audio\",LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES",
	    r->name);
	if (r->channels != 0)
		buf_printf(b, ",CHANNELS=\"%u\"", (unsigned)r->channels);
	buf_printf(b, ",URI=\"%s/%s.m3u8\"\n", r->name, name);
}

/* What a player must be able to show.  What is not said is SDR. */
static const char *
range_of(const struct playlist_rendition *video)
{
	switch (video->transfer) {
	case 16:
		return "PQ";
	case 18:
		return "HLG";
	default:
		return "SDR";
	}
}

/* The I-frames of VIDEO, to seek by. */
static void
put_iframes(struct buf *b, const struct playlist_rendition *video,
    const char *name)
{
	if (video->iframe_peak_bps == 0)
		return;
	buf_printf(b, "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=%" PRIu64
	    ",AVERAGE-BANDWIDTH=%" PRIu64 ",CODECS=\"%s\",RESOLUTION=%ux%u,"
	    "VIDEO-RANGE=%s,URI=\"%s/%s-iframes.m3u8\"\n",
	    video->iframe_peak_bps, video->iframe_average_bps, video->codecs,
	    (unsigned)video->width, (unsigned)video->height, range_of(video),
	    video->name, name);
}

/* A variant of VIDEO, AUDIO or both; one of them may be NULL. */
static void
put_variant(struct buf *b, const struct playlist_rendition *video,
    const struct playlist_rendition *audio, const char *name)
{
	const struct playlist_rendition *r = video != NULL ? video : audio;
	uint64_t peak = r->peak_bps, average = r->average_bps;

	if (video != NULL && audio != NULL) {
		peak += audio->peak_bps;
		average += audio->average_bps;
	}
	buf_printf(b, "#EXT-X-STREAM-INF:BANDWIDTH=%" PRIu64
	    ",AVERAGE-BANDWIDTH=%" PRIu64 ",CODECS=\"%s", peak, average,
	    r->codecs);
	if (video != NULL && audio != NULL)
		buf_printf(b, ",%s", audio->codecs);
	buf_put_str(b, "\"");
	if (video != NULL)
		buf_printf(b, ",RESOLUTION=%ux%u", (unsigned)video->width,
		    (unsigned)video->height);
	if (video != NULL && video->milli_fps != 0)
		buf_printf(b, ",FRAME-RATE=%" PRIu32 ".%03" PRIu32,
		    video->milli_fps / 1000, video->milli_fps % 1000);
	if (audio != NULL)
		buf_printf(b, ",AUDIO=\"%s\"", audio->name);
	if (video != NULL)
		buf_printf(b, ",VIDEO-RANGE=%s", range_of(video));
	buf_printf(b, "\n%s/%s.m3u8\n", r->name, name);
}

/* The next of KIND after PREV (NULL: the first) by height, then by name. */
static const struct playlist_rendition *
next_of(const struct playlist_rendition *r, size_t count,
    enum track_kind kind, const struct playlist_rendition *prev)
{
	const struct playlist_rendition *best = NULL;
	size_t i;

#define BEFORE(x, y)	((x)->height != (y)->height ? \
	(x)->height < (y)->height : strcmp((x)->name, (y)->name) < 0)
	for (i = 0; i < count; i++) {
		if (r[i].kind != kind ||
		    (prev != NULL && !BEFORE(prev, &r[i])))
			continue;
		if (best == NULL || BEFORE(&r[i], best))
			best = &r[i];
	}
#undef BEFORE
	return best;
}

void
playlist_put_main(struct buf *b, const struct playlist_rendition *r,
    size_t count, bool independent, const char *name)
{
	const struct playlist_rendition *a, *v, *first_audio, *first_video;

	first_audio = next_of(r, count, TRACK_AUDIO, NULL);
	first_video = next_of(r, count, TRACK_VIDEO, NULL);
	buf_put_str(b, "#EXTM3U\n" VERSION_TAG);
	if (independent)
		buf_put_str(b, "#EXT-X-INDEPENDENT-SEGMENTS\n");
	for (a = first_audio; a != NULL; a = next_of(r, count, TRACK_AUDIO, a))
		put_audio(b, a, name);

	a = first_audio;
	do {
		for (v = first_video; v != NULL;
		    v = next_of(r, count, TRACK_VIDEO, v))
			put_variant(b, v, a, name);
		if (first_video == NULL && a != NULL)
			put_variant(b, NULL, a, name);
		a = a == NULL ? NULL : next_of(r, count, TRACK_AUDIO, a);
	} while (a != NULL);
	for (v = first_video; v != NULL;
	    v = next_of(r, count, TRACK_VIDEO, v))
		put_iframes(b, v, name);
}
