#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/origin_impl.h"

/* Text for a field of a line: nothing that could end it. */
static void
put_field(struct buf *b, const char *s)
{
	buf_put_u8(b, '\t');
	for (; *s != '\0'; s++)
		buf_put_u8(b, iscntrl((unsigned char)*s) ? '?' :
		    (unsigned char)*s);
}

static void
put_address(struct buf *b, const struct conn *c)
{
	const struct sockaddr *sa = MHD_get_connection_info(c->con,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	char text[INET6_ADDRSTRLEN] = "-";

	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)
		    (const void *)sa)->sin_addr, text, sizeof(text));
	else if (sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)
		    (const void *)sa)->sin6_addr, text, sizeof(text));
	put_field(b, text);
}

/* A token is a secret while it lasts. */
static const char *
without_token(const struct origin *o, const char *url)
{
	const char *slash;

	if (!o->conf.log || o->keys == NULL || *url != '/')
		return url;
	slash = strchr(url + 1, '/');
	return slash != NULL && strchr(url, '-') != NULL &&
	    strchr(url, '-') < slash ? slash : url;
}

void
report(struct origin *o, const struct conn *c)
{
	char now[CLOCK_RFC3339_BYTES];
	struct buf *b = &o->log;

	if (!o->conf.log || c->url == NULL)
		return;
	clock_rfc3339(clock_wall_us(), now);
	pthread_mutex_lock(&o->log_lock);
	if (b->n > LIMIT_HTTP_LOG_BYTES - 2 * LIMIT_HTTP_HEADER_BYTES) {
		o->log_lost++;
	} else {
		buf_put_str(b, now);
		put_address(b, c);
		put_field(b, c->method);
		put_field(b, without_token(o, c->url));
		buf_printf(b, "\t%u\t%" PRIu64 "\t%" PRId64 "\n", c->status,
		    c->bytes, (clock_mono_us() - c->begun_us) / 1000);
	}
	pthread_mutex_unlock(&o->log_lock);
}

void
origin_log(struct origin *o, struct buf *b)
{
	uint64_t lost;

	pthread_mutex_lock(&o->log_lock);
	buf_put(b, o->log.p, o->log.n);
	buf_reset(&o->log);
	lost = o->log_lost;
	o->log_lost = 0;
	pthread_mutex_unlock(&o->log_lock);
	if (lost > 0)
		buf_printf(b, "# %" PRIu64 " lines are missing\n", lost);
}

static void
put_metric(struct buf *b, const char *name, const char *type,
    const char *help, uint64_t value)
{
	buf_printf(b, "# HELP livespool_http_%s %s\n# TYPE livespool_http_%s "
	    "%s\nlivespool_http_%s %" PRIu64 "\n", name, help, name, type,
	    name, value);
}

void
origin_metrics(struct origin *o, struct buf *b)
{
	static const struct {
		enum counter	 which;
		const char	*name, *help;
	} counters[] = {
		{ COUNT_CONNECTIONS, "connections_total",
		    "Connections accepted." },
		{ COUNT_REQUESTS, "requests_total", "Requests." },
		{ COUNT_2XX, "answers_good_total",
		    "Answers with status 200, 204 and 206." },
		{ COUNT_304, "answers_unchanged_total",
		    "Answers with status 304." },
		{ COUNT_4XX, "answers_refused_total",
		    "Answers with status 400 to 499." },
		{ COUNT_5XX, "answers_failed_total",
		    "Answers with status 500 and above." },
		{ COUNT_BYTES, "sent_bytes_total", "Of bodies." },
		{ COUNT_HELD, "held_total", "Requests that were held." },
		{ COUNT_LATE, "late_total",
		    "Requests that were held in vain." },
		{ COUNT_DELTAS, "deltas_total", "Delta updates." },
		{ COUNT_SLOW, "slow_total",
		    "Connections cut off for being too slow." },
	};
	size_t i;

	put_metric(b, "connections", "gauge", "Connections.",
	    atomic_load(&o->nconns));
	put_metric(b, "answering", "gauge", "Requests under way.",
	    atomic_load(&o->active));
	put_metric(b, "held", "gauge", "Requests that are held.",
	    atomic_load(&o->waiting));
	put_metric(b, "playlist_bytes", "gauge", "Of playlists in memory.",
	    atomic_load(&o->playlist_bytes));
	put_metric(b, "mapped_bytes", "gauge", "Of segments kept mapped.",
	    atomic_load(&o->mapped_bytes));
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		put_metric(b, counters[i].name, "counter", counters[i].help,
		    atomic_load(&o->count[counters[i].which]));
}
