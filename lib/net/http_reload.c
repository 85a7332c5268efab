#include <ctype.h>
#include <string.h>

#include "net/http_playlist.h"

#define SECOND_US	1000000
#define ADVANCE_S	3	/* parts ahead, of a second and more */

/* False unless VALUE is a decimal-integer and nothing else. */
static bool
number(const char *value, uint64_t *n)
{
	const char *s = value;

	if (s == NULL || *s == '\0')
		return false;
	for (*n = 0; *s != '\0'; s++)
		if (!isdigit((unsigned char)*s) ||
		    __builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(*s - '0'), n))
			return false;
	return true;
}

static void
take_number(struct http_reload *r, const char *value, bool *has,
    uint64_t *n)
{
	if (*has || !number(value, n))
		r->bad = true;
	*has = true;
}

void
http_reload_add(struct http_reload *r, const char *key, const char *value)
{
	if (strcmp(key, "_HLS_msn") == 0) {
		take_number(r, value, &r->has_msn, &r->msn);
	} else if (strcmp(key, "_HLS_part") == 0) {
		take_number(r, value, &r->has_part, &r->part);
	} else if (strcmp(key, "_HLS_skip") == 0 && value != NULL) {
		/* Whatever else it may come to mean, the whole list is it. */
		r->skip = strcmp(value, "YES") == 0 ||
		    strcmp(value, "v2") == 0;
	}
}

/* The Advance Part Limit: three seconds of parts, and three at least. */
static uint64_t
advance(const struct http_playlist *p)
{
	int64_t us = p->part_target_us;

	return us >= SECOND_US ? ADVANCE_S :
	    (uint64_t)((ADVANCE_S * SECOND_US + us - 1) / us);
}

/* MSN and PART, where a part behind a whole segment's last is the next's 0. */
static enum http_verdict
judge_part(uint64_t msn, uint64_t part, const struct http_playlist *p)
{
	uint64_t ahead;

	if (msn + 1 == p->next && p->last_parts > 0 && part >= p->last_parts) {
		msn++;
		part = 0;
	}
	if (msn < p->next || (msn == p->next && part < p->next_parts))
		return HTTP_NOW;
	/* Of the segment after that it is not known how many come before. */
	ahead = msn == p->next ? part - p->next_parts : part;
	return ahead >= advance(p) ? HTTP_BAD : HTTP_WAIT;
}

enum http_verdict
http_reload_judge(const struct http_reload *r, const struct http_playlist *p)
{
	if (p->ended)
		return HTTP_NOW;
	if (r->bad || (r->has_part && !r->has_msn))
		return HTTP_BAD;
	if (!http_reload_blocks(r, p))
		return HTTP_NOW;
	if (r->msn > p->next && r->msn - p->next > 1)
		return HTTP_BAD;
	if (r->has_part && p->part_target_us > 0)
		return judge_part(r->msn, r->part, p);
	return r->msn < p->next ? HTTP_NOW : HTTP_WAIT;
}

bool
http_reload_blocks(const struct http_reload *r, const struct http_playlist *p)
{
	return r->has_msn && p->blocks && !p->ended;
}

bool
http_reload_skips(const struct http_reload *r, const struct http_playlist *p)
{
	return r->skip && p->skip_us > 0 && !p->ended;
}
