// SPDX-License-Identifier: GPL-2.0-only
/* Memory for ring -1: what is taken, donated, and comes back. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include "driver.h"
#undef pr_fmt
#include "../../kmod/pool.c"

#define RANGES	64

static int start(struct kunit *test)
{
	driver_init();
	return 0;
}

static void stop(struct kunit *test)
{
	hv_pool_exit();
	KUNIT_EXPECT_TRUE(test, xa_empty(&hv_pool));
}

/* Pages that are away, by the bitmaps. */
static unsigned long away(void)
{
	unsigned long index, bit, count = 0;
	struct hv_chunk *chunk;

	xa_for_each(&hv_pool, index, chunk)
		for_each_set_bit(bit, chunk->away, HV_BLOCK_PAGES)
			count++;
	return count;
}

static void there_is_as_much_as_was_asked_for(struct kunit *test)
{
	struct hv_range own[RANGES];
	u32 count = ~0U, i, j;
	u64 pages = 0;

	KUNIT_ASSERT_EQ(test, hv_pool_init(700, own, RANGES, &count), 0);
	KUNIT_ASSERT_LE(test, count, (u32)RANGES);
	for (i = 0; i < count; i++) {
		KUNIT_EXPECT_TRUE(test, own[i].start < own[i].end);
		KUNIT_EXPECT_EQ(test, (own[i].start | own[i].end) & (PAGE_SIZE - 1), 0ULL);
		pages += (own[i].end - own[i].start) >> PAGE_SHIFT;
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE(test, own[i].end <= own[j].start || own[j].end <= own[i].start);
	}
	KUNIT_EXPECT_GE(test, pages, 700ULL);
	KUNIT_EXPECT_EQ(test, away(), (unsigned long)pages);
}

static void too_many_pieces_are_too_many(struct kunit *test)
{
	struct hv_range own[1];
	u32 count = ~0U;

	KUNIT_EXPECT_EQ(test, hv_pool_init(1, own, 0, &count), -ENOMEM);
	KUNIT_EXPECT_EQ(test, count, 0U);
	KUNIT_EXPECT_GE(test, away(), 1UL);
}

static void what_is_donated_is_away(struct kunit *test)
{
	unsigned long donated = 0;
	u32 i;

	KUNIT_EXPECT_EQ(test, hv_pool_grow(), 0);
	for (i = 0; i < driver.calls; i++)
		if (driver.call[i].op == GATE_DONATE)
			donated += driver.call[i].b;
	KUNIT_EXPECT_GE(test, donated, (unsigned long)HV_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, away(), donated);
	/* And every processor has synchronised since. */
	KUNIT_EXPECT_GE(test, driver_called(GATE_SYNC), 1U);
}

static void what_ring1_refuses_is_kept(struct kunit *test)
{
	driver.fail_op = GATE_DONATE;
	driver.fail = -EINVAL;
	driver.fails = 1;
	KUNIT_EXPECT_EQ(test, hv_pool_grow(), -ENOMEM);
	KUNIT_EXPECT_EQ(test, away(), 0UL);
	KUNIT_EXPECT_TRUE(test, xa_empty(&hv_pool));
}

/* The gate's answers: so many are free, and this one comes back. */
static void unused_pages_come_back(struct kunit *test)
{
	unsigned long before;

	KUNIT_ASSERT_EQ(test, hv_pool_grow(), 0);
	before = away();
	driver.rdx = driver.call[0].a;
	driver.rcx = HV_POOL_KEEP;
	hv_pool_shrink();
	KUNIT_EXPECT_EQ(test, away(), before);
	driver.rcx = HV_POOL_KEEP + 1;
	hv_pool_shrink();
	KUNIT_EXPECT_EQ(test, away(), before - 1);
	/* The same once more, or what never was ring -1's: neither is given to Linux. */
	hv_pool_shrink();
	driver.rdx = 0;
	hv_pool_shrink();
	KUNIT_EXPECT_EQ(test, away(), before - 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(there_is_as_much_as_was_asked_for),
	KUNIT_CASE(too_many_pieces_are_too_many),
	KUNIT_CASE(what_is_donated_is_away),
	KUNIT_CASE(what_ring1_refuses_is_kept),
	KUNIT_CASE(unused_pages_come_back),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "hvmod_pool",
	.init = start,
	.exit = stop,
	.test_cases = cases,
};
kunit_test_suite(pool_suite);
