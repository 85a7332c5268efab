#include "base/crew.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"

#define LINE_MAX_ITEMS	8	/* enough that nobody waits, few to hold */

struct line {
	void		*items[LINE_MAX_ITEMS];		/* a ring */
	size_t		 first, count;
	bool		 busy;		/* somebody works on an item of it */
};

struct crew {
	struct crew_conf	 conf;
	struct line		*lines;
	pthread_t		*threads;	/* but for the caller's */
	size_t			 nthreads;
	pthread_mutex_t		 lock;		/* of all that follows */
	pthread_cond_t		 changed;
	bool			 over, failed;
	struct err		 err;		/* the first */
};

/* The first line that can be worked on; NULL when there is none. */
static struct line *
ready_line(const struct crew *c)
{
	struct line *l;

	for (l = c->lines; !c->failed && l < c->lines + c->conf.lines; l++)
		if (!l->busy && l->count > 0)
			return l;
	return NULL;
}

static void *
take(struct line *l)
{
	void *item = l->items[l->first];

	l->first = (l->first + 1) % LINE_MAX_ITEMS;
	l->count--;
	return item;
}

/* One item, with the lock given back meanwhile.  False: there is none. */
static bool
work(struct crew *c)
{
	struct line *l = ready_line(c);
	struct err err = ERR_INIT;
	void *item;
	int rc;

	if (l == NULL)
		return false;
	item = take(l);
	l->busy = true;
	pthread_mutex_unlock(&c->lock);
	rc = c->conf.work((size_t)(l - c->lines), item, c->conf.arg, &err);
	c->conf.drop(item);
	pthread_mutex_lock(&c->lock);
	l->busy = false;
	if (rc == -1 && !c->failed) {
		c->failed = true;
		c->err = err;
	}
	pthread_cond_broadcast(&c->changed);
	return true;
}

static void *
run(void *arg)
{
	struct crew *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->over)
		if (!work(c))
			pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static int
start(struct crew *c, struct err *err)
{
	int rc;

	while (c->nthreads + 1 < c->conf.threads) {
		rc = pthread_create(&c->threads[c->nthreads], NULL, run, c);
		if (rc != 0) {
			errno = rc;
			return err_sys(err, ERR_OS, "cannot start a thread");
		}
		c->nthreads++;
	}
	return 0;
}

struct crew *
crew_new(const struct crew_conf *conf, struct err *err)
{
	struct crew *c = calloc(1, sizeof(*c));

	assert(conf->threads > 0);
	if (c == NULL) {
		err_nomem(err);
		return NULL;
	}
	c->conf = *conf;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->lines = calloc(conf->lines + 1, sizeof(*c->lines));
	c->threads = calloc(conf->threads, sizeof(*c->threads));
	if (c->lines == NULL || c->threads == NULL)
		err_nomem(err);
	else if (start(c, err) == 0)
		return c;
	crew_free(c);
	return NULL;
}

void
crew_free(struct crew *c)
{
	size_t i;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < c->nthreads; i++)
		pthread_join(c->threads[i], NULL);
	for (i = 0; c->lines != NULL && i < c->conf.lines; i++)
		while (c->lines[i].count > 0)
			c->conf.drop(take(&c->lines[i]));
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c->lines);
	free(c->threads);
	free(c);
}

static int
outcome(const struct crew *c, struct err *err)
{
	if (!c->failed)
		return 0;
	*err = c->err;
	return -1;
}

static void
work_or_wait(struct crew *c)
{
	if (!work(c))
		pthread_cond_wait(&c->changed, &c->lock);
}

int
crew_put(struct crew *c, size_t line, void *item, struct err *err)
{
	struct line *l = &c->lines[line];
	int rc;

	assert(line < c->conf.lines);
	pthread_mutex_lock(&c->lock);
	while (!c->failed && l->count == LINE_MAX_ITEMS)
		work_or_wait(c);
	if (c->failed) {
		c->conf.drop(item);
	} else {
		l->items[(l->first + l->count++) % LINE_MAX_ITEMS] = item;
		pthread_cond_broadcast(&c->changed);
	}
	/* There is nobody else: now, while the item is in the cache. */
	while (c->nthreads == 0 && work(c))
		;
	rc = outcome(c, err);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static bool
is_idle(const struct crew *c)
{
	size_t i;

	for (i = 0; i < c->conf.lines; i++)
		if (c->lines[i].busy ||
		    (c->lines[i].count > 0 && !c->failed))
			return false;
	return true;
}

int
crew_wait(struct crew *c, struct err *err)
{
	int rc;

	pthread_mutex_lock(&c->lock);
	while (!is_idle(c))
		work_or_wait(c);
	rc = outcome(c, err);
	pthread_mutex_unlock(&c->lock);
	return rc;
}
