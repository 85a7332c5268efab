#include "store/get.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "media/mp4.h"

struct get {
	struct spool	*s;
	int		 fd;
	uint32_t	 only;		/* epoch; 0: any */
	uint32_t	 low, high;	/* epochs found */
	uint32_t	 count;
	struct buf	 b;
};

static int
survey(const struct spool_key *key, void *arg, struct err *err)
{
	struct get *g = arg;

	(void)err;
	if (g->only != 0 && key->epoch != g->only)
		return 0;
	if (g->count == 0)
		g->low = key->epoch;
	g->high = key->epoch;
	g->count++;
	return 0;
}

/*
 * The offset behind the boxes that the first fragment has said already:
 * everything in front of prft or moof.
 */
static int
skip_head(const uint8_t *p, size_t n, size_t *offset, struct err *err)
{
	uint64_t bytes;
	uint32_t type;
	int rc;

	*offset = 0;
	while ((rc = mp4_box(p + *offset, n - *offset, &bytes, &type,
	    err)) == 1) {
		if (type == MP4_TYPE('p', 'r', 'f', 't') ||
		    type == MP4_TYPE('m', 'o', 'o', 'f'))
			return 0;
		if (bytes > n - *offset)
			break;
		*offset += (size_t)bytes;
	}
	return rc == -1 ? -1 : err_set(err, ERR_DATA, "no moof box");
}

static int
write_init(struct get *g, const struct spool_key *key, struct err *err)
{
	char path[SPOOL_PATH_BYTES];

	spool_init_path(key, path);
	buf_reset(&g->b);
	if (file_slurp(g->s->fd, path, &g->b, err) == -1)
		return -1;
	return file_write_all(g->fd, g->b.p, g->b.n, err);
}

static int
write_fragment(const struct spool_key *key, void *arg, struct err *err)
{
	struct get *g = arg;
	bool original = strcmp(key->rendition, SPOOL_SRC) == 0;
	bool first = g->count == 0;
	size_t skip = 0;

	if (key->epoch != g->low)
		return 0;
	g->count++;
	if (first && !original && write_init(g, key, err) == -1)
		return -1;
	buf_reset(&g->b);
	if (spool_read(g->s, key, &g->b, err) == -1)
		return -1;
	if (original && !first &&
	    skip_head(g->b.p, g->b.n, &skip, err) == -1)
		return err_wrap(err, "fragment %" PRIu32, key->seq);
	return file_write_all(g->fd, g->b.p + skip, g->b.n - skip, err);
}

int
get_range(struct spool *s, const struct get_range *r, int fd,
    struct err *err)
{
	struct get g = { .s = s, .fd = fd, .only = r->epoch };
	int rc;

	if (spool_each(s, r->stream, r->rendition, r->first, r->last, survey,
	    &g, err) == -1)
		return -1;
	if (g.count == 0)
		return err_set(err, ERR_INPUT,
		    "no such fragment of '%s', rendition '%s'", r->stream,
		    r->rendition);
	if (g.low != g.high)
		return err_set(err, ERR_DATA, "the range spans epochs %" PRIu32
		    " to %" PRIu32 ": one file can have one", g.low, g.high);
	g.count = 0;
	buf_init(&g.b, LIMIT_FRAGMENT_BYTES);
	rc = spool_each(s, r->stream, r->rendition, r->first, r->last,
	    write_fragment, &g, err);
	buf_release(&g.b);
	return rc;
}
