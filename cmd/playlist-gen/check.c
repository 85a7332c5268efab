#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/url.h"
#include "net/fetch.h"
#include "store/check.h"

/* Playlists are at most so many directories below the operand. */
#define DEPTH	2

/* One operand. */
struct place {
	struct check_conf	 conf;
	const char		*dir;		/* "": a URL */
	int			 fd;		/* of DIR, or -1 */
	struct fetch		*fetch;		/* of a URL, or NULL */
	char			**files;	/* owned; below DIR */
	size_t			 nfiles;
	struct check		**checks;	/* owned */
	size_t			 nchecks;
	uint64_t		 count;		/* of files that are none */
};

static int
get_file(struct place *pl, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	char path[URL_BYTES];
	struct stat st;
	uint64_t size;
	uint8_t *room;
	ssize_t got;
	int fd;

	if (url_absolute(url)) {
		err_set(err, ERR_UNAVAILABLE, "'%s' is not in the tree", url);
		return 0;
	}
	if (url_file(url, path, err) == -1)
		return 0;
	if ((fd = beneath_open(pl->fd, path, &st)) == -1) {
		err_sys(err, ERR_INPUT, "'%s'", path);
		return 0;
	}
	size = (uint64_t)st.st_size;
	if (length == 0)
		offset = 0;
	else if (offset >= size)
		size = 0;
	else if (length < size - offset)
		size = length;
	else
		size -= offset;
	if (size > b->max - b->n) {
		close(fd);
		err_set(err, ERR_DATA, "'%s' is larger than %zu bytes", path,
		    b->max);
		return 0;
	}
	got = 0;
	if (size > 0 && ((room = buf_room(b, size)) == NULL ||
	    (got = pread(fd, room, size, (off_t)offset)) == -1))
		got = room == NULL ? err_nomem(err) :
		    err_sys(err, ERR_IO, "'%s'", path);
	close(fd);
	if (got == -1)
		return err->cls == ERR_OS ? -1 : 0;
	b->n += (size_t)got;
	return 1;
}

static int
get(void *arg, const char *url, uint64_t offset, uint64_t length,
    struct buf *b, struct err *err)
{
	struct place *pl = arg;

	return pl->fetch != NULL ?
	    fetch_get(pl->fetch, url, offset, length, b, err) :
	    get_file(pl, url, offset, length, b, err);
}

/* S with what could harm a terminal, or forge a line, replaced. */
static void
put_clean(const char *s)
{
	for (; *s != '\0'; s++)
		putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

static void
say(void *arg, const char *url, size_t line, const char *rule,
    const char *text)
{
	const struct place *pl = arg;

	if (pl->dir[0] != '\0')
		printf("%s/", pl->dir);
	put_clean(url);
	printf(":%zu: ", line);
	put_clean(text);
	printf(" (%s)\n", rule);
	fflush(stdout);		/* checked at the end */
}

static void
note(void *arg, const char *url, const char *text)
{
	const struct place *pl = arg;

	log_warning("'%s%s%s': %s", pl->dir, pl->dir[0] == '\0' ? "" : "/",
	    url, text);
}

static bool
is_playlist(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".m3u8") == 0;
}

static int
add_file(struct place *pl, const char *path, struct err *err)
{
	char **grown;

	if (pl->nfiles == LIMIT_CHECK_FILES)
		return err_set(err, ERR_DATA, "'%s': more than %d playlists",
		    pl->dir, LIMIT_CHECK_FILES);
	grown = reallocarray(pl->files, pl->nfiles + 1, sizeof(*grown));
	if (grown == NULL)
		return err_nomem(err);
	pl->files = grown;
	if ((grown[pl->nfiles] = strdup(path)) == NULL)
		return err_nomem(err);
	pl->nfiles++;
	return 0;
}

/* The playlists in the directory PATH below pl->dir ("": itself). */
static int
find_files(struct place *pl, const char *path, int depth, struct err *err)
{
	char below[URL_BYTES];
	const struct dirent *e;
	DIR *dir;
	int fd, n, rc = 0;

	fd = openat(pl->fd, path[0] == '\0' ? "." : path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		/* Files, links, and what has gone meanwhile. */
		return 0;
	}
	while (rc == 0 && (e = readdir(dir)) != NULL) {
		n = snprintf(below, sizeof(below), "%s%s%s", path,
		    path[0] == '\0' ? "" : "/", e->d_name);
		if (e->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(below))
			continue;
		if (is_playlist(e->d_name))
			rc = add_file(pl, below, err);
		else if (depth > 0 &&
		    (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			rc = find_files(pl, below, depth - 1, err);
	}
	closedir(dir);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A directory, or a playlist in one; 0, or -1 with ERR_INPUT. */
static int
open_tree(struct place *pl, char *operand, struct err *err)
{
	char *slash;
	struct stat st;

	if (stat(operand, &st) == -1)
		return err_sys(err, ERR_INPUT, "'%s'", operand);
	pl->dir = operand;
	if (!S_ISDIR(st.st_mode)) {
		slash = strrchr(operand, '/');
		pl->dir = slash == NULL ? "." : slash == operand ? "/" :
		    operand;
		if (add_file(pl, slash == NULL ? operand : slash + 1, err) ==
		    -1)
			return -1;
		if (slash != NULL && slash != operand)
			*slash = '\0';
	}
	if ((pl->fd = beneath_dir(pl->dir, err)) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (find_files(pl, "", DEPTH, err) == -1)
		return -1;
	if (pl->nfiles == 0)
		return err_set(err, ERR_INPUT, "'%s': no playlists",
		    pl->dir);
	qsort(pl->files, pl->nfiles, sizeof(*pl->files), by_name);
	return 0;
}

/* Open all playlists there are; the only one must be one. */
static int
open_checks(struct place *pl, struct err *err)
{
	struct check *c;
	size_t i;

	pl->checks = calloc(pl->nfiles, sizeof(struct check *));
	if (pl->checks == NULL)
		return err_nomem(err);
	for (i = 0; i < pl->nfiles; i++) {
		c = check_open(&pl->conf, pl->files[i], err);
		if (c == NULL && err->cls == ERR_OS)
			return -1;
		if (c == NULL && pl->nfiles == 1) {
			if (err->cls == ERR_DATA)
				err->cls = ERR_INPUT;
			return -1;
		}
		if (c != NULL) {
			pl->checks[pl->nchecks++] = c;
		} else {
			pl->count++;
			say(pl, pl->files[i], 1, "HLS 4.1", err->text);
		}
	}
	return 0;
}

/* A multivariant playlist names URL. */
static bool
is_named(const struct place *pl, const char *url)
{
	size_t i;

	for (i = 0; i < pl->nchecks; i++)
		if (pl->checks[i] != NULL &&
		    check_is_multivariant(pl->checks[i]) &&
		    check_has(pl->checks[i], url))
			return true;
	return false;
}

/* What a multivariant playlist names is checked with it, and not again. */
static void
drop_named(struct place *pl)
{
	struct check *c;
	size_t i, left = 0;

	for (i = 0; i < pl->nchecks; i++) {
		c = pl->checks[i];
		pl->checks[i] = NULL;
		if (check_is_multivariant(c) || !is_named(pl, check_url(c)))
			pl->checks[left++] = c;
		else
			check_close(c);
	}
	pl->nchecks = left;
}

/* One round over all; *NEXT_US is when the next is due, 0: never. */
static int
again(struct place *pl, int64_t *next_us, struct err *err)
{
	int64_t us;
	size_t i;

	for (i = 0; i < pl->nchecks; i++) {
		if (check_again(pl->checks[i], clock_mono_us(), &us, err) ==
		    -1)
			return -1;
		if (us != 0 && (*next_us == 0 || us < *next_us))
			*next_us = us;
	}
	return 0;
}

static int
watch(struct place *pl, size_t n, int64_t end_us, struct err *err)
{
	int64_t now_us, next_us;
	size_t i, k;

	for (;;) {
		next_us = 0;
		for (i = 0; i < n; i++)
			if (again(&pl[i], &next_us, err) == -1)
				return -1;
		now_us = clock_mono_us();
		if (next_us == 0 || next_us > end_us || now_us >= end_us)
			break;
		if (next_us > now_us)
			poll(NULL, 0, (int)((next_us - now_us) / 1000 + 1));
	}
	for (i = 0; i < n; i++)
		for (k = 0; k < pl[i].nchecks; k++)
			if (check_finish(pl[i].checks[k], clock_mono_us(),
			    err) == -1)
				return -1;
	return 0;
}

static int
open_place(struct place *pl, char *operand, bool lists_only, struct err *err)
{
	size_t i;
	int rc;

	*pl = (struct place){ .fd = -1, .dir = "", .conf = { .fetch = get,
	    .say = say, .note = note, .arg = pl,
	    .lists_only = lists_only } };
	if (url_http(operand)) {
		pl->fetch = fetch_open(err);
		rc = pl->fetch == NULL ? -1 : add_file(pl, operand, err);
	} else {
		rc = open_tree(pl, operand, err);
	}
	if (rc == -1 || open_checks(pl, err) == -1)
		return -1;
	drop_named(pl);
	for (i = 0; i < pl->nchecks; i++)
		if (check_run(pl->checks[i], err) == -1)
			return -1;
	return 0;
}

static uint64_t
close_place(struct place *pl)
{
	uint64_t count = pl->count;
	size_t i;

	for (i = 0; i < pl->nchecks; i++) {
		count += check_count(pl->checks[i]);
		check_close(pl->checks[i]);
	}
	for (i = 0; i < pl->nfiles; i++)
		free(pl->files[i]);
	free(pl->files);
	free(pl->checks);
	fetch_close(pl->fetch);
	if (pl->fd != -1)
		close(pl->fd);
	return count;
}

int
check_operands(char *const *operands, size_t n, int64_t for_us,
    bool lists_only, struct err *err)
{
	struct place *places = calloc(n + 1, sizeof(*places));
	int64_t end_us = clock_mono_us() + for_us;
	uint64_t count = 0;
	size_t i;
	int rc = 0;

	if (places == NULL)
		return err_nomem(err);
	for (i = 0; i < n && rc == 0; i++)
		rc = open_place(&places[i], operands[i], lists_only, err);
	if (rc == 0 && for_us > 0)
		rc = watch(places, n, end_us, err);
	while (i-- > 0)
		count += close_place(&places[i]);
	free(places);
	if (rc == 0)
		rc = file_flush_stdout(err);
	if (rc == -1)
		return -1;
	return count > 0 ? ERR_NO : 0;
}
