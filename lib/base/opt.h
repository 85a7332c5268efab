/*
 * opt - command lines: one table gives the parsing and the --help text.
 *
 * Every program takes -h --help, --version, -q --quiet and -v --verbose;
 * opt_next() handles them.  Options end at the first operand or at "--".
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>

struct err;

struct opt_spec {
	int		 key;	/* a short option's letter, or >= OPT_LONG */
	const char	*name;	/* the long option */
	const char	*arg;	/* name of its argument, or NULL */
	const char	*help;
};

#define OPT_LONG	256	/* first key without a short option */
#define OPT_END		{ 0, NULL, NULL, NULL }
#define OPT_MAX		48	/* options a program may have */

struct opt_prog {
	const char		*name;		/* "segment-store put" */
	const char		*synopsis;	/* lines, without the name */
	const char		*summary;	/* one sentence */
	const struct opt_spec	*opts;		/* sorted, ended by OPT_END */
	const char		*trailer;	/* operands, examples; or NULL */
};

struct opt_state {
	const struct opt_prog	*prog;
	int			 next;	/* index in argv of the next operand */
	bool			 ended;	/* "--" was seen */
};

/*
 * The program's name is also the name in the log.  Borrows PROG.
 * argv[0] is skipped.
 */
void	opt_begin(struct opt_state *os, const struct opt_prog *prog);

/*
 * The next option's key, with its argument in *ARG (points into argv);
 * 0 at the end, when os->next is the first operand; -1 with ERR_USAGE.
 * --help and --version print and exit 0.
 */
int	opt_next(struct opt_state *os, int argc, char *argv[],
	    const char **arg, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Step over the operand at os->next: opt_next() then goes on behind it.
 * For commands that take options there too.
 */
void	opt_skip_operand(struct opt_state *os);

/* ERR_USAGE unless MIN <= number of operands <= MAX (-1: no limit). */
int	opt_operands(const struct opt_state *os, int argc, int min, int max,
	    struct err *err) __attribute__((warn_unused_result));

/* Log the reason and where help is.  Returns the class: the exit status. */
int	opt_usage_error(const struct opt_state *os, const struct err *err);

/*
 * Typed values.  OPTION is the name for the message ("--duration").
 * 0, or -1 with ERR_USAGE that names option, value and range.
 *	time:	250ms, 1s, 10m, 2h, 7d
 *	size:	4096, 512KiB, 8MiB, 2GiB, and k M G for powers of 1000
 *	bitrate: bits a second: 2500k, 5M, 128000
 */
int	opt_time_us(const char *option, const char *value, int64_t min_us,
	    int64_t max_us, int64_t *us, struct err *err)
	    __attribute__((warn_unused_result));
int	opt_size(const char *option, const char *value, uint64_t min,
	    uint64_t max, uint64_t *bytes, struct err *err)
	    __attribute__((warn_unused_result));
int	opt_bitrate(const char *option, const char *value, uint64_t min,
	    uint64_t max, uint64_t *bps, struct err *err)
	    __attribute__((warn_unused_result));
int	opt_uint(const char *option, const char *value, uint64_t min,
	    uint64_t max, uint64_t *n, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Split "ADDR:PORT", "[ADDR6]:PORT" or ":PORT" (any address: ADDR is "").
 * Copies into the two arrays.  0, or -1 with ERR_USAGE.
 */
#define OPT_ADDR_BYTES	256
#define OPT_PORT_BYTES	6
int	opt_addr_port(const char *option, const char *value,
	    char addr[OPT_ADDR_BYTES], char port[OPT_PORT_BYTES],
	    struct err *err) __attribute__((warn_unused_result));

#endif /* BASE_OPT_H */
