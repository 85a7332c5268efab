#include "store/aes.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/err.h"

static int
sha256(const void *p, size_t n, uint8_t out[EVP_MAX_MD_SIZE],
    struct err *err)
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) != 1)
		return err_set(err, ERR_OS, "OpenSSL has no SHA-256");
	return 0;
}

int
aes_key_name(struct aes_key *key, struct err *err)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	size_t i;

	if (sha256(key->bytes, sizeof(key->bytes), hash, err) == -1)
		return -1;
	for (i = 0; i < sizeof(key->id) / 2; i++)
		snprintf(key->id + 2 * i, 3, "%02x", (unsigned)hash[i]);
	return 0;
}

int
aes_iv(const char *path, uint8_t iv[AES_BYTES], struct err *err)
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (sha256(path, strlen(path), hash, err) == -1)
		return -1;
	memcpy(iv, hash, AES_BYTES);
	return 0;
}

int
aes_begin(struct aes_cipher *c, const struct aes_key *key,
    const uint8_t iv[AES_BYTES], struct err *err)
{
	if ((c->ctx = EVP_CIPHER_CTX_new()) == NULL)
		return err_nomem(err);
	if (EVP_EncryptInit_ex(c->ctx, EVP_aes_128_cbc(), NULL, key->bytes,
	    iv) != 1)
		return err_set(err, ERR_OS, "OpenSSL has no AES-128-CBC");
	return 0;
}

int
aes_put(struct aes_cipher *c, const void *p, size_t n, struct buf *out,
    struct err *err)
{
	uint8_t *room;
	int put = 0;

	if (n > INT_MAX - AES_BYTES)
		return err_set(err, ERR_DATA, "too much to encrypt at once");
	if ((room = buf_room(out, n + AES_BYTES)) == NULL)
		return buf_ok(out, err);
	if (EVP_EncryptUpdate(c->ctx, room, &put, p, (int)n) != 1)
		return err_set(err, ERR_OS, "cannot encrypt");
	out->n += (size_t)put;
	return 0;
}

int
aes_end(struct aes_cipher *c, struct buf *out, struct err *err)
{
	uint8_t *room = buf_room(out, AES_BYTES);
	int put = 0;

	if (room == NULL)
		return buf_ok(out, err);
	if (EVP_EncryptFinal_ex(c->ctx, room, &put) != 1)
		return err_set(err, ERR_OS, "cannot encrypt");
	out->n += (size_t)put;
	return 0;
}

void
aes_release(struct aes_cipher *c)
{
	EVP_CIPHER_CTX_free(c->ctx);
	c->ctx = NULL;
}
