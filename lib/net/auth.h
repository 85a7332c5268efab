/*
 * auth - the program that is asked who may publish.
 *
 * It is run for each question, without a shell, and gets the facts as
 * "name=value" lines on standard input, never as argument or in the
 * environment: one of them is the secret key.  Its answer is its exit status
 * and the first line of its standard output.
 */
#ifndef NET_AUTH_H
#define NET_AUTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/name.h"

struct buf;
struct err;
struct starter;
struct starter_event;

struct auth_facts {		/* as the client sent them */
	const char	*app;
	const char	*name;
	const char	*query;
	const char	*ip;
	const char	*port;
};

struct auth_process {
	uint64_t run;		/* of the starter; 0: none */
	int	 fd;		/* its standard output */
};

enum auth_answer {
	AUTH_YES,		/* exit status 0, and the stream's name */
	AUTH_NO,		/* another exit status, perhaps with a reason */
	AUTH_BROKEN,		/* not run, killed, or no name in its answer */
};

/* 0; or -1 with ERR_UNAVAILABLE when PROGRAM is a path and cannot be run. */
int	auth_check(const char *program, struct err *err)
	    __attribute__((warn_unused_result));

/* Append the lines.  0; or -1 with ERR_DATA: a control byte, or no memory. */
int	auth_question(const struct auth_facts *facts, struct buf *b,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Run the starter's program WHICH with QUESTION, which must be filled.
 * 0 and *P; or -1 with ERR_OS.
 */
int	auth_start(struct starter *s, size_t which,
	    const struct buf *question, struct auth_process *p,
	    struct err *err) __attribute__((warn_unused_result));
void	auth_kill(struct starter *s, const struct auth_process *p);

/*
 * EV is its end: its answer, with the stream's name, or else the reason, in
 * TEXT.  Nothing of *P is left to be released.
 */
#define AUTH_TEXT_BYTES		256
enum auth_answer auth_end(struct auth_process *p,
	    const struct starter_event *ev, char text[AUTH_TEXT_BYTES]);

#endif /* NET_AUTH_H */
