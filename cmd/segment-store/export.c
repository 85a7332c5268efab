/* segment-store export: stdout is a tar file. */
#include <unistd.h>

#include "command.h"
#include "store/archive.h"

static const struct opt_spec opts[] = {
	OPT_EPOCH, OPT_FROM,
	{ 'r', "rendition", "NAME",
	    "this rendition; may be repeated (default: src)" },
	OPT_SEQ, OPT_SPOOL, OPT_TO, OPT_END
};

static struct archive_out *out;

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

static int
run(struct args *a, struct err *err)
{
	struct err ignored = ERR_INIT;
	int rc;

	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
		    "a tar file is nothing for a terminal: redirect it");
	if ((out = archive_begin(&a->spool, STDOUT_FILENO, err)) == NULL)
		return -1;
	rc = each_stream(a, export_stream, err);
	return archive_end(out, rc == -1 ? &ignored : err) == -1 ? -1 : rc;
}

const struct command export_command = {
	.word = "export",
	.prog = {
		.name = "segment-store export",
		.synopsis = "[--spool DIR] [-r NAME]... [--seq A-B] [--from TIME] "
		    "[--to TIME] [STREAM...]",
		.summary = "Write fragments as a tar file, which import reads.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store export --from -1h cam >cam.tar\n",
	},
	.min = 0,
	.max = -1,
	.run = run,
};
