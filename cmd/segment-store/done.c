/* segment-store done: drop the tickets of what is complete. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "store/claim.h"

enum { KEY_DEFER = KEY_OWN, KEY_OWNER };

static const struct opt_spec opts[] = {
	{ KEY_DEFER, "defer", NULL, "put off the others" },
	OPT_LADDER,
	{ KEY_OWNER, "owner", "NAME", "drop the claims of NAME, too" },
	OPT_SPOOL, OPT_END
};

static const char *owner;
static bool defer;

static int
option(int key, const char *arg, struct err *err)
{
	if (key == KEY_DEFER) {
		defer = true;
		return 0;
	}
	return parse_owner(arg, &owner, err);
}

static int
drop_claim(struct args *a, const struct spool_key *key, struct err *err)
{
	struct claim c = { .key = *key };

	if (owner == NULL)
		return 0;
	snprintf(c.owner, sizeof(c.owner), "%s", owner);
	return claim_drop(&a->spool, &c, err);
}

/*
 * Drop the ticket of an original that is complete, or gone; put off that of
 * one that is not, if that is what was asked for.
 */
static int
done_path(struct args *a, const char *path, struct err *err)
{
	const struct rendition *missing;
	struct spool_key key;

	if (spool_parse_path(path, &key, err) == -1)
		return -1;
	if (strcmp(key.rendition, SPOOL_SRC) != 0)
		return err_set(err, ERR_DATA, "'%s' is no original", path);
	missing = store_missing(&a->spool, &a->ladder, PENDING_LIVE, &key);
	if (missing == NULL || !spool_exists(&a->spool, &key))
		return spool_ticket_drop(&a->spool, &key, err) == -1 ? -1 :
		    drop_claim(a, &key, err);
	if (defer)
		return spool_ticket_defer(&a->spool, &key, err) == -1 ? -1 :
		    drop_claim(a, &key, err);
	log_error("not done: '%s' lacks '%s'", path, missing->name);
	a->status = a->status == ERR_NONE ? ERR_NO : a->status;
	return 0;
}

static int
run(struct args *a, struct err *err)
{
	int i, rc = 0;

	if (a->count == 0)
		return each_input_path(a, done_path, err);
	for (i = 0; i < a->count && rc == 0; i++)
		rc = done_path(a, a->operands[i], err);
	return rc;
}

const struct command done_command = {
	.word = "done",
	.prog = {
		.name = "segment-store done",
		.synopsis = "[--spool DIR] --ladder FILE [--owner NAME] [--defer] "
		    "[PATH...]",
		.summary = "Drop the tickets of the originals that have every "
		    "live rendition.",
		.opts = opts,
		.trailer = "Without PATH, fragment lines are read from "
		    "standard input.\n",
	},
	.min = 0,
	.max = -1,
	.ladder = true,
	.option = option,
	.run = run,
};
