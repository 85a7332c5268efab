#include "net/http_token.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"

#define KEYS_MAX	8	/* two while they change; some more */
#define KEY_MIN_BYTES	16
#define MAC_BYTES	32
#define MAC_DIGITS	(2 * MAC_BYTES)
#define DIGITS_MAX	18	/* of EXPIRES: no overflow */
#define DEPTH_MAX	8	/* components of a prefix */

struct http_keys {
	struct {
		unsigned char	p[LIMIT_KEY_BYTES];
		size_t		n;
	}	v[KEYS_MAX];
	size_t	n;
};

static int
take_key(struct http_keys *k, const char *line, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	if (k->n == KEYS_MAX)
		return err_set(err, ERR_CONFIG, "more than %d keys", KEYS_MAX);
	if (n < KEY_MIN_BYTES || n > LIMIT_KEY_BYTES)
		return err_set(err, ERR_CONFIG, "key %zu has %zu bytes: want "
		    "%d to %d", k->n + 1, n, KEY_MIN_BYTES, LIMIT_KEY_BYTES);
	memcpy(k->v[k->n].p, line, n);
	k->v[k->n++].n = n;
	return 0;
}

static int
take_lines(struct http_keys *k, const struct buf *b, struct err *err)
{
	const char *s = (const char *)b->p, *end = s + b->n, *next;

	for (; s < end; s = next) {
		next = memchr(s, '\n', (size_t)(end - s));
		if (take_key(k, s, (size_t)((next == NULL ? end : next) - s),
		    err) == -1)
			return -1;
		next = next == NULL ? end : next + 1;
	}
	return k->n > 0 ? 0 : err_set(err, ERR_CONFIG, "no key");
}

int
http_keys_load(const char *path, struct http_keys **keys, struct err *err)
{
	struct http_keys *k = calloc(1, sizeof(*k));
	struct stat st;
	struct buf b;
	int rc = -1;

	*keys = NULL;
	if (k == NULL)
		return err_nomem(err);
	buf_init(&b, (LIMIT_KEY_BYTES + 1) * KEYS_MAX);
	if (file_slurp(AT_FDCWD, path, &b, err) == -1)
		goto out;
	if (take_lines(k, &b, err) == -1) {
		err_wrap(err, "'%s'", path);
		goto out;
	}
	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warning("'%s': a secret key with mode %04o: others than "
		    "its owner may sign", path, st.st_mode & 07777);
	*keys = k;
	k = NULL;
	rc = 0;
out:
	if (b.p != NULL)
		OPENSSL_cleanse(b.p, b.cap);
	buf_release(&b);
	http_keys_free(k);
	return rc;
}

void
http_keys_free(struct http_keys *keys)
{
	if (keys != NULL)
		OPENSSL_cleanse(keys, sizeof(*keys));
	free(keys);
}

/* The hexadecimal MAC with key I of EXPIRES and the N bytes of PREFIX. */
static void
sign(const struct http_keys *keys, size_t i, int64_t expires_s,
    const char *prefix, size_t n, char out[MAC_DIGITS + 1])
{
	unsigned char text[LIMIT_HTTP_PATH_BYTES + 32], mac[MAC_BYTES];
	unsigned bytes = sizeof(mac);
	int length, at;

	length = snprintf((char *)text, sizeof(text), "%" PRId64 "/%.*s",
	    expires_s, (int)n, prefix);
	if (HMAC(EVP_sha256(), keys->v[i].p, (int)keys->v[i].n, text,
	    (size_t)length, mac, &bytes) == NULL)
		bytes = 0;
	memset(out, '-', MAC_DIGITS);	/* matches nothing */
	out[MAC_DIGITS] = '\0';
	for (at = 0; at < (int)bytes; at++)
		snprintf(out + 2 * at, 3, "%02x", mac[at]);
}

void
http_token_make(const struct http_keys *keys, int64_t expires_s,
    const char *prefix, char out[HTTP_TOKEN_BYTES])
{
	char mac[MAC_DIGITS + 1];

	sign(keys, 0, expires_s, prefix, strlen(prefix), mac);
	snprintf(out, HTTP_TOKEN_BYTES, "/%" PRId64 "-%s", expires_s, mac);
}

/* Some key made MAC for the first N bytes of PREFIX. */
static bool
is_good(const struct http_keys *keys, int64_t expires_s, const char *prefix,
    size_t n, const char *mac)
{
	char want[MAC_DIGITS + 1];
	bool good = false;
	size_t i;

	for (i = 0; i < keys->n; i++) {
		sign(keys, i, expires_s, prefix, n, want);
		good |= CRYPTO_memcmp(want, mac, MAC_DIGITS) == 0;
	}
	return good;
}

/* Split PATH: EXPIRES into *S, and the rest; NULL when it has no token. */
static const char *
split(const char *path, int64_t *expires_s, const char **mac)
{
	size_t digits = strspn(path, "0123456789");

	if (digits == 0 || digits > DIGITS_MAX || path[digits] != '-')
		return NULL;
	*expires_s = strtoll(path, NULL, 10);
	*mac = path + digits + 1;
	if (strspn(*mac, "0123456789abcdef") != MAC_DIGITS ||
	    (*mac)[MAC_DIGITS] != '/')
		return NULL;
	return *mac + MAC_DIGITS + 1;
}

const char *
http_token_check(const struct http_keys *keys, const char *path,
    int64_t now_s)
{
	const char *mac, *rest, *end;
	int64_t expires_s;
	int depth;

	rest = split(path, &expires_s, &mac);
	if (rest == NULL || expires_s <= now_s)
		return NULL;
	/* Of all prefixes that REST has, the empty one first. */
	if (is_good(keys, expires_s, rest, 0, mac))
		return rest;
	for (end = rest, depth = 0; depth < DEPTH_MAX; depth++) {
		end += strcspn(end, "/");
		if (is_good(keys, expires_s, rest, (size_t)(end - rest), mac))
			return rest;
		if (*end++ == '\0')
			break;
	}
	return NULL;
}
