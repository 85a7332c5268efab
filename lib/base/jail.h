/*
 * jail - work on hostile data in a child process that can do nothing else.
 *
 * The child has first a step with files, to read what it needs, and then one
 * without: no file, no socket, no other program, no process but itself; only
 * memory, threads, standard error, and the bytes that it hands back.  What
 * becomes of it is told in words: a crash, a kill, a limit.
 */
#ifndef BASE_JAIL_H
#define BASE_JAIL_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct jail {
	uint64_t	 memory;	/* bytes of address space */
	int64_t		 timeout_us;	/* by the clock, for both steps */
	uint64_t	 cpu_s;		/* of processor time, all threads */
	size_t		 output_max;	/* bytes that WORK may hand back */
	const char	*readable;	/* the directory that READ may read */
	/* Each 0 or -1; both in the child, where ARG is a copy. */
	int		(*read)(void *arg, struct err *err);
	int		(*work)(void *arg, struct buf *out, struct err *err);
	void		*arg;
};

/*
 * Run READ and then WORK of J in a child, and append what WORK put out to OUT.
 * 0; 1 when the child failed, and ERR says of what: its own error, whose text
 * has no control characters; ERR_AGAIN for a limit of time, ERR_OS when it
 * was killed, ERR_BUG for a crash; -1 when it could not be run, with ERR_OS.
 * OUT is hostile as well: a decoder that was taken over wrote it.
 */
int	jail_run(const struct jail *j, struct buf *out, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_JAIL_H */
