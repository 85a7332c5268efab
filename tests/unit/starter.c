#include "net/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* What is told within 10 s is WHAT of program ID; its value, or -1. */
static int
told(uint64_t id, enum starter_what what)
{
	struct pollfd p = { .fd = s.fd, .events = POLLIN };
	struct starter_event ev = { 0 };
	struct err err = ERR_INIT;

	if (poll(&p, 1, 10000) != 1 || starter_next(&s, &ev, &err) != 1 ||
	    ev.id != id || ev.what != what) {
		printf("# program %" PRIu64 ": %d %d %s\n", ev.id,
		    (int)ev.what, ev.value, err.text);
		return -1;
	}
	return ev.value;
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
	struct starter_event ev;
	int in[2], out[2], status;
	char text[100] = "";
	uint64_t id;

	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1)
		return;
	id = starter_start(&s, 0, &facts, (const int[]){ in[0], out[1] }, 2,
	    &err);
	ok(id != 0, "a program is asked for (%s)", err.text);
	close(in[0]);
	close(out[1]);
	ok(told(id, STARTER_RUNS) == 0, "it runs");
	ok(write(in[1], "hello\n", 6) == 6, "it has its input");
	close(in[1]);
	ok(read(out[0], text, sizeof(text) - 1) > 0 &&
	    strcmp(text, "hello RTMP 192.0.2.1 1234 cam live own\n") == 0,
	    "and the facts: %s", text);
	close(out[0]);
	status = told(id, STARTER_ENDED);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "its end is told");
	ok(starter_next(&s, &ev, &err) == 0, "once");
}

static void
test_kill(void)
{
	struct err err = ERR_INIT;
	int in[2], status;
	uint64_t id;

	if (pipe2(in, O_CLOEXEC) == -1)
		return;
	id = starter_start(&s, 0, NULL, in, 1, &err);
	starter_kill(&s, id + 1, SIGKILL);
	starter_kill(&s, id, SIGKILL);
	ok(told(id, STARTER_RUNS) == 0, "killed as soon as it runs");
	status = told(id, STARTER_ENDED);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	    "by the signal asked for");
	close(in[0]);
	close(in[1]);
}

static void
test_group(void)
{
	struct err err = ERR_INIT;
	char text[32] = "";
	int out[2];
	uint64_t id;

	if (pipe2(out, O_CLOEXEC) == -1)
		return;
	id = starter_start(&s, 2, NULL, (const int[]){ out[0], out[1] }, 2,
	    &err);
	close(out[1]);
	ok(told(id, STARTER_RUNS) == 0 &&
	    read(out[0], text, sizeof(text) - 1) > 0 &&
	    strcmp(text, "leader\n") == 0, "it leads a process group: %s",
	    text);
	close(out[0]);
	ok(told(id, STARTER_ENDED) == 0, "and ends");
}

static void
test_refused(void)
{
	struct err err = ERR_INIT;
	uint64_t id = starter_start(&s, 1, NULL, NULL, 0, &err);

	ok(told(id, STARTER_FAILED) == ENOENT, "not there");
	id = starter_start(&s, 3, NULL, NULL, 0, &err);
	ok(told(id, STARTER_FAILED) == EINVAL, "not one of its own");
}

/* More requests and news than either socket holds, and nobody listens. */
static void
test_many(void)
{
	enum { MANY = 1000 };
	struct err err = ERR_INIT;
	uint64_t id = 0, first = s.last_id + 1;
	int i, n = 0;

	for (i = 0; i < MANY; i++)
		id = starter_start(&s, 1, NULL, NULL, 0, &err);
	ok(id == first + MANY - 1, "%d are asked for at once (%s)", MANY,
	    err.text);
	while (n < MANY && told(first + (uint64_t)n, STARTER_FAILED) == ENOENT)
		n++;
	ok(n == MANY, "and %d answers come in order", n);
}

static void
test_gone(void)
{
	struct pollfd p = { .fd = s.fd, .events = POLLIN };
	struct err err = ERR_INIT;
	struct starter_event ev;

	kill(s.pid, SIGKILL);
	ok(poll(&p, 1, 10000) == 1 &&
	    starter_next(&s, &ev, &err) == -1 && err.cls == ERR_OS,
	    "the starter is gone: %s", err.text);
	ok(starter_start(&s, 0, NULL, NULL, 0, &err) == 0, "it starts "
	    "nothing: %s", err.text);
	starter_end(&s);
}

/* Its end finds news unread here, and a request unread there. */
static void
test_last_request(void)
{
	struct pollfd p = { .events = POLLIN };
	struct err err = ERR_INIT;
	int in[2], out[2];
	uint64_t id;

	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1)
		return;
	id = starter_start(&s, 0, NULL, (const int[]){ in[0], out[1] }, 2,
	    &err);
	close(out[1]);
	p.fd = s.fd;
	ok(poll(&p, 1, 10000) == 1, "it runs, which nobody reads");
	kill(s.pid, SIGSTOP);
	waitpid(s.pid, NULL, WUNTRACED);
	starter_kill(&s, id, SIGKILL);
	close(s.fd);
	kill(s.pid, SIGCONT);
	p.fd = out[0];
	ok(poll(&p, 1, 10000) == 1, "what was asked for last is done");
	waitpid(s.pid, NULL, 0);
	close(in[0]);
	close(in[1]);
	close(out[0]);
}

int
main(void)
{
	char *const script[] = { "sh", "-c", "read -r line; echo \"$line "
	    "$PROTO $RTMPREMOTEIP $RTMPREMOTEPORT $LIVESPOOL_STREAM "
	    "$LIVESPOOL_APP $OWN\"; exit 7", NULL };
	char *const none[] = { "/no/such/program", NULL };
	char *const leader[] = { "sh", "-c", "set -- $(cut -d' ' -f1,5 "
	    "/proc/$$/stat); [ $1 = $2 ] && echo leader", NULL };
	char *const *const programs[] = { script, none, leader };
	char path[4096];
	char *const env[] = { path, "OWN=own", NULL };
	struct err err = ERR_INIT;

	snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
	fflush(stdout);
	ok(starter_begin(&s, programs, 3, env, NULL, &err) == 0,
	    "a starter (%s)", err.text);
	test_last_request();
	fflush(stdout);
	ok(starter_begin(&s, programs, 3, env, NULL, &err) == 0,
	    "another (%s)", err.text);
	test_environment();
	test_start();
	test_kill();
	test_group();
	test_refused();
	test_many();
	test_gone();
	return done_testing();
}
