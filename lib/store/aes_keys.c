#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "store/aes.h"

#define SUFFIX		".key"
#define DATE_FORM	"%Y%m%dT%H%M%SZ"
#define DATE_CHARS	16

/*
 * TEMPLATE with what stands for its {stream} and {key}.  0, or -1 with
 * ERR_USAGE when it has other braces or gets too long.
 */
static int
expand(const char *template, const char *stream, const char *key,
    char out[AES_URI_BYTES], struct err *err)
{
	const char *s = template, *what;
	size_t n, used = 0;

	while (*s != '\0') {
		what = s;
		n = 1;
		if (strncmp(s, "{stream}", 8) == 0) {
			what = stream;
			n = strlen(stream);
			s += 8;
		} else if (strncmp(s, "{key}", 5) == 0) {
			what = key;
			n = strlen(key);
			s += 5;
		} else if (*s++ == '{') {
			return err_set(err, ERR_USAGE, "--key-uri: want "
			    "{stream} or {key}, not '%s'", s - 1);
		}
		if (n >= AES_URI_BYTES - used)
			return err_set(err, ERR_USAGE,
			    "--key-uri: too long");
		memcpy(out + used, what, n);
		used += n;
	}
	out[used] = '\0';
	return 0;
}

int
aes_keys_init(struct aes_keys *k, const char *dir, const char *uri,
    struct err *err)
{
	char longest[NAME_BYTES], out[AES_URI_BYTES];
	const char *s;

	*k = (struct aes_keys){ .dir = dir, .uri = uri };
	for (s = uri; *s != '\0'; s++)		/* a quoted-string, a URI */
		if (*s <= ' ' || *s == '"' || *s == 0x7f)
			return err_set(err, ERR_USAGE, "--key-uri: '%s' has "
			    "what no URI has", uri);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	return expand(uri, longest, "20261127T150000Z", out, err);
}

static void
forget(struct aes_keys *k)
{
	size_t i;

	for (i = 0; i < k->count; i++) {
		if (k->moments[i].key != NULL)
			explicit_bzero(k->moments[i].key,
			    sizeof(*k->moments[i].key));
		free(k->moments[i].key);
	}
	free(k->moments);
	k->moments = NULL;
	k->count = 0;
}

void
aes_keys_release(struct aes_keys *k)
{
	forget(k);
}

/* The date in NAME, a key file's.  False when there is none. */
static bool
parse_name(const char *name, struct aes_moment *m)
{
	char again[sizeof(m->name)];
	struct tm tm = { 0 };

	if (strlen(name) != DATE_CHARS + strlen(SUFFIX))
		return false;
	snprintf(m->name, sizeof(m->name), "%.*s", DATE_CHARS, name);
	if (strptime(m->name, DATE_FORM, &tm) == NULL)
		return false;
	m->from_us = (int64_t)timegm(&tm) * 1000000;
	/* Back again: 31 February is no date. */
	strftime(again, sizeof(again), DATE_FORM, &tm);
	return strcmp(again, m->name) == 0;
}

static bool
is_key(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n >= strlen(SUFFIX) &&
	    strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static int
add(struct aes_keys *k, const char *name, struct err *err)
{
	struct aes_moment m = { .key = NULL }, *more;

	if (!parse_name(name, &m))
		return err_set(err, ERR_CONFIG, "'%s/%s/%s': the name of a "
		    "key is a date like 20261127T150000Z.key", k->dir,
		    k->stream, name);
	more = realloc(k->moments, (k->count + 1) * sizeof(*more));
	if (more == NULL)
		return err_nomem(err);
	k->moments = more;
	more[k->count++] = m;
	return 0;
}

static int
by_date(const void *a, const void *b)
{
	const struct aes_moment *x = a, *y = b;

	return x->from_us < y->from_us ? -1 : x->from_us > y->from_us;
}

int
aes_keys_look(struct aes_keys *k, const char *stream, struct err *err)
{
	char path[4096];
	struct dirent *d;
	DIR *dir;
	int rc = 0;

	forget(k);
	snprintf(k->stream, sizeof(k->stream), "%s", stream);
	snprintf(path, sizeof(path), "%s/%s", k->dir, stream);
	if ((dir = opendir(path)) == NULL)
		return err_sys(err, errno == ENOMEM || errno == EMFILE ||
		    errno == ENFILE ? ERR_OS : ERR_CONFIG,
		    "stream '%s': cannot open its keys, '%s'", stream, path);
	while (rc == 0 && (errno = 0, d = readdir(dir)) != NULL)
		if (is_key(d->d_name))
			rc = add(k, d->d_name, err);
	if (rc == 0 && errno != 0)
		rc = err_sys(err, ERR_IO, "cannot read '%s'", path);
	closedir(dir);
	if (rc == 0 && k->count == 0)
		return err_set(err, ERR_CONFIG, "stream '%s': no keys in '%s'",
		    stream, path);
	if (rc == 0)
		qsort(k->moments, k->count, sizeof(*k->moments), by_date);
	return rc;
}

/* The 16 bytes of the open file FD, which only its owner or group may read. */
static int
read_bytes(int fd, struct aes_key *key, struct err *err)
{
	uint8_t more;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_IO, "cannot stat");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "is no file");
	if ((st.st_mode & S_IRWXO) != 0)
		return err_set(err, ERR_CONFIG, "a key with mode %04o: "
		    "everybody may use it", st.st_mode & 07777);
	if ((n = file_read_some(fd, key->bytes, AES_BYTES, err)) == -1)
		return -1;
	if (n == AES_BYTES && (n = file_read_some(fd, &more, 1, err)) == 0)
		return 0;
	return n == -1 ? -1 : err_set(err, ERR_CONFIG, "has %jd bytes, "
	    "a key has %d", (intmax_t)st.st_size, AES_BYTES);
}

static int
read_key(struct aes_keys *k, struct aes_moment *m, struct err *err)
{
	char path[4096];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s/%s" SUFFIX, k->dir, k->stream,
	    m->name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return err_sys(err, ERR_INPUT, "cannot open '%s'", path);
	if ((m->key = calloc(1, sizeof(*m->key))) == NULL)
		rc = err_nomem(err);
	else if ((rc = read_bytes(fd, m->key, err)) == -1)
		err_wrap(err, "'%s'", path);
	else if ((rc = aes_key_name(m->key, err)) == 0)
		rc = expand(k->uri, k->stream, m->name, m->key->uri, err);
	close(fd);
	if (rc == -1) {
		free(m->key);
		m->key = NULL;
	}
	return rc;
}

const struct aes_key *
aes_keys_at(struct aes_keys *k, int64_t date_us, struct err *err)
{
	char date[CLOCK_RFC3339_BYTES];
	size_t i = k->count;

	while (i > 0 && k->moments[i - 1].from_us > date_us)
		i--;
	if (i == 0) {
		clock_rfc3339(date_us, date);
		err_set(err, ERR_CONFIG, "stream '%s': no key for what is "
		    "dated %s: the first in '%s/%s' is %s" SUFFIX, k->stream,
		    date, k->dir, k->stream,
		    k->count == 0 ? "no" : k->moments[0].name);
		return NULL;
	}
	if (k->moments[i - 1].key == NULL &&
	    read_key(k, &k->moments[i - 1], err) == -1)
		return NULL;
	return k->moments[i - 1].key;
}
