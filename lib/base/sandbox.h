/*
 * sandbox - giving up rights that a process needs no more.
 *
 * Each step is for good, and inherited by children.  Where the kernel does
 * not have it, a step is left out, and says so by returning 1: these are
 * second walls behind the code's own.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* A file, or a directory and all that is below it. */
struct sandbox_path {
	const char	*path;
	bool		 write;		/* else read only */
};

/*
 * Become USER with its groups, for good; we are root.  A user that we are
 * already is fine.  0, or -1: ERR_USAGE (no such user), ERR_PERM, ERR_OS.
 */
int	sandbox_user(const char *user, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Landlock (Linux 5.13): no file is opened, made, renamed or removed but
 * below the N PATHS.  Descriptors that are open stay.  A path that is not
 * there is left out.  0; 1: not in this kernel, or a sanitizer is built in;
 * or -1 with ERR_OS.
 */
int	sandbox_paths(const struct sandbox_path paths[], size_t n,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * seccomp: no system call but the N CALLS, by their names, and those that
 * any C program makes (memory without execution, time, signals to itself,
 * exit).  "clone" stands for threads alone.  All others fail with EPERM;
 * execve(2) and its kin kill the process.
 * Returns as sandbox_paths().
 */
int	sandbox_calls(const char *const calls[], size_t n, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_SANDBOX_H */
