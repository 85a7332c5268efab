/* segment-store import: stdin is a tar file that export wrote. */
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
	if (archive_import(&a->spool, STDIN_FILENO, print_key, a, err) == -1)
		return err_wrap(err, "input");
	return 0;
}

const struct command import_command = {
	.word = "import",
	.prog = {
		.name = "segment-store import",
		.synopsis = "[--spool DIR] [--json | -0]",
		.summary = "Store the fragments of a tar file; print the lines "
		    "of those that were not there.",
		.opts = opts,
	},
	.min = 0,
	.max = 0,
	.create = true,
	.run = run,
};
