/* segment-store requeue: claims whose owner is gone become tickets again. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "store/claim.h"

enum { KEY_OLDER = KEY_OWN, KEY_OWNER };

static const struct opt_spec opts[] = {
	OPT_JSON, OPT_NULL,
	{ KEY_OLDER, "older", "TIME",
	    "watch for TIME, put back what was not renewed" },
	{ KEY_OWNER, "owner", "NAME", "only the claims of NAME" },
	OPT_SPOOL, OPT_END
};

static const char *owner;
static int64_t older_us;

struct seen {
	struct claim	claim;
	int64_t		changed_ns;
};

static struct seen *seen;
static size_t nseen;

static int
option(int key, const char *arg, struct err *err)
{
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
	if (!spool_exists(&a->spool, &was->claim.key))
		return claim_drop(&a->spool, &was->claim, err);
	if ((rc = claim_back(&a->spool, &was->claim, err)) != 1)
		return rc;
	return print_key(&was->claim.key, a, err);
}

static int
run(struct args *a, struct err *err)
{
	size_t i;
	int rc;

	if (owner == NULL && older_us == 0)
		return err_set(err, ERR_USAGE,
		    "whose claims? give --owner, --older, or both");
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
		.synopsis = "[--spool DIR] [--owner NAME] [--older TIME]",
		.summary = "Make tickets again of claims whose owner is gone; "
		    "print their lines.",
		.opts = opts,
	},
	.min = 0,
	.max = 0,
	.option = option,
	.run = run,
};
