/*
 * fuzz-jpeg - jpeg_parse() on anything, and jpeg_join() of what it takes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/jpeg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct err err = ERR_INIT;
	struct jpeg j[3];
	struct buf b;

	if (jpeg_parse(&j[0], p, n, &err) == -1)
		return 0;
	/* The parts are all there is, and in order. */
	if (j[0].head_bytes + j[0].scan_bytes + 2 != n ||
	    j[0].height_at + 2 > j[0].sos_at ||
	    j[0].sos_at >= j[0].head_bytes || j[0].rows < j[0].height ||
	    j[0].blocks == 0)
		abort();
	j[1] = j[2] = j[0];
	buf_init(&b, 4 * n + 64);
	if (jpeg_join(&b, j, 3, &err) == 0 &&
	    (b.n != j[0].head_bytes + 6 + 3 * j[0].scan_bytes + 2 * 2 + 2 ||
	    b.p[b.n - 1] != 0xd9))
		abort();
	buf_release(&b);
	return 0;
}
