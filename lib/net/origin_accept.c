/*
 * Taking connections, and giving them to the serving threads in turn: left to
 * themselves, all of these wait at the socket, and whoever is there first takes
 * ten at a time.
 */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "net/origin_impl.h"
#include "net/tcp.h"

/* At once from one of the two sockets; and how long to wait for a place. */
#define BATCH		64
#define FULL_MS		20

static bool
is_full(const struct origin *o, struct MHD_Daemon *d)
{
	return MHD_get_daemon_info(d, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
	    ->num_connections >= o->conf.connections;
}

/* What waits at FD, to its daemon; false when that can take no more now. */
static bool
accept_some(struct origin *o, int i)
{
	struct sockaddr_storage sa;
	socklen_t bytes;
	bool room = true;
	int n, fd;

	pthread_mutex_lock(&o->daemons_lock);
	for (n = 0; n < BATCH && room; n++) {
		bytes = sizeof(sa);
		if (is_full(o, o->daemons[i])) {
			room = false;
		} else if ((fd = accept4(o->listen_fds[i],
		    (struct sockaddr *)&sa, &bytes,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
			/* It closes what it does not take. */
			MHD_add_connection(o->daemons[i], fd,
			    (struct sockaddr *)&sa, bytes);
		} else if (errno == EAGAIN) {
			break;
		} else if (errno == EMFILE || errno == ENFILE ||
		    errno == ENOMEM || errno == ENOBUFS) {
			room = false;
		}
	}
	pthread_mutex_unlock(&o->daemons_lock);
	return room;
}

static void *
acceptor(void *arg)
{
	struct origin *o = arg;
	struct pollfd fds[] = { { .fd = o->acceptor_fd, .events = POLLIN },
	    { .fd = o->listen_fds[0], .events = POLLIN },
	    { .fd = o->listen_fds[1], .events = POLLIN } };
	int i, wait_ms = -1;

	for (;;) {
		/* When there is no room, the sockets are not looked at. */
		poll(fds, wait_ms == -1 ? 3 : 1, wait_ms);
		if (fds[0].revents != 0)
			return NULL;
		wait_ms = -1;
		for (i = 0; i < 2; i++)
			if (o->listen_fds[i] != -1 && !accept_some(o, i))
				wait_ms = FULL_MS;
	}
}

int
acceptor_start(struct origin *o, struct err *err)
{
	o->acceptor_fd = eventfd(0, EFD_CLOEXEC);
	if (o->acceptor_fd == -1)
		return err_sys(err, ERR_OS, "cannot make an eventfd");
	errno = pthread_create(&o->acceptor, NULL, acceptor, o);
	if (errno == 0)
		return 0;
	err_sys(err, ERR_OS, "cannot start a thread");
	close(o->acceptor_fd);
	o->acceptor_fd = -1;
	return -1;
}

void
acceptor_stop(struct origin *o)
{
	uint64_t one = 1;
	int i;

	if (o->acceptor_fd != -1) {
		if (write(o->acceptor_fd, &one, sizeof(one)) == sizeof(one))
			pthread_join(o->acceptor, NULL);
		close(o->acceptor_fd);
		o->acceptor_fd = -1;
	}
	for (i = 0; i < 2; i++)
		if (o->listen_fds[i] != -1)
			close(o->listen_fds[i]);
	o->listen_fds[0] = o->listen_fds[1] = -1;
}
