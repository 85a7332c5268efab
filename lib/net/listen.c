#include "net/listen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/tcp.h"

#define FIRST_INHERITED	3	/* SD_LISTEN_FDS_START */

static int
room(const struct listeners *l, struct err *err)
{
	if (l->n < LIMIT_RECV_LISTENERS)
		return 0;
	return err_set(err, ERR_USAGE, "more than %d listening sockets",
	    LIMIT_RECV_LISTENERS);
}

int
listeners_open(struct listeners *l, const char *addr, const char *port,
    bool tls, struct err *err)
{
	struct listener *new = &l->v[l->n];

	if (room(l, err) == -1 ||
	    tcp_listen(addr, port, &new->fd, &new->port, err) == -1)
		return -1;
	new->tls = tls;
	l->n++;
	return 0;
}

int
listeners_take(struct listeners *l, int fd, const char *name,
    size_t name_bytes, struct err *err)
{
	struct listener *new = &l->v[l->n];

	if (room(l, err) == -1 || tcp_adopt(fd, &new->port, err) == -1)
		return -1;
	new->fd = fd;
	new->tls = name_bytes == 5 && memcmp(name, "rtmps", 5) == 0;
	l->n++;
	return 0;
}

/* The number in the environment's variable NAME; 0 if there is none. */
static long
number(const char *name)
{
	const char *s = getenv(name);
	char *end;
	long n;

	if (s == NULL)
		return 0;
	n = strtol(s, &end, 10);
	return *end == '\0' ? n : 0;
}

int
listeners_inherit(struct listeners *l, struct err *err)
{
	const char *name = getenv("LISTEN_FDNAMES");
	long n = number("LISTEN_FDS"), i;
	size_t len;

	if (n <= 0 || number("LISTEN_PID") != (long)getpid())
		return 0;
	for (i = 0; i < n; i++) {
		len = name == NULL ? 0 : strcspn(name, ":");
		if (listeners_take(l, FIRST_INHERITED + (int)i, name, len,
		    err) == -1)
			return err_wrap(err, "LISTEN_FDS");
		if (name != NULL)
			name += len + (name[len] == ':');
	}
	return 0;
}

void
listeners_close(struct listeners *l)
{
	while (l->n > 0) {
		close(l->v[--l->n].fd);
		l->v[l->n].fd = -1;
	}
}
