#include "net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

static int
open_listener(const struct addrinfo *ai, int *fd, uint16_t *bound_port)
{
	union address a;
	socklen_t n = sizeof(a);
	int one = 1;

	memset(&a, 0, sizeof(a));
	*fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, ai->ai_protocol);
	if (*fd == -1)
		return -1;
	if (setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) == -1 ||
	    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) == -1 ||
	    bind(*fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(*fd, SOMAXCONN) == -1 ||
	    getsockname(*fd, &a.sa, &n) == -1)
		return -1;
	*bound_port = port_of(&a);
	return 0;
}

int
tcp_listen(const char *addr, const char *port, int *fd, uint16_t *bound_port,
    struct err *err)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	int rc;

	*fd = -1;
	rc = getaddrinfo(addr[0] == '\0' ? NULL : addr, port, &hints, &list);
	if (rc != 0)
		return err_set(err, ERR_UNAVAILABLE,
		    "cannot find the address '%s': %s", addr,
		    gai_strerror(rc));
	rc = open_listener(list, fd, bound_port);
	if (rc == -1)
		err_sys(err, errno == EACCES ? ERR_PERM : ERR_OS,
		    "cannot listen on '%s:%s'", addr, port);
	freeaddrinfo(list);
	if (rc == -1 && *fd != -1)
		close(*fd);
	return rc;
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
