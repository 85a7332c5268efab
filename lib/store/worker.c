#include "store/worker.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/rd.h"
#include "store/failed.h"
#include "store/ladder.h"

/* Kind and two lengths in front of each output. */
#define HEAD_BYTES	12

/* Originals that share a jail. */
struct run {
	const struct worker	*w;
	struct spool		*s;
	struct transcode	*ts;
	size_t			 n, ended;
	struct buf		 piece;		/* in the child */
	struct transcode_sources sources;	/* in the child */
	size_t			 ready;		/* in the child */
	worker_done_fn		*done;
	void			*arg;
};

static int
read_inside(void *arg, struct err *err)
{
	struct run *run = arg;

	return transcode_read(run->ts, run->n, run->s, &run->sources,
	    &run->ready, err);
}

static int
hand_back(struct transcode *t, void *arg, struct err *err)
{
	struct run *run = arg;
	struct transcode_output *out;
	struct buf *b = &run->piece;

	run->w->made(t);
	buf_reset(b);
	for (out = t->outputs; out < t->outputs + t->count; out++) {
		buf_put_u32(b, out->kind);
		buf_put_u32(b, (uint32_t)out->init.n);
		buf_put_u32(b, (uint32_t)out->segment.n);
		buf_put(b, out->init.p, out->init.n);
		buf_put(b, out->segment.p, out->segment.n);
		buf_release(&out->init);
		buf_release(&out->segment);
	}
	return jail_put(b, err);
}

static int
work_inside(void *arg, struct err *err)
{
	struct run *run = arg;

	return transcode_run(run->ts, run->ready, hand_back, run, err);
}

static int
check_file(const struct transcode *t, const struct transcode_output *out,
    const struct buf *b, uint32_t seq, struct err *err)
{
	struct fragment_info info;

	if (fragment_check(b->p, b->n, &info, err) == -1)
		return -1;
	if (info.epoch != t->key.epoch || info.seq != seq || info.name !=
	    fragment_name(t->key.stream, out->rendition->name))
		return err_set(err, ERR_DATA, "it says that it is another");
	return 0;
}

static int
check_output(const struct transcode *t, const struct transcode_output *out,
    struct err *err)
{
	if (out->kind == TRANSCODE_NONE)
		return 0;
	if (out->kind == TRANSCODE_SEGMENT &&
	    check_file(t, out, &out->init, 0, err) == -1)
		return -1;
	return check_file(t, out, &out->segment, t->key.seq, err);
}

static int
take_output(const struct transcode *t, struct transcode_output *out,
    struct rd *r, struct err *err)
{
	uint32_t kind = rd_u32(r), init = rd_u32(r), segment = rd_u32(r);
	const uint8_t *p = rd_bytes(r, init), *q = rd_bytes(r, segment);

	if (r->bad || kind > TRANSCODE_GAP)
		return err_set(err, ERR_BUG, "what came out is no rendition");
	out->kind = (enum transcode_kind)kind;
	buf_put(&out->init, p, init);
	buf_put(&out->segment, q, segment);
	if (buf_ok(&out->init, err) == -1 || buf_ok(&out->segment, err) == -1 ||
	    check_output(t, out, err) == -1)
		return err_wrap(err, "what came out for '%s'",
		    out->rendition->name);
	return 0;
}

static int
take_outputs(struct transcode *t, const struct buf *b, struct err *err)
{
	struct rd r;
	size_t i;

	rd_init(&r, b->p, b->n, 0);
	for (i = 0; i < t->count; i++)
		if (take_output(t, &t->outputs[i], &r, err) == -1)
			return -1;
	return 0;
}

/*
 * What another try may fail of as well.  A file that cannot be read, a ladder
 * or a library that is wrong: the fragment is not to blame.
 */
static bool
is_to_blame(enum err_class cls)
{
	return cls == ERR_DATA || cls == ERR_BUG || cls == ERR_AGAIN ||
	    cls == ERR_OS;
}

/* The try failed of what ERR says, which stays. */
static int
note(const struct worker *w, struct spool *s, const struct spool_key *key,
    struct err *err)
{
	struct err other = ERR_INIT;
	int rc = failed_note(s, key, w->tries, err->text, &other);

	if (rc == -1)
		log_warning("%s", other.text);
	if (rc == 1)
		log_error("stream '%s', fragment %" PRIu32 ": given up after "
		    "%u tries", key->stream, key->seq, w->tries);
	return -1;
}

static int
refuse_parked(struct spool *s, const struct spool_key *key, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct buf reason;

	buf_init(&reason, LIMIT_FAILED_BYTES);
	if (failed_reason(s, key, &reason, &ignored) == -1)
		buf_reset(&reason);
	err_set(err, ERR_DATA, "parked as failed: %.*s", (int)reason.n,
	    reason.n > 0 ? (const char *)reason.p : "");
	buf_release(&reason);
	if (spool_ticket_drop(s, key, &ignored) == -1)
		log_warning("%s", ignored.text);
	return -1;
}

/* What failed before is no matter any more. */
static int
publish(const struct worker *w, struct spool *s, struct transcode *t,
    struct err *err)
{
	if (transcode_publish(t, s, w->published, s, err) == -1)
		return -1;
	return failed_forget(s, &t->key, err) == -1 ? -1 : 0;
}

static bool
is_stopped(const struct worker *w)
{
	return w->stop != NULL && *w->stop != 0;
}

static int
deliver(struct run *run, struct transcode *t, const struct buf *piece,
    struct err *err)
{
	const struct worker *w = run->w;

	if (take_outputs(t, piece, err) == -1)
		return -1;
	if (w->transcode.aim == TRANSCODE_AGAIN)
		return transcode_compare(t, run->s, w->differs, run->s, err);
	return publish(w, run->s, t, err);
}

/* In the parent: PIECE is the next original. */
static int
take(void *arg, const struct buf *piece, struct err *err)
{
	struct run *run = arg;
	struct transcode *t = &run->ts[run->ended];

	if (deliver(run, t, piece, err) == -1)
		return -1;
	transcode_release(t);
	run->ended++;
	run->done(&t->key, 0, err, run->arg);
	return is_stopped(run->w);
}

static size_t
piece_max(const struct transcode ts[], size_t n)
{
	const struct transcode_output *out;
	size_t i, sum, max = 0;

	for (i = 0; i < n; i++) {
		sum = 0;
		for (out = ts[i].outputs; out < ts[i].outputs + ts[i].count;
		    out++)
			sum += HEAD_BYTES + out->init.max + out->segment.max;
		max = sum > max ? sum : max;
	}
	return max;
}

/* 0; 1 when the next one failed in the jail, or -1. */
static int
run_jailed(struct run *run, struct err *err)
{
	struct jail j = run->w->jail;
	int rc;

	j.readable = run->s->dir;
	j.pieces_max = run->n;
	j.piece_max = piece_max(run->ts, run->n);
	j.read = read_inside;
	j.work = work_inside;
	j.take = take;
	j.arg = run;
	buf_init(&run->piece, j.piece_max);
	rc = jail_run(&j, err);
	if (run->ended == run->n)
		return 0;	/* whatever it did afterwards */
	if (rc == 0 && run->ended == 0)
		return err_set(err, ERR_BUG, "nothing came out");
	return rc;
}

/* The next one has failed. */
static void
fail(struct run *run, int rc, struct err *err)
{
	struct transcode *t = &run->ts[run->ended++];

	if (rc == 1 && is_to_blame(err->cls) &&
	    run->w->transcode.aim != TRANSCODE_AGAIN)
		note(run->w, run->s, &t->key, err);
	run->done(&t->key, -1, err, run->arg);
	transcode_release(t);
}

/*
 * Together; what fails there, alone, unless there is no time left for that.
 * When nothing came of them together, all of them are.
 */
static void
run_all(const struct run *all)
{
	struct run run = *all;
	size_t left = all->n, alone = 0;
	struct err err;
	int rc;

	for (; left > 0 && !is_stopped(run.w); left -= run.ended) {
		run.ts += run.ended;
		run.ended = 0;
		run.n = alone > 0 ? 1 : left;
		err = (struct err)ERR_INIT;
		rc = run_jailed(&run, &err);
		if (alone > 0)
			alone--;
		else if (rc != 0)
			alone = run.ended > 0 ? 1 : left;
		if (rc != 0 && (run.n == 1 || is_stopped(run.w)))
			fail(&run, rc, &err);
	}
	for (run.ts += run.ended; left > 0; left--)
		transcode_release(run.ts++);
}

/* 1 when T is to be made, 0 when there is nothing to do, or -1. */
static int
prepare(const struct worker *w, struct spool *s, const struct spool_key *key,
    struct transcode *t, struct err *err)
{
	struct transcode_conf conf = w->transcode;
	int rc;

	*t = (struct transcode){ .count = 0 };
	if (w->late > 0) {
		if (w->behind >= 0)
			conf.behind = (uint32_t)w->behind;
		else if (pending_behind(s, key, &conf.behind, err) == -1)
			return -1;
		if (conf.behind > w->late)
			return spool_ticket_defer(s, key, err);
	}
	rc = transcode_select(t, s, &conf, key, err);
	if (rc == 1 && conf.aim != TRANSCODE_AGAIN && failed_parked(s, key))
		rc = refuse_parked(s, key, err);
	if (rc != 1)
		transcode_release(t);
	return rc;
}

void
worker_run(const struct worker *w, struct spool *s,
    const struct spool_key keys[], size_t n, worker_done_fn *done, void *arg)
{
	struct transcode ts[LIMIT_RUN_FRAGMENTS];
	struct run run = { .w = w, .s = s, .ts = ts, .done = done,
	    .arg = arg };
	struct err err = ERR_INIT;
	size_t i;
	int rc;

	for (i = 0; i < n && !is_stopped(w); i++) {
		err = (struct err)ERR_INIT;
		rc = prepare(w, s, &keys[i], &ts[run.n], &err);
		run.n += rc == 1;
		if (rc == 1 && i < n - 1)
			continue;
		run_all(&run);
		run.n = 0;
		if (rc != 1 && !is_stopped(w))
			done(&keys[i], rc, &err, arg);
	}
}
