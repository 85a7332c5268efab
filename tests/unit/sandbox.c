#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "scratch.h"
#include "tap.h"

#define LEFT_OUT	99	/* the child's word for: not in this kernel */

/* What FN returns in a child of its own: a status, or minus a signal. */
static int
in_child(int (*fn)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	if ((pid = fork()) == 0)
		_exit(fn());
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return -999;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static char dir[4096], inside[4200];

static int
try_paths(void)
{
	const struct sandbox_path paths[] = {
		{ dir, true },
		{ "/nowhere/at/all", false },
	};
	struct err err = ERR_INIT;
	int rc = sandbox_paths(paths, 2, &err), fd;

	if (rc != 0)
		return rc == 1 ? LEFT_OUT : 1;
	if ((fd = open(inside, O_WRONLY | O_CREAT, 0600)) == -1)
		return 2;
	close(fd);
	if (unlink(inside) == -1)
		return 3;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return 4;
	return 0;
}

static int
try_read_only(void)
{
	const struct sandbox_path paths[] = { { dir, false } };
	struct err err = ERR_INIT;
	int rc = sandbox_paths(paths, 1, &err);

	if (rc != 0)
		return rc == 1 ? LEFT_OUT : 1;
	if (open(inside, O_WRONLY | O_CREAT, 0600) != -1 || errno != EACCES)
		return 2;
	return open(dir, O_RDONLY) == -1 ? 3 : 0;
}

static const char *const calls[] = { "pipe2", "nothing_of_this_name" };

static int
try_calls(void)
{
	struct err err = ERR_INIT;
	int rc = sandbox_calls(calls, 2, &err), ends[2];

	if (rc != 0)
		return rc == 1 ? LEFT_OUT : 1;
	if (pipe2(ends, O_CLOEXEC) == -1 || write(ends[1], "x", 1) != 1)
		return 2;
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 3;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EPERM)
		return 4;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		return 5;
	free(malloc(10 * 1024 * 1024));
	return 0;
}

static int
try_exec(void)
{
	char *const argv[] = { "true", NULL }, *const env[] = { NULL };
	struct err err = ERR_INIT;

	if (sandbox_calls(calls, 2, &err) != 0)
		return LEFT_OUT;
	execve("/bin/true", argv, env);
	return 1;
}

static int
try_user(void)
{
	struct err err = ERR_INIT;

	if (geteuid() != 0)
		return LEFT_OUT;
	if (sandbox_user("nobody", &err) == -1)
		return 1;
	if (geteuid() == 0 || getegid() == 0 || setuid(0) != -1)
		return 2;
	if (sandbox_user("nobody", &err) == -1)
		return 3;
	if (sandbox_user("root", &err) != -1 || err.cls != ERR_PERM)
		return 4;
	return 0;
}

static void
check(int (*fn)(void), int want, const char *what)
{
	int got = in_child(fn);

	if (got == LEFT_OUT)
		ok(true, "%s # SKIP not here", what);
	else
		ok(got == want, "%s (%d)", what, got);
}

int
main(void)
{
	struct err err = ERR_INIT;

	snprintf(dir, sizeof(dir), "%s", scratch());
	snprintf(inside, sizeof(inside), "%s/file", dir);
	check(try_paths, 0, "paths: inside yes, outside no");
	check(try_read_only, 0, "paths: to read only");
	check(try_calls, 0, "calls: those named, no others");
	check(try_exec, -SIGSYS, "calls: running a program is death");
	check(try_user, 0, "user: for good");
	ok(sandbox_user("no-such-user", &err) == -1 && err.cls == ERR_USAGE,
	    "no such user: %s", err.text);
	return done_testing();
}
