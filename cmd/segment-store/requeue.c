/*
 * segment-store requeue: claims whose owner is gone, and what was parked as
 * failed, become tickets again.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "store/claim.h"
#include "store/failed.h"

enum { KEY_FAILED = KEY_OWN, KEY_OLDER, KEY_OWNER };

static const struct opt_spec opts[] = {
	{ KEY_FAILED, "failed", NULL, "what is parked as failed, no claims" },
	OPT_JSON, OPT_NULL,
	{ KEY_OLDER, "older", "TIME",
	    "watch for TIME, put back what was not renewed" },
	{ KEY_OWNER, "owner", "NAME", "only the claims of NAME" },
	OPT_SPOOL, OPT_END
};

static const char *owner;
static int64_t older_us;
static bool failed;

struct seen {
	struct claim	claim;
	int64_t		changed_ns;
};

static struct seen *seen;
static size_t nseen;

static int
option(int key, const char *arg, struct err *err)
{
	if (key == KEY_FAILED) {
		failed = true;
		return 0;
	}
	if (key == KEY_OWNER)
		return parse_owner(arg, &owner, err);
	return opt_time_us("--older", arg, 1, 365 * DAY_US, &older_us, err);
}

static int
look(const struct claim *c, void *arg, struct err *err)
{
	struct args *a = arg;
	struct seen *more;
	int rc;

	if (owner != NULL && strcmp(c->owner, owner) != 0)
		return 0;
	if ((nseen & (nseen - 1)) == 0) {	/* a power of two, or none */
		more = realloc(seen, (nseen == 0 ? 1 : 2 * nseen) *
		    sizeof(*more));
		if (more == NULL)
			return err_nomem(err);
		seen = more;
	}
	seen[nseen].claim = *c;
	rc = claim_changed(&a->spool, c, &seen[nseen].changed_ns, err);
	if (rc == 1)
		nseen++;
	return rc == -1 ? -1 : 0;
}

/* By the monotonic clock of this host alone. */
static void
watch(void)
{
	int64_t until_us = clock_mono_us() + older_us, left_us;
	struct timespec ts;

	while ((left_us = until_us - clock_mono_us()) > 0) {
		ts.tv_sec = (time_t)(left_us / 1000000);
		ts.tv_nsec = (long)(left_us % 1000000 * 1000);
		nanosleep(&ts, NULL);
	}
}

static int
put_back(struct args *a, const struct seen *was, struct err *err)
{
	int64_t changed_ns;
	int rc;

	rc = claim_changed(&a->spool, &was->claim, &changed_ns, err);
	if (rc != 1 || changed_ns != was->changed_ns)
		return rc == -1 ? -1 : 0;
	if (!spool_exists(&a->spool, &was->claim.key) ||
	    failed_parked(&a->spool, &was->claim.key))
		return claim_drop(&a->spool, &was->claim, err);
	if ((rc = claim_back(&a->spool, &was->claim, err)) != 1)
		return rc;
	return print_key(&was->claim.key, a, err);
}

/* One that was parked gets its ticket, unless its original is gone. */
static int
retry(const struct spool_key *key, void *arg, struct err *err)
{
	struct args *a = arg;
	int i, rc;

	for (i = 0; i < a->count && strcmp(a->operands[i], key->stream) != 0;)
		i++;
	if (a->count > 0 && i == a->count)
		return 0;
	if ((rc = failed_forget(&a->spool, key, err)) != 1)
		return rc;
	if (!spool_exists(&a->spool, key))
		return 0;
	if (spool_ticket_put(&a->spool, key, err) == -1)
		return -1;
	return print_key(key, a, err);
}

static int
run_failed(struct args *a, struct err *err)
{
	int i;

	if (owner != NULL || older_us != 0)
		return err_set(err, ERR_USAGE,
		    "--failed is not about claims");
	for (i = 0; i < a->count; i++)
		if (check_stream_name(a->operands[i], err) == -1)
			return -1;
	return failed_each(&a->spool, retry, a, err);
}

static int
run(struct args *a, struct err *err)
{
	size_t i;
	int rc;

	if (failed)
		return run_failed(a, err);
	if (a->count > 0)
		return err_set(err, ERR_USAGE, "streams are for --failed");
	if (owner == NULL && older_us == 0)
		return err_set(err, ERR_USAGE,
		    "whose claims? give --owner, --older, or both; or --failed");
	rc = claim_each(&a->spool, look, a, err);
	if (rc == 0)
		watch();
	for (i = 0; i < nseen && rc == 0; i++)
		rc = put_back(a, &seen[i], err);
	free(seen);
	return rc;
}

const struct command requeue_command = {
	.word = "requeue",
	.prog = {
		.name = "segment-store requeue",
		.synopsis = "[--spool DIR] [--owner NAME] [--older TIME]\n"
		    "[--spool DIR] --failed [STREAM...]",
		.summary = "Make tickets again of claims whose owner is gone, "
		    "or of what failed; "
		    "print their lines.",
		.opts = opts,
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
