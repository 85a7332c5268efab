/* segment-store pending: the originals that lack a rendition. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "command.h"

enum { KEY_NEWEST = KEY_OWN, KEY_OLDER };

static const struct opt_spec opts[] = {
	OPT_JSON, OPT_LADDER,
	{ KEY_NEWEST, "newest", NULL, "the newest of each stream first" },
	OPT_NULL,
	{ KEY_OLDER, "older", "TIME", "only what arrived at least TIME ago" },
	OPT_SPOOL, OPT_TIER, OPT_END
};

static enum pending_order order;
static int64_t older_us;

static int
option(int key, const char *arg, struct err *err)
{
	if (key == KEY_OLDER)
		return opt_time_us("--older", arg, 0, 3650 * DAY_US, &older_us,
		    err);
	order = PENDING_NEWEST_FIRST;
	return 0;
}

/* print_key(), unless KEY arrived less than older_us ago. */
static int
print_old(const struct spool_key *key, void *arg, struct err *err)
{
	struct args *a = arg;
	struct line line;
	int64_t arrival_us;

	if (line_of(&a->spool, key, &line, err) == -1 ||
	    (older_us > 0 && select_arrival_us(&a->spool, key, &line.info,
	    &arrival_us, err) == -1)) {
		if (err->errnum != ENOENT)
			a->status = (enum err_class)log_fatal(err);
		return 0;
	}
	if (older_us > 0 && arrival_us > clock_wall_us() - older_us)
		return 0;
	return line_print(stdout, &line, a->format, err);
}

static int
pending_stream(struct args *a, const char *stream, struct err *err)
{
	return pending_each(&a->spool, &a->ladder, a->tier, order, stream,
	    print_old, a, err);
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
		    "  segment-store pending -0 --ladder l.yaml"
		    " | xargs -0 transcode-job --ladder l.yaml\n",
	},
	.min = 0,
	.max = -1,
	.ladder = true,
	.option = option,
	.run = run,
};
