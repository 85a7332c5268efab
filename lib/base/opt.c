#include "base/opt.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

#define KEY_VERSION	(INT_MAX - 1)
#define KEY_BAD		'?'

static const struct opt_spec common[] = {
	{ 'h', "help",    NULL, "print this help and exit" },
	{ 'q', "quiet",   NULL, "errors only; may be repeated" },
	{ 'v', "verbose", NULL, "say more; may be repeated" },
	{ KEY_VERSION, "version", NULL, "print the version and exit" },
	OPT_END
};

void
opt_begin(struct opt_state *os, const struct opt_prog *prog)
{
	os->prog = prog;
	os->next = 1;
	os->ended = false;
	log_name(prog->name);
	optind = 0;		/* 0, not 1: getopt forgets an earlier argv */
	opterr = 0;
}

static void
print_synopsis(const struct opt_prog *prog)
{
	const char *s = prog->synopsis, *end;
	const char *lead = "usage:";

	for (; *s != '\0'; s = *end == '\0' ? end : end + 1) {
		end = s + strcspn(s, "\n");
		printf("%-6s %s %.*s\n", lead, prog->name, (int)(end - s), s);
		lead = "";
	}
}

static void
print_options(const struct opt_spec *o)
{
	char left[64];

	for (; o->name != NULL; o++) {
		snprintf(left, sizeof(left), "--%s%s%s", o->name,
		    o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg);
		if (o->key < OPT_LONG)
			printf("  -%c, %-22s %s\n", o->key, left, o->help);
		else
			printf("      %-22s %s\n", left, o->help);
	}
}

static void
print_help(const struct opt_prog *prog)
{
	print_synopsis(prog);
	printf("\n%s\n\n", prog->summary);
	print_options(prog->opts);
	print_options(common);
	if (prog->trailer != NULL)
		printf("\n%s", prog->trailer);
}

/* Exit after --help or --version: a full disk must not look like success. */
static void
finish_stdout(void)
{
	struct err err = ERR_INIT;

	if (fflush(stdout) == 0 && !ferror(stdout))
		exit(0);
	err_sys(&err, ERR_IO, "cannot write standard output");
	exit(log_fatal(&err));
}

static void
add_options(const struct opt_spec *o, struct option *longs, size_t *nlongs,
    char *shorts, size_t *nshorts)
{
	for (; o->name != NULL; o++) {
		assert(*nlongs < OPT_MAX);
		longs[(*nlongs)++] = (struct option){ o->name,
		    o->arg == NULL ? no_argument : required_argument, NULL,
		    o->key };
		if (o->key >= OPT_LONG)
			continue;
		shorts[(*nshorts)++] = (char)o->key;
		if (o->arg != NULL)
			shorts[(*nshorts)++] = ':';
	}
}

static int
bad_option(char *argv[], int c, struct err *err)
{
	const char *word = argv[optind > 0 ? optind - 1 : 0];

	if (c == ':')
		return err_set(err, ERR_USAGE, "option '%s' needs an argument",
		    word);
	if (optopt != 0 && optopt < OPT_LONG && isprint(optopt) &&
	    strncmp(word, "--", 2) != 0)
		return err_set(err, ERR_USAGE, "unknown option '-%c'", optopt);
	if (optopt != 0)
		return err_set(err, ERR_USAGE, "option '%s' takes no argument",
		    word);
	return err_set(err, ERR_USAGE, "unknown or ambiguous option '%s'",
	    word);
}

static void
step_level(int by)
{
	int level = (int)log_get_level() + by;

	if (level >= LOG_LEVEL_ERROR && level <= LOG_LEVEL_DEBUG)
		log_set_level((enum log_level)level);
}

int
opt_next(struct opt_state *os, int argc, char *argv[], const char **arg,
    struct err *err)
{
	struct option longs[OPT_MAX + 1] = { 0 };
	char shorts[2 * OPT_MAX + 3] = "+:";
	size_t nlongs = 0, nshorts = 2;
	int c;

	add_options(os->prog->opts, longs, &nlongs, shorts, &nshorts);
	add_options(common, longs, &nlongs, shorts, &nshorts);

	while (!os->ended &&
	    (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_help(os->prog);
			finish_stdout();
			break;
		case KEY_VERSION:
			printf("%s (livespool) %s\n", os->prog->name, VERSION);
			finish_stdout();
			break;
		case 'q':
			step_level(-1);
			break;
		case 'v':
			step_level(1);
			break;
		case KEY_BAD:
		case ':':
			return bad_option(argv, c, err);
		default:
			*arg = optarg;
			return c;
		}
	}
	os->next = optind;
	os->ended = os->ended ||
	    (optind > 1 && strcmp(argv[optind - 1], "--") == 0);
	return 0;
}

void
opt_skip_operand(struct opt_state *os)
{
	optind = ++os->next;
}

int
opt_operands(const struct opt_state *os, int argc, int min, int max,
    struct err *err)
{
	int n = argc - os->next;

	if (n < min)
		return err_set(err, ERR_USAGE, "missing operand");
	if (max >= 0 && n > max)
		return err_set(err, ERR_USAGE, "too many operands");
	return 0;
}

int
opt_usage_error(const struct opt_state *os, const struct err *err)
{
	log_error("%s", err->text);
	fprintf(stderr, "Try '%s --help'.\n", os->prog->name);
	return (int)err->cls;
}

struct unit {
	const char	*name;
	uint64_t	 factor;
};

/*
 * VALUE is digits, perhaps a fraction, then one of UNITS.
 * Fractions are exact to a millionth of the unit.
 */
static int
parse_units(const char *option, const char *value, const struct unit *units,
    uint64_t min, uint64_t max, const char *range, uint64_t *out,
    struct err *err)
{
	uint64_t whole = 0, fraction = 0, scale = 1, n;
	const char *s = value;

	if (!isdigit((unsigned char)*s))
		goto bad;
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*s - '0'),
		    &whole))
			goto bad;
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			goto bad;
		for (; isdigit((unsigned char)*s); s++)
			if (scale < 1000000) {
				fraction = fraction * 10 + (uint64_t)(*s - '0');
				scale *= 10;
			}
	}
	for (; units->name != NULL; units++)
		if (strcmp(s, units->name) == 0)
			break;
	if (units->name == NULL ||
	    __builtin_mul_overflow(whole, units->factor, &n) ||
	    __builtin_mul_overflow(fraction, units->factor, &fraction) ||
	    __builtin_add_overflow(n, fraction / scale, &n) ||
	    n < min || n > max)
		goto bad;
	*out = n;
	return 0;
bad:
	return err_set(err, ERR_USAGE, "%s: bad value '%s': want %s", option,
	    value, range);
}

int
opt_time_us(const char *option, const char *value, int64_t min_us,
    int64_t max_us, int64_t *us, struct err *err)
{
	static const struct unit units[] = {
		{ "us", 1 }, { "ms", 1000 }, { "s", 1000000 },
		{ "m", 60000000 }, { "h", 3600000000 }, { "d", 86400000000 },
		{ NULL, 0 }
	};
	char range[80];
	uint64_t n;

	snprintf(range, sizeof(range),
	    "a time with a unit, like 500ms or 2s, from %gs to %gs",
	    (double)min_us / 1e6, (double)max_us / 1e6);
	if (parse_units(option, value, units, (uint64_t)min_us,
	    (uint64_t)max_us, range, &n, err) == -1)
		return -1;
	*us = (int64_t)n;
	return 0;
}

int
opt_size(const char *option, const char *value, uint64_t min, uint64_t max,
    uint64_t *bytes, struct err *err)
{
	static const struct unit units[] = {
		{ "", 1 }, { "B", 1 }, { "k", 1000 }, { "M", 1000000 },
		{ "G", 1000000000 }, { "KiB", 1024 }, { "MiB", 1048576 },
		{ "GiB", 1073741824 }, { NULL, 0 }
	};
	char range[120];

	snprintf(range, sizeof(range), "a size like 8MiB, from %" PRIu64
	    " to %" PRIu64 " bytes", min, max);
	return parse_units(option, value, units, min, max, range, bytes, err);
}

int
opt_bitrate(const char *option, const char *value, uint64_t min, uint64_t max,
    uint64_t *bps, struct err *err)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1000 }, { "M", 1000000 }, { NULL, 0 }
	};
	char range[120];

	snprintf(range, sizeof(range), "a bit rate like 2500k, from %" PRIu64
	    " to %" PRIu64 " bits a second", min, max);
	return parse_units(option, value, units, min, max, range, bps, err);
}

int
opt_uint(const char *option, const char *value, uint64_t min, uint64_t max,
    uint64_t *n, struct err *err)
{
	static const struct unit units[] = { { "", 1 }, { NULL, 0 } };
	char range[80];

	snprintf(range, sizeof(range), "a whole number from %" PRIu64
	    " to %" PRIu64, min, max);
	if (strchr(value, '.') != NULL)
		return err_set(err, ERR_USAGE, "%s: bad value '%s': want %s",
		    option, value, range);
	return parse_units(option, value, units, min, max, range, n, err);
}

int
opt_addr_port(const char *option, const char *value,
    char addr[OPT_ADDR_BYTES], char port[OPT_PORT_BYTES], struct err *err)
{
	const char *colon = strrchr(value, ':'), *from = value;
	size_t n;
	uint64_t number;

	if (colon == NULL)
		return err_set(err, ERR_USAGE,
		    "%s: bad value '%s': want ADDR:PORT", option, value);
	if (opt_uint(option, colon + 1, 0, 65535, &number, err) == -1)
		return -1;
	n = (size_t)(colon - value);
	if (n >= 2 && value[0] == '[' && value[n - 1] == ']') {
		from++;
		n -= 2;
	} else if (memchr(value, ':', n) != NULL) {
		return err_set(err, ERR_USAGE,
		    "%s: bad value '%s': an IPv6 address needs brackets",
		    option, value);
	}
	if (n >= OPT_ADDR_BYTES)
		return err_set(err, ERR_USAGE, "%s: address too long", option);
	memcpy(addr, from, n);
	addr[n] = '\0';
	snprintf(port, OPT_PORT_BYTES, "%u", (unsigned)number);
	return 0;
}
