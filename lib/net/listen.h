/*
 * listen - a listening TCP socket from an address and a port.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdint.h>

struct err;

/*
 * Listen on ADDR ("" for any) and PORT, both numeric; port 0 lets the system
 * choose.  The socket is non-blocking and closed on exec.  *BOUND is the port.
 * The descriptor, or -1 with ERR_USAGE (bad address), ERR_OS or ERR_PERM.
 */
int	listen_tcp(const char *addr, const char *port, uint16_t *bound,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* NET_LISTEN_H */
