/* segment-store ls: the line of each fragment, oldest first. */
#include "command.h"

static const struct opt_spec opts[] = {
	OPT_EPOCH, OPT_FROM, OPT_JSON, OPT_NULL, OPT_RENDITION, OPT_SEQ,
	OPT_SPOOL, OPT_TO, OPT_END
};

static int
ls_stream(struct args *a, const char *stream, struct err *err)
{
	return select_each(&a->spool, stream, a->rendition, &a->sel,
	    print_key, a, err);
}

static int
run(struct args *a, struct err *err)
{
	return each_stream(a, ls_stream, err);
}

const struct command ls_command = {
	.word = "ls",
	.prog = {
		.name = "segment-store ls",
		.synopsis = "[--spool DIR] [--rendition NAME] [--epoch N]\n"
		    "[--seq A-B] [--from TIME] [--to TIME] [--json | -0] "
		    "[STREAM...]",
		.summary = "Print the line of each fragment, oldest first.",
		.opts = opts,
	},
	.min = 0,
	.max = -1,
	.run = run,
};
