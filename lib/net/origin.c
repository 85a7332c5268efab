#include "net/origin.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http.h"

#define METHODS			"GET, HEAD, OPTIONS"
#define STREAMS_PATH		"streams.json"
#define STREAMS_FRESH_US	500000

struct origin {
	struct origin_conf	 conf;
	struct MHD_Daemon	*daemon;
	atomic_uint		 active;	/* answers under way */
	pthread_mutex_t		 lock;		/* of the two below */
	struct buf		 streams;	/* cached /streams.json */
	int64_t			 streams_us;	/* its age, monotonic; 0: none */
};

/* A request, from its headers to its answer. */
struct request {
	struct origin		*o;
	struct MHD_Connection	*con;
	const char		*path;		/* decoded, below the root */
	bool			 head;
};

static const char *
header(const struct request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->con, MHD_HEADER_KIND, name);
}

/* Send RESP, which is taken; NULL means that memory was out. */
static enum MHD_Result
respond(const struct request *rq, unsigned status, struct MHD_Response *resp)
{
	enum MHD_Result rc;

	if (resp == NULL)
		return MHD_NO;
	if (MHD_add_response_header(resp, "Access-Control-Allow-Origin",
	    "*") == MHD_NO ||
	    MHD_add_response_header(resp, "Access-Control-Expose-Headers",
	    "Content-Length, Content-Range, Date, Age, ETag") == MHD_NO ||
	    MHD_add_response_header(resp, "X-Content-Type-Options",
	    "nosniff") == MHD_NO)
		rc = MHD_NO;
	else
		rc = MHD_queue_response(rq->con, status, resp);
	MHD_destroy_response(resp);
	return rc;
}

static struct MHD_Response *
text_response(const char *text)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (resp != NULL && text[0] != '\0')
		MHD_add_response_header(resp, "Content-Type",
		    "text/plain; charset=utf-8");
	return resp;
}

/* A segment that is missing now may come: caches keep that for 1 s. */
static enum MHD_Result
respond_error(const struct request *rq, unsigned status, const char *text)
{
	struct MHD_Response *resp = text_response(text);

	if (resp != NULL)
		MHD_add_response_header(resp, "Cache-Control", "max-age=1");
	return respond(rq, status, resp);
}

static enum MHD_Result
respond_method(const struct request *rq)
{
	struct MHD_Response *resp = text_response("method not allowed\n");

	if (resp != NULL)
		MHD_add_response_header(resp, "Allow", METHODS);
	return respond(rq, MHD_HTTP_METHOD_NOT_ALLOWED, resp);
}

/* A CORS preflight, or a plain OPTIONS. */
static enum MHD_Result
respond_options(const struct request *rq)
{
	struct MHD_Response *resp = text_response("");

	if (resp != NULL) {
		MHD_add_response_header(resp, "Allow", METHODS);
		MHD_add_response_header(resp, "Access-Control-Allow-Methods",
		    METHODS);
		MHD_add_response_header(resp, "Access-Control-Allow-Headers",
		    "Range, If-None-Match, If-Modified-Since, If-Range");
		MHD_add_response_header(resp, "Access-Control-Max-Age",
		    "86400");
	}
	return respond(rq, MHD_HTTP_NO_CONTENT, resp);
}

static enum MHD_Result
respond_streams(const struct request *rq)
{
	struct origin *o = rq->o;
	struct MHD_Response *resp = NULL;
	struct err err = ERR_INIT;
	int64_t now_us = clock_mono_us();
	bool good;

	pthread_mutex_lock(&o->lock);
	good = o->streams_us != 0 &&
	    now_us - o->streams_us < STREAMS_FRESH_US;
	if (!good) {
		buf_reset(&o->streams);
		good = origin_streams(o->conf.www_fd, clock_wall_us(),
		    &o->streams, &err) == 0;
		o->streams_us = good ? now_us : 0;
	}
	if (good)
		resp = MHD_create_response_from_buffer(o->streams.n,
		    o->streams.p, MHD_RESPMEM_MUST_COPY);
	pthread_mutex_unlock(&o->lock);

	if (!good) {
		log_warning("cannot list the streams: %s", err.text);
		return respond_error(rq, MHD_HTTP_INTERNAL_SERVER_ERROR,
		    "cannot list the streams\n");
	}
	if (resp != NULL) {
		MHD_add_response_header(resp, "Content-Type",
		    http_type(STREAMS_PATH));
		MHD_add_response_header(resp, "Cache-Control", "no-cache");
	}
	return respond(rq, MHD_HTTP_OK, resp);
}

/* An open file on its way out. */
struct found {
	int		fd;
	struct stat	st;
	const char	*name;		/* for its type */
	bool		media;		/* below www, not of the page */
	char		etag[HTTP_ETAG_BYTES];
	char		modified[HTTP_DATE_BYTES];
};

static bool
find(const struct request *rq, struct found *f)
{
	errno = ENOENT;
	f->name = rq->path;
	f->media = true;
	f->fd = *rq->path == '\0' ? -1 :
	    beneath_open(rq->o->conf.www_fd, rq->path, &f->st);
	if (f->fd == -1 && rq->o->conf.page_fd != -1) {
		f->name = *rq->path == '\0' ? "index.html" : rq->path;
		f->media = false;
		f->fd = beneath_open(rq->o->conf.page_fd, f->name, &f->st);
	}
	if (f->fd == -1)
		return false;
	http_etag(&f->st, f->etag);
	http_date(f->st.st_mtim.tv_sec, f->modified);
	return true;
}

/* RFC 9110 section 13.2.2: If-Modified-Since only without If-None-Match. */
static bool
not_modified(const struct request *rq, const struct found *f)
{
	const char *v;

	if ((v = header(rq, "If-None-Match")) != NULL)
		return http_etag_matches(v, f->etag);
	v = header(rq, "If-Modified-Since");
	return v != NULL && strcmp(v, f->modified) == 0;
}

/* The Range header, unless it or its If-Range says to ignore it. */
static const char *
range_header(const struct request *rq, const struct found *f)
{
	const char *condition = header(rq, "If-Range");

	if (rq->head)			/* section 14.2: defined for GET */
		return NULL;
	if (condition != NULL && strcmp(condition, f->etag) != 0 &&
	    strcmp(condition, f->modified) != 0)
		return NULL;
	return header(rq, "Range");
}

static void
add_file_headers(const struct request *rq, const struct found *f,
    struct MHD_Response *resp)
{
	char age[64];

	snprintf(age, sizeof(age), "public, max-age=%u, immutable",
	    rq->o->conf.segment_age_s);
	MHD_add_response_header(resp, "Content-Type", http_type(f->name));
	MHD_add_response_header(resp, "Accept-Ranges", "bytes");
	MHD_add_response_header(resp, "ETag", f->etag);
	if (f->modified[0] != '\0')
		MHD_add_response_header(resp, "Last-Modified", f->modified);
	/* Half a second would be right for a playlist; seconds are whole. */
	MHD_add_response_header(resp, "Cache-Control",
	    f->media && http_is_segment(f->name) ? age : "no-cache");
}

/* 416 with the size that would have been right; RFC 9110 section 15.5.17. */
static enum MHD_Result
respond_no_range(const struct request *rq, const struct found *f)
{
	struct MHD_Response *resp = text_response("no such range\n");
	char range[64];

	snprintf(range, sizeof(range), "bytes */%jd", (intmax_t)f->st.st_size);
	if (resp != NULL)
		MHD_add_response_header(resp, "Content-Range", range);
	return respond(rq, MHD_HTTP_RANGE_NOT_SATISFIABLE, resp);
}

/* Takes F->fd. */
static enum MHD_Result
respond_body(const struct request *rq, const struct found *f)
{
	uint64_t first = 0, bytes = (uint64_t)f->st.st_size;
	unsigned status = MHD_HTTP_OK;
	struct MHD_Response *resp;
	char range[128];

	switch (http_range(range_header(rq, f), bytes, &first, &bytes)) {
	case HTTP_RANGE_WHOLE:
		break;
	case HTTP_RANGE_PART:
		status = MHD_HTTP_PARTIAL_CONTENT;
		break;
	case HTTP_RANGE_NONE:
		close(f->fd);
		return respond_no_range(rq, f);
	}
	resp = MHD_create_response_from_fd_at_offset64(bytes, f->fd, first);
	if (resp == NULL) {
		close(f->fd);
		return MHD_NO;
	}
	add_file_headers(rq, f, resp);
	if (status == MHD_HTTP_PARTIAL_CONTENT) {
		snprintf(range, sizeof(range), "bytes %ju-%ju/%jd",
		    (uintmax_t)first, (uintmax_t)(first + bytes - 1),
		    (intmax_t)f->st.st_size);
		MHD_add_response_header(resp, "Content-Range", range);
	}
	return respond(rq, status, resp);
}

/*
 * 304 over the file itself: no body is sent, and Content-Length is that of
 * the 200, where an empty response would tell caches that it is 0.
 */
static enum MHD_Result
respond_unchanged(const struct request *rq, const struct found *f)
{
	struct MHD_Response *resp = MHD_create_response_from_fd64(
	    (uint64_t)f->st.st_size, f->fd);

	if (resp == NULL) {
		close(f->fd);
		return MHD_NO;
	}
	add_file_headers(rq, f, resp);
	return respond(rq, MHD_HTTP_NOT_MODIFIED, resp);
}

static enum MHD_Result
respond_file(const struct request *rq)
{
	struct found f;

	if (!find(rq, &f)) {
		/* Out of descriptors is our trouble, not an absent file. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			return respond_error(rq,
			    MHD_HTTP_SERVICE_UNAVAILABLE, "busy\n");
		return respond_error(rq, MHD_HTTP_NOT_FOUND, "not found\n");
	}
	return not_modified(rq, &f) ? respond_unchanged(rq, &f) :
	    respond_body(rq, &f);
}

/* The draft's section 6.2.5.2 asks for 400, whatever else is supported. */
static bool
part_without_msn(const struct request *rq)
{
	return http_is_playlist(rq->path) &&
	    MHD_lookup_connection_value(rq->con, MHD_GET_ARGUMENT_KIND,
	    "_HLS_part") != NULL &&
	    MHD_lookup_connection_value(rq->con, MHD_GET_ARGUMENT_KIND,
	    "_HLS_msn") == NULL;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *con, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_bytes, void **state)
{
	struct request rq = { .o = arg, .con = con,
	    .head = strcmp(method, "HEAD") == 0 };
	char path[LIMIT_HTTP_PATH_BYTES];

	(void)version;
	(void)upload;
	if (*state == NULL) {		/* headers only: MHD calls again */
		*state = arg;
		atomic_fetch_add(&rq.o->active, 1);
		if (rq.head || strcmp(method, "GET") == 0 ||
		    strcmp(method, "OPTIONS") == 0)
			return MHD_YES;
		return respond_method(&rq);
	}
	if (*upload_bytes > 0) {	/* a GET with a body: not read */
		*upload_bytes = 0;
		return MHD_YES;
	}
	if (strcmp(method, "OPTIONS") == 0)
		return respond_options(&rq);
	if (!http_path(url, path, sizeof(path)))
		return respond_error(&rq, MHD_HTTP_NOT_FOUND, "not found\n");
	rq.path = path;
	if (part_without_msn(&rq))
		return respond_error(&rq, MHD_HTTP_BAD_REQUEST,
		    "_HLS_part needs _HLS_msn\n");
	if (strcmp(path, STREAMS_PATH) == 0)
		return respond_streams(&rq);
	return respond_file(&rq);
}

static void
on_completed(void *arg, struct MHD_Connection *con, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct origin *o = arg;

	(void)con;
	(void)why;
	if (*state != NULL)
		atomic_fetch_sub(&o->active, 1);
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
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd: %s", text);
}

static struct MHD_Daemon *
start_daemon(struct origin *o)
{
	const struct origin_conf *c = &o->conf;

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
	    MHD_USE_ERROR_LOG | MHD_USE_ITC, 0, NULL, NULL, on_request, o,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, c->listen_fd,
	    MHD_OPTION_THREAD_POOL_SIZE, c->threads > 1 ? c->threads : 0,
	    MHD_OPTION_CONNECTION_LIMIT, c->connections,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, c->per_address,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_HTTP_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)LIMIT_HTTP_HEADER_BYTES,
	    MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, o,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_END);
}

struct origin *
origin_start(const struct origin_conf *conf, struct err *err)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		err_nomem(err);
		close(conf->listen_fd);
		return NULL;
	}
	o->conf = *conf;
	atomic_init(&o->active, 0);
	pthread_mutex_init(&o->lock, NULL);
	buf_init(&o->streams, LIMIT_HTTP_STREAMS_BYTES);
	if ((o->daemon = start_daemon(o)) == NULL) {
		err_set(err, ERR_OS, "cannot start libmicrohttpd");
		close(conf->listen_fd);
		pthread_mutex_destroy(&o->lock);
		free(o);
		return NULL;
	}
	return o;
}

unsigned
origin_quiesce(struct origin *o)
{
	if (o->conf.listen_fd != -1) {
		int fd = MHD_quiesce_daemon(o->daemon);

		if (fd != -1)
			close(fd);
		o->conf.listen_fd = -1;
	}
	return atomic_load(&o->active);
}

void
origin_stop(struct origin *o)
{
	MHD_stop_daemon(o->daemon);
	buf_release(&o->streams);
	pthread_mutex_destroy(&o->lock);
	free(o);
}
