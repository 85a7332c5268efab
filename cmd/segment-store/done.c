/* segment-store done: drop the tickets of what is complete; note what failed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "store/claim.h"
#include "store/failed.h"

enum { KEY_DEFER = KEY_OWN, KEY_FAILED, KEY_OWNER, KEY_TRIES };

static const struct opt_spec opts[] = {
	{ KEY_DEFER, "defer", NULL, "put off the others" },
	{ KEY_FAILED, "failed", "REASON", "note that a try at the others failed" },
	OPT_LADDER,
	{ KEY_OWNER, "owner", "NAME", "drop the claims of NAME, too" },
	OPT_SPOOL,
	{ KEY_TRIES, "tries", "N", "park what failed so often (default: 3)" },
	OPT_END
};

static const char *owner, *reason;
static uint64_t tries = TRIES_DEFAULT;
static bool defer;

static int
option(int key, const char *arg, struct err *err)
{
	switch (key) {
	case KEY_DEFER:
		defer = true;
		return 0;
	case KEY_FAILED:
		reason = arg;
		return 0;
	case KEY_TRIES:
		return opt_uint("--tries", arg, 1, LIMIT_TRIES, &tries, err);
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

/* The ticket stays until it was the last try. */
static int
note_failed(struct args *a, const struct spool_key *key, struct err *err)
{
	int rc = failed_note(&a->spool, key, (unsigned)tries, reason, err);

	if (rc == 1)
		log_error("stream '%s', fragment %" PRIu32 ": given up after "
		    "%" PRIu64 " tries", key->stream, key->seq, tries);
	return rc == -1 ? -1 : 0;
}

/* Of what is complete, tries that failed are no matter; of what is parked,
   nothing is complete. */
static int
drop(struct args *a, const struct spool_key *key, struct err *err)
{
	if (!failed_parked(&a->spool, key) &&
	    failed_forget(&a->spool, key, err) == -1)
		return -1;
	if (spool_ticket_drop(&a->spool, key, err) == -1)
		return -1;
	return drop_claim(a, key, err);
}

/*
 * Drop the ticket of an original that is complete, or gone; put off that of
 * one that is not, or note that it failed, if that is what was asked for.
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
		return drop(a, &key, err);
	if (reason != NULL)
		return note_failed(a, &key, err);
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

	if (defer && reason != NULL)
		return err_set(err, ERR_USAGE, "--defer and --failed");
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
		.synopsis = "[--spool DIR] --ladder FILE [--owner NAME] "
		    "[--defer | --failed REASON [--tries N]] [PATH...]",
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
