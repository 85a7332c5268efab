/* segment-store get: stdout is an MP4. */
#include <unistd.h>

#include "command.h"
#include "store/get.h"

static const struct opt_spec opts[] = {
	OPT_EPOCH, OPT_FROM, OPT_RENDITION, OPT_SEQ, OPT_SPOOL, OPT_TO, OPT_END
};

static int
run(struct args *a, struct err *err)
{
	const char *stream = a->operands[0];

	if (check_stream_name(stream, err) == -1)
		return -1;
	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
		    "an MP4 is nothing for a terminal: redirect it");
	return get_selected(&a->spool, stream, a->rendition, &a->sel,
	    STDOUT_FILENO, err);
}

const struct command get_command = {
	.word = "get",
	.prog = {
		.name = "segment-store get",
		.synopsis = "[--spool DIR] [--rendition NAME] [--epoch N]\n"
		    "[--seq A-B] [--from TIME] [--to TIME] STREAM",
		.summary = "Write fragments of one epoch as one playable MP4.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store get --from -90s --to -30s cam >minute.mp4"
		    "\n",
	},
	.min = 1,
	.max = 1,
	.run = run,
};
