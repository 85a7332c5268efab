/*
 * handler - the program that takes one publisher's FLV on standard input.
 *
 * Started directly, without a shell, as the leader of a process group of its
 * own, with default signals and descriptors 0, 1 and 2 only.
 */
#ifndef NET_HANDLER_H
#define NET_HANDLER_H

#include <sys/types.h>

struct err;

/* What the environment tells it, besides PROTO=RTMP. */
struct handler_facts {
	const char	*remote_ip;	/* RTMPREMOTEIP */
	const char	*remote_port;	/* RTMPREMOTEPORT */
	const char	*stream;	/* LIVESPOOL_STREAM */
	const char	*app;		/* LIVESPOOL_APP; cleaned before */
};

/*
 * The environment FROM without what a handler must not inherit: names that
 * end in _KEY, _SECRET, _TOKEN or _PASSWORD, the supervisor's notification
 * variables, and those set by handler_start().  An owned array, to be freed,
 * of borrowed strings; NULL when memory is out.
 */
char	**handler_environment(char *const from[]);

/*
 * Start ARGV with ENV, standard input IN and standard output OUT (-1: ours)
 * as such a program.  0 with its process id, or an errno.
 */
int	handler_spawn(char *const argv[], char *const env[], int in, int out,
	    pid_t *pid) __attribute__((warn_unused_result));

/*
 * Start ARGV with ENV and FACTS.  0 with the writing end of its standard
 * input (non-blocking, close-on-exec) and its process id, which is its
 * process group too; or -1 with ERR_UNAVAILABLE (no such program) or ERR_OS.
 */
int	handler_start(char *const argv[], char *const env[],
	    const struct handler_facts *facts, int *fd, pid_t *pid,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* NET_HANDLER_H */
