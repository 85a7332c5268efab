/*
 * bits - bit fields of codec headers, over a struct rd.
 *
 * Errors stick in r.bad: read what you like and check once.
 */
#ifndef MEDIA_BITS_H
#define MEDIA_BITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rd.h"

struct bits {
	struct rd	r;
	bool		rbsp;	/* skip emulation prevention bytes (ISO/IEC
				   14496-10 7.3.1, 23008-2 7.3.1.1) */
	uint32_t	last;	/* the bytes before CUR, for 00 00 03 */
	uint8_t		cur;
	unsigned	left;	/* bits not yet read of CUR */
};

void	bits_init(struct bits *b, struct rd r);
void	bits_init_rbsp(struct bits *b, struct rd r);

/* N bits, at most 32. */
uint32_t bits_get(struct bits *b, unsigned n);
/* ue(v) and se(v), 14496-10 9.1. */
uint32_t bits_ue(struct bits *b);
int32_t	bits_se(struct bits *b);

/*
 * The transfer characteristics of a VUI, ITU-T H.273, from its
 * video_signal_type_present_flag on (14496-10 E.1.1, 23008-2 E.2.1); 0 when it
 * does not say.
 */
uint8_t	bits_transfer(struct bits *b);

#endif /* MEDIA_BITS_H */
