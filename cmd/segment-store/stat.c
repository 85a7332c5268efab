/* segment-store stat: what is stored of each stream. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "store/stat.h"

enum { KEY_PROMETHEUS = KEY_OWN };

static const struct opt_spec opts[] = {
	OPT_JSON, OPT_LADDER,
	{ KEY_PROMETHEUS, "prometheus", NULL, "metrics, as Prometheus reads" },
	OPT_SPOOL, OPT_END
};

static bool prometheus;
static struct stream_stat *stats;
static size_t nstats;

static int
option(int key, const char *arg, struct err *err)
{
	(void)key;
	(void)arg;
	(void)err;
	prometheus = true;
	return 0;
}

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
	printf("%-*s %6s %10s %9s %9s %14s %9s %6s %9s %8s %8s %7s%s\n", width,
	    "STREAM", "EPOCHS", "FRAGMENTS", "FIRST", "LAST", "BYTES", "AGE_S",
	    "FRAG/S", "BYTES/S", "TICKETS", "LATER", "FAILED",
	    a->ladder_file != NULL ? "  PENDING     SHED" : "");
	for (i = 0; i < nstats; i++) {
		st = &stats[i];
		printf("%-*s %6" PRIu64 " %10" PRIu64 " %9" PRIu32 " %9" PRIu32
		    " %14" PRIu64, width, st->stream, st->epochs,
		    st->fragments, st->first, st->last, st->bytes);
		if (age_s(st, &age))
			printf(" %9.1f", age);
		else
			printf(" %9s", "-");
		printf(" %6.2f %9" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64,
		    (double)st->rate_fragments / STAT_RATE_S,
		    st->rate_bytes / STAT_RATE_S, st->tickets, st->later,
		    st->failed);
		if (a->ladder_file != NULL)
			printf(" %8" PRIu64 " %8" PRIu64, st->pending,
			    st->shed);
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
		    ",\"fragments_per_s\":%.3f,\"bytes_per_s\":%" PRIu64
		    ",\"tickets\":%" PRIu64 ",\"later\":%" PRIu64
		    ",\"failed\":%" PRIu64, st->stream, st->epochs,
		    st->fragments, st->first, st->last, st->bytes,
		    (double)st->rate_fragments / STAT_RATE_S,
		    st->rate_bytes / STAT_RATE_S, st->tickets, st->later,
		    st->failed);
		if (age_s(st, &age))
			printf(",\"age_s\":%.3f", age);
		if (a->ladder_file != NULL)
			printf(",\"pending\":%" PRIu64 ",\"shed\":%" PRIu64,
			    st->pending, st->shed);
		printf("}\n");
	}
}

/* A metric of every stream; OFFSET is its place in struct stream_stat. */
static void
print_metric(const char *name, const char *help, size_t offset)
{
	uint64_t v;
	size_t i;

	printf("# HELP livespool_%s %s\n# TYPE livespool_%s gauge\n", name,
	    help, name);
	for (i = 0; i < nstats; i++) {
		memcpy(&v, (const char *)&stats[i] + offset, sizeof(v));
		/* Names are safe as they are: name_ok(). */
		printf("livespool_%s{stream=\"%s\"} %" PRIu64 "\n", name,
		    stats[i].stream, v);
	}
}

static void
print_prometheus(const struct args *a)
{
	size_t i;

	print_metric("epochs", "Epochs that have originals.",
	    offsetof(struct stream_stat, epochs));
	print_metric("fragments", "Originals stored.",
	    offsetof(struct stream_stat, fragments));
	print_metric("bytes", "Bytes of the originals stored.",
	    offsetof(struct stream_stat, bytes));
	print_metric("last_minute_fragments",
	    "Originals that arrived in the last minute.",
	    offsetof(struct stream_stat, rate_fragments));
	print_metric("last_minute_bytes",
	    "Bytes of the originals that arrived in the last minute.",
	    offsetof(struct stream_stat, rate_bytes));
	print_metric("tickets", "Tickets in the queue.",
	    offsetof(struct stream_stat, tickets));
	print_metric("later", "Tickets that live work put off.",
	    offsetof(struct stream_stat, later));
	print_metric("failed", "Originals given up as failed.",
	    offsetof(struct stream_stat, failed));
	if (a->ladder_file != NULL) {
		print_metric("pending", "Originals that lack live renditions.",
		    offsetof(struct stream_stat, pending));
		print_metric("shed",
		    "Originals that lack only what may be shed.",
		    offsetof(struct stream_stat, shed));
	}
	printf("# HELP livespool_newest_seq Number of the newest original.\n"
	    "# TYPE livespool_newest_seq gauge\n");
	for (i = 0; i < nstats; i++)
		printf("livespool_newest_seq{stream=\"%s\"} %" PRIu32 "\n",
		    stats[i].stream, stats[i].last);
	printf("# HELP livespool_newest_timestamp_seconds "
	    "When the newest original arrived.\n"
	    "# TYPE livespool_newest_timestamp_seconds gauge\n");
	for (i = 0; i < nstats; i++)
		printf("livespool_newest_timestamp_seconds{stream=\"%s\"} "
		    "%.3f\n", stats[i].stream,
		    (double)stats[i].newest_us / 1e6);
}

static int
run(struct args *a, struct err *err)
{
	if (each_stream(a, stat_one, err) == -1 ||
	    stat_tickets(&a->spool, stats, nstats, err) == -1)
		return -1;
	if (prometheus)
		print_prometheus(a);
	else if (a->format == LINE_JSON)
		print_json(a);
	else
		print_table(a);
	return 0;
}

const struct command stat_command = {
	.word = "stat",
	.prog = {
		.name = "segment-store stat",
		.synopsis = "[--spool DIR] [--ladder FILE] "
		    "[--json | --prometheus] [STREAM...]",
		.summary = "Say what is stored of each stream, and how old the "
		    "newest is.",
		.opts = opts,
	},
	.min = 0,
	.max = -1,
	.option = option,
	.run = run,
};
