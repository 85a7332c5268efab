/*
 * m3u8 - reading HLS playlists (draft-pantos-hls-rfc8216bis).
 *
 * The other way round than playlist.h, and independent of it: anybody's
 * playlist in, what it says and what is wrong with how it says it out.  Pure,
 * and safe on hostile input; memory is at most some twenty times the text.
 */
#ifndef STORE_M3U8_H
#define STORE_M3U8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* Points into the text. */
struct m3u8_str {
	const char	*p;	/* NULL: not there */
	size_t		 n;
};

/* For "%.*s". */
#define M3U8_ARG(s)	(int)((s).n > 200 ? 200 : (s).n), \
			    (s).p == NULL ? "" : (s).p

bool	m3u8_same(struct m3u8_str a, struct m3u8_str b);
bool	m3u8_is(struct m3u8_str a, const char *s);

/*
 * ARRAY, of N of SIZE bytes, with room for one more, which is zeroed.  NULL
 * with ERR_DATA beyond LIMIT_PLAYLIST_ENTRIES, or ERR_OS; then ARRAY is as it
 * was.
 */
void	*m3u8_more(void *array, size_t n, size_t *cap, size_t size,
	    struct err *err);

/* A resource, or LENGTH bytes of it from OFFSET on. */
struct m3u8_place {
	size_t		 line;		/* of its tag or URI, from 1 */
	struct m3u8_str	 uri;
	bool		 ranged;
	uint64_t	 offset, length;
};

bool	m3u8_same_place(const struct m3u8_place *a,
	    const struct m3u8_place *b);

struct m3u8_part {
	struct m3u8_place	at;
	int64_t			duration_us;
	bool			independent, gap;
};

#define M3U8_NONE	SIZE_MAX

struct m3u8_seg {
	struct m3u8_place	at;
	int64_t			duration_us;	/* EXTINF */
	size_t			map;		/* index, or M3U8_NONE */
	uint32_t		breaks;		/* DISCONTINUITY in front */
	size_t			break_line;
	bool			gap, encrypted, dated;
	int64_t			date_us;	/* wall clock */
	size_t			date_line;
	size_t			part, nparts;	/* of parts */
};

struct m3u8_hint {
	struct m3u8_place	at;	/* RANGED: has a start */
	bool			part;	/* else a map */
};

struct m3u8_report {
	struct m3u8_place	at;
	uint64_t		msn, part;
	bool			has_msn, has_part;
};

/* EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF; 0 or NULL: not there. */
struct m3u8_variant {
	struct m3u8_place	at;
	size_t			tag_line;
	bool			iframes;
	uint64_t		peak_bps, average_bps;
	uint64_t		width, height;
	uint64_t		micro_fps;
	struct m3u8_str		codecs, range, audio, video, subtitles;
};

struct m3u8_rendition {
	struct m3u8_place	at;	/* URI may be absent */
	struct m3u8_str		type, group, name, language, channels;
	bool			is_default, autoselect, denies_autoselect;
};

enum m3u8_type { M3U8_LIVE, M3U8_EVENT, M3U8_VOD };

struct m3u8 {
	bool			 multivariant;
	unsigned		 version;	/* 1 when it does not say */
	bool			 independent, iframes_only, ended;
	enum m3u8_type		 type;
	size_t			 type_line;
	uint64_t		 target_s;	/* 0: not there */
	size_t			 target_line;
	uint64_t		 media_sequence;
	uint64_t		 discontinuity_sequence;
	bool			 has_discontinuity_sequence;
	uint64_t		 skipped;	/* EXT-X-SKIP */
	size_t			 skip_line;

	struct m3u8_str		 control;	/* all of SERVER-CONTROL */
	size_t			 control_line;
	bool			 can_block;
	int64_t			 hold_back_us, part_hold_back_us,
				 skip_until_us;	/* 0: not there */
	int64_t			 part_target_us;
	size_t			 part_target_line;

	struct m3u8_seg		*segs;		/* owned, as are those below */
	size_t			 nsegs;
	struct m3u8_part	*parts;
	size_t			 nparts;
	struct m3u8_place	*maps;
	size_t			 nmaps;
	struct m3u8_hint	*hints;
	size_t			 nhints;
	struct m3u8_report	*reports;
	size_t			 nreports;
	struct m3u8_variant	*variants;
	size_t			 nvariants;
	struct m3u8_rendition	*renditions;
	size_t			 nrenditions;
	/* The segment whose parts have come, but not itself. */
	struct m3u8_seg		 open;
	size_t			 last_line;
};

/*
 * Called with what breaks a rule; RULE names it: "HLS 4.4.3.1" is a section
 * of the draft, "Apple 8.4" a point of the HLS Authoring Specification.
 */
typedef void m3u8_say_fn(void *arg, size_t line, const char *rule,
    const char *text);

/*
 * Read the N bytes at TEXT, which must outlive P.  What is wrong is said and
 * read over.  0, or -1: ERR_DATA when it is no playlist at all or longer than
 * LIMIT_PLAYLIST_ENTRIES, ERR_OS.  m3u8_release() in any case.
 */
int	m3u8_read(struct m3u8 *p, const char *text, size_t n,
	    m3u8_say_fn *say, void *arg, struct err *err)
	    __attribute__((warn_unused_result));
void	m3u8_release(struct m3u8 *p);

#endif /* STORE_M3U8_H */
