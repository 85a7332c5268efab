#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/origin_impl.h"

#define SECOND_US	INT64_C(1000000)

static void
conn_open(struct origin *o, struct MHD_Connection *con, void **context)
{
	struct conn *c = calloc(1, sizeof(*c));

	*context = c;
	if (c == NULL)
		return;		/* its first request is refused */
	c->con = con;
	c->fd = MHD_get_connection_info(con,
	    MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	c->tls = MHD_get_connection_info(con,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION) != NULL;
	c->until_us = clock_mono_us() + LIMIT_HTTP_REQUEST_S * SECOND_US;
	count(o, COUNT_CONNECTIONS, 1);
	pthread_mutex_lock(&o->conns_lock);
	TAILQ_INSERT_TAIL(&o->conns, c, entry);
	o->nconns++;
	pthread_mutex_unlock(&o->conns_lock);
}

/* Before libmicrohttpd closes the socket: whoever has the lock may use it. */
static void
conn_close(struct origin *o, struct conn *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&o->conns_lock);
	TAILQ_REMOVE(&o->conns, c, entry);
	o->nconns--;
	pthread_mutex_unlock(&o->conns_lock);
	free(c);
}

void
on_connection(void *arg, struct MHD_Connection *con, void **socket_context,
    enum MHD_ConnectionNotificationCode what)
{
	switch (what) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		conn_open(arg, con, socket_context);
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		conn_close(arg, *socket_context);
		break;
	}
}

struct conn *
conn_of(struct MHD_Connection *con)
{
	return MHD_get_connection_info(con,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void
conn_begin(struct origin *o, struct conn *c)
{
	atomic_fetch_add(&o->active, 1);
	count(o, COUNT_REQUESTS, 1);
	c->begun_us = clock_mono_us();
	c->status = 0;
	c->bytes = 0;
	pthread_mutex_lock(&o->conns_lock);
	c->busy = true;
	c->until_us = INT64_MAX;
	pthread_mutex_unlock(&o->conns_lock);
}

void
conn_answer(struct origin *o, struct conn *c, uint64_t bytes)
{
	int64_t until_us = clock_mono_us() + (LIMIT_HTTP_IDLE_S +
	    (int64_t)(bytes / LIMIT_HTTP_SLOWEST_BYTES)) * SECOND_US;

	pthread_mutex_lock(&o->conns_lock);
	c->until_us = until_us;
	pthread_mutex_unlock(&o->conns_lock);
}

void
conn_end(struct origin *o, struct conn *c)
{
	int64_t until_us = clock_mono_us() + LIMIT_HTTP_REQUEST_S * SECOND_US;

	atomic_fetch_sub(&o->active, 1);
	hold_forget(o, c);
	report(o, c);
	pthread_mutex_lock(&o->conns_lock);
	c->busy = false;
	c->until_us = until_us;
	if (c->last)		/* its end is what libmicrohttpd reads next */
		shutdown(c->fd, SHUT_RD);
	pthread_mutex_unlock(&o->conns_lock);
}

void
conns_sweep(struct origin *o, int64_t now_us)
{
	struct conn *c;

	pthread_mutex_lock(&o->conns_lock);
	TAILQ_FOREACH(c, &o->conns, entry) {
		if (c->until_us > now_us)
			continue;
		shutdown(c->fd, SHUT_RDWR);
		c->until_us = INT64_MAX;
		count(o, COUNT_SLOW, 1);
	}
	pthread_mutex_unlock(&o->conns_lock);
}

void
conns_quiesce(struct origin *o, bool tls_only)
{
	struct conn *c;

	pthread_mutex_lock(&o->conns_lock);
	TAILQ_FOREACH(c, &o->conns, entry) {
		if (c->last || (tls_only && !c->tls))
			continue;
		c->last = true;
		if (!c->busy)
			shutdown(c->fd, SHUT_RD);
	}
	pthread_mutex_unlock(&o->conns_lock);
}
