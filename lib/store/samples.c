#include "store/samples.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "media/mp4.h"
#include "store/spool.h"
#include "store/timeline.h"

#define HEAD_BYTES	4096
#define MDAT_HEAD_BYTES	16

/*
 * The moof in the first N of BYTES bytes at P.  1, *AT and *NEED, which is
 * how many bytes the boxes to the head of mdat have; 0 when it needs more
 * bytes to know; -1.
 */
static int
find_moof(const uint8_t *p, size_t n, size_t bytes, size_t *at, size_t *need,
    struct err *err)
{
	uint64_t box = 0;
	uint32_t type = 0;
	int rc;

	*at = 0;
	do {
		*at += (size_t)box;
		*need = *at + MDAT_HEAD_BYTES;
		if (*need > n)
			return *need > bytes ? -1 : 0;
		rc = mp4_box(p + *at, n - *at, &box, &type, err);
		if (rc != 1 || box > bytes - *at)
			return -1;
	} while (type != MP4_TYPE('m', 'o', 'o', 'f'));
	*need = *at + (size_t)box + MDAT_HEAD_BYTES;
	return *need > bytes ? -1 : 1;
}

/* As much of the BYTES bytes of FD as there is before its samples. */
static bool
read_tables(int fd, uint8_t *p, size_t bytes, size_t *moof_at)
{
	struct err ignored = ERR_INIT;
	size_t n = 0, need = bytes < HEAD_BYTES ? bytes : HEAD_BYTES;
	ssize_t got;
	int rc = 0;

	for (;;) {
		for (; n < need; n += (size_t)got)
			if ((got = pread(fd, p + n, need - n, (off_t)n)) <= 0)
				return false;
		if (rc == 1)
			return true;
		rc = find_moof(p, n, bytes, moof_at, &need, &ignored);
		if (rc == -1)
			return false;
	}
}

static void
fill(struct timeline_seg *seg, const struct mp4 *m, const uint8_t *p,
    size_t moof_at)
{
	const struct mp4_sample *first = &m->runs[0].samples[0];

	seg->frames = (uint32_t)m->runs[0].count;
	if (!first->sync)
		return;
	seg->iframe_at = (uint32_t)moof_at;
	seg->iframe_bytes = (uint32_t)((size_t)(first->p - p) +
	    first->bytes - moof_at);
}

bool
samples_read(struct spool *s, const struct spool_key *key,
    struct timeline_seg *seg)
{
	char path[SPOOL_PATH_BYTES];
	struct err ignored = ERR_INIT;
	struct mp4 m = { 0 };
	size_t bytes = (size_t)seg->bytes, moof_at = 0;
	uint8_t *p;
	int fd;

	if (seg->frames != 0)
		return true;
	if (seg->bytes > LIMIT_FRAGMENT_BYTES)
		return false;
	spool_path(key, path);
	fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return false;
	/* Nobody looks at the samples: their pages are never touched. */
	p = calloc(1, bytes + 1);
	if (p != NULL && read_tables(fd, p, bytes, &moof_at) &&
	    mp4_parse(&m, p, bytes, &ignored) == 0 && m.nruns > 0 &&
	    m.runs[0].count > 0)
		fill(seg, &m, p, moof_at);
	mp4_release(&m);
	free(p);
	close(fd);
	return seg->frames != 0;
}
