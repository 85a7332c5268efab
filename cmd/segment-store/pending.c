/* segment-store pending: the originals that lack a rendition. */
#include "command.h"

enum { KEY_NEWEST = KEY_OWN, KEY_TICKETS };

static const struct opt_spec opts[] = {
	OPT_EPOCH, OPT_FROM, OPT_JSON, OPT_LADDER,
	{ KEY_NEWEST, "newest", NULL, "the newest of each stream first" },
	OPT_NULL, OPT_SEQ, OPT_SPOOL, OPT_TIER,
	{ KEY_TICKETS, "tickets", NULL, "give each a ticket" },
	OPT_TO, OPT_END
};

static enum pending_order order;
static bool tickets;

static int
option(int key, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	if (key == KEY_TICKETS)
		tickets = true;
	else
		order = PENDING_NEWEST_FIRST;
	return 0;
}

static int
tell(const struct spool_key *key, void *arg, struct err *err)
{
	struct args *a = arg;

	if (tickets && spool_ticket_put(&a->spool, key, err) == -1)
		return -1;
	return print_key(key, a, err);
}

static int
pending_stream(struct args *a, const char *stream, struct err *err)
{
	const struct pending p = { &a->spool, &a->ladder, a->tier, order,
	    a->sel };

	return pending_each(&p, stream, tell, a, err);
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
