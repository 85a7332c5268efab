/*
 * sink - a handler that only reads: what a pipe and a process cost at least.
 */
#include <unistd.h>

int
main(void)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		;
	return n == -1;
}
