/* segment-store expire: remove the oldest fragments. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "store/expire.h"
#include "store/listed.h"

enum {
	KEY_AGE = KEY_OWN, KEY_BYTES, KEY_EACH, KEY_FORCE, KEY_FREE, KEY_KEEP,
	KEY_LISTED
};

static const struct opt_spec opts[] = {
	{ KEY_AGE, "age", "TIME", "what is older than TIME" },
	{ KEY_BYTES, "bytes", "SIZE", "until SIZE is left at most" },
	{ 'n', "dry-run", NULL, "print what would go, remove nothing" },
	{ KEY_EACH, "each", NULL, "--bytes is for each stream" },
	{ KEY_FORCE, "force", NULL, "originals that lack renditions, too" },
	{ KEY_FREE, "free", "SIZE|N%", "until so much of the disk is free" },
	OPT_JSON,
	{ KEY_KEEP, "keep", "TIME", "never what is younger than TIME" },
	OPT_LADDER,
	{ KEY_LISTED, "listed", NULL,
	    "only fragments whose lines, all of them, are on stdin" },
	OPT_NULL,
	{ 'r', "rendition", "NAME",
	    "only this rendition, src: originals; may be repeated" },
	OPT_SPOOL, OPT_TIER, OPT_END
};

static struct expire_conf conf;
static struct listed listed;
static bool force;

static int
parse_free(const char *arg, struct err *err)
{
	size_t n = strlen(arg);
	char number[8] = "";
	uint64_t percent;

	if (n == 0 || arg[n - 1] != '%')
		return opt_size("--free", arg, 1, INT64_MAX, &conf.free_bytes,
		    err);
	if (n <= sizeof(number))
		memcpy(number, arg, n - 1);
	if (opt_uint("--free", number, 1, 99, &percent, err) == -1)
		return -1;
	conf.free_percent = (unsigned)percent;
	return 0;
}

static int
option(int key, const char *arg, struct err *err)
{
	switch (key) {
	case 'n':
		conf.dry_run = true;
		return 0;
	case KEY_AGE:
		return opt_time_us("--age", arg, 1, 36500 * DAY_US,
		    &conf.age_us, err);
	case KEY_BYTES:
		conf.limit_bytes = true;
		return opt_size("--bytes", arg, 0, INT64_MAX, &conf.bytes,
		    err);
	case KEY_EACH:
		conf.each = true;
		return 0;
	case KEY_LISTED:
		conf.listed = &listed;
		return 0;
	case KEY_FORCE:
		force = true;
		return 0;
	case KEY_FREE:
		return parse_free(arg, err);
	}
	return opt_time_us("--keep", arg, 1, 36500 * DAY_US, &conf.keep_us,
	    err);
}

static int
check(const struct args *a, struct err *err)
{
	bool originals = a->nrenditions == 0;
	size_t i;

	for (i = 0; i < a->nrenditions; i++)
		if (strcmp(a->renditions[i], SPOOL_SRC) == 0)
			originals = true;
	if (conf.age_us == 0 && !conf.limit_bytes && conf.free_bytes == 0 &&
	    conf.free_percent == 0)
		return err_set(err, ERR_USAGE,
		    "nothing to go by: give --age, --bytes or --free");
	if (originals && a->ladder_file == NULL && !force)
		return err_set(err, ERR_USAGE, "originals that lack renditions "
		    "would go: give --ladder, or --force");
	return 0;
}

static int
print_line(const struct line *line, void *arg, struct err *err)
{
	const struct args *a = arg;

	return line_print(stdout, line, a->format, err);
}

/* What each_stream() finds, as expire() wants it. */
static char **streams;
static size_t nstreams;

static int
add_stream(struct args *a, const char *stream, struct err *err)
{
	char **more = realloc(streams, (nstreams + 2) * sizeof(*more));

	(void)a;
	if (more == NULL)
		return err_nomem(err);
	streams = more;
	if ((streams[nstreams] = strdup(stream)) == NULL)
		return err_nomem(err);
	streams[++nstreams] = NULL;
	return 0;
}

static int
add_listed(struct args *a, const char *path, struct err *err)
{
	struct spool_key key;

	(void)a;
	if (spool_parse_path(path, &key, err) == -1)
		return -1;
	return listed_add(&listed, &key, err);
}

static void
report(struct args *a, const struct expire_result *result)
{
	log_info("%s %" PRIu64 " files, %" PRIu64 " bytes",
	    conf.dry_run ? "would remove" : "removed", result->files,
	    result->bytes);
	if (result->pending > 0)
		log_warning("%" PRIu64 " fragments stay: they lack renditions",
		    result->pending);
	if (result->missing == 0)
		return;
	log_error("%" PRIu64 " bytes too many are left: what may go is gone",
	    result->missing);
	a->status = ERR_NO;
}

static int
run(struct args *a, struct err *err)
{
	struct expire_result result;
	int rc;

	if (check(a, err) == -1)
		return -1;
	conf.names = a->renditions;
	conf.nnames = a->nrenditions;
	conf.tier = a->tier;
	conf.ladder = a->ladder_file != NULL && !force ? &a->ladder : NULL;
	rc = conf.listed == NULL ? 0 : each_input_path(a, add_listed, err);
	if (rc == 0)
		rc = each_stream(a, add_stream, err);
	if (rc == 0)
		rc = expire(&a->spool, &conf, streams, nstreams, print_line, a,
		    &result, err);
	spool_free_names(streams);
	listed_release(&listed);
	if (rc == 0)
		report(a, &result);
	return rc;
}

const struct command expire_command = {
	.word = "expire",
	.prog = {
		.name = "segment-store expire",
		.synopsis = "[--age TIME] [--bytes SIZE] [--free SIZE|N%] "
		    "[OPTION]... [STREAM...]",
		.summary = "Remove fragments, the oldest first, and print their "
		    "lines.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store expire --age 7d --ladder l.yaml\n",
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
