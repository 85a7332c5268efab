/*
 * rtmp-load - many RTMP publishers at once, and what they cost the server.
 *
 *	rtmp-load -p PORT -w PID [-n N] [-t SECONDS] [-c CHUNK] [-k MS]
 *	    [-b | -r | -l] FLV
 *
 *	-p PORT		of the server on 127.0.0.1
 *	-w PID		the server: its CPU time and memory are read from /proc,
 *			its descendants' CPU time beside it
 *	-n N		publishers (1)
 *	-t SECONDS	to measure, once all publish (10)
 *	-c CHUNK	RTMP chunk size (4096, as OBS has it)
 *	-k MS		how often to send what is due (5)
 *	-b		send as fast as it goes, instead of in real time
 *	-r		no RTMP: the same bytes to a server that only reads
 *	-l		play what another sends, and drop it; MB_S is what came
 *
 * FLV is turned into one string of RTMP chunks, with times relative to the
 * message before, which all publishers send round and round: so that sending
 * costs little and nothing is copied for a publisher.  Their frames do not
 * fall together: each begins in its own millisecond of the ramp.
 *
 * Prints one line of NAME=VALUE.  Times are seconds.  A stall is a publisher
 * that could not send what was due for STALL_MS; LAG_MS the longest one.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STALL_MS	500
#define BURST_BYTES	(1 << 20)	/* of one send */
#define ROUND_BYTES	(4 << 20)	/* of one publisher, then the next */
#define RAMP_PER_S	500
#define RAMP_AHEAD	64		/* that do not publish yet */
#define GIVE_UP_S	180
#define HANDSHAKE_BYTES	1536

struct step {
	uint32_t	ms;		/* when it is due */
	size_t		end;		/* of its bytes in the loop */
};

struct bytes {
	uint8_t		*p;
	size_t		 n;
};

enum state { HELLO, CONNECT, CREATE, PUBLISH, LIVE, DEAD };

struct pub {
	enum state	 state;
	int		 fd, index;
	bool		 blocked;	/* waits for EPOLLOUT */
	uint8_t		 in[4096];	/* replies */
	size_t		 in_bytes;
	size_t		 head_sent;	/* of the sequence headers */
	uint64_t	 rounds;	/* of the loop */
	size_t		 sent, next;	/* in it: byte, step not due */
	uint64_t	 bytes;
	int64_t		 start_ms, late_ms;	/* LATE: since; 0: not */
};

static const char	*flv_name;
static int		 port, watched, npubs = 1, window_s = 10, tick_ms = 5;
static uint32_t		 chunk_bytes = 4096;
static bool		 blast, raw, play;

static struct bytes	 head, loop;
static struct step	*steps;
static size_t		 nsteps;
static uint32_t		 loop_ms;
static struct pub	*pubs;
static int		 epoll_fd, nlive, nlost, nstarted;
static uint64_t		 total_bytes, nstalls;
static int64_t		 lag_ms;

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
put(struct bytes *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	if ((b->p = realloc(b->p, b->n + n)) == NULL)
		err(1, "realloc");
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
put_be(struct bytes *b, uint64_t v, int n)
{
	uint8_t c;

	while (n-- > 0) {
		c = (uint8_t)(v >> 8 * n);
		put(b, &c, 1);
	}
}

static uint32_t
get_be(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* A message in chunks; of type 0 with the stream id, or 1 without. */
static void
put_message(struct bytes *b, int fmt, uint8_t csid, uint32_t ms, uint8_t type,
    const uint8_t *body, size_t n, size_t chunk)
{
	static const uint8_t msid[4] = { 1, 0, 0, 0 }, none[4];
	size_t k;

	put_be(b, (uint64_t)fmt << 6 | csid, 1);
	put_be(b, ms, 3);
	put_be(b, n, 3);
	put_be(b, type, 1);
	if (fmt == 0)
		put(b, csid > 3 ? msid : none, 4);
	for (;;) {
		k = n < chunk ? n : chunk;
		put(b, body, k);
		body += k;
		if ((n -= k) == 0)
			break;
		put_be(b, 0xc0 | csid, 1);
	}
}

static void
put_string(struct bytes *b, const char *s)
{
	put_be(b, 2, 1);
	put_be(b, strlen(s), 2);
	put(b, s, strlen(s));
}

static void
put_command(struct bytes *b, const char *name, int number, uint8_t csid,
    const char *const words[])
{
	struct bytes body = { 0 };
	double d = number;
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	put_string(&body, name);
	put_be(&body, 0, 1);
	put_be(&body, bits, 8);
	put(&body, strcmp(name, "connect") == 0 ?
	    "\3\0\3app\2\0\4live\0\0\11" : "\5", number == 1 ? 16 : 1);
	while (*words != NULL)
		put_string(&body, *words++);
	put_message(b, 0, csid, 0, 20, body.p, body.n, chunk_bytes);
	free(body.p);
}

static void
send_all(struct pub *p, struct bytes *b)
{
	if (send(p->fd, b->p, b->n, MSG_NOSIGNAL) != (ssize_t)b->n)
		warn("publisher %d: short send", p->index);
	free(b->p);
	memset(b, 0, sizeof(*b));
}

/* The loop: FLV's frames, each time of a chunk stream as the distance. */
static void
load_flv(void)
{
	static uint8_t file[64 << 20];
	uint32_t prev[2] = { 0, 0 }, last[2] = { 0, 0 }, ms = 0, n;
	bool first[2] = { true, true };
	size_t size, at, delta_at[2] = { 0, 0 };
	FILE *f = fopen(flv_name, "rb");
	const uint8_t *t;
	int k;

	if (f == NULL || (size = fread(file, 1, sizeof(file), f)) < 13)
		err(1, "%s", flv_name);
	fclose(f);
	for (at = 13; at + 11 <= size; at += 11 + n + 4) {
		t = file + at;
		n = get_be(t + 1, 3);
		ms = get_be(t + 4, 3) | (uint32_t)t[7] << 24;
		if (at + 11 + n > size || n < 2)
			break;
		if (t[0] == 18) {
			struct bytes data = { 0 };

			put_string(&data, "@setDataFrame");
			put(&data, t + 11, n);
			put_message(&head, 0, 5, 0, 18, data.p, data.n,
			    chunk_bytes);
			free(data.p);
			continue;
		}
		k = t[0] == 9;
		if (t[12] == 0 && ms == 0 && first[k]) {
			put_message(&head, 0, k ? 6 : 4, 0, t[0], t + 11, n,
			    chunk_bytes);
			continue;
		}
		if (k && t[12] == 2)
			continue;
		if (first[k])
			delta_at[k] = loop.n + 1;
		first[k] = false;
		put_message(&loop, 1, k ? 6 : 4, ms - prev[k], t[0], t + 11, n,
		    chunk_bytes);
		prev[k] = last[k] = ms;
		steps = realloc(steps, (nsteps + 1) * sizeof(*steps));
		if (steps == NULL)
			err(1, "realloc");
		steps[nsteps++] = (struct step){ ms, loop.n };
	}
	if (nsteps < 2 || loop.n == 0)
		errx(1, "%s: no frames", flv_name);
	loop_ms = (last[0] > last[1] ? last[0] : last[1]) + 20;
	/* From the second round on, each begins where it ended. */
	for (k = 0; k < 2; k++) {
		if (first[k])
			continue;
		ms = loop_ms - last[k] + get_be(loop.p + delta_at[k], 3);
		for (n = 0; n < 3; n++)
			loop.p[delta_at[k] + n] = (uint8_t)(ms >> (16 - 8 * n));
	}
}

static void
watch(struct pub *p, int op)
{
	struct epoll_event ev = { .data.ptr = p };

	ev.events = EPOLLIN | (p->blocked ? EPOLLOUT : 0u);
	if (epoll_ctl(epoll_fd, op, p->fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
lose(struct pub *p, const char *why)
{
	if (p->state == DEAD)
		return;
	if (nlost++ < 3)
		warnx("publisher %d: %s", p->index, why);
	nlive -= p->state == LIVE;
	p->state = DEAD;
	close(p->fd);
}

static void
go_live(struct pub *p)
{
	p->state = LIVE;
	p->start_ms = now_ms();
	nlive++;
}

static void
begin(struct pub *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct bytes b = { 0 };
	static const uint8_t c1[HANDSHAKE_BYTES];
	int one = 1;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd == -1 ||
	    connect(p->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "connect");
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	watch(p, EPOLL_CTL_ADD);
	if (raw) {
		go_live(p);
		return;
	}
	put_be(&b, 3, 1);
	put(&b, c1, sizeof(c1));
	send_all(p, &b);
}

/* Replies are small, whole, and come one by one: looking for words will do. */
static void
answer(struct pub *p)
{
	struct bytes b = { 0 };
	char name[16];

	snprintf(name, sizeof(name), "s%d", p->index);
	if (p->state == HELLO) {
		if (p->in_bytes < 1 + 2 * HANDSHAKE_BYTES)
			return;
		put(&b, p->in + 1, HANDSHAKE_BYTES);
		put(&b, "\2\0\0\0\0\0\4\1\0\0\0\0", 12);
		put_be(&b, chunk_bytes, 4);
		put_command(&b, "connect", 1, 3, (const char *[]){ NULL });
		p->state = CONNECT;
	} else if (p->state == CONNECT) {
		if (memmem(p->in, p->in_bytes, "_result", 7) == NULL)
			return;
		put_command(&b, "createStream", 2, 3,
		    (const char *[]){ NULL });
		p->state = CREATE;
	} else if (p->state == CREATE) {
		if (memmem(p->in, p->in_bytes, "_result", 7) == NULL)
			return;
		put_command(&b, play ? "play" : "publish", 3, 8,
		    (const char *[]){ name, play ? NULL : "live", NULL });
		p->state = PUBLISH;
		if (play)
			go_live(p);
	} else if (p->state == PUBLISH) {
		if (memmem(p->in, p->in_bytes, "Publish.Start", 13) == NULL)
			return;
		go_live(p);
		put(&b, head.p, head.n);
	}
	p->in_bytes = 0;
	if (b.n > 0)
		send_all(p, &b);
}

/* What is played only counts. */
static void
hear(struct pub *p)
{
	static uint8_t heard[65536];
	ssize_t n = recv(p->fd, heard, sizeof(heard), 0);

	if (n > 0)
		total_bytes += (uint64_t)n;
	else if (n == 0 || errno != EAGAIN)
		lose(p, n == 0 ? "closed by the server" : strerror(errno));
}

static void
receive(struct pub *p)
{
	ssize_t n;

	if (play && p->state == LIVE) {
		hear(p);
		return;
	}
	if (p->in_bytes == sizeof(p->in))
		p->in_bytes = 0;
	n = recv(p->fd, p->in + p->in_bytes, sizeof(p->in) - p->in_bytes, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN)) {
		lose(p, n == 0 ? "closed by the server" : strerror(errno));
		return;
	}
	if (n > 0)
		p->in_bytes += (size_t)n;
	if (p->state == LIVE)
		p->in_bytes = 0;
	else
		answer(p);
}

/* How far in the loop it may send now. */
static size_t
due(struct pub *p, int64_t now)
{
	int64_t ms = now - p->start_ms - (int64_t)(p->rounds * loop_ms);

	if (blast)
		return loop.n;
	if (play)
		return 0;
	while (p->next < nsteps && steps[p->next].ms <= ms)
		p->next++;
	return p->next == 0 ? 0 : steps[p->next - 1].end;
}

static void
set_blocked(struct pub *p, bool blocked, int64_t now)
{
	if (blocked && p->late_ms == 0)
		p->late_ms = now;
	if (!blocked && p->late_ms != 0) {
		if (now - p->late_ms > lag_ms)
			lag_ms = now - p->late_ms;
		nstalls += now - p->late_ms > STALL_MS;
		p->late_ms = 0;
	}
	if (p->blocked == blocked)
		return;
	p->blocked = blocked;
	watch(p, EPOLL_CTL_MOD);
}

static void
pump(struct pub *p, int64_t now)
{
	size_t end = due(p, now), n, round = 0;
	ssize_t done;

	while (p->sent < end && round < ROUND_BYTES) {
		n = end - p->sent < BURST_BYTES ? end - p->sent : BURST_BYTES;
		done = send(p->fd, loop.p + p->sent, n, MSG_NOSIGNAL);
		if (done == -1 && errno == EAGAIN) {
			set_blocked(p, true, now);
			return;
		}
		if (done == -1) {
			lose(p, strerror(errno));
			return;
		}
		p->sent += (size_t)done;
		round += (size_t)done;
		p->bytes += (uint64_t)done;
		total_bytes += (uint64_t)done;
		if (p->sent < loop.n)
			continue;
		p->sent = p->next = 0;
		p->rounds++;
		end = due(p, now);
	}
	set_blocked(p, false, now);
}

static double
cpu_of(int pid)
{
	char text[64];
	FILE *f;
	double s = 0;

	snprintf(text, sizeof(text), "/proc/%d/schedstat", pid);
	if ((f = fopen(text, "r")) == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) != NULL)
		s = (double)strtoull(text, NULL, 10) / 1e9;
	fclose(f);
	return s;
}

/* Of all that PID started and what they started, as far as it still runs. */
static double
children_cpu(int pid)
{
	char path[64];
	FILE *f;
	double s = 0;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fscanf(f, "%d", &child) == 1)
		s += cpu_of(child) + children_cpu(child);
	fclose(f);
	return s;
}

/* Memory that the server alone has, in KiB. */
static long
private_kib(void)
{
	char path[64], line[128];
	FILE *f;
	long sum = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", watched);
	if ((f = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Private_", 8) == 0 &&
		    strncmp(line, "Private_Hugetlb", 15) != 0)
			sum += strtol(strchr(line, ':') + 1, NULL, 10);
	fclose(f);
	return sum;
}

/* Begin those whose turn in the ramp it is.  When the next one may. */
static int64_t
ramp(int64_t now)
{
	static int64_t next_ms;

	while (nstarted < npubs && now >= next_ms &&
	    nstarted - nlive - nlost < RAMP_AHEAD) {
		begin(&pubs[nstarted++]);
		next_ms = (next_ms > now - 20 ? next_ms : now) +
		    1000 / RAMP_PER_S;
	}
	return nstarted < npubs && nstarted - nlive - nlost < RAMP_AHEAD ?
	    next_ms : INT64_MAX;
}

/* Replies, and room in the sockets that were full, until END_MS at most. */
static void
take_events(int64_t end_ms)
{
	struct epoll_event events[256];
	int64_t left = end_ms - now_ms();
	int i, n;

	n = epoll_wait(epoll_fd, events, 256, left > 0 ? (int)left : 0);
	for (i = 0; i < n; i++) {
		struct pub *p = events[i].data.ptr;

		if (p->state != DEAD && (events[i].events & EPOLLIN) != 0)
			receive(p);
		if (p->state == LIVE && (events[i].events & EPOLLOUT) != 0)
			pump(p, now_ms());
	}
}

/* Pace: a round every tick_ms, whatever epoll says between. */
static void
run_until(int64_t end_ms, bool all_live)
{
	int64_t tick = now_ms(), now, next;
	int i;

	while ((now = now_ms()) < end_ms &&
	    !(all_live && nlive + nlost >= npubs)) {
		if (blast || now >= tick) {
			for (i = 0; i < nstarted; i++)
				if (pubs[i].state == LIVE && !pubs[i].blocked)
					pump(&pubs[i], now);
			tick = blast ? now + 1 : now + tick_ms;
		}
		next = ramp(now);
		take_events(next < tick ? next : tick);
	}
}

static void
measure(void)
{
	long kib = private_kib();
	int64_t from, took;
	double ramp_s, cpu, handlers;
	uint64_t bytes;
	int lost;

	from = now_ms();
	run_until(from + GIVE_UP_S * 1000, true);
	ramp_s = (double)(now_ms() - from) / 1e3;
	run_until(now_ms() + 2000, false);
	lost = nlost;
	nstalls = 0;
	lag_ms = 0;
	bytes = total_bytes;
	handlers = children_cpu(watched);
	cpu = cpu_of(watched);
	from = now_ms();
	run_until(from + window_s * 1000, false);
	cpu = cpu_of(watched) - cpu;
	took = now_ms() - from;
	handlers = children_cpu(watched) - handlers;
	bytes = total_bytes - bytes;
	kib = private_kib() - kib;
	for (int i = 0; i < npubs; i++)
		if (pubs[i].state == LIVE)
			set_blocked(&pubs[i], false, now_ms());
	printf("live=%d lost=%d refused=%d stalls=%" PRIu64 " lag_ms=%" PRId64
	    " ramp_s=%.1f seconds=%.3f mb_s=%.1f cpu_s=%.4f cpu_gb=%.4f cpu_pct=%.1f"
	    " handlers_gb=%.4f kib=%.1f\n", nlive, nlost - lost, lost, nstalls,
	    lag_ms, ramp_s, (double)took / 1e3, (double)bytes / 1e3 / (double)took,
	    cpu, cpu / ((double)bytes / 1e9), cpu * 1e5 / (double)took,
	    handlers / ((double)bytes / 1e9), (double)kib / npubs);
}

int
main(int argc, char *argv[])
{
	struct rlimit nofile;
	int c;

	while ((c = getopt(argc, argv, "p:w:n:t:c:k:brl")) != -1) {
		switch (c) {
		case 'p': port = atoi(optarg); break;
		case 'w': watched = atoi(optarg); break;
		case 'n': npubs = atoi(optarg); break;
		case 't': window_s = atoi(optarg); break;
		case 'c': chunk_bytes = (uint32_t)atoi(optarg); break;
		case 'k': tick_ms = atoi(optarg); break;
		case 'b': blast = true; break;
		case 'r': raw = true; break;
		case 'l': play = true; break;
		default: return 64;
		}
	}
	if (optind + 1 != argc || port == 0 || watched == 0)
		errx(64, "usage: rtmp-load -p PORT -w PID [-n N] "
		    "[-t SECONDS] [-c CHUNK] [-k MS] [-b | -r | -l] FLV");
	flv_name = argv[optind];
	getrlimit(RLIMIT_NOFILE, &nofile);
	nofile.rlim_cur = nofile.rlim_max;
	setrlimit(RLIMIT_NOFILE, &nofile);
	load_flv();
	if ((epoll_fd = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (pubs = calloc((size_t)npubs, sizeof(*pubs))) == NULL)
		err(1, "set-up");
	for (c = 0; c < npubs; c++)
		pubs[c].index = c;
	measure();
	return nlive == npubs ? 0 : 1;
}
