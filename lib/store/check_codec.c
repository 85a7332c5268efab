/* Does a variant describe what its init segments and segments are? */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "media/codec.h"
#include "store/check_impl.h"

/* FRAME-RATE has three decimals; windows cut through frames. */
#define RATE_SLACK	0.03

/* The next of the list CODECS, at *AT; false at its end. */
static bool
next_codec(struct m3u8_str codecs, size_t *at, char out[CODEC_STRING_BYTES])
{
	size_t n = 0;

	while (*at < codecs.n && (codecs.p[*at] == ',' ||
	    codecs.p[*at] == ' '))
		++*at;
	if (*at >= codecs.n)
		return false;
	for (; *at < codecs.n && codecs.p[*at] != ','; ++*at)
		if (n + 1 < CODEC_STRING_BYTES)
			out[n++] = codecs.p[*at];
	out[n] = '\0';
	return true;
}

/* RFC 6381, and what else is said for the same thing. */
static bool
means(const char *said, const char *is, const struct track *t)
{
	size_t n = strlen(is);

	if (strncasecmp(said, is, n) == 0 && said[n] == '\0')
		return true;
	switch (t->codec) {
	case CODEC_AV1:		/* the optional rest */
	case CODEC_VP9:
		return strncasecmp(said, is, n) == 0 && said[n] == '.';
	case CODEC_AAC:		/* with SBR or PS announced behind it */
		return t->config_bytes > 2 &&
		    strcmp(is, "mp4a.40.2") == 0 &&
		    (strcmp(said, "mp4a.40.5") == 0 ||
		    strcmp(said, "mp4a.40.29") == 0);
	case CODEC_MP3:
		return strcasecmp(said, "mp4a.40.34") == 0 ||
		    strcasecmp(said, "mp4a.6b") == 0 ||
		    strcasecmp(said, "mp4a.69") == 0;
	case CODEC_FLAC:
		return strcasecmp(said, "flac") == 0;
	default:
		return false;
	}
}

/* The tracks of the newest init segment of L are among the CODECS of V. */
static void
codecs_name(struct check *c, const struct m3u8_variant *v,
    const struct check_list *l)
{
	const struct mp4 *m = &l->walk.moov;
	char is[CODEC_STRING_BYTES], entry[CODEC_STRING_BYTES];
	struct err err = ERR_INIT;
	size_t i, at;
	bool found;

	for (i = 0; v->codecs.n > 0 && i < m->ntracks; i++) {
		if (m->tracks[i].codec == CODEC_NONE) {
			check_note(c, l, "the codec of a track is not known");
			continue;
		}
		if (v->iframes && m->tracks[i].kind != TRACK_VIDEO)
			continue;
		if (codec_string(&m->tracks[i], is, &err) == -1) {
			check_say(c, l, 1, "RFC 6381", "'%s': %s",
			    l->walk.map_uri, err.text);
			continue;
		}
		found = false;
		for (at = 0; !found && next_codec(v->codecs, &at, entry); )
			found = means(entry, is, &m->tracks[i]);
		if (!found)
			check_say(c, &c->main, v->tag_line, "RFC 6381",
			    "'%s' is %s, CODECS is \"%.*s\"", l->url, is,
			    M3U8_ARG(v->codecs));
	}
}

static void
size_and_rate(struct check *c, const struct m3u8_variant *v,
    const struct check_list *l)
{
	const struct check_walk *w = &l->walk;
	uint64_t frames = 0;
	int64_t us = 0;
	double fps;
	size_t i;

	for (i = 0; i < w->moov.ntracks; i++) {
		const struct track *t = &w->moov.tracks[i];

		if (t->kind == TRACK_VIDEO && v->width != 0 &&
		    t->sar_num == t->sar_den &&
		    (t->width != v->width || t->height != v->height))
			check_say(c, &c->main, v->tag_line, "HLS 4.4.6.2",
			    "'%s' is %ux%u, RESOLUTION is %" PRIu64
			    "x%" PRIu64, l->url, (unsigned)t->width,
			    (unsigned)t->height, v->width, v->height);
	}
	for (i = 0; i < w->nfacts; i++)
		if (w->facts[i].frames > 0) {
			frames += w->facts[i].frames;
			us += w->facts[i].duration_us;
		}
	fps = us == 0 ? 0 : (double)frames * 1e6 / (double)us;
	if (v->micro_fps != 0 && us > 2000000 &&
	    fps > (double)v->micro_fps / 1e6 * (1 + RATE_SLACK))
		check_say(c, &c->main, v->tag_line, "HLS 4.4.6.2",
		    "'%s' has %.3f frames a second, FRAME-RATE is %.3f",
		    l->url, fps, (double)v->micro_fps / 1e6);
}

struct rate {
	double	peak_bps, average_bps;
	int64_t	us;
};

/*
 * Section 4.4.6.2: the peak is that of any run of segments between half and
 * one and a half target durations long; half a second is left for rounding.
 */
static struct rate
measure(const struct check_list *l)
{
	const struct check_walk *w = &l->walk;
	int64_t min_us = (int64_t)l->p.target_s * 500000, us;
	int64_t max_us = (int64_t)l->p.target_s * 1500000 + 500000;
	struct rate r = { 0, 0, 0 };
	double bytes, all = 0;
	size_t i, k;

	for (i = 0; i < w->nfacts; i++) {
		us = 0;
		bytes = 0;
		for (k = i; k < w->nfacts && !w->facts[k].gap; k++) {
			us += w->facts[k].duration_us;
			bytes += (double)w->facts[k].bytes;
			if (us > max_us || w->facts[k].duration_us <= 0)
				break;
			if (us >= min_us && bytes * 8e6 / (double)us >
			    r.peak_bps)
				r.peak_bps = bytes * 8e6 / (double)us;
		}
		if (!w->facts[i].gap) {
			all += (double)w->facts[i].bytes;
			r.us += w->facts[i].duration_us;
		}
	}
	r.average_bps = r.us == 0 ? 0 : all * 8e6 / (double)r.us;
	return r;
}

/* VOD is measured once and for all; live lists announce. */
static void
bandwidth(struct check *c, const struct m3u8_variant *v,
    const struct check_list *l, struct rate audio)
{
	struct rate r = measure(l);
	double peak = r.peak_bps + audio.peak_bps;
	double average = r.average_bps + audio.average_bps;
	bool whole = l->p.ended && l->p.type == M3U8_VOD;
	double allowed = whole ? 1.10 : 1.25;

	if (r.us == 0 || v->iframes)
		return;
	if (v->peak_bps != 0 && peak > (double)v->peak_bps * allowed)
		check_say(c, &c->main, v->tag_line,
		    whole ? "Apple 1.27" : "Apple 1.29",
		    "'%s': the peak is %.0f bit/s, BANDWIDTH %" PRIu64,
		    l->url, peak, v->peak_bps);
	if (v->average_bps == 0)
		return;
	if (whole && (average > (double)v->average_bps * 1.10 ||
	    average < (double)v->average_bps * 0.90))
		check_say(c, &c->main, v->tag_line, "Apple 1.26",
		    "'%s': the average is %.0f bit/s, AVERAGE-BANDWIDTH "
		    "%" PRIu64, l->url, average, v->average_bps);
	else if (!whole && r.us >= INT64_C(3600000000) &&
	    average > (double)v->average_bps * 1.10)
		check_say(c, &c->main, v->tag_line, "Apple 1.28",
		    "'%s': the average of an hour is %.0f bit/s, "
		    "AVERAGE-BANDWIDTH %" PRIu64, l->url, average,
		    v->average_bps);
}

/* The heaviest of the audio group that V goes with, described in passing. */
static struct rate
audio_of(struct check *c, const struct m3u8_variant *v)
{
	const struct m3u8_rendition *r;
	const struct check_list *l;
	struct rate most = { 0, 0, 0 }, rate;
	size_t i;

	for (i = 0; v->audio.n > 0 && i < c->main.p.nrenditions; i++) {
		r = &c->main.p.renditions[i];
		if (!m3u8_is(r->type, "AUDIO") ||
		    !m3u8_same(r->group, v->audio))
			continue;
		l = check_find(c, &c->main, r->at.uri);
		if (l == NULL || !l->loaded)
			continue;
		codecs_name(c, v, l);
		rate = measure(l);
		/* The variant's own playlist, when it is audio alone. */
		if (check_find(c, &c->main, v->at.uri) != l &&
		    rate.peak_bps > most.peak_bps)
			most = rate;
	}
	return most;
}

void
check_described(struct check *c)
{
	const struct m3u8_variant *v;
	const struct check_list *l;
	struct rate audio;
	size_t i;

	for (i = 0; c->main.loaded && i < c->main.p.nvariants; i++) {
		v = &c->main.p.variants[i];
		l = check_find(c, &c->main, v->at.uri);
		audio = audio_of(c, v);
		if (l == NULL || !l->loaded)
			continue;
		codecs_name(c, v, l);
		size_and_rate(c, v, l);
		bandwidth(c, v, l, audio);
	}
}
