#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "media/flv_write.h"
#include "net/recv.h"
#include "net/recv_impl.h"
#include "net/starter.h"

/* A body that would not stay is copied up to this size, to go out with the
   rest of the read, and written at once from it on. */
#define DIRECT_BYTES	65536
/* A keyframe, and what comes until the handler's turn on a busy machine. */
#define PIPE_BYTES	(128 * 1024)
/* What comes at once is that much: then both sides work at the same time. */
#define FAST_PIPE_BYTES	(1024 * 1024)
#define TAG_EXTRA_BYTES	(FLV_WRITE_TAG_BYTES + FLV_WRITE_END_BYTES)

static void	finish(struct recv *r, struct pub *p);

/* The app as a word that is safe in a file name and in a shell's script. */
static void
clean_app(const char *app, char *out, size_t out_bytes)
{
	size_t i;
	unsigned char b;

	for (i = 0; app[i] != '\0' && i + 1 < out_bytes; i++) {
		b = (unsigned char)app[i];
		out[i] = isalnum(b) || (i > 0 && strchr(".-", b) != NULL) ?
		    (char)b : '_';
	}
	out[i] = '\0';
}

void
pub_app(const struct pub *p, char *out, size_t out_bytes)
{
	clean_app(p->conn != NULL ? p->conn->rtmp.app : "", out, out_bytes);
}

static int
start_handler(struct recv *r, struct pub *p, const struct conn *c,
    struct err *err)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET,
	    .data.ptr = p };
	char app[LIMIT_RTMP_NAME_BYTES];
	const struct starter_facts facts = {
		.remote_ip = c->peer.ip,
		.remote_port = c->peer.port,
		.stream = p->stream,
		.app = app,
	};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_OS, "cannot make a pipe");
	clean_app(c->rtmp.app, app, sizeof(app));
	if (fcntl(ends[1], F_SETFL, O_NONBLOCK) == -1 ||
	    epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, ends[1], &ev) == -1)
		err_sys(err, ERR_OS, "cannot set up a pipe");
	else
		p->run = starter_start(r->conf->starter, RECV_HANDLER,
		    &facts, ends, 1, err);
	close(ends[0]);
	if (p->run == 0) {
		close(ends[1]);
		return -1;
	}
	p->fd = ends[1];
	return 0;
}

static int
start_output(struct recv *r, struct pub *p, struct err *err)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET,
	    .data.ptr = p };

	p->fd = r->conf->out_fd;
	/* A regular file is not to be watched, and never full. */
	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, p->fd, &ev) == 0 ||
	    errno == EPERM)
		return 0;
	return err_sys(err, ERR_OS, "cannot watch standard output");
}

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

/* The same of bytes that may go away. */
static void
copy_part(struct recv *r, const void *p, size_t n)
{
	const uint8_t *at = r->scratch.p + r->scratch.n;

	buf_put(&r->scratch, p, n);
	add_part(r, at, n);
}

static void
put_file_header(struct recv *r)
{
	uint8_t header[FLV_WRITE_FILE_BYTES];

	/* One file, however many publishers follow each other there. */
	if (!r->conf->handler && r->header_sent)
		return;
	r->header_sent = true;
	flv_write_file(header);
	copy_part(r, header, sizeof(header));
}

/* Its handler runs: let P's publisher send. */
static void
begin(struct recv *r, struct pub *p)
{
	struct conn *c = p->conn;

	p->begun = true;
	rtmp_accept(&c->rtmp, &c->out);
	if (r->draining && r->conf->drain_us > 0)
		(void)conn_put_away(r, c);
	put_file_header(r);
	log_info("stream '%s': %s begins to publish", p->stream,
	    c->peer.text);
	r->served = true;
	if (r->conf->once)
		recv_stop_listening(r);
	if (c->state == CONN_HELD)
		conn_resume(r, c);
}

void
pub_start(struct recv *r, struct conn *c, const char *stream,
    const int64_t takeovers_us[RECV_TAKEOVERS])
{
	struct err err = ERR_INIT;
	struct pub *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL) {
		pub_refuse(r, c, REFUSED_FAILED, "out of memory");
		return;
	}
	p->watch.kind = WATCH_PUB;
	p->fd = -1;
	p->kill_us = RECV_NEVER;
	p->start_us = p->rate_us = r->now_us;
	buf_init(&p->pending, LIMIT_RECV_PENDING_MAX_BYTES);
	memcpy(p->takeovers_us, takeovers_us, sizeof(p->takeovers_us));
	snprintf(p->stream, sizeof(p->stream), "%s", stream);
	rc = r->conf->handler ? start_handler(r, p, c, &err) :
	    start_output(r, p, &err);
	if (rc == -1) {
		free(p);
		conn_tell(c, "publish refused: %s", err.text);
		pub_refuse(r, c, REFUSED_FAILED, "no handler");
		return;
	}
	TAILQ_INSERT_TAIL(&r->pubs, p, entry);
	r->npubs++;
	p->conn = c;
	c->pub = p;
	c->served = false;
	strangers_publish(r, c, true);
	if (p->run == 0)
		begin(r, p);
	else
		conn_hold(r, c);
}

void
pub_free(struct pub *p)
{
	buf_release(&p->pending);
	free(p);
}

/* Handler and publisher are gone: the stream is free for the next. */
static void
finish(struct recv *r, struct pub *p)
{
	struct conn *heir = p->heir;

	if (p->dead || p->conn != NULL || p->fd != -1 || p->run != 0)
		return;
	p->dead = true;
	TAILQ_REMOVE(&r->pubs, p, entry);
	TAILQ_INSERT_TAIL(&r->dead_pubs, p, entry);
	r->npubs--;
	if (r->conf->once && r->served)
		recv_leave(r);
	if (heir == NULL)
		return;
	p->heir = NULL;
	heir->waits = NULL;
	pub_start(r, heir, p->stream, p->takeovers_us);
}

static void
close_output(struct recv *r, struct pub *p)
{
	if (p->fd == -1)
		return;
	if (r->conf->handler)
		close(p->fd);
	else
		epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, p->fd, NULL);
	p->fd = -1;
	buf_release(&p->pending);
	memory_count_pub(r, p);
	p->sent = 0;
	p->full = false;
}

/*
 * Nobody reads any more.  What there is to say comes with the status of the
 * handler.
 */
static void
broken(struct recv *r, struct pub *p)
{
	if (!r->conf->handler) {
		err_sys(r->fatal, ERR_IO, "cannot write standard output");
		r->done = true;
	}
	p->broken = true;
	close_output(r, p);
	if (p->conn != NULL) {
		p->conn->told = true;
		conn_close(r, p->conn);
	}
	finish(r, p);
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

static size_t
waiting(const struct pub *p)
{
	return p->pending.n - p->sent;
}

/*
 * Write what waits, as far as that goes.  Here and not only when epoll says
 * so: under load the sockets would be read more often than the pipes written.
 */
static void
push(struct recv *r, struct pub *p)
{
	struct iovec part;
	ssize_t n = 1;

	while (waiting(p) > 0 && n > 0) {
		part = (struct iovec){ p->pending.p + p->sent, waiting(p) };
		if ((n = write_parts(p, &part, 1)) == -1) {
			broken(r, p);
			return;
		}
		p->sent += (size_t)n;
	}
	p->full = waiting(p) > 0;
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
		push(r, p);
	if (p->fd != -1 && !p->full &&
	    (done = write_parts(p, parts, nparts)) == -1)
		broken(r, p);
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

/* Write what was gathered. */
static void
put_gathered(struct recv *r, struct pub *p)
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
pub_media(struct recv *r, struct pub *p, const struct rtmp_event *ev)
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
	copy_part(r, head, sizeof(head));
	for (at = 0; at < ev->body_bytes; at += n) {
		piece = rtmp_piece(ev->body, ev->body_bytes, &ev->layout, at,
		    &n);
		if (n < direct)
			copy_part(r, piece, n);
		else
			add_part(r, piece, n);
	}
	flv_write_end(end, (uint32_t)ev->body_bytes);
	copy_part(r, end, sizeof(end));
	if (!stays && ev->body_bytes >= direct)
		put_gathered(r, p);
}

bool
pub_may_read(const struct pub *p)
{
	return waiting(p) < LIMIT_RECV_PENDING_BYTES / 2;
}

void
pub_flush(struct recv *r, struct pub *p)
{
	put_gathered(r, p);
	memory_count_pub(r, p);
	status_rate(p, r->now_us);
	if (p->conn == NULL || p->conn->state != CONN_OPEN)
		return;
	if (p->pending.bad) {
		conn_tell(p->conn, "stream '%s': out of memory", p->stream);
		conn_close(r, p->conn);
	} else if (waiting(p) >= LIMIT_RECV_PENDING_BYTES) {
		p->pauses++;
		r->stats.pauses++;
		conn_pause(r, p->conn);
	}
}

void
pub_end(struct recv *r, struct pub *p)
{
	pub_flush(r, p);
	if (p->conn != NULL) {
		if (p->begun)
			log_info("stream '%s': %s ends: %" PRIu64 " bytes in "
			    "%.1f s", p->stream, p->conn->peer.text, p->bytes,
			    (double)(r->now_us - p->start_us) / 1e6);
		strangers_publish(r, p->conn, false);
		p->conn->pub = NULL;
		p->conn = NULL;
	}
	if (waiting(p) == 0)
		close_output(r, p);
	finish(r, p);
}

/* The pipe takes more. */
static void
write_pending(struct recv *r, struct pub *p)
{
	push(r, p);
	if (p->fd == -1)
		return;		/* that was its end */
	memory_count_pub(r, p);
	if (p->conn != NULL && p->conn->paused && !p->conn->starved &&
	    pub_may_read(p))
		conn_resume(r, p->conn);
	else if (p->conn != NULL && !p->full)
		conn_arm(r, p->conn);
	if (p->conn == NULL && waiting(p) == 0) {
		close_output(r, p);
		finish(r, p);
	}
}

void
pub_ready(struct recv *r, struct pub *p, uint32_t events)
{
	/* Before it begins, the starter has more to say about it. */
	if (p->dead || p->fd == -1 || !p->begun)
		return;
	if ((events & EPOLLERR) != 0) {
		errno = EPIPE;
		broken(r, p);
	} else if (p->full) {
		write_pending(r, p);
	}
}

static void
describe_status(int status, char *out, size_t out_bytes)
{
	if (WIFSIGNALED(status))
		snprintf(out, out_bytes, "was killed by signal %d",
		    WTERMSIG(status));
	else
		snprintf(out, out_bytes, "exited with status %d",
		    WEXITSTATUS(status));
}

static void
handler_failed(struct recv *r, struct pub *p, int errnum)
{
	struct conn *c = p->conn;

	r->stats.handler_failures++;
	p->run = 0;
	close_output(r, p);
	if (c != NULL) {
		p->conn = NULL;
		c->pub = NULL;
		strangers_publish(r, c, false);
		conn_tell(c, "publish refused: cannot run '%s': %s",
		    r->conf->handler, strerror(errnum));
		pub_refuse(r, c, REFUSED_FAILED, "no handler");
	}
	finish(r, p);
}

static void
handler_ended(struct recv *r, struct pub *p, int status)
{
	bool early = p->conn != NULL || p->broken || waiting(p) > 0;
	char how[48];

	p->run = 0;
	describe_status(status, how, sizeof(how));
	if (status != 0 || early)
		r->stats.handler_failures++;
	if (p->killed)
		;		/* said already */
	else if (r->conf->once && (status != 0 || early))
		err_set(r->fatal, ERR_NO, "stream '%s': the handler %s%s",
		    p->stream, how, early ? " before the stream ended" : "");
	else if (status != 0 || early)
		log_warning("stream '%s': the handler %s%s", p->stream, how,
		    early ? " before the stream ended" : "");
	if (p->conn != NULL) {
		p->conn->told = true;
		conn_close(r, p->conn);
	}
	close_output(r, p);
	finish(r, p);
}

void
pub_handler(struct recv *r, struct pub *p, const struct starter_event *ev)
{
	switch (ev->what) {
	case STARTER_RUNS:
		if (p->conn != NULL)
			begin(r, p);
		break;
	case STARTER_FAILED:
		handler_failed(r, p, ev->value);
		break;
	case STARTER_ENDED:
		handler_ended(r, p, ev->value);
		break;
	}
}

void
pub_expire(struct recv *r, struct pub *p)
{
	p->kill_us = RECV_NEVER;
	if (p->run == 0)
		return;
	log_warning("stream '%s': the old handler did not end in %d s: killed",
	    p->stream, RECV_HANDLER_END_US / 1000000);
	p->killed = true;
	starter_kill(r->conf->starter, p->run, SIGKILL);
}
