/* segment-store ls: the line of each fragment, oldest first. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "command.h"
#include "store/failed.h"

enum { KEY_FAILED = KEY_OWN };

static const struct opt_spec opts[] = {
	OPT_EPOCH,
	{ KEY_FAILED, "failed", NULL, "only what is parked as failed, and why" },
	OPT_FROM, OPT_JSON, OPT_NULL, OPT_RENDITION, OPT_SEQ, OPT_SPOOL,
	OPT_TO, OPT_END
};

static bool failed;

static int
option(int key, const char *arg, struct err *err)
{
	(void)key;
	(void)arg;
	(void)err;
	failed = true;
	return 0;
}

static int
print_parked(const struct spool_key *key, struct args *a, struct err *err)
{
	struct buf why;
	struct line line;
	int rc = -1;

	buf_init(&why, LIMIT_FAILED_BYTES + 1);
	if (failed_reason(&a->spool, key, &why, err) == 0 &&
	    line_of(&a->spool, key, &line, err) == 0) {
		buf_put_u8(&why, '\0');
		line.why = (const char *)why.p;
		rc = line_print(stdout, &line, a->format, err);
	}
	buf_release(&why);
	/* Asked for again, or gone, meanwhile. */
	return rc == -1 && err->errnum != ENOENT ? -1 : 0;
}

static int
print(const struct spool_key *key, void *arg, struct err *err)
{
	struct args *a = arg;

	if (!failed)
		return print_key(key, a, err);
	return failed_parked(&a->spool, key) ? print_parked(key, a, err) : 0;
}

static int
ls_stream(struct args *a, const char *stream, struct err *err)
{
	return select_each(&a->spool, stream, a->rendition, &a->sel, print, a,
	    err);
}

static int
run(struct args *a, struct err *err)
{
	if (failed && strcmp(a->rendition, SPOOL_SRC) != 0)
		return err_set(err, ERR_USAGE, "--failed is of originals");
	if (failed && !failed_any(&a->spool))
		return 0;
	return each_stream(a, ls_stream, err);
}

const struct command ls_command = {
	.word = "ls",
	.prog = {
		.name = "segment-store ls",
		.synopsis = "[--spool DIR] [--rendition NAME | --failed] [OPTION...] "
		    "[STREAM...]",
		.summary = "Print the line of each fragment, oldest first.",
		.opts = opts,
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
