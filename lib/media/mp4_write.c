#include "media/mp4.h"

#include <assert.h>

#include "base/buf.h"
#include "base/clock.h"

#define MOVIE_TIMESCALE	1000
#define LANGUAGE_UND	0x55c4		/* "und": 5 bits a letter */

#define TKHD_FLAGS	0x7		/* enabled, in movie, in preview */
#define PRFT_CAPTURED	24

#define TFHD_DURATION	0x000008u
#define TFHD_SIZE	0x000010u
#define TFHD_FLAGS	0x000020u
#define TFHD_BASE_MOOF	0x020000u
#define TRUN_OFFSET	0x000001u
#define TRUN_DURATION	0x000100u
#define TRUN_SIZE	0x000200u
#define TRUN_FLAGS	0x000400u
#define TRUN_CTS	0x000800u

#define SAMPLE_SYNC	0x02000000u	/* depends on no other */
#define SAMPLE_NONSYNC	0x01010000u	/* depends on others; is no sync */

static size_t
box_begin(struct buf *b, const char type[4])
{
	size_t at = b->n;

	buf_put_u32(b, 0);
	buf_put(b, type, 4);
	return at;
}

static size_t
full_box_begin(struct buf *b, const char type[4], uint8_t version,
    uint32_t flags)
{
	size_t at = box_begin(b, type);

	buf_put_u32(b, (uint32_t)version << 24 | flags);
	return at;
}

static void
box_end(struct buf *b, size_t at)
{
	buf_set_u32(b, at, (uint32_t)(b->n - at));
}

static void
put_zeros(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_put_u8(b, 0);
}

/* Unity, as tkhd and mvhd want it. */
static void
put_matrix(struct buf *b)
{
	static const uint32_t unity[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0,
	    0x40000000 };

	for (size_t i = 0; i < 9; i++)
		buf_put_u32(b, unity[i]);
}

void
mp4_put_ftyp(struct buf *b)
{
	size_t at = box_begin(b, "ftyp");

	buf_put_str(b, "iso6");
	buf_put_u32(b, 0);
	buf_put_str(b, "iso6cmfcmp41");
	box_end(b, at);
}

void
mp4_put_ftyp_movie(struct buf *b)
{
	size_t at = box_begin(b, "ftyp");

	buf_put_str(b, "iso6");
	buf_put_u32(b, 0);
	buf_put_str(b, "iso6mp41");
	box_end(b, at);
}

void
mp4_put_styp(struct buf *b)
{
	size_t at = box_begin(b, "styp");

	buf_put_str(b, "msdh");
	buf_put_u32(b, 0);
	buf_put_str(b, "msdhcmfscmff");
	box_end(b, at);
}

static void
put_mvhd(struct buf *b, uint32_t next_track_id)
{
	size_t at = full_box_begin(b, "mvhd", 0, 0);

	buf_put_u32(b, 0);		/* created, modified: not known, */
	buf_put_u32(b, 0);		/* and equal input, equal bytes */
	buf_put_u32(b, MOVIE_TIMESCALE);
	buf_put_u32(b, 0);		/* duration */
	buf_put_u32(b, 0x10000);	/* rate 1.0 */
	buf_put_u16(b, 0x100);		/* volume 1.0 */
	put_zeros(b, 10);
	put_matrix(b);
	put_zeros(b, 24);
	buf_put_u32(b, next_track_id);
	box_end(b, at);
}

/* Width as shown, 16.16: the pixels need not be square. */
static uint32_t
display_width(const struct track *t)
{
	uint64_t w = (uint64_t)t->width << 16;

	if (t->sar_num != 0 && t->sar_den != 0)
		w = w * t->sar_num / t->sar_den;
	return w > UINT32_MAX ? UINT32_MAX : (uint32_t)w;
}

static void
put_tkhd(struct buf *b, const struct track *t)
{
	size_t at = full_box_begin(b, "tkhd", 0, TKHD_FLAGS);
	bool video = t->kind == TRACK_VIDEO;

	buf_put_u32(b, 0);
	buf_put_u32(b, 0);
	buf_put_u32(b, t->id);
	buf_put_u32(b, 0);
	buf_put_u32(b, 0);		/* duration */
	put_zeros(b, 8);
	buf_put_u16(b, 0);		/* layer */
	buf_put_u16(b, video ? 0 : 1);	/* alternate group */
	buf_put_u16(b, video ? 0 : 0x100);	/* volume */
	buf_put_u16(b, 0);
	put_matrix(b);
	buf_put_u32(b, video ? display_width(t) : 0);
	buf_put_u32(b, video ? (uint32_t)t->height << 16 : 0);
	box_end(b, at);
}

/* One edit: the presentation starts at MEDIA_START of the media. */
static void
put_edts(struct buf *b, const struct track *t)
{
	size_t edts = box_begin(b, "edts");
	size_t elst = full_box_begin(b, "elst", 0, 0);

	buf_put_u32(b, 1);
	buf_put_u32(b, 0);		/* duration: to the end */
	buf_put_u32(b, t->media_start);
	buf_put_u32(b, 0x10000);	/* rate 1.0 */
	box_end(b, elst);
	box_end(b, edts);
}

static void
put_mdhd(struct buf *b, const struct track *t)
{
	size_t at = full_box_begin(b, "mdhd", 0, 0);

	buf_put_u32(b, 0);
	buf_put_u32(b, 0);
	buf_put_u32(b, t->timescale);
	buf_put_u32(b, 0);		/* duration */
	buf_put_u16(b, LANGUAGE_UND);
	buf_put_u16(b, 0);
	box_end(b, at);
}

static void
put_hdlr(struct buf *b, const struct track *t)
{
	size_t at = full_box_begin(b, "hdlr", 0, 0);
	bool video = t->kind == TRACK_VIDEO;

	buf_put_u32(b, 0);
	buf_put_str(b, video ? "vide" : "soun");
	put_zeros(b, 12);
	buf_put_str(b, video ? "video" : "audio");
	buf_put_u8(b, 0);
	box_end(b, at);
}

/* One data reference: "in this file". */
static void
put_dinf(struct buf *b)
{
	size_t dinf = box_begin(b, "dinf");
	size_t dref = full_box_begin(b, "dref", 0, 0);
	size_t url;

	buf_put_u32(b, 1);
	url = full_box_begin(b, "url ", 0, 1);
	box_end(b, url);
	box_end(b, dref);
	box_end(b, dinf);
}

static void
put_config(struct buf *b, const char type[4], const struct track *t)
{
	size_t at = box_begin(b, type);

	buf_put(b, t->config, t->config_bytes);
	box_end(b, at);
}

static void
put_colr(struct buf *b, const struct track_colour *c)
{
	size_t at = box_begin(b, "colr");

	buf_put_str(b, "nclx");
	buf_put_u16(b, c->primaries);
	buf_put_u16(b, c->transfer);
	buf_put_u16(b, c->matrix);
	buf_put_u8(b, c->full_range ? 0x80 : 0);
	box_end(b, at);
}

/* A visual sample entry; its configuration is in CONFIG_TYPE, NULL: none. */
static void
put_visual(struct buf *b, const char type[4], const char *config_type,
    const struct track *t)
{
	size_t at = box_begin(b, type), child;

	put_zeros(b, 6);
	buf_put_u16(b, 1);		/* data reference */
	put_zeros(b, 16);
	buf_put_u16(b, t->width);
	buf_put_u16(b, t->height);
	buf_put_u32(b, 0x480000);	/* 72 dpi, both ways */
	buf_put_u32(b, 0x480000);
	buf_put_u32(b, 0);
	buf_put_u16(b, 1);		/* frames a sample */
	put_zeros(b, 32);		/* compressor name */
	buf_put_u16(b, 24);
	buf_put_u16(b, 0xffff);
	if (config_type != NULL)
		put_config(b, config_type, t);
	if (t->colour.primaries != 0)
		put_colr(b, &t->colour);
	if (t->hdr.has_display) {
		child = box_begin(b, "mdcv");
		buf_put(b, t->hdr.display, sizeof(t->hdr.display));
		box_end(b, child);
	}
	if (t->hdr.has_light) {
		child = box_begin(b, "clli");
		buf_put(b, t->hdr.light, sizeof(t->hdr.light));
		box_end(b, child);
	}
	if (t->sar_num != 0 && t->sar_den != 0) {
		child = box_begin(b, "pasp");
		buf_put_u32(b, t->sar_num);
		buf_put_u32(b, t->sar_den);
		box_end(b, child);
	}
	box_end(b, at);
}

/* A descriptor's tag and its length in 4 bytes (14496-1 8.3.3). */
static void
put_descriptor(struct buf *b, uint8_t tag, size_t n)
{
	buf_put_u8(b, tag);
	for (int shift = 21; shift >= 0; shift -= 7)
		buf_put_u8(b, (uint8_t)((n >> shift & 0x7f) |
		    (shift > 0 ? 0x80 : 0)));
}

#define DESCRIPTOR_HEADER_BYTES	5

#define OBJECT_MPEG4_AUDIO	0x40
#define OBJECT_MPEG2_AUDIO	0x69	/* layers I to III, low rates */
#define OBJECT_MPEG1_AUDIO	0x6b

static uint8_t
object_type(const struct track *t)
{
	if (t->codec == CODEC_AAC)
		return OBJECT_MPEG4_AUDIO;
	return t->sample_rate >= CODEC_MPEG1_RATE_MIN ? OBJECT_MPEG1_AUDIO :
	    OBJECT_MPEG2_AUDIO;
}

static void
put_esds(struct buf *b, const struct track *t)
{
	size_t at = full_box_begin(b, "esds", 0, 0);
	size_t specific = t->codec == CODEC_AAC ?
	    DESCRIPTOR_HEADER_BYTES + t->config_bytes : 0;
	size_t config = 13 + specific;

	put_descriptor(b, 3, 3 + DESCRIPTOR_HEADER_BYTES + config +
	    DESCRIPTOR_HEADER_BYTES + 1);
	buf_put_u16(b, 0);		/* ES_ID: 0 in a file */
	buf_put_u8(b, 0);
	put_descriptor(b, 4, config);
	buf_put_u8(b, object_type(t));
	buf_put_u8(b, 0x15);		/* audio stream, reserved bit */
	put_zeros(b, 3 + 4 + 4);	/* buffer size, bit rates: not known */
	if (specific > 0) {
		put_descriptor(b, 5, t->config_bytes);
		buf_put(b, t->config, t->config_bytes);
	}
	put_descriptor(b, 6, 1);
	buf_put_u8(b, 2);
	box_end(b, at);
}

/* An audio sample entry; CONFIG_TYPE NULL: esds. */
static void
put_sound(struct buf *b, const char type[4], const char *config_type,
    const struct track *t)
{
	size_t at = box_begin(b, type);

	put_zeros(b, 6);
	buf_put_u16(b, 1);		/* data reference */
	put_zeros(b, 8);
	buf_put_u16(b, t->channels);
	buf_put_u16(b, 16);		/* bits a sample */
	buf_put_u32(b, 0);
	/* 16.16: no room for 88200 and more; the configuration knows. */
	buf_put_u32(b, t->sample_rate > 0xffff ? 0 : t->sample_rate << 16);
	if (config_type == NULL)
		put_esds(b, t);
	else
		put_config(b, config_type, t);
	box_end(b, at);
}

static void
put_stsd(struct buf *b, const struct track *t)
{
	size_t at = full_box_begin(b, "stsd", 0, 0);

	buf_put_u32(b, 1);
	switch (t->codec) {
	case CODEC_H264:
		put_visual(b, "avc1", "avcC", t);
		break;
	case CODEC_HEVC:
		put_visual(b, "hvc1", "hvcC", t);
		break;
	case CODEC_AV1:
		put_visual(b, "av01", "av1C", t);
		break;
	case CODEC_VP9:
		put_visual(b, "vp09", "vpcC", t);
		break;
	case CODEC_JPEG:
		put_visual(b, "jpeg", NULL, t);
		break;
	case CODEC_AAC:
	case CODEC_MP3:
		put_sound(b, "mp4a", NULL, t);
		break;
	case CODEC_OPUS:
		put_sound(b, "Opus", "dOps", t);
		break;
	case CODEC_FLAC:
		put_sound(b, "fLaC", "dfLa", t);
		break;
	case CODEC_AC3:
		put_sound(b, "ac-3", "dac3", t);
		break;
	case CODEC_EAC3:
		put_sound(b, "ec-3", "dec3", t);
		break;
	case CODEC_NONE:
		assert(t->codec != CODEC_NONE);
	}
	box_end(b, at);
}

/* Sample tables: present and empty, the samples are in fragments. */
static void
put_stbl(struct buf *b, const struct track *t)
{
	static const char *const tables[] = { "stts", "stsc", "stco" };
	size_t stbl = box_begin(b, "stbl"), at;

	put_stsd(b, t);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		at = full_box_begin(b, tables[i], 0, 0);
		buf_put_u32(b, 0);
		box_end(b, at);
	}
	at = full_box_begin(b, "stsz", 0, 0);
	buf_put_u32(b, 0);
	buf_put_u32(b, 0);
	box_end(b, at);
	if (t->kind == TRACK_VIDEO) {	/* none: all would be sync */
		at = full_box_begin(b, "stss", 0, 0);
		buf_put_u32(b, 0);
		box_end(b, at);
	}
	box_end(b, stbl);
}

static void
put_minf(struct buf *b, const struct track *t)
{
	size_t minf = box_begin(b, "minf"), at;

	if (t->kind == TRACK_VIDEO) {
		at = full_box_begin(b, "vmhd", 0, 1);
		put_zeros(b, 8);
	} else {
		at = full_box_begin(b, "smhd", 0, 0);
		put_zeros(b, 4);
	}
	box_end(b, at);
	put_dinf(b);
	put_stbl(b, t);
	box_end(b, minf);
}

static void
put_trak(struct buf *b, const struct track *t)
{
	size_t trak = box_begin(b, "trak"), mdia;

	put_tkhd(b, t);
	if (t->media_start > 0)
		put_edts(b, t);
	mdia = box_begin(b, "mdia");
	put_mdhd(b, t);
	put_hdlr(b, t);
	put_minf(b, t);
	box_end(b, mdia);
	box_end(b, trak);
}

void
mp4_put_moov(struct buf *b, const struct track *tracks, size_t n)
{
	size_t moov = box_begin(b, "moov"), mvex, at;
	uint32_t last_id = 0;

	for (size_t i = 0; i < n; i++)
		if (tracks[i].id > last_id)
			last_id = tracks[i].id;
	put_mvhd(b, last_id + 1);
	for (size_t i = 0; i < n; i++)
		put_trak(b, &tracks[i]);
	mvex = box_begin(b, "mvex");
	for (size_t i = 0; i < n; i++) {
		at = full_box_begin(b, "trex", 0, 0);
		buf_put_u32(b, tracks[i].id);
		buf_put_u32(b, 1);	/* sample description */
		put_zeros(b, 12);	/* defaults: each traf has its own */
		box_end(b, at);
	}
	box_end(b, mvex);
	box_end(b, moov);
}

void
mp4_put_prft(struct buf *b, uint32_t track_id, int64_t wall_us, uint64_t dts)
{
	size_t at = full_box_begin(b, "prft", 1, PRFT_CAPTURED);

	buf_put_u32(b, track_id);
	buf_put_u64(b, clock_ntp_from_wall(wall_us));
	buf_put_u64(b, dts);
	box_end(b, at);
}

static uint32_t
sample_flags(const struct mp4_sample *s)
{
	return s->sync ? SAMPLE_SYNC : SAMPLE_NONSYNC;
}

/* What differs between the samples; the rest is said once, in tfhd. */
static uint32_t
run_fields(const struct mp4_run *run)
{
	const struct mp4_sample *s = run->samples;
	uint32_t fields = 0;

	for (size_t i = 0; i < run->count; i++) {
		if (s[i].duration != s[0].duration)
			fields |= TRUN_DURATION;
		if (s[i].bytes != s[0].bytes)
			fields |= TRUN_SIZE;
		if (s[i].sync != s[0].sync)
			fields |= TRUN_FLAGS;
		if (s[i].cts != 0)
			fields |= TRUN_CTS;
	}
	return fields;
}

static void
put_tfhd(struct buf *b, const struct mp4_run *run, uint32_t fields)
{
	uint32_t flags = TFHD_BASE_MOOF;
	size_t at;

	if ((fields & TRUN_DURATION) == 0)
		flags |= TFHD_DURATION;
	if ((fields & TRUN_SIZE) == 0)
		flags |= TFHD_SIZE;
	if ((fields & TRUN_FLAGS) == 0)
		flags |= TFHD_FLAGS;
	at = full_box_begin(b, "tfhd", 0, flags);
	buf_put_u32(b, run->track_id);
	if ((flags & TFHD_DURATION) != 0)
		buf_put_u32(b, run->samples[0].duration);
	if ((flags & TFHD_SIZE) != 0)
		buf_put_u32(b, run->samples[0].bytes);
	if ((flags & TFHD_FLAGS) != 0)
		buf_put_u32(b, sample_flags(&run->samples[0]));
	box_end(b, at);
}

/* Returns where the data offset goes, which is not known yet. */
static size_t
put_trun(struct buf *b, const struct mp4_run *run, uint32_t fields)
{
	size_t at = full_box_begin(b, "trun", 1, TRUN_OFFSET | fields);
	size_t offset_at;

	buf_put_u32(b, (uint32_t)run->count);
	offset_at = b->n;
	buf_put_u32(b, 0);
	for (size_t i = 0; i < run->count; i++) {
		const struct mp4_sample *s = &run->samples[i];

		if ((fields & TRUN_DURATION) != 0)
			buf_put_u32(b, s->duration);
		if ((fields & TRUN_SIZE) != 0)
			buf_put_u32(b, s->bytes);
		if ((fields & TRUN_FLAGS) != 0)
			buf_put_u32(b, sample_flags(s));
		if ((fields & TRUN_CTS) != 0)
			buf_put_u32(b, (uint32_t)s->cts);
	}
	box_end(b, at);
	return offset_at;
}

static size_t
put_traf(struct buf *b, const struct mp4_run *run)
{
	uint32_t fields = run_fields(run);
	size_t traf = box_begin(b, "traf"), tfdt, offset_at;

	put_tfhd(b, run, fields);
	tfdt = full_box_begin(b, "tfdt", 1, 0);
	buf_put_u64(b, run->dts);
	box_end(b, tfdt);
	offset_at = put_trun(b, run, fields);
	box_end(b, traf);
	return offset_at;
}

void
mp4_put_moof(struct buf *b, uint32_t seq, const struct mp4_run *runs,
    size_t n)
{
	size_t offset_at[MP4_TRACKS_MAX];
	size_t moof, mfhd;
	uint64_t offset;

	assert(n <= MP4_TRACKS_MAX);
	moof = box_begin(b, "moof");
	mfhd = full_box_begin(b, "mfhd", 0, 0);
	buf_put_u32(b, seq);
	box_end(b, mfhd);
	for (size_t i = 0; i < n; i++)
		if (runs[i].count > 0)
			offset_at[i] = put_traf(b, &runs[i]);
	box_end(b, moof);

	offset = b->n - moof + 8;	/* behind the header of mdat */
	for (size_t i = 0; i < n; i++) {
		if (runs[i].count == 0)
			continue;
		buf_set_u32(b, offset_at[i], (uint32_t)offset);
		for (size_t k = 0; k < runs[i].count; k++)
			offset += runs[i].samples[k].bytes;
	}
	if (offset > INT32_MAX) {	/* data offsets are signed */
		b->bad = true;
		return;
	}
	buf_put_u32(b, (uint32_t)(offset - (b->n - moof)));
	buf_put_str(b, "mdat");
}

void
mp4_put_fragment(struct buf *b, uint32_t seq, const struct mp4_run *runs,
    size_t n)
{
	mp4_put_moof(b, seq, runs, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < runs[i].count; k++)
			buf_put(b, runs[i].samples[k].p,
			    runs[i].samples[k].bytes);
}
