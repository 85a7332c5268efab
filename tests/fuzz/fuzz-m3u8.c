/*
 * Any bytes as what a server gives to playlist-gen --check: the first of them
 * the playlist that is opened, those behind a NUL all that it names, and the
 * next version of it.  What is said points into the text.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	const uint8_t	*data;
	size_t		 size, main;	/* bytes of all, of the first */
	bool		 moved;		/* the next version is there */
};

static int
fetch(void *arg, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	const struct world *w = arg;
	size_t behind = w->main < w->size ? w->main + 1 : w->size;

	(void)length;
	if (strlen(url) % 7 == 6) {
		err_set(err, ERR_INPUT, "not there");
		return 0;
	}
	if (strcmp(url, "main.m3u8") == 0 && !w->moved) {
		buf_put(b, w->data, w->main);
	} else {
		behind += offset < w->size - behind ? (size_t)offset : 0;
		buf_put(b, w->data + behind, w->size - behind);
	}
	return 1;
}

static void
say(void *arg, const char *url, size_t line, const char *rule,
    const char *text)
{
	const struct world *w = arg;

	assert(line <= w->size + 1 && *url != '\0' && *rule != '\0' &&
	    *text != '\0');
}

static void
note(void *arg, const char *url, const char *text)
{
	(void)arg;
	assert(*url != '\0' && *text != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
	struct world w = { data, size,
	    nul == NULL ? size : (size_t)(nul - data), false };
	struct check_conf conf = { fetch, say, note, &w, false };
	struct err err = ERR_INIT;
	int64_t next_us;
	struct check *c;

	c = check_open(&conf, "main.m3u8", &err);
	if (c == NULL) {
		assert(err.cls != ERR_NONE);
		return 0;
	}
	if (check_run(c, &err) == 0) {
		w.moved = true;
		if (check_again(c, 1000000, &next_us, &err) == 0 &&
		    check_again(c, 9000000, &next_us, &err) == 0)
			(void)!check_finish(c, 9500000, &err);
	}
	check_close(c);
	return 0;
}
