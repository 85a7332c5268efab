/*
 * Any bytes as a playlist; and its delta update, which must say the same of
 * what clients ask for, and be no longer by more than its own two lines.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "net/http_playlist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_delta(const char *text, size_t size, const struct http_playlist *p)
{
	struct http_playlist q;
	struct buf out;

	buf_init(&out, 2 * LIMIT_HTTP_PLAYLIST_BYTES);
	if (http_playlist_delta(text, size, p, &out)) {
		assert(!out.bad && out.n <= size + 64);
		http_playlist_parse((const char *)out.p, out.n, &q);
		assert(q.hint_bytes <= p->hint_bytes || p->hint_bytes == 0);
		assert(q.next <= p->next);
	} else {
		assert(out.n == 0);
	}
	buf_release(&out);
}

static void
check_judge(const struct http_playlist *p)
{
	struct http_reload r = { .has_msn = true, .msn = p->next };

	if (p->blocks && !p->ended)
		assert(http_reload_judge(&r, p) == HTTP_WAIT);
	if (p->next > 0) {
		r.msn--;
		assert(http_reload_judge(&r, p) == HTTP_NOW);
	}
	r.has_part = true;
	r.part = p->next_parts;
	r.msn = UINT64_MAX;
	http_reload_judge(&r, p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[LIMIT_HTTP_PATH_BYTES];
	const char *text = (const char *)data;
	struct http_playlist p;

	http_playlist_parse(text, size, &p);
	assert(p.hint + p.hint_bytes <= size);
	if (http_playlist_hint(text, &p, "s/r/live.m3u8", path, sizeof(path)))
		assert(*path != '/' && strstr(path, "..") != path &&
		    strstr(path, "/../") == NULL);
	check_delta(text, size, &p);
	check_judge(&p);
	return 0;
}
