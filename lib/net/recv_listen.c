#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "net/listen.h"
#include "net/recv.h"
#include "net/recv_impl.h"

#define ACCEPTS			64	/* in one round */
#define ACCEPT_PAUSE_US		1000000	/* when descriptors are out */

static int
load_certificate(struct recv *r, struct err *err)
{
	const struct recv_conf *conf = r->conf;
	size_t i = 0;

	while (i < conf->listeners->n && !conf->listeners->v[i].tls)
		i++;
	if (i == conf->listeners->n)
		return 0;
	if (conf->cert == NULL || conf->key == NULL)
		return err_set(err, ERR_USAGE,
		    "a TLS socket needs --cert and --key");
	return tls_server_new(&r->tls, conf->cert, conf->key, err);
}

void
doors_reload(struct recv *r)
{
	struct tls_server *old = r->tls;
	struct err err = ERR_INIT;

	if (old == NULL)
		return;
	if (tls_server_new(&r->tls, r->conf->cert, r->conf->key,
	    &err) == -1) {
		r->tls = old;
		log_error("%s: the old certificate stays", err.text);
		return;
	}
	tls_server_free(old);
	log_info("the certificate in '%s' is in use", r->conf->cert);
}

static int
open_doors(struct recv *r, struct err *err)
{
	const struct listeners *l = r->conf->listeners;
	struct door *d;
	size_t i;

	for (i = 0; i < l->n; i++) {
		d = &r->doors[i];
		d->watch.kind = WATCH_DOOR;
		d->at = &l->v[i];
		if (recv_watch(r, d->at->fd, &d->watch, err) == -1)
			return -1;
	}
	return 0;
}

int
recv_listen(struct recv *r, struct err *err)
{
	if (load_certificate(r, err) == -1)
		return -1;
	return open_doors(r, err);
}

/* Closing is not enough: another process may have the same socket. */
static void
shut_doors(struct recv *r)
{
	const struct listeners *l = r->conf->listeners;
	size_t i;

	for (i = 0; i < l->n; i++)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, l->v[i].fd, NULL);
}

void
recv_stop_listening(struct recv *r)
{
	shut_doors(r);
	listeners_close(r->conf->listeners);
	control_close(r);
}

static void
pause_accept(struct recv *r)
{
	log_warning("cannot accept connections: %s: again in %d s",
	    strerror(errno), ACCEPT_PAUSE_US / 1000000);
	shut_doors(r);
	r->accept_us = r->now_us + ACCEPT_PAUSE_US;
	recv_check_by(r, r->accept_us);
}

void
door_ready(struct recv *r, struct door *d)
{
	struct tcp_peer peer;
	int i, fd;

	/* Shut, perhaps, since epoll named it. */
	if (r->accept_us != 0)
		return;
	for (i = 0; i < ACCEPTS && d->at->fd != -1; i++) {
		if (!strangers_make_room(r)) {
			errno = EMFILE;
			pause_accept(r);
			return;
		}
		fd = tcp_accept(d->at->fd, &peer);
		if (fd == -1 && errno == EAGAIN)
			return;
		if (fd == -1 && (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM)) {
			pause_accept(r);
			return;
		}
		if (fd == -1)
			continue;	/* that one is gone already */
		conn_new(r, fd, &peer, d->at->tls);
	}
}

void
doors_check(struct recv *r)
{
	if (r->accept_us == 0)
		return;
	if (r->accept_us > r->now_us) {
		recv_check_by(r, r->accept_us);
		return;
	}
	r->accept_us = 0;
	if (open_doors(r, r->fatal) == -1)
		r->done = true;
}
