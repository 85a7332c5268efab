#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/limits.h"
#include "net/origin_impl.h"

#define GZIP_LEVEL	5
#define GZIP_WINDOW	(15 + 16)	/* 16: gzip, not zlib */
#define GZIP_MEMORY	8
#define WORTH_BYTES	256		/* shorter ones gain nothing */

static void
version_drop(void *arg)
{
	struct version *v = arg;
	int i;

	if (atomic_fetch_sub(&v->refs, 1) > 1)
		return;
	atomic_fetch_sub(&v->o->playlist_bytes, v->bytes);
	buf_release(&v->text);
	for (i = 0; i < 4; i++)
		buf_release(&v->body[i / 2][i % 2]);
	pthread_mutex_destroy(&v->lock);
	free(v->hint);
	free(v);
}

struct version *
version_ref(struct version *v)
{
	atomic_fetch_add(&v->users, 1);
	return v;
}

void
version_unref(struct version *v)
{
	int i;

	if (v == NULL || atomic_fetch_sub(&v->users, 1) > 1)
		return;
	/* libmicrohttpd drops them when the last byte is sent. */
	for (i = 0; i < 8; i++)
		if (v->answer[i / 4][i / 2 % 2][i % 2] != NULL)
			MHD_destroy_response(
			    v->answer[i / 4][i / 2 % 2][i % 2]);
	version_drop(v);
}

/* Append FROM, compressed, to TO; nothing when that is no use. */
static void
compress_body(const struct buf *from, struct buf *to)
{
	z_stream z = { .next_in = from->p, .avail_in = (uInt)from->n };
	uLong bound;

	if (from->n < WORTH_BYTES || deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED,
	    GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	bound = deflateBound(&z, (uLong)from->n);
	if ((z.next_out = buf_room(to, bound)) != NULL) {
		z.avail_out = (uInt)bound;
		if (deflate(&z, Z_FINISH) == Z_STREAM_END &&
		    z.total_out < from->n)
			to->n += z.total_out;
	}
	deflateEnd(&z);
}

/* The body of V in one of its forms; NULL when it has not that one. */
static struct buf *
body(struct version *v, bool delta, bool gzip)
{
	struct buf *b = &v->body[delta][gzip];

	if (!delta && !gzip)
		return &v->text;
	if (!v->made[delta][gzip]) {
		v->made[delta][gzip] = true;
		if (!gzip)
			http_playlist_delta((const char *)v->text.p,
			    v->text.n, &v->says, b);
		else if (body(v, delta, false) != NULL)
			compress_body(body(v, delta, false), b);
		if (b->bad)
			buf_release(b);
	}
	return b->n > 0 ? b : NULL;
}

/* Each form is another representation: RFC 9110 section 8.8.3.3. */
static void
form_etag(const struct version *v, bool delta, bool gzip,
    char out[HTTP_ETAG_BYTES])
{
	snprintf(out, HTTP_ETAG_BYTES, "%.*s%s%s\"",
	    (int)strlen(v->etag) - 1, v->etag, delta ? "-d" : "",
	    gzip ? "-z" : "");
}

static struct MHD_Response *
make_answer(struct version *v, const char *path, bool delta, bool gzip,
    bool blocking)
{
	struct buf *b = body(v, delta, gzip);
	char cache[HTTP_CACHE_BYTES], etag[HTTP_ETAG_BYTES];
	char modified[HTTP_DATE_BYTES];
	struct MHD_Response *resp;

	resp = MHD_create_response_from_buffer_with_free_callback_cls(b->n,
	    b->p, version_drop, v);
	if (resp == NULL)
		return NULL;
	atomic_fetch_add(&v->refs, 1);
	http_cache_control(blocking ? HTTP_BLOCKING : HTTP_PLAYLIST,
	    MHD_HTTP_OK, v->says.target_s, 0, cache);
	http_date(v->st.st_mtim.tv_sec, modified);
	form_etag(v, delta, gzip, etag);
	add_common_headers(resp);
	add_header(resp, "Content-Type", http_type(path));
	if (gzip)
		add_header(resp, "Content-Encoding", "gzip");
	add_header(resp, "Vary", "Accept-Encoding");
	add_header(resp, "ETag", etag);
	if (modified[0] != '\0')
		add_header(resp, "Last-Modified", modified);
	add_header(resp, "Cache-Control", cache);
	return resp;
}

/* RQ has V in that form already.  Few ask: it is not written for all. */
static bool
has_it(const struct request *rq, const struct version *v, bool delta,
    bool gzip)
{
	char etag[HTTP_ETAG_BYTES], modified[HTTP_DATE_BYTES];

	if (request_header(rq, "If-None-Match") == NULL &&
	    request_header(rq, "If-Modified-Since") == NULL)
		return false;
	form_etag(v, delta, gzip, etag);
	http_date(v->st.st_mtim.tv_sec, modified);
	return is_unchanged(rq, etag, modified);
}

enum MHD_Result
answer_version(const struct request *rq, struct version *v,
    const struct http_reload *reload)
{
	bool delta = http_reload_skips(reload, &v->says);
	bool gzip = http_accepts_gzip(request_header(rq, "Accept-Encoding"));
	bool blocking = http_reload_blocks(reload, &v->says);
	struct MHD_Response **resp;
	uint64_t bytes;

	/* Made once, for all that ask, by the first. */
	pthread_mutex_lock(&v->lock);
	delta = delta && body(v, true, false) != NULL;
	gzip = gzip && body(v, delta, true) != NULL;
	bytes = body(v, delta, gzip)->n;
	resp = &v->answer[delta][gzip][blocking];
	if (*resp == NULL)
		*resp = make_answer(v, rq->path, delta, gzip, blocking);
	pthread_mutex_unlock(&v->lock);

	if (*resp == NULL)
		return MHD_NO;
	if (delta)
		count(rq->o, COUNT_DELTAS, 1);
	return answer_with(rq, has_it(rq, v, delta, gzip) ?
	    MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, *resp, bytes);
}

static enum MHD_Result
take_parameter(void *arg, enum MHD_ValueKind kind, const char *key,
    const char *value)
{
	(void)kind;
	http_reload_add(arg, key, value);
	return MHD_YES;
}

static enum MHD_Result
answer_bad(const struct request *rq, const struct version *v)
{
	char cache[HTTP_CACHE_BYTES];

	http_cache_control(HTTP_BLOCKING, MHD_HTTP_BAD_REQUEST,
	    v->says.target_s, 0, cache);
	return answer_text(rq, MHD_HTTP_BAD_REQUEST, cache,
	    "no such media sequence number or part can be waited for\n");
}

/* V is what P says: answer, hold, or look at P again, which leaves true. */
static bool
decide(const struct request *rq, struct playlist *p, struct version *v,
    enum MHD_Result *rc)
{
	const struct http_reload *reload = &rq->conn->reload;

	*rc = MHD_YES;
	switch (http_reload_judge(reload, &v->says)) {
	case HTTP_NOW:
		*rc = answer_version(rq, v, reload);
		return false;
	case HTTP_BAD:
		*rc = answer_bad(rq, v);
		return false;
	case HTTP_WAIT:
		break;
	}
	switch (hold(rq, HOLD_RELOAD, p, v)) {
	case HELD:
		return false;
	case HELD_CHANGED:
		return true;
	case HELD_NOT:
		break;
	}
	*rc = answer_busy(rq);
	return false;
}

enum MHD_Result
answer_playlist(const struct request *rq)
{
	struct http_reload *reload = &rq->conn->reload;
	enum MHD_Result rc = MHD_YES;
	struct playlist *p;
	struct version *v;
	bool again = true;

	*reload = (struct http_reload){ 0 };
	MHD_get_connection_values(rq->con, MHD_GET_ARGUMENT_KIND,
	    take_parameter, reload);
	if ((p = playlist_get(rq->o, rq->path, reload->has_msn, &v)) == NULL) {
		if (errno == EBUSY)
			return answer_busy(rq);
		return answer_file(rq);
	}
	while (again) {
		again = decide(rq, p, v, &rc);
		version_unref(v);
		if (again && (v = playlist_load(rq->o, p)) == NULL) {
			rc = answer_missing(rq, errno, 0);
			break;
		}
	}
	playlist_put(rq->o, p);
	return rc;
}
