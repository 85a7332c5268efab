#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

/*
 * Room for all that OpenSSL can have read ahead, which is less than a record
 * and a half, and for the record that completes it.
 */
#define AHEAD_BYTES	(3 * SSL3_RT_MAX_PLAIN_LENGTH)
#define HANDSHAKE	0x16	/* first byte of a hello */
#define CIPHERS		"ECDHE+AESGCM:ECDHE+CHACHA20"	/* of TLS 1.2 */

enum step { STEP_DONE, STEP_BLOCKS, STEP_END };

struct tls_server {
	SSL_CTX	*ctx;
};

struct tls {
	SSL	*ssl;
	int	 fd;
	bool	 begun;
	bool	 ended;		/* in order, or with ERRNUM */
	int	 errnum;	/* 0: in order */
	char	 reason[96];
};

/* The reason of OpenSSL's last failure. */
static const char *
why(void)
{
	const char *s = ERR_reason_error_string(ERR_peek_last_error());

	return s != NULL ? s : "unknown error";
}

/* A clear word where OpenSSL would have a vague one; and who may read KEY. */
static int
check_file(const char *path, bool secret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1) {
		err_sys(err, ERR_INPUT, "cannot read '%s'", path);
		if (fd != -1)
			close(fd);
		return -1;
	}
	close(fd);
	if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warning("'%s': a private key with mode %04o: others than "
		    "its owner may use it", path, st.st_mode & 07777);
	return 0;
}

static int
no_password(char *buf, int n, int rwflag, void *arg)
{
	(void)buf, (void)n, (void)rwflag, (void)arg;
	return -1;
}

static bool
is_mismatch(unsigned long e)
{
	return (ERR_GET_LIB(e) == ERR_LIB_X509 &&
	    (ERR_GET_REASON(e) == X509_R_KEY_VALUES_MISMATCH ||
	    ERR_GET_REASON(e) == X509_R_KEY_TYPE_MISMATCH)) ||
	    (ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_NO_PRIVATE_KEY_ASSIGNED);
}

static int
load(SSL_CTX *ctx, const char *cert, const char *key, struct err *err)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return err_set(err, ERR_CONFIG,
		    "'%s' has no certificate in PEM: %s", cert, why());
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	if (is_mismatch(ERR_peek_last_error()))
		return err_set(err, ERR_CONFIG,
		    "'%s' is not the key of '%s'", key, cert);
	return err_set(err, ERR_CONFIG,
	    "'%s' has no private key in PEM without a password: %s", key,
	    why());
}

/*
 * Tickets would be the only thing that we send to a client unasked.  FFmpeg
 * does not read before it closes: the system would then reset the connection
 * and throw away the end of the stream.
 */
static int
set_up(SSL_CTX *ctx, struct err *err)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1)
		return err_set(err, ERR_OS, "cannot set up TLS: %s", why());
	return 0;
}

int
tls_server_new(struct tls_server **s, const char *cert, const char *key,
    struct err *err)
{
	SSL_CTX *ctx;

	*s = NULL;
	if (check_file(cert, false, err) == -1 ||
	    check_file(key, true, err) == -1)
		return -1;
	ERR_clear_error();
	if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		return err_set(err, ERR_OS, "cannot set up TLS: %s", why());
	if (set_up(ctx, err) == -1 || load(ctx, cert, key, err) == -1)
		goto fail;
	if ((*s = malloc(sizeof(**s))) == NULL) {
		err_nomem(err);
		goto fail;
	}
	(*s)->ctx = ctx;
	return 0;
fail:
	SSL_CTX_free(ctx);
	return -1;
}

void
tls_server_free(struct tls_server *s)
{
	if (s != NULL)
		SSL_CTX_free(s->ctx);
	free(s);
}

struct tls *
tls_new(struct tls_server *s, int fd)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fd = fd;
	t->ssl = SSL_new(s->ctx);
	if (t->ssl == NULL || SSL_set_fd(t->ssl, fd) != 1) {
		tls_free(t);
		return NULL;
	}
	SSL_set_accept_state(t->ssl);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t != NULL)
		SSL_free(t->ssl);
	free(t);
}

static enum step
end(struct tls *t, int errnum, const char *reason)
{
	t->ended = true;
	t->errnum = errnum;
	snprintf(t->reason, sizeof(t->reason), "%s", reason);
	return STEP_END;
}

/* OpenSSL's call returned RC, no success. */
static enum step
failed(struct tls *t, int rc)
{
	int errnum = errno;
	char text[80];

	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return STEP_BLOCKS;
	case SSL_ERROR_ZERO_RETURN:
		return end(t, 0, "");
	case SSL_ERROR_SYSCALL:
		return end(t, errnum != 0 ? errnum : ECONNRESET, "");
	default:
		snprintf(text, sizeof(text), "TLS: %s", why());
		return end(t, EPROTO, text);
	}
}

/* Who is it that speaks first?  Its first byte stays where it is. */
static enum step
look(struct tls *t)
{
	uint8_t first;
	ssize_t n = recv(t->fd, &first, 1, MSG_PEEK);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return STEP_BLOCKS;
	if (n <= 0)
		return end(t, n == 0 ? 0 : errno, "");
	if (first == 3)
		return end(t, EPROTO, "plain RTMP on the TLS port");
	if (first == 'G' || first == 'P' || first == 'H' || first == 'O')
		return end(t, EPROTO, "HTTP request on the TLS port");
	if (first != HANDSHAKE)
		return end(t, EPROTO, "no TLS hello on the TLS port");
	t->begun = true;
	return STEP_DONE;
}

/* Append to the DONE bytes in P, of N. */
static enum step
read_one(struct tls *t, uint8_t *p, size_t n, size_t *done)
{
	size_t got;
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read_ex(t->ssl, p + *done, n - *done, &got);
	if (rc != 1)
		return failed(t, rc);
	*done += got;
	return STEP_DONE;
}

/*
 * Reading ahead saves every other system call.  Towards the end it is off, so
 * that what was read ahead is taken, and nothing new comes in behind it.
 */
static enum step
read_all(struct tls *t, uint8_t *p, size_t n, size_t *done)
{
	enum step step = STEP_DONE;

	SSL_set_read_ahead(t->ssl, 1);
	while (step == STEP_DONE && n - *done >= AHEAD_BYTES)
		step = read_one(t, p, n, done);
	SSL_set_read_ahead(t->ssl, 0);
	while (step == STEP_DONE && *done < n &&
	    (*done == 0 || SSL_has_pending(t->ssl)))
		step = read_one(t, p, n, done);
	return step;
}

ssize_t
tls_read(struct tls *t, void *p, size_t n)
{
	enum step step = t->ended ? STEP_END : STEP_DONE;
	size_t done = 0;

	if (step == STEP_DONE && !t->begun)
		step = look(t);
	if (step == STEP_DONE)
		step = read_all(t, p, n, &done);
	if (done > 0 && step == STEP_END)
		shutdown(t->fd, SHUT_RD);	/* epoll names it again */
	if (done > 0)
		return (ssize_t)done;
	errno = step == STEP_BLOCKS ? EAGAIN : t->errnum;
	return errno == 0 ? 0 : -1;
}

ssize_t
tls_write(struct tls *t, const void *p, size_t n)
{
	size_t done;
	int rc;

	if (t->ended && t->errnum != 0) {
		errno = t->errnum;
		return -1;
	}
	ERR_clear_error();
	errno = 0;
	rc = SSL_write_ex(t->ssl, p, n, &done);
	if (rc == 1)
		return (ssize_t)done;
	errno = failed(t, rc) == STEP_BLOCKS ? EAGAIN :
	    t->errnum != 0 ? t->errnum : EPIPE;
	return -1;
}

void
tls_end(struct tls *t)
{
	if (!SSL_is_init_finished(t->ssl) || (t->ended && t->errnum != 0))
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

bool
tls_wants_write(const struct tls *t)
{
	return SSL_want_write(t->ssl);
}

bool
tls_begun(const struct tls *t)
{
	return t->begun;
}

const char *
tls_reason(const struct tls *t)
{
	return t->reason;
}
