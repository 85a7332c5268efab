#include "store/index.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"

#define QUIET_S		3	/* no file system's clock is coarser than 2 s */
#define HEADER		"livespool index 1\n"
#define TRAILER		"end "
#define LINE_FIELDS	9

static int64_t
ns_of(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
}

static void
index_path(const struct index *ix, char out[SPOOL_PATH_BYTES])
{
	snprintf(out, SPOOL_PATH_BYTES, "index/%s", ix->stream);
}

static bool
is_src(const struct index_entry *e)
{
	return strcmp(e->rendition, SPOOL_SRC) == 0;
}

static int
compare_place(const struct index_entry *x, uint32_t epoch, uint32_t group)
{
	if (x->epoch != epoch)
		return x->epoch < epoch ? -1 : 1;
	return (x->group > group) - (x->group < group);
}

/* By epoch and group; the originals in front of their renditions. */
static int
compare(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;
	int order = compare_place(x, y->epoch, y->group);

	if (order != 0)
		return order;
	if (is_src(x) != is_src(y))
		return is_src(x) ? -1 : 1;
	return strcmp(x->rendition, y->rendition);
}

static bool
append(struct index *ix, const struct index_entry *e)
{
	struct index_entry *more;

	if (ix->count == ix->cap) {
		ix->cap = ix->cap == 0 ? 64 : 2 * ix->cap;
		more = realloc(ix->entries, ix->cap * sizeof(*more));
		if (more == NULL)
			return false;
		ix->entries = more;
	}
	ix->entries[ix->count++] = *e;
	return true;
}

/* Digits, then END; moves *S behind it. */
static bool
take_number(const char **s, char end, uint64_t max, uint64_t *n)
{
	char *rest;

	if (**s < '0' || **s > '9')
		return false;
	errno = 0;
	*n = strtoull(*s, &rest, 10);
	*s = rest + 1;
	return errno == 0 && *n <= max && *rest == end;
}

/* "RENDITION EPOCH GROUP MTIME CTIME COUNT FIRST LAST BYTES\n" */
static bool
take_entry(const char **s, struct index_entry *e)
{
	static const uint64_t max[LINE_FIELDS - 1] = { SPOOL_EPOCH_MAX,
	    SPOOL_SEQ_MAX / SPOOL_GROUP, INT64_MAX, INT64_MAX, SPOOL_GROUP,
	    SPOOL_SEQ_MAX, SPOOL_SEQ_MAX, UINT64_MAX };
	uint64_t v[LINE_FIELDS - 1];
	size_t n = strcspn(*s, " "), i;

	if (n >= sizeof(e->rendition) || (*s)[n] != ' ')
		return false;
	memset(e, 0, sizeof(*e));
	memcpy(e->rendition, *s, n);
	*s += n + 1;
	for (i = 0; i < LINE_FIELDS - 1; i++)
		if (!take_number(s, i < LINE_FIELDS - 2 ? ' ' : '\n', max[i],
		    &v[i]))
			return false;
	e->epoch = (uint32_t)v[0];
	e->group = (uint32_t)v[1];
	e->stamp = (struct index_stamp){ (int64_t)v[2], (int64_t)v[3] };
	e->count = (uint32_t)v[4];
	e->first = (uint32_t)v[5];
	e->last = (uint32_t)v[6];
	e->bytes = v[7];
	return name_ok(e->rendition);
}

/* The whole text, to its end and in order, or nothing. */
static bool
parse(struct index *ix, const char *s)
{
	struct index_entry e;
	uint64_t n;

	if (strncmp(s, HEADER, sizeof(HEADER) - 1) != 0)
		return false;
	s += sizeof(HEADER) - 1;
	while (strncmp(s, TRAILER, sizeof(TRAILER) - 1) != 0)
		if (!take_entry(&s, &e) || (ix->count > 0 &&
		    compare(&ix->entries[ix->count - 1], &e) >= 0) ||
		    !append(ix, &e))
			return false;
	s += sizeof(TRAILER) - 1;
	return take_number(&s, '\n', UINT64_MAX, &n) && n == ix->count &&
	    *s == '\0';
}

void
index_open(struct index *ix, struct spool *s, const char *stream)
{
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	struct buf b;

	memset(ix, 0, sizeof(*ix));
	ix->s = s;
	snprintf(ix->stream, sizeof(ix->stream), "%s", stream);
	index_path(ix, path);
	buf_init(&b, LIMIT_INDEX_BYTES + 1);
	if (file_slurp(s->fd, path, &b, &err) == -1) {
		if (err.errnum != ENOENT)
			log_debug("%s", err.text);
	} else {
		buf_put_u8(&b, '\0');
		if (buf_ok(&b, &err) == -1 || !parse(ix, (const char *)b.p))
			ix->count = 0;
	}
	ix->sorted = ix->count;
	buf_release(&b);
}

static bool
stat_dir(struct index *ix, const struct spool_key *key, uint32_t group,
    struct index_stamp *stamp)
{
	char path[SPOOL_PATH_BYTES];
	struct stat st;

	spool_group_path(key, group, path);
	if (fstatat(ix->s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	stamp->mtime_ns = ns_of(&st.st_mtim);
	stamp->ctime_ns = ns_of(&st.st_ctim);
	return true;
}

static bool
same_stamp(const struct index_stamp *a, const struct index_stamp *b)
{
	return a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* The loaded entry of that place and name, or NULL. */
static struct index_entry *
loaded(struct index *ix, const char *rendition, uint32_t epoch,
    uint32_t group)
{
	struct index_entry want = { .epoch = epoch, .group = group };

	snprintf(want.rendition, sizeof(want.rendition), "%s", rendition);
	if (ix->sorted == 0)
		return NULL;
	return bsearch(&want, ix->entries, ix->sorted, sizeof(want), compare);
}

const struct index_entry *
index_find(struct index *ix, const struct spool_key *key, uint32_t group)
{
	struct index_entry *e = loaded(ix, key->rendition, key->epoch, group);
	struct index_stamp stamp;

	if (e == NULL)
		return NULL;
	e->seen = true;
	if (e->dead || !stat_dir(ix, key, group, &stamp) ||
	    !same_stamp(&stamp, &e->stamp))
		return NULL;
	return e;
}

static bool
ask_clock(struct index *ix)
{
	struct err err = ERR_INIT;
	int64_t now_us;

	if (ix->now_ns == 0 && spool_now_us(ix->s, &now_us, &err) == 0)
		ix->now_ns = now_us * 1000;
	if (ix->now_ns == 0) {
		log_debug("nothing is remembered: %s", err.text);
		ix->now_ns = -1;
	}
	return ix->now_ns > 0;
}

bool
index_rests(struct index *ix, const struct spool_key *key, uint32_t group,
    struct index_stamp *stamp)
{
	int64_t before_ns;

	if (!ask_clock(ix) || !stat_dir(ix, key, group, stamp))
		return false;
	before_ns = ix->now_ns - QUIET_S * INT64_C(1000000000);
	return stamp->mtime_ns > 0 && stamp->mtime_ns < before_ns &&
	    stamp->ctime_ns > 0 && stamp->ctime_ns < before_ns;
}

/* Forget what is loaded of E's group. */
static void
forget_group(struct index *ix, const struct index_entry *e)
{
	struct index_entry *src = loaded(ix, e->rendition, e->epoch, e->group);
	const struct index_entry *end = ix->entries + ix->sorted;

	/* Without its originals' entry a group has none. */
	for (; src != NULL && src < end &&
	    compare_place(src, e->epoch, e->group) == 0; src++)
		src->dead = true;
}

void
index_note(struct index *ix, const struct index_entry *entry)
{
	struct index_entry *e = loaded(ix, entry->rendition, entry->epoch,
	    entry->group), copy = *entry;

	copy.seen = true;
	copy.dead = false;
	ix->changed = true;
	if (e != NULL && !e->dead && same_stamp(&e->stamp, &entry->stamp)) {
		*e = copy;
		return;
	}
	if (is_src(entry))
		forget_group(ix, entry);
	else if (e != NULL)
		e->dead = true;
	(void)append(ix, &copy);	/* not remembered, then */
}

static void
put_entry(struct buf *b, const struct index_entry *e)
{
	buf_printf(b, "%s %" PRIu32 " %" PRIu32 " %" PRId64 " %" PRId64
	    " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 "\n",
	    e->rendition, e->epoch, e->group, e->stamp.mtime_ns,
	    e->stamp.ctime_ns, e->count, e->first, e->last, e->bytes);
}

/* Everything that is alive; renditions only behind their originals. */
static void
put_index(struct buf *b, const struct index *ix, bool all)
{
	const struct index_entry *e, *src = NULL;
	uint64_t n = 0;
	size_t i;

	buf_put_str(b, HEADER);
	for (i = 0; i < ix->count; i++) {
		e = &ix->entries[i];
		if (e->dead)
			continue;
		if (is_src(e))
			src = all && !e->seen ? NULL : e;
		if (src == NULL ||
		    compare_place(e, src->epoch, src->group) != 0)
			continue;
		put_entry(b, e);
		n++;
	}
	buf_printf(b, TRAILER "%" PRIu64 "\n", n);
}

/* Are there originals of which nobody asked? */
static bool
any_unseen(const struct index *ix)
{
	size_t i;

	for (i = 0; i < ix->sorted; i++)
		if (is_src(&ix->entries[i]) && !ix->entries[i].seen)
			return true;
	return false;
}

void
index_close(struct index *ix, bool all)
{
	char path[SPOOL_PATH_BYTES];
	struct err err = ERR_INIT;
	struct buf b;

	if (ix->changed || (all && any_unseen(ix))) {
		qsort(ix->entries, ix->count, sizeof(*ix->entries), compare);
		buf_init(&b, LIMIT_INDEX_BYTES);
		put_index(&b, ix, all);
		index_path(ix, path);
		if (buf_ok(&b, &err) == -1 || spool_replace(ix->s, path, b.p,
		    b.n, SPOOL_VOLATILE, &err) == -1)
			log_debug("nothing is remembered: %s", err.text);
		buf_release(&b);
	}
	free(ix->entries);
	memset(ix, 0, sizeof(*ix));
}
