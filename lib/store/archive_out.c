#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/archive.h"

struct archive_out {
	struct spool	*s;
	struct archive	*a;
	struct buf	 b;
	uint32_t	 epoch;		/* whose init segment was written */
};

static int
failed(struct archive_out *out, struct err *err)
{
	const char *text = archive_error_string(out->a);

	return err_set(err, ERR_IO, "cannot write the archive: %s",
	    text == NULL ? "?" : text);
}

struct archive_out *
archive_begin(struct spool *s, int fd, struct err *err)
{
	struct archive_out *out = calloc(1, sizeof(*out));

	if (out == NULL || (out->a = archive_write_new()) == NULL) {
		free(out);
		err_nomem(err);
		return NULL;
	}
	out->s = s;
	buf_init(&out->b, LIMIT_FRAGMENT_BYTES);
	/* Nothing waits here until a block is full. */
	if (archive_write_set_format_pax_restricted(out->a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(out->a, 0) != ARCHIVE_OK ||
	    archive_write_open_fd(out->a, fd) != ARCHIVE_OK) {
		failed(out, err);
		archive_write_free(out->a);
		free(out);
		return NULL;
	}
	return out;
}

/* PATH with the bytes in out->b. */
static int
put_entry(struct archive_out *out, const char *path, int64_t mtime_us,
    struct err *err)
{
	struct archive_entry *e = archive_entry_new();
	int rc = 0;

	if (e == NULL)
		return err_nomem(err);
	archive_entry_set_pathname(e, path);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)out->b.n);
	archive_entry_set_mtime(e, (time_t)(mtime_us / 1000000), 0);
	if (archive_write_header(out->a, e) != ARCHIVE_OK ||
	    archive_write_data(out->a, out->b.p, out->b.n) !=
	    (la_ssize_t)out->b.n ||
	    archive_write_finish_entry(out->a) != ARCHIVE_OK)
		rc = failed(out, err);
	archive_entry_free(e);
	return rc;
}

static int
put_fragment(const struct spool_key *key, void *arg, struct err *err)
{
	struct archive_out *out = arg;
	char path[SPOOL_PATH_BYTES];
	int64_t mtime_us;

	if (spool_mtime_us(out->s, key, &mtime_us, err) == -1)
		return err->errnum == ENOENT ? 0 : -1;	/* expired */
	if (strcmp(key->rendition, SPOOL_SRC) != 0 &&
	    key->epoch != out->epoch) {
		buf_reset(&out->b);
		spool_init_path(key, path);
		if (spool_read_init(out->s, key, &out->b, err) == -1 ||
		    put_entry(out, path, mtime_us, err) == -1)
			return -1;
		out->epoch = key->epoch;
	}
	buf_reset(&out->b);
	spool_path(key, path);
	if (spool_read(out->s, key, &out->b, err) == -1)
		return err->errnum == ENOENT ? 0 : -1;
	return put_entry(out, path, mtime_us, err);
}

int
archive_add(struct archive_out *out, const char *stream,
    const char *rendition, const struct select *sel, struct err *err)
{
	out->epoch = 0;
	return select_each(out->s, stream, rendition, sel, put_fragment, out,
	    err);
}

int
archive_add_one(struct archive_out *out, const struct spool_key *key,
    struct err *err)
{
	return put_fragment(key, out, err);
}

int
archive_end(struct archive_out *out, struct err *err)
{
	int rc = archive_write_close(out->a) == ARCHIVE_OK ? 0 :
	    failed(out, err);

	archive_write_free(out->a);
	buf_release(&out->b);
	free(out);
	return rc;
}
