#include "store/playlist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

/* EXT-X-MAP outside I-frame playlists needs 6; 7 is what players expect. */
#define VERSION_TAG	"#EXT-X-VERSION:7\n"

void
playlist_release(struct playlist *p)
{
	free(p->entries);
	p->entries = NULL;
	p->count = 0;
}

uint32_t
playlist_rounded_s(int64_t duration_us)
{
	return (uint32_t)((duration_us + 500000) / 1000000);
}

static void
put_entry(struct buf *b, const struct playlist_entry *e)
{
	char date[CLOCK_RFC3339_BYTES];
	uint32_t i;

	for (i = 0; i < e->breaks; i++)
		buf_put_str(b, "#EXT-X-DISCONTINUITY\n");
	if (e->map[0] != '\0')
		buf_printf(b, "#EXT-X-MAP:URI=\"%s\"\n", e->map);
	if (e->date_us != 0) {
		clock_rfc3339(e->date_us, date);
		buf_printf(b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", date);
	}
	if (e->gap)
		buf_put_str(b, "#EXT-X-GAP\n");
	buf_printf(b, "#EXTINF:%" PRId64 ".%06" PRId64 ",\n%s\n",
	    e->duration_us / 1000000, e->duration_us % 1000000, e->uri);
}

void
playlist_put_media(struct buf *b, const struct playlist *p)
{
	size_t i;

	buf_put_str(b, "#EXTM3U\n" VERSION_TAG);
	buf_printf(b, "#EXT-X-TARGETDURATION:%" PRIu32 "\n", p->target_s);
	buf_printf(b, "#EXT-X-MEDIA-SEQUENCE:%" PRIu32 "\n",
	    p->media_sequence);
	switch (p->kind) {
	case PLAYLIST_LIVE:
		buf_printf(b, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu32 "\n",
		    p->discontinuity_sequence);
		break;
	case PLAYLIST_VOD:
		buf_put_str(b, "#EXT-X-PLAYLIST-TYPE:VOD\n");
		break;
	}
	if (p->independent)
		buf_put_str(b, "#EXT-X-INDEPENDENT-SEGMENTS\n");
	for (i = 0; i < p->count; i++)
		put_entry(b, &p->entries[i]);
	if (p->kind == PLAYLIST_VOD)
		buf_put_str(b, "#EXT-X-ENDLIST\n");
}

static void
put_audio(struct buf *b, const struct playlist_rendition *r,
    const char *media)
{
	/* One member a group: all groups then have the same members. */
	buf_printf(b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\","
	    "NAME=\"audio\",LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES",
	    r->name);
	if (r->channels != 0)
		buf_printf(b, ",CHANNELS=\"%u\"", (unsigned)r->channels);
	buf_printf(b, ",URI=\"%s/%s\"\n", r->name, media);
}

/* A variant of VIDEO, AUDIO or both; one of them may be NULL. */
static void
put_variant(struct buf *b, const struct playlist_rendition *video,
    const struct playlist_rendition *audio, const char *media)
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
	buf_printf(b, "\n%s/%s\n", r->name, media);
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
    size_t count, bool independent, const char *media)
{
	const struct playlist_rendition *a, *v, *first_audio, *first_video;

	first_audio = next_of(r, count, TRACK_AUDIO, NULL);
	first_video = next_of(r, count, TRACK_VIDEO, NULL);
	buf_put_str(b, "#EXTM3U\n" VERSION_TAG);
	if (independent)
		buf_put_str(b, "#EXT-X-INDEPENDENT-SEGMENTS\n");
	for (a = first_audio; a != NULL; a = next_of(r, count, TRACK_AUDIO, a))
		put_audio(b, a, media);

	a = first_audio;
	do {
		for (v = first_video; v != NULL;
		    v = next_of(r, count, TRACK_VIDEO, v))
			put_variant(b, v, a, media);
		if (first_video == NULL && a != NULL)
			put_variant(b, NULL, a, media);
		a = a == NULL ? NULL : next_of(r, count, TRACK_AUDIO, a);
	} while (a != NULL);
}
