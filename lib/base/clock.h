/*
 * clock - the two clocks, in microseconds.
 *
 * Durations and time-outs use the monotonic one; the wall clock only labels.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t	clock_mono_us(void);
int64_t	clock_wall_us(void);	/* since 1970-01-01T00:00:00Z */

/*
 * NTP's 64-bit time (RFC 5905 section 6: 1900, 2^-32 s) and back, for times
 * from 1970 to 2106.
 */
uint64_t clock_ntp_from_wall(int64_t wall_us);
int64_t	clock_wall_from_ntp(uint64_t ntp);

/* "2026-03-01T12:00:00.000Z" (RFC 3339, UTC, milliseconds cut);
   what is before 1970 as its start. */
#define CLOCK_RFC3339_BYTES	32
void	clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_BYTES]);

/*
 * The way back: any offset and fraction (microseconds count), years from
 * 1970 on.  False when S is not of that form.
 */
bool	clock_parse_rfc3339(const char *s, int64_t *wall_us);

#endif /* BASE_CLOCK_H */
