#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED	1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED	1
#endif
#ifndef SANITIZED
#define SANITIZED	0
#endif

/* Those of the first version of Landlock; later ones are added below. */
#define READ_RIGHTS	(LANDLOCK_ACCESS_FS_READ_FILE | \
			    LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS	(LANDLOCK_ACCESS_FS_WRITE_FILE | \
			    LANDLOCK_ACCESS_FS_REMOVE_FILE | \
			    LANDLOCK_ACCESS_FS_REMOVE_DIR | \
			    LANDLOCK_ACCESS_FS_MAKE_REG | \
			    LANDLOCK_ACCESS_FS_MAKE_DIR)
#define OTHER_RIGHTS	(LANDLOCK_ACCESS_FS_EXECUTE | \
			    LANDLOCK_ACCESS_FS_MAKE_CHAR | \
			    LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
			    LANDLOCK_ACCESS_FS_MAKE_SOCK | \
			    LANDLOCK_ACCESS_FS_MAKE_FIFO | \
			    LANDLOCK_ACCESS_FS_MAKE_SYM)
#define FILE_RIGHTS	(LANDLOCK_ACCESS_FS_READ_FILE | \
			    LANDLOCK_ACCESS_FS_WRITE_FILE)

int
sandbox_user(const char *user, struct err *err)
{
	struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(user)) == NULL) {
		if (errno != 0)
			return err_sys(err, ERR_OS, "cannot look up user '%s'",
			    user);
		return err_set(err, ERR_USAGE, "no user '%s'", user);
	}
	if (geteuid() == pw->pw_uid && getuid() == pw->pw_uid)
		return 0;
	if (initgroups(user, pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		return err_sys(err, errno == EPERM ? ERR_PERM : ERR_OS,
		    "cannot become user '%s'", user);
	return 0;
}

static int
no_new_privs(struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, ERR_OS, "cannot give up privileges");
	return 0;
}

static int
allow_path(int ruleset, const struct sandbox_path *p, struct err *err)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = READ_RIGHTS | (p->write ? WRITE_RIGHTS : 0),
		.parent_fd = open(p->path, O_PATH | O_CLOEXEC | O_DIRECTORY),
	};
	int rc;

	if (rule.parent_fd == -1 && errno == ENOTDIR) {
		rule.allowed_access &= FILE_RIGHTS;
		rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	}
	if (rule.parent_fd == -1)
		return errno == ENOENT ? 0 :
		    err_sys(err, ERR_OS, "cannot open '%s'", p->path);
	rc = (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (rc == -1)
		err_sys(err, ERR_OS, "cannot keep access to '%s'", p->path);
	close(rule.parent_fd);
	return rc;
}

int
sandbox_paths(const struct sandbox_path paths[], size_t n, struct err *err)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = READ_RIGHTS | WRITE_RIGHTS | OTHER_RIGHTS
	};
	int fd, rc = 0;
	size_t i;

	if (SANITIZED)
		return 1;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd == -1)	/* ENOSYS, EOPNOTSUPP; EPERM in some containers */
		return 1;
	for (i = 0; i < n && rc == 0; i++)
		rc = allow_path(fd, &paths[i], err);
	if (rc == 0)
		rc = no_new_privs(err);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, fd, 0) == -1)
		rc = err_sys(err, ERR_OS, "cannot give up files");
	close(fd);
	return rc;
}

/*
 * The flags of clone3(2) are out of a filter's sight: without it, C libraries
 * call clone(2).
 */
static int
allow_threads(scmp_filter_ctx filter)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

	return rc != 0 ? rc : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
	    SCMP_SYS(clone3), 0);
}

static int
allow_call(scmp_filter_ctx filter, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == SCMP_SYS(clone))
		return allow_threads(filter);
	/* Some calls exist on some architectures only. */
	return nr == __NR_SCMP_ERROR ? 0 :
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
}

static int
add_calls(scmp_filter_ctx filter, const char *const calls[], size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = allow_call(filter, calls[i]);
	return rc;
}

/* What any C program may need, and what ends one that runs another. */
static int
add_base(scmp_filter_ctx filter)
{
	static const char *const base[] = {
		"brk", "clock_gettime", "clock_nanosleep", "close", "exit",
		"exit_group", "fstat", "futex", "getpid", "getrandom",
		"gettid", "gettimeofday", "lseek", "madvise", "mremap",
		"munmap", "nanosleep", "newfstatat", "read", "readv",
		"restart_syscall", "rt_sigaction", "rt_sigprocmask",
		"rt_sigreturn", "sysinfo", "time", "write", "writev",
	};
	const struct scmp_arg_cmp own =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	const struct scmp_arg_cmp no_exec =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int rc;

	if ((rc = add_calls(filter, base,
	    sizeof(base) / sizeof(base[0]))) != 0 ||
	    (rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    no_exec)) != 0 ||
	    (rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
	    1, no_exec)) != 0 ||
	    (rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
	    1, own)) != 0 ||
	    (rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
	    SCMP_SYS(execve), 0)) != 0)
		return rc;
	return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
	    SCMP_SYS(execveat), 0);
}

int
sandbox_calls(const char *const calls[], size_t n, struct err *err)
{
	scmp_filter_ctx filter;
	int rc;

	if (SANITIZED || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		return 1;
	if ((filter = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL)
		return err_nomem(err);
	if ((rc = add_base(filter)) == 0 &&
	    (rc = add_calls(filter, calls, n)) == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc == 0)
		return 0;
	errno = -rc;
	return err_sys(err, ERR_OS, "cannot give up system calls");
}
