#include "net/rtmp_handshake.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define KEY_TAIL \
	"\xf0\xee\xc2\x4a\x80\x68\xbe\xe8\x2e\x00\xd0\xd1\x02\x9e\x7e\x57" \
	"\x6e\xec\x5d\x2d\x29\x80\x6f\xab\x93\xb8\xe6\x36\xcf\xeb\x31\xae"
#define CLIENT_NAME	"Genuine Adobe Flash Player 001"
#define SERVER_NAME	"Genuine Adobe Flash Media Server 001"
#define NAME_BYTES(s)	(sizeof(s) - 1)

/* Each half has 764 bytes, and the two are behind 8 others. */
#define DIGEST_FIRST_AT		8	/* 4 bytes whose sum tells where */
#define KEY_FIRST_AT		772
#define DIGEST_PLACES		728

static const uint8_t client_key[] = CLIENT_NAME KEY_TAIL;
static const uint8_t server_key[] = SERVER_NAME KEY_TAIL;

static bool
hmac(const uint8_t *key, size_t key_bytes, const uint8_t *p, size_t n,
    uint8_t out[RTMP_DIGEST_BYTES])
{
	unsigned out_bytes = RTMP_DIGEST_BYTES;

	return HMAC(EVP_sha256(), key, (int)key_bytes, p, n, out,
	    &out_bytes) != NULL;
}

/* Where BLOCK has, or is to have, its digest. */
static size_t
digest_place(const uint8_t *block, enum rtmp_scheme scheme)
{
	size_t at = scheme == RTMP_SCHEME_KEY_FIRST ? KEY_FIRST_AT :
	    DIGEST_FIRST_AT;
	unsigned sum = block[at] + block[at + 1] + block[at + 2] +
	    block[at + 3];

	return at + 4 + sum % DIGEST_PLACES;
}

/* The digest of BLOCK without the digest's own bytes at PLACE. */
static bool
digest(const uint8_t *block, size_t place, const uint8_t *key,
    size_t key_bytes, uint8_t out[RTMP_DIGEST_BYTES])
{
	uint8_t rest[RTMP_HANDSHAKE_BYTES - RTMP_DIGEST_BYTES];

	memcpy(rest, block, place);
	memcpy(rest + place, block + place + RTMP_DIGEST_BYTES,
	    sizeof(rest) - place);
	return hmac(key, key_bytes, rest, sizeof(rest), out);
}

static bool
has_digest(const uint8_t *c1, enum rtmp_scheme scheme)
{
	size_t place = digest_place(c1, scheme);
	uint8_t want[RTMP_DIGEST_BYTES];

	return digest(c1, place, client_key, NAME_BYTES(CLIENT_NAME), want) &&
	    CRYPTO_memcmp(c1 + place, want, sizeof(want)) == 0;
}

static enum rtmp_scheme
find_scheme(const uint8_t *c1)
{
	/* The place of the version: zero in every plain C1. */
	if (memcmp(c1 + 4, "\0\0\0\0", 4) == 0)
		return RTMP_SCHEME_PLAIN;
	if (has_digest(c1, RTMP_SCHEME_DIGEST_FIRST))
		return RTMP_SCHEME_DIGEST_FIRST;
	if (has_digest(c1, RTMP_SCHEME_KEY_FIRST))
		return RTMP_SCHEME_KEY_FIRST;
	return RTMP_SCHEME_PLAIN;
}

/* "Random" bytes, always the same: nothing hangs on them. */
static void
fill(uint8_t *block)
{
	size_t i;

	memset(block, 0, 8);
	for (i = 8; i < RTMP_HANDSHAKE_BYTES; i++)
		block[i] = (uint8_t)(i * 167 >> 3);
}

/* S1 has a digest of its own; S2 ends with one that C1's is the key of. */
static bool
answer_digest(const uint8_t *c1, enum rtmp_scheme scheme, uint8_t *s1,
    uint8_t *s2)
{
	static const uint8_t version[] = { 4, 5, 0, 1 };
	const size_t text_bytes = RTMP_HANDSHAKE_BYTES - RTMP_DIGEST_BYTES;
	uint8_t key[RTMP_DIGEST_BYTES];
	size_t place;

	memcpy(s1 + 4, version, sizeof(version));
	place = digest_place(s1, scheme);
	return digest(s1, place, server_key, NAME_BYTES(SERVER_NAME),
	    s1 + place) &&
	    hmac(server_key, sizeof(server_key) - 1,
	    c1 + digest_place(c1, scheme), RTMP_DIGEST_BYTES, key) &&
	    hmac(key, sizeof(key), s2, text_bytes, s2 + text_bytes);
}

enum rtmp_scheme
rtmp_handshake(const uint8_t *c1, uint8_t *s1, uint8_t *s2)
{
	enum rtmp_scheme scheme = find_scheme(c1);

	fill(s1);
	fill(s2);
	if (scheme != RTMP_SCHEME_PLAIN && answer_digest(c1, scheme, s1, s2))
		return scheme;
	/* Zero in bytes 4 to 7 of S1 says that it is the plain handshake. */
	fill(s1);
	memcpy(s2, c1, RTMP_HANDSHAKE_BYTES);
	return RTMP_SCHEME_PLAIN;
}
