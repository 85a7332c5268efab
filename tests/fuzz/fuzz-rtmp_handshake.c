/*
 * Any bytes as C1; with a right digest in either scheme if the first says so.
 * Then the answer must be of that scheme; else S2 is C1.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/rtmp_handshake.h"

#define CLIENT	"Genuine Adobe Flash Player 001"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
sign(uint8_t *c1, size_t at)
{
	size_t place = at + 4 + (size_t)(c1[at] + c1[at + 1] + c1[at + 2] +
	    c1[at + 3]) % 728;
	uint8_t rest[RTMP_HANDSHAKE_BYTES - RTMP_DIGEST_BYTES];
	unsigned n = RTMP_DIGEST_BYTES;

	memcpy(rest, c1, place);
	memcpy(rest + place, c1 + place + RTMP_DIGEST_BYTES,
	    sizeof(rest) - place);
	HMAC(EVP_sha256(), CLIENT, sizeof(CLIENT) - 1, rest, sizeof(rest),
	    c1 + place, &n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t c1[RTMP_HANDSHAKE_BYTES] = { 0 }, s1[RTMP_HANDSHAKE_BYTES];
	uint8_t s2[RTMP_HANDSHAKE_BYTES];
	enum rtmp_scheme want = RTMP_SCHEME_PLAIN, got;

	if (size < 1)
		return 0;
	memcpy(c1, data + 1, size - 1 < sizeof(c1) ? size - 1 : sizeof(c1));
	if (c1[4] != 0 && data[0] == 1) {
		want = RTMP_SCHEME_DIGEST_FIRST;
		sign(c1, 8);
	} else if (c1[4] != 0 && data[0] == 2) {
		want = RTMP_SCHEME_KEY_FIRST;
		sign(c1, 772);
	}
	got = rtmp_handshake(c1, s1, s2);
	if (want != RTMP_SCHEME_PLAIN && (got != want || s1[4] == 0))
		abort();
	if (got == RTMP_SCHEME_PLAIN && (memcmp(s2, c1, sizeof(c1)) != 0 ||
	    memcmp(s1 + 4, "\0\0\0\0", 4) != 0))
		abort();
	return 0;
}
