/*
 * rtmp_handshake - the server's answer to C0 and C1.
 *
 * The plain handshake of RTMP 1.0 section 5.2, and the one with digests that
 * Flash and FFmpeg begin: HMAC-SHA256 over the blocks, whose place in them
 * follows one of two schemes.  Neither authenticates anybody: the keys are
 * known to all the world.  Pure; needs no random numbers.
 */
#ifndef NET_RTMP_HANDSHAKE_H
#define NET_RTMP_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#define RTMP_HANDSHAKE_BYTES	1536	/* of C1, C2, S1 and S2 */
#define RTMP_DIGEST_BYTES	32

enum rtmp_scheme {
	RTMP_SCHEME_PLAIN,	/* no digest */
	RTMP_SCHEME_DIGEST_FIRST,	/* its half is before the key's */
	RTMP_SCHEME_KEY_FIRST,
};

/*
 * Write S1 and S2 for C1, each of RTMP_HANDSHAKE_BYTES: with digests, in the
 * client's scheme, if C1 has one that is right; else plain, where S2 is C1.
 * Returns the scheme.
 */
enum rtmp_scheme
	rtmp_handshake(const uint8_t *c1, uint8_t *s1, uint8_t *s2);

#endif /* NET_RTMP_HANDSHAKE_H */
