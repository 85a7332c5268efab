/*
 * select - which fragments of a stream are meant: by epoch, by number, by
 * date.
 *
 * A time becomes a number by search: a few directories and some twenty heads
 * of files are read, however much is stored: dates never go back.
 */
#ifndef STORE_SELECT_H
#define STORE_SELECT_H

#include <stdint.h>

#include "store/spool.h"

struct err;

struct select {
	uint32_t	epoch;		/* 0: any */
	uint32_t	first, last;	/* seq */
	int64_t		from_us, to_us;	/* begun at FROM or later, before TO;
					   INT64_MIN, INT64_MAX: any time */
};

#define SELECT_ALL	{ .last = SPOOL_SEQ_MAX, .from_us = INT64_MIN, \
			    .to_us = INT64_MAX }

/*
 * The values of --seq ("A-B", "A-", "A"), --epoch ("N") and the option
 * OPTION that takes a point in time: RFC 3339 ("2026-11-22T22:00:00Z"),
 * seconds since 1970 ("@1795384800"), or before NOW_US ("-2h").
 * 0, or -1 with ERR_USAGE.
 */
int	select_parse_seq(const char *value, struct select *sel,
	    struct err *err) __attribute__((warn_unused_result));
int	select_parse_epoch(const char *value, struct select *sel,
	    struct err *err) __attribute__((warn_unused_result));
int	select_parse_time(const char *option, const char *value,
	    int64_t now_us, int64_t *us, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The numbers FIRST to LAST that SEL means in STREAM's RENDITION.
 * 1; 0 when there can be none; -1.
 */
int	select_numbers(struct spool *s, const char *stream,
	    const char *rendition, const struct select *sel, uint32_t *first,
	    uint32_t *last, struct err *err)
	    __attribute__((warn_unused_result));

/* Call FN for what SEL means, as spool_each() does. */
int	select_each(struct spool *s, const char *stream,
	    const char *rendition, const struct select *sel, spool_fn *fn,
	    void *arg, struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_SELECT_H */
