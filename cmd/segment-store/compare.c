/* segment-store compare: which fragments of a tar file are here as well? */
#include <unistd.h>

#include "command.h"
#include "store/archive.h"

static const struct opt_spec opts[] = {
	OPT_JSON, OPT_NULL, OPT_SPOOL, OPT_END
};

static int
run(struct args *a, struct err *err)
{
	if (isatty(STDIN_FILENO))
		return err_set(err, ERR_USAGE,
		    "a tar file is expected on standard input, not a terminal");
	if (archive_compare(&a->spool, STDIN_FILENO, print_key, a, err) == -1)
		return err_wrap(err, "input");
	return 0;
}

const struct command compare_command = {
	.word = "compare",
	.prog = {
		.name = "segment-store compare",
		.synopsis = "[--spool DIR] [--json | -0]",
		.summary = "Print the lines of the fragments of a tar file that "
		    "are stored with the same bytes.",
		.opts = opts,
	},
	.min = 0,
	.max = 0,
	.run = run,
};
