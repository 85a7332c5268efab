#include "media/recipe.h"

#include <string.h>

static const char *const x26x[] = { "ultrafast", "superfast", "veryfast",
    "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
    NULL };
static const char *const svt_av1[] = { "13", "12", "11", "10", "9", "8", "7",
    "6", "5", "4", "3", "2", "1", "0", NULL };
static const char *const libvpx[] = { "8", "7", "6", "5", "4", "3", "2", "1",
    "0", NULL };

static const struct recipe recipes[] = {
	{ "h264", CODEC_H264, "x264", x26x, "veryfast", 51 },
	{ "hevc", CODEC_HEVC, "x265", x26x, "veryfast", 51 },
	{ "av1", CODEC_AV1, "SVT-AV1", svt_av1, "10", 63 },
	{ "vp9", CODEC_VP9, "libvpx", libvpx, "7", 63 },
};

#define END	(recipes + sizeof(recipes) / sizeof(recipes[0]))

const struct recipe *
recipe_find(const char *name)
{
	const struct recipe *r;

	for (r = recipes; r < END; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

const struct recipe *
recipe_of(enum codec codec)
{
	const struct recipe *r;

	for (r = recipes; r < END; r++)
		if (r->codec == codec)
			return r;
	return NULL;
}

const char *
recipe_preset(const struct recipe *r, const char *name)
{
	size_t i;

	for (i = 0; r->presets[i] != NULL; i++)
		if (strcmp(r->presets[i], name) == 0)
			return r->presets[i];
	return NULL;
}

const char *
recipe_preset_last(const struct recipe *r)
{
	size_t i = 0;

	while (r->presets[i + 1] != NULL)
		i++;
	return r->presets[i];
}
