#include "store/get.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "media/mp4.h"

#define EPOCHS_SHOWN	8

struct get {
	struct spool	*s;
	int		 fd;
	uint32_t	 count;		/* fragments written */
	struct buf	 b;
};

/* The epochs in a range, for the message when there are several. */
struct survey {
	uint32_t	epochs, epoch;
	uint32_t	first, last;	/* seq in the epoch */
	size_t		n;
	char		text[300];
};

static void
note_epoch(struct survey *v)
{
	int n;

	if (v->epochs == 0 || v->epochs > EPOCHS_SHOWN)
		return;
	n = snprintf(v->text + v->n, sizeof(v->text) - v->n, "%s%" PRIu32
	    " (--seq %" PRIu32 "-%" PRIu32 ")", v->epochs == 1 ? "" : ", ",
	    v->epoch, v->first, v->last);
	v->n += n > 0 ? (size_t)n : 0;
	if (v->n >= sizeof(v->text))
		v->n = sizeof(v->text) - 1;
}

static int
survey(const struct spool_key *key, void *arg, struct err *err)
{
	struct survey *v = arg;

	(void)err;
	if (v->epochs == 0 || key->epoch != v->epoch) {
		note_epoch(v);
		v->epochs++;
		v->epoch = key->epoch;
		v->first = key->seq;
	}
	v->last = key->seq;
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
	buf_reset(&g->b);
	if (spool_read_init(g->s, key, &g->b, err) == -1)
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
get_selected(struct spool *s, const char *stream, const char *rendition,
    const struct select *sel, int fd, struct err *err)
{
	struct get g = { .s = s, .fd = fd };
	struct survey v = { .epochs = 0 };
	struct select found = *sel;
	int rc;

	if (select_each(s, stream, rendition, sel, survey, &v, err) == -1)
		return -1;
	if (v.epochs == 0)
		return err_set(err, ERR_INPUT,
		    "no such fragment of '%s', rendition '%s'", stream,
		    rendition);
	note_epoch(&v);
	if (v.epochs > 1)
		return err_set(err, ERR_DATA, "one file can have one epoch: "
		    "give --epoch; these are %s%s", v.text,
		    v.epochs > EPOCHS_SHOWN ? " and more" : "");
	/* What arrives from now on is not in it. */
	found.epoch = v.epoch;
	found.first = v.first;
	found.last = v.last;
	found.from_us = INT64_MIN;
	found.to_us = INT64_MAX;
	buf_init(&g.b, LIMIT_FRAGMENT_BYTES);
	rc = select_each(s, stream, rendition, &found, write_fragment, &g,
	    err);
	buf_release(&g.b);
	return rc;
}
