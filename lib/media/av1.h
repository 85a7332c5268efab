/*
 * av1 - what FLV and ISO BMFF need to know of AV1 (AV1 bitstream 5.3 to 5.9;
 * AV1 in ISO BMFF 2.3).
 *
 * Pure: no I/O, no allocation, no globals.  Safe on hostile input.
 */
#ifndef MEDIA_AV1_H
#define MEDIA_AV1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct rd;

struct av1_size {
	uint16_t	width, height;	/* the largest of the sequence */
};

/* Of an AV1CodecConfigurationRecord, which has this many bytes of its own. */
#define AV1_RECORD_BYTES	4

/* Is it one?  0, or -1 with ERR_DATA. */
int	av1_config_check(const uint8_t *p, size_t n, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Append the record of the sequence header among the N bytes of OBUs at P,
 * which must be of the Main profile with DEPTH bits, and the header itself.
 * 0, or -1 with ERR_DATA (none, another profile) or OUT's own error.
 */
int	av1_put_config(struct buf *out, const uint8_t *p, size_t n,
	    int depth, struct err *err) __attribute__((warn_unused_result));

/* The sequence header among the N bytes of OBUs at P; false without one. */
bool	av1_find_size(const uint8_t *p, size_t n, struct av1_size *size);

/* What it says of the transfer characteristics, ITU-T H.273; or 0. */
uint8_t	av1_transfer(const uint8_t *p, size_t n);

/*
 * Move *P and *BYTES past what a temporal unit must not begin with: an
 * offset that FLV does not have here but some encoders write, and a
 * temporal delimiter.
 */
void	av1_trim(const uint8_t **p, size_t *bytes);

/*
 * The metadata of the next metadata OBU (5.8) at R, and its type; false at the
 * end.
 */
bool	av1_next_metadata(struct rd *r, uint8_t *type, struct rd *metadata);

/* What is in a temporal unit. */
struct av1_unit {
	bool	picture;	/* a frame at all */
	bool	sync;		/* a key frame that is shown */
};

void	av1_unit_scan(const uint8_t *p, size_t n, struct av1_unit *unit);

#endif /* MEDIA_AV1_H */
