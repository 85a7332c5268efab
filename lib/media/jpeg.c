#include "media/jpeg.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rd.h"

enum {				/* the second byte of a marker */
	SOF0 = 0xc0, SOI = 0xd8, RST0 = 0xd0, EOI = 0xd9, SOS = 0xda,
	DRI = 0xdd,
};

#define BLOCK		8u	/* pixels of a side */
#define COMPONENTS_MAX	4

static int
bad(const char *what, const struct rd *r, struct err *err)
{
	return err_set(err, ERR_DATA, "JPEG at byte %zu: %s", (size_t)rd_offset(r), what);
}

/* The frame header, T.81 B.2.2; R is what follows its length. */
static int
parse_sof(struct jpeg *j, struct rd *r, struct err *err)
{
	uint32_t across = 0, down = 0, h = 0, v = 0;
	uint8_t precision = rd_u8(r), components, factors;

	j->height_at = (size_t)rd_offset(r);
	j->height = rd_u16(r);
	j->width = rd_u16(r);
	components = rd_u8(r);
	if (r->bad || precision != 8 || components == 0 ||
	    components > COMPONENTS_MAX)
		return bad("bad frame header", r, err);
	for (; components > 0; components--) {
		rd_u8(r);
		factors = rd_u8(r);
		rd_u8(r);
		h = factors >> 4 > h ? factors >> 4 : h;
		v = (factors & 15u) > v ? factors & 15u : v;
	}
	if (r->bad || h == 0 || v == 0 || h > 4 || v > 4 || j->width == 0 ||
	    j->height == 0)
		return bad("bad frame header", r, err);
	across = (j->width + BLOCK * h - 1) / (BLOCK * h);
	down = (j->height + BLOCK * v - 1) / (BLOCK * v);
	j->blocks = across * down;
	j->rows = down * BLOCK * v;
	return 0;
}

/* The segments up to that of SOS. */
static int
parse_head(struct jpeg *j, struct rd *r, struct err *err)
{
	struct rd body;
	uint8_t marker;
	uint16_t bytes;

	if (rd_u16(r) != 0xff00 + SOI)
		return bad("no picture", r, err);
	do {
		j->sos_at = (size_t)rd_offset(r);
		if (rd_u8(r) != 0xff)
			return bad("no marker", r, err);
		marker = rd_u8(r);
		bytes = rd_u16(r);
		if (r->bad || bytes < 2)
			return bad("cut short", r, err);
		body = rd_sub(r, bytes - 2u);
		if (r->bad)
			return bad("cut short", r, err);
		if (marker == SOF0 && j->blocks != 0)
			return bad("two frame headers", r, err);
		if (marker == SOF0 && parse_sof(j, &body, err) == -1)
			return -1;
		/* Other processes, restart intervals, hierarchies. */
		if ((marker > SOF0 && marker < 0xd0 && marker != 0xc4) ||
		    marker == DRI || marker == 0xde)
			return bad("not plain baseline", r, err);
	} while (marker != SOS);
	if (j->blocks == 0)
		return bad("no frame header", r, err);
	return 0;
}

int
jpeg_parse(struct jpeg *j, const uint8_t *p, size_t n, struct err *err)
{
	struct rd r;
	size_t i;

	*j = (struct jpeg){ .head = p };
	rd_init(&r, p, n, 0);
	if (parse_head(j, &r, err) == -1)
		return -1;
	j->head_bytes = (size_t)rd_offset(&r);
	j->scan_bytes = rd_left(&r);
	j->scan = rd_bytes(&r, j->scan_bytes);
	if (j->scan_bytes < 2 || j->scan[j->scan_bytes - 2] != 0xff ||
	    j->scan[j->scan_bytes - 1] != EOI)
		return bad("no end", &r, err);
	j->scan_bytes -= 2;
	for (i = 0; i < j->scan_bytes; i++)
		if (j->scan[i] == 0xff && j->scan[i + 1] != 0)
			return bad("a marker in the scan", &r, err);
	return 0;
}

bool
jpeg_alike(const struct jpeg *a, const struct jpeg *b)
{
	return a->head_bytes == b->head_bytes &&
	    memcmp(a->head, b->head, a->head_bytes) == 0;
}

int
jpeg_join(struct buf *b, const struct jpeg *j, size_t n, struct err *err)
{
	size_t height = (n - 1) * j->rows + j->height, i;

	if (height > UINT16_MAX || j->blocks > UINT16_MAX)
		return err_set(err, ERR_DATA, "%zu pictures of %u by %u "
		    "pixels are too many for one JPEG", n, (unsigned)j->width,
		    (unsigned)j->height);
	buf_put(b, j->head, j->height_at);
	buf_put_u16(b, (uint16_t)height);
	buf_put(b, j->head + j->height_at + 2, j->sos_at - j->height_at - 2);
	buf_put_u16(b, 0xff00 + DRI);
	buf_put_u16(b, 4);
	buf_put_u16(b, (uint16_t)j->blocks);
	buf_put(b, j->head + j->sos_at, j->head_bytes - j->sos_at);
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_put_u16(b, (uint16_t)(0xff00 + RST0 +
			    (i - 1) % 8));
		buf_put(b, j[i].scan, j[i].scan_bytes);
	}
	buf_put_u16(b, 0xff00 + EOI);
	return buf_ok(b, err);
}
