/*
 * guard - what is known of the addresses that connect: which connections each
 * has that do not publish, and how many wrong keys it sent lately.
 *
 * An address is an IPv4 one, or the first 64 bits of an IPv6 one: what one
 * customer has.  The table is bounded: by the connections there are, and by
 * LIMIT_GUARD_HOSTS addresses that are only remembered.
 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct err;

struct guard_conn {		/* part of a connection */
	TAILQ_ENTRY(guard_conn)	 of_host, of_all;
	struct guard_host	*host;	/* whose stranger it is; NULL: none */
};

TAILQ_HEAD(guard_conn_list, guard_conn);

struct guard_host {
	TAILQ_ENTRY(guard_host)	 entry;		/* of those without refs */
	struct guard_host	*next;		/* in its slot */
	uint64_t		 address;
	size_t			 refs;		/* connections */
	struct guard_conn_list	 strangers;	/* that do not publish */
	size_t			 nstrangers;
	unsigned		 asking;	/* the user's: questions about it */
	unsigned		 faults;	/* wrong keys */
	int64_t			 fault_us;	/* the last of them */
};

TAILQ_HEAD(guard_host_list, guard_host);

struct guard {
	struct guard_host	**slots;	/* owned */
	size_t			 nslots;	/* a power of two */
	size_t			 nhosts;
	struct guard_host_list	 remembered;	/* longest ago first */
	size_t			 nremembered;
	struct guard_conn_list	 strangers;	/* of all hosts, oldest first */
	size_t			 nstrangers;
	uint64_t		 seed;
};

/* 0, or -1 with ERR_OS. */
int	guard_init(struct guard *g, struct err *err)
	    __attribute__((warn_unused_result));
void	guard_release(struct guard *g);

/*
 * The host of IP (in digits), with one reference more, to be given back with
 * guard_leave(); NULL when memory is out.
 */
struct guard_host *guard_enter(struct guard *g, const char *ip,
	    int64_t now_us) __attribute__((warn_unused_result));
void	guard_leave(struct guard *g, struct guard_host *host);

/* C of HOST does not publish: it is the newest stranger. */
void	guard_add(struct guard *g, struct guard_host *host,
	    struct guard_conn *c);
/* It does, or is gone.  Nothing if it was not there. */
void	guard_remove(struct guard *g, struct guard_conn *c);

/*
 * HOST sent a wrong key.  How long its answer is to wait: not at all at
 * first, then longer each time up to GUARD_DELAY_MAX_US.
 */
#define GUARD_FREE_FAULTS	3
#define GUARD_DELAY_US		1000000
#define GUARD_DELAY_MAX_US	8000000
#define GUARD_QUIET_US		60000000	/* then all is forgotten */
int64_t	guard_fault(struct guard_host *host, int64_t now_us);

#endif /* NET_GUARD_H */
