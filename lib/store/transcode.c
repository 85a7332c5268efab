#include "store/transcode.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/ladder.h"
#include "store/transcode_impl.h"

struct spool_key
transcode_key(const struct transcode *t, const struct rendition *r)
{
	struct spool_key key = t->key;

	memcpy(key.rendition, r->name, sizeof(key.rendition));
	return key;
}

static bool
is_wanted(const struct transcode_conf *conf, const struct rendition *r)
{
	if (conf->nnames == 0)
		return pending_counts(r, conf->tier);
	return name_among(r->name, conf->names, conf->nnames);
}

static bool
is_selected(struct spool *s, const struct transcode_conf *conf,
    const struct spool_key *key, const struct rendition *r)
{
	bool there = spool_exists(s, key);

	if (!is_wanted(conf, r))
		return false;
	if (conf->aim == TRANSCODE_AGAIN)
		return there;
	return !there && !spool_none(s, key);
}

static bool
is_shed(const struct transcode_conf *conf, const struct rendition *r)
{
	return conf->nnames == 0 && r->shed != 0 && conf->behind > r->shed;
}

/* One output for each rendition that is wanted and not there, or there. */
static int
select_outputs(struct transcode *t, struct spool *s,
    const struct transcode_conf *conf, struct err *err)
{
	const struct ladder *l = conf->ladder;
	const struct rendition *r;
	struct spool_key key;

	if ((t->outputs = calloc(l->count + 1, sizeof(*t->outputs))) == NULL)
		return err_nomem(err);
	for (r = l->renditions; r < l->renditions + l->count; r++) {
		key = transcode_key(t, r);
		if (!is_selected(s, conf, &key, r))
			continue;
		if (is_shed(conf, r)) {
			t->shed = true;
			continue;
		}
		t->outputs[t->count].rendition = r;
		buf_init(&t->outputs[t->count].init,
		    2 * LIMIT_CODEC_CONFIG_BYTES);
		/* Headers of a few bytes a sample come on top. */
		buf_init(&t->outputs[t->count].segment,
		    LIMIT_FRAGMENT_BYTES + 64 * LIMIT_FRAGMENT_SAMPLES);
		t->count++;
	}
	return 0;
}

static int
check_info(const struct transcode *t, struct err *err)
{
	const struct fragment_info *info = &t->info;
	bool dependent = (info->flags & FRAGMENT_DEPENDENT) != 0;

	if (dependent != (info->back > 0) || info->back >= info->seq)
		return err_set(err, ERR_DATA,
		    "bad distance %" PRIu32 " to its sync sample", info->back);
	if (info->back > LIMIT_FRAGMENT_BACK)
		return err_set(err, ERR_DATA, "sync sample is %" PRIu32
		    " fragments back, limit %d", info->back,
		    LIMIT_FRAGMENT_BACK);
	return 0;
}

static bool
needs_sound(const struct transcode *t)
{
	const struct transcode_output *out;

	for (out = t->outputs; out < t->outputs + t->count; out++)
		if (out->rendition->kind == TRACK_AUDIO &&
		    !out->rendition->copy)
			return true;
	return false;
}

/* Is the one before only heard, which an encoder of sound does first? */
static bool
hears_before(const struct transcode *t)
{
	return t->info.back == 0 && needs_sound(t) &&
	    (t->info.flags & FRAGMENT_EPOCH_START) == 0;
}

static int
read_info(struct transcode *t, struct spool *s, struct err *err)
{
	if (spool_info(s, &t->key, &t->info, &(uint64_t){ 0 }, err) == -1)
		return -1;
	return check_info(t, err);
}

static void
release_source(struct transcode_source *source)
{
	mp4_release(&source->mp4);
	buf_release(&source->bytes);
}

/* One more source, the original SEQ of the epoch. */
static int
add_source(struct transcode_sources *sources, struct spool *s,
    const struct transcode *t, uint32_t seq, struct err *err)
{
	struct transcode_source *source = &sources->v[sources->n];
	struct spool_key key = t->key;

	key.seq = seq;
	*source = (struct transcode_source){ .mp4 = { .nruns = 0 } };
	buf_init(&source->bytes, LIMIT_FRAGMENT_BYTES);
	if (spool_read(s, &key, &source->bytes, err) == -1 ||
	    mp4_parse(&source->mp4, source->bytes.p, source->bytes.n,
	    err) == -1) {
		release_source(source);
		return -1;
	}
	sources->n++;
	return 0;
}

/*
 * The one before may have expired, or be damaged: that is heard at the border,
 * and no reason to have no sound.
 */
static int
add_before(struct transcode_sources *sources, struct spool *s,
    struct transcode *t, struct err *err)
{
	if (add_source(sources, s, t, t->key.seq - 1, err) == 0)
		return 0;
	if (err->cls != ERR_NONE && err->cls != ERR_DATA &&
	    err->errnum != ENOENT)
		return err_wrap(err, "pre-roll");
	*err = (struct err)ERR_INIT;
	t->unheard = true;
	return 0;
}

/* What the first needs: back to a sync sample, or to hear what was before. */
static int
read_first(struct transcode *t, struct spool *s,
    struct transcode_sources *sources, struct err *err)
{
	uint32_t seq;

	if (hears_before(t) && add_before(sources, s, t, err) == -1)
		return -1;
	for (seq = t->key.seq - t->info.back; seq < t->key.seq; seq++)
		if (add_source(sources, s, t, seq, err) == -1)
			return err_wrap(err, "pre-roll");
	return add_source(sources, s, t, t->key.seq, err);
}

static size_t
bytes_of(const struct transcode_sources *sources)
{
	size_t i, sum = 0;

	for (i = 0; i < sources->n; i++)
		sum += sources->v[i].bytes.n;
	return sum;
}

/* T follows those that SOURCES end with.  What is wrong is told when it is
   the first. */
static bool
read_next(struct transcode *t, struct spool *s,
    struct transcode_sources *sources)
{
	struct err ignored = ERR_INIT;

	return bytes_of(sources) < LIMIT_RUN_BYTES &&
	    read_info(t, s, &ignored) == 0 && t->info.back <= sources->n &&
	    add_source(sources, s, t, t->key.seq, &ignored) == 0;
}

/* The sources that T needs, of which SOURCES have LATER behind its own. */
static void
point(struct transcode *t, const struct transcode_sources *sources,
    size_t later)
{
	const size_t own = sources->n - 1 - later;

	t->nsources = t->info.back + 1;
	if (hears_before(t) && own > 0)
		t->nsources++;
	t->sources = &sources->v[own + 1 - t->nsources];
}

int
transcode_read(struct transcode ts[], size_t n, struct spool *s,
    struct transcode_sources *sources, size_t *ready, struct err *err)
{
	size_t i;

	*sources = (struct transcode_sources){ .n = 0 };
	if (read_info(&ts[0], s, err) == -1)
		return -1;
	sources->v = calloc(ts[0].info.back + 1 + n, sizeof(*sources->v));
	if (sources->v == NULL)
		return err_nomem(err);
	if (read_first(&ts[0], s, sources, err) == -1)
		return -1;
	*ready = 1;
	while (*ready < n && read_next(&ts[*ready], s, sources))
		++*ready;
	for (i = 0; i < *ready; i++)
		point(&ts[i], sources, *ready - 1 - i);
	return 0;
}

void
transcode_release_sources(struct transcode_sources *sources)
{
	size_t i;

	for (i = 0; i < sources->n; i++)
		release_source(&sources->v[i]);
	free(sources->v);
}

/* A ticket stands for the live renditions: those that were shed, too. */
static int
settle_ticket(struct transcode *t, struct spool *s, struct err *err)
{
	if (store_missing(s, t->ladder, PENDING_LIVE, &t->key) != NULL)
		return t->shed ? spool_ticket_defer(s, &t->key, err) : 0;
	return spool_ticket_drop(s, &t->key, err);
}

int
transcode_select(struct transcode *t, struct spool *s,
    const struct transcode_conf *conf, const struct spool_key *key,
    struct err *err)
{
	t->key = *key;
	t->ladder = conf->ladder;
	t->threads = conf->threads;
	if (select_outputs(t, s, conf, err) == -1)
		return -1;
	if (t->count > 0)
		return 1;
	return conf->aim == TRANSCODE_AGAIN ? 0 : settle_ticket(t, s, err);
}

/* 1 when the init segment of OUT is there, 0 when it is not; -1. */
static int
check_init(const struct transcode *t, struct spool *s,
    const struct transcode_output *out, struct err *err)
{
	struct spool_key key = transcode_key(t, out->rendition);
	char path[SPOOL_PATH_BYTES];
	struct buf there;
	int rc = 1;

	spool_init_path(&key, path);
	if (faccessat(s->fd, path, F_OK, 0) == -1 && errno == ENOENT)
		return 0;
	buf_init(&there, LIMIT_FRAGMENT_BYTES);
	if (file_slurp(s->fd, path, &there, err) == -1)
		rc = -1;
	else if (there.n != out->init.n ||
	    memcmp(there.p, out->init.p, there.n) != 0)
		rc = err_set(err, ERR_DATA,
		    "'%s' is there and differs: its parameters changed", path);
	buf_release(&there);
	return rc;
}

static int
publish_init(const struct transcode *t, struct spool *s,
    const struct transcode_output *out, struct err *err)
{
	struct spool_key key = transcode_key(t, out->rendition);
	char path[SPOOL_PATH_BYTES];
	int rc;

	if ((rc = check_init(t, s, out, err)) != 0)
		return rc == -1 ? -1 : 0;
	spool_init_path(&key, path);
	rc = spool_publish(s, path, out->init.p, out->init.n, err);
	/* Somebody else was first: with the same bytes? */
	return rc == 0 ? check_init(t, s, out, err) : rc;
}

static int
publish_output(const struct transcode *t, struct spool *s,
    const struct transcode_output *out, spool_fn *fn, void *arg,
    struct err *err)
{
	struct spool_key key = transcode_key(t, out->rendition);
	char path[SPOOL_PATH_BYTES];
	int rc = 0;

	switch (out->kind) {
	case TRANSCODE_SEGMENT:
	case TRANSCODE_GAP:
		spool_path(&key, path);
		rc = spool_publish(s, path, out->segment.p, out->segment.n,
		    err);
		if (rc == 1)
			rc = fn(&key, arg, err);
		break;
	case TRANSCODE_NONE:
		spool_none_path(&key, path);
		rc = spool_publish(s, path, "", 0, err);
		break;
	}
	return rc == -1 ? -1 : 0;
}

int
transcode_publish(struct transcode *t, struct spool *s, spool_fn *fn,
    void *arg, struct err *err)
{
	size_t i;

	/* A mismatch must be known before anything is published. */
	for (i = 0; i < t->count; i++)
		if (t->outputs[i].kind == TRANSCODE_SEGMENT &&
		    check_init(t, s, &t->outputs[i], err) == -1)
			return -1;
	for (i = 0; i < t->count; i++)
		if (t->outputs[i].kind == TRANSCODE_SEGMENT &&
		    publish_init(t, s, &t->outputs[i], err) == -1)
			return -1;
	for (i = 0; i < t->count; i++)
		if (publish_output(t, s, &t->outputs[i], fn, arg, err) == -1)
			return -1;
	return settle_ticket(t, s, err);
}

void
transcode_release(struct transcode *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		buf_release(&t->outputs[i].init);
		buf_release(&t->outputs[i].segment);
	}
	free(t->outputs);
}
