/*
 * held - N viewers that wait for a playlist, and how soon they have it.
 *
 *	held PORT N ROUNDS URL OLD NEW
 *
 * Each round asks for URL with N connections, "%d" in it being the round plus
 * one; when all are held, says so on standard output and reads a line from
 * standard input; then renames NEW.ROUND to OLD.  Prints the milliseconds from
 * the rename until half of the answers, 99 of 100 and the last had come.
 *
 * An answer has come when the kernel had all of it for the viewer's socket, of
 * which it keeps the time: SO_TIMESTAMPNS of socket(7).  Viewers have machines
 * of their own.  These here share the server's, and to read N answers while it
 * writes them would be measured as its slowness; so they sleep until it is
 * done, and read what came when.
 *
 *	held floor N BYTES
 *
 * The same line for N answers of BYTES that two threads of this program write
 * with one send(2) each: what the kernel asks for, without any server.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES	65536
#define NAP_MS		400	/* by then all have come, or it is too slow */
#define THREADS		2

/* The clock of SO_TIMESTAMPNS. */
static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static _Noreturn void
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
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd == -1 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == -1)
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

/* What came at FD, and when the last of it did. */
static size_t
receive(int fd, char buf[ANSWER_BYTES], double *at)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = { buf, ANSWER_BYTES - 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control) };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct cmsghdr *c;
	struct timespec ts;
	ssize_t n;

	if (poll(&wait, 1, 20000) != 1 || (n = recvmsg(fd, &msg, 0)) <= 0)
		fail("an answer");
	c = CMSG_FIRSTHDR(&msg);
	if (c == NULL || c->cmsg_type != SCM_TIMESTAMPNS)
		fail("no time of arrival");
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	*at = (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
	buf[n] = '\0';
	return (size_t)n;
}

static void
check(const char *buf, size_t n)
{
	const char *length = strstr(buf, "Content-Length: ");
	const char *body = strstr(buf, "\r\n\r\n");

	if (strncmp(buf, "HTTP/1.1 200", 12) != 0 || length == NULL ||
	    body == NULL || buf + n - (body + 4) != strtol(length + 16, NULL,
	    10)) {
		fprintf(stderr, "held: not a whole answer: %.60s\n", buf);
		exit(1);
	}
}

static int
earlier(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The answers to N connections since T0; BYTES of each, or 0: they are HTTP. */
static void
collect(const int *fds, int n, double t0, size_t bytes, double *at)
{
	static char buf[ANSWER_BYTES];
	size_t got;
	int i;

	poll(NULL, 0, NAP_MS);
	for (i = 0; i < n; i++) {
		got = receive(fds[i], buf, &at[i]);
		if (bytes == 0)
			check(buf, got);
		else if (got != bytes)
			fail("not all of it");
	}
	qsort(at, (size_t)n, sizeof(*at), earlier);
	printf("%.1f %.1f %.1f\n", at[n / 2] - t0, at[n * 99 / 100] - t0,
	    at[n - 1] - t0);
	fflush(stdout);
}

/* Every THREADS'th of N connections, and what is sent to each. */
struct sender {
	pthread_t	 thread;
	const int	*fds;
	int		 n, first;
	size_t		 bytes;
};

static void *
send_all(void *arg)
{
	static const char answer[ANSWER_BYTES];
	const struct sender *s = arg;
	int i;

	for (i = s->first; i < s->n; i += THREADS)
		if (send(s->fds[i], answer, s->bytes, 0) != (ssize_t)s->bytes)
			fail("send");
	return NULL;
}

static int
measure_floor(int n, size_t bytes, int *fds, double *at)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), i;
	int *ends = calloc((size_t)n, sizeof(*ends));
	struct sender senders[THREADS];
	socklen_t size = sizeof(sa);
	double t0;

	if (bind(listener, (struct sockaddr *)&sa, size) == -1 ||
	    listen(listener, 128) == -1 ||
	    getsockname(listener, (struct sockaddr *)&sa, &size) == -1)
		fail("listen");
	for (i = 0; i < n; i++) {
		fds[i] = dial(ntohs(sa.sin_port));
		if ((ends[i] = accept(listener, NULL, NULL)) == -1)
			fail("accept");
	}
	t0 = now_ms();
	for (i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ .fds = ends, .n = n, .first = i,
		    .bytes = bytes };
		if (pthread_create(&senders[i].thread, NULL, send_all,
		    &senders[i]) != 0)
			fail("a thread");
	}
	collect(fds, n, t0, bytes, at);
	return 0;
}

int
main(int argc, char *argv[])
{
	int n, rounds, round, i, *fds;
	char line[64], from[4096];
	double *at, t0;

	if (argc != 7 && (argc != 4 || strcmp(argv[1], "floor") != 0))
		return 64;
	n = (int)strtol(argv[2], NULL, 10);
	rounds = (int)strtol(argv[3], NULL, 10);
	fds = calloc((size_t)n, sizeof(*fds));
	at = calloc((size_t)n, sizeof(*at));
	if (argc == 4)
		return measure_floor(n, (size_t)rounds, fds, at);
	for (i = 0; i < n; i++)
		fds[i] = dial((int)strtol(argv[1], NULL, 10));
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
		collect(fds, n, t0, 0, at);
	}
	return 0;
}
