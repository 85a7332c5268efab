#include "base/yaml.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"

struct load {
	struct yaml_doc	*doc;
	yaml_parser_t	 parser;
	struct err	*err;
};

static int
at(const struct yaml_doc *doc, size_t line, size_t col, struct err *err,
    const char *message)
{
	return err_set(err, ERR_CONFIG, "%s:%zu:%zu: %s", doc->file, line, col,
	    message);
}

static int
parser_error(struct load *l)
{
	const yaml_parser_t *p = &l->parser;
	const char *problem = p->problem != NULL ? p->problem : "bad YAML";
	size_t line = p->problem_mark.line + 1, col, i, from = 0;

	if (p->error != YAML_READER_ERROR)
		return at(l->doc, line, p->problem_mark.column + 1, l->err,
		    problem);
	/* A reader error has only a byte offset. */
	line = 1;
	for (i = 0; i < p->problem_offset; i++)
		if (p->input.string.start[i] == '\n') {
			line++;
			from = i + 1;
		}
	col = p->problem_offset - from + 1;
	return at(l->doc, line, col, l->err, problem);
}

static int
next_event(struct load *l, yaml_event_t *ev)
{
	return yaml_parser_parse(&l->parser, ev) ? 0 : parser_error(l);
}

static int
event_error(struct load *l, const yaml_event_t *ev, const char *message)
{
	return at(l->doc, ev->start_mark.line + 1, ev->start_mark.column + 1,
	    l->err, message);
}

static void
node_free(struct yaml_node *n)
{
	struct yaml_node *next;

	for (; n != NULL; n = next) {
		next = n->next;
		node_free(n->child);
		free(n->key);
		free(n->scalar);
		free(n);
	}
}

static struct yaml_node *
node_new(const yaml_event_t *ev, enum yaml_kind kind)
{
	struct yaml_node *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->kind = kind;
	n->line = ev->start_mark.line + 1;
	n->col = ev->start_mark.column + 1;
	return n;
}

static int	load_node(struct load *, const yaml_event_t *, int,
		    struct yaml_node **);

static int
load_scalar(struct load *l, const yaml_event_t *ev, struct yaml_node **out)
{
	struct yaml_node *n;

	if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL)
		return event_error(l, ev, "anchors and tags are not allowed");
	if (memchr(ev->data.scalar.value, '\0', ev->data.scalar.length) != NULL)
		return event_error(l, ev, "a NUL byte is not allowed");
	if ((n = node_new(ev, YAML_KIND_SCALAR)) == NULL)
		return err_nomem(l->err);
	n->scalar = strdup((const char *)ev->data.scalar.value);
	if (n->scalar == NULL) {
		node_free(n);
		return err_nomem(l->err);
	}
	*out = n;
	return 0;
}

/* Read a map's key and move it into CHILD's place in the tree. */
static int
load_key(struct load *l, const yaml_event_t *ev, const struct yaml_node *map,
    struct yaml_node **key)
{
	char message[160];

	if (ev->type != YAML_SCALAR_EVENT)
		return event_error(l, ev, "a key must be a plain word");
	if (load_scalar(l, ev, key) == -1)
		return -1;
	if (yaml_get(map, (*key)->scalar) == NULL)
		return 0;
	snprintf(message, sizeof(message), "duplicate key '%.100s'",
	    (*key)->scalar);
	return event_error(l, ev, message);
}

static int
load_entry(struct load *l, const yaml_event_t *first, int depth,
    const struct yaml_node *parent, struct yaml_node **out)
{
	struct yaml_node *key = NULL;
	yaml_event_t ev;
	int rc = -1;

	if (parent->kind == YAML_KIND_LIST)
		return load_node(l, first, depth, out);
	if (load_key(l, first, parent, &key) == -1)
		goto out;
	if (next_event(l, &ev) == -1)
		goto out;
	rc = load_node(l, &ev, depth, out);
	yaml_event_delete(&ev);
	if (rc == -1)
		goto out;
	(*out)->key = key->scalar;
	(*out)->key_line = key->line;
	(*out)->key_col = key->col;
	key->scalar = NULL;
out:
	node_free(key);
	return rc;
}

static int
load_children(struct load *l, struct yaml_node *parent, int depth)
{
	struct yaml_node **tail = &parent->child;
	yaml_event_type_t end = parent->kind == YAML_KIND_MAP ?
	    YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	yaml_event_t ev;
	int rc;

	for (;;) {
		if (next_event(l, &ev) == -1)
			return -1;
		if (ev.type == end) {
			yaml_event_delete(&ev);
			return 0;
		}
		rc = load_entry(l, &ev, depth, parent, tail);
		yaml_event_delete(&ev);
		if (rc == -1)
			return -1;
		tail = &(*tail)->next;
	}
}

static int
load_node(struct load *l, const yaml_event_t *ev, int depth,
    struct yaml_node **out)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;

	if (ev->type == YAML_SCALAR_EVENT)
		return load_scalar(l, ev, out);
	if (ev->type == YAML_ALIAS_EVENT)
		return event_error(l, ev, "aliases are not allowed");
	if (!map && ev->type != YAML_SEQUENCE_START_EVENT)
		return event_error(l, ev, "unexpected end");
	if (depth >= LIMIT_YAML_DEPTH)
		return event_error(l, ev, "nested too deep");
	if (map ? ev->data.mapping_start.anchor != NULL ||
	    ev->data.mapping_start.tag != NULL :
	    ev->data.sequence_start.anchor != NULL ||
	    ev->data.sequence_start.tag != NULL)
		return event_error(l, ev, "anchors and tags are not allowed");
	*out = node_new(ev, map ? YAML_KIND_MAP : YAML_KIND_LIST);
	if (*out == NULL)
		return err_nomem(l->err);
	return load_children(l, *out, depth + 1);
}

/* The next event, which must be of TYPE. */
static int
skip_event(struct load *l, yaml_event_type_t type, const char *message)
{
	yaml_event_t ev;
	int rc = 0;

	if (next_event(l, &ev) == -1)
		return -1;
	if (ev.type != type)
		rc = event_error(l, &ev, message);
	yaml_event_delete(&ev);
	return rc;
}

static int
load_document(struct load *l)
{
	yaml_event_t ev;
	int rc;

	if (skip_event(l, YAML_STREAM_START_EVENT, "bad YAML") == -1 ||
	    skip_event(l, YAML_DOCUMENT_START_EVENT, "the file is empty") == -1)
		return -1;
	if (next_event(l, &ev) == -1)
		return -1;
	rc = load_node(l, &ev, 0, &l->doc->root);
	yaml_event_delete(&ev);
	if (rc == -1 ||
	    skip_event(l, YAML_DOCUMENT_END_EVENT, "bad YAML") == -1)
		return -1;
	return skip_event(l, YAML_STREAM_END_EVENT,
	    "a second document is not allowed");
}

int
yaml_load(struct yaml_doc *doc, const char *file, struct err *err)
{
	struct load l = { .doc = doc, .err = err };
	struct buf text;
	int rc = -1;

	memset(doc, 0, sizeof(*doc));
	buf_init(&text, LIMIT_YAML_BYTES);
	if ((doc->file = strdup(file)) == NULL)
		return err_nomem(err);
	if (file_slurp(AT_FDCWD, file, &text, err) == -1)
		goto out;
	if (!yaml_parser_initialize(&l.parser)) {
		err_nomem(err);
		goto out;
	}
	yaml_parser_set_input_string(&l.parser,
	    text.p != NULL ? text.p : (const unsigned char *)"", text.n);
	rc = load_document(&l);
	yaml_parser_delete(&l.parser);
out:
	buf_release(&text);
	return rc;
}

void
yaml_release(struct yaml_doc *doc)
{
	node_free(doc->root);
	free(doc->file);
	memset(doc, 0, sizeof(*doc));
}

int
yaml_error(const struct yaml_doc *doc, const struct yaml_node *node,
    struct err *err, const char *fmt, ...)
{
	char message[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return at(doc, node->line, node->col, err, message);
}

int
yaml_expect(const struct yaml_doc *doc, const struct yaml_node *node,
    enum yaml_kind kind, struct err *err)
{
	static const char *const names[] = { "a single value", "a list",
	    "a map of keys" };

	if (node->kind == kind)
		return 0;
	return yaml_error(doc, node, err, "%s%s%swant %s, not %s",
	    node->key != NULL ? "key '" : "",
	    node->key != NULL ? node->key : "",
	    node->key != NULL ? "': " : "", names[kind], names[node->kind]);
}

/* Levenshtein's distance, for words; long ones count as far. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[64], na = strlen(a), nb = strlen(b), i, j, diagonal, up;

	if (na >= 64 || nb >= 64)
		return 64;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			up = row[j];
			row[j] = diagonal + (a[i - 1] != b[j - 1]);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = up;
		}
	}
	return row[nb];
}

int
yaml_check_keys(const struct yaml_doc *doc, const struct yaml_node *map,
    const char *const known[], struct err *err)
{
	const struct yaml_node *n;
	const char *nearest;
	size_t i, d, best;

	for (n = map->child; n != NULL; n = n->next) {
		nearest = NULL;
		best = 4;	/* farther than 3 edits is no suggestion */
		for (i = 0; known[i] != NULL; i++) {
			d = distance(n->key, known[i]);
			if (d == 0)
				break;
			if (d < best) {
				best = d;
				nearest = known[i];
			}
		}
		if (known[i] != NULL)
			continue;
		return err_set(err, ERR_CONFIG,
		    "%s:%zu:%zu: unknown key '%.100s'%s%s%s", doc->file,
		    n->key_line, n->key_col, n->key,
		    nearest != NULL ? "; did you mean '" : "",
		    nearest != NULL ? nearest : "",
		    nearest != NULL ? "'?" : "");
	}
	return 0;
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n;

	for (n = map->child; n != NULL; n = n->next)
		if (n->key != NULL && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}
