/*
 * started - in the place of transcode-job: say when it began, and of what.
 * It writes "NANOSECONDS PATH", since 1970, to the file in $STARTED.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	const char *log = getenv("STARTED");
	struct timespec ts;
	char line[4096];
	int fd, n;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (log == NULL)
		return 64;
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT, 0666);
	n = snprintf(line, sizeof(line), "%lld%09ld %s\n",
	    (long long)ts.tv_sec, ts.tv_nsec, argv[argc - 1]);
	return fd == -1 || n >= (int)sizeof(line) ||
	    write(fd, line, (size_t)n) != n;
}
