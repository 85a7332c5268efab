/* segment-store verify: read everything, move aside what is damaged. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "command.h"
#include "store/verify.h"

#define JSON_BYTES_MAX	32768

enum { KEY_RATE = KEY_OWN };

static const struct opt_spec opts[] = {
	{ 'n', "dry-run", NULL, "move nothing, only tell" },
	OPT_EPOCH, OPT_FROM, OPT_JSON,
	{ KEY_RATE, "rate", "SIZE", "read so much a second at most" },
	{ 'r', "rendition", "NAME",
	    "only this rendition, src: originals; may be repeated" },
	OPT_SEQ, OPT_SPOOL, OPT_TO, OPT_END
};

static struct verify_conf conf;
static struct verify_result result;

static int
option(int key, const char *arg, struct err *err)
{
	if (key == KEY_RATE)
		return opt_size("--rate", arg, 1, INT64_MAX, &conf.rate, err);
	conf.list_only = true;
	return 0;
}

static const char *
word_of(enum verify_finding finding)
{
	switch (finding) {
	case VERIFY_DAMAGED:
		return "quarantined";
	case VERIFY_KEPT:
		return "damaged";
	case VERIFY_UNREADABLE:
		return "unreadable";
	case VERIFY_MISSING:
		return "missing";
	}
	return "?";
}

static int
print_finding(enum verify_finding finding, const char *path,
    const char *reason, void *arg, struct err *err)
{
	const struct args *a = arg;
	char full[4096];
	struct buf b;
	int rc = 0;

	snprintf(full, sizeof(full), "%s/%s", a->spool.dir, path);
	if (strncmp(path, SPOOL_SRC "/", 4) == 0)
		log_error("original %s: %s", word_of(finding), reason);
	buf_init(&b, JSON_BYTES_MAX);
	if (a->format == LINE_JSON) {
		buf_printf(&b, "{\"finding\":\"%s\",\"path\":",
		    word_of(finding));
		json_put_string(&b, full);
		buf_put_str(&b, ",\"reason\":");
		json_put_string(&b, reason);
		buf_put_str(&b, "}\n");
	} else {
		buf_printf(&b, "%s\t%s\t%s\n", full, word_of(finding), reason);
	}
	if (buf_ok(&b, err) == -1)
		rc = -1;
	else if (fwrite(b.p, 1, b.n, stdout) != b.n || fflush(stdout) != 0)
		rc = err_sys(err, ERR_IO, "cannot write standard output");
	buf_release(&b);
	return rc;
}

static int
verify_named(struct args *a, const char *stream, struct err *err)
{
	return verify_stream(&a->spool, stream, &conf, &result, err);
}

static int
run(struct args *a, struct err *err)
{
	conf.names = a->renditions;
	conf.nnames = a->nrenditions;
	conf.select = a->sel;
	conf.fn = print_finding;
	conf.arg = a;
	if (each_stream(a, verify_named, err) == -1)
		return -1;
	log_info("read %" PRIu64 " files, %" PRIu64 " bytes", result.files,
	    result.bytes);
	if (result.originals > 0)
		a->status = ERR_DATA;
	else if (result.unreadable > 0)
		a->status = ERR_IO;
	else if (result.others > 0)
		a->status = ERR_NO;
	return 0;
}

const struct command verify_command = {
	.word = "verify",
	.prog = {
		.name = "segment-store verify",
		.synopsis = "[--rate SIZE] [--dry-run] [OPTION]... [STREAM...]",
		.summary = "Read originals and renditions, and move aside what "
		    "is damaged.",
		.opts = opts,
		.trailer = "Example:\n"
		    "  segment-store verify --rate 20MiB --from -1d\n",
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
