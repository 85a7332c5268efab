/* segment-store pending: the originals that lack a rendition. */
#include "command.h"

enum { KEY_NEWEST = KEY_OWN };

static const struct opt_spec opts[] = {
	OPT_EPOCH, OPT_FROM, OPT_JSON, OPT_LADDER,
	{ KEY_NEWEST, "newest", NULL, "the newest of each stream first" },
	OPT_NULL, OPT_SEQ, OPT_SPOOL, OPT_TIER, OPT_TO, OPT_END
};

static enum pending_order order;

static int
option(int key, const char *arg, struct err *err)
{
	(void)key;
	(void)arg;
	(void)err;
	order = PENDING_NEWEST_FIRST;
	return 0;
}

static int
pending_stream(struct args *a, const char *stream, struct err *err)
{
	const struct pending p = { &a->spool, &a->ladder, a->tier, order,
	    a->sel };

	return pending_each(&p, stream, print_key, a, err);
}

static int
run(struct args *a, struct err *err)
{
	return each_stream(a, pending_stream, err);
}

const struct command pending_command = {
	.word = "pending",
	.prog = {
		.name = "segment-store pending",
		.synopsis = "[--spool DIR] --ladder FILE [OPTION...] [STREAM...]",
		.summary = "Print the line of each original that lacks a "
		    "rendition.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store pending -0 --from -1d --ladder l.yaml |\n"
		    "      xargs -0 transcode-job --ladder l.yaml\n",
	},
	.min = 0,
	.max = -1,
	.ladder = true,
	.option = option,
	.run = run,
};
