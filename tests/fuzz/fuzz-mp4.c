/*
 * fuzz-mp4 - mp4_parse() and what reads the head of a fragment, on anything.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/err.h"
#include "media/codec.h"
#include "media/fragment.h"
#include "media/mp4.h"

int	LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* All that the parser said is there is read, so that a sanitizer sees it. */
static void
read_all(const struct mp4 *m)
{
	char name[CODEC_STRING_BYTES];
	struct err err = ERR_INIT;
	volatile unsigned sum = 0;

	for (size_t i = 0; i < m->ntracks; i++) {
		for (size_t k = 0; k < m->tracks[i].config_bytes; k++)
			sum = sum + m->tracks[i].config[k];
		if (codec_string(&m->tracks[i], name, &err) == 0)
			sum = sum + (unsigned char)name[0];
		sum = sum + codec_transfer(&m->tracks[i]);
	}
	for (size_t i = 0; i < m->nruns; i++)
		for (size_t k = 0; k < m->runs[i].count; k++) {
			const struct mp4_sample *s = &m->runs[i].samples[k];

			if (s->bytes > 0)
				sum = sum + s->p[0] + s->p[s->bytes - 1];
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct fragment_info stamp = { .name = 3, .epoch = 1,
	    .seq = 2, .date_us = 4 };
	struct fragment_info info;
	struct err err = ERR_INIT;
	struct mp4 m;
	uint8_t *copy;
	size_t bytes;

	if (mp4_parse(&m, p, n, &err) == 0)
		read_all(&m);
	mp4_release(&m);
	if (fragment_get_info(p, n, &info, &err) == 0)
		fragment_us(info.start, info.timescale);
	if (fragment_length(p, n, &bytes, &err) == 1 && bytes > n)
		abort();
	if ((copy = malloc(n == 0 ? 1 : n)) != NULL) {
		memcpy(copy, p, n);
		if (fragment_stamp(copy, n, &stamp, &err) == 0 &&
		    fragment_seal(&(struct iovec){ copy, n }, 1, &err) == 0 &&
		    fragment_get_info(copy, n, &info, &err) == 0 &&
		    (info.epoch != 1 || info.seq != 2 ||
		    fragment_check(copy, n, &info, &err) == -1))
			abort();
		free(copy);
	}
	return 0;
}
