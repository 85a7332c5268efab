/*
 * stream - a long synthetic stream, faster than it plays.
 *
 *	stream gen OPTION...	write FLV to standard output
 *	stream check OPTION...	read the fragments of it: each frame once, in
 *				its place to the millisecond; intervals and
 *				decode times without a hole
 *
 *	-t SECONDS	how long (60)
 *	-r N[/D]	pictures a second (30); 0: at any time
 *	-g PICTURES	from keyframe to keyframe (30); 0: only the first
 *	-b PICTURES	B-frames between two others (0)
 *	-a HZ		sample rate of audio (48000)
 *	-o MS		where time begins (0)
 *	-p FROM-TO	no pictures in these seconds
 *
 * A frame is its number: no decoder will see it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/flv_write.h"
#include "media/fragment.h"
#include "media/mp4.h"

#define FRAME_AUDIO	1024
#define IN_BYTES	(1 << 20)

struct conf {
	int64_t	seconds, num, den, gop, bframes, rate, begin_ms;
	int64_t	pause_from, pause_to;
};

struct picture {
	int64_t	dts_us, pts_us;
	bool	key;
	bool	left_out;
};

static void
fail(const char *what, uint64_t at)
{
	fprintf(stderr, "stream: %s (%" PRIu64 ")\n", what, at);
	exit(1);
}

/* Any time between 10 and 70 ms after the one before, the same each run. */
static int64_t
any_time(uint64_t i)
{
	static int64_t us;
	static uint64_t next, state = 1;

	for (; next <= i; next++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		us += next == 0 ? 0 : 10000 + (int64_t)(state >> 33) % 60000;
	}
	return us;
}

static int64_t
slot_us(const struct conf *c, int64_t slot)
{
	return c->num == 0 ? any_time((uint64_t)slot) :
	    (slot * 1000000 * c->den + c->num / 2) / c->num;
}

/* Picture I in the order of decoding. */
static struct picture
picture(const struct conf *c, int64_t i)
{
	const int64_t at = c->gop == 0 ? i : i % c->gop;
	const int64_t group = c->bframes + 1;
	const int64_t length = c->gop == 0 ? INT64_MAX : c->gop;
	struct picture p = { .key = at == 0 };
	int64_t shown = i, first;

	if (c->bframes > 0 && at > 0) {
		first = (at - 1) / group * group + 1;
		if (first + group <= length)	/* P in front of its Bs */
			shown = i - at + (at == first ? first + group - 1 :
			    at - 1);
	}
	p.dts_us = slot_us(c, i);
	p.pts_us = c->bframes > 0 ? slot_us(c, shown + 1) : p.dts_us;
	p.left_out = p.dts_us >= c->pause_from * 1000000 &&
	    p.dts_us < c->pause_to * 1000000;
	return p;
}

static int64_t
to_ms(int64_t us)
{
	return (us + 500) / 1000;
}

static void
put_number(uint8_t *to, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> (56 - 8 * i));
}

static void
put_tag(uint8_t type, int64_t ms, const void *body, uint32_t n)
{
	uint8_t head[FLV_WRITE_TAG_BYTES], end[FLV_WRITE_END_BYTES];

	flv_write_tag(head, type, (uint32_t)ms, n);
	flv_write_end(end, n);
	fwrite(head, 1, sizeof(head), stdout);
	fwrite(body, 1, n, stdout);
	fwrite(end, 1, sizeof(end), stdout);
}

static void
put_configs(const struct conf *c)
{
	static const uint8_t avc[] = { 0x17, 0, 0, 0, 0, 1, 0x42, 0x00, 0x1e,
	    0xff, 0xe1, 0, 8, 0x67, 0x42, 0x00, 0x1e, 0xdc, 0x28, 0x44, 0x40,
	    1, 0, 2, 0x68, 0xce };
	const uint8_t index = c->rate == 44100 ? 4 : 3;
	const uint8_t aac[] = { 0xaf, 0, (uint8_t)(2 << 3 | index >> 1),
	    (uint8_t)(index << 7 | 2 << 3) };

	put_tag(9, 0, avc, sizeof(avc));
	put_tag(8, 0, aac, sizeof(aac));
}

static int64_t
audio_us(const struct conf *c, int64_t i)
{
	return (i * FRAME_AUDIO * 1000000 + c->rate / 2) / c->rate;
}

static void
put_picture(const struct conf *c, int64_t i, const struct picture *p)
{
	uint8_t body[5 + 4 + 9] = { p->key ? 0x17 : 0x27, 1 };
	int64_t cts = to_ms(p->pts_us) - to_ms(p->dts_us);

	body[2] = (uint8_t)(cts >> 16);
	body[3] = (uint8_t)(cts >> 8);
	body[4] = (uint8_t)cts;
	body[8] = 9;
	body[9] = p->key ? 0x65 : 0x41;
	put_number(body + 10, (uint64_t)i);
	put_tag(9, c->begin_ms + to_ms(p->dts_us), body, sizeof(body));
}

static int
gen(const struct conf *c)
{
	uint8_t file[FLV_WRITE_FILE_BYTES], body[10] = { 0xaf, 1 };
	const int64_t end = c->seconds * 1000000;
	int64_t v = 0, a = 0;
	struct picture p;

	flv_write_file(file);
	fwrite(file, 1, sizeof(file), stdout);
	put_configs(c);
	for (;;) {
		p = picture(c, v);
		if (p.dts_us <= audio_us(c, a)) {
			if (p.dts_us >= end)
				break;
			if (!p.left_out)
				put_picture(c, v, &p);
			v++;
		} else {
			put_number(body + 2, (uint64_t)a);
			put_tag(8, c->begin_ms + to_ms(audio_us(c, a)), body,
			    sizeof(body));
			a++;
		}
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

struct check {
	const struct conf *c;
	uint64_t fragments, without_picture;
	int64_t	next[2];	/* frame of a kind */
	int64_t	next_dts[2];
	int64_t	end;
	int64_t	worst_us[2];
};

static int64_t
number_of(const struct mp4_sample *s)
{
	uint64_t v = 0;

	for (uint32_t i = s->bytes - 8; i < s->bytes; i++)
		v = v << 8 | s->p[i];
	return (int64_t)v;
}

static void
check_sample(struct check *k, const struct track *t,
    const struct mp4_sample *s, int64_t dts)
{
	const int kind = (int)t->kind;
	struct picture p = { 0 };
	int64_t us, off;

	if (kind == TRACK_VIDEO)
		while ((p = picture(k->c, k->next[kind])).left_out)
			k->next[kind]++;
	if (s->bytes < 8 || number_of(s) != k->next[kind])
		fail(kind == TRACK_VIDEO ? "picture missing or twice" :
		    "sound missing or twice", (uint64_t)k->next[kind]);
	us = kind == TRACK_VIDEO ? p.pts_us : audio_us(k->c, k->next[kind]);
	if (kind == TRACK_VIDEO && s->sync != p.key)
		fail("keyframe or not", (uint64_t)k->next[kind]);
	us += k->c->begin_ms * 1000;
	off = fragment_us(dts + s->cts, t->timescale) - us;
	off = off < 0 ? -off : off;
	if (off > k->worst_us[kind])
		k->worst_us[kind] = off;
	k->next[kind]++;
}

static void
check_run(struct check *k, const struct mp4 *m, const struct mp4_run *run)
{
	const struct track *t = mp4_track(m, run->track_id);
	int64_t dts = (int64_t)run->dts;

	if (k->next_dts[t->kind] != dts && k->next_dts[t->kind] != 0 &&
	    (t->kind == TRACK_AUDIO || k->c->pause_to == 0))
		fail("a hole in decode time", k->fragments);
	for (size_t i = 0; i < run->count; i++) {
		check_sample(k, t, &run->samples[i], dts);
		dts += run->samples[i].duration;
	}
	k->next_dts[t->kind] = dts;
}

static void
check_fragment(struct check *k, const uint8_t *p, size_t n)
{
	struct fragment_info info;
	struct err err = ERR_INIT;
	struct mp4 m;
	int64_t length;

	if (fragment_get_info(p, n, &info, &err) == -1 ||
	    mp4_parse(&m, p, n, &err) == -1)
		fail(err.text, k->fragments);
	if (((info.flags & FRAGMENT_EPOCH_START) != 0) != (k->fragments == 0))
		fail("an epoch begins here, or does not", k->fragments);
	if (k->fragments > 0 && info.start != k->end)
		fail("a hole between intervals", k->fragments);
	length = fragment_us(info.end - info.start, info.timescale);
	if ((length < 740000 || length > 1260000) &&
	    (info.flags & FRAGMENT_LAST) == 0)
		fail("a fragment that is not about a second", k->fragments);
	if (mp4_run(&m, 1) == NULL)
		k->without_picture++;
	for (size_t i = 0; i < m.nruns; i++)
		check_run(k, &m, &m.runs[i]);
	k->end = info.end;
	k->fragments++;
	mp4_release(&m);
}

static int
check(const struct conf *c)
{
	struct check k = { .c = c };
	struct err err = ERR_INIT;
	struct buf in;
	size_t bytes, at, got = 1;
	uint8_t *to;
	int rc;

	buf_init(&in, LIMIT_FRAGMENT_BYTES);
	while (got > 0) {
		if ((to = buf_room(&in, IN_BYTES)) == NULL)
			fail("no room", in.n);
		got = fread(to, 1, IN_BYTES, stdin);
		in.n += got;
		for (at = 0; (rc = fragment_length(in.p + at, in.n - at,
		    &bytes, &err)) == 1; at += bytes)
			check_fragment(&k, in.p + at, bytes);
		if (rc == -1)
			fail(err.text, k.fragments);
		buf_drop(&in, at);
	}
	if (in.n > 0)
		fail("bytes behind the last fragment", in.n);
	buf_release(&in);
	while (picture(c, k.next[TRACK_VIDEO]).left_out)
		k.next[TRACK_VIDEO]++;
	if (picture(c, k.next[TRACK_VIDEO]).dts_us < c->seconds * 1000000)
		fail("pictures missing at the end",
		    (uint64_t)k.next[TRACK_VIDEO]);
	if (audio_us(c, k.next[TRACK_AUDIO]) < c->seconds * 1000000 - 100000)
		fail("sound missing at the end",
		    (uint64_t)k.next[TRACK_AUDIO]);
	printf("%" PRIu64 " fragments, %" PRIu64 " without a picture; off by "
	    "%" PRId64 " and %" PRId64 " us\n", k.fragments,
	    k.without_picture, k.worst_us[0], k.worst_us[1]);
	if (k.worst_us[0] >= 1000 || k.worst_us[1] >= 1000)
		fail("a frame is off by a millisecond or more", 0);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct conf c = { .seconds = 60, .num = 30, .den = 1, .gop = 30,
	    .rate = 48000 };
	char *rest;
	int o;

	if (argc < 2)
		return 64;
	for (optind = 2; (o = getopt(argc, argv, "t:r:g:b:a:o:p:")) != -1;) {
		const int64_t v = strtoll(optarg, &rest, 10);

		switch (o) {
		case 't':
			c.seconds = v;
			break;
		case 'r':
			c.num = v;
			c.den = *rest == '/' ? strtoll(rest + 1, NULL, 10) : 1;
			break;
		case 'g':
			c.gop = v;
			break;
		case 'b':
			c.bframes = v;
			break;
		case 'a':
			c.rate = v;
			break;
		case 'o':
			c.begin_ms = v;
			break;
		case 'p':
			c.pause_from = v;
			c.pause_to = strtoll(rest + 1, NULL, 10);
			break;
		default:
			return 64;
		}
	}
	return strcmp(argv[1], "gen") == 0 ? gen(&c) : check(&c);
}
