#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "base/limits.h"
#include "media/flv_write.h"
#include "net/recv_impl.h"

/* A body that would not stay is copied up to this size, to go out with the
   rest of the read, and written at once from it on. */
#define DIRECT_BYTES	65536
/* A keyframe, and what comes until the handler's turn on a busy machine. */
#define PIPE_BYTES	(128 * 1024)
/* What comes at once is that much: then both sides work at the same time. */
#define FAST_PIPE_BYTES	(1024 * 1024)
#define TAG_EXTRA_BYTES	(FLV_WRITE_TAG_BYTES + FLV_WRITE_END_BYTES)

/* N bytes at P, which stay until the next flush, are next. */
static void
add_part(struct recv *r, const void *p, size_t n)
{
	struct iovec *last = r->nparts == 0 ? NULL : &r->parts[r->nparts - 1];

	if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == p)
		last->iov_len += n;
	else
		r->parts[r->nparts++] =
		    (struct iovec){ (void *)(uintptr_t)p, n };
}

void
feed_copy(struct recv *r, const void *p, size_t n)
{
	const uint8_t *at = r->scratch.p + r->scratch.n;

	buf_put(&r->scratch, p, n);
	add_part(r, at, n);
}

/*
 * Write the parts to P.  The number of bytes taken, or -1 when the handler
 * is gone.
 */
static ssize_t
write_parts(struct pub *p, const struct iovec *parts, int nparts)
{
	ssize_t n;

	do
		n = writev(p->fd, parts, nparts);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return 0;
	return n;
}

size_t
feed_waiting(const struct pub *p)
{
	return p->pending.n - p->sent;
}

void
feed_push(struct recv *r, struct pub *p)
{
	struct iovec part;
	ssize_t n = 1;

	while (feed_waiting(p) > 0 && n > 0) {
		part.iov_base = p->pending.p + p->sent;
		part.iov_len = feed_waiting(p);
		if ((n = write_parts(p, &part, 1)) == -1) {
			pub_broken(r, p);
			return;
		}
		p->sent += (size_t)n;
	}
	p->full = feed_waiting(p) > 0;
	if (!p->full) {
		buf_release(&p->pending);
		p->sent = 0;
	} else if (p->sent > p->pending.n / 2) {
		buf_drop(&p->pending, p->sent);
		p->sent = 0;
	}
}

/*
 * After a write of TOTAL bytes was too much for it.  Not for those that never
 * need it, and no more than needed: a user has a limit for all pipes.
 */
static void
enlarge(struct pub *p, size_t total)
{
	int bytes = total > PIPE_BYTES / 2 ? FAST_PIPE_BYTES : PIPE_BYTES;

	if (p->pipe_bytes >= bytes)
		return;
	p->pipe_bytes = bytes;
	/* It may be over the limit, or no pipe: then it stays as it is. */
	fcntl(p->fd, F_SETPIPE_SZ, bytes);
}

/* Write the parts in order; what the pipe does not take waits in PENDING. */
static void
put_parts(struct recv *r, struct pub *p)
{
	const struct iovec *parts = r->parts;
	int nparts = r->nparts, i;
	size_t total = 0, n;
	ssize_t done = 0;

	r->nparts = 0;
	for (i = 0; i < nparts; i++)
		total += parts[i].iov_len;
	p->bytes += total;
	if (p->full)
		feed_push(r, p);
	if (p->fd != -1 && !p->full &&
	    (done = write_parts(p, parts, nparts)) == -1)
		pub_broken(r, p);
	if (p->fd == -1)
		return;
	p->full = (size_t)done < total;
	for (i = 0; i < nparts; i++) {
		n = parts[i].iov_len < (size_t)done ? parts[i].iov_len :
		    (size_t)done;
		done -= (ssize_t)n;
		buf_put(&p->pending, (uint8_t *)parts[i].iov_base + n,
		    parts[i].iov_len - n);
	}
	if (p->full)
		enlarge(p, total);
}

void
feed_write(struct recv *r, struct pub *p)
{
	if (p->fd != -1 && r->nparts > 0)
		put_parts(r, p);
	r->nparts = 0;
	buf_reset(&r->scratch);
}

/* For one more tag: what of it is copied, and its parts. */
static bool
has_room(const struct recv *r, const struct rtmp_event *ev)
{
	size_t copied = ev->body_bytes < DIRECT_BYTES ? ev->body_bytes :
	    RTMP_PIECE_BYTES;
	size_t parts = ev->layout.piece_bytes == 0 ? 1 :
	    ev->body_bytes / ev->layout.piece_bytes + 1;

	return r->scratch.max - r->scratch.n >= copied + TAG_EXTRA_BYTES &&
	    RECV_PARTS - (size_t)r->nparts >= parts + 2;
}

void
feed_media(struct recv *r, struct pub *p, const struct rtmp_event *ev)
{
	uint8_t head[FLV_WRITE_TAG_BYTES], end[FLV_WRITE_END_BYTES];
	bool stays = ev->layout.in_input;
	size_t direct = stays ? RTMP_PIECE_BYTES : DIRECT_BYTES;
	const uint8_t *piece;
	size_t at, n;

	status_message(r, p, ev);
	if (!has_room(r, ev))
		pub_flush(r, p);
	if (p->fd == -1)
		return;		/* that was its end */
	flv_write_tag(head, ev->type, ev->ts_ms, (uint32_t)ev->body_bytes);
	feed_copy(r, head, sizeof(head));
	for (at = 0; at < ev->body_bytes; at += n) {
		piece = rtmp_piece(ev->body, ev->body_bytes, &ev->layout, at,
		    &n);
		if (n < direct)
			feed_copy(r, piece, n);
		else
			add_part(r, piece, n);
	}
	flv_write_end(end, (uint32_t)ev->body_bytes);
	feed_copy(r, end, sizeof(end));
	if (!stays && ev->body_bytes >= direct)
		feed_write(r, p);
}
