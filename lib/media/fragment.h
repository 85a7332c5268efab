/*
 * fragment - what a fragment says of itself: fragment(5).
 *
 * Originals are "ftyp uuid moov [prft] moof mdat", renditions "styp uuid
 * [prft] moof mdat".  The uuid box is ours, has a fixed size, and is always
 * the second box, so that the head of the file is enough to list it.  Init
 * segments, "ftyp uuid moov", have it too: number and interval are 0.
 *
 * It carries two checksums.  One covers the box itself, and so whatever is
 * read from the head alone; the other every byte outside of it but the
 * sequence number in mfhd, which must be that of the box.  So stamping leaves
 * alone what fragment-split sealed.
 */
#ifndef MEDIA_FRAGMENT_H
#define MEDIA_FRAGMENT_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct iovec;

#define FRAGMENT_DEPENDENT	0x1u	/* does not start on a sync sample */
#define FRAGMENT_EPOCH_START	0x2u	/* first of an epoch */
#define FRAGMENT_LAST		0x4u	/* its publication ended here */
#define FRAGMENT_GAP		0x8u	/* of a rendition: the original has no
					   samples for it, and so has this */

#define FRAGMENT_IMAGES	0x10u	/* of a rendition: thumbnails, which no
					   playlist lists */

struct fragment_info {
	uint32_t	flags;
	uint32_t	epoch;		/* 0 until segment-store put stamps it */
	uint32_t	seq;		/* 0 until then; the first is 1 */
	uint32_t	back;		/* fragments back to the last sync sample;
					   0 unless FRAGMENT_DEPENDENT */
	uint32_t	timescale;	/* of START and END, units a second */
	int64_t		start, end;	/* the interval [start, end) to cover */
	int64_t		arrival_us;	/* wall clock of the first sample's
					   arrival; 0 when not known */
	int64_t		date_us;	/* wall clock of START, which never goes
					   back in a stream; 0 until then, and
					   when not known */
	uint64_t	name;		/* fragment_name(); 0 until then */
	uint64_t	bytes;		/* of the file; fragment_seal() fills
					   it in */
};

/* The last moment of 9999: no time is later. */
#define FRAGMENT_WALL_US_MAX	INT64_C(253402300799000000)

/* What stands for a stream's rendition: its file tells whose it is. */
uint64_t	fragment_name(const char *stream, const char *rendition);

/* Append the uuid box.  BYTES is not looked at: the file has to be sealed. */
void	fragment_put_info(struct buf *b, const struct fragment_info *info);

/*
 * Write the size and the checksum of the file that is COUNT pieces at IOV
 * into its info box.  The first piece must reach behind mfhd, or be the whole
 * init segment.  0, or -1 with ERR_DATA, ERR_OS or ERR_BUG.
 */
int	fragment_seal(const struct iovec *iov, int count, struct err *err)
	    __attribute__((warn_unused_result));

/* More than ftyp or styp and the uuid box of any fragment. */
#define FRAGMENT_HEAD_BYTES	512

/*
 * Read the info from the first bytes of a file; HEAD may be cut anywhere
 * behind the uuid box, whose own checksum is verified.
 * 0, or -1 with ERR_DATA.
 */
int	fragment_get_info(const uint8_t *head, size_t n,
	    struct fragment_info *info, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * 0 and *INFO when the N bytes at P are a file as it was sealed: size,
 * checksums, the number in mfhd.  -1 with ERR_DATA that says what is wrong,
 * or ERR_OS.  That what was sealed is good media is not looked at.
 */
int	fragment_check(const uint8_t *p, size_t n, struct fragment_info *info,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Write INFO's name, epoch, number and date into the info box of the fragment
 * at P, and the number into its mfhd.  A sealed one stays sealed.
 * 0, or -1 with ERR_DATA.
 */
int	fragment_stamp(uint8_t *p, size_t n, const struct fragment_info *info,
	    struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The length of the fragment at the start of N bytes: from its ftyp to the
 * end of its mdat.  1 and *BYTES; 0 when more bytes are needed; -1 with
 * ERR_DATA: no fragment, or larger than LIMIT_FRAGMENT_BYTES.
 */
int	fragment_length(const uint8_t *p, size_t n, size_t *bytes,
	    struct err *err) __attribute__((warn_unused_result));

/* START or a duration in microseconds, rounded down; no overflow. */
int64_t	fragment_us(int64_t t, uint32_t timescale);

#endif /* MEDIA_FRAGMENT_H */
