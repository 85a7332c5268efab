#include "net/starter.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "tap.h"

static const struct starter_facts facts = { "192.0.2.1", "1234", "cam",
    "live" };

static struct starter s;

/* The next program that ended within 10 s, or 0. */
static pid_t
next_exit(int *status)
{
	struct pollfd p = { .fd = s.exits_fd, .events = POLLIN };
	struct err err = ERR_INIT;
	pid_t pid;

	if (poll(&p, 1, 10000) != 1 ||
	    starter_next(&s, &pid, status, &err) != 1)
		return 0;
	return pid;
}

static void
test_environment(void)
{
	char *const from[] = { "HOME=/x", "API_KEY=1", "MY_SECRET=2",
	    "A_TOKEN=3", "DB_PASSWORD=4", "PROTO=TCP", "LISTEN_FDS=1",
	    "KEY_NOT=5", NULL };
	char **env = starter_environment(from);

	ok(env != NULL && strcmp(env[0], "HOME=/x") == 0 &&
	    strcmp(env[1], "KEY_NOT=5") == 0 && env[2] == NULL,
	    "secrets are not inherited");
	free(env);
}

static void
test_start(void)
{
	struct err err = ERR_INIT;
	int in[2], out[2], status = -1;
	char text[100] = "";
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1)
		return;
	pid = starter_start(&s, 0, &facts, (const int[]){ in[0], out[1] }, 2,
	    &err);
	ok(pid > 0, "a program starts (%s)", err.text);
	close(in[0]);
	close(out[1]);
	ok(write(in[1], "hello\n", 6) == 6, "it has its input");
	close(in[1]);
	ok(read(out[0], text, sizeof(text) - 1) > 0 &&
	    strcmp(text, "hello RTMP 192.0.2.1 1234 cam live own\n") == 0,
	    "and the facts: %s", text);
	close(out[0]);
	ok(next_exit(&status) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 7, "its end is told");
	ok(starter_next(&s, &pid, &status, &err) == 0, "once");
}

static void
test_kill(void)
{
	struct err err = ERR_INIT;
	int in[2], status = -1;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) == -1)
		return;
	pid = starter_start(&s, 0, NULL, in, 1, &err);
	ok(pid > 0 && getpgid(pid) == pid, "in a group of its own");
	starter_kill(&s, getpid(), SIGKILL);
	starter_kill(&s, pid, SIGKILL);
	ok(next_exit(&status) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGKILL,
	    "killed; and not who is none of its own");
	close(in[0]);
	close(in[1]);
}

static void
test_refused(void)
{
	struct err err = ERR_INIT;

	ok(starter_start(&s, 1, NULL, NULL, 0, &err) == -1 &&
	    err.cls == ERR_UNAVAILABLE &&
	    strstr(err.text, "/no/such/program") != NULL,
	    "not there: %s", err.text);
}

static void
test_gone(void)
{
	struct pollfd p = { .fd = s.exits_fd, .events = POLLIN };
	struct err err = ERR_INIT;
	int status;
	pid_t pid;

	kill(s.pid, SIGKILL);
	ok(poll(&p, 1, 10000) == 1 &&
	    starter_next(&s, &pid, &status, &err) == -1 && err.cls == ERR_OS,
	    "the starter is gone: %s", err.text);
	ok(starter_start(&s, 0, NULL, NULL, 0, &err) == -1, "it starts "
	    "nothing: %s", err.text);
	starter_end(&s);
}

int
main(void)
{
	char *const script[] = { "sh", "-c", "read -r line; echo \"$line "
	    "$PROTO $RTMPREMOTEIP $RTMPREMOTEPORT $LIVESPOOL_STREAM "
	    "$LIVESPOOL_APP $OWN\"; exit 7", NULL };
	char *const none[] = { "/no/such/program", NULL };
	char *const *const programs[] = { script, none };
	char path[4096];
	char *const env[] = { path, "OWN=own", NULL };
	struct err err = ERR_INIT;

	snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
	fflush(stdout);
	ok(starter_begin(&s, programs, 2, env, NULL, &err) == 0,
	    "a starter (%s)", err.text);
	test_environment();
	test_start();
	test_kill();
	test_refused();
	test_gone();
	return done_testing();
}
