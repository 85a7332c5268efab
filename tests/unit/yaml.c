#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "scratch.h"
#include "tap.h"

/* TEXT is refused with MESSAGE behind the file's name. */
static void
refuses(const char *text, const char *message)
{
	const char *file = scratch_file("refused.yaml", text);
	struct err err = ERR_INIT;
	struct yaml_doc doc;
	size_t n = strlen(file);

	ok(yaml_load(&doc, file, &err) == -1 && err.cls == ERR_CONFIG &&
	    strncmp(err.text, file, n) == 0 &&
	    strstr(err.text + n, message) == err.text + n, "%s (%s)", message,
	    err.text);
	yaml_release(&doc);
}

static void
test_refusals(void)
{
	refuses("", ":1:1: the file is empty");
	refuses("a: &x 1\n", ":1:4: anchors and tags are not allowed");
	refuses("a: &x [1]\n", ":1:4: anchors and tags are not allowed");
	refuses("a: *x\n", ":1:4: aliases are not allowed");
	refuses("a: !!str 1\n", ":1:4: anchors and tags are not allowed");
	refuses("a: 1\nb: 2\na: 3\n", ":3:1: duplicate key 'a'");
	refuses("[a]: 1\n", ":1:1: a key must be a plain word");
	refuses("a: 1\n---\nb: 2\n", ":2:1: a second document");
	refuses("a: \"\\0\"\n", ":1:4: a NUL byte");
	refuses("[[[[[[[[[1]]]]]]]]]\n", ":1:9: nested too deep");
	refuses("a: [1\n", ":2:1: did not find");
	refuses("a: 1\nb: \xff\n", ":2:4: ");
}

static void
test_tree(void)
{
	static const char *const known[] = { "list", "word", NULL };
	const char *file = scratch_file("good.yaml",
	    "word: w\nlist:\n  - x\n  - y: z\nwrod: 1\n");
	const struct yaml_node *n;
	struct err err = ERR_INIT;
	struct yaml_doc doc;

	ok(yaml_load(&doc, file, &err) == 0, "a good file (%s)", err.text);
	n = yaml_get(doc.root, "word");
	ok(n != NULL && n->kind == YAML_KIND_SCALAR &&
	    strcmp(n->scalar, "w") == 0 && n->line == 1 && n->col == 7 &&
	    n->key_col == 1, "a scalar and its place");
	ok(yaml_get(doc.root, "nothing") == NULL, "no such key");
	n = yaml_get(doc.root, "list");
	ok(n != NULL && n->kind == YAML_KIND_LIST && n->child != NULL &&
	    strcmp(n->child->scalar, "x") == 0 && n->child->next != NULL &&
	    n->child->next->kind == YAML_KIND_MAP, "a list");
	ok(yaml_expect(&doc, n, YAML_KIND_LIST, &err) == 0, "it is one");
	ok(yaml_expect(&doc, n, YAML_KIND_MAP, &err) == -1 &&
	    strstr(err.text, "want a map of keys, not a list") != NULL,
	    "and no map: %s", err.text);
	ok(yaml_check_keys(&doc, doc.root, known, &err) == -1 &&
	    strstr(err.text, ":5:1: unknown key 'wrod'; did you mean 'word'?")
	    != NULL, "an unknown key, and the nearest: %s", err.text);
	yaml_release(&doc);
}

static void
test_files(void)
{
	struct err err = ERR_INIT;
	struct yaml_doc doc;
	char *big = malloc(1048578);

	ok(yaml_load(&doc, "/nonexistent/x", &err) == -1 &&
	    err.cls == ERR_INPUT, "a file that is not there: %s", err.text);
	yaml_release(&doc);
	if (big == NULL)
		exit(99);
	memset(big, '#', 1048577);
	big[1048577] = '\0';
	ok(yaml_load(&doc, scratch_file("big.yaml", big), &err) == -1 &&
	    err.cls == ERR_DATA, "more than a megabyte: %s", err.text);
	yaml_release(&doc);
	free(big);
}

int
main(void)
{
	scratch();
	test_refusals();
	test_tree();
	test_files();
	return done_testing();
}
