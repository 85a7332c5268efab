/*
 * check - is a tree of HLS playlists right, and does it stay right?
 *
 * Reads a playlist, those it names, their init segments and segments, and
 * says what breaks a rule of draft-pantos-hls-rfc8216bis or of Apple's HLS
 * Authoring Specification.  Asks for bytes by a callback, so that it is the
 * same for files and for HTTP; knows nothing of how the playlists were made.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct check;

/*
 * Append the resource URL to B, or LENGTH bytes from OFFSET on if LENGTH is
 * not 0.  1; 0 when it cannot be had, and *ERR says why; -1 when it is no use
 * to go on.
 */
typedef int check_fetch_fn(void *arg, const char *url, uint64_t offset,
    uint64_t length, struct buf *b, struct err *err);

/* What breaks RULE in line LINE of the playlist URL. */
typedef void check_say_fn(void *arg, const char *url, size_t line,
    const char *rule, const char *text);

/* What is not looked into. */
typedef void check_note_fn(void *arg, const char *url, const char *text);

struct check_conf {
	check_fetch_fn	*fetch;
	check_say_fn	*say;
	check_note_fn	*note;
	void		*arg;
	bool		 lists_only;	/* no media: only what lists say */
};

/*
 * Read the playlist URL.  CONF must outlive what is returned; check_close()
 * it.  NULL with ERR_INPUT when it cannot be read, ERR_DATA when it is none.
 */
struct check	*check_open(const struct check_conf *conf, const char *url,
		    struct err *err);
void		 check_close(struct check *c);

/* The URL that was opened. */
const char *check_url(const struct check *c);

bool	check_is_multivariant(const struct check *c);

/*
 * Check it and all that it names.  0, or -1: then not all was looked at.
 */
int	check_run(struct check *c, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Read it once more, at NOW_US of a monotonic clock, and see what changed.
 * *AGAIN_US is when a player would come again; 0 when nothing changes any
 * more.  0 or -1.
 */
int	check_again(struct check *c, int64_t now_us, int64_t *again_us,
	    struct err *err) __attribute__((warn_unused_result));

/* The end of watching: are segments that left still there as promised? */
int	check_finish(struct check *c, int64_t now_us, struct err *err)
	    __attribute__((warn_unused_result));

/* How much was said, and not said because it was too much. */
uint64_t check_count(const struct check *c);

/* URL was one of the playlists. */
bool	check_has(const struct check *c, const char *url);

#endif /* STORE_CHECK_H */
