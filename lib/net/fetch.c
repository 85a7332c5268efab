#include "net/fetch.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/url.h"

struct fetch {
	CURL	*curl;
	char	 why[CURL_ERROR_SIZE];
};

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	(void)size;		/* is 1 */
	buf_put(b, p, n);
	return b->bad ? 0 : n;
}

struct fetch *
fetch_open(struct err *err)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (f->curl = curl_easy_init()) == NULL) {
		free(f);
		err_set(err, ERR_OS, "cannot set up libcurl");
		return NULL;
	}
	curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, f->why);
	curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(f->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(f->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(f->curl, CURLOPT_CONNECTTIMEOUT,
	    (long)LIMIT_FETCH_CONNECT_S);
	curl_easy_setopt(f->curl, CURLOPT_TIMEOUT, (long)LIMIT_FETCH_S);
	curl_easy_setopt(f->curl, CURLOPT_USERAGENT, "livespool/" VERSION);
	return f;
}

void
fetch_close(struct fetch *f)
{
	if (f == NULL)
		return;
	curl_easy_cleanup(f->curl);
	free(f);
	curl_global_cleanup();
}

/* No answer is no server; anything else is what this server does. */
static int
failed(const struct fetch *f, const char *url, CURLcode code,
    const struct buf *b, struct err *err)
{
	const char *why = f->why[0] != '\0' ? f->why :
	    curl_easy_strerror(code);

	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return err_nomem(err);
	case CURLE_WRITE_ERROR:
		if (b->nomem)
			return err_nomem(err);
		err_set(err, ERR_DATA, "'%s' is larger than %zu bytes", url,
		    b->max);
		return 0;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return err_set(err, ERR_UNAVAILABLE, "'%s': %s", url, why);
	default:
		err_set(err, ERR_INPUT, "'%s': %s", url, why);
		return 0;
	}
}

static int
answered(const char *url, long status, bool ranged, struct err *err)
{
	if (status == 206 || (status == 200 && !ranged))
		return 1;
	if (status == 200)
		err_set(err, ERR_INPUT, "'%s': the server has no byte ranges",
		    url);
	else if (status >= 300 && status < 400)
		err_set(err, ERR_INPUT, "'%s' is redirected, status %ld", url,
		    status);
	else
		err_set(err, ERR_INPUT, "'%s': HTTP status %ld", url, status);
	return 0;
}

int
fetch_get(struct fetch *f, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	char range[48];
	long status = 0;
	CURLcode code;

	if (!url_http(url)) {
		err_set(err, ERR_INPUT, "'%s' is not http or https", url);
		return 0;
	}
	if (length > 0)
		snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, offset,
		    offset + length - 1);
	f->why[0] = '\0';
	curl_easy_setopt(f->curl, CURLOPT_URL, url);
	curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, b);
	curl_easy_setopt(f->curl, CURLOPT_RANGE, length > 0 ? range : NULL);
	/* Ranges are of the resource, not of how it was packed. */
	curl_easy_setopt(f->curl, CURLOPT_ACCEPT_ENCODING,
	    length > 0 ? NULL : "");
	code = curl_easy_perform(f->curl);
	if (code != CURLE_OK)
		return failed(f, url, code, b, err);
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	return answered(url, status, length > 0, err);
}
