#include <stdio.h>

#include "net/http.h"

/* In target durations. */
#define BLOCKING_AGE		6
#define BLOCKING_ERROR_AGE	4
#define SEGMENT_ERROR_AGE	1
#define OTHER_ERROR_AGE_S	1

static void
put_age(unsigned seconds, char out[HTTP_CACHE_BYTES])
{
	/* Half a second cannot be said: better none than twice as much. */
	if (seconds == 0)
		snprintf(out, HTTP_CACHE_BYTES, "no-cache");
	else
		snprintf(out, HTTP_CACHE_BYTES, "max-age=%u", seconds);
}

void
http_cache_control(enum http_kind kind, unsigned status, uint32_t target_s,
    unsigned segment_age_s, char out[HTTP_CACHE_BYTES])
{
	bool good = status < 400;
	unsigned error_s = target_s == 0 ? OTHER_ERROR_AGE_S :
	    target_s * SEGMENT_ERROR_AGE;

	switch (kind) {
	case HTTP_OTHER:
		put_age(good ? 0 : OTHER_ERROR_AGE_S, out);
		return;
	case HTTP_PLAYLIST:
		put_age(good ? target_s / 2 : error_s, out);
		return;
	case HTTP_BLOCKING:
		put_age(target_s * (good ? BLOCKING_AGE : BLOCKING_ERROR_AGE),
		    out);
		return;
	case HTTP_SEGMENT:
		if (good)
			snprintf(out, HTTP_CACHE_BYTES,
			    "public, max-age=%u, immutable", segment_age_s);
		else
			put_age(error_s, out);
		return;
	}
}
