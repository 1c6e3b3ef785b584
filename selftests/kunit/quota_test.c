// SPDX-License-Identifier: GPL-2.0-only
/* What a domain is charged, what it may have, and who may change that. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include "driver.h"

#undef capable
#undef current_euid
#undef totalram_pages
#define capable(cap)		((void)(cap), driver.capable)
#define current_euid()		(driver.uid)
#define totalram_pages()	(driver.ram_pages)
#include "../../kmod/quota.c"
#include "../../kmod/set_quota.c"

#define MIB	(1ULL << 20)

static struct hv_domain *domain;

static int start(struct kunit *test)
{
	driver_init();
	dom0_reserve_mib = 128;
	uid_memory_max_mib = 0;
	uid_domains_max = 0;
	uid_vcpus_max = 0;
	domain = driver_domain(test, 64 * MIB, 2);
	return 0;
}

static void a_charge_fits_or_changes_nothing(struct kunit *test)
{
	u64 max = 64 * MIB + hv_quota_overhead(64 * MIB, 2), kinds[HVMOD_MEMORY_DRIVER + 1];

	KUNIT_EXPECT_EQ(test, domain->quota.max, max);
	KUNIT_EXPECT_EQ(test, hv_charge(domain, HVMOD_MEMORY_GUEST, max - 4096), 0);
	KUNIT_EXPECT_EQ(test, hv_charge(domain, HVMOD_MEMORY_DRIVER, 4097), -EDQUOT);
	KUNIT_EXPECT_EQ(test, hv_charge(domain, HVMOD_MEMORY_DRIVER, ~0ULL), -EDQUOT);
	KUNIT_EXPECT_EQ(test, driver.refused, 2U);
	KUNIT_EXPECT_EQ(test, hv_charge(domain, HVMOD_MEMORY_DRIVER, 4096), 0);
	KUNIT_EXPECT_EQ(test, hv_charge(domain, HVMOD_MEMORY_DRIVER, 1), -EDQUOT);
	KUNIT_EXPECT_EQ(test, hv_charge(domain, HVMOD_MEMORY_DRIVER, 0), 0);
	KUNIT_EXPECT_EQ(test, hv_domain_memory(domain, kinds), max);
	KUNIT_EXPECT_EQ(test, kinds[HVMOD_MEMORY_GUEST], max - 4096);
	KUNIT_EXPECT_EQ(test, kinds[HVMOD_MEMORY_DRIVER], 4096ULL);
	hv_uncharge(domain, HVMOD_MEMORY_GUEST, max - 4096);
	hv_uncharge(domain, HVMOD_MEMORY_DRIVER, 4096);
	KUNIT_EXPECT_EQ(test, hv_domain_memory(domain, kinds), 0ULL);
}

/* Eight pages were reserved; ring -1 made three, then told of two before. */
static void tables_count_once(struct kunit *test)
{
	u64 kinds[HVMOD_MEMORY_DRIVER + 1];

	KUNIT_ASSERT_EQ(test, hv_charge(domain, HVMOD_MEMORY_TABLES, 8 * PAGE_SIZE), 0);
	hv_charge_tables(domain, 3, 8);
	KUNIT_EXPECT_EQ(test, hv_domain_memory(domain, kinds), 3ULL * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, hv_charge(domain, HVMOD_MEMORY_TABLES, 8 * PAGE_SIZE), 0);
	hv_charge_tables(domain, 2, 8);
	KUNIT_EXPECT_EQ(test, hv_domain_memory(domain, kinds), 3ULL * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kinds[HVMOD_MEMORY_TABLES], 3ULL * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, domain->quota.tables, 3ULL);
}

static void domain0_keeps_its_reserve(struct kunit *test)
{
	static const struct { u64 mib, others; int result; } rows[] = {
		{ 896, 0, 0 }, { 897, 0, -ENOMEM }, { 512, 384, 0 }, { 512, 385, -ENOMEM },
		{ 0, 896, 0 }, { ~0ULL >> 20, 0, -ENOMEM },
	};
	struct hv_sums none = { 0 };
	u32 i;

	driver.capable = true;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hv_sums others = { .memory = rows[i].others * MIB };

		KUNIT_EXPECT_EQ(test, hv_quota_admit(rows[i].mib * MIB, 1, &others, &none), rows[i].result);
	}
	/* An eighth, unless it is told otherwise; never more than there is. */
	dom0_reserve_mib = -1;
	KUNIT_EXPECT_EQ(test, hv_reserve(), 128 * MIB);
	driver.ram_pages <<= 6;
	KUNIT_EXPECT_EQ(test, hv_reserve(), 1024 * MIB);
	dom0_reserve_mib = LONG_MAX >> 20;
	KUNIT_EXPECT_EQ(test, hv_reserve(), 64 * 1024 * MIB);
	KUNIT_EXPECT_EQ(test, hv_quota_admit(1, 1, &none, &none), -ENOMEM);
}

static void a_user_has_limits(struct kunit *test)
{
	struct hv_sums all = { 0 }, uid = { .domains = 1, .vcpus = 3, .memory = 100 * MIB };

	uid_domains_max = 2;
	uid_vcpus_max = 4;
	uid_memory_max_mib = 101;
	KUNIT_EXPECT_EQ(test, hv_quota_admit(MIB, 1, &all, &uid), 0);
	KUNIT_EXPECT_EQ(test, hv_quota_admit(MIB + 1, 1, &all, &uid), -EDQUOT);
	KUNIT_EXPECT_EQ(test, hv_quota_admit(MIB, 2, &all, &uid), -EDQUOT);
	uid.domains = 2;
	KUNIT_EXPECT_EQ(test, hv_quota_admit(MIB, 1, &all, &uid), -EDQUOT);
	driver.capable = true;
	KUNIT_EXPECT_EQ(test, hv_quota_admit(MIB, 1, &all, &uid), 0);
}

static void values_have_ranges(struct kunit *test)
{
	static const struct { struct hvmod_quota quota; bool valid; } rows[] = {
		{ { .flags = 0 }, true },
		{ { .flags = BIT(5) }, false },
		{ { .flags = HVMOD_QUOTA_LOCK | HVMOD_QUOTA_UNLOCK }, false },
		{ { .flags = HVMOD_QUOTA_VCPUS }, false },
		{ { .flags = HVMOD_QUOTA_VCPUS, .vcpus_max = HVMOD_VCPUS_MAX }, true },
		{ { .flags = HVMOD_QUOTA_VCPUS, .vcpus_max = HVMOD_VCPUS_MAX + 1 }, false },
		{ { .flags = HVMOD_QUOTA_MEMORY }, false },
		{ { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 4097 }, false },
		{ { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 4096 }, true },
		{ { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 1ULL << HVMOD_GPA_BITS }, true },
		{ { .flags = HVMOD_QUOTA_MEMORY, .mem_max = (1ULL << HVMOD_GPA_BITS) + 4096 }, false },
		{ { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 8192, .held_max = 8191 }, false },
		{ { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 8192, .held_max = ~0ULL }, false },
		{ { .flags = HVMOD_QUOTA_CPU, .cpu_cap = 100 * HVMOD_VCPUS_MAX }, true },
		{ { .flags = HVMOD_QUOTA_CPU, .cpu_cap = 100 * HVMOD_VCPUS_MAX + 1 }, false },
		{ { .flags = HVMOD_QUOTA_CPU, .cpu_period_us = HVMOD_PERIOD_MIN_US - 1 }, false },
		{ { .flags = HVMOD_QUOTA_CPU, .cpu_period_us = HVMOD_PERIOD_MAX_US }, true },
		{ { .flags = HVMOD_QUOTA_CPU, .cpu_period_us = HVMOD_PERIOD_MAX_US + 1 }, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ(test, hv_quota_valid(&rows[i].quota), rows[i].valid);
}

/* The call as an ioctl makes it. */
static long ask(long (*handler)(struct hv_call *call), struct hvmod_quota quota)
{
	struct hv_call call = { .object = domain, .arg.quota = quota };

	return handler(&call);
}

static void its_vmm_makes_it_smaller_and_no_larger(struct kunit *test)
{
	const struct hvmod_quota less = { .flags = HVMOD_QUOTA_MEMORY | HVMOD_QUOTA_CPU,
					  .mem_max = 32 * MIB, .cpu_cap = 50 };
	const struct hvmod_quota more = { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 33 * MIB };
	/* More of one kind within what it may hold of all. */
	const struct hvmod_quota other = { .flags = HVMOD_QUOTA_MEMORY, .mem_max = 32 * MIB + 4096,
					   .held_max = 32 * MIB + 4096 };

	KUNIT_EXPECT_EQ(test, ask(hv_quota_tighten, less), 0L);
	KUNIT_EXPECT_EQ(test, domain->mem_max, 32 * MIB);
	KUNIT_EXPECT_EQ(test, domain->quota.max, 32 * MIB + hv_quota_overhead(32 * MIB, 2));
	KUNIT_EXPECT_EQ(test, domain->cap.percent, 50U);
	KUNIT_EXPECT_EQ(test, domain->cap.period_us, (u32)HVMOD_PERIOD_US);
	KUNIT_EXPECT_EQ(test, driver.events, 1U);
	KUNIT_EXPECT_EQ(test, driver.poked, ~0ULL);
	driver.capable = true;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_tighten, more), (long)-EPERM);
	KUNIT_EXPECT_EQ(test, ask(hv_quota_tighten, other), (long)-EPERM);
	KUNIT_EXPECT_EQ(test, ask(hv_quota_tighten, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU }),
			(long)-EPERM);
	KUNIT_EXPECT_EQ(test, domain->mem_max, 32 * MIB);
	KUNIT_EXPECT_EQ(test, driver.events, 1U);
}

static void its_creator_may_until_it_is_locked(struct kunit *test)
{
	struct hvmod_quota more = { .id = 7, .flags = HVMOD_QUOTA_VCPUS, .vcpus_max = 4 };
	struct hvmod_quota lock = { .id = 7, .flags = HVMOD_QUOTA_LOCK };

	driver.uid = KUIDT_INIT(5);
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, more), (long)-EPERM);
	domain->uid = driver.uid;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, more), 0L);
	KUNIT_EXPECT_EQ(test, domain->vcpus_max, 4U);
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, lock), (long)-EPERM);
	driver.capable = true;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, lock), 0L);
	driver.capable = false;
	more.vcpus_max = 5;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, more), (long)-EPERM);
	more.vcpus_max = 3;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, more), 0L);
	more.id = 8;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, more), (long)-ENOENT);
}

static void all_is_set_or_nothing(struct kunit *test)
{
	struct hvmod_quota less = { .id = 7, .flags = HVMOD_QUOTA_MEMORY | HVMOD_QUOTA_CPU,
				    .mem_max = 16 * MIB, .held_max = 17 * MIB, .cpu_cap = 10 };

	domain->mem_bytes = 16 * MIB + 4096;
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, less), (long)-EBUSY);
	domain->mem_bytes = 16 * MIB;
	KUNIT_ASSERT_EQ(test, hv_charge(domain, HVMOD_MEMORY_GUEST, 17 * MIB + 1), 0);
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, less), (long)-EBUSY);
	domain->vcpus = 2;
	less = (struct hvmod_quota){ .id = 7, .flags = HVMOD_QUOTA_VCPUS | HVMOD_QUOTA_CPU,
				     .vcpus_max = 1, .cpu_cap = 10 };
	KUNIT_EXPECT_EQ(test, ask(hv_quota_set_by_id, less), (long)-EBUSY);
	KUNIT_EXPECT_EQ(test, domain->cap.percent, 0U);
	KUNIT_EXPECT_EQ(test, domain->mem_max, 64 * MIB);
	KUNIT_EXPECT_EQ(test, domain->quota.max, 64 * MIB + hv_quota_overhead(64 * MIB, 2));
	KUNIT_EXPECT_EQ(test, driver.events, 0U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_charge_fits_or_changes_nothing),
	KUNIT_CASE(tables_count_once),
	KUNIT_CASE(domain0_keeps_its_reserve),
	KUNIT_CASE(a_user_has_limits),
	KUNIT_CASE(values_have_ranges),
	KUNIT_CASE(its_vmm_makes_it_smaller_and_no_larger),
	KUNIT_CASE(its_creator_may_until_it_is_locked),
	KUNIT_CASE(all_is_set_or_nothing),
	{}
};

static struct kunit_suite quota_suite = {
	.name = "hvmod_quota",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(quota_suite);
