/*
 * origin_impl - what the parts of origin know of one another.
 *
 *	origin.c		starts and stops; which part answers a request
 *	origin_accept.c		takes connections
 *	origin_answer.c		headers of every answer; small answers
 *	origin_file.c		files, ranges
 *	origin_segment.c	segments in memory
 *	origin_playlist.c	playlists in memory
 *	origin_version.c	their forms, and which a request gets
 *	origin_hold.c		requests that wait for a playlist to change
 *	origin_conn.c		connections, and how long they may take
 *	origin_tls.c		the certificate
 *	origin_report.c		the request log, metrics
 *
 * Threads: libmicrohttpd's, which answer; and two of our own: the acceptor,
 * and the keeper, which watches playlists and clocks.  Locks, in the order they are taken:
 * a playlist's load, then o->lock, then a version's; those of segments and of
 * connections in that order, and beside these.
 */
#ifndef NET_ORIGIN_IMPL_H
#define NET_ORIGIN_IMPL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/limits.h"
#include "net/http.h"
#include "net/http_fields.h"
#include "net/http_playlist.h"
#include "net/origin.h"

/* A playlist as it was at one time; immutable but for its answers. */
struct version {
	atomic_uint		 users;
	atomic_uint		 refs;		/* answers on their way, and 1 */
	struct origin		*o;
	struct buf		 text;
	struct http_playlist	 says;
	struct stat		 st;
	char			 etag[HTTP_ETAG_BYTES];
	char			*hint;		/* path of the part hinted */
	size_t			 bytes;		/* of memory, all together */
	pthread_mutex_t		 lock;		/* of what is below */
	struct buf		 body[2][2];	/* [delta][gzip]; [0][0]: TEXT */
	bool			 made[2][2];
	struct MHD_Response	*answer[2][2][2]; /* and [blocking] */
};

/* A path that a playlist was found at. */
struct playlist {
	LIST_ENTRY(playlist)	 by_path, by_watch;
	TAILQ_ENTRY(playlist)	 by_use;
	TAILQ_ENTRY(playlist)	 by_wait;	/* in the list iff held */
	TAILQ_HEAD(, conn)	 held;		/* in the order they came */
	const char		*path, *name;	/* below www; its last part */
	struct version		*now;		/* the newest; NULL: none yet */
	pthread_mutex_t		 load;
	unsigned		 refs;
	int			 watch;		/* its directory's, or -1 */
	bool			 polled;	/* it could not be watched */
};

enum hold {
	HOLD_NONE,
	HOLD_RELOAD,		/* a playlist that has not got there yet */
	HOLD_PART,		/* a part that is hinted at */
	HOLD_READY,		/* to be answered from VERSION, or 404 */
	HOLD_LATE,		/* nothing came: 503 */
};

/* A connection, and the request that it is about. */
struct conn {
	TAILQ_ENTRY(conn)	 entry;		/* of o->conns */
	TAILQ_ENTRY(conn)	 held;		/* of playlist->held, o->ready */
	struct MHD_Connection	*con;
	struct playlist		*playlist;	/* while held */
	struct version		*version;	/* what it waits to change, or
						   is answered from */
	struct http_reload	 reload;
	enum hold		 hold;
	unsigned		 thread;	/* that serves it, while held */
	int			 fd;
	bool			 tls;
	bool			 busy;		/* with a request */
	bool			 last;		/* the request is */
	int64_t			 until_us;	/* or it is closed */
	int64_t			 late_us;	/* or it is late, while held */
	/* For the log; the strings are libmicrohttpd's. */
	const char		*method, *url;
	int64_t			 begun_us;
	uint64_t		 bytes;
	unsigned		 status;
};

enum counter {
	COUNT_REQUESTS, COUNT_2XX, COUNT_304, COUNT_4XX, COUNT_5XX,
	COUNT_BYTES, COUNT_HELD, COUNT_LATE, COUNT_DELTAS, COUNT_SLOW,
	COUNT_CONNECTIONS, COUNTERS
};

TAILQ_HEAD(conn_list, conn);

#define PLAYLIST_BUCKETS	4096
LIST_HEAD(playlist_list, playlist);

#define SEGMENT_BUCKETS		4096
LIST_HEAD(segment_list, segment);

struct origin {
	struct origin_conf	 conf;
	int			 listen_fds[2];	/* plain, TLS; or -1 */
	struct MHD_Daemon	*daemons[2];	/* of these; or NULL */
	struct MHD_Daemon	*retired;	/* TLS, before a reload */
	pthread_mutex_t		 daemons_lock;	/* while one is replaced */
	pthread_t		 acceptor;
	int			 acceptor_fd;	/* an eventfd that ends it; -1 */
	char			 said[256];	/* by libmicrohttpd, last */
	atomic_uint		 active;	/* answers under way */
	atomic_uint		 waiting;	/* requests held */
	atomic_bool		 draining;
	atomic_ullong		 count[COUNTERS];

	pthread_mutex_t		 lock;		/* of the playlists */
	struct playlist_list	 by_path[PLAYLIST_BUCKETS];
	struct playlist_list	 by_watch[PLAYLIST_BUCKETS];
	TAILQ_HEAD(playlist_use, playlist) by_use;	/* the oldest first */
	TAILQ_HEAD(playlist_waiting, playlist) by_wait;
	struct conn_list	 ready[LIMIT_HTTP_THREADS]; /* released, and
						   suspended still; by thread */
	size_t			 playlists;
	atomic_size_t		 playlist_bytes;	/* of all versions */
	int			 watch_fd;	/* of watch_many_open(), or -1 */

	pthread_mutex_t		 segments_lock;
	struct segment_list	 by_file[SEGMENT_BUCKETS];
	TAILQ_HEAD(, segment)	 segments;	/* the longest unused first */
	atomic_size_t		 mapped;	/* segments, those included
						   that only answers have */
	atomic_size_t		 mapped_bytes;

	pthread_t		 keeper;
	int			 keeper_fd;	/* an eventfd that ends it */

	pthread_mutex_t		 conns_lock;
	TAILQ_HEAD(conn_all, conn) conns;
	atomic_uint		 nconns;

	pthread_rwlock_t	 keys_lock;
	struct http_keys	*keys;

	pthread_mutex_t		 streams_lock;
	struct buf		 streams;	/* cached /streams.json */
	int64_t			 streams_us;	/* its age, monotonic; 0: none */

	pthread_mutex_t		 log_lock;
	struct buf		 log;
	uint64_t		 log_lost;	/* lines */
};

/* A request while its answer is made. */
struct request {
	struct origin		*o;
	struct MHD_Connection	*con;
	struct conn		*conn;
	const char		*path;		/* decoded, below the root */
	bool			 stranger;	/* without the token it needs */
	bool			 head;
};

/* An open file on its way out. */
struct found {
	int		 fd;
	struct stat	 st;
	const char	*name;		/* for its type */
	bool		 media;		/* below www, not of the page */
	char		 etag[HTTP_ETAG_BYTES];
	char		 modified[HTTP_DATE_BYTES];
};

/* A and B, of one file system, are of the same file, unchanged. */
static inline bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* origin_answer.c; each takes what it sends, and returns for on_request(). */
const char	*request_header(const struct request *rq, const char *name);
/* Add NAME: VALUE; RESP may be NULL. */
void		 add_header(struct MHD_Response *resp, const char *name,
		    const char *value);
/* The headers that every answer has. */
void		 add_common_headers(struct MHD_Response *resp);
/* RESP has all its headers; it is not taken.  BYTES are those of its body. */
enum MHD_Result	 answer_with(const struct request *rq, unsigned status,
		    struct MHD_Response *resp, uint64_t bytes);
enum MHD_Result	 answer_text(const struct request *rq, unsigned status,
		    const char *cache, const char *text);
/* It is not there, or could not be opened. */
enum MHD_Result	 answer_missing(const struct request *rq, int errnum,
		    uint32_t target_s);
/* Not now. */
enum MHD_Result	 answer_busy(const struct request *rq);
enum MHD_Result	 answer_refused(const struct request *rq, const char *why);
enum MHD_Result	 answer_method(const struct request *rq);
enum MHD_Result	 answer_options(const struct request *rq);
enum MHD_Result	 answer_time(const struct request *rq);
enum MHD_Result	 answer_streams(const struct request *rq);
/* RFC 9110 section 13.2.2. */
bool		 is_unchanged(const struct request *rq, const char *etag,
		    const char *modified);

/* origin_file.c */
enum MHD_Result	 answer_file(const struct request *rq);
/* What a 200 and a 206 with F say of it. */
void		 add_file_headers(const struct request *rq,
		    const struct found *f, struct MHD_Response *resp);

/* origin_segment.c */
/*
 * If F is a segment that can be kept, answer with all of it and set *RC; its
 * descriptor is not taken, and not needed any more.
 */
bool		 answer_segment(const struct request *rq,
		    const struct found *f, enum MHD_Result *rc);
/* Let go of those that nobody asked for lately: their disk space is not free
   before. */
void		 segments_sweep(struct origin *o, int64_t now_us);
void		 segments_init(struct origin *o);
/* When no answer is on its way any more. */
void		 segments_release(struct origin *o);

/*
 * origin_playlist.c.  A playlist that was got stays until it is put; so does
 * a version.
 */
/*
 * The playlist at PATH as it is on disk now, in *V; NULL with errno: ENOENT
 * and others as of beneath_open(), EFBIG when it is served as a file, EBUSY
 * when too many are in use.  With WATCH its changes wake the keeper, from
 * before it was read.
 */
struct playlist	*playlist_get(struct origin *o, const char *path, bool watch,
		    struct version **v);
void		 playlist_put(struct origin *o, struct playlist *p);
/* Look at it again; as above. */
struct version	*playlist_load(struct origin *o, struct playlist *p);
void		 playlists_init(struct origin *o);
void		 playlists_release(struct origin *o);

/* origin_version.c */
struct version	*version_ref(struct version *v);
void		 version_unref(struct version *v);	/* may be NULL */
/* V in the form that RQ asks for. */
enum MHD_Result	 answer_version(const struct request *rq, struct version *v,
		    const struct http_reload *reload);
enum MHD_Result	 answer_playlist(const struct request *rq);

/* origin_hold.c */
enum held {
	HELD,			/* on_request() is called once more */
	HELD_CHANGED,		/* P is not what V says any more */
	HELD_NOT,		/* the server ends */
};
/* Hold the request of RQ until P is no longer what V says, in WHY's way. */
enum held	 hold(const struct request *rq, enum hold why,
		    struct playlist *p, struct version *v);
/* What C had for its answer is not needed any more. */
void		 hold_forget(struct origin *o, struct conn *c);
/* The answer of a request that was held. */
enum MHD_Result	 answer_held(const struct request *rq);
/*
 * A file that is not there may be a part to come: true when the request is
 * held.  Else *TARGET_S is the target duration of its playlist, if there is
 * one, and the file may have come meanwhile.
 */
bool		 hold_part(const struct request *rq, uint32_t *target_s);
int		 keeper_start(struct origin *o, struct err *err);
/* The server ends: release all that is held, as late. */
void		 hold_no_more(struct origin *o);
/* The same, and end the keeper. */
void		 keeper_stop(struct origin *o);

/* origin_conn.c */
void		 on_connection(void *arg, struct MHD_Connection *con,
		    void **socket_context,
		    enum MHD_ConnectionNotificationCode what);
struct conn	*conn_of(struct MHD_Connection *con);
void		 conn_begin(struct origin *o, struct conn *c);
void		 conn_end(struct origin *o, struct conn *c);
/* The answer of BYTES begins. */
void		 conn_answer(struct origin *o, struct conn *c, uint64_t bytes);
/* Cut off those whose time is over. */
void		 conns_sweep(struct origin *o, int64_t now_us);
/* End those that have no request, and others behind theirs. */
void		 conns_quiesce(struct origin *o, bool tls_only);

/* origin.c */
/* Serving threads; with CERT by HTTPS.  NULL with ERR_OS, or ERR_CONFIG. */
struct MHD_Daemon *origin_daemon(struct origin *o, const char *cert,
		    const char *key, struct err *err);

/* origin_accept.c */
int		 acceptor_start(struct origin *o, struct err *err);
/* Take no more, and close the sockets. */
void		 acceptor_stop(struct origin *o);

/* origin_tls.c */
int		 origin_tls_start(struct origin *o, struct err *err);
int		 origin_tls_reload(struct origin *o, struct err *err);

/* origin_report.c */
void		 report(struct origin *o, const struct conn *c);
static inline void
count(struct origin *o, enum counter which, uint64_t n)
{
	atomic_fetch_add_explicit(&o->count[which], n, memory_order_relaxed);
}

#endif /* NET_ORIGIN_IMPL_H */
