/*
 * A sine through audio_encode and pcm_decode: what comes out must be the sine,
 * at its place, wherever decoding begins.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "media/audio_encode.h"
#include "media/avlog.h"
#include "media/decode.h"
#include "media/pcm.h"
#include "tap.h"

#define PI	3.14159265358979323846

static struct err err = ERR_INIT;

static double
sine(double seconds)
{
	return 0.5 * sin(2 * PI * 997 * seconds);
}

/* Frames [FIRST, FIRST + COUNT) of a sine, as a track and its samples. */
struct clip {
	struct audio_frames	 frames;
	struct track		 track;
	struct decode_sample	*samples;
};

static int
make(struct clip *c, const struct audio_conf *conf, int64_t first,
    size_t count)
{
	uint32_t frame = audio_grid(conf->codec)->frame;
	int64_t from, to, at;
	const uint8_t *p;
	float *pcm;
	size_t i;
	int rc;

	audio_span(conf->codec, first, count, &from, &to);
	pcm = calloc((size_t)(to - from) * conf->channels, sizeof(*pcm));
	for (at = from; at < to; at++)
		for (i = 0; i < conf->channels; i++)
			pcm[(size_t)(at - from) * conf->channels + i] =
			    (float)sine((double)at / conf->rate);
	rc = audio_encode(conf, pcm, first, count, &c->frames, &err);
	free(pcm);
	c->track = (struct track){ .id = 1, .kind = TRACK_AUDIO,
	    .codec = conf->codec, .timescale = conf->rate,
	    .sample_rate = conf->rate, .channels = conf->channels,
	    .config = c->frames.config.p,
	    .config_bytes = c->frames.config.n };
	c->samples = calloc(count + 1, sizeof(*c->samples));
	p = c->frames.data.p;
	for (i = 0; i < c->frames.count; p += c->frames.bytes[i++])
		c->samples[i] = (struct decode_sample){ p,
		    c->frames.bytes[i], (first + (int64_t)i) * frame };
	return rc;
}

static void
drop(struct clip *c)
{
	audio_release(&c->frames);
	free(c->samples);
}

/* The largest difference to the sine in [FROM, TO) of the grid at RATE. */
static double
worst(const struct clip *c, size_t skip, uint32_t rate, uint16_t channels,
    int64_t from, int64_t to, float *pcm)
{
	struct pcm_job job = { &c->track, c->samples + skip,
	    c->frames.count - skip, rate, channels, from, to };
	struct pcm_stats stats = { 0 };
	double diff, max = 0;
	int64_t i;

	if (pcm_decode(&job, pcm, &stats, &err) == -1)
		return 99;
	for (i = from; i < to; i++) {
		diff = fabs(pcm[(i - from) * channels] -
		    sine((double)i / rate));
		if (diff > max)
			max = diff;
	}
	return stats.damaged == 0 ? max : 98;
}

/* Opus's filters have a memory, which only fades. */
static bool
same(enum codec codec, const float *a, const float *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fabsf(a[i] - b[i]) > (codec == CODEC_OPUS ? 1e-3F : 0))
			return false;
	return true;
}

static void
test_codec(enum codec codec, uint32_t rate, uint32_t other)
{
	struct audio_conf conf = { codec, rate, 1, 128000 };
	static float a[2][96000];
	struct clip c = { .samples = NULL };
	double w;

	ok(make(&c, &conf, 100, 90) == 0, "90 frames are made: %s", err.text);
	ok(c.frames.count == 90, "all of them");
	/* Both decoders below have warmed up. */
	int64_t from = 130 * audio_grid(codec)->frame, to = from + 30000;
	w = worst(&c, 0, rate, 1, from, to, a[0]);
	ok(w < 0.05, "the sound is at its place: %g off at most", w);
	w = worst(&c, 3, rate, 1, from, to, a[1]);
	ok(w < 0.05 && same(codec, a[0], a[1], 30000),
	    "and the same when decoding begins later");
	from = from * other / rate;
	w = worst(&c, 0, other, 1, from, from + 25000, a[0]);
	ok(w < 0.05, "at another rate, too: %g off at most", w);
	w = worst(&c, 1, other, 1, from, from + 25000, a[1]);
	ok(w < 0.05 && same(codec, a[0], a[1], 25000),
	    "with the same phase wherever decoding begins");
	w = worst(&c, 0, rate, 2, from, from + 1000, a[0]);
	ok(a[0][100] == a[0][101] && a[0][998] == a[0][999],
	    "mono is heard on both sides");
	drop(&c);
}

static void
test_damage(void)
{
	struct audio_conf conf = { CODEC_AAC, 48000, 2, 96000 };
	struct pcm_stats stats = { 0 };
	struct clip c = { .samples = NULL };
	static float pcm[2 * 30 * 1024];
	uint8_t junk[64];
	size_t i;

	memset(junk, 0xff, sizeof(junk));
	ok(make(&c, &conf, 0, 30) == 0, "a clip");
	c.samples[10].p = junk;
	c.samples[10].bytes = sizeof(junk);
	struct pcm_job job = { &c.track, c.samples, 30, 48000, 2, 0,
	    30 * 1024 };
	ok(pcm_decode(&job, pcm, &stats, &err) == 0, "is decoded");
	ok(stats.packets == 30 && stats.damaged == 1, "but for one packet");
	for (i = 10 * 2048; i < 11 * 2048 && pcm[i] == 0; i++)
		;
	ok(i == 11 * 2048, "which is silence");
	for (i = 13 * 2048; i < 14 * 2048 && pcm[i] == 0; i++)
		;
	ok(i < 14 * 2048, "and nothing else is");
	drop(&c);
}

static void
test_grid(void)
{
	int64_t from, to;

	ok(audio_rate(CODEC_AAC, 44100) == 44100 &&
	    audio_rate(CODEC_AAC, 22050) == 44100 &&
	    audio_rate(CODEC_AAC, 32000) == 48000 &&
	    audio_rate(CODEC_OPUS, 44100) == 48000, "rates");
	audio_span(CODEC_OPUS, 50, 3, &from, &to);
	ok((to - from) % 960 == 0 && to == 53 * 960 + 312 && from < 48000,
	    "Opus hears 312 samples more");
	audio_span(CODEC_AAC, 50, 3, &from, &to);
	ok(to == 55 * 1024 && from % 1024 == 0, "AAC two frames");
}

int
main(void)
{
	avlog_route();
	test_grid();
	test_codec(CODEC_AAC, 48000, 44100);
	test_codec(CODEC_AAC, 44100, 48000);
	test_codec(CODEC_OPUS, 48000, 44100);
	test_damage();
	return done_testing();
}
