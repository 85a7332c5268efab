#include "store/check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/url.h"
#include "store/check_impl.h"

/* Is KEY among what was said?  From then on it is. */
static bool
said(struct check *c, uint64_t key)
{
	size_t n = sizeof(c->said) / sizeof(c->said[0]), i, at;

	key |= 1;
	for (i = 0; i < n; i++) {
		at = (size_t)((key + i) % n);
		if (c->said[at] == key)
			return true;
		if (c->said[at] == 0) {
			c->said[at] = key;
			return false;
		}
	}
	return false;
}

/* What was said of one version of a list is not said again of the next. */
static bool
is_new(struct check *c, const struct check_list *l, size_t line,
    const char *rule, const char *text)
{
	uint64_t key = XXH3_64bits(text, strlen(text));
	bool before, same_line;

	key = XXH3_64bits_withSeed(l->url, strlen(l->url), key);
	key = XXH3_64bits_withSeed(rule, strlen(rule), key);
	before = said(c, key);
	same_line = said(c, XXH3_64bits_withSeed(&line, sizeof(line), key));
	return c->watching ? !before : !same_line;
}

void
check_say(struct check *c, const struct check_list *l, size_t line,
    const char *rule, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (c->count >= LIMIT_CHECK_SAID) {
		c->count++;
	} else if (is_new(c, l, line, rule, text)) {
		c->count++;
		c->conf->say(c->conf->arg, l->url, line, rule, text);
	}
}

void
check_note(struct check *c, const struct check_list *l, const char *text)
{
	uint64_t key = XXH3_64bits_withSeed(l->url, strlen(l->url), 1);

	if (!said(c, XXH3_64bits_withSeed(text, strlen(text), key)))
		c->conf->note(c->conf->arg, l->url, text);
}

/* As check_fetch_fn; what is empty is not NULL. */
static int
fetch(struct check *c, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	int rc = c->conf->fetch(c->conf->arg, url, offset, length, b, err);

	return rc == 1 && buf_room(b, 0) == NULL ? err_nomem(err) : rc;
}

int
check_get(struct check *c, const struct check_list *l,
    const struct m3u8_place *at, struct buf *b, struct err *err)
{
	char url[URL_BYTES];

	buf_reset(b);
	if (url_resolve(l->url, at->uri.p == NULL ? "" : at->uri.p, at->uri.n,
	    url, err) == -1)
		return 0;
	return fetch(c, url, at->offset, at->ranged ? at->length : 0, b, err);
}

struct saying {
	struct check		*c;
	const struct check_list	*l;
};

static void
say_read(void *arg, size_t line, const char *rule, const char *text)
{
	struct saying *s = arg;

	check_say(s->c, s->l, line, rule, "%s", text);
}

int
check_syntax(struct check *c, const struct check_list *l, struct err *err)
{
	struct saying s = { c, l };
	struct m3u8 p;
	int rc;

	rc = m3u8_read(&p, (const char *)l->text.p, l->text.n, say_read, &s,
	    err);
	m3u8_release(&p);
	return rc;
}

int
check_load(struct check *c, struct check_list *l, struct err *err)
{
	int rc;

	m3u8_release(&l->p);
	l->loaded = false;
	buf_reset(&l->text);
	rc = fetch(c, l->url, 0, 0, &l->text, err);
	if (rc == 1 && m3u8_read(&l->p, (const char *)l->text.p, l->text.n,
	    NULL, NULL, err) == -1) {
		m3u8_release(&l->p);
		rc = err->cls == ERR_DATA ? 0 : -1;
		err_wrap(err, "'%s'", l->url);
	}
	l->loaded = rc == 1;
	return rc;
}

static int
init_list(struct check_list *l, const char *url, struct err *err)
{
	memset(l, 0, sizeof(*l));
	buf_init(&l->text, LIMIT_PLAYLIST_BYTES);
	buf_init(&l->walk.init, LIMIT_FRAGMENT_BYTES);
	if ((l->url = strdup(url)) == NULL)
		return err_nomem(err);
	return 0;
}

static void
release_list(struct check_list *l)
{
	size_t i;

	for (i = 0; i < l->ngone; i++)
		free(l->gone[i].url);
	free(l->gone);
	free(l->first_us);
	free(l->url);
	m3u8_release(&l->p);
	buf_release(&l->text);
	check_walk_release(&l->walk);
}

struct check_list *
check_find(struct check *c, const struct check_list *from,
    struct m3u8_str uri)
{
	struct err ignored = ERR_INIT;
	char url[URL_BYTES];
	size_t i;

	if (uri.n == 0 || url_resolve(from->url, uri.p, uri.n, url,
	    &ignored) == -1)
		return NULL;
	for (i = 0; i < c->nlists; i++)
		if (strcmp(c->lists[i].url, url) == 0)
			return &c->lists[i];
	return NULL;
}

static int
add_list(struct check *c, const struct m3u8_place *at, bool iframes,
    struct err *err)
{
	char url[URL_BYTES];

	if (at->uri.n == 0 || check_find(c, &c->main, at->uri) != NULL)
		return 0;
	if (url_resolve(c->main.url, at->uri.p, at->uri.n, url, err) == -1) {
		check_say(c, &c->main, at->line, "HLS 4.1", "%s", err->text);
		return 0;
	}
	if (init_list(&c->lists[c->nlists], url, err) == -1)
		return -1;
	c->lists[c->nlists].line = at->line;
	c->lists[c->nlists++].iframes = iframes;
	return 0;
}

/* The playlists that the multivariant one names. */
static int
name_lists(struct check *c, struct err *err)
{
	const struct m3u8 *p = &c->main.p;
	size_t i;

	assert(c->nlists == 0);
	if (p->nvariants > LIMIT_CHECK_LISTS ||
	    p->nrenditions > LIMIT_CHECK_LISTS)
		return err_set(err, ERR_DATA, "'%s': more than %d playlists",
		    c->main.url, LIMIT_CHECK_LISTS);
	c->lists = calloc(p->nvariants + p->nrenditions + 1,
	    sizeof(*c->lists));
	if (c->lists == NULL)
		return err_nomem(err);
	for (i = 0; i < p->nvariants; i++)
		if (add_list(c, &p->variants[i].at, p->variants[i].iframes,
		    err) == -1)
			return -1;
	for (i = 0; i < p->nrenditions; i++)
		if (add_list(c, &p->renditions[i].at, false, err) == -1)
			return -1;
	return 0;
}

struct check *
check_open(const struct check_conf *conf, const char *url, struct err *err)
{
	struct check *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL) {
		err_nomem(err);
		return NULL;
	}
	c->conf = conf;
	buf_init(&c->scratch, LIMIT_FRAGMENT_BYTES * 2);
	rc = init_list(&c->main, url, err);
	if (rc == 0)
		rc = check_load(c, &c->main, err);
	if (rc == 1 && c->main.p.multivariant)
		rc = name_lists(c, err) == -1 ? -1 : 1;
	else if (rc == 1) {
		/* A media playlist alone. */
		c->lists = calloc(1, sizeof(*c->lists));
		rc = c->lists == NULL ? err_nomem(err) : 1;
		if (rc == 1) {
			c->lists[0] = c->main;
			c->nlists = 1;
			memset(&c->main, 0, sizeof(c->main));
		}
	}
	if (rc != 1) {
		check_close(c);
		return NULL;
	}
	return c;
}

void
check_close(struct check *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->nlists; i++)
		release_list(&c->lists[i]);
	free(c->lists);
	release_list(&c->main);
	buf_release(&c->scratch);
	free(c);
}

const char *
check_url(const struct check *c)
{
	return c->main.loaded ? c->main.url : c->lists[0].url;
}

bool
check_is_multivariant(const struct check *c)
{
	return c->main.loaded;
}

bool
check_has(const struct check *c, const char *url)
{
	size_t i;

	for (i = 0; i < c->nlists; i++)
		if (strcmp(c->lists[i].url, url) == 0)
			return true;
	return c->main.loaded && strcmp(c->main.url, url) == 0;
}

uint64_t
check_count(const struct check *c)
{
	return c->count;
}

int
check_run(struct check *c, struct err *err)
{
	struct check_list *l;
	size_t i;
	int rc;

	if (c->main.loaded) {
		if (check_syntax(c, &c->main, err) == -1)
			return -1;
		check_main(c);
	}
	for (i = 0; i < c->nlists; i++) {
		l = &c->lists[i];
		if (!l->loaded && (rc = check_load(c, l, err)) != 1) {
			if (rc == -1)
				return -1;
			check_say(c, &c->main, l->line, "HLS 6.2.1", "%s",
			    err->text);
			continue;
		}
		if (check_syntax(c, l, err) == -1)
			return -1;
		check_media(c, l);
		if (!c->conf->lists_only && !l->p.multivariant &&
		    check_segments(c, l, err) == -1)
			return -1;
	}
	check_together(c);
	if (!c->conf->lists_only)
		check_described(c);
	return 0;
}
