#include "store/put_date.h"

#include "media/fragment.h"

/*
 * Of the distance to the clock, what is made up with each fragment: so jitter
 * hardly shows.
 */
#define SHARE	128

/* By its ends, so that rounding does not add up. */
static int64_t
length_us(const struct fragment_info *info)
{
	return fragment_us(info->end, info->timescale) -
	    fragment_us(info->start, info->timescale);
}

int64_t
put_date_us(const struct fragment_info *info, bool new_epoch, int64_t end_us)
{
	int64_t off_us = (info->arrival_us - end_us) / SHARE;
	int64_t most_us = length_us(info) / PUT_DATE_SLEW;

	if (end_us == 0 || info->arrival_us == 0)
		return info->arrival_us + end_us;	/* what is known */
	if (new_epoch)
		return info->arrival_us > end_us ? info->arrival_us : end_us;
	if (off_us > most_us)
		off_us = most_us;
	if (off_us < -most_us)
		off_us = -most_us;
	end_us += off_us;
	return end_us < FRAGMENT_WALL_US_MAX ? end_us : FRAGMENT_WALL_US_MAX;
}

int64_t
put_date_end_us(const struct fragment_info *info)
{
	return info->date_us == 0 ? 0 : info->date_us + length_us(info);
}
