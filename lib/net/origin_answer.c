#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "net/origin_impl.h"

#define METHODS			"GET, HEAD, OPTIONS"
#define STREAMS_FRESH_US	500000

const char *
request_header(const struct request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->con, MHD_HEADER_KIND, name);
}

void
add_header(struct MHD_Response *resp, const char *name, const char *value)
{
	if (resp != NULL)
		MHD_add_response_header(resp, name, value);
}

void
add_common_headers(struct MHD_Response *resp)
{
	add_header(resp, "Access-Control-Allow-Origin", "*");
	add_header(resp, "Access-Control-Expose-Headers",
	    "Content-Length, Content-Range, Date, Age, ETag");
	add_header(resp, "X-Content-Type-Options", "nosniff");
}

static enum counter
class_of(unsigned status)
{
	if (status == MHD_HTTP_NOT_MODIFIED)
		return COUNT_304;
	return status < 400 ? COUNT_2XX : status < 500 ? COUNT_4XX : COUNT_5XX;
}

enum MHD_Result
answer_with(const struct request *rq, unsigned status,
    struct MHD_Response *resp, uint64_t bytes)
{
	struct conn *c = rq->conn;

	if (rq->head || status == MHD_HTTP_NOT_MODIFIED)
		bytes = 0;
	c->status = status;
	c->bytes = bytes;
	count(rq->o, class_of(status), 1);
	count(rq->o, COUNT_BYTES, bytes);
	conn_answer(rq->o, c, bytes);
	return MHD_queue_response(rq->con, status, resp);
}

/* The same for a response of this request alone, which is taken. */
static enum MHD_Result
answer_once(const struct request *rq, unsigned status,
    struct MHD_Response *resp, uint64_t bytes)
{
	enum MHD_Result rc;

	if (resp == NULL)		/* no memory: it is closed */
		return MHD_NO;
	add_common_headers(resp);
	rc = answer_with(rq, status, resp, bytes);
	MHD_destroy_response(resp);
	return rc;
}

static struct MHD_Response *
text_response(const char *text)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (text[0] != '\0')
		add_header(resp, "Content-Type", "text/plain; charset=utf-8");
	return resp;
}

enum MHD_Result
answer_text(const struct request *rq, unsigned status, const char *cache,
    const char *text)
{
	struct MHD_Response *resp = text_response(text);

	add_header(resp, "Cache-Control", cache);
	return answer_once(rq, status, resp, strlen(text));
}

enum MHD_Result
answer_busy(const struct request *rq)
{
	struct MHD_Response *resp = text_response("busy\n");

	add_header(resp, "Cache-Control", "no-store");
	add_header(resp, "Retry-After", "1");
	return answer_once(rq, MHD_HTTP_SERVICE_UNAVAILABLE, resp, 5);
}

/* What is missing now may come: caches keep that for a short time. */
enum MHD_Result
answer_missing(const struct request *rq, int errnum, uint32_t target_s)
{
	char cache[HTTP_CACHE_BYTES];

	/* Out of descriptors is our trouble, not an absent file. */
	if (errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM ||
	    errnum == EBUSY)
		return answer_busy(rq);
	http_cache_control(HTTP_SEGMENT, MHD_HTTP_NOT_FOUND, target_s, 0,
	    cache);
	return answer_text(rq, MHD_HTTP_NOT_FOUND, cache, "not found\n");
}

/* What follows on the connection is not to be trusted. */
enum MHD_Result
answer_refused(const struct request *rq, const char *why)
{
	struct MHD_Response *resp;
	char text[128];

	snprintf(text, sizeof(text), "%s\n", why);
	resp = text_response(text);
	add_header(resp, "Cache-Control", "no-store");
	add_header(resp, "Connection", "close");
	return answer_once(rq, MHD_HTTP_BAD_REQUEST, resp, strlen(text));
}

enum MHD_Result
answer_method(const struct request *rq)
{
	struct MHD_Response *resp = text_response("method not allowed\n");

	add_header(resp, "Allow", METHODS);
	add_header(resp, "Connection", "close");	/* with its body */
	return answer_once(rq, MHD_HTTP_METHOD_NOT_ALLOWED, resp, 19);
}

/* A CORS preflight, or a plain OPTIONS. */
enum MHD_Result
answer_options(const struct request *rq)
{
	struct MHD_Response *resp = text_response("");

	add_header(resp, "Allow", METHODS);
	add_header(resp, "Access-Control-Allow-Methods", METHODS);
	add_header(resp, "Access-Control-Allow-Headers",
	    "Range, If-None-Match, If-Modified-Since, If-Range");
	add_header(resp, "Access-Control-Max-Age", "86400");
	return answer_once(rq, MHD_HTTP_NO_CONTENT, resp, 0);
}

/* UTCTiming of DASH: http-iso, http-xsdate; http-head takes the Date. */
enum MHD_Result
answer_time(const struct request *rq)
{
	char now[CLOCK_RFC3339_BYTES];

	clock_rfc3339(clock_wall_us(), now);
	return answer_text(rq, MHD_HTTP_OK, "no-store", now);
}

/* The list, at most half a second old; NULL when it could not be made. */
static struct MHD_Response *
streams_response(struct origin *o, size_t *bytes, struct err *err)
{
	struct MHD_Response *resp = NULL;
	int64_t now_us = clock_mono_us();
	bool good;

	pthread_mutex_lock(&o->streams_lock);
	good = o->streams_us != 0 &&
	    now_us - o->streams_us < STREAMS_FRESH_US;
	if (!good) {
		buf_reset(&o->streams);
		good = origin_streams(o->conf.www_fd, clock_wall_us(),
		    &o->streams, err) == 0;
		o->streams_us = good ? now_us : 0;
	}
	if (good)
		resp = MHD_create_response_from_buffer(o->streams.n,
		    o->streams.p, MHD_RESPMEM_MUST_COPY);
	*bytes = o->streams.n;
	pthread_mutex_unlock(&o->streams_lock);
	return resp;
}

enum MHD_Result
answer_streams(const struct request *rq)
{
	struct err err = ERR_INIT;
	struct MHD_Response *resp;
	size_t bytes;

	resp = streams_response(rq->o, &bytes, &err);
	if (resp == NULL && err.cls != ERR_NONE) {
		log_warning("cannot list the streams: %s", err.text);
		return answer_text(rq, MHD_HTTP_INTERNAL_SERVER_ERROR,
		    "no-store", "cannot list the streams\n");
	}
	add_header(resp, "Content-Type", "application/json");
	add_header(resp, "Cache-Control", "no-cache");
	return answer_once(rq, MHD_HTTP_OK, resp, bytes);
}

bool
is_unchanged(const struct request *rq, const char *etag, const char *modified)
{
	const char *v;

	/* If-Modified-Since counts only without If-None-Match. */
	if ((v = request_header(rq, "If-None-Match")) != NULL)
		return http_etag_matches(v, etag);
	v = request_header(rq, "If-Modified-Since");
	return v != NULL && strcmp(v, modified) == 0;
}
