/* Tests of net/keys: names, hashes, the file and its errors. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "net/keys.h"
#include "tap.h"

/* SHA-256 of "abc" (FIPS 180-2, appendix B.1) and of "". */
#define HASH_ABC	"sha256:ba7816bf8f01cfea414140de5dae2223" \
			"b00361a396177a9cb410ff61f20015ad"
#define HASH_EMPTY	"sha256:e3b0c44298fc1c149afbf4c8996fb924" \
			"27ae41e4649b934ca495991b7852b855"

/* Load TEXT as a file. */
static int
load(const char *text, struct keys *keys, struct err *err)
{
	char path[] = "/tmp/keys-unit-XXXXXX";
	int fd = mkstemp(path), rc = -1;

	if (fd != -1 && file_write_all(fd, text, strlen(text), err) == 0)
		rc = keys_load(keys, path, err);
	if (fd != -1) {
		close(fd);
		unlink(path);
	}
	return rc;
}

static void
fails(const char *text, const char *message, const char *name)
{
	struct keys keys;
	struct err err = ERR_INIT;

	ok(load(text, &keys, &err) == -1 && err.cls == ERR_CONFIG &&
	    strstr(err.text, message) != NULL, "%s: %s", name, err.text);
}

static void
test_key_characters(void)
{
	ok(keys_key_ok("aB3-_.~") && !keys_key_ok("") &&
	    !keys_key_ok("a?b") && !keys_key_ok("a/b") &&
	    !keys_key_ok("a&b"), "keys are what a URL can carry");
}

static void
test_hash(void)
{
	char text[KEYS_TEXT_BYTES];
	struct err err = ERR_INIT;

	ok(keys_hash_text("abc", text, &err) == 0 &&
	    strcmp(text, HASH_ABC) == 0, "the hash of FIPS 180-2");
}

static void
test_find(void)
{
	struct keys keys = { 0 };
	struct err err = ERR_INIT;
	char stream[NAME_BYTES];

	ok(load("streams:\n  empty: " HASH_EMPTY "\n  cam1:\n    - "
	    HASH_ABC "\n", &keys, &err) == 0 && keys.n == 2,
	    "a value and a list: %s", err.text);
	ok(keys_find(&keys, NULL, "abc", stream, &err) == 1 &&
	    strcmp(stream, "cam1") == 0, "a key finds its stream");
	ok(keys_find(&keys, "cam1", "abc", stream, &err) == 1,
	    "and with the name");
	ok(keys_find(&keys, "empty", "abc", stream, &err) == 0,
	    "but not with another's name");
	ok(keys_find(&keys, NULL, "abd", stream, &err) == 0 &&
	    keys_find(&keys, "cam1", "cam1", stream, &err) == 0,
	    "a wrong key finds nothing");
	keys_release(&keys);
	ok(keys_find(&keys, NULL, "abc", stream, &err) == 0,
	    "no keys, no streams");
}

static void
test_errors(void)
{
	fails("stream:\n  a: " HASH_ABC "\n", ":1:1: unknown key 'stream'; "
	    "did you mean 'streams'?", "a misspelt key");
	fails("streams:\n  a: abc\n", ":2:6: want 'sha256:'", "a key in clear");
	fails("streams:\n  a: " HASH_ABC "0\n", ":2:6:", "a hash too long");
	fails("streams:\n  a: sha256:zz7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad\n", ":2:6:", "a bad digit");
	fails("streams:\n  a/b: " HASH_ABC "\n", ":2:3: bad stream name",
	    "a bad name");
	fails("streams:\n  a: " HASH_ABC "\n  b: " HASH_ABC "\n",
	    ":3:6: the key of stream 'a' again", "a key for two streams");
	fails("streams:\n  a:\n    b: " HASH_ABC "\n", ":3:5: ", "a map");
	fails("streams: x\n", ":1:10: ", "no map of streams");
	fails("{}\n", "missing key 'streams'", "an empty map");
}

static void
test_no_file(void)
{
	struct keys keys;
	struct err err = ERR_INIT;

	ok(keys_load(&keys, "/nonexistent/keys", &err) == -1 &&
	    err.cls == ERR_INPUT, "no file: %s", err.text);
}

int
main(void)
{
	test_key_characters();
	test_hash();
	test_find();
	test_errors();
	test_no_file();
	return done_testing();
}
