/*
 * aes - segments of a rendition, encrypted as a whole: RFC 8216 section
 * 4.3.2.4, METHOD=AES-128, which is AES-128 in CBC mode with PKCS7 padding.
 *
 *	www/STREAM/RENDITION/EPOCH/GROUP/aes/ID/FIRST.m4s
 *	www/STREAM/RENDITION/EPOCH/GROUP/aes/ID/FIRST-LAST.m4s
 *
 * is the fragments FIRST to LAST behind one another under the key ID: a
 * function of them, of the key and of its own name, as a joined file is of
 * its fragments (join.h), and removed with these.  Another key makes another
 * name, so that what is there is never of a key that was.
 */
#ifndef STORE_AES_H
#define STORE_AES_H

#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "store/spool.h"

struct buf;
struct err;

#define AES_BYTES	16	/* of a key, a block, an IV */
#define AES_ID_BYTES	17	/* with NUL */
#define AES_URI_BYTES	512

struct aes_key {
	uint8_t	bytes[AES_BYTES];	/* secret */
	char	id[AES_ID_BYTES];	/* of its SHA-256, the first digits */
	char	uri[AES_URI_BYTES];	/* where players get it */
};

/* Fill in the id.  0, or -1 with ERR_OS. */
int	aes_key_name(struct aes_key *key, struct err *err)
	    __attribute__((warn_unused_result));

/* The first bytes of the SHA-256 of PATH.  0, or -1 with ERR_OS. */
int	aes_iv(const char *path, uint8_t iv[AES_BYTES], struct err *err)
	    __attribute__((warn_unused_result));

/* One file under way; zeroed, it is none. */
struct aes_cipher {
	void	*ctx;		/* EVP_CIPHER_CTX, owned */
};

/*
 * Encrypt: what is put comes out at the end of OUT as far as blocks are full,
 * the padded rest with the end.  0, or -1 with ERR_OS or ERR_DATA (OUT is
 * full).  Release it in any case.
 */
int	aes_begin(struct aes_cipher *c, const struct aes_key *key,
	    const uint8_t iv[AES_BYTES], struct err *err)
	    __attribute__((warn_unused_result));
int	aes_put(struct aes_cipher *c, const void *p, size_t n,
	    struct buf *out, struct err *err)
	    __attribute__((warn_unused_result));
int	aes_end(struct aes_cipher *c, struct buf *out, struct err *err)
	    __attribute__((warn_unused_result));
void	aes_release(struct aes_cipher *c);

/* The file of FIRST to LAST, which may be the same, below the spool. */
void	aes_path(const struct spool_key *first, uint32_t last,
	    const struct aes_key *key, char out[SPOOL_PATH_BYTES]);

/* Publish it as join_publish() does; IV is that of its path. */
int	aes_publish(struct spool *s, const struct spool_key *first,
	    uint32_t last, const struct aes_key *key,
	    const uint8_t iv[AES_BYTES], enum spool_care care,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * A directory of key files, DIR/STREAM/DATE.key, 16 bytes each: the key of
 * what is dated DATE (20261127T150000Z) or later, until the next one.  They
 * are only read, never made.
 */
struct aes_moment {
	int64_t		 from_us;
	char		 name[24];	/* the date */
	struct aes_key	*key;		/* owned; NULL: was not asked for */
};

struct aes_keys {
	const char		*dir, *uri;	/* borrowed */
	char			 stream[NAME_BYTES];
	struct aes_moment	*moments;	/* owned, sorted */
	size_t			 count;
};

/*
 * URI is what players are told, with {stream} and {key}, the file's name
 * without ".key", in it.  0, or -1 with ERR_USAGE.
 */
int	aes_keys_init(struct aes_keys *k, const char *dir, const char *uri,
	    struct err *err) __attribute__((warn_unused_result));
void	aes_keys_release(struct aes_keys *k);

/*
 * See which keys STREAM has now; forgets those of before.  0, or -1 with
 * ERR_CONFIG (there are none, or a name is wrong), ERR_IO or ERR_OS.
 */
int	aes_keys_look(struct aes_keys *k, const char *stream,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * The key of what is dated DATE_US, good until the next look.  NULL with
 * ERR_CONFIG: there is none, it is not 16 bytes long, or everybody may read
 * it; ERR_INPUT, ERR_IO or ERR_OS.
 */
const struct aes_key *aes_keys_at(struct aes_keys *k, int64_t date_us,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_AES_H */
