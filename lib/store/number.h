/*
 * number - the numbers in the spool's names: a fixed count of digits.
 */
#ifndef STORE_NUMBER_H
#define STORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EPOCH_DIGITS	6
#define GROUP_DIGITS	6
#define SEQ_DIGITS	9

/*
 * True when S is exactly DIGITS (at most 9) digits and then REST; REST may
 * be NULL: anything follows.
 */
static inline bool
number_is(const char *s, int digits, const char *rest, uint32_t *n)
{
	*n = 0;
	for (; digits > 0; digits--, s++) {
		if (*s < '0' || *s > '9')
			return false;
		*n = *n * 10 + (uint32_t)(*s - '0');
	}
	return rest == NULL || strcmp(s, rest) == 0;
}

#endif /* STORE_NUMBER_H */
