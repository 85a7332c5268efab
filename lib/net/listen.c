#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

static int
bound_port(int fd, uint16_t *port)
{
	union {
		struct sockaddr		sa;
		struct sockaddr_in	in;
		struct sockaddr_in6	in6;
	} u;
	socklen_t n = sizeof(u);

	memset(&u, 0, sizeof(u));
	if (getsockname(fd, &u.sa, &n) == -1)
		return -1;
	*port = ntohs(u.sa.sa_family == AF_INET6 ? u.in6.sin6_port :
	    u.in.sin_port);
	return 0;
}

static int
open_listener(const struct addrinfo *ai)
{
	int fd, on = 1, errnum;

	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, ai->ai_protocol);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == 0 &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

int
listen_tcp(const char *addr, const char *port, uint16_t *bound,
    struct err *err)
{
	struct addrinfo *list, hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	int fd, rc;

	rc = getaddrinfo(*addr == '\0' ? NULL : addr, port, &hints, &list);
	if (rc != 0)
		return err_set(err, ERR_USAGE, "bad address '%s': %s", addr,
		    gai_strerror(rc));
	fd = open_listener(list);
	freeaddrinfo(list);
	if (fd == -1)
		return err_sys(err, errno == EACCES ? ERR_PERM : ERR_OS,
		    "cannot listen on '%s:%s'", addr, port);
	if (bound_port(fd, bound) == -1) {
		err_sys(err, ERR_OS, "cannot name the listening socket");
		close(fd);
		return -1;
	}
	return fd;
}
