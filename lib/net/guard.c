#include "net/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/limits.h"

#define FIRST_SLOTS	256

int
guard_init(struct guard *g, struct err *err)
{
	memset(g, 0, sizeof(*g));
	TAILQ_INIT(&g->remembered);
	TAILQ_INIT(&g->strangers);
	g->slots = calloc(FIRST_SLOTS, sizeof(*g->slots));
	if (g->slots == NULL)
		return err_nomem(err);
	g->nslots = FIRST_SLOTS;
	if (getrandom(&g->seed, sizeof(g->seed), 0) !=
	    (ssize_t)sizeof(g->seed))
		return err_sys(err, ERR_OS, "cannot get random bytes");
	return 0;
}

void
guard_release(struct guard *g)
{
	struct guard_host *h, *next;
	size_t i;

	for (i = 0; i < g->nslots; i++)
		for (h = g->slots[i]; h != NULL; h = next) {
			next = h->next;
			free(h);
		}
	free(g->slots);
	memset(g, 0, sizeof(*g));
}

static uint64_t
parse_address(const char *ip)
{
	struct in_addr in;
	struct in6_addr in6;
	uint64_t v = 0;

	if (inet_pton(AF_INET, ip, &in) == 1)
		return ntohl(in.s_addr);
	if (inet_pton(AF_INET6, ip, &in6) == 1)
		memcpy(&v, in6.s6_addr, sizeof(v));
	return v;
}

/* Seeded: a peer with many addresses cannot choose those of one slot. */
static size_t
slot_of(const struct guard *g, uint64_t address)
{
	uint64_t v = address ^ g->seed;

	v = (v ^ v >> 33) * 0xff51afd7ed558ccdU;
	v = (v ^ v >> 33) * (g->seed | 1);
	return (size_t)(v ^ v >> 33) & (g->nslots - 1);
}

/* Twice the slots.  Without memory it stays as it is, and gets slower. */
static void
grow(struct guard *g)
{
	struct guard_host **old = g->slots, *h, *next;
	size_t n = g->nslots, i, to;

	g->slots = calloc(2 * n, sizeof(*g->slots));
	if (g->slots == NULL) {
		g->slots = old;
		return;
	}
	g->nslots = 2 * n;
	for (i = 0; i < n; i++)
		for (h = old[i]; h != NULL; h = next) {
			next = h->next;
			to = slot_of(g, h->address);
			h->next = g->slots[to];
			g->slots[to] = h;
		}
	free(old);
}

static void
forget(struct guard *g, struct guard_host *host)
{
	struct guard_host **at = &g->slots[slot_of(g, host->address)];

	while (*at != host)
		at = &(*at)->next;
	*at = host->next;
	g->nhosts--;
	free(host);
}

static void
forget_oldest(struct guard *g)
{
	struct guard_host *h = TAILQ_FIRST(&g->remembered);

	TAILQ_REMOVE(&g->remembered, h, entry);
	g->nremembered--;
	forget(g, h);
}

static struct guard_host *
add_host(struct guard *g, uint64_t address)
{
	struct guard_host *h = calloc(1, sizeof(*h)), **slot;

	if (h == NULL)
		return NULL;
	if (g->nhosts >= g->nslots)
		grow(g);
	h->address = address;
	TAILQ_INIT(&h->strangers);
	slot = &g->slots[slot_of(g, address)];
	h->next = *slot;
	*slot = h;
	g->nhosts++;
	return h;
}

struct guard_host *
guard_enter(struct guard *g, const char *ip, int64_t now_us)
{
	uint64_t address = parse_address(ip);
	struct guard_host *h;

	while ((h = TAILQ_FIRST(&g->remembered)) != NULL &&
	    now_us - h->fault_us >= GUARD_QUIET_US)
		forget_oldest(g);
	for (h = g->slots[slot_of(g, address)]; h != NULL; h = h->next)
		if (h->address == address)
			break;
	if (h == NULL) {
		if ((h = add_host(g, address)) == NULL)
			return NULL;
	} else if (h->refs == 0) {
		TAILQ_REMOVE(&g->remembered, h, entry);
		g->nremembered--;
	}
	h->refs++;
	return h;
}

/* Those that sent wrong keys are remembered for a while. */
void
guard_leave(struct guard *g, struct guard_host *host)
{
	if (--host->refs > 0)
		return;
	if (host->faults == 0) {
		forget(g, host);
		return;
	}
	TAILQ_INSERT_TAIL(&g->remembered, host, entry);
	if (++g->nremembered > LIMIT_GUARD_HOSTS)
		forget_oldest(g);
}

void
guard_add(struct guard *g, struct guard_host *host, struct guard_conn *c)
{
	if (c->host != NULL)
		return;
	c->host = host;
	TAILQ_INSERT_TAIL(&host->strangers, c, of_host);
	TAILQ_INSERT_TAIL(&g->strangers, c, of_all);
	host->nstrangers++;
	g->nstrangers++;
}

void
guard_remove(struct guard *g, struct guard_conn *c)
{
	if (c->host == NULL)
		return;
	TAILQ_REMOVE(&c->host->strangers, c, of_host);
	TAILQ_REMOVE(&g->strangers, c, of_all);
	c->host->nstrangers--;
	g->nstrangers--;
	c->host = NULL;
}

int64_t
guard_fault(struct guard_host *host, int64_t now_us)
{
	int64_t delay_us = GUARD_DELAY_US;
	unsigned i;

	if (now_us - host->fault_us >= GUARD_QUIET_US)
		host->faults = 0;
	host->fault_us = now_us;
	if (host->faults < UINT32_MAX)
		host->faults++;
	if (host->faults <= GUARD_FREE_FAULTS)
		return 0;
	for (i = GUARD_FREE_FAULTS + 1; i < host->faults &&
	    delay_us < GUARD_DELAY_MAX_US; i++)
		delay_us *= 2;
	return delay_us;
}
