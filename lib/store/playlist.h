/*
 * playlist - HLS playlists as text (draft-pantos-hls-rfc8216bis).
 *
 * Pure: the model in, the bytes out.  The same model gives the same bytes.
 * What belongs into a playlist is decided in hls.h.
 */
#ifndef STORE_PLAYLIST_H
#define STORE_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/codec.h"
#include "store/spool.h"

struct buf;

enum playlist_kind {
	PLAYLIST_LIVE,		/* sliding: no PLAYLIST-TYPE */
	PLAYLIST_EVENT,		/* grows, and has all from its start on */
	PLAYLIST_VOD,
};

#define PLAYLIST_URI_BYTES	80

/* A fragment as a partial segment. */
struct playlist_part {
	char	 uri[PLAYLIST_URI_BYTES];
	int64_t	 duration_us;
	bool	 independent;		/* starts on an IDR */
	bool	 gap;
};

struct playlist_entry {
	char	 uri[PLAYLIST_URI_BYTES];
	char	 map[PLAYLIST_URI_BYTES];	/* "": as the entry before */
	const char *key;			/* URI of its key; NULL: none */
	uint8_t	 iv[16];		/* with KEY */
	int64_t	 duration_us;
	int64_t	 date_us;		/* PROGRAM-DATE-TIME; 0: not known */
	uint32_t breaks;		/* DISCONTINUITY tags in front */
	bool	 gap;
	uint32_t range_at, range_bytes;	/* of its file; 0: all of it */
	bool	 open;			/* the last, which is still to be
					   completed: its parts alone */
	size_t	 first_part, nparts;	/* those listed */
};

/* Where another media playlist of the stream ends. */
struct playlist_report {
	char	 uri[PLAYLIST_URI_BYTES + NAME_BYTES];
	uint32_t msn, part;
};

struct playlist {
	enum playlist_kind	 kind;
	uint32_t		 target_s;
	int64_t			 part_target_us;	/* 0: no low latency */
	uint32_t		 media_sequence;
	uint32_t		 discontinuity_sequence;
	bool			 iframes;	/* no more than an I-frame of
						   each */
	bool			 independent;	/* all start on an IDR */
	bool			 ended;		/* nothing will follow */
	struct playlist_entry	*entries;	/* owned */
	size_t			 count;
	size_t			 fragments;	/* of the span they cover */
	struct playlist_part	*parts;		/* owned */
	size_t			 nparts;
	char			 hint[PLAYLIST_URI_BYTES];	/* the next
							   part; "": none */
	uint32_t		 last_msn, last_part;	/* for reports */
	struct playlist_report	*reports;	/* owned */
	size_t			 nreports;
};

void	playlist_release(struct playlist *p);
void	playlist_put_media(struct buf *b, const struct playlist *p);

/* EXTINF rounds to the nearest second: what TARGETDURATION bounds. */
uint32_t playlist_rounded_s(int64_t duration_us);

/* A media playlist as the multivariant playlist presents it. */
struct playlist_rendition {
	char		name[NAME_BYTES];
	enum track_kind	kind;
	char		codecs[CODEC_STRING_BYTES];
	uint64_t	peak_bps, average_bps;
	uint64_t	iframe_peak_bps, iframe_average_bps;	/* 0: it has no
						   I-frame playlist */
	uint8_t		transfer;		/* video, ITU-T H.273; 0: not
						   known */
	uint16_t	width, height;		/* video */
	uint32_t	milli_fps;		/* video; 0: not known */
	uint16_t	channels;		/* audio; 0: not known */
	uint32_t	sample_rate;		/* audio, Hz; 0: not known */
	uint32_t	timescale;		/* of its time stamps */
};

/*
 * The multivariant playlist of COUNT renditions; NAME is that of their
 * playlists ("live" of live.m3u8 and live-iframes.m3u8).  Each audio rendition is a group of its own, each
 * video rendition a variant for each group; without video every audio
 * rendition is a variant.  Variants come in ascending height: players start
 * with the first.
 */
void	playlist_put_main(struct buf *b, const struct playlist_rendition *r,
	    size_t count, bool independent, const char *name);

#endif /* STORE_PLAYLIST_H */
