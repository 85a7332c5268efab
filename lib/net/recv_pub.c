#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "media/flv_write.h"
#include "net/recv.h"
#include "net/recv_impl.h"
#include "net/starter.h"

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

static void
put_file_header(struct recv *r)
{
	uint8_t header[FLV_WRITE_FILE_BYTES];

	/* One file, however many publishers follow each other there. */
	if (!r->conf->handler && r->header_sent)
		return;
	r->header_sent = true;
	flv_write_file(header);
	feed_copy(r, header, sizeof(header));
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

void
pub_broken(struct recv *r, struct pub *p)
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

bool
pub_may_read(const struct pub *p)
{
	return feed_waiting(p) < LIMIT_RECV_PENDING_BYTES / 2;
}

void
pub_flush(struct recv *r, struct pub *p)
{
	feed_write(r, p);
	memory_count_pub(r, p);
	status_rate(p, r->now_us);
	if (p->conn == NULL || p->conn->state != CONN_OPEN)
		return;
	if (p->pending.bad) {
		conn_tell(p->conn, "stream '%s': out of memory", p->stream);
		conn_close(r, p->conn);
	} else if (feed_waiting(p) >= LIMIT_RECV_PENDING_BYTES) {
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
	if (feed_waiting(p) == 0)
		close_output(r, p);
	finish(r, p);
}

/* The pipe takes more. */
static void
write_pending(struct recv *r, struct pub *p)
{
	feed_push(r, p);
	if (p->fd == -1)
		return;		/* that was its end */
	memory_count_pub(r, p);
	if (p->conn != NULL && p->conn->paused && !p->conn->starved &&
	    pub_may_read(p))
		conn_resume(r, p->conn);
	else if (p->conn != NULL && !p->full)
		conn_arm(r, p->conn);
	if (p->conn == NULL && feed_waiting(p) == 0) {
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
		pub_broken(r, p);
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
	bool early = p->conn != NULL || p->broken || feed_waiting(p) > 0;
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
