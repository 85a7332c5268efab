/*
 * What was made before, beside what is made of the same original now.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/ladder.h"
#include "store/transcode_impl.h"

#define WHAT_BYTES	128

/* Where A and B, of which one may go on behind the other, differ. */
static size_t
first_difference(const struct buf *a, const struct buf *b)
{
	size_t n = a->n < b->n ? a->n : b->n, i = 0;

	while (i < n && a->p[i] == b->p[i])
		i++;
	return i;
}

/* 0: PATH has the bytes of MADE.  1: WHAT says how it differs.  -1. */
static int
compare_file(struct spool *s, const char *path, const char *name,
    const struct buf *made, char what[WHAT_BYTES], struct err *err)
{
	struct buf there;
	int rc = 0;

	buf_init(&there, LIMIT_FRAGMENT_BYTES);
	if (file_slurp(s->fd, path, &there, err) == -1) {
		rc = err->errnum == ENOENT ? 0 : -1;	/* expired meanwhile */
	} else if (there.n != made->n ||
	    memcmp(there.p, made->p, made->n) != 0) {
		snprintf(what, WHAT_BYTES, "%s: %zu bytes, made again %zu, "
		    "the first difference at byte %zu", name, there.n,
		    made->n, first_difference(&there, made));
		rc = 1;
	}
	buf_release(&there);
	return rc;
}

static int
compare_output(const struct transcode *t, struct spool *s,
    const struct transcode_output *out, char what[WHAT_BYTES],
    struct err *err)
{
	struct spool_key key = transcode_key(t, out->rendition);
	char path[SPOOL_PATH_BYTES];
	int rc = 0;

	if (out->kind == TRANSCODE_NONE) {
		snprintf(what, WHAT_BYTES, "the epoch cannot have it");
		return 1;
	}
	if (out->kind == TRANSCODE_SEGMENT) {
		spool_init_path(&key, path);
		rc = compare_file(s, path, "init segment", &out->init, what,
		    err);
	}
	if (rc != 0)
		return rc;
	spool_path(&key, path);
	return compare_file(s, path, "fragment", &out->segment, what, err);
}

/* Does it depend on the original before, and is that gone? */
static bool
lacks_run_up(const struct transcode *t, struct spool *s,
    const struct transcode_output *out)
{
	const struct rendition *r = out->rendition;
	struct spool_key before = t->key;
	struct fragment_info info;
	struct err ignored = ERR_INIT;

	if (r->kind != TRACK_AUDIO || r->copy ||
	    fragment_get_info(out->segment.p, out->segment.n, &info,
	    &ignored) == -1 || (info.flags & FRAGMENT_EPOCH_START) != 0)
		return false;
	before.seq--;
	return !spool_exists(s, &before);
}

int
transcode_compare(const struct transcode *t, struct spool *s,
    transcode_differs_fn *fn, void *arg, struct err *err)
{
	const struct transcode_output *out;
	char what[WHAT_BYTES];
	struct spool_key key;
	int rc = 0;

	for (out = t->outputs; out < t->outputs + t->count && rc == 0; out++) {
		if (lacks_run_up(t, s, out))
			continue;
		rc = compare_output(t, s, out, what, err);
		if (rc != 1)
			continue;
		key = transcode_key(t, out->rendition);
		rc = fn(&key, what, arg, err);
	}
	return rc;
}
