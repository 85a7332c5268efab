#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/recv.h"
#include "net/recv_impl.h"

#define LINGER_US	1000000

static double
seconds(int64_t us)
{
	return (double)us / 1e6;
}

void
conn_tell(struct conn *c, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	if (c->told)
		return;
	c->told = true;
	if (!strangers_may_log(c))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warning("%s: %s", c->peer.text, text);
}

static ssize_t
socket_read(struct conn *c, void *p, size_t n)
{
	return c->tls != NULL ? tls_read(c->tls, p, n) :
	    recv(c->fd, p, n, 0);
}

static ssize_t
socket_write(struct conn *c, const void *p, size_t n)
{
	return c->tls != NULL ? tls_write(c->tls, p, n) :
	    send(c->fd, p, n, MSG_NOSIGNAL);
}

/*
 * When the pipe is full, another read at once gains nothing: what it brings
 * would be copied to wait here.  A little later it makes room in the socket.
 */
static bool
may_read(const struct conn *c)
{
	return c->state == CONN_OPEN && !c->paused &&
	    (c->pub == NULL || !c->pub->full);
}

void
conn_arm(struct recv *r, struct conn *c)
{
	struct epoll_event ev = { .data.ptr = c };
	int op;

	pace(r, c);
	if (may_read(c) || c->state == CONN_LINGER)
		ev.events |= EPOLLIN;
	if (c->state == CONN_HELD)
		ev.events |= EPOLLRDHUP;
	if (c->out.n > 0 || (c->tls != NULL && tls_wants_write(c->tls)))
		ev.events |= EPOLLOUT;
	if (ev.events == c->armed)
		return;
	/* Not there at all while there is nothing to do: an error would
	   be reported over and over. */
	op = ev.events == 0 ? EPOLL_CTL_DEL : c->armed == 0 ? EPOLL_CTL_ADD :
	    EPOLL_CTL_MOD;
	c->armed = ev.events;
	if (epoll_ctl(r->epoll_fd, op, c->fd, &ev) == 0)
		return;
	err_sys(r->fatal, ERR_OS, "cannot watch a connection");
	r->done = true;
}

void
conn_new(struct recv *r, int fd, const struct tcp_peer *peer, bool tls)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->peer = *peer;
	if (c != NULL && tls)
		c->tls = tls_new(r->tls, fd);
	if (c == NULL || (tls && c->tls == NULL) || !strangers_enter(r, c)) {
		log_warning("%s: out of memory", peer->text);
		close(fd);
		if (c != NULL)
			tls_free(c->tls);
		free(c);
		return;
	}
	c->watch.kind = WATCH_CONN;
	c->fd = fd;
	c->due_us = RECV_NEVER;
	c->since_us = c->active_us = r->now_us;
	rtmp_init(&c->rtmp);
	c->rtmp.chunks.max_bytes = (uint32_t)r->conf->max_message;
	buf_init(&c->in, RECV_INPUT_BYTES);
	buf_init(&c->out, LIMIT_RTMP_REPLY_BYTES);
	TAILQ_INSERT_TAIL(&r->conns, c, entry);
	r->nconns++;
	r->stats.connections++;
	conn_arm(r, c);
	recv_check_by(r, conn_deadline(r, c));
}

void
conn_free(struct conn *c)
{
	tls_free(c->tls);
	rtmp_release(&c->rtmp);
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
}

/* It publishes no longer, and waits no longer to do so. */
static void
detach(struct recv *r, struct conn *c)
{
	auth_forget(r, c);
	if (c->waits != NULL)
		c->waits->heir = NULL;
	c->waits = NULL;
	if (c->pub != NULL)
		pub_end(r, c->pub);
}

void
conn_close(struct recv *r, struct conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_DEAD;
	pace(r, c);
	detach(r, c);
	if (c->tls != NULL)
		tls_end(c->tls);
	close(c->fd);		/* leaves epoll with it */
	strangers_leave(r, c);
	memory_count(r, c);
	TAILQ_REMOVE(&r->conns, c, entry);
	TAILQ_INSERT_TAIL(&r->dead_conns, c, entry);
	r->nconns--;
}

/* Send what is in OUT.  False when the connection is lost. */
static bool
send_replies(struct conn *c)
{
	ssize_t n;

	while (c->out.n > 0) {
		n = socket_write(c, c->out.p, c->out.n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN;
		buf_drop(&c->out, (size_t)n);
	}
	buf_release(&c->out);
	if (c->state != CONN_LINGER)
		return true;
	if (c->tls != NULL)
		tls_end(c->tls);
	shutdown(c->fd, SHUT_WR);
	return true;
}

void
conn_linger(struct recv *r, struct conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_LINGER;
	detach(r, c);
	buf_release(&c->in);
	if (c->out.n == 0 || !send_replies(c)) {
		conn_close(r, c);
		return;
	}
	c->since_us = r->now_us;
	conn_arm(r, c);
	recv_check_by(r, conn_deadline(r, c));
}

/* Not even TLS has been spoken. */
static bool
is_silent(const struct conn *c)
{
	return c->rtmp.received_bytes + c->in.n == 0 &&
	    (c->tls == NULL || !tls_begun(c->tls));
}

/* The peer closed, or the connection broke (ERRNUM). */
static void
lost(struct recv *r, struct conn *c, int errnum)
{
	const char *how = errnum == 0 ? "closed" :
	    c->tls != NULL && errnum == EPROTO ? tls_reason(c->tls) :
	    strerror(errnum);

	if (c->state == CONN_LINGER || c->served) {
		/* It has its answer, or all it came for is done. */
	} else if (c->pub != NULL) {
		conn_tell(c, "stream '%s': connection lost before the stream "
		    "was ended: %s", c->pub->stream, how);
	} else if (is_silent(c) && errnum != EPROTO) {
		log_info("%s: closed without a byte", c->peer.text);
	} else if (c->rtmp.state != RTMP_CHUNKS) {
		conn_tell(c, "handshake not finished: %s", how);
	} else {
		conn_tell(c, "did not publish: %s", how);
	}
	conn_close(r, c);
}

static void
failed(struct recv *r, struct conn *c, const struct err *err)
{
	conn_tell(c, "%s%s%s%s", c->pub != NULL ? "stream '" : "",
	    c->pub != NULL ? c->pub->stream : "",
	    c->pub != NULL ? "': " : "", err->text);
	conn_linger(r, c);
}

static void
handle(struct recv *r, struct conn *c, const struct rtmp_event *ev)
{
	switch (ev->kind) {
	case RTMP_EVENT_PUBLISH:
		pub_request(r, c, ev);
		break;
	case RTMP_EVENT_MEDIA:
		feed_media(r, c->pub, ev);
		break;
	case RTMP_EVENT_END:
		c->served = true;
		pub_end(r, c->pub);
		c->since_us = r->now_us;
		break;
	}
}

/* Keep what IN still has for the next time. */
static void
save(struct conn *c, const struct rd *in)
{
	size_t n = rd_left(in);

	if (n == 0) {
		buf_release(&c->in);
		return;
	}
	buf_reset(&c->in);
	buf_put(&c->in, in->p, n);
}

/* Take what is in IN, as far as the state allows. */
static void
process(struct recv *r, struct conn *c, struct rd *in)
{
	struct err err = ERR_INIT;
	struct rtmp_event ev;
	uint64_t acked = c->rtmp.acked_bytes;
	int rc;

	while ((rc = rtmp_step(&c->rtmp, in, &c->out, &ev, &err)) == 1) {
		handle(r, c, &ev);
		if (c->state != CONN_OPEN)
			break;
	}
	r->stats.acks += c->rtmp.acked_bytes != acked;
	if (c->state == CONN_OPEN && c->pub != NULL)
		pub_flush(r, c->pub);
	if (c->state != CONN_OPEN && c->state != CONN_HELD)
		return;
	if (rc == -1) {
		failed(r, c, &err);
		return;
	}
	save(c, in);
	if (c->in.bad)
		failed(r, c, &(struct err){ .text = "out of memory" });
	else if (!send_replies(c))
		lost(r, c, errno);
	else
		conn_arm(r, c);
}

/* Read and forget, until the peer has had time to read our last words. */
static void
drain(struct recv *r, struct conn *c)
{
	ssize_t n = socket_read(c, r->input, RECV_INPUT_BYTES);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		conn_close(r, c);
}

void
conn_read(struct recv *r, struct conn *c)
{
	size_t left = c->in.n;
	struct rd in;
	ssize_t n;

	if (!memory_admits(r, c))
		return;
	if (left > 0)
		memcpy(r->input, c->in.p, left);
	n = socket_read(c, r->input + left, RECV_INPUT_BYTES - left);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		pace_missed(r, c);
		if (c->tls != NULL)
			conn_arm(r, c);
		return;
	}
	if (n <= 0) {
		lost(r, c, n == 0 ? 0 : errno);
		return;
	}
	c->active_us = r->now_us;
	r->stats.bytes += (size_t)n;
	rd_init(&in, r->input, left + (size_t)n, 0);
	process(r, c, &in);
	memory_count(r, c);
}

void
conn_ready(struct recv *r, struct conn *c, uint32_t events)
{
	if (c->state == CONN_DEAD)
		return;
	if (c->tls != NULL && c->state == CONN_OPEN && c->out.n == 0 &&
	    (events & EPOLLOUT) != 0)
		events |= EPOLLIN;	/* its handshake waited for that */
	if ((events & EPOLLOUT) != 0) {
		if (!send_replies(c)) {
			lost(r, c, errno);
			return;
		}
		conn_arm(r, c);
	}
	if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0)
		return;
	if (c->state == CONN_LINGER)
		drain(r, c);
	else if (c->state == CONN_OPEN && !c->paused)
		conn_read(r, c);
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		lost(r, c, ECONNRESET);
	else if (c->state == CONN_HELD)
		lost(r, c, 0);
}

void
conn_pause(struct recv *r, struct conn *c)
{
	c->paused = true;
	conn_arm(r, c);
}

void
conn_hold(struct recv *r, struct conn *c)
{
	c->state = CONN_HELD;
	c->due_us = RECV_NEVER;
	conn_arm(r, c);
}

/* The time that it could not be read does not count. */
void
conn_resume(struct recv *r, struct conn *c)
{
	bool was_held = c->state == CONN_HELD;
	struct rd in;
	size_t n = c->in.n;

	c->state = CONN_OPEN;
	c->paused = false;
	c->since_us = c->active_us = r->now_us;
	if (was_held) {
		if (n > 0)
			memcpy(r->input, c->in.p, n);
		rd_init(&in, r->input, n, 0);
		process(r, c, &in);
	}
	if (c->state == CONN_OPEN)
		conn_arm(r, c);
	memory_count(r, c);
	recv_check_by(r, conn_deadline(r, c));
}

bool
conn_put_away(const struct recv *r, struct conn *c)
{
	return rtmp_reconnect_request(&c->rtmp, r->conf->reconnect_url,
	    "this server ends", &c->out);
}

void
conn_ask_away(struct recv *r, struct conn *c)
{
	if (c->state != CONN_OPEN || c->pub == NULL || !conn_put_away(r, c))
		return;
	if (send_replies(c))
		conn_arm(r, c);
	else
		lost(r, c, errno);
}

int64_t
conn_deadline(const struct recv *r, const struct conn *c)
{
	if (c->state == CONN_LINGER)
		return c->since_us + LINGER_US;
	if (c->state == CONN_HELD)
		return c->due_us;
	if (memory_is_stuck(r, c))
		return c->active_us + r->conf->idle_us;
	if (c->state != CONN_OPEN || c->paused)
		return RECV_NEVER;
	if (c->pub != NULL)
		return c->active_us + r->conf->idle_us;
	if (c->rtmp.state != RTMP_CHUNKS)
		return c->since_us + r->conf->handshake_us;
	if (c->served && r->draining)
		return c->since_us + LINGER_US;
	return c->since_us + r->conf->publish_us;
}

void
conn_expire(struct recv *r, struct conn *c)
{
	if (c->state == CONN_HELD) {
		strangers_due(r, c);
		return;
	}
	if (c->state == CONN_LINGER)
		;
	else if (c->starved)
		conn_tell(c, "no memory for its message in %g s",
		    seconds(r->conf->idle_us));
	else if (c->pub != NULL)
		conn_tell(c, "stream '%s': no data for %g s", c->pub->stream,
		    seconds(r->conf->idle_us));
	else if (c->rtmp.state != RTMP_CHUNKS)
		conn_tell(c, "handshake not finished in %g s",
		    seconds(r->conf->handshake_us));
	else if (!c->served)
		conn_tell(c, "no publish in %g s", seconds(r->conf->publish_us));
	conn_close(r, c);
}
