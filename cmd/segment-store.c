/*
 * segment-store - the spool's only writer, and its index.
 *
 * put: stdin is fragments, stdout a line for each that is durable.
 * get: stdout is an MP4.  The others print lines about what is there.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/opt.h"
#include "media/fragment.h"
#include "store/get.h"
#include "store/ladder.h"
#include "store/line.h"
#include "store/pending.h"
#include "store/put.h"
#include "store/spool.h"
#include "store/stat.h"

#define READ_BYTES	65536
#define RETRY_US	250000
#define DAY_US		INT64_C(86400000000)

enum {
	KEY_FROM = OPT_LONG, KEY_TO, KEY_JSON, KEY_SEQ, KEY_EPOCH, KEY_TIER,
	KEY_OLDER, KEY_NEWEST, KEY_WAIT
};

struct args {
	const char		 *spool_dir;
	const char		 *ladder_file;	/* or NULL */
	const char		 *rendition;
	enum line_format	  format;
	enum pending_tier	  tier;
	enum pending_order	  order;
	uint32_t		  epoch;	/* 0: any */
	uint32_t		  first, last;	/* seq */
	int64_t			  older_us, wait_us;
	char			**operands;	/* points into argv */
	int			  count;

	struct spool		  spool;
	struct ladder		  ladder;	/* when ladder_file is given */
	struct stream_stat	 *stats;	/* owned; of run_stat() */
	size_t			  nstats;
	enum err_class		  status;	/* of what failed on the way */
};

struct command {
	struct opt_prog	 prog;
	const char	*word;
	int		 min, max;	/* operands */
	bool		 create;	/* makes the spool */
	bool		 ladder;	/* must be given */
	int		(*run)(struct args *, struct err *);
};

/* The option tables: what several commands share has one spelling. */
#define OPT_SPOOL	{ 's', "spool", "DIR", \
			    "the spool (default: $LIVESPOOL_SPOOL)" }
#define OPT_LADDER	{ 'l', "ladder", "FILE", \
			    "the renditions that count: ladder(5)" }
#define OPT_JSON	{ KEY_JSON, "json", NULL, "one JSON object a line" }
#define OPT_NULL	{ '0', "null", NULL, "paths only, each ended by NUL" }
#define OPT_SEQ		{ KEY_SEQ, "seq", "A-B", \
			    "these numbers only; A- and A too" }
#define OPT_TIER	{ KEY_TIER, "tier", "TIER", \
			    "live, batch or all (default: live)" }

static const struct opt_spec put_opts[] = {
	OPT_SPOOL,
	{ KEY_WAIT, "wait", "TIME",
	    "how long to hold the input while the disk is full (default: 1h)" },
	OPT_END
};

static const struct opt_spec get_opts[] = {
	{ KEY_EPOCH, "epoch", "N", "this epoch only" },
	{ KEY_FROM, "from", "TIME", "not done yet" },
	{ 'r', "rendition", "NAME", "this rendition (default: src)" },
	OPT_SEQ, OPT_SPOOL,
	{ KEY_TO, "to", "TIME", "not done yet" },
	OPT_END
};

static const struct opt_spec ls_opts[] = {
	OPT_JSON, OPT_NULL,
	{ 'r', "rendition", "NAME", "this rendition (default: src)" },
	OPT_SEQ, OPT_SPOOL, OPT_END
};

static const struct opt_spec pending_opts[] = {
	OPT_JSON, OPT_LADDER,
	{ KEY_NEWEST, "newest", NULL, "the newest of each stream first" },
	OPT_NULL,
	{ KEY_OLDER, "older", "TIME", "only what arrived at least TIME ago" },
	OPT_SPOOL, OPT_TIER, OPT_END
};

static const struct opt_spec done_opts[] = {
	OPT_LADDER, OPT_SPOOL, OPT_END
};

static const struct opt_spec stat_opts[] = {
	OPT_JSON, OPT_LADDER, OPT_SPOOL, OPT_END
};

static int
parse_tier(const char *arg, enum pending_tier *tier, struct err *err)
{
	if (strcmp(arg, "live") == 0)
		*tier = PENDING_LIVE;
	else if (strcmp(arg, "batch") == 0)
		*tier = PENDING_BATCH;
	else if (strcmp(arg, "all") == 0)
		*tier = PENDING_ALL;
	else
		return err_set(err, ERR_USAGE,
		    "--tier: bad value '%s': want live, batch or all", arg);
	return 0;
}

/* "A-B", "A-" or "A". */
static int
parse_seq(const char *arg, uint32_t *first, uint32_t *last, struct err *err)
{
	const char *dash = strchr(arg, '-');
	char a[16] = "";
	size_t n = strcspn(arg, "-");
	uint64_t from, to = SPOOL_SEQ_MAX;

	if (n < sizeof(a))
		memcpy(a, arg, n);
	if (opt_uint("--seq", a, 0, SPOOL_SEQ_MAX, &from, err) == -1 ||
	    (dash != NULL && dash[1] != '\0' &&
	    opt_uint("--seq", dash + 1, 0, SPOOL_SEQ_MAX, &to, err) == -1))
		return -1;
	if (dash == NULL)
		to = from;
	if (from > to)
		return err_set(err, ERR_USAGE,
		    "--seq: bad value '%s': it goes backwards", arg);
	*first = (uint32_t)from;
	*last = (uint32_t)to;
	return 0;
}

static int
parse_rendition(const char *arg, const char **name, struct err *err)
{
	if (!name_ok(arg))
		return err_set(err, ERR_USAGE,
		    "--rendition: bad name '%s'", arg);
	*name = arg;
	return 0;
}

static int
parse_epoch(const char *arg, uint32_t *epoch, struct err *err)
{
	uint64_t n;

	if (opt_uint("--epoch", arg, 1, SPOOL_EPOCH_MAX, &n, err) == -1)
		return -1;
	*epoch = (uint32_t)n;
	return 0;
}

static int
take_option(struct args *a, int c, const char *arg, struct err *err)
{
	switch (c) {
	case '0':
		a->format = LINE_NUL;
		return 0;
	case KEY_JSON:
		a->format = LINE_JSON;
		return 0;
	case 'l':
		a->ladder_file = arg;
		return 0;
	case 'r':
		return parse_rendition(arg, &a->rendition, err);
	case 's':
		a->spool_dir = arg;
		return 0;
	case KEY_EPOCH:
		return parse_epoch(arg, &a->epoch, err);
	case KEY_FROM:
	case KEY_TO:
		return err_set(err, ERR_UNAVAILABLE, "'%s' is not done yet",
		    c == KEY_FROM ? "--from" : "--to");
	case KEY_NEWEST:
		a->order = PENDING_NEWEST_FIRST;
		return 0;
	case KEY_OLDER:
		return opt_time_us("--older", arg, 0, 3650 * DAY_US,
		    &a->older_us, err);
	case KEY_SEQ:
		return parse_seq(arg, &a->first, &a->last, err);
	case KEY_TIER:
		return parse_tier(arg, &a->tier, err);
	case KEY_WAIT:
		return opt_time_us("--wait", arg, 0, 365 * DAY_US,
		    &a->wait_us, err);
	}
	return err_set(err, ERR_BUG, "option %d", c);
}

/* The rest of a command line: options may also follow operands. */
static int
parse_args(struct args *a, const struct command *cmd, struct opt_state *os,
    int argc, char *argv[], struct err *err)
{
	const char *arg;
	int c;

	opt_begin(os, &cmd->prog);
	a->operands = argv + 1;
	for (;;) {
		while ((c = opt_next(os, argc, argv, &arg, err)) > 0)
			if (take_option(a, c, arg, err) == -1)
				return -1;
		if (c == -1)
			return -1;
		if (os->next == argc)
			break;
		a->operands[a->count++] = argv[os->next];
		opt_skip_operand(os);
	}
	if (a->count < cmd->min)
		return err_set(err, ERR_USAGE, "missing operand");
	if (cmd->max >= 0 && a->count > cmd->max)
		return err_set(err, ERR_USAGE, "too many operands");
	if (cmd->ladder && a->ladder_file == NULL)
		return err_set(err, ERR_USAGE, "no ladder: give --ladder");
	if (a->spool_dir == NULL)
		a->spool_dir = getenv("LIVESPOOL_SPOOL");
	if (a->spool_dir == NULL || a->spool_dir[0] == '\0')
		return err_set(err, ERR_USAGE,
		    "no spool: give --spool or set LIVESPOOL_SPOOL");
	return 0;
}

static int
check_stream_name(const char *name, struct err *err)
{
	if (!name_ok(name))
		return err_set(err, ERR_USAGE, "bad stream name '%s': want "
		    "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name);
	return 0;
}

/* Call FN for each stream that is named, or for all. */
static int
each_stream(struct args *a, int (*fn)(struct args *, const char *,
    struct err *), struct err *err)
{
	char **all;
	int i, rc = 0;

	for (i = 0; i < a->count; i++) {
		if (check_stream_name(a->operands[i], err) == -1)
			return -1;
		if (!spool_has_stream(&a->spool, a->operands[i]))
			return err_set(err, ERR_INPUT, "no stream '%s' in '%s'",
			    a->operands[i], a->spool.dir);
	}
	for (i = 0; i < a->count && rc == 0; i++)
		rc = fn(a, a->operands[i], err);
	if (a->count > 0)
		return rc;
	if ((all = spool_streams(&a->spool, err)) == NULL)
		return -1;
	for (i = 0; all[i] != NULL && rc == 0; i++)
		rc = fn(a, all[i], err);
	spool_free_names(all);
	return rc;
}

/*
 * Print the line of KEY.  One that was removed meanwhile is left out; one
 * that cannot be read is reported, and the others go on.
 */
static int
print_line(const struct spool_key *key, void *arg, struct err *err)
{
	struct args *a = arg;
	struct line line;
	int64_t arrival_us;

	if (line_of(&a->spool, key, &line, err) == -1 ||
	    (a->older_us > 0 && stat_arrival_us(&a->spool, key, &line.info,
	    &arrival_us, err) == -1)) {
		if (err->errnum == ENOENT)
			return 0;
		a->status = (enum err_class)log_fatal(err);
		return 0;
	}
	if (a->older_us > 0 && arrival_us > clock_wall_us() - a->older_us)
		return 0;
	return line_print(stdout, &line, a->format, err);
}

static int
ls_stream(struct args *a, const char *stream, struct err *err)
{
	return spool_each(&a->spool, stream, a->rendition, a->first, a->last,
	    print_line, a, err);
}

static int
run_ls(struct args *a, struct err *err)
{
	return each_stream(a, ls_stream, err);
}

static int
pending_stream(struct args *a, const char *stream, struct err *err)
{
	return pending_each(&a->spool, &a->ladder, a->tier, a->order, stream,
	    print_line, a, err);
}

static int
run_pending(struct args *a, struct err *err)
{
	return each_stream(a, pending_stream, err);
}

/* Drop the ticket of an original that is complete, or gone. */
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
		return spool_ticket_drop(&a->spool, &key, err);
	log_error("not done: '%s' lacks '%s'", path, missing->name);
	a->status = a->status == ERR_NONE ? ERR_NO : a->status;
	return 0;
}

static int
done_stdin(struct args *a, struct err *err)
{
	char text[LINE_BYTES_MAX];
	struct line line;
	size_t n;
	int rc = 0;

	while (rc == 0 && fgets(text, sizeof(text), stdin) != NULL) {
		n = strcspn(text, "\n");
		if (text[n] == '\0' && n == sizeof(text) - 1)
			return err_set(err, ERR_DATA,
			    "a line of more than %zu bytes", n);
		text[n] = '\0';
		if ((rc = line_parse(text, &line, err)) == 0)
			rc = done_path(a, line.path, err);
	}
	if (rc == 0 && ferror(stdin))
		return err_sys(err, ERR_IO, "cannot read standard input");
	return rc;
}

static int
run_done(struct args *a, struct err *err)
{
	int i, rc = 0;

	if (a->count == 0)
		return done_stdin(a, err);
	for (i = 0; i < a->count && rc == 0; i++)
		rc = done_path(a, a->operands[i], err);
	return rc;
}

static int
stat_one(struct args *a, const char *stream, struct err *err)
{
	struct stream_stat *st;

	st = realloc(a->stats, (a->nstats + 1) * sizeof(*st));
	if (st == NULL)
		return err_nomem(err);
	a->stats = st;
	st += a->nstats++;
	if (stat_stream(&a->spool, stream, st, err) == -1)
		return -1;
	if (a->ladder_file == NULL)
		return 0;
	return stat_pending(&a->spool, &a->ladder, st, err);
}

/* Seconds since the newest fragment arrived; false when there is none. */
static bool
age_s(const struct stream_stat *st, double *age)
{
	*age = (double)(clock_wall_us() - st->newest_us) / 1e6;
	return st->fragments > 0;
}

static void
print_table(const struct args *a)
{
	const struct stream_stat *st;
	int width = 6;
	double age;
	size_t i;

	for (i = 0; i < a->nstats; i++)
		if ((int)strlen(a->stats[i].stream) > width)
			width = (int)strlen(a->stats[i].stream);
	printf("%-*s %6s %10s %9s %9s %14s %9s %8s%s\n", width, "STREAM",
	    "EPOCHS", "FRAGMENTS", "FIRST", "LAST", "BYTES", "AGE_S",
	    "TICKETS", a->ladder_file != NULL ? "  PENDING" : "");
	for (i = 0; i < a->nstats; i++) {
		st = &a->stats[i];
		printf("%-*s %6" PRIu64 " %10" PRIu64 " %9" PRIu32 " %9" PRIu32
		    " %14" PRIu64, width, st->stream, st->epochs,
		    st->fragments, st->first, st->last, st->bytes);
		if (age_s(st, &age))
			printf(" %9.1f", age);
		else
			printf(" %9s", "-");
		printf(" %8" PRIu64, st->tickets);
		if (a->ladder_file != NULL)
			printf(" %8" PRIu64, st->pending);
		putchar('\n');
	}
}

static void
print_json(const struct args *a)
{
	const struct stream_stat *st;
	double age;
	size_t i;

	for (i = 0; i < a->nstats; i++) {
		st = &a->stats[i];
		printf("{\"stream\":\"%s\",\"epochs\":%" PRIu64
		    ",\"fragments\":%" PRIu64 ",\"first\":%" PRIu32
		    ",\"last\":%" PRIu32 ",\"bytes\":%" PRIu64
		    ",\"tickets\":%" PRIu64, st->stream, st->epochs,
		    st->fragments, st->first, st->last, st->bytes,
		    st->tickets);
		if (age_s(st, &age))
			printf(",\"age_s\":%.3f", age);
		if (a->ladder_file != NULL)
			printf(",\"pending\":%" PRIu64, st->pending);
		printf("}\n");
	}
}

static int
run_stat(struct args *a, struct err *err)
{
	if (each_stream(a, stat_one, err) == -1 ||
	    stat_tickets(&a->spool, a->stats, a->nstats, err) == -1)
		return -1;
	if (a->format == LINE_JSON)
		print_json(a);
	else
		print_table(a);
	return 0;
}

static int
run_get(struct args *a, struct err *err)
{
	struct get_range range = { .stream = a->operands[0],
	    .rendition = a->rendition, .epoch = a->epoch, .first = a->first,
	    .last = a->last };

	if (check_stream_name(range.stream, err) == -1)
		return -1;
	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
		    "an MP4 is nothing for a terminal: redirect it");
	return get_range(&a->spool, &range, STDOUT_FILENO, err);
}

/* Wait RETRY_US.  False when SIGTERM or SIGINT, which are blocked, came. */
static bool
pause_unless_told(const sigset_t *stop)
{
	const struct timespec ts = { .tv_nsec = RETRY_US * 1000L };

	return sigtimedwait(stop, NULL, &ts) == -1;
}

/* The disk was full for FRAGMENT.  Hold it until there is room, or -1. */
static int
put_later(struct args *a, struct put *p, uint8_t *fragment, size_t n,
    struct spool_key *key, struct err *err)
{
	int64_t since_us = clock_mono_us();
	sigset_t stop, before;
	int rc = -1;

	if (a->wait_us == 0)
		return -1;
	log_warning("%s; holding the input", err->text);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, &before);
	while (rc == -1 && err->cls == ERR_AGAIN &&
	    clock_mono_us() - since_us < a->wait_us) {
		if (!pause_unless_told(&stop)) {
			err_wrap(err, "told to stop while waiting");
			break;
		}
		rc = put_fragment(p, fragment, n, key, err);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		log_warning("storing again after %.1f s",
		    (double)(clock_mono_us() - since_us) / 1e6);
	return rc;
}

static int
store_fragment(struct args *a, struct put *p, uint8_t *fragment, size_t n,
    struct err *err)
{
	struct spool_key key;
	struct line line;

	if (put_check(fragment, n, err) == -1)
		return -1;
	if (put_fragment(p, fragment, n, &key, err) == -1 &&
	    (err->cls != ERR_AGAIN ||
	    put_later(a, p, fragment, n, &key, err) == -1))
		return -1;
	/* A ticket is a hint: without it the fragment is found by listing. */
	if (spool_ticket_put(&a->spool, &key, err) == -1)
		log_warning("%s", err->text);
	if (line_of(&a->spool, &key, &line, err) == -1)
		return -1;
	return line_print(stdout, &line, LINE_TAB, err);
}

/* More input behind what B has.  1, 0 at its end, -1. */
static int
read_more(struct buf *b, struct err *err)
{
	uint8_t *to = buf_room(b, READ_BYTES);
	ssize_t n;

	if (to == NULL)
		return buf_ok(b, err);
	if ((n = file_read_some(STDIN_FILENO, to, READ_BYTES, err)) > 0)
		b->n += (size_t)n;
	return n > 0 ? 1 : (int)n;
}

static int
put_stdin(struct args *a, struct put *p, struct buf *b, struct err *err)
{
	uint64_t offset = 0;
	size_t n;
	int rc;

	for (;;) {
		while ((rc = fragment_length(b->p, b->n, &n, err)) == 0) {
			if ((rc = read_more(b, err)) == -1)
				return -1;
			if (rc == 1)
				continue;
			return b->n == 0 ? 0 : err_set(err, ERR_DATA,
			    "input ends in the middle of the fragment at byte "
			    "%" PRIu64, offset);
		}
		if (rc == -1 || store_fragment(a, p, b->p, n, err) == -1)
			return err->cls != ERR_DATA ? -1 : err_wrap(err,
			    "input: fragment at byte %" PRIu64, offset);
		buf_drop(b, n);
		offset += n;
	}
}

static int
run_put(struct args *a, struct err *err)
{
	struct put p;
	struct buf b;
	int rc;

	if (check_stream_name(a->operands[0], err) == -1)
		return -1;
	if (isatty(STDIN_FILENO))
		return err_set(err, ERR_USAGE,
		    "fragments are expected on standard input, not a terminal");
	if (put_begin(&p, &a->spool, a->operands[0], err) == -1)
		return -1;
	buf_init(&b, LIMIT_FRAGMENT_BYTES + READ_BYTES);
	rc = put_stdin(a, &p, &b, err);
	buf_release(&b);
	return rc;
}

static const struct command commands[] = {
	{ { "segment-store done",
	    "[--spool DIR] --ladder FILE [PATH...]",
	    "Drop the tickets of the originals that have every live rendition.",
	    done_opts, "Without PATH, fragment lines are read from standard "
	    "input.\n" },
	    "done", 0, -1, false, true, run_done },
	{ { "segment-store get",
	    "[--spool DIR] [--rendition NAME] [--epoch N] [--seq A-B] STREAM",
	    "Write fragments of one epoch as one playable MP4.", get_opts,
	    "Example:\n  segment-store get --seq 100-160 cam >minute.mp4\n" },
	    "get", 1, 1, false, false, run_get },
	{ { "segment-store ls",
	    "[--spool DIR] [--rendition NAME] [--seq A-B] [--json | -0] "
	    "[STREAM...]",
	    "Print the line of each fragment, oldest first.", ls_opts, NULL },
	    "ls", 0, -1, false, false, run_ls },
	{ { "segment-store pending",
	    "[--spool DIR] --ladder FILE [OPTION...] [STREAM...]",
	    "Print the line of each original that lacks a rendition.",
	    pending_opts, "Example:\n  segment-store pending -0 --ladder l.yaml"
	    " | xargs -0 transcode-job --ladder l.yaml\n" },
	    "pending", 0, -1, false, true, run_pending },
	{ { "segment-store put", "[--spool DIR] [--wait TIME] STREAM",
	    "Store the fragments on standard input; print each one's line once "
	    "it is durable.", put_opts, NULL },
	    "put", 1, 1, true, false, run_put },
	{ { "segment-store stat",
	    "[--spool DIR] [--ladder FILE] [--json] [STREAM...]",
	    "Say what is stored of each stream, and how old the newest is.",
	    stat_opts, NULL },
	    "stat", 0, -1, false, false, run_stat },
};

static const struct opt_spec no_opts[] = { OPT_END };

static const struct opt_prog prog = {
	"segment-store", "COMMAND [ARG...]",
	"Keep the fragments of streams, and know what is there.", no_opts,
	"Commands:\n"
	"  done     drop the tickets of originals that are complete\n"
	"  get      write fragments as one MP4\n"
	"  ls       list fragments\n"
	"  pending  list originals that lack renditions\n"
	"  put      store fragments\n"
	"  stat     count what is stored\n"
	"'segment-store COMMAND --help' says more.\n"
};

static const struct command *
find_command(const char *word, struct err *err)
{
	static const char *const later[] = { "expire", "export", "import",
	    "verify", "watch" };
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i].word) == 0)
			return &commands[i];
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcmp(word, later[i]) == 0) {
			err_set(err, ERR_UNAVAILABLE, "'%s' is not done yet",
			    word);
			return NULL;
		}
	err_set(err, ERR_USAGE, "unknown command '%s'", word);
	return NULL;
}

static int
run(struct args *a, const struct command *cmd, struct err *err)
{
	if (a->ladder_file != NULL &&
	    ladder_load(&a->ladder, a->ladder_file, err) == -1)
		return -1;
	if (spool_open(&a->spool, a->spool_dir, cmd->create, err) == -1 ||
	    cmd->run(a, err) == -1)
		return -1;
	return file_flush_stdout(err);
}

int
main(int argc, char *argv[])
{
	struct args a = { .spool = { .fd = -1 }, .rendition = SPOOL_SRC,
	    .last = SPOOL_SEQ_MAX, .wait_us = DAY_US / 24 };
	const struct command *cmd;
	struct opt_state os;
	struct err err = ERR_INIT;
	const char *arg;
	int c;

	opt_begin(&os, &prog);
	while ((c = opt_next(&os, argc, argv, &arg, &err)) > 0)
		;
	if (c == -1 || opt_operands(&os, argc, 1, -1, &err) == -1)
		return opt_usage_error(&os, &err);
	if ((cmd = find_command(argv[os.next], &err)) == NULL)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	c = os.next;
	if (parse_args(&a, cmd, &os, argc - c, argv + c, &err) == -1)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	if (run(&a, cmd, &err) == -1)
		a.status = (enum err_class)log_fatal(&err);
	free(a.stats);
	ladder_release(&a.ladder);
	if (a.spool.fd != -1)
		spool_close(&a.spool);
	return (int)a.status;
}
