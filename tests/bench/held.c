/*
 * held - N viewers that wait for a playlist, and how soon they have it.
 *
 *	held PORT N ROUNDS URL OLD NEW...
 *
 * Each round asks for URL with N connections, "%d" in it being the round plus
 * one; when all are held, says so on standard output and reads a line from
 * standard input; then renames NEW.ROUND to OLD and waits until the last
 * answer is complete.  Prints the milliseconds from the rename to the median,
 * to 99 of 100 and to the last.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES	65536

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int
dial(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_port = htons((unsigned short)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		fail("connect");
	return fd;
}

static void
ask(const int *fds, int n, const char *url, int round)
{
	char path[512], request[1024];
	const char *mark = strstr(url, "%d");
	int i, bytes;

	snprintf(path, sizeof(path), "%.*s%d%s", (int)(mark - url), url,
	    round + 1, mark + 2);
	bytes = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n"
	    "Host: bench\r\nAccept-Encoding: gzip\r\nUser-Agent: Mozilla/5.0 "
	    "(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
	    "Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\n"
	    "Referer: http://bench/\r\n\r\n", path);
	for (i = 0; i < n; i++)
		if (write(fds[i], request, (size_t)bytes) != bytes)
			fail("write");
}

/* Read what is there of an answer: is it complete? */
static int
is_complete(int fd)
{
	static char buf[ANSWER_BYTES];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	const char *length, *body;

	if (n <= 0)
		fail("an answer");
	buf[n] = '\0';
	length = strstr(buf, "Content-Length: ");
	body = strstr(buf, "\r\n\r\n");
	if (strncmp(buf, "HTTP/1.1 200", 12) != 0 || length == NULL ||
	    body == NULL || buf + n - (body + 4) != strtol(length + 16, NULL,
	    10)) {
		fprintf(stderr, "held: not a whole answer: %.60s\n", buf);
		exit(1);
	}
	return 1;
}

static void
wait_all(int ep, int n, double *at)
{
	struct epoll_event ev[256];
	int done = 0, i, got;

	while (done < n) {
		if ((got = epoll_wait(ep, ev, 256, 20000)) <= 0)
			fail("nothing comes");
		for (i = 0; i < got; i++)
			if (is_complete(ev[i].data.fd))
				at[done++] = now_ms();
	}
}

int
main(int argc, char *argv[])
{
	int port, n, rounds, round, i, ep = epoll_create1(EPOLL_CLOEXEC);
	char line[64], from[4096];
	double *at, t0;
	int *fds;

	if (argc != 7)
		return 64;
	port = (int)strtol(argv[1], NULL, 10);
	n = (int)strtol(argv[2], NULL, 10);
	rounds = (int)strtol(argv[3], NULL, 10);
	fds = calloc((size_t)n, sizeof(*fds));
	at = calloc((size_t)n, sizeof(*at));
	for (i = 0; i < n; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		fds[i] = ev.data.fd = dial(port);
		epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev);
	}
	for (round = 0; round < rounds; round++) {
		ask(fds, n, argv[4], round);
		printf("asked\n");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			return 1;
		snprintf(from, sizeof(from), "%s.%d", argv[6], round + 1);
		t0 = now_ms();
		if (rename(from, argv[5]) == -1)
			fail(from);
		wait_all(ep, n, at);
		printf("%.1f %.1f %.1f\n", at[n / 2] - t0, at[n * 99 / 100] - t0,
		    at[n - 1] - t0);
		fflush(stdout);
	}
	return 0;
}
