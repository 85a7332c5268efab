/*
 * Encoders of one epoch share an init segment, whatever quality each of them
 * is driven to; and an interval by itself keeps to its cap.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>

#include "base/err.h"
#include "media/avlog.h"
#include "media/decode.h"
#include "media/encode.h"
#include "tap.h"

static struct err err = ERR_INIT;

static bool noisy;

static AVFrame *
picture(int i)
{
	AVFrame *f = av_frame_alloc();
	int x, y;

	f->width = 128;
	f->height = 96;
	f->format = AV_PIX_FMT_YUV420P;
	assert(av_frame_get_buffer(f, 0) == 0);
	for (y = 0; y < f->height; y++)
		for (x = 0; x < f->width; x++)
			f->data[0][y * f->linesize[0] + x] =
			    (uint8_t)(noisy ? rand() :
			    x * y / 7 + i * (x & 15));
	memset(f->data[1], 128, (size_t)(f->linesize[1] * f->height / 2));
	memset(f->data[2], 128, (size_t)(f->linesize[2] * f->height / 2));
	f->pts = i * 3000;
	return f;
}

/* COUNT pictures; what the encoder made.  Free it. */
static struct encoder *
encode(const struct encode_conf *conf, int count, struct encode_result *r)
{
	struct encoder *e = NULL;
	int i;

	for (i = 0; i < count; i++) {
		AVFrame *f = picture(i);
		struct picture p = { f, 30, 1 };

		if (e == NULL)
			e = encoder_new(conf, &p, &err);
		assert(e != NULL && encoder_put(e, f, &err) == 0);
		av_frame_free(&f);
	}
	assert(encoder_finish(e, r, &err) == 0);
	return e;
}

static void
test_config(enum codec codec, const char *preset)
{
	struct encode_conf fine = { .codec = codec, .preset = preset,
	    .quality = 15, .cap_bps = 1000000, .width = 128, .height = 96, .depth = 8,
	    .timescale = 90000, .interval = 90000 };
	struct encode_conf coarse = fine;
	struct encode_result a, b;
	struct encoder *x, *y;

	coarse.quality = 45;
	x = encode(&fine, 30, &a);
	y = encode(&coarse, 8, &b);
	ok(a.config->n == b.config->n &&
	    memcmp(a.config->p, b.config->p, a.config->n) == 0,
	    "%s: one configuration for any quality and length",
	    codec_name(codec));
	ok(a.delay == b.delay, "and one delay");
	encoder_free(x);
	encoder_free(y);
}

/*
 * Noise, which takes all the bits there are: COUNT pictures of it by CONF, to
 * which the rest is added.  Bits a second.
 */
static double
noise_bps(struct encode_conf conf, int count)
{
	struct encode_result r;
	struct encoder *e;
	double bps;

	conf.preset = "veryfast";
	conf.cap_bps = 400000;
	conf.width = 128;
	conf.height = 96;
	conf.depth = 8;
	conf.timescale = 90000;
	conf.interval = 3000 * count;
	noisy = true;
	srand(1);
	e = encode(&conf, count, &r);
	bps = (double)r.data->n * 8 * 30 / count;
	encoder_free(e);
	noisy = false;
	return bps;
}

static void
test_cap(enum codec codec, int count)
{
	struct encode_conf conf = { .codec = codec, .quality = 15 };
	double share = noise_bps(conf, count) / 400000;

	ok(share > 0.5 && share < 1.1, "%s: %d pictures take %.2f of the cap",
	    codec_name(codec), count, share);
}

/*
 * A rate is asked for: of pictures that would take more it comes out, or what
 * is between it and the cap; LEAST to MOST of it.  (Whoever has to keep to the
 * cap asks again: render.h.)
 */
static void
test_rate(enum codec codec, uint64_t bitrate_bps, int count, double least,
    double most)
{
	struct encode_conf conf = { .codec = codec,
	    .bitrate_bps = bitrate_bps };
	double share = noise_bps(conf, count) / (double)bitrate_bps;

	ok(share > least && share < most,
	    "%s: %d pictures take %.2f of %.0f kbit/s",
	    codec_name(codec), count, share, (double)bitrate_bps / 1000);
}

int
main(void)
{
	avlog_route();
	test_cap(CODEC_H264, 30);
	test_cap(CODEC_H264, 10);
	test_cap(CODEC_HEVC, 30);
	test_cap(CODEC_HEVC, 10);
	test_rate(CODEC_H264, 400000, 30, 0.9, 1.2);
	test_rate(CODEC_H264, 250000, 30, 0.9, 1.2);
	test_rate(CODEC_H264, 400000, 10, 0.6, 1.0);
	test_rate(CODEC_HEVC, 400000, 30, 0.9, 1.2);
	test_rate(CODEC_HEVC, 250000, 30, 0.9, 1.6);
	test_rate(CODEC_HEVC, 400000, 10, 0.6, 1.0);
	test_config(CODEC_H264, "veryfast");
	test_config(CODEC_H264, "medium");
	test_config(CODEC_HEVC, "veryfast");
	test_config(CODEC_AV1, "10");
	test_config(CODEC_VP9, "7");
	return done_testing();
}
