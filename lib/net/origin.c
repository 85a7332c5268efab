#include "net/origin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_token.h"
#include "net/origin_impl.h"

#define STREAMS_PATH	"streams.json"
#define TIME_PATH	"time"
#define TLS_PRIORITIES	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* The head of a request, field by field. */
struct head {
	struct http_fields	 fields;
	const char		*next;		/* where one has to begin */
};

/*
 * libmicrohttpd (0.9.75) appends a folded line to the field's name, takes one
 * that begins with a colon for the end of the head, and cuts at NUL: a field
 * would hide from us, or a second request in the first.  It works in place,
 * with NULs for the colon and the CRLF, so a head that it understood as it
 * was sent is one whose fields lie side by side.
 */
static enum MHD_Result
look_at_field(void *arg, enum MHD_ValueKind kind, const char *name,
    size_t name_bytes, const char *value, size_t value_bytes)
{
	const char *behind = name + name_bytes + 1;
	struct head *h = arg;

	(void)kind;
	if (name != h->next || value != behind + strspn(behind, " \t"))
		h->fields.bad = "a field is not one line that ends with CRLF";
	h->next = value + value_bytes + 2;
	http_fields_add(&h->fields, name, name_bytes, value, value_bytes);
	return MHD_YES;
}

/* Why the head of RQ is none, or NULL. */
static const char *
head_fault(const struct request *rq, const char *method, const char *version)
{
	struct head h = { .next = version + strlen(version) + 2 };
	size_t bytes = MHD_get_connection_info(rq->con,
	    MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;

	MHD_get_connection_values_n(rq->con, MHD_HEADER_KIND, look_at_field,
	    &h);
	if (strncmp(version, "HTTP/1.", 7) != 0)
		return "HTTP/1.0 and 1.1 are spoken here";
	if (h.fields.bad == NULL && h.next + 2 != method + bytes)
		return "the fields do not end with an empty line";
	if (h.fields.bad == NULL && strcmp(version, "HTTP/1.1") == 0 &&
	    !h.fields.host)
		return "no Host field";
	return h.fields.bad;
}

/* The headers are there: a request to be answered?  Its body is not read. */
static enum MHD_Result
look_at_head(const struct request *rq, const char *method,
    const char *version)
{
	const char *fault;

	if (!rq->head && strcmp(method, "GET") != 0 &&
	    strcmp(method, "OPTIONS") != 0)
		return answer_method(rq);
	fault = head_fault(rq, method, version);
	return fault == NULL ? MHD_YES : answer_refused(rq, fault);
}

/* Where RQ's path begins behind its token, if tokens there must be. */
static void
check_token(struct request *rq)
{
	struct origin *o = rq->o;
	const char *rest;

	pthread_rwlock_rdlock(&o->keys_lock);
	if (o->keys != NULL) {
		rest = http_token_check(o->keys, rq->path,
		    clock_wall_us() / 1000000);
		rq->stranger = rest == NULL;
		rq->path = rest != NULL ? rest : rq->path;
	}
	pthread_rwlock_unlock(&o->keys_lock);
}

static enum MHD_Result
answer(struct request *rq, const char *path)
{
	rq->path = path;
	if (strcmp(path, TIME_PATH) == 0)
		return answer_time(rq);
	check_token(rq);
	if (rq->conn->hold != HOLD_NONE)
		return answer_held(rq);
	if (rq->stranger)
		return answer_file(rq);
	if (strcmp(path, STREAMS_PATH) == 0 && rq->path == path)
		return answer_streams(rq);
	return http_is_playlist(rq->path) ? answer_playlist(rq) :
	    answer_file(rq);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *con, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_bytes, void **state)
{
	struct request rq = { .o = arg, .con = con, .conn = conn_of(con),
	    .head = strcmp(method, "HEAD") == 0 };
	char path[LIMIT_HTTP_PATH_BYTES];

	(void)upload;
	(void)upload_bytes;
	if (rq.conn == NULL)
		return MHD_NO;
	if (*state == NULL) {		/* headers only: MHD calls again */
		*state = rq.conn;
		rq.conn->url = url;
		rq.conn->method = method;
		conn_begin(rq.o, rq.conn);
		return look_at_head(&rq, method, version);
	}
	if (strcmp(method, "OPTIONS") == 0)
		return answer_options(&rq);
	if (!http_path(url, path, sizeof(path)))
		return answer_missing(&rq, ENOENT, 0);
	return answer(&rq, path);
}

static void
on_completed(void *arg, struct MHD_Connection *con, void **state,
    enum MHD_RequestTerminationCode why)
{
	(void)con;
	(void)why;
	if (*state != NULL)
		conn_end(arg, *state);
	*state = NULL;
}

/* http_path() decodes: MHD's own decoding would cut a path at its NUL. */
static size_t
no_unescape(void *arg, struct MHD_Connection *con, char *s)
{
	(void)arg;
	(void)con;
	return strlen(s);
}

static void	on_log(void *, const char *, va_list)
		    __attribute__((format(printf, 2, 0)));

static void
on_log(void *arg, const char *fmt, va_list ap)
{
	struct origin *o = arg;
	char text[sizeof(o->said)];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd: %s", text);
	pthread_mutex_lock(&o->conns_lock);
	memcpy(o->said, text, sizeof(text));
	pthread_mutex_unlock(&o->conns_lock);
}

struct MHD_Daemon *
origin_daemon(struct origin *o, const char *cert, const char *key,
    struct err *err)
{
	const struct origin_conf *c = &o->conf;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL }
	};
	struct MHD_Daemon *d;

	snprintf(o->said, sizeof(o->said), "it does not say why");
	d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
	    MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC |
	    (cert != NULL ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, o,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, o,
	    MHD_OPTION_THREAD_POOL_SIZE, c->threads > 1 ? c->threads : 0,
	    MHD_OPTION_CONNECTION_LIMIT, c->connections,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, c->per_address,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_HTTP_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)LIMIT_HTTP_HEADER_BYTES,
	    MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, o,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, o,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_ARRAY, cert != NULL ? tls : &tls[3],
	    MHD_OPTION_END);
	if (d == NULL)
		err_set(err, cert != NULL ? ERR_CONFIG : ERR_OS,
		    "cannot start libmicrohttpd: %s", o->said);
	return d;
}

static void
init(struct origin *o, const struct origin_conf *conf)
{
	o->conf = *conf;
	o->keys = conf->keys;
	o->watch_fd = -1;
	o->acceptor_fd = -1;
	o->listen_fds[0] = conf->listen_fd;
	o->listen_fds[1] = conf->tls_fd;
	playlists_init(o);
	segments_init(o);
	TAILQ_INIT(&o->conns);
	pthread_mutex_init(&o->lock, NULL);
	pthread_mutex_init(&o->daemons_lock, NULL);
	pthread_mutex_init(&o->conns_lock, NULL);
	pthread_mutex_init(&o->streams_lock, NULL);
	pthread_mutex_init(&o->log_lock, NULL);
	pthread_rwlock_init(&o->keys_lock, NULL);
	buf_init(&o->streams, LIMIT_HTTP_STREAMS_BYTES);
	buf_init(&o->log, LIMIT_HTTP_LOG_BYTES);
}

static void
release(struct origin *o)
{
	acceptor_stop(o);
	playlists_release(o);
	segments_release(o);
	http_keys_free(o->keys);
	buf_release(&o->streams);
	buf_release(&o->log);
	pthread_mutex_destroy(&o->lock);
	pthread_mutex_destroy(&o->daemons_lock);
	pthread_mutex_destroy(&o->conns_lock);
	pthread_mutex_destroy(&o->streams_lock);
	pthread_mutex_destroy(&o->log_lock);
	pthread_rwlock_destroy(&o->keys_lock);
	free(o);
}

static void
stop_daemons(struct origin *o)
{
	struct MHD_Daemon *all[] = { o->daemons[0], o->daemons[1],
	    o->retired };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] != NULL)
			MHD_stop_daemon(all[i]);
}

static int
start_daemons(struct origin *o, struct err *err)
{
	if (o->listen_fds[0] != -1 &&
	    (o->daemons[0] = origin_daemon(o, NULL, NULL, err)) == NULL)
		return -1;
	if (o->listen_fds[1] != -1 && origin_tls_start(o, err) == -1)
		return -1;
	return acceptor_start(o, err);
}

struct origin *
origin_start(const struct origin_conf *conf, struct err *err)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		err_nomem(err);
		return NULL;
	}
	init(o, conf);
	if (keeper_start(o, err) == -1) {
		release(o);
		return NULL;
	}
	if (start_daemons(o, err) == -1) {
		origin_stop(o);
		return NULL;
	}
	return o;
}

int
origin_reload(struct origin *o, struct http_keys *keys, struct err *err)
{
	struct http_keys *before = keys;
	int rc = 0;

	if (o->daemons[1] != NULL)
		rc = origin_tls_reload(o, err);
	if (rc == 0 && keys != NULL) {
		pthread_rwlock_wrlock(&o->keys_lock);
		before = o->keys;
		o->keys = keys;
		pthread_rwlock_unlock(&o->keys_lock);
	}
	http_keys_free(before);
	return rc;
}

unsigned
origin_quiesce(struct origin *o)
{
	if (!atomic_load(&o->draining)) {
		acceptor_stop(o);
		hold_no_more(o);
	}
	conns_quiesce(o, false);
	return atomic_load(&o->active);
}

void
origin_stop(struct origin *o)
{
	acceptor_stop(o);
	keeper_stop(o);
	stop_daemons(o);
	release(o);
}
