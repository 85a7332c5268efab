/*
 * recipe - what an encoded rendition may ask of each video codec.
 *
 * Facts only, for the ladder and whoever prints them: no codec library.
 */
#ifndef MEDIA_RECIPE_H
#define MEDIA_RECIPE_H

#include <stddef.h>

#include "media/codec.h"

struct recipe {
	const char		 *name;		/* in a ladder: "h264" */
	enum codec		  codec;
	const char		 *encoder;	/* for messages: "x264" */
	const char *const	 *presets;	/* fastest first; ends with NULL */
	const char		 *preset;	/* the default */
	int			  quality_max;	/* worst; the best is 1 */
};

/* NULL when nothing here encodes it. */
const struct recipe	*recipe_find(const char *name);
const struct recipe	*recipe_of(enum codec codec);

/* The preset as the table has it; NULL when R has none of that name. */
const char	*recipe_preset(const struct recipe *r, const char *name);
const char	*recipe_preset_last(const struct recipe *r);

#endif /* MEDIA_RECIPE_H */
