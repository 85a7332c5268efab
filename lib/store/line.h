/*
 * line - the fragment line that programs print and read.
 *
 * TAB-separated: path stream epoch seq rendition start_us duration_us bytes
 * flags.  FLAGS is a comma list of "dependent=N", "epoch-start", "last", or
 * "-".  As JSON the same names are the keys of one object a line, numbers
 * are numbers and flags an array; it also has arrival_us and date_us, since
 * 1970, 0 when not known.  Readers skip flags they do not know, and
 * fields behind the ninth.
 */
#ifndef STORE_LINE_H
#define STORE_LINE_H

#include <stdint.h>
#include <stdio.h>

#include "media/fragment.h"
#include "store/spool.h"

struct err;

/* The longest line that is read; a path has at most 4095. */
#define LINE_BYTES_MAX	8192

enum line_format { LINE_TAB, LINE_JSON, LINE_NUL };

struct line {
	char			path[4096];	/* spool directory included */
	struct spool_key	key;
	struct fragment_info	info;	/* when parsed: flags and back, and
					   the interval with timescale 1000000 */
	uint64_t		bytes;
	const char		*why;	/* borrowed; NULL, or why it is parked:
					   the tenth field, "failed" of JSON */
};

/*
 * Fill LINE for a file of S of which all is known.
 * 0, or -1 with ERR_INPUT: the path is too long.
 */
int	line_fill(const struct spool *s, const struct spool_key *key,
	    const struct fragment_info *info, uint64_t bytes,
	    struct line *line, struct err *err)
	    __attribute__((warn_unused_result));

/* Fill LINE for the file of KEY.  0 or -1. */
int	line_of(struct spool *s, const struct spool_key *key,
	    struct line *line, struct err *err)
	    __attribute__((warn_unused_result));

/* Print and flush: a reader must not wait.  0, or -1 with ERR_IO. */
int	line_print(FILE *out, const struct line *line,
	    enum line_format format, struct err *err)
	    __attribute__((warn_unused_result));

/* Parse one TAB line, without its newline.  0, or -1 with ERR_DATA. */
int	line_parse(const char *text, struct line *line, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* STORE_LINE_H */
