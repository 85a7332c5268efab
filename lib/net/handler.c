#include "net/handler.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define NFACTS		5
#define FACT_BYTES	384

static bool
ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && memcmp(s + n - m, end, m) == 0;
}

static bool
is_inherited(const char *var)
{
	static const char *const dropped[] = {
		"PROTO", "RTMPREMOTEIP", "RTMPREMOTEPORT", "LIVESPOOL_STREAM",
		"LIVESPOOL_APP", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
		"LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"
	};
	static const char *const secrets[] = {
		"_KEY", "_SECRET", "_TOKEN", "_PASSWORD"
	};
	size_t n = strcspn(var, "="), i;

	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (n == strlen(dropped[i]) && memcmp(var, dropped[i], n) == 0)
			return false;
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (ends_with(var, n, secrets[i]))
			return false;
	return true;
}

char **
handler_environment(char *const from[])
{
	size_t n = 0, i;
	char **env;

	while (from[n] != NULL)
		n++;
	env = calloc(n + 1, sizeof(*env));
	if (env == NULL)
		return NULL;
	for (n = 0, i = 0; from[i] != NULL; i++)
		if (is_inherited(from[i]))
			env[n++] = from[i];
	return env;
}

int
handler_spawn(char *const argv[], char *const env[], int in, int out,
    pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	if ((rc = posix_spawn_file_actions_init(&actions)) != 0)
		return rc;
	if ((rc = posix_spawnattr_init(&attr)) != 0)
		goto out_actions;
	sigemptyset(&none);
	sigfillset(&all);
	if ((rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) != 0 ||
	    (rc = posix_spawnattr_setpgroup(&attr, 0)) != 0 ||
	    (rc = posix_spawnattr_setsigmask(&attr, &none)) != 0 ||
	    (rc = posix_spawnattr_setsigdefault(&attr, &all)) != 0 ||
	    (rc = posix_spawn_file_actions_adddup2(&actions, in,
	    STDIN_FILENO)) != 0 ||
	    (out != -1 && (rc = posix_spawn_file_actions_adddup2(&actions,
	    out, STDOUT_FILENO)) != 0) ||
	    (rc = posix_spawn_file_actions_addclosefrom_np(&actions,
	    STDERR_FILENO + 1)) != 0)
		goto out;
	rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, env);
out:
	posix_spawnattr_destroy(&attr);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int
spawn_with_facts(char *const argv[], char *const env[],
    const struct handler_facts *facts, int in, pid_t *pid)
{
	char text[NFACTS][FACT_BYTES];
	char **all;
	size_t n = 0, i;
	int rc;

	snprintf(text[0], FACT_BYTES, "PROTO=RTMP");
	snprintf(text[1], FACT_BYTES, "RTMPREMOTEIP=%s", facts->remote_ip);
	snprintf(text[2], FACT_BYTES, "RTMPREMOTEPORT=%s", facts->remote_port);
	snprintf(text[3], FACT_BYTES, "LIVESPOOL_STREAM=%s", facts->stream);
	snprintf(text[4], FACT_BYTES, "LIVESPOOL_APP=%s", facts->app);
	while (env[n] != NULL)
		n++;
	all = calloc(n + NFACTS + 1, sizeof(*all));
	if (all == NULL)
		return ENOMEM;
	memcpy(all, env, n * sizeof(*all));
	for (i = 0; i < NFACTS; i++)
		all[n + i] = text[i];
	rc = handler_spawn(argv, all, in, -1, pid);
	free(all);
	return rc;
}

int
handler_start(char *const argv[], char *const env[],
    const struct handler_facts *facts, int *fd, pid_t *pid, struct err *err)
{
	int ends[2], rc;

	*fd = -1;
	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_OS, "cannot make a pipe");
	rc = spawn_with_facts(argv, env, facts, ends[0], pid);
	close(ends[0]);
	if (rc == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0) {
		*fd = ends[1];
		return 0;
	}
	close(ends[1]);
	if (rc == 0)		/* it sees the end of its input, and exits */
		return err_sys(err, ERR_OS, "cannot set up a pipe");
	errno = rc;
	return err_sys(err, rc == ENOENT ? ERR_UNAVAILABLE : ERR_OS,
	    "cannot run '%s'", argv[0]);
}
