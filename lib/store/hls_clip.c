#include <stdbool.h>

#include "base/err.h"
#include "media/fragment.h"
#include "store/hls.h"
#include "store/select.h"

static int
take(const struct spool_key *key, void *arg, struct err *err)
{
	(void)err;
	*(struct spool_key *)arg = *key;
	return 1;
}

static int
find_in(struct spool *s, const char *stream, const char *rendition,
    const struct select *sel, struct spool_key *key, uint32_t *last,
    struct err *err)
{
	uint32_t first;
	int rc;

	rc = select_numbers(s, stream, rendition, sel, &first, last, err);
	if (rc != 1)
		return rc;
	return spool_each(s, stream, rendition, first, *last, take, key, err);
}

/* The first fragment: an original, or when they are gone some rendition's. */
static int
find_first(struct spool *s, const char *stream, const struct select *sel,
    struct spool_key *key, uint32_t *last, struct err *err)
{
	char **names;
	size_t i;
	int rc;

	rc = find_in(s, stream, SPOOL_SRC, sel, key, last, err);
	if (rc != 0)
		return rc;
	if ((names = spool_renditions(s, stream, err)) == NULL)
		return -1;
	for (i = 0; rc == 0 && names[i] != NULL; i++)
		rc = find_in(s, stream, names[i], sel, key, last, err);
	spool_free_names(names);
	return rc;
}

static bool
step_back(struct spool *s, struct spool_key *key)
{
	struct spool_key before = *key;

	before.seq--;
	if (before.seq == 0 || !spool_exists(s, &before))
		return false;
	*key = before;
	return true;
}

/*
 * The fragment that FROM_US falls into begins before; a copy wants the key
 * frame in front, and segments are whole where they can be.
 */
static void
widen(struct spool *s, const struct hls_conf *conf, struct spool_key *key)
{
	struct fragment_info info;
	struct err ignored = ERR_INIT;
	struct spool_key before = *key;
	uint64_t bytes;
	uint32_t number;

	if (spool_info(s, key, &info, &bytes, &ignored) == 0 &&
	    info.date_us > conf->from_us)
		step_back(s, key);
	while (spool_info(s, key, &info, &bytes, &ignored) == 0 &&
	    (info.flags & FRAGMENT_DEPENDENT) != 0 && step_back(s, key))
		;
	number = hls_number(conf, key->epoch, key->seq);
	for (before = *key; step_back(s, &before) &&
	    hls_number(conf, before.epoch, before.seq) == number; )
		*key = before;
}

int
hls_clip(struct spool *s, const char *stream, const struct hls_conf *conf,
    uint32_t *first, uint32_t *last, struct err *err)
{
	struct select sel = { .last = *last, .from_us = conf->from_us,
	    .to_us = conf->to_us };
	struct spool_key key = { .seq = 0 };
	int rc;

	rc = find_first(s, stream, &sel, &key, last, err);
	if (rc != 1)
		return rc;
	widen(s, conf, &key);
	*first = key.seq;
	return 1;
}
