#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/aes.h"
#include "store/join.h"

void
aes_path(const struct spool_key *first, uint32_t last,
    const struct aes_key *key, char out[SPOOL_PATH_BYTES])
{
	char path[SPOOL_PATH_BYTES];
	char *slash;

	if (last == first->seq)
		spool_path(first, path);
	else
		join_path(first, last, path);
	slash = strrchr(path, '/');
	*slash = '\0';
	snprintf(out, SPOOL_PATH_BYTES, "%.160s/" JOIN_AES "/%s/%.32s", path,
	    key->id, slash + 1);
}

/* One file under way. */
struct segment {
	struct spool		*s;
	int			 dirfd;
	const char		*name;
	struct aes_cipher	 cipher;
	struct spool_draft	 draft;
	struct buf		 clear, out;
};

/* What is in OUT into a new draft, or behind what is there. */
static int
write_out(struct segment *g, struct err *err)
{
	int rc;

	if (g->draft.fd == -1)
		rc = spool_draft_write(g->dirfd, g->name, g->out.p, g->out.n,
		    &g->draft, err);
	else
		rc = spool_draft_append(&g->draft, g->out.p, g->out.n, err);
	buf_reset(&g->out);
	return rc;
}

static int
write_all(struct segment *g, const struct spool_key *first, uint32_t last,
    struct err *err)
{
	struct spool_key key = *first;

	for (; key.seq <= last; key.seq++) {
		buf_reset(&g->clear);
		if (spool_read(g->s, &key, &g->clear, err) == -1 ||
		    aes_put(&g->cipher, g->clear.p, g->clear.n, &g->out,
		    err) == -1)
			return -1;
		if (key.seq == last && aes_end(&g->cipher, &g->out, err) == -1)
			return -1;
		if (write_out(g, err) == -1)
			return -1;
	}
	return spool_draft_sync(&g->draft, err);
}

int
aes_publish(struct spool *s, const struct spool_key *first, uint32_t last,
    const struct aes_key *key, const uint8_t iv[AES_BYTES],
    enum spool_care care, struct err *err)
{
	struct segment g = { .s = s, .draft = { .fd = -1 } };
	char path[SPOOL_PATH_BYTES];
	int rc = -1;

	assert(last >= first->seq && last - first->seq < JOIN_MAX);
	aes_path(first, last, key, path);
	if (faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	g.name = strrchr(path, '/') + 1;
	if ((g.dirfd = spool_dir_open(s, path, err)) == -1)
		return -1;
	buf_init(&g.clear, LIMIT_FRAGMENT_BYTES);
	buf_init(&g.out, LIMIT_FRAGMENT_BYTES + 3 * AES_BYTES);
	if (aes_begin(&g.cipher, key, iv, err) == 0 &&
	    write_all(&g, first, last, err) == 0)
		rc = spool_draft_link(g.dirfd, &g.draft, g.name, err);
	if (g.draft.fd != -1)
		spool_draft_drop(g.dirfd, &g.draft);
	if (rc != -1 && care == SPOOL_DURABLE &&
	    spool_dir_sync(g.dirfd, err) == -1)
		rc = -1;
	aes_release(&g.cipher);
	buf_release(&g.clear);
	buf_release(&g.out);
	close(g.dirfd);
	return rc == -1 ? err_wrap(err, "'%s'", path) : rc;
}
