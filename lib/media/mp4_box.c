#include <inttypes.h>

#include "base/err.h"
#include "media/mp4_priv.h"

int
mp4_box(const uint8_t *p, size_t n, uint64_t *bytes, uint32_t *type,
    struct err *err)
{
	struct rd r;
	uint64_t size;
	size_t header = 8;

	rd_init(&r, p, n, 0);
	size = rd_u32(&r);
	*type = rd_u32(&r);
	if (r.bad)
		return 0;
	if (size == 1) {
		size = rd_u64(&r);
		header = 16;
		if (r.bad)
			return 0;
	}
	if (size < header)
		return err_set(err, ERR_DATA, "bad box size %" PRIu64, size);
	*bytes = size;
	return 1;
}

static char
type_letter(uint32_t type, int shift)
{
	uint32_t c = type >> shift & 0xff;

	return c >= 0x20 && c < 0x7f ? (char)c : '?';
}

int
mp4_box_error(const struct mp4_box *box, const char *what, struct err *err)
{
	return err_set(err, ERR_DATA, "box '%c%c%c%c' at byte %" PRIu64 ": %s",
	    type_letter(box->type, 24), type_letter(box->type, 16),
	    type_letter(box->type, 8), type_letter(box->type, 0),
	    box->offset, what);
}

int
mp4_box_next(struct rd *in, struct mp4_box *box, struct err *err)
{
	uint64_t offset = rd_offset(in), bytes;
	size_t left = rd_left(in), header;
	int rc;

	if (left == 0)
		return 0;
	rc = mp4_box(in->p, left, &bytes, &box->type, err);
	if (rc == -1)
		return err_wrap(err, "box at byte %" PRIu64, offset);
	box->offset = offset;
	if (rc == 0)
		return err_set(err, ERR_DATA,
		    "box at byte %" PRIu64 ": cut short", offset);
	if (bytes > left)
		return mp4_box_error(box, "larger than what it is in", err);
	/* A size of 1 announced the 64-bit one. */
	header = in->p[0] == 0 && in->p[1] == 0 && in->p[2] == 0 &&
	    in->p[3] == 1 ? 16 : 8;
	box->body = rd_sub(in, (size_t)bytes);
	rd_bytes(&box->body, header);
	return 1;
}

uint8_t
mp4_box_full(struct rd *r, uint32_t *flags)
{
	uint8_t version = rd_u8(r);

	*flags = rd_u24(r);
	return version;
}
