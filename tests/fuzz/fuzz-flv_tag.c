/*
 * The FLV tag reader on anything: tags one after the other, what is in them,
 * and past what is none to the next, in memory of just that size.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"
#include "media/flv.h"

int	LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What TAG says is in it must be in it. */
static void
read_bodies(const struct flv_tag *tag)
{
	struct flv_bodies all;
	struct flv_body b;
	size_t n = 0;

	if (tag->type == FLV_SCRIPT)
		return;
	flv_bodies(&all, tag);
	while (flv_bodies_next(&all, &b)) {
		if (b.bytes > 0 && (b.p < tag->body ||
		    b.p + b.bytes > tag->body + tag->body_bytes))
			abort();
		if (++n > tag->body_bytes || b.nano_ns > 999999 ||
		    memchr(b.name, '\0', sizeof(b.name)) == NULL)
			abort();
	}
}

/* Find the next tag.  It must be one for flv_next() too. */
static int
resync(struct rd *r, struct flv_tag *tag, struct err *err)
{
	const uint8_t *bad = r->p;

	rd_u8(r);
	if (flv_resync(r) == FLV_MORE)
		return FLV_MORE;
	if (r->p <= bad || flv_next(r, LIMIT_FLV_BODY_BYTES, tag, err) !=
	    FLV_TAG)
		abort();
	return FLV_TAG;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct err err = ERR_INIT;
	struct flv_tag tag;
	struct rd r;
	uint8_t flags;
	const uint8_t *from;
	int rc;

	rd_init(&r, p, n, 0);
	if (flv_header(&r, &flags, &err) != FLV_TAG)
		rd_init(&r, p, n, 0);
	for (;;) {
		from = r.p;
		rc = flv_next(&r, LIMIT_FLV_BODY_BYTES, &tag, &err);
		if (rc != FLV_TAG && r.p != from)
			abort();
		if (rc == -1)
			rc = resync(&r, &tag, &err);
		if (rc != FLV_TAG)
			return 0;
		if (tag.body < from || tag.body + tag.body_bytes > r.p)
			abort();
		read_bodies(&tag);
	}
}
