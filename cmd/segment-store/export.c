/* segment-store export: stdout is a tar file. */
#include <unistd.h>

#include "base/log.h"
#include "command.h"
#include "store/archive.h"

enum { KEY_LISTED = KEY_OWN };

static const struct opt_spec opts[] = {
	OPT_EPOCH, OPT_FROM,
	{ KEY_LISTED, "listed", NULL,
	    "those whose lines are on standard input, as they come" },
	{ 'r', "rendition", "NAME",
	    "this rendition; may be repeated (default: src)" },
	OPT_SEQ, OPT_SPOOL, OPT_TO, OPT_END
};

static struct archive_out *out;
static bool listed;

static int
option(int key, const char *arg, struct err *err)
{
	(void)key;
	(void)arg;
	(void)err;
	listed = true;
	return 0;
}

static int
export_stream(struct args *a, const char *stream, struct err *err)
{
	size_t i;

	if (a->nrenditions == 0)
		return archive_add(out, stream, SPOOL_SRC, &a->sel, err);
	for (i = 0; i < a->nrenditions; i++)
		if (archive_add(out, stream, a->renditions[i], &a->sel,
		    err) == -1)
			return -1;
	return 0;
}

static bool
selects(const struct args *a)
{
	return a->count > 0 || a->nrenditions > 0 || a->sel.epoch != 0 ||
	    a->sel.first != 0 || a->sel.last != SPOOL_SEQ_MAX ||
	    a->sel.from_us != INT64_MIN || a->sel.to_us != INT64_MAX;
}

/* One that is damaged is reported, and the others go on. */
static int
export_path(struct args *a, const char *path, struct err *err)
{
	struct spool_key key;

	if (spool_parse_path(path, &key, err) == -1)
		return -1;
	if (archive_add_one(out, &key, err) == 0)
		return 0;
	if (err->cls != ERR_DATA)
		return -1;
	a->status = (enum err_class)log_fatal(err);
	return 0;
}

static int
run(struct args *a, struct err *err)
{
	struct err ignored = ERR_INIT;
	int rc;

	if (listed && selects(a))
		return err_set(err, ERR_USAGE,
		    "--listed, and something else that selects");
	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
		    "a tar file is nothing for a terminal: redirect it");
	if ((out = archive_begin(&a->spool, STDOUT_FILENO, err)) == NULL)
		return -1;
	rc = listed ? each_input_path(a, export_path, err) :
	    each_stream(a, export_stream, err);
	return archive_end(out, rc == -1 ? &ignored : err) == -1 ? -1 : rc;
}

const struct command export_command = {
	.word = "export",
	.prog = {
		.name = "segment-store export",
		.synopsis = "[--spool DIR] [-r NAME]... [--seq A-B] [--from TIME] "
		    "[--to TIME] [STREAM...]\n"
		    "[--spool DIR] --listed",
		.summary = "Write fragments as a tar file, which import reads.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store export --from -1h cam >cam.tar\n",
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
