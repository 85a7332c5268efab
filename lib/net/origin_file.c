#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "net/origin_impl.h"

static bool
find(const struct request *rq, struct found *f)
{
	errno = ENOENT;
	f->name = rq->path;
	f->media = true;
	f->fd = *rq->path == '\0' || rq->stranger ? -1 :
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

/* The Range header, unless it or its If-Range says to ignore it. */
static const char *
range_header(const struct request *rq, const struct found *f)
{
	const char *condition = request_header(rq, "If-Range");

	if (rq->head)			/* section 14.2: defined for GET */
		return NULL;
	if (condition != NULL && strcmp(condition, f->etag) != 0 &&
	    strcmp(condition, f->modified) != 0)
		return NULL;
	return request_header(rq, "Range");
}

void
add_file_headers(const struct request *rq, const struct found *f,
    struct MHD_Response *resp)
{
	bool segment = f->media && http_is_segment(f->name);
	char cache[HTTP_CACHE_BYTES];

	http_cache_control(segment ? HTTP_SEGMENT : HTTP_OTHER, MHD_HTTP_OK,
	    0, rq->o->conf.segment_age_s, cache);
	add_common_headers(resp);
	add_header(resp, "Content-Type", http_type(f->name));
	add_header(resp, "Accept-Ranges", "bytes");
	add_header(resp, "ETag", f->etag);
	if (f->modified[0] != '\0')
		add_header(resp, "Last-Modified", f->modified);
	add_header(resp, "Cache-Control", cache);
}

/* 416 with the size that would have been right; RFC 9110 section 15.5.17. */
static enum MHD_Result
answer_no_range(const struct request *rq, const struct found *f)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer(0, NULL,
	    MHD_RESPMEM_PERSISTENT);
	enum MHD_Result rc;
	char range[64];

	if (resp == NULL)
		return MHD_NO;
	snprintf(range, sizeof(range), "bytes */%jd", (intmax_t)f->st.st_size);
	add_common_headers(resp);
	add_header(resp, "Content-Range", range);
	rc = answer_with(rq, MHD_HTTP_RANGE_NOT_SATISFIABLE, resp, 0);
	MHD_destroy_response(resp);
	return rc;
}

/* BYTES from FIRST of F, whose descriptor is taken. */
static enum MHD_Result
answer_body(const struct request *rq, const struct found *f, unsigned status,
    uint64_t first, uint64_t bytes)
{
	struct MHD_Response *resp;
	enum MHD_Result rc;
	char range[128];

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
		add_header(resp, "Content-Range", range);
	}
	rc = answer_with(rq, status, resp, bytes);
	MHD_destroy_response(resp);
	return rc;
}

static enum MHD_Result
answer_found(const struct request *rq, const struct found *f)
{
	uint64_t first = 0, bytes = (uint64_t)f->st.st_size;
	enum MHD_Result rc;

	/* With the file itself: Content-Length is then that of the 200. */
	if (is_unchanged(rq, f->etag, f->modified))
		return answer_body(rq, f, MHD_HTTP_NOT_MODIFIED, 0, bytes);
	switch (http_range(range_header(rq, f), bytes, &first, &bytes)) {
	case HTTP_RANGE_WHOLE:
		if (!answer_segment(rq, f, &rc))
			return answer_body(rq, f, MHD_HTTP_OK, 0, bytes);
		close(f->fd);
		return rc;
	case HTTP_RANGE_PART:
		return answer_body(rq, f, MHD_HTTP_PARTIAL_CONTENT, first,
		    bytes);
	case HTTP_RANGE_NONE:
		break;
	}
	rc = answer_no_range(rq, f);
	close(f->fd);
	return rc;
}

static bool
is_kept_back(const struct request *rq)
{
	const char *const *pattern = rq->o->conf.encrypted;

	while (*pattern != NULL)
		if (http_is_clear(rq->path, *pattern++))
			return true;
	return false;
}

enum MHD_Result
answer_file(const struct request *rq)
{
	uint32_t target_s = 0;
	struct found f;

	if (!rq->stranger && is_kept_back(rq))
		return answer_missing(rq, ENOENT, 0);
	if (find(rq, &f))
		return answer_found(rq, &f);
	if (errno == ENOENT && !rq->stranger && http_is_segment(rq->path)) {
		if (hold_part(rq, &target_s))
			return MHD_YES;
		if (find(rq, &f))
			return answer_found(rq, &f);
	}
	if (rq->stranger)
		return answer_text(rq, MHD_HTTP_FORBIDDEN, "no-store",
		    "not without a valid signature\n");
	return answer_missing(rq, errno, target_s);
}
