/* segment-store claim: take tickets that no other worker then gets. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "store/claim.h"

#define POLL_US		100000

enum { KEY_LATER = KEY_OWN, KEY_MAX, KEY_NEWEST, KEY_OWNER, KEY_RENEW, KEY_WAIT };

static const struct opt_spec opts[] = {
	OPT_JSON,
	{ KEY_LATER, "later", NULL, "of what was put off" },
	{ KEY_MAX, "max", "N", "so many at most (default: 1)" },
	{ KEY_NEWEST, "newest", NULL, "the newest of each stream first" },
	OPT_NULL,
	{ KEY_OWNER, "owner", "NAME", "of this worker, and of no other" },
	{ KEY_RENEW, "renew", NULL, "claim nothing: tell that NAME is alive" },
	OPT_SPOOL,
	{ KEY_WAIT, "wait", "TIME",
	    "how long to wait for a ticket (default: 0s)" },
	OPT_END
};

static const char *owner;
static uint64_t max = 1, claimed;
static int64_t wait_us;
static bool renew;
static enum pending_order order;
static enum spool_queue queue;

static int
option(int key, const char *arg, struct err *err)
{
	switch (key) {
	case KEY_LATER:
		queue = QUEUE_LATER;
		return 0;
	case KEY_MAX:
		return opt_uint("--max", arg, 1, LIMIT_CLAIM_LOOK, &max, err);
	case KEY_NEWEST:
		order = PENDING_NEWEST_FIRST;
		return 0;
	case KEY_RENEW:
		renew = true;
		return 0;
	case KEY_WAIT:
		return opt_time_us("--wait", arg, 0, 365 * DAY_US, &wait_us,
		    err);
	}
	return parse_owner(arg, &owner, err);
}

static int
renew_own(const struct claim *c, void *arg, struct err *err)
{
	struct args *a = arg;

	if (strcmp(c->owner, owner) != 0)
		return 0;
	return claim_renew(&a->spool, c, err);
}

static bool
is_wanted(const struct args *a, const char *stream)
{
	int i;

	for (i = 0; i < a->count; i++)
		if (strcmp(a->operands[i], stream) == 0)
			return true;
	return a->count == 0;
}

/* Claim KEY and print its line; the ticket of what is gone is dropped. */
static int
claim_one(struct args *a, const struct spool_key *key, struct err *err)
{
	struct claim c = { .key = *key };
	int rc;

	snprintf(c.owner, sizeof(c.owner), "%s", owner);
	if ((rc = claim_take(&a->spool, queue, key, owner, err)) != 1)
		return rc;
	if (!spool_exists(&a->spool, key))
		return claim_drop(&a->spool, &c, err);
	claimed++;
	return print_key(key, a, err);
}

static int
claim_some(struct args *a, struct err *err)
{
	struct ticket *tickets;
	size_t count, i;
	int rc = 0;

	if (claim_order(&a->spool, queue, order, &tickets, &count, err) == -1)
		return -1;
	for (i = 0; i < count && claimed < max && rc == 0; i++)
		if (is_wanted(a, tickets[i].key.stream))
			rc = claim_one(a, &tickets[i].key, err);
	free(tickets);
	return rc;
}

static int
run(struct args *a, struct err *err)
{
	const struct timespec pause = { .tv_nsec = POLL_US * 1000L };
	int64_t until_us = clock_mono_us() + wait_us;
	int i;

	for (i = 0; i < a->count; i++)
		if (check_stream_name(a->operands[i], err) == -1)
			return -1;
	if (owner == NULL)
		return err_set(err, ERR_USAGE, "missing --owner NAME");
	if (renew)
		return claim_each(&a->spool, renew_own, a, err);
	while (claim_some(a, err) == 0) {
		if (claimed > 0)
			return 0;
		if (clock_mono_us() >= until_us) {
			a->status = ERR_NO;
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return -1;
}

const struct command claim_command = {
	.word = "claim",
	.prog = {
		.name = "segment-store claim",
		.synopsis = "[--spool DIR] --owner NAME [--max N] [--newest | --later] "
		    "[--wait TIME] [STREAM...]",
		.summary = "Take tickets that no other worker then gets; print "
		    "the lines of their originals.",
		.opts = opts,
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
