#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "net/recv.h"
#include "net/recv_impl.h"

void
pub_refuse(struct recv *r, struct conn *c, enum recv_refusal why,
    const char *reason)
{
	static const enum rtmp_refusal codes[] = {
		[REFUSED_KEY] = RTMP_REFUSE_DENIED,
		[REFUSED_NAME] = RTMP_REFUSE_BAD_NAME,
		[REFUSED_BUSY] = RTMP_REFUSE_BAD_NAME,
		[REFUSED_FULL] = RTMP_REFUSE_FAILED,
		[REFUSED_FAILED] = RTMP_REFUSE_FAILED,
	};

	r->stats.refused[why]++;
	conn_tell(c, "publish refused: %s", reason);
	rtmp_refuse(&c->rtmp, codes[why], reason, &c->out);
	conn_linger(r, c);
}

/* The value of "key=" in QUERY into OUT.  False when there is none. */
static bool
query_key(const char *query, char *out, size_t out_bytes)
{
	size_t n;

	for (; *query != '\0'; query += n + (query[n] == '&')) {
		n = strcspn(query, "&");
		if (strncmp(query, "key=", 4) != 0 || n - 4 >= out_bytes)
			continue;
		memcpy(out, query + 4, n - 4);
		out[n - 4] = '\0';
		return true;
	}
	return false;
}

/* With keys: what is in EV names the stream and proves it, or is refused. */
static bool
find_stream(struct recv *r, struct conn *c, const struct rtmp_event *ev,
    char stream[NAME_BYTES])
{
	struct err err = ERR_INIT;
	char key[LIMIT_RTMP_NAME_BYTES];
	bool named = query_key(ev->query, key, sizeof(key));
	int rc;

	rc = keys_find(&r->keys, named ? ev->name : NULL,
	    named ? key : ev->name, stream, &err);
	explicit_bzero(key, sizeof(key));
	if (rc == 1)
		return true;
	if (rc == -1)
		pub_refuse(r, c, REFUSED_FAILED, err.text);
	else
		strangers_wrong_key(r, c, "bad key");
	return false;
}

static struct pub *
find_pub(const struct recv *r, const char *stream)
{
	struct pub *p;

	TAILQ_FOREACH(p, &r->pubs, entry)
		if (strcmp(p->stream, stream) == 0)
			return p;
	return NULL;
}

/* C follows P, whose publisher and handler end first. */
static void
take_over(struct recv *r, struct pub *p, struct conn *c)
{
	struct conn *old = p->conn != NULL ? p->conn : p->heir;

	if (old != NULL && r->conf->busy_refuse) {
		pub_refuse(r, c, REFUSED_BUSY, "the stream is in use");
		return;
	}
	if (old != NULL) {
		if (r->now_us - p->takeovers_us[0] < RECV_TAKEOVER_US) {
			pub_refuse(r, c, REFUSED_BUSY,
			    "the stream was taken over too often");
			return;
		}
		r->stats.takeovers++;
		memmove(p->takeovers_us, p->takeovers_us + 1,
		    sizeof(p->takeovers_us) - sizeof(p->takeovers_us[0]));
		p->takeovers_us[RECV_TAKEOVERS - 1] = r->now_us;
		conn_tell(old, "stream '%s': taken over by %s", p->stream,
		    c->peer.text);
	}
	if (p->heir != NULL)
		conn_close(r, p->heir);
	p->heir = c;
	c->waits = p;
	strangers_publish(r, c, true);
	conn_hold(r, c);
	if (p->kill_us == RECV_NEVER) {
		p->kill_us = r->now_us + RECV_HANDLER_END_US;
		recv_check_by(r, p->kill_us);
	}
	if (p->conn != NULL)
		conn_close(r, p->conn);
}

void
pub_admit(struct recv *r, struct conn *c, const char *stream)
{
	static const int64_t no_takeovers_us[RECV_TAKEOVERS] = {
		-RECV_TAKEOVER_US, -RECV_TAKEOVER_US, -RECV_TAKEOVER_US
	};
	struct pub *p;

	if ((r->conf->once && r->served) ||
	    ((r->conf->once || !r->conf->handler) && !TAILQ_EMPTY(&r->pubs)))
		pub_refuse(r, c, REFUSED_BUSY, "another one publishes");
	else if ((p = find_pub(r, stream)) != NULL)
		take_over(r, p, c);
	else if (r->npubs >= r->conf->max_publishers)
		pub_refuse(r, c, REFUSED_FULL, "too many publishers");
	else
		pub_start(r, c, stream, no_takeovers_us);
}

void
pub_request(struct recv *r, struct conn *c, const struct rtmp_event *ev)
{
	char stream[NAME_BYTES];

	if (r->conf->auth != NULL)
		auth_ask(r, c, ev);
	else if (r->conf->keys_file == NULL && name_ok(ev->name))
		pub_admit(r, c, ev->name);
	else if (r->conf->keys_file == NULL)
		/* Not repeated in the log: it may be somebody's secret. */
		pub_refuse(r, c, REFUSED_NAME, "bad stream name");
	else if (find_stream(r, c, ev, stream))
		pub_admit(r, c, stream);
}
