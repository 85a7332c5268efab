/*
 * yaml - a small, strict tree of a YAML file, through libyaml's events.
 *
 * Strict: one document, no aliases or anchors, no tags, no duplicate keys,
 * keys are plain scalars, depth and size bounded.  Every error reads
 * "FILE:LINE:COL: message", LINE and COL counted from 1.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_LIST, YAML_KIND_MAP };

struct yaml_node {
	enum yaml_kind	  kind;
	size_t		  line, col;
	char		 *key;		/* owned; set in a map's children */
	size_t		  key_line, key_col;
	char		 *scalar;	/* owned; NULL unless a scalar */
	struct yaml_node *child;	/* owned; first of a list or map */
	struct yaml_node *next;		/* owned; sibling */
};

struct yaml_doc {
	char			*file;	/* owned; as given to yaml_load() */
	struct yaml_node	*root;	/* owned; never NULL after a load */
};

/*
 * Read FILE.  0 and an owned tree, or -1 with ERR_INPUT (cannot read) or
 * ERR_CONFIG.  yaml_release() is safe after a failure too.
 */
int	yaml_load(struct yaml_doc *doc, const char *file, struct err *err)
	    __attribute__((warn_unused_result));
void	yaml_release(struct yaml_doc *doc);

/* ERR_CONFIG with the place of NODE.  Returns -1. */
int	yaml_error(const struct yaml_doc *doc, const struct yaml_node *node,
	    struct err *err, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

/* -1 with ERR_CONFIG unless NODE is of KIND. */
int	yaml_expect(const struct yaml_doc *doc, const struct yaml_node *node,
	    enum yaml_kind kind, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Refuse keys of the map MAP that are not in KNOWN (NULL-ended); the message
 * suggests the nearest known one.
 */
int	yaml_check_keys(const struct yaml_doc *doc,
	    const struct yaml_node *map, const char *const known[],
	    struct err *err) __attribute__((warn_unused_result));

/* The value of KEY in the map MAP, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map,
	    const char *key);

#endif /* BASE_YAML_H */
