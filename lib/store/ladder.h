/*
 * ladder - the YAML file that lists the renditions: ladder(5).
 */
#ifndef STORE_LADDER_H
#define STORE_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"
#include "store/spool.h"

struct err;

enum ladder_tier { LADDER_LIVE, LADDER_BATCH };

struct rendition {
	char		 name[NAME_BYTES];
	enum track_kind	 kind;
	enum ladder_tier tier;
	uint32_t	 shed;		/* live: put off once so many newer
					   fragments wait; 0: never */
	bool		 copy;		/* the source's own samples */
	enum codec	 codec;		/* CODEC_NONE when COPY */
	uint32_t	 height;	/* video, pixels, even; 0 when COPY */
	int		 depth;		/* video, bits of a sample: 8 or 10 */
	uint32_t	 fps;		/* pictures a second at most; 0: all */
	uint32_t	 every_s;	/* thumbnails, whose codec is JPEG: one
					   every so many seconds; else 0 */
	uint64_t	 bitrate_bps;	/* 0: QUALITY is set */
	int		 quality;	/* constant rate factor, or quantizer of
					   JPEG; 0: BITRATE is set */
	uint64_t	 cap_bps;	/* VBV rate; with BITRATE defaults to it */
	const char	*preset;	/* video, one of its recipe; borrowed */
};

struct ladder {
	struct rendition *renditions;	/* owned; in the file's order */
	size_t		  count;
};

/*
 * Read FILE.  0, or -1 with ERR_INPUT, or ERR_CONFIG "FILE:LINE:COL: …".
 */
int	ladder_load(struct ladder *l, const char *file, struct err *err)
	    __attribute__((warn_unused_result));
void	ladder_release(struct ladder *l);

const struct rendition	*ladder_find(const struct ladder *l, const char *name);

#endif /* STORE_LADDER_H */
