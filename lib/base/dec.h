/*
 * dec - decimal numbers, where printf() would be most of the work.
 */
#ifndef BASE_DEC_H
#define BASE_DEC_H

#include <stdint.h>
#include <string.h>

#define DEC_MAX	20		/* digits of 2^64 - 1 */

/*
 * Write V at TO, with zeros in front up to DIGITS (at most DEC_MAX): that many
 * bytes or more, and no NUL.  Its end.
 */
static inline char *
dec_put(char *to, uint64_t v, int digits)
{
	char text[DEC_MAX];
	int at = DEC_MAX;

	for (; at > 0 && (v > 0 || at > DEC_MAX - digits); v /= 10)
		text[--at] = (char)('0' + v % 10);
	memcpy(to, text + at, (size_t)(DEC_MAX - at));
	return to + (DEC_MAX - at);
}

#endif /* BASE_DEC_H */
