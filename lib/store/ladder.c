#include "store/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/yaml.h"
#include "media/recipe.h"

#define HEIGHT_MIN	16
#define HEIGHT_MAX	8192
#define FPS_MAX		240
#define SHED_MAX	3600
#define BITRATE_MIN	16000
#define BITRATE_MAX	UINT64_C(500000000)
#define AUDIO_BITRATE_MAX	512000
#define THUMBNAIL_HEIGHT_MAX	1080
#define THUMBNAIL_QUALITY	5
#define THUMBNAIL_QUALITY_MAX	31
#define SECOND_US		INT64_C(1000000)

/* What one rendition is read with. */
struct reader {
	const struct yaml_doc	*doc;
	const struct yaml_node	*map;	/* the rendition's settings */
	struct rendition	*r;
	struct err		*err;
};

/* The scalar of KEY, NULL when it is not there; -1 when it is no scalar. */
static int
get_scalar(const struct reader *rd, const char *key,
    const struct yaml_node **node)
{
	*node = yaml_get(rd->map, key);
	if (*node == NULL)
		return 0;
	return yaml_expect(rd->doc, *node, YAML_KIND_SCALAR, rd->err);
}

/* Something is missing: the place is that of the rendition's name. */
static int
needs(const struct reader *rd, const char *what)
{
	return err_set(rd->err, ERR_CONFIG,
	    "%s:%zu:%zu: rendition '%s' needs %s", rd->doc->file,
	    rd->map->key_line, rd->map->key_col, rd->r->name, what);
}

/* Put the place of NODE in front of a message of base/opt. */
static int
at_node(const struct reader *rd, const struct yaml_node *node)
{
	char text[sizeof(rd->err->text)];

	memcpy(text, rd->err->text, sizeof(text));
	return yaml_error(rd->doc, node, rd->err, "%s", text);
}

static int
read_uint(const struct reader *rd, const char *key, uint64_t min,
    uint64_t max, uint64_t *n)
{
	const struct yaml_node *node;

	*n = 0;
	if (get_scalar(rd, key, &node) == -1)
		return -1;
	if (node == NULL)
		return 0;
	if (opt_uint(key, node->scalar, min, max, n, rd->err) == -1)
		return at_node(rd, node);
	return 0;
}

static int
read_bitrate(const struct reader *rd, const char *key, uint64_t *bps)
{
	const struct yaml_node *node;

	*bps = 0;
	if (get_scalar(rd, key, &node) == -1)
		return -1;
	if (node == NULL)
		return 0;
	if (opt_bitrate(key, node->scalar, BITRATE_MIN, BITRATE_MAX, bps,
	    rd->err) == -1)
		return at_node(rd, node);
	return 0;
}

static int
read_shed(const struct reader *rd)
{
	uint64_t shed;

	if (read_uint(rd, "shed", 1, SHED_MAX, &shed) == -1)
		return -1;
	if (shed != 0 && rd->r->tier == LADDER_BATCH)
		return yaml_error(rd->doc, yaml_get(rd->map, "shed"), rd->err,
		    "shed: the tier batch is never in a hurry");
	rd->r->shed = (uint32_t)shed;
	return 0;
}

/* When it is made. */
static int
read_tier(const struct reader *rd)
{
	const struct yaml_node *node;

	rd->r->tier = LADDER_LIVE;
	if (get_scalar(rd, "tier", &node) == -1)
		return -1;
	if (node != NULL && strcmp(node->scalar, "batch") == 0)
		rd->r->tier = LADDER_BATCH;
	else if (node != NULL && strcmp(node->scalar, "live") != 0)
		return yaml_error(rd->doc, node, rd->err,
		    "tier: bad value '%s': want live or batch", node->scalar);
	return read_shed(rd);
}

static int
read_preset(const struct reader *rd)
{
	const struct recipe *recipe = recipe_of(rd->r->codec);
	const struct yaml_node *node;

	rd->r->preset = recipe->preset;
	if (get_scalar(rd, "preset", &node) == -1)
		return -1;
	if (node == NULL)
		return 0;
	rd->r->preset = recipe_preset(recipe, node->scalar);
	if (rd->r->preset == NULL)
		return yaml_error(rd->doc, node, rd->err,
		    "preset: bad value '%s': want one of %s's, %s to %s",
		    node->scalar, recipe->encoder, recipe->presets[0],
		    recipe_preset_last(recipe));
	return 0;
}

/* A rendition has a rate, or a quality under a ceiling. */
static int
read_rate(const struct reader *rd)
{
	struct rendition *r = rd->r;
	uint64_t quality, worst = (uint64_t)recipe_of(r->codec)->quality_max;

	if (read_bitrate(rd, "bitrate", &r->bitrate_bps) == -1 ||
	    read_uint(rd, "quality", 1, worst, &quality) == -1 ||
	    read_bitrate(rd, "cap", &r->cap_bps) == -1)
		return -1;
	r->quality = (int)quality;
	if (r->bitrate_bps == 0 && r->quality == 0)
		return needs(rd, "'quality' and 'cap', or 'bitrate'");
	if (r->bitrate_bps != 0 && r->quality != 0)
		return yaml_error(rd->doc, yaml_get(rd->map, "quality"),
		    rd->err, "rendition '%s' has both 'bitrate' and "
		    "'quality': choose one", r->name);
	if (r->quality != 0 && r->cap_bps == 0)
		return yaml_error(rd->doc, yaml_get(rd->map, "quality"),
		    rd->err, "rendition '%s' has 'quality' without 'cap': "
		    "players must be told its highest rate", r->name);
	if (r->cap_bps == 0)
		r->cap_bps = r->bitrate_bps;
	if (r->cap_bps < r->bitrate_bps)
		return yaml_error(rd->doc, yaml_get(rd->map, "cap"), rd->err,
		    "cap: below the bitrate");
	return 0;
}

/* The value of "codec", which must be there. */
static int
read_codec(const struct reader *rd, const struct yaml_node **node)
{
	if (get_scalar(rd, "codec", node) == -1)
		return -1;
	if (*node == NULL)
		return needs(rd, "'codec'");
	return 0;
}

static int
read_size(const struct reader *rd, uint64_t max)
{
	uint64_t height;

	if (read_uint(rd, "height", HEIGHT_MIN, max, &height) == -1)
		return -1;
	if (height == 0)
		return needs(rd, "'height'");
	if (height % 2 != 0)
		return yaml_error(rd->doc, yaml_get(rd->map, "height"),
		    rd->err, "height: must be even, for 4:2:0");
	rd->r->height = (uint32_t)height;
	return 0;
}

static int
read_fps(const struct reader *rd)
{
	uint64_t fps;

	if (read_uint(rd, "fps", 1, FPS_MAX, &fps) == -1)
		return -1;
	rd->r->fps = (uint32_t)fps;
	return 0;
}

/* The source's own pictures: nothing about them can be chosen. */
static int
read_video_copy(const struct reader *rd)
{
	const struct yaml_node *n;

	for (n = rd->map->child; n != NULL; n = n->next)
		if (strcmp(n->key, "codec") != 0 &&
		    strcmp(n->key, "tier") != 0 &&
		    strcmp(n->key, "shed") != 0)
			return err_set(rd->err, ERR_CONFIG,
			    "%s:%zu:%zu: %s: a copy has the source's",
			    rd->doc->file, n->key_line, n->key_col, n->key);
	rd->r->copy = true;
	return read_tier(rd);
}

/* Few players show H.264 of more than 8 bits, and none in hardware. */
static int
read_depth(const struct reader *rd)
{
	const struct yaml_node *node;

	rd->r->depth = 8;
	if (get_scalar(rd, "depth", &node) == -1)
		return -1;
	if (node == NULL || strcmp(node->scalar, "8") == 0)
		return 0;
	if (strcmp(node->scalar, "10") != 0)
		return yaml_error(rd->doc, node, rd->err,
		    "depth: bad value '%s': want 8 or 10", node->scalar);
	if (rd->r->codec == CODEC_H264)
		return yaml_error(rd->doc, node, rd->err,
		    "depth: h264 has 8 bits: want hevc, av1 or vp9 for 10");
	rd->r->depth = 10;
	return 0;
}

static int
read_video(const struct reader *rd)
{
	static const char *const keys[] = { "codec", "height", "quality",
	    "cap", "bitrate", "preset", "tier", "shed", "fps", "depth",
	    NULL };
	const struct yaml_node *codec;
	const struct recipe *recipe;

	if (yaml_check_keys(rd->doc, rd->map, keys, rd->err) == -1 ||
	    read_codec(rd, &codec) == -1)
		return -1;
	if (strcmp(codec->scalar, "copy") == 0)
		return read_video_copy(rd);
	if ((recipe = recipe_find(codec->scalar)) == NULL)
		return yaml_error(rd->doc, codec, rd->err, "codec: bad value "
		    "'%s': want h264, hevc, av1, vp9 or copy", codec->scalar);
	rd->r->codec = recipe->codec;
	if (read_size(rd, HEIGHT_MAX) == -1 || read_fps(rd) == -1 ||
	    read_rate(rd) == -1 || read_preset(rd) == -1 ||
	    read_depth(rd) == -1)
		return -1;
	return read_tier(rd);
}

static int
read_audio(const struct reader *rd)
{
	static const char *const keys[] = { "codec", "bitrate", "tier",
	    "shed", NULL };
	const struct yaml_node *codec;
	struct rendition *r = rd->r;

	if (yaml_check_keys(rd->doc, rd->map, keys, rd->err) == -1 ||
	    read_codec(rd, &codec) == -1 ||
	    read_bitrate(rd, "bitrate", &r->bitrate_bps) == -1)
		return -1;
	r->copy = strcmp(codec->scalar, "copy") == 0;
	if (strcmp(codec->scalar, "aac") == 0)
		r->codec = CODEC_AAC;
	else if (strcmp(codec->scalar, "opus") == 0)
		r->codec = CODEC_OPUS;
	else if (!r->copy)
		return yaml_error(rd->doc, codec, rd->err, "codec: bad value "
		    "'%s': want aac, opus or copy", codec->scalar);
	if (r->copy && r->bitrate_bps != 0)
		return yaml_error(rd->doc, yaml_get(rd->map, "bitrate"),
		    rd->err, "bitrate: a copy has the source's");
	if (!r->copy && r->bitrate_bps == 0)
		return needs(rd, "'bitrate'");
	if (r->bitrate_bps > AUDIO_BITRATE_MAX)
		return yaml_error(rd->doc, yaml_get(rd->map, "bitrate"),
		    rd->err, "bitrate: at most 512k for sound");
	r->cap_bps = r->bitrate_bps;
	return read_tier(rd);
}

static int
read_every(const struct reader *rd)
{
	const struct yaml_node *node;
	int64_t us = SECOND_US;

	if (get_scalar(rd, "every", &node) == -1)
		return -1;
	if (node != NULL && opt_time_us("every", node->scalar, SECOND_US,
	    3600 * SECOND_US, &us, rd->err) == -1)
		return at_node(rd, node);
	if (us % SECOND_US != 0)
		return yaml_error(rd->doc, node, rd->err,
		    "every: must be whole seconds");
	rd->r->every_s = (uint32_t)(us / SECOND_US);
	return 0;
}

static int
read_thumbnails(const struct reader *rd)
{
	static const char *const keys[] = { "height", "every", "quality",
	    "tier", NULL };
	uint64_t quality;

	if (yaml_check_keys(rd->doc, rd->map, keys, rd->err) == -1 ||
	    read_size(rd, THUMBNAIL_HEIGHT_MAX) == -1 ||
	    read_every(rd) == -1 ||
	    read_uint(rd, "quality", 1, THUMBNAIL_QUALITY_MAX, &quality) == -1)
		return -1;
	rd->r->codec = CODEC_JPEG;
	rd->r->quality = quality == 0 ? THUMBNAIL_QUALITY : (int)quality;
	return read_tier(rd);
}

/* The name is the key of NODE: check it and make room for its rendition. */
static int
add_rendition(struct ladder *l, const struct yaml_doc *doc,
    const struct yaml_node *node, struct err *err)
{
	struct rendition *more;
	const char *problem = NULL;

	if (!name_ok(node->key))
		problem = "is no name: want [A-Za-z0-9][A-Za-z0-9._-]{0,63}";
	else if (strcmp(node->key, SPOOL_SRC) == 0)
		problem = "means the original";
	else if (ladder_find(l, node->key) != NULL)
		problem = "is there twice";
	if (problem != NULL)
		return err_set(err, ERR_CONFIG,
		    "%s:%zu:%zu: rendition '%.64s' %s", doc->file,
		    node->key_line, node->key_col, node->key, problem);
	if (yaml_expect(doc, node, YAML_KIND_MAP, err) == -1)
		return -1;
	more = realloc(l->renditions, (l->count + 1) * sizeof(*more));
	if (more == NULL)
		return err_nomem(err);
	l->renditions = more;
	more += l->count++;
	memset(more, 0, sizeof(*more));
	memcpy(more->name, node->key, strlen(node->key) + 1);
	return 0;
}

static int
read_section(struct ladder *l, const struct yaml_doc *doc, const char *name,
    enum track_kind kind, int (*read)(const struct reader *rd),
    struct err *err)
{
	const struct yaml_node *section = yaml_get(doc->root, name), *n;
	struct reader rd = { .doc = doc, .err = err };

	if (section == NULL)
		return 0;
	if (yaml_expect(doc, section, YAML_KIND_MAP, err) == -1)
		return -1;
	for (n = section->child; n != NULL; n = n->next) {
		if (add_rendition(l, doc, n, err) == -1)
			return -1;
		rd.map = n;
		rd.r = &l->renditions[l->count - 1];
		rd.r->kind = kind;
		if (read(&rd) == -1)
			return -1;
	}
	return 0;
}

static int
read_ladder(struct ladder *l, const struct yaml_doc *doc, struct err *err)
{
	static const char *const keys[] = { "video", "audio", "thumbnails",
	    NULL };

	if (yaml_expect(doc, doc->root, YAML_KIND_MAP, err) == -1 ||
	    yaml_check_keys(doc, doc->root, keys, err) == -1 ||
	    read_section(l, doc, "video", TRACK_VIDEO, read_video, err) ==
	    -1 ||
	    read_section(l, doc, "audio", TRACK_AUDIO, read_audio, err) ==
	    -1 ||
	    read_section(l, doc, "thumbnails", TRACK_VIDEO, read_thumbnails,
	    err) == -1)
		return -1;
	if (l->count == 0)
		return yaml_error(doc, doc->root, err, "no rendition");
	return 0;
}

int
ladder_load(struct ladder *l, const char *file, struct err *err)
{
	struct yaml_doc doc;
	int rc = -1;

	memset(l, 0, sizeof(*l));
	if (yaml_load(&doc, file, err) == 0)
		rc = read_ladder(l, &doc, err);
	yaml_release(&doc);
	if (rc == -1)
		ladder_release(l);
	return rc;
}

void
ladder_release(struct ladder *l)
{
	free(l->renditions);
	memset(l, 0, sizeof(*l));
}

const struct rendition *
ladder_find(const struct ladder *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->renditions[i].name, name) == 0)
			return &l->renditions[i];
	return NULL;
}
