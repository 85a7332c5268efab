/*
 * jpeg - baseline JPEG pictures one below another, without decoding them
 * (ITU-T T.81, JFIF).
 *
 * Pictures of one size and the same tables become one picture that is as many
 * times as high: the coded bytes of each are a restart interval of it.  No
 * picture is touched, so nothing is lost, and it costs a copy.  Safe on
 * hostile input.
 */
#ifndef MEDIA_JPEG_H
#define MEDIA_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/* A parsed picture; points into the caller's bytes. */
struct jpeg {
	const uint8_t	*head;		/* SOI up to the end of SOS */
	size_t		 head_bytes;
	size_t		 height_at;	/* in HEAD: the height of SOF0 */
	size_t		 sos_at;	/* in HEAD: the marker of SOS */
	const uint8_t	*scan;		/* coded, without EOI */
	size_t		 scan_bytes;
	uint16_t	 width, height;
	uint32_t	 blocks;	/* MCUs */
	uint32_t	 rows;		/* of pixels that its MCUs cover: the
					   distance in a joined picture */
};

/*
 * Parse the whole picture of N bytes at P.  0, or -1 with ERR_DATA: no
 * picture, or not one scan of baseline without restart intervals.
 */
int	jpeg_parse(struct jpeg *j, const uint8_t *p, size_t n,
	    struct err *err) __attribute__((warn_unused_result));

/* Can be joined: the same size, tables and all else but what is seen. */
bool	jpeg_alike(const struct jpeg *a, const struct jpeg *b);

/*
 * Append the N pictures at J, of which each is alike the first, as one.
 * Picture i begins at the line i * ROWS.  0, or -1 with ERR_DATA: too high.
 */
int	jpeg_join(struct buf *b, const struct jpeg *j, size_t n,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* MEDIA_JPEG_H */
