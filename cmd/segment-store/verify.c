/*
 * segment-store verify: read everything, move aside what is damaged; or have
 * renditions made again, by transcode-job, and compared.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "command.h"
#include "store/verify.h"

#define JSON_BYTES_MAX	32768

enum { KEY_RATE = KEY_OWN, KEY_REDO, KEY_SAMPLE };

static const struct opt_spec opts[] = {
	{ 'n', "dry-run", NULL, "move nothing, only tell" },
	OPT_EPOCH, OPT_FROM, OPT_JSON, OPT_LADDER,
	{ KEY_RATE, "rate", "SIZE", "read so much a second at most" },
	{ KEY_REDO, "redo", NULL,
	    "make renditions again, and compare them" },
	{ 'r', "rendition", "NAME",
	    "only this rendition, src: originals; may be repeated" },
	{ KEY_SAMPLE, "sample", "N%",
	    "with --redo: of so many originals (default: 100%)" },
	OPT_SEQ, OPT_SPOOL, OPT_TO, OPT_END
};

static struct verify_conf conf;
static struct verify_result result;
static bool redo;
static uint64_t sample = 100;	/* percent of the originals */

static int
parse_sample(const char *arg, struct err *err)
{
	char number[8];
	size_t n = strlen(arg);

	if (n < 2 || n > sizeof(number) || arg[n - 1] != '%')
		return err_set(err, ERR_USAGE,
		    "--sample: '%s': want 1%% to 100%%", arg);
	memcpy(number, arg, n - 1);
	number[n - 1] = '\0';
	return opt_uint("--sample", number, 1, 100, &sample, err);
}

static int
option(int key, const char *arg, struct err *err)
{
	switch (key) {
	case KEY_RATE:
		return opt_size("--rate", arg, 1, INT64_MAX, &conf.rate, err);
	case KEY_REDO:
		redo = true;
		return 0;
	case KEY_SAMPLE:
		return parse_sample(arg, err);
	}
	conf.list_only = true;
	return 0;
}

static const char *
word_of(enum verify_finding finding)
{
	switch (finding) {
	case VERIFY_DAMAGED:
		return "quarantined";
	case VERIFY_KEPT:
		return "damaged";
	case VERIFY_UNREADABLE:
		return "unreadable";
	case VERIFY_MISSING:
		return "missing";
	}
	return "?";
}

static int
print_finding(enum verify_finding finding, const char *path,
    const char *reason, void *arg, struct err *err)
{
	const struct args *a = arg;
	char full[4096];
	struct buf b;
	int rc = 0;

	snprintf(full, sizeof(full), "%s/%s", a->spool.dir, path);
	if (strncmp(path, SPOOL_SRC "/", 4) == 0)
		log_error("original %s: %s", word_of(finding), reason);
	buf_init(&b, JSON_BYTES_MAX);
	if (a->format == LINE_JSON) {
		buf_printf(&b, "{\"finding\":\"%s\",\"path\":",
		    word_of(finding));
		json_put_string(&b, full);
		buf_put_str(&b, ",\"reason\":");
		json_put_string(&b, reason);
		buf_put_str(&b, "}\n");
	} else {
		buf_printf(&b, "%s\t%s\t%s\n", full, word_of(finding), reason);
	}
	if (buf_ok(&b, err) == -1)
		rc = -1;
	else if (fwrite(b.p, 1, b.n, stdout) != b.n || fflush(stdout) != 0)
		rc = err_sys(err, ERR_IO, "cannot write standard output");
	buf_release(&b);
	return rc;
}

static int
verify_named(struct args *a, const char *stream, struct err *err)
{
	return verify_stream(&a->spool, stream, &conf, &result, err);
}

/* The original KEY, if it is in the sample. */
static int
sample_key(const struct spool_key *key, void *arg, struct err *err)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(err, ERR_OS, "cannot get random bytes");
	return number % 100 < sample ? print_key(key, arg, err) : 0;
}

static int
sample_stream(struct args *a, const char *stream, struct err *err)
{
	return select_each(&a->spool, stream, SPOOL_SRC, &a->sel, sample_key,
	    a, err);
}

/* In a child, whose standard input is FD: it compares, and tells. */
static void
run_job(const struct args *a, int fd)
{
	const char *argv[2 * RENDITIONS_MAX + 16] = { "transcode-job",
	    "--compare", "--tier", "all", "--spool", a->spool_dir, "--ladder",
	    a->ladder_file };
	struct err err = ERR_INIT;
	size_t n = 8, i;

	for (i = 0; i < a->nrenditions; i++) {
		argv[n++] = "--rendition";
		argv[n++] = a->renditions[i];
	}
	if (dup2(fd, STDIN_FILENO) != -1)
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	err_sys(&err, ERR_UNAVAILABLE, "cannot run '%s'", argv[0]);
	_exit(log_fatal(&err));
}

/* segment-store ls | transcode-job --compare, with both exit statuses. */
static int
run_redo(struct args *a, struct err *err)
{
	int ends[2], out = dup(STDOUT_FILENO), status, rc;
	pid_t pid;

	if (a->ladder_file == NULL || a->format != LINE_TAB ||
	    conf.rate != 0 || conf.list_only)
		return err_set(err, ERR_USAGE, "--redo needs --ladder, and "
		    "has no --json, --rate or --dry-run");
	if (out == -1 || pipe(ends) == -1 || (pid = fork()) == -1)
		return err_sys(err, ERR_OS, "cannot start transcode-job");
	if (pid == 0) {
		close(ends[1]);
		run_job(a, ends[0]);
	}
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);	/* its status says more */
	if (dup2(ends[1], STDOUT_FILENO) == -1)
		return err_sys(err, ERR_OS, "cannot write to transcode-job");
	close(ends[1]);
	rc = each_stream(a, sample_stream, err);
	fflush(stdout);
	/* Lines that it did not want are not for ours. */
	__fpurge(stdout);
	clearerr(stdout);
	/* This ends what it reads. */
	if (dup2(out, STDOUT_FILENO) == -1)
		return err_sys(err, ERR_OS, "cannot restore standard output");
	close(out);
	if (waitpid(pid, &status, 0) == -1)
		return err_sys(err, ERR_OS, "cannot wait for transcode-job");
	if (status == 0)
		return rc;
	a->status = WIFSIGNALED(status) ? ERR_BUG :
	    (enum err_class)WEXITSTATUS(status);
	return 0;
}

static int
run(struct args *a, struct err *err)
{
	if (redo)
		return run_redo(a, err);
	conf.names = a->renditions;
	conf.nnames = a->nrenditions;
	conf.select = a->sel;
	conf.fn = print_finding;
	conf.arg = a;
	if (each_stream(a, verify_named, err) == -1)
		return -1;
	log_info("read %" PRIu64 " files, %" PRIu64 " bytes", result.files,
	    result.bytes);
	if (result.originals > 0)
		a->status = ERR_DATA;
	else if (result.unreadable > 0)
		a->status = ERR_IO;
	else if (result.others > 0)
		a->status = ERR_NO;
	return 0;
}

const struct command verify_command = {
	.word = "verify",
	.prog = {
		.name = "segment-store verify",
		.synopsis = "[--rate SIZE] [--dry-run] [OPTION]... [STREAM...]\n"
		    "--redo --ladder FILE [--sample N%] [OPTION]... [STREAM...]",
		.summary = "Read originals and renditions, and move aside what "
		    "is damaged.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store verify --rate 20MiB --from -1d\n",
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
