/* segment-store get: stdout is an MP4. */
#include <unistd.h>

#include "command.h"
#include "store/get.h"

static const struct opt_spec opts[] = {
	{ KEY_EPOCH, "epoch", "N", "this epoch only" },
	{ KEY_FROM, "from", "TIME", "not done yet" },
	OPT_RENDITION, OPT_SEQ, OPT_SPOOL,
	{ KEY_TO, "to", "TIME", "not done yet" },
	OPT_END
};

static int
run(struct args *a, struct err *err)
{
	struct get_range range = { .stream = a->operands[0],
	    .rendition = a->rendition, .epoch = a->epoch, .first = a->first,
	    .last = a->last };

	if (check_stream_name(range.stream, err) == -1)
		return -1;
	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
		    "an MP4 is nothing for a terminal: redirect it");
	return get_range(&a->spool, &range, STDOUT_FILENO, err);
}

const struct command get_command = {
	.word = "get",
	.prog = {
		.name = "segment-store get",
		.synopsis = "[--spool DIR] [--rendition NAME] [--epoch N] "
		    "[--seq A-B] STREAM",
		.summary = "Write fragments of one epoch as one playable MP4.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store get --seq 100-160 cam >minute.mp4\n",
	},
	.min = 1,
	.max = 1,
	.run = run,
};
