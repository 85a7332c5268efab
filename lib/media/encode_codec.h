/*
 * encode_codec - what is different between the codecs, for encode.c alone.
 */
#ifndef MEDIA_ENCODE_CODEC_H
#define MEDIA_ENCODE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"

struct AVCodecContext;
struct buf;
struct encode_conf;
struct err;

struct encode_codec {
	enum codec	 codec;
	const char	*library;	/* libavcodec's name of the encoder */
	int		 reorder;	/* pictures that a PTS may be late by;
					   -1: libavcodec knows */
	int		 tail;		/* pictures to look ahead to behind
					   the last; not kept */
	bool		 intra;		/* every picture is a key picture */

	/* What is in front of a picture with captions of N bytes at P; NULL:
	   the library puts it there, or nothing does. */
	void	(*put_captions)(struct buf *out, const uint8_t *p, size_t n);
	/* And in front of the first. */
	void	(*put_hdr)(struct buf *out, const struct track_hdr *hdr);
	/* Set CTX up, but for size, time and colour.  An AVERROR or 0. */
	int	(*set)(struct AVCodecContext *ctx,
		    const struct encode_conf *conf);
	/* The configuration of the stream that CTX, which is open, makes. */
	int	(*put_config)(struct buf *out, const struct AVCodecContext *ctx,
		    const struct encode_conf *conf, struct err *err);
	/* One packet as a sample. */
	int	(*put_sample)(struct buf *out, const uint8_t *p, size_t n,
		    bool *sync, struct err *err);
};

/* NULL when there is none. */
const struct encode_codec	*encode_codec_of(enum codec codec);

#endif /* MEDIA_ENCODE_CODEC_H */
