/*
 * recv_impl - what the parts of recv share; nobody else includes it.
 *
 *	recv.c		the loop: signals, timers
 *	recv_listen.c	the listening sockets: accept
 *	recv_handover.c	the listening sockets: to the next server
 *	recv_end.c	stopping, draining
 *	recv_conn.c	one connection: reading, replies, its end
 *	recv_pace.c	when a publisher's socket is read
 *	recv_admit.c	who may publish: names, keys, takeovers, refusals
 *	recv_pub.c	one publication: its handler, its end
 *	recv_feed.c	the FLV of a publication into the handler's pipe
 *	recv_status.c	what it tells about itself
 *	recv_sandbox.c	the rights that the loop gives up
 *	recv_memory.c	the sum of all buffers, and what to do about it
 *	recv_auth.c	who may publish, asked of a program
 *	recv_guard.c	strangers: room for them, wrong keys, their log lines
 *
 * A connection is freed when its socket closes.  A publication lives until
 * its handler is gone, which is later.  Both are only marked during a round
 * of events, and freed after it: epoll may have named them already.
 */
#ifndef NET_RECV_IMPL_H
#define NET_RECV_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/guard.h"
#include "net/keys.h"
#include "net/rtmp.h"
#include "net/tcp.h"
#include "net/tls.h"

struct listener;
struct recv_conf;
struct starter_event;

#define RECV_INPUT_BYTES	(128 * 1024)	/* one read of a socket */
#define RECV_PARTS		512	/* of the FLV of one read */
#define RECV_TAKEOVERS		3	/* at most, in RECV_TAKEOVER_US */
#define RECV_TAKEOVER_US	30000000
#define RECV_HANDLER_END_US	5000000	/* of a handler taken over */
#define RECV_NEVER		INT64_MAX

enum watch_kind {
	WATCH_DOOR,
	WATCH_CONTROL,
	WATCH_NEWCOMER,
	WATCH_SIGNALS,
	WATCH_STARTER,
	WATCH_CONN,
	WATCH_PUB
};

/* First member of whatever epoll may name. */
struct watch {
	enum watch_kind	kind;
};

enum conn_state {
	CONN_OPEN,
	CONN_HELD,		/* waits for the answer to its publish */
	CONN_LINGER,		/* told why; waits until the peer has read it */
	CONN_DEAD,		/* to be freed */
};

struct conn {
	struct watch	 watch;
	TAILQ_ENTRY(conn) entry, rest;
	enum conn_state	 state;
	int		 fd;
	struct tls	*tls;		/* on FD; NULL: plain */
	uint32_t	 armed;		/* epoll events asked for */
	bool		 paused;	/* its handler is too slow, or STARVED */
	bool		 starved;	/* no memory is left for it */
	size_t		 memory;	/* as counted last */
	bool		 told;		/* its one line is in the log */
	bool		 served;	/* has ended a publication in order */
	int64_t		 since_us;	/* begin of this phase, monotonic */
	int64_t		 active_us;	/* last bytes received */
	int64_t		 rest_us;	/* read again then; 0: when epoll says */
	uint8_t		 misses;	/* reads in a row that found nothing */
	struct tcp_peer	 peer;
	struct rtmp	 rtmp;
	struct buf	 in;		/* received, not yet taken */
	struct buf	 out;		/* replies to be sent */
	struct pub	*pub;		/* published here */
	struct pub	*waits;		/* to be followed (CONN_HELD) */
	struct auth_job	*job;		/* asks about it (CONN_HELD) */
	int64_t		 due_us;	/* when to act on it (CONN_HELD) */
	struct guard_host *host;	/* its address */
	struct guard_conn guarded;	/* there, as long as it is a stranger */
	struct log_quota *quota;	/* for its line in the log */
};

/* Lines about strangers in the log: so many, then only their number. */
struct log_quota {
	int64_t		 end_us;	/* of this period; 0: none */
	size_t		 lines, hidden;
};

enum recv_refusal {
	REFUSED_KEY,		/* wrong */
	REFUSED_NAME,		/* not a name */
	REFUSED_BUSY,		/* the stream, or the only place */
	REFUSED_FULL,		/* enough publishers are there */
	REFUSED_FAILED,		/* our own trouble */
};

struct pub {
	struct watch	 watch;
	TAILQ_ENTRY(pub) entry;
	char		 stream[NAME_BYTES];
	struct conn	*conn;		/* NULL when the publisher is gone */
	struct conn	*heir;		/* the next publisher of this stream */
	int		 fd;		/* the handler's input; -1: closed */
	uint64_t	 run;		/* of the starter; 0: no handler (any
					   more) */
	bool		 begun;		/* the handler runs, CONN may send */
	bool		 dead;		/* to be freed */
	bool		 full;		/* waits until FD takes more */
	int		 pipe_bytes;	/* asked for FD; 0: not yet */
	bool		 broken;	/* the handler stopped reading */
	bool		 killed;	/* by us */
	struct buf	 pending;	/* FLV that FD did not take yet */
	size_t		 sent;		/* bytes of PENDING it did */
	int64_t		 start_us;
	int64_t		 kill_us;	/* when patience with it ends */
	int64_t		 takeovers_us[RECV_TAKEOVERS];	/* oldest first */
	uint64_t	 bytes;		/* of FLV */
	size_t		 memory;	/* as counted last */
	uint64_t	 pauses;	/* because the handler was slow */
	uint64_t	 bps;		/* lately */
	int64_t		 rate_us;	/* when that was computed */
	uint64_t	 rate_bytes;	/* BYTES then */
	bool		 has_key;
	uint32_t	 key_ts_ms;	/* of the last keyframe */
	uint32_t	 key_ms;	/* between the last two; 0: unknown */
};

/* All since the beginning. */
struct recv_stats {
	uint64_t	 connections, bytes, messages, acks;
	uint64_t	 takeovers, pauses, handler_failures;
	uint64_t	 refused[REFUSED_FAILED + 1];
};

/* Where connections come in. */
struct door {
	struct watch	 watch;
	const struct listener *at;	/* fd -1: closed */
};

TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(pub_list, pub);
TAILQ_HEAD(auth_job_list, auth_job);

struct recv {
	const struct recv_conf	*conf;
	int			 epoll_fd;
	struct door		 doors[LIMIT_RECV_LISTENERS];
	struct watch		 signals, starter;
	struct tls_server	*tls;		/* NULL: no door has it */
	struct watch		 control, newcomer;
	int			 control_fd, newcomer_fd;	/* or -1 */
	int64_t			 newcomer_us;	/* patience with it; or NEVER */
	int64_t			 accept_us;	/* no accept before; 0: now */
	struct keys		 keys;
	struct recv_stats	 stats;
	size_t			 memory;	/* of all buffers */
	bool			 starving;	/* somebody is STARVED */
	struct buf		 status;	/* lines not yet written */
	int64_t			 status_us;	/* when to report; or NEVER */
	int			 metrics_dir;	/* -1: none */
	const char		*metrics_name;	/* in it */
	bool			 metrics_failed;	/* and that was said */
	struct auth_job_list	 to_ask, asking;
	size_t			 nasking;
	struct guard		 guard;
	struct log_quota	 quota;
	size_t			 max_files;	/* descriptors there may be */
	struct conn_list	 conns, dead_conns;
	struct conn_list	 resting;	/* by REST_US */
	struct pub_list		 pubs, dead_pubs;
	size_t			 nconns, npubs;
	uint8_t			*input;		/* RECV_INPUT_BYTES */
	struct iovec		 parts[RECV_PARTS];	/* FLV of this read */
	int			 nparts;
	struct buf		 scratch;	/* what of it is not in INPUT */
	int64_t			 now_us;
	int64_t			 check_us;	/* next look at deadlines */
	int64_t			 drain_us;	/* its end; or NEVER */
	int64_t			 stop_us;	/* end of patience; NEVER: run */
	int64_t			 leave_us;	/* the same for closing peers */
	bool			 header_sent;	/* to out_fd */
	bool			 served;	/* ONCE has had its publisher */
	bool			 draining;
	bool			 asked_to_end;	/* by a signal */
	bool			 done;
	struct err		*fatal;		/* set: recv_run() fails */
};

/* Make sure that deadlines are looked at by WHEN_US. */
void	recv_check_by(struct recv *r, int64_t when_us);
/* Ask epoll for what can be read from FD. */
int	recv_watch(struct recv *r, int fd, struct watch *w, struct err *err)
	    __attribute__((warn_unused_result));

/* recv_listen.c */
int	recv_listen(struct recv *r, struct err *err)
	    __attribute__((warn_unused_result));
void	recv_stop_listening(struct recv *r);
/* Take what has come in through D. */
void	door_ready(struct recv *r, struct door *d);
/* Read the certificate again, for those that connect from now on. */
void	doors_reload(struct recv *r);
/* Open again what had to stay shut for a while, if it is time. */
void	doors_check(struct recv *r);

/* recv_handover.c */
int	control_open(struct recv *r, struct err *err)
	    __attribute__((warn_unused_result));
void	control_close(struct recv *r);
/* A newcomer is there: give it our listening sockets. */
void	control_ready(struct recv *r);
void	newcomer_ready(struct recv *r);
/* It may have taken too long. */
void	newcomer_check(struct recv *r);

/* recv_end.c */
/* All is done: return as soon as the publisher has closed its connection. */
void	recv_leave(struct recv *r);
/*
 * Stop listening; whoever is connected goes on, but no longer than conf
 * says.  Only who will be cut off is asked to connect again.
 */
void	recv_drain(struct recv *r);
/* On a signal: drain or stop; on the second, at once. */
void	recv_end(struct recv *r);
void	recv_end_check(struct recv *r);
bool	recv_is_over(const struct recv *r);

/* recv_conn.c */
void	conn_new(struct recv *r, int fd, const struct tcp_peer *peer,
	    bool tls);
void	conn_free(struct conn *c);
void	conn_ready(struct recv *r, struct conn *c, uint32_t events);
void	conn_read(struct recv *r, struct conn *c);
/* Ask epoll for what C can use now. */
void	conn_arm(struct recv *r, struct conn *c);
/* When it has waited too long: act with conn_expire(). */
int64_t	conn_deadline(const struct recv *r, const struct conn *c);
void	conn_expire(struct recv *r, struct conn *c);
/* The one line about its end. */
void	conn_tell(struct conn *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* End its publication and close it. */
void	conn_close(struct recv *r, struct conn *c);
/* The same, but first let the peer read our replies. */
void	conn_linger(struct recv *r, struct conn *c);
void	conn_pause(struct recv *r, struct conn *c);
void	conn_resume(struct recv *r, struct conn *c);
void	conn_hold(struct recv *r, struct conn *c);
/* Ask its publisher to connect again, if it can. */
void	conn_ask_away(struct recv *r, struct conn *c);
/* The same among the replies that are sent next.  False: it cannot. */
bool	conn_put_away(const struct recv *r, struct conn *c);

/* recv_guard.c */
int	strangers_init(struct recv *r, struct err *err)
	    __attribute__((warn_unused_result));
void	strangers_release(struct recv *r);
/* Before accept: false when no descriptor is left, and none to be had. */
bool	strangers_make_room(struct recv *r);
/* C is new: count it, and close the oldest of too many.  False: no memory. */
bool	strangers_enter(struct recv *r, struct conn *c);
void	strangers_leave(struct recv *r, struct conn *c);
/* C publishes from now on, or does so no longer. */
void	strangers_publish(struct recv *r, struct conn *c, bool publishes);
/* Refuse C for its key, the later the more often its address was wrong. */
void	strangers_wrong_key(struct recv *r, struct conn *c,
	    const char *reason);
/* C waited for that long enough: say it. */
void	strangers_due(struct recv *r, struct conn *c);
struct conn *conn_of(struct guard_conn *g);
/* May the line about C go to the log? */
bool	strangers_may_log(struct conn *c);
/* Once a round: says how many lines were left out when a period ends. */
void	strangers_log_rest(struct recv *r);

/* recv_status.c */
/* 0, or -1 with ERR_USAGE or ERR_CREATE. */
int	status_init(struct recv *r, struct err *err)
	    __attribute__((warn_unused_result));
void	status_release(struct recv *r);
/* P got a message with a body. */
void	status_message(struct recv *r, struct pub *p,
	    const struct rtmp_event *ev);
/* Compute P's rate if it is time. */
void	status_rate(struct pub *p, int64_t now_us);
/* Report now, as it was asked for by a signal. */
void	status_show(struct recv *r);
/* Report if it is time, and plan the next look. */
void	status_tick(struct recv *r);

/*
 * recv_pace.c
 *
 * A publisher sends dozens of small messages a second.  Each read of its own
 * would wake this process and its handler for a few packets: that is most of
 * what receiving costs.  So a socket is left alone for a while after each
 * read, unless much is there already.
 */
/* C was read, or may or may not be read from now on. */
void	pace(struct recv *r, struct conn *c);
/* There was nothing to read. */
void	pace_missed(struct recv *r, struct conn *c);
/* Read those that have rested long enough. */
void	pace_run(struct recv *r);
int64_t	pace_next_us(const struct recv *r);

/* recv_memory.c */
/* What C, or P, holds has changed. */
void	memory_count(struct recv *r, struct conn *c);
void	memory_count_pub(struct recv *r, struct pub *p);
/*
 * Before a read of C: true, or it is closed or paused because there is no
 * memory for more.  Strangers go first.
 */
bool	memory_admits(struct recv *r, struct conn *c);
/* C holds more than its share, and only its end can give that back. */
bool	memory_is_stuck(const struct recv *r, const struct conn *c);
/* Once a round: those that were paused go on when there is memory. */
void	memory_resume(struct recv *r);

/* recv_auth.c */
/* Ask whether C may publish; it is held until the answer is there. */
void	auth_ask(struct recv *r, struct conn *c, const struct rtmp_event *ev);
/* C does not wait for that any more: the program is killed. */
void	auth_forget(struct recv *r, struct conn *c);
void	auth_due(struct recv *r, struct conn *c);
/* Nothing if EV is about none of its programs. */
void	auth_program(struct recv *r, const struct starter_event *ev);
void	auth_release(struct recv *r);

/* recv_admit.c */
/* Answer a request to publish: accept, refuse, or hold the connection. */
void	pub_request(struct recv *r, struct conn *c,
	    const struct rtmp_event *ev);
/* C may publish STREAM; begin, hold it for its predecessor, or refuse. */
void	pub_admit(struct recv *r, struct conn *c, const char *stream);
/* Tell C that it may not publish, and close it. */
void	pub_refuse(struct recv *r, struct conn *c, enum recv_refusal why,
	    const char *reason);

/* recv_pub.c */
/* C may publish STREAM: it is held until its handler runs. */
void	pub_start(struct recv *r, struct conn *c, const char *stream,
	    const int64_t takeovers_us[RECV_TAKEOVERS]);
void	pub_flush(struct recv *r, struct pub *p);
/* The publisher is gone: flush, then end the handler's input. */
void	pub_end(struct recv *r, struct pub *p);
void	pub_ready(struct recv *r, struct pub *p, uint32_t events);
void	pub_handler(struct recv *r, struct pub *p,
	    const struct starter_event *ev);
void	pub_expire(struct recv *r, struct pub *p);
void	pub_free(struct pub *p);
/*
 * Nobody reads any more.  What there is to say comes with the status of the
 * handler.
 */
void	pub_broken(struct recv *r, struct pub *p);
/* Its handler keeps up. */
bool	pub_may_read(const struct pub *p);
/* Its app, cleaned, into OUT. */
void	pub_app(const struct pub *p, char *out, size_t out_bytes);

/*
 * recv_feed.c
 *
 * The FLV of one read of a socket is gathered: a list of parts, most of which
 * point to where they were received.
 */
/* N bytes at P, copied, are next. */
void	feed_copy(struct recv *r, const void *p, size_t n);
/* The tag of EV is next.  The input stays as it is until pub_flush(). */
void	feed_media(struct recv *r, struct pub *p, const struct rtmp_event *ev);
/* Write what was gathered to P. */
void	feed_write(struct recv *r, struct pub *p);
/*
 * Write what waits, as far as that goes.  Not only when epoll says so: under
 * load the sockets would be read more often than the pipes written.
 */
void	feed_push(struct recv *r, struct pub *p);
/* Bytes that the pipe did not take yet. */
size_t	feed_waiting(const struct pub *p);

/* recv_sandbox.c */
/*
 * Give up every file but those that CONF may have read or written again, and
 * every system call that the loop has no use for.  0, or -1 with ERR_OS.
 */
int	recv_sandbox(const struct recv_conf *conf, struct err *err);

#endif /* NET_RECV_IMPL_H */
