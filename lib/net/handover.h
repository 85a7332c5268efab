/*
 * handover - listening sockets go from one server to the next, with no moment
 * at which nobody listens.
 *
 * The words on a Unix socket of type SOCK_SEQPACKET, one a message:
 *
 *	newcomer	connects
 *	server		"livespool-handover 1 control rtmp rtmps", with as
 *			many descriptors as names: the Unix socket itself, and
 *			the listening sockets, of which "rtmps" has TLS
 *	newcomer	"ready", when it could accept
 *	server		"yours", and has accepted its last
 *
 * Until "yours" the server goes on as if nothing was, whatever happens.
 */
#ifndef NET_HANDOVER_H
#define NET_HANDOVER_H

struct err;
struct listeners;

/*
 * As the newcomer: ask the server at PATH.  1 with the descriptors, and the
 * connection to it in *FROM; 0 when there is none; -1 with ERR_USAGE (PATH is
 * too long), ERR_AGAIN (it does not answer), ERR_PROTO, ERR_PERM (it is
 * somebody else's) or ERR_OS.
 */
int	handover_ask(const char *path, int *from, int *control,
	    struct listeners *l, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * As the newcomer: the sockets are ours from now on.  Closes FROM.  0 also
 * when the server has died meanwhile; or -1 with ERR_AGAIN.
 */
int	handover_confirm(int from, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Be there for newcomers at PATH, which only we may use.  What a dead server
 * left there is replaced.  0 with *CONTROL, or -1 with ERR_USAGE, ERR_CREATE.
 */
int	handover_open(const char *path, int *control, struct err *err)
	    __attribute__((warn_unused_result));

/* As the server: the next newcomer, with its sockets sent; -1: nobody. */
int	handover_give(int control, const struct listeners *l);

enum handover_word {
	HANDOVER_NOTHING,
	HANDOVER_READY,		/* "yours" is said: do not accept any more */
	HANDOVER_GONE,
};

/* As the server: what TO, from handover_give(), says. */
enum handover_word handover_hear(int to);

#endif /* NET_HANDOVER_H */
