#include "store/select.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/opt.h"
#include "media/fragment.h"

#define AGO_US_MAX	(INT64_C(100) * 366 * 86400 * 1000000)

int
select_parse_seq(const char *value, struct select *sel, struct err *err)
{
	const char *dash = strchr(value, '-');
	char a[16] = "";
	size_t n = strcspn(value, "-");
	uint64_t from, to = SPOOL_SEQ_MAX;

	if (n < sizeof(a))
		memcpy(a, value, n);
	if (opt_uint("--seq", a, 0, SPOOL_SEQ_MAX, &from, err) == -1 ||
	    (dash != NULL && dash[1] != '\0' &&
	    opt_uint("--seq", dash + 1, 0, SPOOL_SEQ_MAX, &to, err) == -1))
		return -1;
	if (dash == NULL)
		to = from;
	if (from > to)
		return err_set(err, ERR_USAGE,
		    "--seq: bad value '%s': it goes backwards", value);
	sel->first = (uint32_t)from;
	sel->last = (uint32_t)to;
	return 0;
}

int
select_parse_epoch(const char *value, struct select *sel, struct err *err)
{
	uint64_t n;

	if (opt_uint("--epoch", value, 1, SPOOL_EPOCH_MAX, &n, err) == -1)
		return -1;
	sel->epoch = (uint32_t)n;
	return 0;
}

int
select_parse_time(const char *option, const char *value, int64_t now_us,
    int64_t *us, struct err *err)
{
	struct err ignored = ERR_INIT;
	char seconds[32];
	int64_t ago_us;
	int n;

	if (clock_parse_rfc3339(value, us))
		return 0;
	if (value[0] == '-' && opt_time_us(option, value + 1, 0, AGO_US_MAX,
	    &ago_us, &ignored) == 0) {
		*us = now_us - ago_us;
		return 0;
	}
	n = snprintf(seconds, sizeof(seconds), "%ss", value + 1);
	if (value[0] == '@' && n > 0 && (size_t)n < sizeof(seconds) &&
	    opt_time_us(option, seconds, 0, INT64_MAX, us, &ignored) == 0)
		return 0;
	return err_set(err, ERR_USAGE, "%s: bad value '%s': want a time like "
	    "2026-11-22T22:00:00Z, @1795384800 or -2h", option, value);
}

/* The date of KEY: what it says, else when its file was written.  0 or -1. */
static int
date_of(struct spool *s, const struct spool_key *key, int64_t *date_us,
    struct err *err)
{
	struct fragment_info info;
	uint64_t bytes;

	if (spool_info(s, key, &info, &bytes, err) == -1)
		return -1;
	*date_us = info.date_us;
	return *date_us != 0 ? 0 : spool_mtime_us(s, key, date_us, err);
}

/*
 * One search.  It goes down three levels: epochs, groups of the epoch, and
 * fragments of the group.  A probe sets the level's number in KEY and finds
 * the first fragment there.
 */
struct search {
	struct spool		*s;
	struct spool_key	 key;
	int64_t			 before_us;
	uint32_t		 only;		/* epoch; 0: any */
	struct err		*err;
};

/* 1 when KEY is in time, 0 when not, -2 when it cannot say, -1. */
static int
probe_key(struct search *q, const struct spool_key *key)
{
	int64_t date_us;

	if (date_of(q->s, key, &date_us, q->err) == 0)
		return date_us < q->before_us;
	/* Gone meanwhile, or damaged: its neighbours tell. */
	return q->err->errnum == ENOENT || q->err->cls == ERR_DATA ? -2 : -1;
}

static int
probe_group(struct search *q, const struct spool_key *key, uint32_t group)
{
	bool there[SPOOL_GROUP];
	struct spool_key k = *key;
	uint32_t i;
	int rc = -2;

	if (spool_group(q->s, key, group, there, q->err) == -1)
		return -1;
	for (i = 0; i < SPOOL_GROUP && rc == -2; i++)
		if (there[i]) {
			k.seq = group * SPOOL_GROUP + i;
			rc = probe_key(q, &k);
		}
	return rc;
}

static int
probe_epoch(struct search *q, uint32_t epoch)
{
	struct spool_key k = q->key;
	uint32_t *groups;
	size_t count, i;
	int rc = -2;

	k.epoch = epoch;
	if (spool_groups(q->s, &k, &groups, &count, q->err) == -1)
		return -1;
	for (i = 0; i < count && rc == -2; i++)
		rc = probe_group(q, &k, groups[i]);
	free(groups);
	return rc;
}

enum level { EPOCH, GROUP, SEQ };

static int
probe(struct search *q, enum level level, uint32_t number)
{
	struct spool_key k = q->key;

	switch (level) {
	case EPOCH:
		return probe_epoch(q, number);
	case GROUP:
		return probe_group(q, &q->key, number);
	case SEQ:
		k.seq = number;
		return probe_key(q, &k);
	}
	return -1;
}

/*
 * The last of the ascending NUMBERS whose first fragment is in time.
 * Those that cannot say are stepped over.  1 and *BEST, 0 when there is none, -1.
 */
static int
last_in_time(struct search *q, enum level level, const uint32_t *numbers,
    size_t count, uint32_t *best)
{
	size_t low = 0, high = count, mid, i;
	int rc, found = 0;

	while (low < high) {
		mid = low + (high - low) / 2;
		i = mid + 1;
		do
			rc = probe(q, level, numbers[--i]);
		while (rc == -2 && i > low);
		if (rc == -1)
			return -1;
		if (rc == 0) {
			high = i;
			continue;
		}
		if (rc == 1) {
			*best = numbers[i];
			found = 1;
		}
		low = mid + 1;
	}
	return found;
}

static int
search_epoch(struct search *q)
{
	uint32_t *epochs;
	size_t count;
	int rc;

	if (q->only != 0) {
		q->key.epoch = q->only;
		return 1;
	}
	if (spool_epochs(q->s, q->key.stream, q->key.rendition, &epochs,
	    &count, q->err) == -1)
		return -1;
	rc = last_in_time(q, EPOCH, epochs, count, &q->key.epoch);
	free(epochs);
	return rc;
}

static int
search_group(struct search *q, uint32_t *group)
{
	uint32_t *groups;
	size_t count;
	int rc;

	if (spool_groups(q->s, &q->key, &groups, &count, q->err) == -1)
		return -1;
	rc = last_in_time(q, GROUP, groups, count, group);
	free(groups);
	return rc;
}

static int
search_seq(struct search *q, uint32_t group)
{
	bool there[SPOOL_GROUP];
	uint32_t seqs[SPOOL_GROUP], i;
	size_t count = 0;

	if (spool_group(q->s, &q->key, group, there, q->err) == -1)
		return -1;
	for (i = 0; i < SPOOL_GROUP; i++)
		if (there[i])
			seqs[count++] = group * SPOOL_GROUP + i;
	return last_in_time(q, SEQ, seqs, count, &q->key.seq);
}

/* The last fragment that begins before TIME_US.  1 and *SEQ, 0, -1. */
static int
last_before(struct spool *s, const char *stream, const char *rendition,
    uint32_t epoch, int64_t time_us, uint32_t *seq, struct err *err)
{
	struct search q = { .s = s, .before_us = time_us, .only = epoch,
	    .err = err };
	uint32_t group = 0;
	int rc;

	snprintf(q.key.stream, sizeof(q.key.stream), "%s", stream);
	snprintf(q.key.rendition, sizeof(q.key.rendition), "%s", rendition);
	if ((rc = search_epoch(&q)) == 1 &&
	    (rc = search_group(&q, &group)) == 1)
		rc = search_seq(&q, group);
	*seq = q.key.seq;
	return rc;
}

int
select_numbers(struct spool *s, const char *stream, const char *rendition,
    const struct select *sel, uint32_t *first, uint32_t *last,
    struct err *err)
{
	uint32_t seq;
	int rc;

	*first = sel->first;
	*last = sel->last;
	if (sel->from_us != INT64_MIN) {
		rc = last_before(s, stream, rendition, sel->epoch,
		    sel->from_us, &seq, err);
		if (rc == -1)
			return -1;
		if (rc == 1 && seq >= *first)
			*first = seq + 1;
	}
	if (sel->to_us != INT64_MAX) {
		rc = last_before(s, stream, rendition, sel->epoch,
		    sel->to_us, &seq, err);
		if (rc != 1)
			return rc;
		if (seq < *last)
			*last = seq;
	}
	return *first <= *last;
}

int
select_each(struct spool *s, const char *stream, const char *rendition,
    const struct select *sel, spool_fn *fn, void *arg, struct err *err)
{
	struct spool_key key = { .epoch = sel->epoch };
	uint32_t first, last;
	int rc;

	rc = select_numbers(s, stream, rendition, sel, &first, &last, err);
	if (rc != 1)
		return rc;
	if (sel->epoch == 0)
		return spool_each(s, stream, rendition, first, last, fn, arg,
		    err);
	snprintf(key.stream, sizeof(key.stream), "%s", stream);
	snprintf(key.rendition, sizeof(key.rendition), "%s", rendition);
	return spool_each_of_epoch(s, &key, first, last, fn, arg, err);
}
