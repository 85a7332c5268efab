/*
 * keys - which secret key publishes which stream; the file is keys(5).
 *
 * Keys are known by their SHA-256 only.  A lookup compares with every entry
 * in constant time, so how long it takes says nothing about them.
 */
#ifndef NET_KEYS_H
#define NET_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"

struct err;

#define KEYS_HASH_BYTES		32
#define KEYS_TEXT_BYTES		72	/* "sha256:" and 64 digits, with NUL */

struct keys_entry {
	char	stream[NAME_BYTES];
	uint8_t	hash[KEYS_HASH_BYTES];
};

struct keys {
	struct keys_entry	*entries;	/* owned */
	size_t			 n;
};

/* A key that a URL can carry: 1 to LIMIT_KEY_BYTES of [A-Za-z0-9._~-]. */
bool	keys_key_ok(const char *key);

/* 0 and owned entries; or -1 with ERR_INPUT, ERR_CONFIG or ERR_OS. */
int	keys_load(struct keys *keys, const char *file, struct err *err)
	    __attribute__((warn_unused_result));
void	keys_release(struct keys *keys);

/*
 * The stream that KEY publishes, which must be STREAM unless that is NULL.
 * 1 and its name in OUT; 0 when there is none; -1 with ERR_OS.
 */
int	keys_find(const struct keys *keys, const char *stream,
	    const char *key, char out[NAME_BYTES], struct err *err)
	    __attribute__((warn_unused_result));

/* "sha256:HEX" of KEY.  0, or -1 with ERR_OS. */
int	keys_hash_text(const char *key, char out[KEYS_TEXT_BYTES],
	    struct err *err) __attribute__((warn_unused_result));

#endif /* NET_KEYS_H */
