#include <string.h>

#include "media/deinterlace.h"
#include "tap.h"

#define W	8
#define H	6

static uint8_t from[H][W], to[H][W];

/* Every even line is EVEN, every odd one ODD. */
static void
fill(uint8_t even, uint8_t odd)
{
	int y;

	for (y = 0; y < H; y++)
		memset(from[y], y % 2 == 0 ? even : odd, W);
}

static bool
all(uint8_t value)
{
	int x, y;

	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++)
			if (to[y][x] != value)
				return false;
	return true;
}

static void
run(int height, bool bottom_first)
{
	memset(to, 7, sizeof(to));
	deinterlace_plane(from[0], W, to[0], W, W, height, bottom_first);
}

int
main(void)
{
	int y;

	fill(40, 200);
	run(H, false);
	ok(all(40), "a comb: the first field is what is seen");
	run(H, true);
	ok(all(200), "the bottom field, when that is first");
	for (y = 0; y < H; y++)
		memset(from[y], 10 * y, W);
	run(H, false);
	ok(memcmp(from, to, sizeof(from) - W) == 0,
	    "a slope stays as it is");
	fill(100, 105);
	run(H, false);
	ok(memcmp(from, to, sizeof(from)) == 0, "and so does a little noise");
	fill(40, 200);
	run(1, false);
	ok(to[0][0] == 40 && to[1][0] == 7, "a single line has no neighbours");
	return done_testing();
}
