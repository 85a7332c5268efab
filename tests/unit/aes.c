/* Tests of store/aes: the cipher beside openssl(1), names, key files. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "scratch.h"
#include "store/aes.h"
#include "tap.h"

/* NIST SP 800-38A, F.2.1: CBC-AES128.Encrypt, key, IV and first block. */
static const struct aes_key nist = { .bytes = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
	0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c } };
static const uint8_t nist_iv[AES_BYTES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	11, 12, 13, 14, 15 };
static const uint8_t nist_clear[AES_BYTES] = {
	0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
	0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
static const uint8_t nist_cipher[AES_BYTES] = {
	0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
	0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d };

/* P in pieces of PIECE bytes, to OUT. */
static bool
encrypt(const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
	struct err err = ERR_INIT;
	struct aes_cipher c = { NULL };
	size_t i, now;
	int rc = aes_begin(&c, &nist, nist_iv, &err);

	for (i = 0; i < n && rc == 0; i += now) {
		now = n - i < piece ? n - i : piece;
		rc = aes_put(&c, p + i, now, out, &err);
	}
	if (rc == 0)
		rc = aes_end(&c, out, &err);
	aes_release(&c);
	return rc == 0;
}

static void
test_vector(void)
{
	struct buf out;

	buf_init(&out, 1024);
	ok(encrypt(nist_clear, AES_BYTES, AES_BYTES, &out) && out.n == 32 &&
	    memcmp(out.p, nist_cipher, AES_BYTES) == 0,
	    "the vector of SP 800-38A, and a block of padding");
	buf_release(&out);
	buf_init(&out, 24);
	ok(!encrypt(nist_clear, AES_BYTES, 1, &out),
	    "what does not fit is an error");
	buf_release(&out);
}

/* What openssl(1) makes of N bytes of P. */
static bool
reference(const uint8_t *p, size_t n, struct buf *out)
{
	char in[256], enc[256];
	struct err err = ERR_INIT;
	int status = -1;
	pid_t pid;

	snprintf(in, sizeof(in), "%s/clear", scratch_dir);
	snprintf(enc, sizeof(enc), "%s/enc", scratch_dir);
	if (file_replace(in, p, n, &err) == -1 || (pid = fork()) == -1)
		return false;
	if (pid == 0) {
		execlp("openssl", "openssl", "enc", "-aes-128-cbc",
		    "-K", "2b7e151628aed2a6abf7158809cf4f3c",
		    "-iv", "000102030405060708090a0b0c0d0e0f",
		    "-in", in, "-out", enc, (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 &&
	    file_slurp(AT_FDCWD, enc, out, &err) == 0;
}

static void
test_openssl(void)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 70001 };
	static const size_t pieces[] = { 1, 15, 16, 4099, 100000 };
	static uint8_t clear[70001];
	struct buf want, got;
	size_t i, j;
	bool same;

	for (i = 0; i < sizeof(clear); i++)
		clear[i] = (uint8_t)(i * 7 + i / 251);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_init(&want, 100000);
		same = reference(clear, sizes[i], &want) && want.n > 0;
		for (j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			buf_init(&got, 100000);
			same &= encrypt(clear, sizes[i], pieces[j], &got) &&
			    got.n == want.n &&
			    memcmp(got.p, want.p, got.n) == 0;
			buf_release(&got);
		}
		buf_release(&want);
		ok(same, "%zu bytes as openssl enc has them", sizes[i]);
	}
}

static void
test_names(void)
{
	struct spool_key first = { .stream = "cam", .rendition = "aac",
	    .epoch = 2, .seq = 1999 };
	struct aes_key key = { .bytes = { 'a', 'b', 'c' } };
	char path[SPOOL_PATH_BYTES];
	uint8_t iv[AES_BYTES];
	struct err err = ERR_INIT;

	/* printf 'abc\0...' | sha256sum */
	ok(aes_key_name(&key, &err) == 0 &&
	    strcmp(key.id, "474c5b8af657e4a7") == 0, "a key's id: %s", key.id);
	aes_path(&first, 1999, &key, path);
	ok(strcmp(path, "www/cam/aac/000002/000001/aes/474c5b8af657e4a7/"
	    "000001999.m4s") == 0, "%s", path);
	aes_path(&first, 2001, &key, path);
	ok(strcmp(path, "www/cam/aac/000002/000001/aes/474c5b8af657e4a7/"
	    "000001999-000002001.m4s") == 0, "%s", path);
	/* FIPS 180-2, B.1: ba7816bf 8f01cfea 414140de 5dae2223 */
	ok(aes_iv("abc", iv, &err) == 0 && iv[0] == 0xba && iv[1] == 0x78 &&
	    iv[15] == 0x23, "an IV is the SHA-256 of a path");
}

/* N bytes of C as the key NAME of cam, with MODE. */
static void
put_key(const char *name, char c, size_t n, mode_t mode)
{
	struct err err = ERR_INIT;
	char path[256], bytes[64];

	memset(bytes, c, sizeof(bytes));
	snprintf(path, sizeof(path), "%s/cam/%s", scratch_dir, name);
	if (file_replace(path, bytes, n, &err) == -1 ||
	    chmod(path, mode) == -1)
		exit(99);
}

static void
remove_key(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/cam/%s", scratch_dir, name);
	unlink(path);
}

#define T1	"20231114T221321Z.key"		/* 1700000001 */
#define T2	"20231114T221331Z.key"

static void
test_keys(void)
{
	struct aes_keys k;
	struct err err = ERR_INIT;
	const struct aes_key *a, *b, *again;

	ok(aes_keys_init(&k, scratch_dir, "/k/{stream}/{key}", &err) == 0,
	    "keys");
	ok(aes_keys_look(&k, "none", &err) == -1 && err.cls == ERR_CONFIG,
	    "a stream without: %s", err.text);
	ok(aes_keys_look(&k, "cam", &err) == -1 && err.cls == ERR_CONFIG,
	    "an empty directory: %s", err.text);
	put_key(T2, 'b', 16, 0600);
	put_key(T1, 'a', 16, 0640);
	put_key(".draft.key", 'a', 1, 0644);
	put_key("README", 'a', 1, 0644);
	ok(aes_keys_look(&k, "cam", &err) == 0 && k.count == 2,
	    "other files are let be");
	ok(aes_keys_at(&k, INT64_C(1700000000999999), &err) == NULL &&
	    err.cls == ERR_CONFIG, "before the first: %s", err.text);
	a = aes_keys_at(&k, INT64_C(1700000001000000), &err);
	again = aes_keys_at(&k, INT64_C(1700000010999999), &err);
	b = aes_keys_at(&k, INT64_C(1700000011000000), &err);
	ok(a != NULL && a == again && a->bytes[0] == 'a' && b != NULL &&
	    b->bytes[15] == 'b', "each from its date to the next");
	ok(b != NULL && strcmp(b->uri, "/k/cam/20231114T221331Z") == 0,
	    "its URI: %s", b == NULL ? "none" : b->uri);
	aes_keys_release(&k);
}

static void
fails(const char *name, size_t n, mode_t mode, const char *message)
{
	struct aes_keys k;
	struct err err = ERR_INIT;

	put_key(name, 'x', n, mode);
	ok(aes_keys_init(&k, scratch_dir, "{key}", &err) == 0 &&
	    (aes_keys_look(&k, "cam", &err) == -1 ||
	    aes_keys_at(&k, INT64_C(1800000000000000), &err) == NULL) &&
	    err.cls == ERR_CONFIG && strstr(err.text, message) != NULL,
	    "%s, %zu bytes, %04o: %s", name, n, (unsigned)mode, err.text);
	aes_keys_release(&k);
	remove_key(name);
}

static void
test_wrong(void)
{
	struct aes_keys k;
	struct err err = ERR_INIT;

	fails("20260101T000000Z.key", 0, 0600, "has 0 bytes");
	fails("20260101T000000Z.key", 15, 0600, "has 15 bytes");
	fails("20260101T000000Z.key", 17, 0600, "has 17 bytes");
	fails("20260101T000000Z.key", 16, 0644, "mode 0644");
	fails("20260231T000000Z.key", 16, 0600, "is a date like");
	fails("2026-01-01.key", 16, 0600, "is a date like");
	ok(aes_keys_init(&k, "", "a\"b", &err) == -1 && err.cls == ERR_USAGE,
	    "%s", err.text);
	ok(aes_keys_init(&k, "", "{ke}", &err) == -1 && err.cls == ERR_USAGE,
	    "%s", err.text);
}

int
main(void)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/cam", scratch());
	if (mkdir(dir, 0777) == -1)
		return 99;
	test_vector();
	test_openssl();
	test_names();
	test_keys();
	test_wrong();
	return done_testing();
}
