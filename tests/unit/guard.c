/* Tests of net/guard: addresses, strangers, the delay of wrong keys. */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/guard.h"
#include "tap.h"

static struct guard g;

static struct guard_host *
enter(const char *ip)
{
	struct guard_host *h = guard_enter(&g, ip, 0);

	if (h == NULL)
		exit(99);
	return h;
}

static bool
same(const char *a, const char *b)
{
	struct guard_host *ha = enter(a), *hb = enter(b);
	bool is_same = ha == hb;

	guard_leave(&g, ha);
	guard_leave(&g, hb);
	return is_same;
}

static void
test_addresses(void)
{
	ok(same("192.0.2.1", "192.0.2.1"), "an IPv4 address is itself");
	ok(!same("192.0.2.1", "192.0.2.2"), "and no other one");
	ok(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
	    "the same 64 bits of IPv6 are one address");
	ok(!same("2001:db8:1:2::1", "2001:db8:1:3::1"), "others are another");
	ok(g.nhosts == 0, "nobody is kept without a reason");
}

static void
test_strangers(void)
{
	struct guard_host *a = enter("192.0.2.1"), *b = enter("192.0.2.2");
	struct guard_conn one = { 0 }, two = { 0 }, three = { 0 };

	guard_add(&g, a, &one);
	guard_add(&g, b, &two);
	guard_add(&g, a, &three);
	guard_add(&g, a, &three);
	ok(a->nstrangers == 2 && b->nstrangers == 1 && g.nstrangers == 3,
	    "strangers are counted for each address, once");
	ok(TAILQ_FIRST(&b->strangers) == &two &&
	    TAILQ_FIRST(&g.strangers) == &one, "the oldest is the first");
	guard_remove(&g, &one);
	guard_remove(&g, &one);
	ok(a->nstrangers == 1 && g.nstrangers == 2 &&
	    TAILQ_FIRST(&a->strangers) == &three, "and removed once");
	guard_remove(&g, &two);
	guard_remove(&g, &three);
	guard_leave(&g, a);
	guard_leave(&g, b);
	ok(g.nhosts == 0 && g.nstrangers == 0, "all are gone");
}

static void
test_delay(void)
{
	struct guard_host *a = enter("192.0.2.1"), *b;
	int64_t now_us = 5000000, sum = 0;
	int i;

	for (i = 0; i < GUARD_FREE_FAULTS; i++)
		sum += guard_fault(a, now_us);
	ok(sum == 0, "the first wrong keys are free");
	ok(guard_fault(a, now_us) == 1000000 &&
	    guard_fault(a, now_us) == 2000000 &&
	    guard_fault(a, now_us) == 4000000 &&
	    guard_fault(a, now_us) == 8000000 &&
	    guard_fault(a, now_us) == 8000000, "then 1, 2, 4, 8, 8 s");
	b = enter("192.0.2.2");
	ok(guard_fault(b, now_us) == 0, "another address is not slowed");
	guard_leave(&g, b);
	guard_leave(&g, a);
	a = guard_enter(&g, "192.0.2.1", now_us + GUARD_QUIET_US - 1);
	ok(a != NULL && guard_fault(a, now_us + GUARD_QUIET_US - 1) > 0,
	    "it is remembered past its connections");
	guard_leave(&g, a);
	now_us += 3 * (int64_t)GUARD_QUIET_US;
	a = guard_enter(&g, "192.0.2.1", now_us);
	ok(a != NULL && guard_fault(a, now_us) == 0,
	    "and forgotten after a quiet time");
	ok(g.nhosts == 1, "with all the others");
	guard_leave(&g, a);
}

static void
test_bound(void)
{
	struct guard_host *h;
	char ip[32];
	int i;

	for (i = 0; i < 100000; i++) {
		snprintf(ip, sizeof(ip), "10.%d.%d.%d", i >> 16, i >> 8 & 255,
		    i & 255);
		h = enter(ip);
		guard_fault(h, 1000000000);
		guard_leave(&g, h);
	}
	ok(g.nhosts == LIMIT_GUARD_HOSTS, "100,000 addresses: %zu are kept",
	    g.nhosts);
}

int
main(void)
{
	struct err err = ERR_INIT;

	if (guard_init(&g, &err) == -1)
		return 99;
	test_addresses();
	test_strangers();
	test_delay();
	test_bound();
	guard_release(&g);
	return done_testing();
}
