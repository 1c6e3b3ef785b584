// SPDX-License-Identifier: GPL-2.0-only
/* The ports of processor hotplug: what the guest reads, what it may let go, and what is none of it. */
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "cpus.h"
#include "layout.h"
#include "tap.h"

static struct cpus cpus;
static struct bus ports;
static uint64_t ejected;
static unsigned int ejects;
static bool line;

static void eject(void *ctx, unsigned int index)
{
	(void)ctx;
	ejected |= 1ULL << index;
	ejects++;
}

static void set_line(void *ctx, bool level)
{
	(void)ctx;
	line = level;
}

static const struct cpus_ops ops = { eject, set_line };

static void begin(unsigned int count, unsigned int present)
{
	memset(&ports, 0, sizeof(ports));
	cpus_init(&cpus, count, present, &ops, NULL);
	check(!cpus_add(&cpus, &ports));
	ejected = 0;
	ejects = 0;
	line = false;
}

static uint64_t in(unsigned int offset, unsigned int size)
{
	return bus_read(&ports, CPUS_PORT + offset, size);
}

static void out(unsigned int offset, unsigned int size, uint64_t value)
{
	bus_write(&ports, CPUS_PORT + offset, size, value);
}

static void test_present(void)
{
	begin(64, 34);
	ok(in(0, 1) == 0xFF && in(3, 1) == 0xFF && in(4, 1) == 0x03 && !in(5, 1) && !in(7, 1),
	   "34 processors of 64, in bytes");
	ok(in(0, 4) == 0xFFFFFFFF && in(4, 4) == 3 && in(3, 2) == 0x3FF, "and in larger parts");
	ok(!in(6, 4), "a read across the end has nothing");
	out(0, 4, 0);
	ok(cpus_present(&cpus) == 0x3FFFFFFFFULL && !ejects, "a write there changes nothing");
	cpus_destroy(&cpus);
}

static void test_events(void)
{
	begin(3, 1);
	ok(!in(16, 4) && !line, "no event at first");
	cpus_plugged(&cpus, 1);
	cpus_plugged(&cpus, 2);
	cpus_want(&cpus, 3);
	ok(line && cpus_present(&cpus) == 7, "two are plugged in: the line is high");
	ok(in(16, 1) == 0 && in(16, 2) == 0 && in(17, 1) == 0 && in(18, 2) == 0,
	   "a part of the register takes no event");
	ok(in(16, 4) == 0x101 && line, "device check for 1");
	ok(in(16, 4) == 0x102 && !line, "device check for 2, and the line is low");
	ok(!in(16, 4), "that was all");
	cpus_want(&cpus, 2);
	ok(line && in(16, 4) == 0x302 && !line && !in(16, 4), "eject request for 2");
	ok(cpus_present(&cpus) == 7, "which it may refuse");
	cpus_want(&cpus, 2);
	ok(in(16, 4) == 0x302, "asked again, it is asked again");
	out(8, 1, 4);
	ok(ejected == 4 && cpus_present(&cpus) == 3 && cpus_wanted(&cpus) == 3, "and lets it go");
	out(8, 1, 4);
	ok(ejects == 1, "one that is gone can't go again");
	cpus_want(&cpus, 1);
	cpus_want(&cpus, 2);
	ok(in(16, 4) == 0x101 && !in(16, 4),
	   "asked to let 1 go and then not: it looks at it once more");
	cpus_want(&cpus, 1);
	out(8, 1, 2);
	ok(!line && !in(16, 4), "gone before it was asked: no event is left");
	cpus_destroy(&cpus);
}

static void test_eject(void)
{
	begin(64, 64);
	out(8, 1, 1);
	ok(!ejects && cpus_present(&cpus) == UINT64_MAX, "the first one stays");
	out(8, 4, 0xFFFFFFFF);
	out(12, 4, 0xFFFFFFFF);
	ok(ejects == 63 && ejected == ~1ULL && cpus_present(&cpus) == 1, "all others go");
	cpus_destroy(&cpus);
	begin(4, 2);
	out(8, 4, 0xFFFFFFFF);
	out(12, 4, 0xFFFFFFFF);
	ok(ejects == 1 && ejected == 2, "those that are not there do not");
	out(15, 2, 0xFFFF);
	out(14, 4, 0xFFFFFFFF);
	out(16, 4, 0xFFFFFFFF);
	ok(ejects == 1 && cpus_present(&cpus) == 1, "a write across the end, or to the event, is lost");
	cpus_destroy(&cpus);
}

static void test_reset(void)
{
	begin(4, 4);
	cpus_want(&cpus, 2);
	ok(cpus_reset(&cpus) == 0xC && cpus_present(&cpus) == 3 && !line && !in(16, 4),
	   "a reset does what the guest has not done");
	cpus_plugged(&cpus, 2);
	ok(!cpus_reset(&cpus) && cpus_present(&cpus) == 7 && !line && !in(16, 4),
	   "what it has not looked at is there from the beginning");
	cpus_destroy(&cpus);
}

/* What a guest makes up: the state stays within its bounds. */
static void test_random(void)
{
	bool good = true;
	unsigned int i;

	srandom(1);
	begin(5, 3);
	for (i = 0; i < 200000; i++) {
		static const unsigned int sizes[] = { 1, 2, 4, 8 };
		unsigned int offset = (unsigned int)random() % 24;
		unsigned int size = sizes[random() % 4];

		if (random() & 1)
			in(offset, size);
		else
			out(offset, size, (uint64_t)random() << 32 ^ (uint64_t)random());
		if (!(random() % 8)) {
			unsigned int index = (unsigned int)random() % 5;

			if (!(cpus_present(&cpus) >> index & 1))
				cpus_plugged(&cpus, index);
			cpus_want(&cpus, (unsigned int)random() % 5 + 1);
		}
		good &= (cpus.present & 1) && !(cpus.present >> 5) &&
			!(cpus.check & ~cpus.present) && !(cpus.request & ~cpus.present) &&
			!(cpus.check & cpus.request) &&
			line == (cpus.check || cpus.request);
	}
	ok(good && !(ejected & ~0x1EULL), "200000 accesses at random");
	cpus_destroy(&cpus);
}

int main(void)
{
	test_present();
	test_events();
	test_eject();
	test_reset();
	test_random();
	return tap_done();
}
