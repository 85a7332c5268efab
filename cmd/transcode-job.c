/*
 * transcode-job - make the renditions that originals lack.
 *
 * stdin: fragment lines, when there are no operands.  stdout: the line of
 * each rendition fragment, one write(2) each, once it is durable.
 *
 * Originals are worked on in children, see store/worker.h, so that a crash, a
 * leak or a limit costs that original alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/idle.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/name.h"
#include "base/opt.h"
#include "media/avlog.h"
#include "store/ladder.h"
#include "store/line.h"
#include "store/pull.h"
#include "store/worker.h"
#include "transcode-job/run.h"

enum {
	OPT_BEHIND = OPT_LONG,
	OPT_COMPARE,
	OPT_CPU_TIME,
	OPT_IDLE,
	OPT_LATE,
	OPT_SPOOL,
	OPT_JOBS,
	OPT_OWNER,
	OPT_LADDER,
	OPT_THREADS,
	OPT_TIER,
	OPT_TIMEOUT,
	OPT_MEMORY,
	OPT_TRIES,
};

#define SECOND_US		INT64_C(1000000)
#define TIMEOUT_DEFAULT_US	(60 * SECOND_US)
#define CPU_DEFAULT_S		120
#define LATE_MAX_US		(86400 * SECOND_US)
#define TIMEOUT_MAX_US		(3600 * SECOND_US)
#define IDLE_PATIENCE		60		/* times as long, then */
#define MEMORY_DEFAULT		(UINT64_C(2) << 30)
#define MEMORY_MIN		(UINT64_C(64) << 20)
#define MEMORY_MAX		(UINT64_C(1) << 40)
#define HEAP_HUGE_MAX		((size_t)512 << 20)

static const struct opt_spec opts[] = {
	{ OPT_BEHIND, "behind", "TIME", "with --late: it is so far behind" },
	{ OPT_COMPARE, "compare", NULL,
	    "make what is there again, publish nothing, tell what differs" },
	{ OPT_CPU_TIME, "cpu-time", "TIME",
	    "longest processor time for one fragment (default: 2m)" },
	{ OPT_IDLE, "idle", NULL, "take only what nothing else wants" },
	{ OPT_JOBS, "jobs", "N", "with --owner: so many at once (default: 1)" },
	{ OPT_LADDER, "ladder", "FILE", "the renditions to make (required)" },
	{ OPT_LATE, "late", "TIME",
	    "put off what is further behind its stream" },
	{ OPT_MEMORY, "memory", "SIZE",
	    "address space for one fragment (default: 2GiB)" },
	{ OPT_OWNER, "owner", "NAME",
	    "claim tickets under this name, until told to stop" },
	{ 'r', "rendition", "NAME", "only this one; may be repeated" },
	{ OPT_SPOOL, "spool", "DIR",
	    "the spool (default: $LIVESPOOL_SPOOL, or by path)" },
	{ OPT_THREADS, "threads", "N",
	    "rungs of a fragment to encode at once (default: 1)" },
	{ OPT_TIER, "tier", "TIER", "live, batch or all (default: live)" },
	{ OPT_TIMEOUT, "timeout", "TIME",
	    "longest time for one fragment (default: 60s)" },
	{ OPT_TRIES, "tries", "N",
	    "park a fragment that failed so often (default: 3)" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "transcode-job",
	.synopsis = "[--spool DIR] --ladder FILE [-r NAME]... [--tier TIER] "
	    "[FRAGMENT... | --owner NAME [--jobs N]]",
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
	struct worker		 worker;
	const char		*owner;		/* or NULL: does not pull */
	uint64_t		 jobs;
	bool			 progress;
	bool			 idle;
};

struct puller {
	const struct conf	*conf;
	struct spool		*s;
	pid_t			 pid;
};

static int
print_line(const struct spool_key *key, void *arg, struct err *err)
{
	struct line line;

	if (line_of(arg, key, &line, err) == -1)
		return -1;
	return line_print(stdout, &line, LINE_TAB, err);
}

static bool differ;		/* with --compare: some do */

static int
print_difference(const struct spool_key *key, const char *what, void *arg,
    struct err *err)
{
	const struct spool *s = arg;
	char path[SPOOL_PATH_BYTES];

	differ = true;
	spool_path(key, path);
	if (printf("%s/%s\tdiffers\t%s\n", s->dir, path, what) < 0 ||
	    fflush(stdout) != 0)
		return err_sys(err, ERR_IO, "cannot write standard output");
	return 0;
}

/* In the child: what the renditions lack. */
static void
warn(const struct transcode *t)
{
	static unsigned told;
	const struct transcode_output *out;
	char path[SPOOL_PATH_BYTES];

	spool_path(&t->key, path);
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
		log_warning("'%s': the fragment before it is gone, or no "
		    "use: its sound begins without a run-up", path);
	for (out = t->outputs; out < t->outputs + t->count; out++)
		if (out->kind == TRANSCODE_GAP &&
		    out->rendition->codec != CODEC_JPEG)
			log_warning("'%s': no samples for '%s', which gets a "
			    "gap", path, out->rendition->name);
	if (avlog_errors() > told)
		log_info("'%s': %u complaints of the codecs", path,
		    avlog_errors() - told);
	told = avlog_errors();
}

static volatile sig_atomic_t stopping;
static int nothing = -1;	/* /dev/null */

/*
 * The fragment in hand is finished.  Standard input ends here, whether it is
 * being read or about to be; the second signal kills.
 */
static void
on_stop(int signo)
{
	int saved = errno;

	(void)signo;
	stopping = 1;
	dup2(nothing, STDIN_FILENO);
	errno = saved;
}

static int
await_signals(struct err *err)
{
	struct sigaction sa = { .sa_handler = on_stop,
	    .sa_flags = (int)SA_RESETHAND };

	if ((nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1)
		return err_sys(err, ERR_OS, "cannot open '/dev/null'");
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigaction(SIGINT, &sa, NULL) == -1)
		return err_sys(err, ERR_OS, "cannot catch a signal");
	return 0;
}

static bool
has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/* Who comes last waits for the processor, which is not the fragment's fault. */
static int
come_last(struct worker *w, struct err *err)
{
	w->jail.timeout_us *= IDLE_PATIENCE;
	if (w->jail.timeout_us > TIMEOUT_MAX_US)
		w->jail.timeout_us = TIMEOUT_MAX_US;
	return idle_enter(err);
}

struct pulled {
	const char	*dir, *path;
	int		 status;
};

static void
end_pulled(const struct spool_key *key, int rc, struct err *err, void *arg)
{
	struct pulled *pulled = arg;

	(void)key;
	if (rc == 0)
		return;
	err_wrap(err, "'%s/%s'", pulled->dir, pulled->path);
	pulled->status = log_fatal(err);
}

/* The child: its status is the class of its error. */
static int
pull_work(const struct spool_key *key, enum spool_queue from, void *arg)
{
	const struct puller *p = arg;
	struct worker w = p->conf->worker;
	char path[SPOOL_PATH_BYTES];
	struct pulled pulled = { p->s->dir, path, 0 };
	struct err err = ERR_INIT;

	/* A killed parent must not leave work behind that nobody awaits. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != p->pid)
		return ERR_OS;
	spool_path(key, path);
	log_info("'%s/%s': started", p->s->dir, path);
	if (from == QUEUE_LATER) {
		w.late = 0;
		if (come_last(&w, &err) == -1)
			return log_fatal(&err);
	}
	w.stop = NULL;
	worker_run(&w, p->s, key, 1, end_pulled, &pulled);
	return pulled.status;
}

static int
pull(const struct conf *conf, struct err *err)
{
	struct spool s;
	struct puller p = { conf, &s, getpid() };
	const struct pull_conf pull = { .s = &s, .owner = conf->owner,
	    .jobs = conf->jobs, .late = conf->worker.late, .work = pull_work,
	    .arg = &p };
	int rc;

	if (spool_open(&s, conf->spool, false, err) == -1)
		return -1;
	rc = pull_run(&pull, err);
	spool_close(&s);
	return rc;
}

static int
set_tier(struct conf *conf, const char *value, struct err *err)
{
	if (strcmp(value, "live") == 0)
		conf->worker.transcode.tier = PENDING_LIVE;
	else if (strcmp(value, "batch") == 0)
		conf->worker.transcode.tier = PENDING_BATCH;
	else if (strcmp(value, "all") == 0)
		conf->worker.transcode.tier = PENDING_ALL;
	else
		return err_set(err, ERR_USAGE,
		    "option '--tier': '%s' is not live, batch or all", value);
	return 0;
}

/* A fragment is a second of its stream. */
static int
set_late(struct conf *conf, const char *value, struct err *err)
{
	int64_t us;

	if (opt_time_us("--late", value, SECOND_US, LATE_MAX_US, &us,
	    err) == -1)
		return -1;
	conf->worker.late = (uint32_t)(us / SECOND_US);
	return 0;
}

static int
set_behind(struct conf *conf, const char *value, struct err *err)
{
	int64_t us;

	if (opt_time_us("--behind", value, 0, LATE_MAX_US, &us, err) == -1)
		return -1;
	conf->worker.behind = us / SECOND_US;
	return 0;
}

/* The system counts whole seconds. */
static int
set_cpu_time(struct conf *conf, const char *value, struct err *err)
{
	int64_t us;

	if (opt_time_us("--cpu-time", value, SECOND_US, TIMEOUT_MAX_US, &us,
	    err) == -1)
		return -1;
	conf->worker.jail.cpu_s = (uint64_t)((us + SECOND_US - 1) / SECOND_US);
	return 0;
}

static int
set_threads(struct conf *conf, const char *value, struct err *err)
{
	uint64_t n;

	if (opt_uint("--threads", value, 1, LIMIT_JOB_THREADS, &n, err) == -1)
		return -1;
	conf->worker.transcode.threads = (unsigned)n;
	return 0;
}

static int
set_tries(struct conf *conf, const char *value, struct err *err)
{
	uint64_t n;

	if (opt_uint("--tries", value, 1, LIMIT_TRIES, &n, err) == -1)
		return -1;
	conf->worker.tries = (unsigned)n;
	return 0;
}

/* Operands, lines, or tickets? */
static int
check_input(const struct opt_state *os, int argc, const struct conf *conf,
    struct err *err)
{
	if (conf->owner == NULL)
		return os->next < argc || !isatty(STDIN_FILENO) ? 0 :
		    err_set(err, ERR_USAGE, "no fragment given");
	if (!name_ok(conf->owner))
		return err_set(err, ERR_USAGE, "--owner: '%s' is no name",
		    conf->owner);
	if (conf->worker.transcode.aim == TRANSCODE_AGAIN)
		return err_set(err, ERR_USAGE, "--owner and --compare");
	if (conf->spool == NULL)
		return err_set(err, ERR_USAGE, "--owner without --spool");
	if (os->next < argc)
		return err_set(err, ERR_USAGE, "--owner and a fragment");
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
			names[conf->worker.transcode.nnames++] = arg;
			break;
		case OPT_BEHIND:
			rc = set_behind(conf, arg, err);
			break;
		case OPT_IDLE:
			conf->idle = true;
			break;
		case OPT_LATE:
			rc = set_late(conf, arg, err);
			break;
		case OPT_JOBS:
			rc = opt_uint("--jobs", arg, 1, LIMIT_PULL_JOBS,
			    &conf->jobs, err);
			break;
		case OPT_OWNER:
			conf->owner = arg;
			break;
		case OPT_THREADS:
			rc = set_threads(conf, arg, err);
			break;
		case OPT_TIER:
			rc = set_tier(conf, arg, err);
			break;
		case OPT_TIMEOUT:
			rc = opt_time_us("--timeout", arg, SECOND_US / 100,
			    TIMEOUT_MAX_US, &conf->worker.jail.timeout_us,
			    err);
			break;
		case OPT_MEMORY:
			rc = opt_size("--memory", arg, MEMORY_MIN, MEMORY_MAX,
			    &conf->worker.jail.memory, err);
			break;
		case OPT_COMPARE:
			conf->worker.transcode.aim = TRANSCODE_AGAIN;
			break;
		case OPT_TRIES:
			rc = set_tries(conf, arg, err);
			break;
		case OPT_CPU_TIME:
			rc = set_cpu_time(conf, arg, err);
			break;
		default:
			return -1;
		}
	}
	if (rc == 0 && conf->ladder_file == NULL)
		return err_set(err, ERR_USAGE, "no --ladder given");
	return rc == 0 ? check_input(os, argc, conf, err) : rc;
}

static int
load_ladder(struct conf *conf, struct err *err)
{
	size_t i;

	if (ladder_load(&conf->ladder, conf->ladder_file, err) == -1)
		return -1;
	conf->worker.transcode.ladder = &conf->ladder;
	for (i = 0; i < conf->worker.transcode.nnames; i++)
		if (ladder_find(&conf->ladder, conf->worker.transcode.names[i]) ==
		    NULL)
			return err_set(err, ERR_USAGE,
			    "no rendition '%s' in '%s'",
			    conf->worker.transcode.names[i], conf->ladder_file);
	return 0;
}

static int
run_all(const struct conf *conf, char *const paths[], int count,
    struct err *err)
{
	const struct run_conf run = { &conf->worker, conf->spool,
	    conf->progress };
	int status;

	if (conf->owner != NULL)
		return pull(conf, err) == -1 ? log_fatal(err) : 0;
	status = count > 0 ? run_paths(&run, paths, (size_t)count) :
	    run_lines(&run, STDIN_FILENO);
	return status == 0 && differ ? ERR_NO : status;
}

int
main(int argc, char *argv[])
{
	struct conf conf = {
		.spool = getenv("LIVESPOOL_SPOOL"),
		.worker = {
			.jail = { .memory = MEMORY_DEFAULT,
			    .timeout_us = TIMEOUT_DEFAULT_US,
			    .cpu_s = CPU_DEFAULT_S },
			.transcode.threads = 1,
			.behind = -1,
			.tries = TRIES_DEFAULT,
			.made = warn,
			.published = print_line,
			.differs = print_difference,
			.stop = &stopping,
		},
		.jobs = 1,
		.progress = has_terminal(),
	};
	struct err err = ERR_INIT;
	struct opt_state os;
	const char **names = calloc((size_t)argc + 1, sizeof(*names));
	uint64_t quarter;
	int status;

	opt_begin(&os, &prog);
	if (names == NULL) {
		err_nomem(&err);
		return log_fatal(&err);
	}
	conf.worker.transcode.names = names;
	if (parse_options(&os, argc, argv, &conf, names, &err) == -1) {
		status = opt_usage_error(&os, &err);
	} else if (load_ladder(&conf, &err) == -1 ||
	    (conf.idle && come_last(&conf.worker, &err) == -1) ||
	    await_signals(&err) == -1) {
		status = log_fatal(&err);
	} else {
		avlog_route();
		/* The children inherit it. */
		quarter = conf.worker.jail.memory / 4;
		heap_prefer_huge(quarter < HEAP_HUGE_MAX ? (size_t)quarter :
		    HEAP_HUGE_MAX);
		status = run_all(&conf, argv + os.next, argc - os.next, &err);
	}
	ladder_release(&conf.ladder);
	free(names);
	return status;
}
