/*
 * starter - a process that starts programs for one that may not.
 *
 * The event loop reads what strangers send and has given up its rights; the
 * handlers need theirs.  So a child forked before that starts them, on
 * request over a socket pair.  It runs only the programs it was made with,
 * signals only those it has started, and ends when its parent does.  The
 * parent waits for nothing: what became of a request is read later.
 *
 * Programs are started directly, without a shell, as the leader of a process
 * group of their own, with default signals and descriptors 0, 1 and 2 only.
 */
#ifndef NET_STARTER_H
#define NET_STARTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* What the environment tells a program, besides PROTO=RTMP; each a word. */
struct starter_facts {
	const char	*remote_ip;	/* RTMPREMOTEIP */
	const char	*remote_port;	/* RTMPREMOTEPORT */
	const char	*stream;	/* LIVESPOOL_STREAM */
	const char	*app;		/* LIVESPOOL_APP; cleaned before */
};

struct starter {
	pid_t	 pid;		/* of the child */
	int	 fd;		/* to it; readable: call starter_next() */
	uint64_t last_id;
};

/* What became of a program. */
struct starter_event {
	uint64_t	id;	/* as starter_start() had it */
	enum starter_what {
		STARTER_RUNS,	/* first, or */
		STARTER_FAILED,	/* it never will; VALUE is an errno */
		STARTER_ENDED,	/* after RUNS; VALUE as of waitpid(2) */
	}		what;
	int		value;
};

/*
 * The environment FROM without what a program must not inherit: names that
 * end in _KEY, _SECRET, _TOKEN or _PASSWORD, the supervisor's notification
 * variables, and those of the facts.  An owned array, to be freed, of
 * borrowed strings; NULL when memory is out.
 */
char	**starter_environment(char *const from[]);

/*
 * Fork the child that runs the programs ARGV[0] to ARGV[N - 1] with ENV.
 * USER, when not NULL, is who it becomes first.  All descriptors but 0, 1, 2
 * are closed in it.  0; or -1 with ERR_OS or what sandbox_user() fails with.
 */
int	starter_begin(struct starter *s, char *const *const argv[], size_t n,
	    char *const env[], const char *user, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Ask for program WHICH with FACTS, which may be NULL; FDS[0 .. NFDS) become
 * its descriptors 0 and on, the others are the starter's own.  The caller may
 * close them.  A number for what starter_next() tells of it; or 0 with ERR_OS.
 */
uint64_t starter_start(struct starter *s, size_t which,
	    const struct starter_facts *facts, const int fds[], size_t nfds,
	    struct err *err) __attribute__((warn_unused_result));

/* Send SIGNAL to the process group of that program, if it runs. */
void	starter_kill(struct starter *s, uint64_t id, int signal);

/*
 * What has happened.  1; 0 when there is nothing now; -1 with ERR_OS when the
 * starter itself is gone.
 */
int	starter_next(struct starter *s, struct starter_event *event,
	    struct err *err) __attribute__((warn_unused_result));

/* Let it go.  The programs that run go on. */
void	starter_end(struct starter *s);

#endif /* NET_STARTER_H */
