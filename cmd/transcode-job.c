/*
 * transcode-job - make the renditions that originals lack.
 *
 * stdin: fragment lines, when there are no operands.  stdout: the line of
 * each rendition fragment, one write(2) each, once it is durable.
 *
 * Each original is worked on in a child of its own, so that a crash, a leak
 * or a limit costs that original alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/opt.h"
#include "media/avlog.h"
#include "store/ladder.h"
#include "store/line.h"
#include "store/transcode.h"

enum {
	OPT_SPOOL = OPT_LONG,
	OPT_LADDER,
	OPT_TIER,
	OPT_TIMEOUT,
	OPT_MEMORY,
};

#define SECOND_US		INT64_C(1000000)
#define TIMEOUT_DEFAULT_US	(60 * SECOND_US)
#define TIMEOUT_MAX_US		(3600 * SECOND_US)
#define MEMORY_DEFAULT		(UINT64_C(2) << 30)
#define MEMORY_MIN		(UINT64_C(64) << 20)
#define MEMORY_MAX		(UINT64_C(1) << 40)
#define HEAP_HUGE_MAX		((size_t)512 << 20)

static const struct opt_spec opts[] = {
	{ OPT_LADDER, "ladder", "FILE", "the renditions to make (required)" },
	{ OPT_MEMORY, "memory", "SIZE",
	    "address space for one fragment (default: 2GiB)" },
	{ 'r', "rendition", "NAME", "only this one; may be repeated" },
	{ OPT_SPOOL, "spool", "DIR",
	    "the spool (default: $LIVESPOOL_SPOOL, or by path)" },
	{ OPT_TIER, "tier", "TIER", "live, batch or all (default: live)" },
	{ OPT_TIMEOUT, "timeout", "TIME",
	    "longest time for one fragment (default: 60s)" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "transcode-job",
	.synopsis = "[--spool DIR] --ladder FILE [-r NAME]... [--tier TIER] "
	    "[FRAGMENT...]",
	.summary = "Make the renditions that originals lack, and print a line "
	    "for each.",
	.opts = opts,
	.trailer =
	    "FRAGMENT is the path of an original; without one, lines are read "
	    "from stdin.\n"
	    "\n"
	    "  segment-store pending --ladder l.yaml --spool s |\n"
	    "      transcode-job --ladder l.yaml --spool s\n"
	    "  transcode-job --ladder l.yaml -r h264-720p "
	    "s/src/cam/000001/000000/000000001.mp4\n",
};

struct conf {
	const char		*spool;		/* or NULL: by the path */
	const char		*ladder_file;
	struct ladder		 ladder;
	struct transcode_conf	 transcode;
	int64_t			 timeout_us;
	uint64_t		 memory;
};

/* What became of the fragments. */
struct tally {
	size_t	done, failed;
	int	status;		/* of the last failure */
};

/* "DIR/src/STREAM/EPOCH/GROUP/SEQ.mp4": DIR, which may be left out. */
static int
spool_of_path(const char *path, char *dir, size_t size, struct err *err)
{
	size_t n = strlen(path);
	int slashes;

	for (slashes = 0; slashes < 5 && n > 0; slashes++)
		do
			n--;
		while (n > 0 && path[n] != '/');
	if (n == 0) {
		path = path[0] == '/' ? "/" : ".";
		n = 1;
	}
	if (n >= size)
		return err_set(err, ERR_INPUT, "path too long");
	memcpy(dir, path, n);
	dir[n] = '\0';
	return 0;
}

static int
open_spool(struct spool *s, const struct conf *conf, const char *path,
    struct err *err)
{
	char dir[4096];

	if (conf->spool != NULL)
		return spool_open(s, conf->spool, false, err);
	if (spool_of_path(path, dir, sizeof(dir), err) == -1)
		return -1;
	return spool_open(s, dir, false, err);
}

static int
print_line(const struct spool_key *key, void *arg, struct err *err)
{
	struct line line;

	if (line_of(arg, key, &line, err) == -1)
		return -1;
	return line_print(stdout, &line, LINE_TAB, err);
}

static void
warn(const struct transcode *t, const char *path)
{
	const struct transcode_output *out;

	if (t->stats.pictures < t->stats.expected)
		log_warning("'%s': %zu of %zu pictures lost", path,
		    t->stats.expected - t->stats.pictures, t->stats.expected);
	if (t->stats.damaged > 0)
		log_warning("'%s': %zu of %zu pictures damaged", path,
		    t->stats.damaged, t->stats.pictures);
	if (t->sound.damaged > 0)
		log_warning("'%s': %zu of %zu audio packets damaged", path,
		    t->sound.damaged, t->sound.packets);
	if (t->unheard)
		log_warning("'%s': the fragment before it is gone: its sound "
		    "begins without a run-up", path);
	for (out = t->outputs; out < t->outputs + t->count; out++)
		if (out->kind == TRANSCODE_GAP)
			log_warning("'%s': no samples for '%s', which gets a "
			    "gap", path, out->rendition->name);
	if (avlog_errors() > 0)
		log_info("'%s': %u complaints of the codecs", path,
		    avlog_errors());
}

static int
transcode(struct spool *s, const struct conf *conf, const char *path,
    const struct spool_key *key, struct err *err)
{
	struct transcode t = { 0 };
	int rc;

	rc = transcode_read(&t, s, &conf->transcode, key, err);
	if (rc == 1) {
		rc = transcode_run(&t, err);
		if (rc == 0) {
			warn(&t, path);
			rc = transcode_publish(&t, s, print_line, s, err);
		}
	}
	transcode_release(&t);
	return rc;
}

static int
do_fragment(const struct conf *conf, const char *path, struct err *err)
{
	struct spool_key key;
	struct spool s;
	int rc;

	if (spool_parse_path(path, &key, err) == -1)
		return -1;
	if (strcmp(key.rendition, SPOOL_SRC) != 0)
		return err_set(err, ERR_DATA, "not an original");
	if (open_spool(&s, conf, path, err) == -1)
		return -1;
	rc = transcode(&s, conf, path, &key, err);
	spool_close(&s);
	return rc;
}

static int
set_limits(const struct conf *conf, struct err *err)
{
	struct itimerval timer = { .it_value = {
		.tv_sec = conf->timeout_us / SECOND_US,
		.tv_usec = conf->timeout_us % SECOND_US,
	} };
	struct rlimit cpu = { (rlim_t)timer.it_value.tv_sec + 1,
	    (rlim_t)timer.it_value.tv_sec + 2 };

	signal(SIGALRM, SIG_DFL);
	if (setitimer(ITIMER_REAL, &timer, NULL) == -1)
		return err_sys(err, ERR_OS, "cannot set a timer");
	if (setrlimit(RLIMIT_CPU, &cpu) == -1)
		return err_sys(err, ERR_OS, "cannot limit processor time");
#ifndef __SANITIZE_ADDRESS__	/* which reserves terabytes */
	struct rlimit memory = { conf->memory, conf->memory };

	if (setrlimit(RLIMIT_AS, &memory) == -1)
		return err_sys(err, ERR_OS, "cannot limit memory");
#endif
	return 0;
}

/* The child: its status is the class of its error. */
static int
child(const struct conf *conf, const char *path, pid_t parent)
{
	struct err err = ERR_INIT;

	/* A killed parent must not leave work behind that nobody awaits. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		return ERR_OS;
	if (set_limits(conf, &err) == -1 ||
	    do_fragment(conf, path, &err) == -1) {
		err_wrap(&err, "'%s'", path);
		return log_fatal(&err);
	}
	return 0;
}

/* A child died of SIGNO. */
static int
judge_signal(const struct conf *conf, const char *path, int signo)
{
	switch (signo) {
	case SIGALRM:
	case SIGXCPU:
		log_error("'%s': took longer than %" PRId64 " ms", path,
		    conf->timeout_us / 1000);
		return ERR_AGAIN;
	case SIGPIPE:		/* nobody reads the lines: die likewise */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
		return ERR_IO;
	case SIGKILL:
		log_error("'%s': killed", path);
		return ERR_OS;
	default:
		log_error("'%s': crashed: signal %d: %s", path, signo,
		    strsignal(signo));
		return ERR_BUG;
	}
}

static int
await(const struct conf *conf, const char *path, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1) {
		if (errno == EINTR)
			continue;
		log_error("cannot wait for a child: %s", strerror(errno));
		return ERR_OS;
	}
	if (WIFSIGNALED(status))
		return judge_signal(conf, path, WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void
run_fragment(const struct conf *conf, const char *path, struct tally *tally)
{
	pid_t parent = getpid(), pid = fork();
	int status;

	if (pid == 0)
		_exit(child(conf, path, parent));
	if (pid == -1) {
		log_error("'%s': cannot fork: %s", path, strerror(errno));
		status = ERR_OS;
	} else {
		status = await(conf, path, pid);
	}
	if (status == 0) {
		tally->done++;
		return;
	}
	tally->failed++;
	tally->status = status;
}

/* Only the path of a line counts.  An empty line is nothing to do. */
static int
run_lines(const struct conf *conf, FILE *in, struct tally *tally,
    struct err *err)
{
	char line[LINE_BYTES_MAX];
	size_t n;

	while (fgets(line, sizeof(line), in) != NULL) {
		n = strlen(line);
		if (n == sizeof(line) - 1 && line[n - 1] != '\n')
			return err_set(err, ERR_DATA, "line over %zu bytes",
			    sizeof(line) - 1);
		line[strcspn(line, "\t\n")] = '\0';
		if (line[0] != '\0')
			run_fragment(conf, line, tally);
	}
	if (ferror(in))
		return err_sys(err, ERR_IO, "cannot read standard input");
	return 0;
}

static int
set_tier(struct conf *conf, const char *value, struct err *err)
{
	if (strcmp(value, "live") == 0)
		conf->transcode.tier = PENDING_LIVE;
	else if (strcmp(value, "batch") == 0)
		conf->transcode.tier = PENDING_BATCH;
	else if (strcmp(value, "all") == 0)
		conf->transcode.tier = PENDING_ALL;
	else
		return err_set(err, ERR_USAGE,
		    "option '--tier': '%s' is not live, batch or all", value);
	return 0;
}

/* NAMES has room for one of each argument. */
static int
parse_options(struct opt_state *os, int argc, char *argv[],
    struct conf *conf, const char **names, struct err *err)
{
	const char *arg;
	int c, rc = 0;

	while (rc == 0 && (c = opt_next(os, argc, argv, &arg, err)) != 0) {
		switch (c) {
		case OPT_SPOOL:
			conf->spool = arg;
			break;
		case OPT_LADDER:
			conf->ladder_file = arg;
			break;
		case 'r':
			names[conf->transcode.nnames++] = arg;
			break;
		case OPT_TIER:
			rc = set_tier(conf, arg, err);
			break;
		case OPT_TIMEOUT:
			rc = opt_time_us("--timeout", arg, SECOND_US / 100,
			    TIMEOUT_MAX_US, &conf->timeout_us, err);
			break;
		case OPT_MEMORY:
			rc = opt_size("--memory", arg, MEMORY_MIN, MEMORY_MAX,
			    &conf->memory, err);
			break;
		default:
			return -1;
		}
	}
	if (rc == 0 && conf->ladder_file == NULL)
		return err_set(err, ERR_USAGE, "no --ladder given");
	if (rc == 0 && os->next == argc && isatty(STDIN_FILENO))
		return err_set(err, ERR_USAGE, "no fragment given");
	return rc;
}

static int
load_ladder(struct conf *conf, struct err *err)
{
	size_t i;

	if (ladder_load(&conf->ladder, conf->ladder_file, err) == -1)
		return -1;
	conf->transcode.ladder = &conf->ladder;
	for (i = 0; i < conf->transcode.nnames; i++)
		if (ladder_find(&conf->ladder, conf->transcode.names[i]) ==
		    NULL)
			return err_set(err, ERR_USAGE,
			    "no rendition '%s' in '%s'",
			    conf->transcode.names[i], conf->ladder_file);
	return 0;
}

static int
exit_status(const struct tally *tally)
{
	if (tally->failed == 0)
		return 0;
	return tally->done + tally->failed == 1 ? tally->status : ERR_NO;
}

int
main(int argc, char *argv[])
{
	struct conf conf = {
		.spool = getenv("LIVESPOOL_SPOOL"),
		.timeout_us = TIMEOUT_DEFAULT_US,
		.memory = MEMORY_DEFAULT,
	};
	struct tally tally = { 0 };
	struct err err = ERR_INIT;
	struct opt_state os;
	const char **names = calloc((size_t)argc + 1, sizeof(*names));
	int i, status;

	opt_begin(&os, &prog);
	if (names == NULL) {
		err_nomem(&err);
		return log_fatal(&err);
	}
	conf.transcode.names = names;
	if (parse_options(&os, argc, argv, &conf, names, &err) == -1) {
		status = opt_usage_error(&os, &err);
		goto out;
	}
	if (load_ladder(&conf, &err) == -1) {
		status = log_fatal(&err);
		goto out;
	}
	avlog_route();
	/* The children inherit it. */
	heap_prefer_huge(conf.memory / 4 < HEAP_HUGE_MAX ?
	    (size_t)conf.memory / 4 : HEAP_HUGE_MAX);

	for (i = os.next; i < argc; i++)
		run_fragment(&conf, argv[i], &tally);
	if (os.next == argc && run_lines(&conf, stdin, &tally, &err) == -1)
		status = log_fatal(&err);
	else
		status = exit_status(&tally);
out:
	ladder_release(&conf.ladder);
	free(names);
	return status;
}
