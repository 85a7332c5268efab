#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "command.h"

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

static int
parse_rendition(struct args *a, const char *arg, struct err *err)
{
	if (!name_ok(arg))
		return err_set(err, ERR_USAGE,
		    "--rendition: bad name '%s'", arg);
	if (a->nrenditions == RENDITIONS_MAX)
		return err_set(err, ERR_USAGE, "--rendition: more than %d",
		    RENDITIONS_MAX);
	a->rendition = a->renditions[a->nrenditions++] = arg;
	return 0;
}

static int
take_option(struct args *a, const struct command *cmd, int c,
    const char *arg, struct err *err)
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
		return parse_rendition(a, arg, err);
	case 's':
		a->spool_dir = arg;
		return 0;
	case KEY_EPOCH:
		return select_parse_epoch(arg, &a->sel, err);
	case KEY_FROM:
		return select_parse_time("--from", arg, clock_wall_us(),
		    &a->sel.from_us, err);
	case KEY_SEQ:
		return select_parse_seq(arg, &a->sel, err);
	case KEY_TIER:
		return parse_tier(arg, &a->tier, err);
	case KEY_TO:
		return select_parse_time("--to", arg, clock_wall_us(),
		    &a->sel.to_us, err);
	}
	return cmd->option(c, arg, err);
}

int
take_args(struct args *a, const struct command *cmd, struct opt_state *os,
    int argc, char *argv[], struct err *err)
{
	const char *arg;
	int c;

	opt_begin(os, &cmd->prog);
	a->operands = argv + 1;
	for (;;) {
		while ((c = opt_next(os, argc, argv, &arg, err)) > 0)
			if (take_option(a, cmd, c, arg, err) == -1)
				return -1;
		if (c == -1)
			return -1;
		if (os->next == argc)
			break;
		a->operands[a->count++] = argv[os->next];
		opt_skip_operand(os);
	}
	if (a->sel.from_us >= a->sel.to_us)
		return err_set(err, ERR_USAGE, "--from is not before --to");
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

int
check_stream_name(const char *name, struct err *err)
{
	if (!name_ok(name))
		return err_set(err, ERR_USAGE, "bad stream name '%s': want "
		    "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name);
	return 0;
}

int
parse_owner(const char *arg, const char **owner, struct err *err)
{
	if (!name_ok(arg))
		return err_set(err, ERR_USAGE, "--owner: bad name '%s': want "
		    "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", arg);
	*owner = arg;
	return 0;
}

int
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

int
each_input_path(struct args *a, int (*fn)(struct args *, const char *,
    struct err *), struct err *err)
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
			rc = fn(a, line.path, err);
	}
	if (rc == 0 && ferror(stdin))
		return err_sys(err, ERR_IO, "cannot read standard input");
	return rc;
}

int
print_key(const struct spool_key *key, void *arg, struct err *err)
{
	struct args *a = arg;
	struct line line;

	if (line_of(&a->spool, key, &line, err) == 0)
		return line_print(stdout, &line, a->format, err);
	if (err->errnum != ENOENT)
		a->status = (enum err_class)log_fatal(err);
	return 0;
}
