/*
 * put_date - the dates of a stream: the clock of arrival, made steady.
 *
 * Pure.  Dates only go forward, whatever clocks do: in a publication they
 * count media time and are slewed to the clock, and one that begins does not
 * begin before the last one ended.
 */
#ifndef STORE_PUT_DATE_H
#define STORE_PUT_DATE_H

#include <stdbool.h>
#include <stdint.h>

struct fragment_info;

/* A part of a fragment's length that its date may be moved by at most. */
#define PUT_DATE_SLEW	2000		/* 500 ppm */

/*
 * The date of a fragment that is behind one that ends at END_US, 0 when that
 * is not known; 0 when its arrival is not known either.
 */
int64_t	put_date_us(const struct fragment_info *info, bool new_epoch,
	    int64_t end_us);

/* The date at which a fragment with a date ends; 0 when it has none. */
int64_t	put_date_end_us(const struct fragment_info *info);

#endif /* STORE_PUT_DATE_H */
