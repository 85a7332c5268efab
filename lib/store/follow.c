#include "store/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/dash.h"
#include "store/spool.h"
#include "store/storyboard.h"
#include "store/timeline.h"

#define LOOK_US		1000000
/* A stream that did not move for so many looks is looked at less often. */
#define IDLE_LOOKS	60
#define IDLE_EVERY	10

struct follow_stream {
	struct timeline	t;
	uint32_t	newest;		/* seq, when last written */
	int64_t		quiet_us;	/* monotonic: when it has to be asked
					   whether it is over */
	unsigned	idle;		/* looks since it moved */
	bool		touched;	/* to be written */
	bool		told;		/* by its name, since the last look */
	bool		complete;	/* waits for no rendition */
	bool		warned;		/* about TARGETDURATION */
};

void
follow_init(struct follow *f, struct spool *s, const struct hls_conf *conf,
    char *const *only, size_t nonly, hls_written_fn *written, void *arg)
{
	*f = (struct follow){ .s = s, .conf = conf, .only = only,
	    .nonly = nonly, .written = written, .arg = arg };
}

void
follow_release(struct follow *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		timeline_release(&f->streams[i].t);
	free(f->streams);
	memset(f, 0, sizeof(*f));
}

static bool
wanted(const struct follow *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->nonly; i++)
		if (strcmp(f->only[i], name) == 0)
			return true;
	return f->nonly == 0;
}

/* Where NAME is or belongs in the sorted array. */
static size_t
position(const struct follow *f, const char *name, bool *found)
{
	size_t low = 0, high = f->count, mid;
	int order;

	while (low < high) {
		mid = low + (high - low) / 2;
		order = strcmp(f->streams[mid].t.stream, name);
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*found = false;
	return low;
}

static int
add_stream(struct follow *f, const char *name, struct err *err)
{
	struct follow_stream *more;
	size_t at;
	bool found;

	at = position(f, name, &found);
	if (found || !wanted(f, name))
		return 0;
	more = realloc(f->streams, (f->count + 1) * sizeof(*more));
	if (more == NULL)
		return err_nomem(err);
	f->streams = more;
	memmove(&more[at + 1], &more[at], (f->count - at) * sizeof(*more));
	memset(&more[at], 0, sizeof(*more));
	snprintf(more[at].t.stream, sizeof(more[at].t.stream), "%s", name);
	more[at].touched = true;
	f->count++;
	return 0;
}

/* Learn of new streams: those with originals, and those asked for. */
static int
add_streams(struct follow *f, struct err *err)
{
	char **names;
	size_t i;
	int rc = 0;

	for (i = 0; i < f->nonly; i++)
		if (add_stream(f, f->only[i], err) == -1)
			return -1;
	if (f->nonly > 0)
		return 0;
	if ((names = spool_streams(f->s, err)) == NULL)
		return -1;
	for (i = 0; names[i] != NULL && rc == 0; i++)
		rc = add_stream(f, names[i], err);
	spool_free_names(names);
	return rc;
}

/*
 * Has nothing come for as long as a publisher may be away?  Only the clock of
 * the file system is asked, and only when it may be so.  0 or -1.
 */
static int
find_over(struct follow *f, struct follow_stream *fs, uint32_t newest,
    struct err *err)
{
	int64_t linger_us = f->conf->linger_us, now_us, mtime_us;
	int64_t mono_us = clock_mono_us();
	bool first = fs->newest == 0, moved = newest != fs->newest;

	if (linger_us == 0 || f->conf->kind == PLAYLIST_VOD)
		return 0;
	if (moved && !first) {
		fs->t.over = false;
		fs->quiet_us = mono_us + linger_us;
		return 0;
	}
	if (fs->t.over || mono_us < fs->quiet_us)
		return 0;
	if (spool_now_us(f->s, &now_us, err) == -1 ||
	    timeline_written_us(f->s, fs->t.stream, newest, &mtime_us,
	    err) == -1)
		return -1;
	fs->t.over = now_us - mtime_us > linger_us;
	fs->quiet_us = mono_us + linger_us - (now_us - mtime_us) + LOOK_US;
	return 0;
}

/* The numbers that are to be listed.  1, 0 when there are none, -1. */
static int
find_range(struct follow *f, struct follow_stream *fs, uint32_t *first,
    uint32_t *last, struct err *err)
{
	int rc = timeline_newest(&fs->t, f->s, last, err);

	if (rc != 1)
		return rc;
	if (f->conf->clip)
		return hls_clip(f->s, fs->t.stream, f->conf, first, last, err);
	*first = hls_first_seq(f->conf, *last);
	return find_over(f, fs, *last, err) == -1 ? -1 : 1;
}

/* 1, 0 when the stream has nothing, -1. */
static int
write_stream(struct follow *f, struct follow_stream *fs, struct err *err)
{
	struct hls_result result;
	uint32_t first, newest;
	int rc;

	if ((rc = find_range(f, fs, &first, &newest, err)) != 1)
		return rc;
	if (timeline_load(&fs->t, f->s, first, newest, err) == -1 ||
	    hls_publish(f->s, &fs->t, f->conf, f->written, f->arg, &result,
	    err) == -1 ||
	    storyboard_publish(f->s, &fs->t, f->conf, f->written, f->arg,
	    err) == -1 ||
	    dash_publish(f->s, &fs->t, f->conf, f->written, f->arg, err) == -1)
		return -1;
	if (result.overlong && !fs->warned)
		log_warning("stream '%s' has segments that are too long: "
		    "TARGETDURATION follows the longest", fs->t.stream);
	fs->warned = result.overlong;
	if (newest != fs->newest)
		fs->idle = 0;
	fs->newest = newest;
	fs->complete = result.complete;
	return 1;
}

int
follow_once(struct follow *f, struct err *err)
{
	struct err first = ERR_INIT;
	size_t i;
	int rc;

	if (add_streams(f, err) == -1)
		return -1;
	for (i = 0; i < f->count; i++) {
		rc = write_stream(f, &f->streams[i], err);
		if (rc == 0 && f->nonly > 0)
			rc = err_set(err, ERR_INPUT,
			    "nothing is stored of stream '%s'%s",
			    f->streams[i].t.stream,
			    f->conf->clip ? " in that time" : "");
		if (rc == -1 && first.cls == ERR_NONE)
			first = *err;
		else if (rc == -1)
			log_error("%s", err->text);
	}
	*err = first;
	return first.cls == ERR_NONE ? 0 : -1;
}

void
follow_touch(struct follow *f, const char *stream)
{
	struct err err = ERR_INIT;
	size_t i;
	bool found;

	if (stream == NULL) {
		for (i = 0; i < f->count; i++)
			f->streams[i].touched = true;
		return;
	}
	i = position(f, stream, &found);
	if (found)
		f->streams[i].touched = f->streams[i].told = true;
	else if (add_stream(f, stream, &err) == -1)
		log_warning("%s", err.text);	/* the next look adds it */
}

/*
 * Did it change without a touch?  A newer fragment, or perhaps a rendition
 * that was waited for.  Streams that rest take turns.
 */
static bool
moved(struct follow *f, struct follow_stream *fs, size_t i)
{
	struct err err = ERR_INIT;
	uint32_t newest = 0;

	if (f->conf->linger_us != 0 && !fs->t.over &&
	    clock_mono_us() >= fs->quiet_us)
		return true;
	if (fs->idle >= IDLE_LOOKS && (f->looks + i) % IDLE_EVERY != 0)
		return false;
	if (fs->idle < IDLE_LOOKS)
		fs->idle++;
	if (!fs->complete)
		return true;
	if (timeline_newest(&fs->t, f->s, &newest, &err) == -1)
		log_warning("%s", err.text);
	return newest != fs->newest;
}

static void
look(struct follow *f)
{
	struct follow_stream *fs;
	struct err err = ERR_INIT;
	size_t i;

	if (add_streams(f, &err) == -1)
		log_warning("%s", err.text);
	for (i = 0; i < f->count; i++) {
		fs = &f->streams[i];
		/* It was written since: the next look will do. */
		if (!fs->touched && !fs->told)
			fs->touched = moved(f, fs, i);
		fs->told = false;
	}
	f->looks++;
}

int64_t
follow_update(struct follow *f)
{
	struct follow_stream *fs;
	struct err err = ERR_INIT;
	int64_t now_us = clock_mono_us(), left_us;
	size_t i;

	if (now_us >= f->next_us) {
		look(f);
		f->next_us = now_us + LOOK_US;
	}
	for (i = 0; i < f->count; i++) {
		fs = &f->streams[i];
		if (!fs->touched)
			continue;
		fs->touched = false;
		if (write_stream(f, fs, &err) == -1) {
			log_error("%s", err.text);
			fs->complete = false;	/* try at the next look */
		}
	}
	left_us = f->next_us - clock_mono_us();
	return left_us < 0 ? 0 : left_us;
}
