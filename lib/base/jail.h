/*
 * jail - work on hostile data in a child process that can do nothing else.
 *
 * The child has first a step with files, to read what it needs, and then one
 * without: no file, no socket, no other program, no process but itself; only
 * memory, threads, standard error, and the pieces that it hands back, each as
 * soon as it is made.  What becomes of it is told in words: a crash, a kill, a
 * limit.
 */
#ifndef BASE_JAIL_H
#define BASE_JAIL_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct jail {
	uint64_t	 memory;	/* bytes of address space */
	/* From one piece to the next, the first with READ: */
	int64_t		 timeout_us;	/* by the clock */
	uint64_t	 cpu_s;		/* of processor time, all threads */
	size_t		 pieces_max;
	size_t		 piece_max;	/* bytes of one */
	const char	*readable;	/* the directory that READ may read */
	/* Each 0 or -1; both in the child, where ARG is a copy. */
	int		(*read)(void *arg, struct err *err);
	int		(*work)(void *arg, struct err *err);
	/*
	 * In the parent, of each piece.  PIECE is hostile: a decoder that was
	 * taken over wrote it.  0, 1 when no more is wanted, or -1.
	 */
	int		(*take)(void *arg, const struct buf *piece,
			    struct err *err);
	void		*arg;
};

/*
 * Run READ and then WORK of J in a child, and TAKE here.
 * 0; 1 when the child failed, and ERR says of what: its own error, whose text
 * has no control characters; ERR_AGAIN for a limit of time, ERR_OS when it
 * was killed, ERR_BUG for a crash; -1 when it could not be run, with ERR_OS,
 * or with the error of TAKE.
 */
int	jail_run(const struct jail *j, struct err *err)
	    __attribute__((warn_unused_result));

/* Within WORK: hand PIECE to the parent.  0, or -1 with ERR_IO. */
int	jail_put(const struct buf *piece, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_JAIL_H */
