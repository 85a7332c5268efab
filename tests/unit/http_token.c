#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/http_token.h"
#include "scratch.h"
#include "tap.h"

static const char *
write_keys(const char *text)
{
	static char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/keys", scratch_dir);
	unlink(path);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	chmod(path, 0600);
	return path;
}

static struct http_keys *
keys_of(const char *text)
{
	struct http_keys *keys = NULL;
	struct err err = ERR_INIT;

	ok(http_keys_load(write_keys(text), &keys, &err) == 0, "keys: %s",
	    err.text);
	return keys;
}

static void
refused(const char *text, const char *want)
{
	struct http_keys *keys;
	struct err err = ERR_INIT;

	ok(http_keys_load(write_keys(text), &keys, &err) == -1 &&
	    err.cls == ERR_CONFIG && strstr(err.text, want) != NULL &&
	    keys == NULL, "%s", err.text);
}

static bool
good(const struct http_keys *keys, const char *token, const char *path,
    int64_t now_s)
{
	char all[512];
	const char *rest;

	snprintf(all, sizeof(all), "%s/%s", token + 1, path);
	rest = http_token_check(keys, all, now_s);
	return rest != NULL && strcmp(rest, path) == 0;
}

static void
test_tokens(void)
{
	struct http_keys *keys = keys_of("0123456789abcdef\n");
	struct http_keys *other = keys_of("another one of 26 bytes...\n");
	struct http_keys *both = keys_of("another one of 26 bytes...\n\n"
	    "0123456789abcdef");
	char token[HTTP_TOKEN_BYTES], bad[HTTP_TOKEN_BYTES];
	size_t i, forged = 0;

	http_token_make(keys, 1000, "cam1", token);
	/* printf 1000/cam1 | openssl dgst -sha256 -hmac 0123456789abcdef */
	ok(strcmp(token, "/1000-"
	    "14f70ea1f3a3798a8c2e4735c920f96278b2f45f85e591f99d835ceefb67a27c")
	    == 0, "a token: %s", token);
	ok(good(keys, token, "cam1", 999), "the prefix itself");
	ok(good(keys, token, "cam1/main.m3u8", 999), "below it");
	ok(good(keys, token, "cam1/a/b/c/d.m4s", 999), "far below it");
	ok(!good(keys, token, "cam1/main.m3u8", 1000), "when it expires");
	ok(!good(keys, token, "cam10/main.m3u8", 999), "beside it");
	ok(!good(keys, token, "cam2/main.m3u8", 999), "another");
	ok(!good(keys, token, "x/cam1/main.m3u8", 999), "below another");
	ok(!good(other, token, "cam1/main.m3u8", 999), "by another key");
	ok(good(both, token, "cam1/main.m3u8", 999), "by the second of two");
	for (i = 1; token[i] != '\0'; i++) {
		memcpy(bad, token, sizeof(bad));
		bad[i] = bad[i] == '1' ? '2' : '1';
		forged += good(keys, bad, "cam1/main.m3u8", 0);
	}
	ok(forged == 0, "no digit of it can be another");
	http_token_make(keys, 1000, "", token);
	ok(good(keys, token, "any/thing", 999), "of everything");
	http_token_make(keys, 1000, "a/b", token);
	ok(good(keys, token, "a/b/c", 999) && !good(keys, token, "a/c", 999),
	    "of two components");
	ok(http_token_check(keys, "", 0) == NULL &&
	    http_token_check(keys, "cam1/main.m3u8", 0) == NULL &&
	    http_token_check(keys, "1000-", 0) == NULL &&
	    http_token_check(keys, "99999999999999999999-0", 0) == NULL,
	    "what is no token");
	http_keys_free(keys);
	http_keys_free(other);
	http_keys_free(both);
}

int
main(void)
{
	char many[16 * 20 + 1] = "";
	struct http_keys *keys;
	struct err err = ERR_INIT;
	int i;

	scratch();
	test_tokens();
	for (i = 0; i < 16; i++)
		snprintf(many + 18 * i, 19, "0123456789abcdef%x\n", i % 16);
	refused(many, "more than 8 keys");
	refused("short\n", "key 1 has 5 bytes: want 16 to 255");
	refused("\n\n", "no key");
	refused("", "no key");
	ok(http_keys_load("/nonexistent", &keys, &err) == -1 &&
	    err.cls == ERR_INPUT, "%s", err.text);
	return done_testing();
}
