// SPDX-License-Identifier: GPL-2.0-only
/* Nested page tables, and who owns which page. SDM volume 3, 29.3. */
#include "core.h"

static struct ept ept;

static int start(struct kunit *test)
{
	model_start(test);
	KUNIT_ASSERT_EQ(test, alloc_init(), 0ULL);
	KUNIT_ASSERT_TRUE(test, ept_create(&ept));
	return 0;
}

static u64 *map(u64 address, u64 entry, int level)
{
	u64 *at = ept_entry(&ept, address, level);

	if (at)
		*at = entry;
	return at;
}

static void empty_maps_nothing(struct kunit *test)
{
	static const u64 addresses[] = { 0, 0x1000, BIT(30), BIT(47), ~0ULL };

	KUNIT_EXPECT_EQ(test, ept.eptp & 0xfff, (3ULL << 3) | MEMORY_WB);
	for (u32 i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		KUNIT_EXPECT_EQ(test, ept_translate(&ept, addresses[i], EPT_READ), ~0ULL);
}

static void translates_at_every_level(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, map(0x5000, 0x7000 | EPT_RWX, 1));
	KUNIT_ASSERT_NOT_NULL(test, map(BIT(21), BIT(22) | EPT_RWX | EPT_LARGE, 2));
	KUNIT_ASSERT_NOT_NULL(test, map(BIT(30), BIT(31) | EPT_RWX | EPT_LARGE, 3));
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, 0x5123, EPT_RWX), 0x7123ULL);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, BIT(21) + 0x12345, EPT_RWX), BIT(22) + 0x12345);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, BIT(30) + 0x1234567, EPT_RWX),
			BIT(31) + 0x1234567);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, 0x4fff, EPT_READ), ~0ULL);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, 0x6000, EPT_READ), ~0ULL);
}

static void permission_is_needed(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, map(0x5000, 0x7000 | EPT_READ, 1));
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, 0x5000, EPT_READ), 0x7000ULL);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, 0x5000, EPT_READ | EPT_WRITE), ~0ULL);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, 0x5000, EPT_EXECUTE), ~0ULL);
}

static void splitting_changes_no_translation(struct kunit *test)
{
	int level;
	u64 entry;

	KUNIT_ASSERT_NOT_NULL(test, map(BIT(30), BIT(31) | EPT_RWX | EPT_TYPE(MEMORY_WB) | EPT_LARGE, 3));
	KUNIT_ASSERT_NOT_NULL(test, ept_entry(&ept, BIT(30) + 0x203000, 1));
	for (u64 offset = 0; offset < BIT(30); offset += BIT(21) + PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, ept_translate(&ept, BIT(30) + offset, EPT_RWX),
				BIT(31) + offset);
	entry = *ept_find(&ept, BIT(30) + 0x203000, &level);
	KUNIT_EXPECT_EQ(test, level, 1);
	KUNIT_EXPECT_EQ(test, entry & ~EPT_ADDRESS, EPT_RWX | EPT_TYPE(MEMORY_WB));
}

static void splitting_keeps_the_owner(struct kunit *test)
{
	int level;

	KUNIT_ASSERT_NOT_NULL(test, map(BIT(21), EPT_OWNER_CORE, 2));
	KUNIT_ASSERT_NOT_NULL(test, map(BIT(21) + 0x5000, 0x7000 | EPT_RWX, 1));
	KUNIT_EXPECT_EQ(test, *ept_find(&ept, BIT(21) + 0x4000, &level), EPT_OWNER_CORE);
	KUNIT_EXPECT_EQ(test, *ept_find(&ept, BIT(21) + 0x6000, &level), EPT_OWNER_CORE);
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, BIT(21) + 0x5000, EPT_RWX), 0x7000ULL);
}

static void no_page_for_a_table(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, map(BIT(30), BIT(31) | EPT_RWX | EPT_LARGE, 3));
	while (page_alloc())
		;
	KUNIT_EXPECT_NULL(test, ept_entry(&ept, BIT(30) + 0x5000, 1));
	KUNIT_EXPECT_EQ(test, ept_translate(&ept, BIT(30) + 0x5000, EPT_RWX), BIT(31) + 0x5000);
}

static void tables_come_back(struct kunit *test)
{
	u64 before = machine.limbo.count;

	KUNIT_ASSERT_NOT_NULL(test, map(0x5000, 0x7000 | EPT_RWX, 1));
	ept_destroy(&ept);
	KUNIT_EXPECT_EQ(test, machine.limbo.count, before + 4);
	KUNIT_EXPECT_EQ(test, ept.root, 0ULL);
}

/* Free only when every processor has forgotten its translations. */
static void freed_pages_rest(struct kunit *test)
{
	static struct cpu other;
	u64 count = machine.pool.count, pa = page_alloc();

	other = (struct cpu){ .launched = true };
	machine.cpu[1] = &other;
	boot.cpus = 2;
	page_free(pa);
	pool_sync(&model.cpu);
	KUNIT_EXPECT_EQ(test, machine.pool.count, count - 1);
	pool_sync(&other);
	KUNIT_EXPECT_EQ(test, machine.pool.count, count);
	KUNIT_EXPECT_EQ(test, model.invepts, 2U);
}

static void cores_pages_are_nobodys(struct kunit *test)
{
	for (u64 pa = 0; pa < MODEL_BYTES; pa += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, page_is_dom0(pa), pa < MODEL_OWN);
	KUNIT_EXPECT_FALSE(test, page_is_dom0(MODEL_BYTES));
	KUNIT_EXPECT_EQ(test, page_share(MODEL_OWN, 1), -HV_EBUSY);
	KUNIT_EXPECT_EQ(test, page_share(MODEL_BYTES, 1), -HV_EINVAL);
	KUNIT_EXPECT_EQ(test, pool_donate(MODEL_OWN, 1), -HV_EBUSY);
}

static void sharing_is_exclusive(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, page_share(0x3000, 1), 0);
	KUNIT_EXPECT_EQ(test, page_share(0x3000, 1), -HV_EBUSY);
	KUNIT_EXPECT_EQ(test, pool_donate(0x3000, 1), -HV_EBUSY);
	page_unshare(0x3000, 1);
	KUNIT_EXPECT_EQ(test, page_share(0x3000, 1), 0);
}

static void donation_takes_all_or_none(struct kunit *test)
{
	u64 owned = machine.owned;

	KUNIT_EXPECT_EQ(test, pool_donate(0, 1), -HV_EINVAL);
	KUNIT_EXPECT_EQ(test, pool_donate(0x1001, 1), -HV_EINVAL);
	KUNIT_EXPECT_EQ(test, pool_donate(0x1000, 0), -HV_EINVAL);
	KUNIT_EXPECT_EQ(test, pool_donate(0x1000, 513), -HV_EINVAL);
	KUNIT_EXPECT_EQ(test, pool_donate(BIT(36), 1), -HV_EINVAL);
	KUNIT_EXPECT_EQ(test, page_share(0x4000, 1), 0);
	KUNIT_EXPECT_EQ(test, pool_donate(0x1000, 8), -HV_EBUSY);
	KUNIT_EXPECT_TRUE(test, page_is_dom0(0x1000));
	KUNIT_EXPECT_EQ(test, machine.owned, owned);
	KUNIT_EXPECT_EQ(test, pool_donate(0x1000, 3), 0);
	KUNIT_EXPECT_FALSE(test, page_is_dom0(0x1000));
	KUNIT_EXPECT_EQ(test, machine.owned, owned + 3);
}

static void reclaimed_pages_are_zero(struct kunit *test)
{
	u64 pa, *words, sum = 0;

	KUNIT_ASSERT_EQ(test, pool_reclaim(&pa), 0);
	KUNIT_EXPECT_TRUE(test, page_is_dom0(pa));
	words = phys(pa);
	for (u32 i = 0; i < 512; i++)
		sum |= words[i];
	KUNIT_EXPECT_EQ(test, sum, 0ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(empty_maps_nothing),
	KUNIT_CASE(translates_at_every_level),
	KUNIT_CASE(permission_is_needed),
	KUNIT_CASE(splitting_changes_no_translation),
	KUNIT_CASE(splitting_keeps_the_owner),
	KUNIT_CASE(no_page_for_a_table),
	KUNIT_CASE(tables_come_back),
	KUNIT_CASE(freed_pages_rest),
	KUNIT_CASE(cores_pages_are_nobodys),
	KUNIT_CASE(sharing_is_exclusive),
	KUNIT_CASE(donation_takes_all_or_none),
	KUNIT_CASE(reclaimed_pages_are_zero),
	{}
};

static struct kunit_suite ept_suite = {
	.name = "hvmod_ept",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(ept_suite);
