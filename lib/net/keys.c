#include "net/keys.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/yaml.h"

#define SCHEME		"sha256:"
#define ALNUM		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz0123456789"

bool
keys_key_ok(const char *key)
{
	size_t n = strlen(key);

	return n > 0 && n <= LIMIT_KEY_BYTES &&
	    strspn(key, ALNUM "._~-") == n;
}

static int
hash_key(const char *key, uint8_t hash[KEYS_HASH_BYTES], struct err *err)
{
	unsigned n = 0;

	if (EVP_Digest(key, strlen(key), hash, &n, EVP_sha256(), NULL) != 1 ||
	    n != KEYS_HASH_BYTES)
		return err_set(err, ERR_OS, "cannot compute SHA-256");
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
parse_hash(const char *s, uint8_t hash[KEYS_HASH_BYTES])
{
	size_t i;
	int high, low;

	if (strncmp(s, SCHEME, strlen(SCHEME)) != 0)
		return false;
	s += strlen(SCHEME);
	if (strlen(s) != 2 * KEYS_HASH_BYTES)
		return false;
	for (i = 0; i < KEYS_HASH_BYTES; i++) {
		high = hex_digit(s[2 * i]);
		low = hex_digit(s[2 * i + 1]);
		if (high == -1 || low == -1)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Room for one more; entries grow in steps of a power of two. */
static struct keys_entry *
add(struct keys *keys)
{
	struct keys_entry *e;

	if ((keys->n & (keys->n - 1)) == 0) {
		e = realloc(keys->entries,
		    (keys->n == 0 ? 1 : 2 * keys->n) * sizeof(*e));
		if (e == NULL)
			return NULL;
		keys->entries = e;
	}
	return &keys->entries[keys->n++];
}

static int
load_hash(struct keys *keys, const struct yaml_doc *doc, const char *stream,
    const struct yaml_node *node, struct err *err)
{
	struct keys_entry *e;
	uint8_t hash[KEYS_HASH_BYTES];
	size_t i;

	if (yaml_expect(doc, node, YAML_KIND_SCALAR, err) == -1)
		return -1;
	/* What is written there may be the key itself: do not repeat it. */
	if (!parse_hash(node->scalar, hash))
		return yaml_error(doc, node, err,
		    "want '" SCHEME "' and 64 hexadecimal digits");
	for (i = 0; i < keys->n; i++)
		if (memcmp(keys->entries[i].hash, hash, sizeof(hash)) == 0)
			return yaml_error(doc, node, err,
			    "the key of stream '%s' again",
			    keys->entries[i].stream);
	if ((e = add(keys)) == NULL)
		return err_nomem(err);
	memcpy(e->hash, hash, sizeof(hash));
	snprintf(e->stream, sizeof(e->stream), "%s", stream);
	return 0;
}

static int
load_stream(struct keys *keys, const struct yaml_doc *doc,
    const struct yaml_node *node, struct err *err)
{
	const struct yaml_node *n;

	if (!name_ok(node->key))
		return err_set(err, ERR_CONFIG,
		    "%s:%zu:%zu: bad stream name '%.80s'", doc->file,
		    node->key_line, node->key_col, node->key);
	if (node->kind != YAML_KIND_LIST)
		return load_hash(keys, doc, node->key, node, err);
	for (n = node->child; n != NULL; n = n->next)
		if (load_hash(keys, doc, node->key, n, err) == -1)
			return -1;
	return 0;
}

static int
load_root(struct keys *keys, const struct yaml_doc *doc, struct err *err)
{
	static const char *const known[] = { "streams", NULL };
	const struct yaml_node *streams, *n;

	if (yaml_expect(doc, doc->root, YAML_KIND_MAP, err) == -1 ||
	    yaml_check_keys(doc, doc->root, known, err) == -1)
		return -1;
	streams = yaml_get(doc->root, "streams");
	if (streams == NULL)
		return yaml_error(doc, doc->root, err, "missing key 'streams'");
	if (yaml_expect(doc, streams, YAML_KIND_MAP, err) == -1)
		return -1;
	for (n = streams->child; n != NULL; n = n->next)
		if (load_stream(keys, doc, n, err) == -1)
			return -1;
	return 0;
}

int
keys_load(struct keys *keys, const char *file, struct err *err)
{
	struct yaml_doc doc;
	int rc = -1;

	memset(keys, 0, sizeof(*keys));
	if (yaml_load(&doc, file, err) == 0)
		rc = load_root(keys, &doc, err);
	yaml_release(&doc);
	if (rc == -1)
		keys_release(keys);
	return rc;
}

void
keys_release(struct keys *keys)
{
	free(keys->entries);
	memset(keys, 0, sizeof(*keys));
}

int
keys_find(const struct keys *keys, const char *stream, const char *key,
    char out[NAME_BYTES], struct err *err)
{
	const struct keys_entry *e, *found = NULL;
	uint8_t hash[KEYS_HASH_BYTES];
	size_t i;

	if (hash_key(key, hash, err) == -1)
		return -1;
	for (i = 0; i < keys->n; i++) {	/* to the end, found or not */
		e = &keys->entries[i];
		if (CRYPTO_memcmp(e->hash, hash, sizeof(hash)) == 0)
			found = e;
	}
	if (found == NULL ||
	    (stream != NULL && strcmp(stream, found->stream) != 0))
		return 0;
	memcpy(out, found->stream, NAME_BYTES);
	return 1;
}

int
keys_hash_text(const char *key, char out[KEYS_TEXT_BYTES], struct err *err)
{
	uint8_t hash[KEYS_HASH_BYTES];
	size_t i, at = strlen(SCHEME);

	if (hash_key(key, hash, err) == -1)
		return -1;
	snprintf(out, KEYS_TEXT_BYTES, "%s", SCHEME);
	for (i = 0; i < sizeof(hash); i++, at += 2)
		snprintf(out + at, KEYS_TEXT_BYTES - at, "%02x", hash[i]);
	return 0;
}
