/*
 * recv - the event loop of the RTMP server: sockets, handlers, time-outs.
 *
 * One process, one thread.  Each publisher has a handler of its own, or the
 * only publisher goes to a descriptor.  A slow handler holds up its own
 * publisher (bounded buffer, then TCP) and nobody else.
 */
#ifndef NET_RECV_H
#define NET_RECV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct listeners;
struct starter;

/* The programs of the starter. */
enum { RECV_HANDLER, RECV_AUTH };

struct recv_conf {
	struct listeners *listeners;	/* closed when no more is wanted */
	const char	*cert, *key;	/* of listeners with TLS; or NULL */
	const char	*handover;	/* path of the socket for newcomers */
	int		 control_fd;	/* that socket; -1: none.  Taken */
	int		 handover_from;	/* whose sockets they are until they
					   are confirmed; -1: ours.  Taken */
	int64_t		 drain_us;	/* that publishers have to leave: after
					   SIGTERM, -1: none; after a handover,
					   -1: as long as they like */
	const char	*reconnect_url;	/* where they are asked to go; NULL:
					   where they came */
	int		 ready_fd;	/* write the ports there, close; -1: no */
	int		 signal_fd;	/* signalfd(2): HUP INT TERM USR1 */
	struct starter	*starter;	/* NULL: no program is run */
	const char	*handler;	/* its name; NULL: write to out_fd */
	int		 out_fd;	/* without a handler */
	const char	*keys_file;	/* keys(5); NULL: anybody may publish */
	const char	*auth;		/* program to ask instead; or NULL */
	int64_t		 auth_us;	/* that its answer may take */
	bool		 once;		/* serve one publisher, then return */
	int64_t		 handshake_us;	/* from accept to the handshake's end */
	int64_t		 idle_us;	/* between two reads of a publisher */
	int64_t		 publish_us;	/* from the handshake to publish */
	size_t		 max_publishers;
	size_t		 max_memory;	/* bytes of all buffers */
	size_t		 max_message;	/* bytes of one */
	size_t		 max_per_address;	/* that do not publish */
	int		 status_fd;	/* lines go there, if it takes them
					   at once; -1: no */
	const char	*metrics;	/* a file for Prometheus; or NULL */
	int64_t		 status_us;	/* from each of both to the next */
	bool		 busy_refuse;	/* a stream that is live, instead of
					   letting it be taken over */
};

/*
 * Serve until SIGTERM or SIGINT, or one publisher with ONCE.  From then on
 * this process can open no files but those in the directories of CONF's, and
 * run no programs: the starter does.
 * 0; or -1: ERR_INPUT, ERR_CONFIG (keys, certificate), ERR_USAGE (TLS, but
 * no certificate), ERR_OS, ERR_IO (out_fd),
 * ERR_CREATE (metrics),
 * ERR_NO (ONCE, and the handler failed), ERR_AGAIN (handlers still ran when
 * their time after SIGTERM was over).
 */
int	recv_run(const struct recv_conf *conf, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* NET_RECV_H */
