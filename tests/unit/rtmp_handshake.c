/*
 * Tests of net/rtmp_handshake, from the client's side: what FFmpeg and Flash
 * send, and how they check the answer.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "net/rtmp_handshake.h"
#include "tap.h"

#define TAIL "\xf0\xee\xc2\x4a\x80\x68\xbe\xe8\x2e\x00\xd0\xd1\x02\x9e\x7e" \
	"\x57\x6e\xec\x5d\x2d\x29\x80\x6f\xab\x93\xb8\xe6\x36\xcf\xeb\x31\xae"
#define CLIENT	"Genuine Adobe Flash Player 001"
#define SERVER	"Genuine Adobe Flash Media Server 001"

static uint8_t s1[1536], s2[1536];

static void
hmac(const void *key, int key_bytes, const uint8_t *p, size_t n, uint8_t *out)
{
	unsigned out_bytes = 32;

	HMAC(EVP_sha256(), key, key_bytes, p, n, out, &out_bytes);
}

/* The digest of BLOCK with its place cut out. */
static void
digest(const uint8_t *block, size_t place, const char *key, uint8_t *out)
{
	uint8_t rest[1504];

	memcpy(rest, block, place);
	memcpy(rest + place, block + place + 32, 1504 - place);
	hmac(key, (int)strlen(key), rest, sizeof(rest), out);
}

static size_t
sum(const uint8_t *p)
{
	return (size_t)(p[0] + p[1] + p[2] + p[3]);
}

static size_t
place_of(const uint8_t *block, bool key_first)
{
	return key_first ? sum(block + 772) % 728 + 776 :
	    sum(block + 8) % 728 + 12;
}

/* A C1 with FFmpeg's version and a digest; SEED moves its place. */
static void
make_c1(uint8_t *c1, bool key_first, unsigned seed)
{
	size_t i;

	for (i = 0; i < 1536; i++)
		c1[i] = (uint8_t)(i * i + seed * 31 + 3);
	memcpy(c1 + 4, "\x09\0\x7c\2", 4);
	/* The places of the greatest and the least sum too. */
	if (seed < 2) {
		memset(c1 + 8, seed == 0 ? 0 : 0xff, 4);
		memset(c1 + 772, seed == 0 ? 0 : 0xff, 4);
	}
	i = place_of(c1, key_first);
	digest(c1, i, CLIENT, c1 + i);
}

/* As a client checks S1 and S2 that answer C1. */
static bool
answer_is_right(const uint8_t *c1, bool key_first)
{
	size_t place = place_of(s1, key_first);
	uint8_t want[32], key[32];

	digest(s1, place, SERVER, want);
	if (memcmp(want, s1 + place, 32) != 0)
		return false;
	hmac(SERVER TAIL, 68, c1 + place_of(c1, key_first), 32, key);
	hmac(key, 32, s2, 1504, want);
	return memcmp(want, s2 + 1504, 32) == 0;
}

static void
test_scheme(bool key_first, enum rtmp_scheme want, const char *name)
{
	uint8_t c1[1536];
	bool right = true;
	unsigned seed;

	for (seed = 0; seed < 200; seed++) {
		make_c1(c1, key_first, seed);
		right = right && rtmp_handshake(c1, s1, s2) == want &&
		    answer_is_right(c1, key_first);
	}
	ok(right, "digest C1, %s: S1 and S2 with digests in that scheme",
	    name);
	ok(s1[4] >= 3, "digest C1, %s: S1 has a version", name);
	c1[1535] ^= 1;
	ok(rtmp_handshake(c1, s1, s2) == RTMP_SCHEME_PLAIN &&
	    memcmp(s1 + 4, "\0\0\0\0", 4) == 0 && memcmp(s2, c1, 1536) == 0,
	    "digest C1, %s: one that is wrong gets the plain echo", name);
}

int
main(void)
{
	uint8_t c1[1536];

	make_c1(c1, false, 7);
	memset(c1 + 4, 0, 4);
	ok(rtmp_handshake(c1, s1, s2) == RTMP_SCHEME_PLAIN &&
	    memcmp(s2, c1, 1536) == 0 && memcmp(s1, "\0\0\0\0\0\0\0\0", 8)
	    == 0, "plain C1: S2 echoes it, S1 has no version");
	test_scheme(false, RTMP_SCHEME_DIGEST_FIRST, "digest first");
	test_scheme(true, RTMP_SCHEME_KEY_FIRST, "key first");
	return done_testing();
}
