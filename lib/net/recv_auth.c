#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/auth.h"
#include "net/recv.h"
#include "net/recv_impl.h"
#include "net/starter.h"

#define QUESTION_BYTES	4096

/* One question; with CONN NULL nobody wants the answer any more. */
struct auth_job {
	TAILQ_ENTRY(auth_job)	 entry;
	struct conn		*conn;
	struct auth_process	 process;	/* run 0: not begun */
	struct buf		 question;
};

static void
wipe(struct buf *question)
{
	if (question->p != NULL)
		explicit_bzero(question->p, question->n);
	buf_release(question);
}

static void
job_free(struct auth_job *job)
{
	wipe(&job->question);
	free(job);
}

/* The connection is free to be told. */
static struct conn *
part(struct auth_job *job)
{
	struct conn *c = job->conn;

	if (c == NULL)
		return NULL;
	if (job->process.run != 0)
		c->host->asking--;
	c->job = NULL;
	job->conn = NULL;
	return c;
}

static int
start(struct recv *r, struct auth_job *job, struct err *err)
{
	if (auth_start(r->conf->starter, RECV_AUTH, &job->question,
	    &job->process, err) == -1)
		return -1;
	wipe(&job->question);
	TAILQ_INSERT_TAIL(&r->asking, job, entry);
	r->nasking++;
	job->conn->host->asking++;
	job->conn->due_us = r->now_us + r->conf->auth_us;
	recv_check_by(r, job->conn->due_us);
	return 0;
}

/* An address that was refused has one question at a time. */
static struct auth_job *
next_job(const struct recv *r)
{
	struct auth_job *job;

	TAILQ_FOREACH(job, &r->to_ask, entry)
		if (job->conn->host->faults == 0 ||
		    job->conn->host->asking == 0)
			break;
	return job;
}

/* Start what may be started. */
static void
go_on(struct recv *r)
{
	struct err err = ERR_INIT;
	struct auth_job *job;
	struct conn *c;

	while (r->nasking < LIMIT_RECV_AUTH &&
	    (job = next_job(r)) != NULL) {
		TAILQ_REMOVE(&r->to_ask, job, entry);
		if (start(r, job, &err) == 0)
			continue;
		c = part(job);
		job_free(job);
		conn_tell(c, "publish refused: %s", err.text);
		pub_refuse(r, c, REFUSED_FAILED, "cannot be asked now");
	}
}

void
auth_ask(struct recv *r, struct conn *c, const struct rtmp_event *ev)
{
	const struct auth_facts facts = {
		.app = ev->app,
		.name = ev->name,
		.query = ev->query,
		.ip = c->peer.ip,
		.port = c->peer.port,
	};
	struct err err = ERR_INIT;
	struct auth_job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		pub_refuse(r, c, REFUSED_FAILED, "out of memory");
		return;
	}
	buf_init(&job->question, QUESTION_BYTES);
	if (auth_question(&facts, &job->question, &err) == -1) {
		job_free(job);
		pub_refuse(r, c, REFUSED_NAME, err.text);
		return;
	}
	job->conn = c;
	c->job = job;
	TAILQ_INSERT_TAIL(&r->to_ask, job, entry);
	conn_hold(r, c);
	c->due_us = r->now_us + r->conf->auth_us;
	recv_check_by(r, c->due_us);
	go_on(r);
}

void
auth_forget(struct recv *r, struct conn *c)
{
	struct auth_job *job = c->job;

	if (job == NULL)
		return;
	part(job);
	if (job->process.run != 0) {
		auth_kill(r->conf->starter, &job->process);
		return;		/* freed when it is reaped */
	}
	TAILQ_REMOVE(&r->to_ask, job, entry);
	job_free(job);
}

void
auth_due(struct recv *r, struct conn *c)
{
	auth_forget(r, c);
	conn_tell(c, "publish refused: no answer of '%s' in %g s",
	    r->conf->auth, (double)r->conf->auth_us / 1e6);
	pub_refuse(r, c, REFUSED_FAILED, "no answer");
}

static void
answer(struct recv *r, struct conn *c, enum auth_answer what,
    const char *text)
{
	switch (what) {
	case AUTH_YES:
		pub_admit(r, c, text);
		break;
	case AUTH_NO:
		strangers_wrong_key(r, c, text);
		break;
	case AUTH_BROKEN:
		conn_tell(c, "publish refused: '%s': %s", r->conf->auth,
		    text);
		pub_refuse(r, c, REFUSED_FAILED, "no answer");
		break;
	}
}

void
auth_program(struct recv *r, const struct starter_event *ev)
{
	char text[AUTH_TEXT_BYTES];
	enum auth_answer what;
	struct auth_job *job;
	struct conn *c;

	TAILQ_FOREACH(job, &r->asking, entry)
		if (job->process.run == ev->id)
			break;
	if (job == NULL || ev->what == STARTER_RUNS)
		return;
	TAILQ_REMOVE(&r->asking, job, entry);
	r->nasking--;
	c = part(job);
	what = auth_end(&job->process, ev, text);
	job_free(job);
	if (c != NULL)
		answer(r, c, what, text);
	go_on(r);
}

void
auth_release(struct recv *r)
{
	const struct starter_event over = { .what = STARTER_ENDED };
	char text[AUTH_TEXT_BYTES];
	struct auth_job *job;

	while ((job = TAILQ_FIRST(&r->asking)) != NULL) {
		TAILQ_REMOVE(&r->asking, job, entry);
		auth_kill(r->conf->starter, &job->process);
		auth_end(&job->process, &over, text);
		job_free(job);
	}
}
