/* The media of one segment or part against its init segment. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/check_impl.h"

/* Decode times that are so near continue each other. */
#define CLOCK_SLACK_US	1000

int64_t
check_us(uint64_t ticks, uint32_t timescale)
{
	uint64_t ts = timescale == 0 ? 1 : timescale;

	return (int64_t)(ticks / ts * 1000000 + ticks % ts * 1000000 / ts);
}

/* Video if there is any, else the first track: what EXTINF is about. */
static const struct track *
reference(const struct mp4 *m)
{
	size_t i;

	for (i = 0; i < m->ntracks; i++)
		if (m->tracks[i].kind == TRACK_VIDEO)
			return &m->tracks[i];
	return m->ntracks == 0 ? NULL : &m->tracks[0];
}

static struct check_clock *
clock_of(struct check_walk *w, uint32_t id)
{
	size_t i;

	for (i = 0; i < w->nclocks; i++)
		if (w->clocks[i].id == id)
			return &w->clocks[i];
	return NULL;
}

/* RUN goes on where its track was. */
static void
follow_clock(struct check *c, struct check_list *l, size_t line,
    const struct track *t, const struct mp4_run *run, uint64_t end)
{
	struct check_walk *w = &l->walk;
	struct check_clock *clock = clock_of(w, run->track_id);
	int64_t off_us;

	if (clock == NULL) {
		if (w->nclocks == MP4_TRACKS_MAX)
			return;
		clock = &w->clocks[w->nclocks++];
		clock->id = run->track_id;
		clock->next = run->dts;
	}
	off_us = run->dts >= clock->next ?
	    check_us(run->dts - clock->next, t->timescale) :
	    -check_us(clock->next - run->dts, t->timescale);
	if (off_us > CLOCK_SLACK_US || off_us < -CLOCK_SLACK_US)
		check_say(c, l, line, "HLS 4.4.4.3", "track %" PRIu32
		    " begins at %" PRIu64 "/%" PRIu32 " s, %+.6f s from where"
		    " it ended, and there is no EXT-X-DISCONTINUITY",
		    run->track_id, run->dts, t->timescale,
		    (double)off_us / 1e6);
	clock->next = end;
}

/* What is known of the segment from one more moof of it. */
static void
add_run(struct check *c, struct check_list *l, size_t line,
    const struct mp4 *m, const struct mp4_run *run, bool advance,
    struct check_media_facts *f)
{
	const struct track *t = mp4_track(m, run->track_id);
	uint64_t end = run->dts, longest = 0;
	size_t i;

	if (t == NULL || run->count == 0)
		return;		/* of another kind: subtitles, metadata */
	for (i = 0; i < run->count; i++) {
		end += run->samples[i].duration;
		if (run->samples[i].duration > longest)
			longest = run->samples[i].duration;
	}
	if (advance)
		follow_clock(c, l, line, t, run, end);
	if (t != reference(m))
		return;
	if (!f->timed) {
		f->timed = true;
		f->start_us = check_us(run->dts, t->timescale);
		f->starts_sync = run->samples[0].sync;
	}
	f->end_us = check_us(end, t->timescale);
	if (check_us(longest, t->timescale) > f->frame_us)
		f->frame_us = check_us(longest, t->timescale);
	if (t->kind == TRACK_VIDEO)
		f->frames += (uint32_t)run->count;
}

/*
 * The init segment and N bytes at P that begin with a moof, as one file of
 * TOTAL bytes behind the init segment; what is not there is zeroes.
 */
static int
parse_behind_init(struct check *c, const struct check_list *l,
    const uint8_t *p, size_t n, size_t total, struct mp4 *m, struct err *err)
{
	struct buf *b = &c->scratch;
	uint8_t *room;

	buf_reset(b);
	buf_put(b, l->walk.init.p, l->walk.init.n);
	if ((room = buf_room(b, total)) == NULL)
		return buf_ok(b, err);
	memcpy(room, p, n);
	memset(room + n, 0, total - n);
	b->n += total;
	return mp4_parse(m, b->p, b->n, err);
}

/* Of P from AT on: the next moof, up to where the one after it begins. */
static int
next_moof(const uint8_t *p, size_t n, size_t *at, size_t *end,
    struct err *err)
{
	uint64_t bytes;
	uint32_t type;
	bool found = false;
	size_t i;
	int rc;

	for (i = *at; i < n; i += (size_t)bytes) {
		rc = mp4_box(p + i, n - i, &bytes, &type, err);
		if (rc == 1 && bytes > n - i)
			rc = err_set(err, ERR_DATA, "cut short");
		if (rc == 0)
			rc = err_set(err, ERR_DATA, "cut short");
		if (rc == -1)
			return err_wrap(err, "box at byte %zu", i);
		if (type != MP4_TYPE('m', 'o', 'o', 'f'))
			continue;
		if (found)
			break;
		found = true;
		*at = i;
	}
	*end = i;
	return found;
}

int
check_mp4(struct check *c, struct check_list *l, size_t line,
    const uint8_t *p, size_t n, bool advance, struct check_media_facts *f,
    struct err *err)
{
	struct mp4 m = { 0 };
	size_t at = 0, end = 0, i;
	int rc, moofs = 0;

	memset(f, 0, sizeof(*f));
	for (; (rc = next_moof(p, n, &at, &end, err)) == 1; at = end) {
		moofs++;
		rc = parse_behind_init(c, l, p + at, end - at, end - at, &m,
		    err);
		for (i = 0; rc == 0 && i < m.nruns; i++)
			add_run(c, l, line, &m, &m.runs[i], advance, f);
		mp4_release(&m);
		if (rc == -1)
			break;
	}
	if (rc == -1 && err->cls != ERR_DATA)
		return -1;
	if (rc == -1)
		check_say(c, l, line, "HLS 3.1.2", "%s", err->text);
	else if (moofs == 0)
		check_say(c, l, line, "HLS 3.1.2", "no moof");
	return 0;
}

/* How much of the N bytes, and of zeroes behind them, there is to parse. */
static size_t
whole_bytes(const uint8_t *p, size_t n)
{
	struct err err = ERR_INIT;
	uint64_t bytes;
	uint32_t type;
	size_t i;

	for (i = 0; i < n; i += (size_t)bytes) {
		if (mp4_box(p + i, n - i, &bytes, &type, &err) != 1 ||
		    bytes > LIMIT_FRAGMENT_BYTES)
			return n;
		if (bytes > n - i)
			return i + (size_t)bytes;
	}
	return n;
}

int
check_iframe(struct check *c, struct check_list *l, size_t line,
    const uint8_t *p, size_t n, struct check_media_facts *f, struct err *err)
{
	const struct mp4_sample *first = NULL;
	size_t init = l->walk.init.n;
	struct mp4 m = { 0 };
	const struct track *t;
	int rc;

	memset(f, 0, sizeof(*f));
	rc = parse_behind_init(c, l, p, n, whole_bytes(p, n), &m, err);
	if (rc == 0 && m.nruns > 0 && m.runs[0].count > 0 &&
	    (t = mp4_track(&m, m.runs[0].track_id)) != NULL) {
		first = &m.runs[0].samples[0];
		f->timed = true;
		f->start_us = check_us(m.runs[0].dts, t->timescale);
		f->frame_us = check_us(first->duration, t->timescale);
	}
	if (rc == -1 && err->cls == ERR_DATA)
		check_say(c, l, line, "Apple 6.10", "%s", err->text);
	else if (rc == 0 && first == NULL)
		check_say(c, l, line, "Apple 6.10",
		    "no moof of a known track in the range");
	else if (rc == 0 && !first->sync)
		check_say(c, l, line, "Apple 6.10", "not an I-frame");
	else if (rc == 0 && (size_t)(first->p - c->scratch.p) - init +
	    first->bytes > n)
		check_say(c, l, line, "Apple 6.10",
		    "the range ends within the I-frame");
	mp4_release(&m);
	return rc == -1 && err->cls != ERR_DATA ? -1 : 0;
}
