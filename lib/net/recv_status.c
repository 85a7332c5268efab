#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/recv.h"
#include "net/recv_impl.h"

/* A stream's rate is that of the last whole period of this length. */
#define RATE_US		2000000
#define FRAME_KEY	1
/* First byte of Enhanced RTMP's sequence start: flag and packet type. */
#define EX_MASK		0x8f
#define EX_SEQUENCE	0x80

/*
 * Sequence headers claim to be keyframes: those of Enhanced RTMP can be
 * told, the others come at time 0 or at that of the picture behind them.
 */
static void
keyframe(struct pub *p, uint32_t ts_ms)
{
	int32_t ms = (int32_t)(ts_ms - p->key_ts_ms);

	if (ts_ms == 0 || ms == 0)
		return;
	if (p->has_key && ms > 0)
		p->key_ms = (uint32_t)ms;
	p->key_ts_ms = ts_ms;
	p->has_key = true;
}

void
status_message(struct recv *r, struct pub *p, const struct rtmp_event *ev)
{
	r->stats.messages++;
	if (ev->type == RTMP_VIDEO && (ev->body[0] >> 4 & 7) == FRAME_KEY &&
	    (ev->body[0] & EX_MASK) != EX_SEQUENCE)
		keyframe(p, ev->ts_ms);
}

void
status_rate(struct pub *p, int64_t now_us)
{
	int64_t us = now_us - p->rate_us;

	if (us < RATE_US)
		return;
	p->bps = (uint64_t)((double)(p->bytes - p->rate_bytes) * 8e6 /
	    (double)us);
	p->rate_us = now_us;
	p->rate_bytes = p->bytes;
}

static const char *
protocol(const struct pub *p)
{
	return p->conn != NULL && p->conn->tls != NULL ? "rtmps" : "rtmp";
}

/* One line for each publisher, and one for all. */
static void
put_lines(struct recv *r, struct buf *b)
{
	char app[LIMIT_RTMP_NAME_BYTES];
	uint64_t bps = 0;
	struct pub *p;

	TAILQ_FOREACH(p, &r->pubs, entry) {
		status_rate(p, r->now_us);
		bps += p->bps;
		pub_app(p, app, sizeof(app));
		buf_printf(b, "%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu32
		    "\t%" PRIu64 "\t%zu\t%.1f\n", p->stream,
		    p->conn != NULL ? p->conn->peer.text : "-",
		    app[0] != '\0' ? app : "-", protocol(p),
		    p->bps, p->key_ms, p->pauses, p->pending.n - p->sent,
		    (double)(r->now_us - p->start_us) / 1e6);
	}
	buf_printf(b, "*\t%zu\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	    "\t%" PRIu64 "\t%" PRIu64 "\t%zu\n", r->npubs, r->nconns, bps,
	    r->stats.bytes, r->stats.messages, r->stats.takeovers,
	    r->stats.refused[REFUSED_KEY] + r->stats.refused[REFUSED_NAME] +
	    r->stats.refused[REFUSED_BUSY] + r->stats.refused[REFUSED_FULL] +
	    r->stats.refused[REFUSED_FAILED], r->memory);
}

static void
put_metric(struct buf *b, const char *name, const char *type,
    const char *help, uint64_t value)
{
	buf_printf(b, "# HELP livespool_rtmp_%s %s\n# TYPE livespool_rtmp_%s "
	    "%s\nlivespool_rtmp_%s %" PRIu64 "\n", name, help, name, type,
	    name, value);
}

static void
put_refused(const struct recv *r, struct buf *b)
{
	static const char *const reasons[REFUSED_FAILED + 1] = {
		"key", "name", "busy", "full", "failed"
	};
	int i;

	buf_put_str(b, "# HELP livespool_rtmp_refused_total Publishers "
	    "refused.\n# TYPE livespool_rtmp_refused_total counter\n");
	for (i = 0; i <= REFUSED_FAILED; i++)
		buf_printf(b, "livespool_rtmp_refused_total{reason=\"%s\"} %"
		    PRIu64 "\n", reasons[i], r->stats.refused[i]);
}

/* One metric of every stream; GET says its value. */
static void
put_streams(struct recv *r, struct buf *b, const char *name,
    const char *help, double (*get)(const struct recv *, const struct pub *))
{
	struct pub *p;

	buf_printf(b, "# HELP livespool_rtmp_stream_%s %s\n"
	    "# TYPE livespool_rtmp_stream_%s gauge\n", name, help, name);
	TAILQ_FOREACH(p, &r->pubs, entry)
		buf_printf(b, "livespool_rtmp_stream_%s{stream=\"%s\"} %g\n",
		    name, p->stream, get(r, p));
}

static double
get_bps(const struct recv *r, const struct pub *p)
{
	(void)r;
	return (double)p->bps;
}

static double
get_key(const struct recv *r, const struct pub *p)
{
	(void)r;
	return (double)p->key_ms / 1e3;
}

static double
get_pending(const struct recv *r, const struct pub *p)
{
	(void)r;
	return (double)(p->pending.n - p->sent);
}

static double
get_age(const struct recv *r, const struct pub *p)
{
	return (double)(r->now_us - p->start_us) / 1e6;
}

static void
put_metrics(struct recv *r, struct buf *b)
{
	const struct recv_stats *s = &r->stats;
	struct pub *p;

	TAILQ_FOREACH(p, &r->pubs, entry)
		status_rate(p, r->now_us);
	put_metric(b, "publishers", "gauge", "Publishers.", r->npubs);
	put_metric(b, "connections", "gauge", "Connections.", r->nconns);
	put_metric(b, "memory_bytes", "gauge", "Of all buffers.", r->memory);
	put_metric(b, "connections_total", "counter",
	    "Connections accepted.", s->connections);
	put_metric(b, "received_bytes_total", "counter", "Bytes received.",
	    s->bytes);
	put_metric(b, "messages_total", "counter",
	    "Audio, video and data messages.", s->messages);
	put_metric(b, "acknowledgements_total", "counter",
	    "Acknowledgements sent.", s->acks);
	put_metric(b, "takeovers_total", "counter", "Streams taken over.",
	    s->takeovers);
	put_metric(b, "pauses_total", "counter",
	    "Times that a publisher had to wait for its handler.",
	    s->pauses);
	put_metric(b, "handler_failures_total", "counter",
	    "Handlers that failed or ended early.", s->handler_failures);
	put_refused(r, b);
	put_streams(r, b, "bits_per_second", "Rate of the last seconds.",
	    get_bps);
	put_streams(r, b, "keyframe_interval_seconds",
	    "Between the last two keyframes.", get_key);
	put_streams(r, b, "pending_bytes", "Waiting for the handler.",
	    get_pending);
	put_streams(r, b, "age_seconds", "Since it began.", get_age);
}

static int
write_metrics(const struct recv *r, const char *tmp, const struct buf *b,
    struct err *err)
{
	int fd, rc;

	fd = openat(r->metrics_dir, tmp, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd == -1)
		return err_sys(err, ERR_CREATE, "cannot create '%s'", tmp);
	rc = file_write_all(fd, b->p, b->n, err);
	close(fd);
	if (rc == 0 && renameat(r->metrics_dir, tmp, r->metrics_dir,
	    r->metrics_name) == -1)
		rc = err_sys(err, ERR_CREATE, "cannot rename '%s'", tmp);
	if (rc == -1)
		unlinkat(r->metrics_dir, tmp, 0);
	return rc;
}

static void
update_metrics(struct recv *r)
{
	struct err err = ERR_INIT;
	char tmp[NAME_MAX + 1];
	struct buf b;

	snprintf(tmp, sizeof(tmp), ".%s.tmp", r->metrics_name);
	buf_init(&b, LIMIT_RECV_STATUS_BYTES);
	put_metrics(r, &b);
	if (buf_ok(&b, &err) == -1 ||
	    write_metrics(r, tmp, &b, &err) == -1) {
		if (!r->metrics_failed)
			log_warning("--metrics: %s", err.text);
		r->metrics_failed = true;
	} else {
		r->metrics_failed = false;
	}
	buf_release(&b);
}

/* As much as the reader takes; the rest comes first the next time. */
static void
write_lines(struct recv *r)
{
	struct buf *b = &r->status;
	ssize_t n;

	if (b->n == 0)
		put_lines(r, b);
	n = b->bad ? -1 : write(r->conf->status_fd, b->p, b->n);
	if (n >= 0)
		buf_drop(b, (size_t)n);
	if (b->n == 0 || (n == -1 && errno != EAGAIN))
		buf_release(b);
}

void
status_show(struct recv *r)
{
	struct err err = ERR_INIT;
	struct buf b;

	if (r->conf->status_fd != -1) {
		write_lines(r);
		return;
	}
	buf_init(&b, LIMIT_RECV_STATUS_BYTES);
	put_lines(r, &b);
	if (buf_ok(&b, &err) == -1 ||
	    file_write_all(STDERR_FILENO, b.p, b.n, &err) == -1)
		log_warning("no status: %s", err.text);
	buf_release(&b);
}

void
status_tick(struct recv *r)
{
	if (r->status_us <= r->now_us) {
		if (r->conf->status_fd != -1)
			write_lines(r);
		if (r->metrics_dir != -1)
			update_metrics(r);
		r->status_us = r->now_us + r->conf->status_us;
	}
	recv_check_by(r, r->status_us);
}

int
status_init(struct recv *r, struct err *err)
{
	const char *path = r->conf->metrics, *slash;
	char dir[4096];

	buf_init(&r->status, LIMIT_RECV_STATUS_BYTES);
	if (path == NULL && r->conf->status_fd == -1)
		return 0;
	r->status_us = r->now_us;
	recv_check_by(r, r->status_us);
	if (path == NULL)
		return 0;
	slash = strrchr(path, '/');
	r->metrics_name = slash == NULL ? path : slash + 1;
	if (r->metrics_name[0] == '\0' ||
	    strlen(r->metrics_name) > NAME_MAX - strlen("..tmp"))
		return err_set(err, ERR_USAGE, "--metrics: no file's name");
	snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 :
	    slash == path ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	r->metrics_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->metrics_dir == -1)
		return err_sys(err, ERR_CREATE, "--metrics: '%s'", dir);
	return 0;
}

void
status_release(struct recv *r)
{
	if (r->metrics_dir != -1)
		close(r->metrics_dir);
	buf_release(&r->status);
}
