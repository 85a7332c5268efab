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

/* What goes into the jail. */
struct inmate {
	const struct worker	*w;
	struct spool		*s;
	struct transcode	*t;
};

static int
read_inside(void *arg, struct err *err)
{
	struct inmate *in = arg;

	return transcode_read(in->t, in->s, err);
}

static int
work_inside(void *arg, struct buf *b, struct err *err)
{
	struct inmate *in = arg;
	const struct transcode *t = in->t;
	const struct transcode_output *out;

	if (transcode_run(in->t, err) == -1)
		return -1;
	in->w->made(t);
	for (out = t->outputs; out < t->outputs + t->count; out++) {
		buf_put_u32(b, out->kind);
		buf_put_u32(b, (uint32_t)out->init.n);
		buf_put_u32(b, (uint32_t)out->segment.n);
		buf_put(b, out->init.p, out->init.n);
		buf_put(b, out->segment.p, out->segment.n);
	}
	return 0;
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

static int
run_jailed(const struct worker *w, struct spool *s, struct transcode *t,
    struct err *err)
{
	struct inmate in = { w, s, t };
	struct jail j = w->jail;
	struct buf b;
	size_t i;
	int rc;

	j.readable = s->dir;
	j.read = read_inside;
	j.work = work_inside;
	j.arg = &in;
	j.output_max = 0;
	for (i = 0; i < t->count; i++)
		j.output_max += HEAD_BYTES + t->outputs[i].init.max +
		    t->outputs[i].segment.max;
	buf_init(&b, j.output_max);
	rc = jail_run(&j, &b, err);
	if (rc == 0)
		rc = take_outputs(t, &b, err);
	buf_release(&b);
	return rc;
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

static int
make(const struct worker *w, struct spool *s, struct transcode *t,
    struct err *err)
{
	int rc;

	if (failed_parked(s, &t->key))
		return refuse_parked(s, &t->key, err);
	rc = run_jailed(w, s, t, err);
	if (rc == 0)
		return publish(w, s, t, err);
	return rc == 1 && is_to_blame(err->cls) ?
	    note(w, s, &t->key, err) : -1;
}

static int
compare(const struct worker *w, struct spool *s, struct transcode *t,
    struct err *err)
{
	if (run_jailed(w, s, t, err) != 0)
		return -1;
	return transcode_compare(t, s, w->differs, s, err);
}

int
worker_run(const struct worker *w, struct spool *s,
    const struct spool_key *key, struct err *err)
{
	struct transcode_conf conf = w->transcode;
	struct transcode t = { 0 };
	int rc;

	if (w->late > 0) {
		if (w->behind >= 0)
			conf.behind = (uint32_t)w->behind;
		else if (pending_behind(s, key, &conf.behind, err) == -1)
			return -1;
		if (conf.behind > w->late)
			return spool_ticket_defer(s, key, err);
	}
	rc = transcode_select(&t, s, &conf, key, err);
	if (rc == 1)
		rc = w->transcode.aim == TRANSCODE_AGAIN ?
		    compare(w, s, &t, err) : make(w, s, &t, err);
	transcode_release(&t);
	return rc;
}
