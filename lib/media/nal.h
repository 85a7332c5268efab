/*
 * nal - access units of H.264 and HEVC as FLV and ISO BMFF carry them
 * (ISO/IEC 14496-15, 14496-10, 23008-2).
 *
 * Pure: no I/O, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_NAL_H
#define MEDIA_NAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"

struct buf;
struct rd;

/*
 * The next NAL unit between start codes (14496-10 B.1) that is not empty,
 * without trailing zeros; NULL at the end.
 */
const uint8_t	*nal_next(struct rd *r, size_t *bytes);

/*
 * The next one that is not empty behind a length of LENGTH_BYTES; NULL at the
 * end, or where the lengths do not come out even.
 */
const uint8_t	*nal_next_stored(struct rd *r, uint8_t length_bytes,
		    size_t *bytes);

/* What is in one access unit. */
struct nal_unit {
	enum codec codec;	/* CODEC_H264 or CODEC_HEVC */
	bool	picture;	/* a slice at all */
	bool	sync;		/* decoding can start here: IDR, BLA, CRA */
	bool	open;		/* CRA: pictures that are decoded later and
				   shown earlier may need those before it */
	bool	annexb;		/* start codes, although FLV wants lengths */
	bool	clean;		/* whole units behind right lengths, and no
				   empty ones: can be stored as it is */
};

void	nal_unit_scan(enum codec codec, const uint8_t *p, size_t n,
	    uint8_t nal_length_bytes, struct nal_unit *unit);

/*
 * Append the access unit that UNIT was scanned from, with right lengths;
 * units that are empty or cut short are left out.
 */
void	nal_put_unit(struct buf *out, const uint8_t *p, size_t n,
	    uint8_t nal_length_bytes, const struct nal_unit *unit);

#endif /* MEDIA_NAL_H */
