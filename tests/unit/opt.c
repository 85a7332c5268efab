#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "tap.h"

static const struct opt_spec opts[] = {
	{ 'd', "duration", "TIME", "how long" },
	{ OPT_LONG, "json", NULL, "as JSON" },
	OPT_END
};
static const struct opt_prog prog = { "unit", "[-d TIME] FILE...", "Test.",
    opts, NULL };

#define ARGC(argv)	((int)(sizeof(argv) / sizeof((argv)[0])) - 1)

static void
test_options(void)
{
	char *argv[] = { "x", "-d", "1s", "--json", "--dur=2s", "-v", "file",
	    "-d", NULL };
	struct err err = ERR_INIT;
	struct opt_state os;
	const char *arg = NULL;

	opt_begin(&os, &prog);
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == 'd' &&
	    strcmp(arg, "1s") == 0, "a short option");
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == OPT_LONG,
	    "a long one without a short");
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == 'd' &&
	    strcmp(arg, "2s") == 0, "a long one cut short, with '='");
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == 0 && os.next == 6 &&
	    log_get_level() == LOG_LEVEL_INFO,
	    "-v is taken care of; options end at the first operand");
	log_set_level(LOG_LEVEL_WARNING);
	ok(opt_operands(&os, ARGC(argv), 2, 2, &err) == 0 &&
	    opt_operands(&os, ARGC(argv), 3, -1, &err) == -1 &&
	    opt_operands(&os, ARGC(argv), 0, 1, &err) == -1 &&
	    err.cls == ERR_USAGE, "operands are counted");
	opt_skip_operand(&os);
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == -1 &&
	    strcmp(err.text, "option '-d' needs an argument") == 0,
	    "options behind an operand: %s", err.text);
}

static void
test_end(void)
{
	char *argv[] = { "x", "a", "--", "-d", "--json", NULL };
	struct err err = ERR_INIT;
	struct opt_state os;
	const char *arg = NULL;

	opt_begin(&os, &prog);
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == 0 && os.next == 1,
	    "an operand first");
	opt_skip_operand(&os);
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == 0 && os.next == 3,
	    "then '--'");
	opt_skip_operand(&os);
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == 0 && os.next == 4,
	    "behind which everything is an operand");
}

static void
refuses(char *option, const char *message)
{
	char *argv[] = { "x", option, NULL };
	struct err err = ERR_INIT;
	struct opt_state os;
	const char *arg = NULL;

	opt_begin(&os, &prog);
	ok(opt_next(&os, ARGC(argv), argv, &arg, &err) == -1 &&
	    err.cls == ERR_USAGE && strcmp(err.text, message) == 0, "%s",
	    err.text);
}

static void
test_time(void)
{
	static const struct {
		const char	*text;
		int64_t		 us;	/* -1: refused */
	} cases[] = {
		{ "1s", 1000000 }, { "250ms", 250000 }, { "1.5s", 1500000 },
		{ "0.000001s", 1 }, { "10us", 10 }, { "2m", 120000000 },
		{ "1h", INT64_C(3600000000) }, { "0s", 0 }, { "1", -1 },
		{ "", -1 }, { "s", -1 }, { "-1s", -1 }, { "1 s", -1 },
		{ "1.s", -1 }, { "2h", -1 }, { "1sx", -1 },
		{ "99999999999999999999s", -1 }, { "18446744073709551615h", -1 }
	};
	struct err err = ERR_INIT;
	int64_t us;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		us = -1;
		rc = opt_time_us("-d", cases[i].text, 0, INT64_C(3600000000),
		    &us, &err);
		ok(us == cases[i].us && rc == (us == -1 ? -1 : 0),
		    "time '%s'", cases[i].text);
	}
}

static void
test_numbers(void)
{
	struct err err = ERR_INIT;
	uint64_t n;

	ok(opt_size("-s", "8MiB", 0, UINT64_MAX, &n, &err) == 0 &&
	    n == 8388608, "a size");
	ok(opt_size("-s", "2k", 0, UINT64_MAX, &n, &err) == 0 && n == 2000,
	    "a size in powers of 1000");
	ok(opt_bitrate("-b", "2.5M", 0, UINT64_MAX, &n, &err) == 0 &&
	    n == 2500000, "a bit rate");
	ok(opt_bitrate("-b", "2.5Mi", 0, UINT64_MAX, &n, &err) == -1,
	    "no bit rate");
	ok(opt_uint("-n", "42", 1, 42, &n, &err) == 0 && n == 42, "a number");
	ok(opt_uint("-n", "43", 1, 42, &n, &err) == -1 &&
	    strcmp(err.text, "-n: bad value '43': want a whole number from 1 "
	    "to 42") == 0, "%s", err.text);
	ok(opt_uint("-n", "4.0", 1, 42, &n, &err) == -1, "no whole number");
	ok(opt_uint("-n", "0.0", 0, 42, &n, &err) == -1, "nor this one: %s",
	    err.text);
}

static void
test_addresses(void)
{
	char addr[OPT_ADDR_BYTES], port[OPT_PORT_BYTES];
	struct err err = ERR_INIT;

	ok(opt_addr_port("-l", "10.0.0.1:1935", addr, port, &err) == 0 &&
	    strcmp(addr, "10.0.0.1") == 0 && strcmp(port, "1935") == 0,
	    "IPv4");
	ok(opt_addr_port("-l", "[::1]:0", addr, port, &err) == 0 &&
	    strcmp(addr, "::1") == 0 && strcmp(port, "0") == 0, "IPv6");
	ok(opt_addr_port("-l", ":80", addr, port, &err) == 0 &&
	    addr[0] == '\0', "any address");
	ok(opt_addr_port("-l", "::1:80", addr, port, &err) == -1,
	    "IPv6 without brackets: %s", err.text);
	ok(opt_addr_port("-l", "host", addr, port, &err) == -1, "no port");
	ok(opt_addr_port("-l", "h:65536", addr, port, &err) == -1,
	    "a port too high");
}

int
main(void)
{
	test_options();
	test_end();
	refuses("-x", "unknown option '-x'");
	refuses("--nothing", "unknown or ambiguous option '--nothing'");
	refuses("--json=1", "option '--json=1' takes no argument");
	test_time();
	test_numbers();
	test_addresses();
	return done_testing();
}
