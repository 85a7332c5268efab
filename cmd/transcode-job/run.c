#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/lines.h"
#include "base/log.h"
#include "store/spool.h"
#include "store/worker.h"

#define PROGRESS_US	200000

/* What became of the fragments. */
struct tally {
	size_t	done, failed;
	size_t	total;		/* 0: nobody knows */
	bool	terminal;	/* that progress is shown on */
	int64_t	shown_us;	/* when last */
	int	status;		/* of the last failure */
};

/* Fragments that follow each other. */
struct batch {
	const struct run_conf	*conf;
	char			 dir[4096];	/* their spool */
	struct spool_key	 keys[LIMIT_RUN_FRAGMENTS];
	char			*paths[LIMIT_RUN_FRAGMENTS];	/* owned */
	size_t			 n, told;
	struct tally		 tally;
};

static bool
is_stopped(const struct batch *b)
{
	return *b->conf->worker->stop != 0;
}

/* "DIR/src/STREAM/EPOCH/GROUP/SEQ.mp4": DIR, which may be left out. */
static int
spool_of_path(const char *path, char *dir, size_t size, struct err *err)
{
	size_t n = strlen(path);
	int slashes;

	for (slashes = 0; slashes < 5 && n > 0; slashes++)
		do
			n--;
		while (n > 0 && path[n] != '/');
	if (n == 0) {
		path = path[0] == '/' ? "/" : ".";
		n = 1;
	}
	if (n >= size)
		return err_set(err, ERR_INPUT, "path too long");
	memcpy(dir, path, n);
	dir[n] = '\0';
	return 0;
}

static int
parse(const struct run_conf *conf, const char *path, char *dir, size_t size,
    struct spool_key *key, struct err *err)
{
	if (spool_parse_path(path, key, err) == -1)
		return -1;
	if (strcmp(key->rendition, SPOOL_SRC) != 0)
		return err_set(err, ERR_DATA, "not an original");
	if (conf->spool == NULL)
		return spool_of_path(path, dir, size, err);
	if ((size_t)snprintf(dir, size, "%s", conf->spool) >= size)
		return err_set(err, ERR_INPUT, "path too long");
	return 0;
}

/*
 * On a terminal, how far it is.  What is logged next begins at the same column,
 * and is longer.
 */
static void
show_progress(struct tally *tally)
{
	const size_t tried = tally->done + tally->failed;
	const bool last = tally->total != 0 && tried == tally->total;
	int64_t now_us = clock_mono_us();
	char of[32] = "";

	if (!tally->terminal || (now_us - tally->shown_us < PROGRESS_US &&
	    !last) || tcgetpgrp(STDERR_FILENO) != getpgrp())
		return;
	tally->shown_us = now_us;
	if (tally->total != 0)
		snprintf(of, sizeof(of), " of %zu", tally->total);
	fprintf(stderr, "%zu%s fragments, %zu failed%s", tried, of,
	    tally->failed, last ? "\n" : "\r");
}

static void
count(struct tally *tally, const char *path, int rc, struct err *err)
{
	if (rc == 0) {
		tally->done++;
	} else {
		err_wrap(err, "'%s'", path);
		tally->failed++;
		tally->status = log_fatal(err);
	}
	show_progress(tally);
}

static void
end_fragment(const struct spool_key *key, int rc, struct err *err, void *arg)
{
	struct batch *b = arg;

	(void)key;
	count(&b->tally, b->paths[b->told++], rc, err);
}

static void
run_batch(struct batch *b)
{
	struct err err = ERR_INIT;
	struct spool s;
	size_t i;

	if (b->n == 0)
		return;
	b->told = 0;
	if (spool_open(&s, b->dir, false, &err) == -1) {
		for (i = 0; i < b->n; i++) {
			struct err own = err;

			end_fragment(&b->keys[i], -1, &own, b);
		}
	} else {
		worker_run(b->conf->worker, &s, b->keys, b->n, end_fragment,
		    b);
		spool_close(&s);
	}
	for (i = 0; i < b->n; i++)
		free(b->paths[i]);
	b->n = 0;
}

static bool
follows(const struct batch *b, const char *dir, const struct spool_key *key)
{
	const struct spool_key *last = &b->keys[b->n - 1];

	/* How far behind one is has to be known when its turn comes. */
	return b->conf->worker->late == 0 && b->n < LIMIT_RUN_FRAGMENTS &&
	    strcmp(dir, b->dir) == 0 &&
	    strcmp(key->stream, last->stream) == 0 &&
	    key->epoch == last->epoch && key->seq == last->seq + 1;
}

static void
add_path(struct batch *b, const char *path)
{
	struct err err = ERR_INIT;
	struct spool_key key;
	char dir[sizeof(b->dir)], *copy = strdup(path);
	int rc = copy == NULL ? err_nomem(&err) :
	    parse(b->conf, path, dir, sizeof(dir), &key, &err);

	if (rc == -1 || (b->n > 0 && !follows(b, dir, &key)))
		run_batch(b);
	if (is_stopped(b)) {
		free(copy);
		return;
	}
	if (rc == -1) {
		count(&b->tally, path, -1, &err);
		free(copy);
		return;
	}
	memcpy(b->dir, dir, strlen(dir) + 1);
	b->keys[b->n] = key;
	b->paths[b->n++] = copy;
}

static int
exit_status(const struct tally *tally)
{
	if (tally->failed == 0)
		return 0;
	return tally->done + tally->failed == 1 ? tally->status : ERR_NO;
}

int
run_paths(const struct run_conf *conf, char *const paths[], size_t n)
{
	struct batch b = { .conf = conf, .tally = {
	    .terminal = conf->progress, .total = n } };
	size_t i, left;

	for (i = 0; i < n && !is_stopped(&b); i++)
		add_path(&b, paths[i]);
	run_batch(&b);
	left = n - b.tally.done - b.tally.failed;
	if (left > 0) {
		log_warning("told to stop: %zu fragments left", left);
		return ERR_AGAIN;
	}
	return exit_status(&b.tally);
}

/* Only the path of a line counts.  An empty line is nothing to do. */
int
run_lines(const struct run_conf *conf, int fd)
{
	static struct lines lines;
	struct batch b = { .conf = conf, .tally = {
	    .terminal = conf->progress } };
	struct err err = ERR_INIT;
	char *line;
	int rc = 1;

	lines_init(&lines, fd);
	while (!is_stopped(&b)) {
		rc = lines_next(&lines, b.n == 0, &line, &err);
		if (rc == 1) {
			line[strcspn(line, "\t")] = '\0';
			if (line[0] != '\0')
				add_path(&b, line);
		} else if (rc == 0 && b.n > 0) {
			run_batch(&b);
		} else {
			break;
		}
	}
	run_batch(&b);
	b.tally.total = b.tally.done + b.tally.failed;
	show_progress(&b.tally);
	if (rc == -1) {
		err_wrap(&err, "standard input");
		return log_fatal(&err);
	}
	return exit_status(&b.tally);
}
