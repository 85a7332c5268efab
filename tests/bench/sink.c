/*
 * sink [MS] - a handler that only reads: what a pipe and a process cost at
 * least.  With MS it looks so often, and takes all that is there: thousands of
 * processes that wake for each piece measure the scheduler.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	static char buf[65536];
	long ms = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	const struct timespec rest = { ms / 1000, ms % 1000 * 1000000 };
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		if (ms > 0)
			nanosleep(&rest, NULL);
	return n == -1;
}
