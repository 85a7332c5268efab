/* segment-store stat: what is stored of each stream. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "store/stat.h"

static const struct opt_spec opts[] = {
	OPT_JSON, OPT_LADDER, OPT_SPOOL, OPT_END
};

static struct stream_stat *stats;
static size_t nstats;

static int
stat_one(struct args *a, const char *stream, struct err *err)
{
	struct stream_stat *st;

	st = realloc(stats, (nstats + 1) * sizeof(*st));
	if (st == NULL)
		return err_nomem(err);
	stats = st;
	st += nstats++;
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

	for (i = 0; i < nstats; i++)
		if ((int)strlen(stats[i].stream) > width)
			width = (int)strlen(stats[i].stream);
	printf("%-*s %6s %10s %9s %9s %14s %9s %8s%s\n", width, "STREAM",
	    "EPOCHS", "FRAGMENTS", "FIRST", "LAST", "BYTES", "AGE_S",
	    "TICKETS", a->ladder_file != NULL ? "  PENDING" : "");
	for (i = 0; i < nstats; i++) {
		st = &stats[i];
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

	for (i = 0; i < nstats; i++) {
		st = &stats[i];
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
run(struct args *a, struct err *err)
{
	if (each_stream(a, stat_one, err) == -1 ||
	    stat_tickets(&a->spool, stats, nstats, err) == -1)
		return -1;
	if (a->format == LINE_JSON)
		print_json(a);
	else
		print_table(a);
	return 0;
}

const struct command stat_command = {
	.word = "stat",
	.prog = {
		.name = "segment-store stat",
		.synopsis = "[--spool DIR] [--ladder FILE] [--json] [STREAM...]",
		.summary = "Say what is stored of each stream, and how old the "
		    "newest is.",
		.opts = opts,
	},
	.min = 0,
	.max = -1,
	.run = run,
};
