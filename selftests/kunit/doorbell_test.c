// SPDX-License-Identifier: GPL-2.0-only
/* Which stores ring which doorbell. */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>
#include "driver.h"

#define EVENTFDS	4

/* The caller's eventfds, by descriptor: how often each was signalled, and who has a reference. */
static int signals[EVENTFDS], references;

static struct eventfd_ctx *eventfd_of(int fd)
{
	if (fd < 0 || fd >= EVENTFDS)
		return ERR_PTR(-EBADF);
	references++;
	return (struct eventfd_ctx *)&signals[fd];
}

#undef eventfd_ctx_fdget
#undef eventfd_ctx_put
#undef eventfd_signal
#define eventfd_ctx_fdget(fd)	eventfd_of(fd)
#define eventfd_ctx_put(ctx)	((void)(ctx), references--)
#define eventfd_signal(ctx)	(++*(int *)(ctx))
#include "../../kmod/doorbell.c"

#define PORT	HVMOD_DOORBELL_PORT
#define MATCH	(PORT | HVMOD_DOORBELL_MATCH)
#define REMOVE	HVMOD_DOORBELL_DEASSIGN

static struct hv_domain *domain;
static struct hvmod_run *run;
static struct hv_vcpu *vcpu;

static int start(struct kunit *test)
{
	driver_init();
	memset(signals, 0, sizeof(signals));
	references = 0;
	domain = driver_domain(test, 1 << 20, 1);
	vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);
	run = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	if (!vcpu || !run)
		return -ENOMEM;
	vcpu->domain = domain;
	vcpu->run = run;
	return 0;
}

static void stop(struct kunit *test)
{
	hv_doorbell_free_all(domain);
	KUNIT_EXPECT_EQ(test, references, 0);
}

static long doorbell(u32 flags, u64 address, u32 bytes, u64 match, int fd)
{
	struct hv_call call = { .object = domain };

	call.arg.doorbell.flags = flags;
	call.arg.doorbell.address = address;
	call.arg.doorbell.bytes = bytes;
	call.arg.doorbell.match = match;
	call.arg.doorbell.fd = fd;
	return hv_doorbell_ioctl(&call);
}

static bool out(u16 port, u32 bytes, u64 data)
{
	run->exit = HVMOD_EXIT_IO;
	run->io.in = 0;
	run->io.port = port;
	run->io.size = bytes;
	run->io.data = data;
	return hv_doorbell_ring(vcpu);
}

static void arguments_are_checked(struct kunit *test)
{
	static const struct { u32 flags; u64 address; u32 bytes; u64 match; int fd; long result; } rows[] = {
		{ 0, 0, 0, 0, 0, -EOPNOTSUPP }, { 8, 0, 0, 0, 0, -EINVAL }, { PORT | 8, 0, 0, 0, 0, -EINVAL },
		{ PORT, 0x10000, 0, 0, 0, -EINVAL }, { PORT, 0xffff, 0, 0, 0, 0 },
		{ PORT, 1, 3, 0, 0, -EINVAL }, { PORT, 1, 8, 0, 0, -EINVAL }, { PORT, 1, 1, 5, 0, -EINVAL },
		{ MATCH, 1, 1, 0x100, 0, -EINVAL }, { MATCH, 2, 1, 0xff, 0, 0 },
		{ MATCH, 1, 2, 0x10000, 0, -EINVAL }, { MATCH, 3, 2, 0xffff, 0, 0 },
		{ MATCH, 1, 4, 1ULL << 32, 0, -EINVAL }, { MATCH, 1, 0, 1ULL << 32, 0, -EINVAL },
		{ PORT, 1, 1, 0, EVENTFDS, -EBADF }, { PORT, 1, 1, 0, -1, -EBADF },
		{ PORT | REMOVE, 1, 1, 0, 0, -ENOENT },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ(test, doorbell(rows[i].flags, rows[i].address, rows[i].bytes, rows[i].match,
					       rows[i].fd), rows[i].result);
	KUNIT_EXPECT_EQ(test, domain->doorbell_count, 3U);
	KUNIT_EXPECT_EQ(test, references, 3);
}

static void no_store_rings_two(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, doorbell(MATCH, 0x100, 2, 1, 0), 0L);
	KUNIT_EXPECT_EQ(test, doorbell(MATCH, 0x100, 2, 1, 1), (long)-EEXIST);
	KUNIT_EXPECT_EQ(test, doorbell(PORT, 0x100, 0, 0, 1), (long)-EEXIST);
	KUNIT_EXPECT_EQ(test, doorbell(PORT, 0x100, 2, 0, 1), (long)-EEXIST);
	KUNIT_EXPECT_EQ(test, doorbell(MATCH, 0x100, 0, 1, 1), (long)-EEXIST);
	KUNIT_EXPECT_EQ(test, doorbell(MATCH, 0x100, 2, 2, 1), 0L);
	KUNIT_EXPECT_EQ(test, doorbell(PORT, 0x100, 1, 0, 2), 0L);
	KUNIT_EXPECT_EQ(test, doorbell(PORT, 0x101, 0, 0, 3), 0L);
}

static void the_right_one_rings(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, doorbell(MATCH, 0x100, 2, 1, 0), 0L);
	KUNIT_ASSERT_EQ(test, doorbell(MATCH, 0x100, 2, 2, 1), 0L);
	KUNIT_ASSERT_EQ(test, doorbell(PORT, 0x101, 0, 0, 2), 0L);
	KUNIT_EXPECT_TRUE(test, out(0x100, 2, 1));
	KUNIT_EXPECT_TRUE(test, out(0x100, 2, 2));
	KUNIT_EXPECT_TRUE(test, out(0x100, 2, 2));
	KUNIT_EXPECT_TRUE(test, out(0x101, 4, 12345));
	KUNIT_EXPECT_FALSE(test, out(0x100, 2, 3));
	KUNIT_EXPECT_FALSE(test, out(0x100, 1, 1));
	KUNIT_EXPECT_FALSE(test, out(0x102, 1, 1));
	run->io.port = 0x101;
	run->io.in = 1;
	KUNIT_EXPECT_FALSE(test, hv_doorbell_ring(vcpu));
	run->io.in = 0;
	run->exit = HVMOD_EXIT_KICK;
	KUNIT_EXPECT_FALSE(test, hv_doorbell_ring(vcpu));
	KUNIT_EXPECT_EQ(test, signals[0], 1);
	KUNIT_EXPECT_EQ(test, signals[1], 2);
	KUNIT_EXPECT_EQ(test, signals[2], 1);
}

/* First, middle and last of a chain. */
static void one_goes_and_the_others_stay(struct kunit *test)
{
	u32 gone, i;

	for (gone = 0; gone < 3; gone++) {
		u64 before = domain->quota.sum;

		for (i = 0; i < 3; i++)
			KUNIT_ASSERT_EQ(test, doorbell(MATCH, 0x100, 4, i, i), 0L);
		KUNIT_EXPECT_EQ(test, doorbell(MATCH | REMOVE, 0x100, 4, gone, (gone + 1) % 3), (long)-ENOENT);
		KUNIT_EXPECT_EQ(test, doorbell(MATCH | REMOVE, 0x100, 4, gone, gone), 0L);
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_EQ(test, out(0x100, 4, i), i != gone);
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_EQ(test, doorbell(MATCH | REMOVE, 0x100, 4, i, i),
					i == gone ? (long)-ENOENT : 0L);
		KUNIT_EXPECT_EQ(test, references, 0);
		KUNIT_EXPECT_EQ(test, domain->quota.sum, before);
	}
}

static void there_is_an_end_to_them(struct kunit *test)
{
	u32 i;

	for (i = 0; i < HVMOD_DOORBELLS_MAX; i++)
		KUNIT_ASSERT_EQ(test, doorbell(PORT, i, 0, 0, 0), 0L);
	KUNIT_EXPECT_EQ(test, doorbell(PORT, i, 0, 0, 0), (long)-ENOSPC);
	KUNIT_EXPECT_EQ(test, doorbell(PORT | REMOVE, 7, 0, 0, 0), 0L);
	domain->quota.max = domain->quota.sum;
	KUNIT_EXPECT_EQ(test, doorbell(PORT, i, 0, 0, 0), (long)-EDQUOT);
	KUNIT_EXPECT_EQ(test, references, HVMOD_DOORBELLS_MAX - 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(arguments_are_checked),
	KUNIT_CASE(no_store_rings_two),
	KUNIT_CASE(the_right_one_rings),
	KUNIT_CASE(one_goes_and_the_others_stay),
	KUNIT_CASE(there_is_an_end_to_them),
	{}
};

static struct kunit_suite doorbell_suite = {
	.name = "hvmod_doorbell",
	.init = start,
	.exit = stop,
	.test_cases = cases,
};
kunit_test_suite(doorbell_suite);
