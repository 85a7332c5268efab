#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "net/recv.h"
#include "net/recv_impl.h"

#define MAX_PATHS	12

struct rules {
	struct sandbox_path	path[MAX_PATHS];
	char			text[MAX_PATHS][PATH_MAX];
	size_t			n;
};

static void
add_dir(struct rules *rules, const char *file, bool write)
{
	char *text = rules->text[rules->n];

	if (rules->n == MAX_PATHS || strlen(file) >= PATH_MAX)
		return;
	snprintf(text, PATH_MAX, "%s", file);
	rules->path[rules->n++] = (struct sandbox_path){ dirname(text),
	    write };
}

/*
 * FILE will be opened again, by when another may have its name: so all of
 * its directory, and that which a symbolic link leads to.
 */
static void
add_file(struct rules *rules, const char *file, bool write)
{
	char real[PATH_MAX];

	if (file == NULL)
		return;
	add_dir(rules, file, write);
	if (realpath(file, real) != NULL)
		add_dir(rules, real, write);
}

int
recv_sandbox(const struct recv_conf *conf, struct err *err)
{
	static const char *const calls[] = {
		"accept4", "epoll_ctl", "epoll_wait", "epoll_pwait", "fcntl",
		"fsync", "getpeername", "getsockname", "getsockopt", "ioctl",
		"openat", "pipe2", "recvfrom", "recvmsg", "rename",
		"renameat", "renameat2", "sendmsg", "sendto", "setsockopt",
		"shutdown", "socketpair", "unlink", "unlinkat", "wait4",
	};
	struct rules *rules = calloc(1, sizeof(*rules));
	int files, rc;

	if (rules == NULL)
		return err_nomem(err);
	add_file(rules, conf->keys_file, false);
	add_file(rules, conf->cert, false);
	add_file(rules, conf->key, false);
	add_file(rules, conf->metrics, true);
	add_file(rules, conf->handover, true);
	files = sandbox_paths(rules->path, rules->n, err);
	free(rules);
	if (files == -1)
		return -1;
	rc = sandbox_calls(calls, sizeof(calls) / sizeof(calls[0]), err);
	if (rc == -1)
		return -1;
	if (files == 1 || rc == 1)
		log_info("not in a sandbox: this kernel or build lacks %s",
		    files == 0 ? "seccomp" : rc == 0 ? "Landlock" :
		    "Landlock and seccomp");
	return 0;
}
