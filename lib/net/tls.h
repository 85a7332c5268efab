/*
 * tls - the server's side of TLS over a non-blocking socket, by OpenSSL.
 *
 * TLS 1.2 and 1.3, no renegotiation, no resumption: publishers connect once
 * and stay.  No certificate is asked of the client.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct tls;		/* one connection */
struct tls_server;	/* a certificate with its key */

/*
 * Load the certificate chain CERT and its KEY, files in PEM.  A key that
 * others may read is worth a warning in the log.  0 with *S, owned; or -1:
 * ERR_INPUT (cannot be read), ERR_CONFIG (not what it should be), ERR_OS.
 */
int	tls_server_new(struct tls_server **s, const char *cert,
	    const char *key, struct err *err)
	    __attribute__((warn_unused_result));
/* Connections that it began go on.  S may be NULL. */
void	tls_server_free(struct tls_server *s);

/* A connection on FD, which is borrowed.  NULL: out of memory. */
struct tls *tls_new(struct tls_server *s, int fd);
void	tls_free(struct tls *t);

/*
 * As recv(2) and send(2) do: EAGAIN; EPROTO when tls_reason() has more.
 * Shakes hands first.  What arrives must go into large reads, of 64 KiB and
 * more: then nothing stays behind that epoll would not know of.
 */
ssize_t	tls_read(struct tls *t, void *p, size_t n);
ssize_t	tls_write(struct tls *t, const void *p, size_t n);

/* Say to the peer that nothing follows, if it can be said now. */
void	tls_end(struct tls *t);

/* The handshake waits until the socket can be written: then read again. */
bool	tls_wants_write(const struct tls *t);
/* The peer has begun to speak TLS. */
bool	tls_begun(const struct tls *t);
/* What was wrong, in a few words. */
const char *tls_reason(const struct tls *t);

#endif /* NET_TLS_H */
