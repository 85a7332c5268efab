#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/mpd.h"

int
mpd_add_run(struct mpd_set *set, int64_t t, int64_t d, struct err *err)
{
	struct mpd_run *more;

	assert(set->nruns == 0 || set->runs != NULL);
	if (set->nruns > 0 && set->runs[set->nruns - 1].d == d) {
		set->runs[set->nruns - 1].count++;
		return 0;
	}
	/* Room for a power of two. */
	if ((set->nruns & (set->nruns - 1)) == 0) {
		more = realloc(set->runs, (set->nruns == 0 ? 1 :
		    2 * set->nruns) * sizeof(*more));
		if (more == NULL)
			return err_nomem(err);
		set->runs = more;
	}
	set->runs[set->nruns++] = (struct mpd_run){ .t = t, .d = d,
	    .count = 1 };
	return 0;
}

/* "avc1" of "avc1.64001f". */
static bool
same_codec(const char *x, const char *y)
{
	size_t n = strcspn(x, ".");

	return n == strcspn(y, ".") && strncmp(x, y, n) == 0;
}

static bool
same_runs(const struct mpd_set *x, const struct mpd_set *y)
{
	size_t i;

	if (x->timescale != y->timescale || x->nruns != y->nruns)
		return false;
	for (i = 0; i < x->nruns; i++)
		if (x->runs[i].t != y->runs[i].t ||
		    x->runs[i].d != y->runs[i].d ||
		    x->runs[i].count != y->runs[i].count)
			return false;
	return true;
}

static bool
fits(const struct mpd_set *set, const struct mpd_set *own,
    const struct playlist_rendition *r)
{
	return set->kind == own->kind &&
	    same_codec(set->renditions[0].codecs, r->codecs) &&
	    same_runs(set, own);
}

static bool
before(const struct playlist_rendition *x, const struct playlist_rendition *y)
{
	if (x->height != y->height)
		return x->height < y->height;
	return strcmp(x->name, y->name) < 0;
}

/* In ascending height. */
static int
add_rendition(struct mpd_set *set, const struct playlist_rendition *r,
    struct err *err)
{
	struct playlist_rendition *more;
	size_t i;

	more = realloc(set->renditions, (set->count + 1) * sizeof(*more));
	if (more == NULL)
		return err_nomem(err);
	set->renditions = more;
	for (i = set->count; i > 0 && before(r, &more[i - 1]); i--)
		more[i] = more[i - 1];
	more[i] = *r;
	set->count++;
	return 0;
}

int
mpd_add_rendition(struct mpd_period *p, struct mpd_set *own,
    const struct playlist_rendition *r, struct err *err)
{
	struct mpd_set *more;
	size_t i;

	for (i = 0; i < p->count; i++)
		if (fits(&p->sets[i], own, r)) {
			free(own->runs);
			own->runs = NULL;
			return add_rendition(&p->sets[i], r, err);
		}
	if ((more = realloc(p->sets, (p->count + 1) * sizeof(*more))) == NULL)
		return err_nomem(err);
	p->sets = more;
	p->sets[p->count] = *own;
	own->runs = NULL;
	return add_rendition(&p->sets[p->count++], r, err);
}
