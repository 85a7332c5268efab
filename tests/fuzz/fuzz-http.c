/*
 * Any lines as the target, the fields and the query of a request.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "net/http.h"
#include "net/http_fields.h"
#include "net/http_playlist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_path(const char *s)
{
	char path[LIMIT_HTTP_PATH_BYTES];

	if (!http_path(s, path, sizeof(path)))
		return;
	assert(*path != '/' && *path != '.' && strstr(path, "//") == NULL &&
	    strstr(path, "/.") == NULL && strchr(path, '\\') == NULL);
	http_type(path);
}

static void
check_range(const char *s)
{
	uint64_t first, bytes;

	if (http_range(s, 1000, &first, &bytes) == HTTP_RANGE_PART)
		assert(bytes > 0 && first < 1000 && bytes <= 1000 - first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_fields fields = { 0 };
	struct http_reload reload = { 0 };
	char *text = malloc(size + 1), *line, *value, *rest;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (rest = text; (line = strsep(&rest, "\n")) != NULL; ) {
		check_path(line);
		check_range(line);
		http_etag_matches(line, "\"a\"");
		http_accepts_gzip(line);
		value = line;
		strsep(&value, ":");
		http_reload_add(&reload, line, value);
		if (value != NULL)
			http_fields_add(&fields, line, strlen(line), value,
			    strlen(value));
	}
	free(text);
	return 0;
}
