/*
 * listen - the listening sockets of the RTMP server: opened here, or
 * inherited from a service manager (systemd.socket).
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct err;

struct listener {
	int		fd;		/* -1: closed */
	uint16_t	port;
	bool		tls;		/* RTMPS */
};

/* All zero: none. */
struct listeners {
	struct listener	v[LIMIT_RECV_LISTENERS];
	size_t		n;
};

/* As tcp_listen(); ERR_USAGE when there are too many. */
int	listeners_open(struct listeners *l, const char *addr,
	    const char *port, bool tls, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Take FD, named as in LISTEN_FDNAMES: "rtmps" is TLS, anything else plain.
 * 0; or -1: ERR_USAGE (too many), ERR_OS (no listening TCP socket).
 */
int	listeners_take(struct listeners *l, int fd, const char *name,
	    size_t name_bytes, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Take those that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say are ours:
 * see sd_listen_fds(3).  Errors as of listeners_take().
 */
int	listeners_inherit(struct listeners *l, struct err *err)
	    __attribute__((warn_unused_result));

void	listeners_close(struct listeners *l);

#endif /* NET_LISTEN_H */
