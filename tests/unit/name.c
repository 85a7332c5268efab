#include "base/name.h"

#include "tap.h"

int
main(void)
{
	static const char *const list[] = { "a", "b" };
	static const char *const good[] = { "cam-1.2_x", "7", "0-a_B.c" };
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "_a",
	    "a/b", "a+b", "a b", "a\n", "\xc3\xa9" };
	char longest[NAME_BYTES + 1];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(name_ok(good[i]), "'%s' is a name", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!name_ok(bad[i]), "bad name %zu is none", i);
	memset(longest, 'a', sizeof(longest));
	longest[NAME_BYTES - 1] = '\0';
	ok(name_ok(longest), "64 letters are one");
	longest[NAME_BYTES - 1] = 'a';
	longest[NAME_BYTES] = '\0';
	ok(!name_ok(longest), "65 are not");
	ok(name_among("b", list, 2), "among them");
	ok(!name_among("b", list, 1), "not among the first");
	ok(!name_among("a", list, 0), "among none");
	return done_testing();
}
