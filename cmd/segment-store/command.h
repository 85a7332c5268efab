/*
 * command - what the commands of segment-store share.
 *
 * Each command is one file that defines one struct command: its options, how
 * many operands it takes, what it does.
 */
#ifndef SEGMENT_STORE_COMMAND_H
#define SEGMENT_STORE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/opt.h"
#include "store/ladder.h"
#include "store/line.h"
#include "store/pending.h"
#include "store/select.h"
#include "store/spool.h"

#define DAY_US		INT64_C(86400000000)
#define RENDITIONS_MAX	64		/* of one command line */

/* The options that several commands have, spelled once. */
enum {
	KEY_FROM = OPT_LONG, KEY_TO, KEY_JSON, KEY_SEQ, KEY_EPOCH, KEY_TIER,
	KEY_OWN			/* the first of a command's own */
};

#define OPT_SPOOL	{ 's', "spool", "DIR", \
			    "the spool (default: $LIVESPOOL_SPOOL)" }
#define OPT_LADDER	{ 'l', "ladder", "FILE", \
			    "the renditions that count: ladder(5)" }
#define OPT_JSON	{ KEY_JSON, "json", NULL, "one JSON object a line" }
#define OPT_NULL	{ '0', "null", NULL, "paths only, each ended by NUL" }
#define OPT_SEQ		{ KEY_SEQ, "seq", "A-B", \
			    "these numbers only; A- and A too" }
#define OPT_EPOCH	{ KEY_EPOCH, "epoch", "N", "this epoch only" }
#define OPT_FROM	{ KEY_FROM, "from", "TIME", \
			    "what arrived then or later: RFC 3339, @UNIX, -2h" }
#define OPT_TO		{ KEY_TO, "to", "TIME", "what arrived before" }
#define OPT_TIER	{ KEY_TIER, "tier", "TIER", \
			    "live, batch or all (default: live)" }
#define OPT_RENDITION	{ 'r', "rendition", "NAME", \
			    "this rendition (default: src)" }

struct args {
	const char		 *spool_dir;
	const char		 *ladder_file;	/* or NULL */
	const char		 *rendition;	/* the last one given */
	const char		 *renditions[RENDITIONS_MAX];
	size_t			  nrenditions;
	enum line_format	  format;
	enum pending_tier	  tier;
	struct select		  sel;
	char			**operands;	/* points into argv */
	int			  count;

	struct spool		  spool;
	struct ladder		  ladder;	/* when ladder_file is given */
	enum err_class		  status;	/* of what failed on the way */
};

struct command {
	const char	*word;
	struct opt_prog	 prog;
	int		 min, max;	/* operands; max -1: any number */
	bool		 create;	/* makes the spool */
	bool		 ladder;	/* must be given */
	/* 0 or -1 for one of its own options; NULL: it has none. */
	int		(*option)(int key, const char *arg, struct err *err);
	int		(*run)(struct args *a, struct err *err);
};

extern const struct command claim_command, compare_command, done_command,
    expire_command, export_command, get_command, import_command, ls_command,
    pending_command, put_command, requeue_command, stat_command,
    verify_command, watch_command;

/*
 * The rest of a command line: options, which may also follow operands, and
 * operands.  0, or -1 with ERR_USAGE.
 */
int	take_args(struct args *a, const struct command *cmd,
	    struct opt_state *os, int argc, char *argv[], struct err *err);

/* 0, or -1 with ERR_USAGE. */
int	check_stream_name(const char *name, struct err *err);
int	parse_owner(const char *arg, const char **owner, struct err *err);

/* Call FN for each stream that is named, or for all.  0, or -1. */
int	each_stream(struct args *a,
	    int (*fn)(struct args *a, const char *stream, struct err *err),
	    struct err *err);

/* Call FN with the path of each fragment line on standard input.  0, or -1. */
int	each_input_path(struct args *a,
	    int (*fn)(struct args *a, const char *path, struct err *err),
	    struct err *err);

/*
 * spool_each()'s callback, ARG a struct args: print the line of KEY.  One
 * that was removed meanwhile is left out; one that cannot be read is
 * reported, counts in a->status, and the others go on.
 */
int	print_key(const struct spool_key *key, void *arg, struct err *err);

#endif /* SEGMENT_STORE_COMMAND_H */
