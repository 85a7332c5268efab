#include "media/pace.h"

/*
 * A quarter of a slot late: time stamps that are rounded to milliseconds do
 * not fall to one side of a boundary and to the other.
 */
static int64_t
slot_of(const struct pace *p, int64_t pts)
{
	const int64_t ts = p->timescale, fps = p->fps;
	int64_t seconds = pts / ts, rest = pts % ts;

	if (rest < 0) {
		seconds--;
		rest += ts;
	}
	return seconds * fps + (rest * fps * 4 + ts) / (ts * 4);
}

void
pace_init(struct pace *p, uint32_t fps, uint32_t timescale, int64_t first,
    int64_t step)
{
	*p = (struct pace){ .fps = fps, .timescale = timescale };
	if (fps != 0)
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
