/*
 * tcp - listening sockets and the names of peers.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include <stdint.h>

struct err;

struct tcp_peer {
	char	ip[46];		/* INET6_ADDRSTRLEN; IPv4 in its own form */
	char	port[6];
	char	text[56];	/* "192.0.2.1:4000", "[2001:db8::1]:4000" */
};

/*
 * Listen on ADDR and PORT ("0" for a free one), close-on-exec and
 * non-blocking.  What is accepted has TCP_NODELAY.  "" is any address of
 * both families, in one socket; "::" is any of IPv6 alone.
 * 0 with the socket and the port bound, or -1 with ERR_UNAVAILABLE (no
 * such address), ERR_PERM or ERR_OS.
 */
int	tcp_listen(const char *addr, const char *port, int *fd,
	    uint16_t *bound_port, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Make FD, a listening socket that somebody else opened, like one of
 * tcp_listen().  0 with its port, or -1 with ERR_OS (not such a socket).
 */
int	tcp_adopt(int fd, uint16_t *port, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The next connection: a socket, non-blocking and close-on-exec; -1 with
 * errno as of accept(2), EAGAIN when there is none.
 */
int	tcp_accept(int fd, struct tcp_peer *peer)
	    __attribute__((warn_unused_result));

#endif /* NET_TCP_H */
