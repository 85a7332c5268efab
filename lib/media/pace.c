#include "media/pace.h"

/*
 * Parts of a second begin a quarter early: time stamps that are rounded to
 * milliseconds do not fall to one side of a boundary and to the other.
 */
static int64_t
slot_of(const struct pace *p, int64_t pts)
{
	const int64_t ts = p->timescale * (int64_t)p->every_s, fps = p->fps;
	int64_t whole = pts / ts, rest = pts % ts;

	if (rest < 0) {
		whole--;
		rest += ts;
	}
	if (!p->early)
		return whole;
	return whole * fps + (rest * fps * 4 + ts) / (ts * 4);
}

void
pace_init(struct pace *p, uint32_t fps, uint32_t every_s, uint32_t timescale,
    int64_t first, int64_t step)
{
	*p = (struct pace){ .fps = every_s != 0 ? 1 : fps,
	    .every_s = every_s != 0 ? every_s : 1, .timescale = timescale };
	p->early = every_s == 0;
	if (p->fps != 0)
		p->slot = slot_of(p, first - step);
}

bool
pace_keeps(struct pace *p, int64_t pts)
{
	int64_t before = p->slot;

	if (p->fps == 0)
		return true;
	p->slot = slot_of(p, pts);
	return p->slot != before;
}
