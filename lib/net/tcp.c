#include "net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

union address {
	struct sockaddr		sa;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
	struct sockaddr_storage	all;
};

static uint16_t
port_of(const union address *a)
{
	return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port :
	    a->in.sin_port);
}

/* BOTH: an IPv6 socket takes IPv4 as well, whatever the system's default. */
static int
set_up_listener(int fd, const struct addrinfo *ai, bool both,
    uint16_t *bound_port)
{
	union address a;
	socklen_t n = sizeof(a);
	int one = 1, v6only = !both;

	memset(&a, 0, sizeof(a));
	if (ai->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &v6only, sizeof(v6only)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) == -1 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(fd, SOMAXCONN) == -1 ||
	    getsockname(fd, &a.sa, &n) == -1)
		return -1;
	*bound_port = port_of(&a);
	return 0;
}

/* 0 with the socket, or -1 with errno. */
static int
open_listener(const struct addrinfo *ai, bool both, int *fd,
    uint16_t *bound_port)
{
	int errnum;

	*fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, ai->ai_protocol);
	if (*fd == -1)
		return -1;
	if (set_up_listener(*fd, ai, both, bound_port) == 0)
		return 0;
	errnum = errno;
	close(*fd);
	*fd = -1;
	errno = errnum;
	return -1;
}

static int
listen_failed(const char *addr, const char *port, struct err *err)
{
	return err_sys(err, errno == EACCES ? ERR_PERM : ERR_OS,
	    strchr(addr, ':') != NULL ? "cannot listen on '[%s]:%s'" :
	    "cannot listen on '%s:%s'", addr, port);
}

/* The system has no IPv6, or does not want to. */
static bool
lacks_ipv6(int errnum)
{
	return errnum == EAFNOSUPPORT || errnum == EADDRNOTAVAIL;
}

int
tcp_listen(const char *addr, const char *port, int *fd, uint16_t *bound_port,
    struct err *err)
{
	struct addrinfo *list, hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	bool any = addr[0] == '\0';
	int rc;

	*fd = -1;
	hints.ai_family = any ? AF_INET6 : AF_UNSPEC;
again:
	rc = getaddrinfo(any ? NULL : addr, port, &hints, &list);
	if (rc != 0)
		return err_set(err, ERR_UNAVAILABLE,
		    "cannot find the address '%s': %s", addr,
		    gai_strerror(rc));
	rc = open_listener(list, any, fd, bound_port);
	if (rc == -1 && hints.ai_family == AF_INET6 && lacks_ipv6(errno)) {
		freeaddrinfo(list);
		hints.ai_family = AF_INET;
		goto again;
	}
	if (rc == -1)
		listen_failed(addr, port, err);
	freeaddrinfo(list);
	return rc;
}

static bool
is_listening(int fd)
{
	socklen_t n = sizeof(int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &n) == 0 &&
	    yes != 0;
}

int
tcp_adopt(int fd, uint16_t *port, struct err *err)
{
	union address a;
	socklen_t n = sizeof(a);
	int one = 1, flags;

	memset(&a, 0, sizeof(a));
	if (getsockname(fd, &a.sa, &n) == -1 || !is_listening(fd) ||
	    (a.sa.sa_family != AF_INET && a.sa.sa_family != AF_INET6))
		return err_set(err, ERR_OS,
		    "descriptor %d is not a listening TCP socket", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) == -1)
		return err_sys(err, ERR_OS, "cannot set up descriptor %d", fd);
	*port = port_of(&a);
	return 0;
}

static void
name_peer(const union address *a, struct tcp_peer *peer)
{
	const void *ip = &a->in.sin_addr;
	int family = a->sa.sa_family;

	if (family == AF_INET6) {
		ip = &a->in6.sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
			ip = a->in6.sin6_addr.s6_addr + 12;
			family = AF_INET;
		}
	}
	if (inet_ntop(family, ip, peer->ip, sizeof(peer->ip)) == NULL)
		snprintf(peer->ip, sizeof(peer->ip), "unknown");
	snprintf(peer->port, sizeof(peer->port), "%u", port_of(a));
	snprintf(peer->text, sizeof(peer->text),
	    family == AF_INET6 ? "[%s]:%s" : "%s:%s", peer->ip, peer->port);
}

int
tcp_accept(int fd, struct tcp_peer *peer)
{
	union address a;
	socklen_t n = sizeof(a);
	int conn;

	memset(&a, 0, sizeof(a));
	conn = accept4(fd, &a.sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn != -1)
		name_peer(&a, peer);
	return conn;
}
