#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "media/mp4.h"
#include "tap.h"

static const uint8_t avcc[] = { 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 1, 0x67, 0 };
static const uint8_t asc[] = { 0x12, 0x10 };

static const struct track tracks[2] = {
	{ .id = 1, .kind = TRACK_VIDEO, .codec = CODEC_H264,
	  .timescale = 90000, .width = 1280, .height = 720, .sar_num = 4,
	  .sar_den = 3, .colour = { 9, 16, 9, true }, .config = avcc, .config_bytes = sizeof(avcc) },
	{ .id = 2, .kind = TRACK_AUDIO, .codec = CODEC_AAC,
	  .timescale = 96000, .sample_rate = 96000, .channels = 2,
	  .config = asc, .config_bytes = sizeof(asc) },
};

static const struct mp4_sample video[3] = {
	{ (const uint8_t *)"abc", 3, 3000, 6000, true },
	{ (const uint8_t *)"de", 2, 3060, -3000, false },
	{ (const uint8_t *)"f", 1, 2970, 0, false },
};
static const struct mp4_sample audio[2] = {
	{ (const uint8_t *)"xy", 2, 1024, 0, true },
	{ (const uint8_t *)"zz", 2, 1024, 0, true },
};
static const struct mp4_run runs[2] = {
	{ 1, UINT64_C(0x123456789), video, 3 }, { 2, 9, audio, 2 },
};

static struct err err = ERR_INIT;

static bool
same_samples(const struct mp4_run *got, const struct mp4_run *want)
{
	const struct mp4_sample *a = got->samples, *b = want->samples;

	if (got->track_id != want->track_id || got->dts != want->dts ||
	    got->count != want->count)
		return false;
	for (size_t i = 0; i < want->count; i++)
		if (a[i].bytes != b[i].bytes || a[i].cts != b[i].cts ||
		    a[i].duration != b[i].duration ||
		    a[i].sync != b[i].sync ||
		    memcmp(a[i].p, b[i].p, b[i].bytes) != 0)
			return false;
	return true;
}

static bool
same_track(const struct track *a, const struct track *b)
{
	return a->id == b->id && a->kind == b->kind && a->codec == b->codec &&
	    a->timescale == b->timescale && a->width == b->width &&
	    a->height == b->height && a->sar_num == b->sar_num &&
	    a->sar_den == b->sar_den &&
	    a->colour.primaries == b->colour.primaries &&
	    a->colour.transfer == b->colour.transfer &&
	    a->colour.matrix == b->colour.matrix &&
	    a->colour.full_range == b->colour.full_range && a->sample_rate == b->sample_rate &&
	    a->channels == b->channels &&
	    a->config_bytes == b->config_bytes &&
	    memcmp(a->config, b->config, b->config_bytes) == 0;
}

static void
put_file(struct buf *b)
{
	buf_init(b, 1 << 20);
	mp4_put_ftyp_movie(b);
	mp4_put_moov(b, tracks, 2);
	mp4_put_prft(b, 1, 1700000000123456, runs[0].dts);
	mp4_put_fragment(b, 7, runs, 2);
}

static void
test_round_trip(void)
{
	struct buf b, head;
	struct mp4 m;

	put_file(&b);
	ok(mp4_parse(&m, b.p, b.n, &err) == 0, "a fragment: %s", err.text);
	ok(m.ntracks == 2 && same_track(&m.tracks[0], &tracks[0]) &&
	    same_track(&m.tracks[1], &tracks[1]), "its tracks come back");
	ok(m.nruns == 2 && same_samples(&m.runs[0], &runs[0]) &&
	    same_samples(&m.runs[1], &runs[1]), "its samples come back");
	ok(llabs((long long)m.wall_us - 1700000000123456) <= 1,
	    "its wall clock comes back");
	ok(mp4_track(&m, 2) == &m.tracks[1] && mp4_track(&m, 3) == NULL &&
	    mp4_run(&m, 1) == &m.runs[0] && mp4_run(&m, 3) == NULL,
	    "tracks and runs by ID");
	mp4_release(&m);

	buf_init(&head, 1 << 20);
	mp4_put_ftyp_movie(&head);
	mp4_put_moov(&head, tracks, 2);
	mp4_put_prft(&head, 1, 1700000000123456, runs[0].dts);
	mp4_put_moof(&head, 7, runs, 2);
	ok(head.n < b.n && memcmp(head.p, b.p, head.n) == 0 &&
	    memcmp(b.p + head.n, "abcdefxyzz", 10) == 0,
	    "mp4_put_moof: the same, without the samples");
	buf_release(&head);
	buf_release(&b);
}

/* How many boxes TYPE are between P and P + N, in boxes that hold others. */
static unsigned
count_boxes(const uint8_t *p, size_t n, const char *type)
{
	static const char *const holders[] = { "moov", "trak", "mdia", "minf",
	    "stbl", "mvex", "moof", "traf" };
	unsigned count = 0;
	uint64_t bytes;
	uint32_t number;

	for (; n > 0; p += bytes, n -= (size_t)bytes) {
		if (mp4_box(p, n, &bytes, &number, &err) != 1 || bytes > n)
			return 1000;		/* no sound file */
		count += memcmp(p + 4, type, 4) == 0;
		for (size_t i = 0; i < sizeof(holders) / sizeof(*holders); i++)
			if (memcmp(p + 4, holders[i], 4) == 0)
				count += count_boxes(p + 8,
				    (size_t)bytes - 8, type);
	}
	return count;
}

/* What stands BYTES behind the type of the first box TYPE in B. */
static uint32_t
field(const struct buf *b, const char *type, size_t bytes)
{
	const uint8_t *p = memmem(b->p, b->n, type, 4);

	if (p == NULL || (size_t)(b->p + b->n - p) < bytes + 8)
		return UINT32_MAX;
	p += 4 + bytes;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* ISO/IEC 23000-19: what a segment, and what an init segment is made of. */
static void
test_cmaf(void)
{
	struct track hevc = tracks[0];
	struct buf b;

	hevc.codec = CODEC_HEVC;
	buf_init(&b, 1 << 20);
	mp4_put_styp(&b);
	mp4_put_fragment(&b, 1, runs, 1);
	ok(memcmp(b.p + 4, "styp", 4) == 0 &&
	    memmem(b.p, b.n, "lmsg", 4) == NULL &&
	    count_boxes(b.p, b.n, "moof") == 1 &&
	    count_boxes(b.p, b.n, "traf") == 1 &&
	    count_boxes(b.p, b.n, "trun") == 1 &&
	    (field(&b, "tfhd", 0) & 0x020001) == 0x020000,
	    "a segment: styp, one moof, traf and trun, default-base-is-moof");
	ok(count_boxes(b.p, b.n, "tfdt") == 1 &&
	    field(&b, "tfdt", 0) >> 24 == 1 && field(&b, "tfdt", 4) == 1 &&
	    field(&b, "tfdt", 8) == 0x23456789, "tfdt has 64 bits");
	buf_reset(&b);
	mp4_put_ftyp(&b);
	mp4_put_moov(&b, &hevc, 1);
	ok(count_boxes(b.p, b.n, "mvex") == 1 &&
	    count_boxes(b.p, b.n, "trex") == 1 &&
	    memmem(b.p, b.n, "hvc1", 4) != NULL &&
	    field(&b, "mvhd", 16) == 0 && field(&b, "tkhd", 20) == 0 &&
	    field(&b, "stsz", 8) == 0 && field(&b, "stts", 4) == 0,
	    "an init segment of HEVC: hvc1, mvex, no duration, no samples");
	buf_release(&b);
}

static void
test_parts(void)
{
	const struct mp4_run only_audio[2] = { { 1, 0, NULL, 0 }, runs[1] };
	struct buf b;
	struct mp4 m;

	buf_init(&b, 1 << 20);
	mp4_put_ftyp(&b);
	mp4_put_moov(&b, tracks, 1);
	ok(mp4_parse(&m, b.p, b.n, &err) == 0 && m.ntracks == 1 &&
	    m.nruns == 0 && m.wall_us == 0, "an init segment");
	mp4_release(&m);
	buf_reset(&b);
	mp4_put_styp(&b);
	mp4_put_fragment(&b, 1, only_audio, 2);
	ok(mp4_parse(&m, b.p, b.n, &err) == 0 && m.ntracks == 0 &&
	    m.nruns == 1 && same_samples(&m.runs[0], &runs[1]),
	    "a media segment; a run without samples is left out");
	mp4_release(&m);
	ok(mp4_parse(&m, b.p, 0, &err) == -1 && err.cls == ERR_DATA,
	    "an empty file is none");
	mp4_release(&m);
	buf_release(&b);
}

static void
test_box(void)
{
	static const uint8_t small[] = { 0, 0, 0, 8, 'f', 'r', 'e', 'e' };
	static const uint8_t large[] = { 0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0,
	    0, 1, 0, 0, 0, 0 };
	static const uint8_t zero[8] = { 0 };
	uint64_t bytes;
	uint32_t type;

	ok(mp4_box(small, 7, &bytes, &type, &err) == 0, "7 bytes of a box");
	ok(mp4_box(small, 8, &bytes, &type, &err) == 1 && bytes == 8 &&
	    type == MP4_TYPE('f', 'r', 'e', 'e'), "the smallest box");
	ok(mp4_box(large, 15, &bytes, &type, &err) == 0,
	    "15 bytes of a large one");
	ok(mp4_box(large, 16, &bytes, &type, &err) == 1 &&
	    bytes == UINT64_C(1) << 32, "a large one");
	ok(mp4_box(zero, 8, &bytes, &type, &err) == -1 &&
	    err.cls == ERR_DATA, "no size");
}

/* Where TYPE stands the first time: at its size. */
static uint8_t *
find(struct buf *b, const char *type)
{
	uint8_t *p = memmem(b->p, b->n, type, 4);

	return p == NULL ? NULL : p - 4;
}

static void
set_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Refused, with an error that names BOX. */
static void
refused(struct buf *b, const char *box, const char *name)
{
	struct mp4 m;
	int rc;

	err.text[0] = '\0';
	rc = mp4_parse(&m, b->p, b->n, &err);
	ok(rc == -1 && err.cls == ERR_DATA && strstr(err.text, box) != NULL,
	    "%s: %s", name, err.text);
	mp4_release(&m);
	buf_release(b);
}

static void
test_hostile(void)
{
	struct buf b;

	put_file(&b);
	set_u32(find(&b, "trun") + 12, 0xffffffff);
	refused(&b, "'trun'", "4294967295 samples");
	put_file(&b);
	set_u32(find(&b, "trun") + 16, 0x7fffffff);
	refused(&b, "'trun'", "samples behind the file");
	put_file(&b);
	set_u32(find(&b, "trun") + 16, 0x80000000);
	refused(&b, "'trun'", "samples in front of the file");
	put_file(&b);
	set_u32(find(&b, "tfdt") + 12, 0xffffffff);
	refused(&b, "'tfdt'", "a time beyond all bounds");
	put_file(&b);
	set_u32(find(&b, "mdhd") + 20, 0);
	refused(&b, "'mdhd'", "timescale 0");
	put_file(&b);
	set_u32(find(&b, "moof"), 0x7fffffff);
	refused(&b, "'moof'", "a box larger than the file");
	put_file(&b);
	memcpy(find(&b, "tfhd") + 4, "free", 4);
	refused(&b, "'trun'", "no tfhd");
	put_file(&b);
	memcpy(find(&b, "tfdt") + 4, "free", 4);
	refused(&b, "'traf'", "no tfdt");
	put_file(&b);
	mp4_put_fragment(&b, 8, runs, 2);
	refused(&b, "'moof'", "two moof");
	put_file(&b);
	mp4_put_moov(&b, tracks, 2);
	refused(&b, "'moov'", "two moov");
}

static void
test_many(void)
{
	const size_t n = LIMIT_FRAGMENT_SAMPLES + 1;
	struct mp4_sample *many = calloc(n, sizeof(*many));
	struct mp4_run run = { 1, 0, many, n - 1 };
	struct buf b;
	struct mp4 m;

	if (many == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		many[i] = (struct mp4_sample){ (const uint8_t *)"x", i & 1,
		    (uint32_t)i + 1, (int32_t)i, i == 0 };
	buf_init(&b, 1 << 20);
	mp4_put_fragment(&b, 1, &run, 1);
	ok(mp4_parse(&m, b.p, b.n, &err) == 0 &&
	    m.runs[0].count == n - 1, "as many samples as there may be");
	mp4_release(&m);
	buf_reset(&b);
	run.count = n;
	mp4_put_fragment(&b, 1, &run, 1);
	refused(&b, "'trun'", "one more");
	free(many);
}

/* However it is cut or changed, the parser comes back. */
static void
test_mutations(void)
{
	struct buf b;
	struct mp4 m;
	size_t parsed = 0, tried = 0;
	uint8_t *copy;

	put_file(&b);
	for (size_t n = 0; n < b.n; n++) {
		copy = malloc(n == 0 ? 1 : n);	/* the end is the end */
		if (copy == NULL)
			abort();
		memcpy(copy, b.p, n);
		parsed += mp4_parse(&m, copy, n, &err) == 0;
		mp4_release(&m);
		free(copy);
	}
	ok(parsed < 4, "cut anywhere: %zu of %zu still make sense", parsed,
	    b.n);
	for (size_t i = 0; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			if (mp4_parse(&m, b.p, b.n, &err) == 0)
				parsed++;
			tried++;
			mp4_release(&m);
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	ok(tried == b.n * 8, "each bit turned: %zu of %zu still make sense",
	    parsed, tried);
	buf_release(&b);
}

int
main(void)
{
	test_round_trip();
	test_parts();
	test_cmaf();
	test_box();
	test_hostile();
	test_many();
	test_mutations();
	return done_testing();
}
