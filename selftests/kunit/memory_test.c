// SPDX-License-Identifier: GPL-2.0-only
/* Guest memory: ranges, pages that come by faults, what both are charged. */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include "driver.h"

/* The backing of the VMM's address space: one block of 2 MiB, mapped over and over. */
static struct page *backing;
static int pinned, pin_result;

/* How many mappings of 2 MiB the VMM has of the backing. */
static int entire;

/* Not a page at all, all that are asked for, or one of 2 MiB in the wrong order. */
static int pin(unsigned long user, unsigned int pages, struct page **list)
{
	unsigned int i;

	if (pin_result)
		return pin_result;
	for (i = 0; i < pages; i++)
		list[i] = backing + ((user >> PAGE_SHIFT) + i) % HV_BLOCK_PAGES;
	pinned += pages;
	return pages;
}

#undef pin_user_pages_fast
#undef folio_entire_mapcount
#undef unpin_user_pages
#undef unpin_user_page_range_dirty_lock
#define pin_user_pages_fast(user, pages, flags, list)	pin(user, pages, list)
#define folio_entire_mapcount(folio)			((void)(folio), entire)
#define unpin_user_pages(list, pages)			(pinned -= (pages))
#define unpin_user_page_range_dirty_lock(page, pages, dirty)	(pinned -= (pages))
#undef pr_fmt
#include "../../kmod/memory.c"

#define MIB	(1ULL << 20)
#define USER	(1ULL << 32)

static struct hv_domain *domain;

static int start(struct kunit *test)
{
	driver_init();
	pinned = 0;
	pin_result = 0;
	entire = 1;
	domain = driver_domain(test, 64 * MIB, 1);
	/* A page more than there is to have shows who is charged for it. */
	backing = alloc_pages(GFP_KERNEL | __GFP_COMP, HV_BLOCK_ORDER);
	return backing ? hv_memory_init(domain) : -ENOMEM;
}

static void stop(struct kunit *test)
{
	hv_memory_unmap_all(domain);
	hv_memory_free(domain);
	KUNIT_EXPECT_EQ(test, pinned, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&domain->mm->pinned_vm), 0LL);
	__free_pages(backing, HV_BLOCK_ORDER);
}

static long map(u64 gpa, u64 bytes, u64 user, u32 flags)
{
	struct hv_call call = { .object = domain };

	call.arg.mem_map.gpa = gpa;
	call.arg.mem_map.bytes = bytes;
	call.arg.mem_map.user_addr = user;
	call.arg.mem_map.flags = flags;
	return hv_memory_map(&call);
}

static long unmap(u64 gpa, u64 bytes)
{
	struct hv_call call = { .object = domain };

	call.arg.mem_unmap.gpa = gpa;
	call.arg.mem_unmap.bytes = bytes;
	return hv_memory_unmap(&call);
}

static long discard(u64 gpa, u64 word0, u64 word7)
{
	struct hv_call call = { .object = domain };

	call.arg.mem_discard.gpa = gpa;
	call.arg.mem_discard.pages[0] = word0;
	call.arg.mem_discard.pages[7] = word7;
	return hv_memory_discard(&call);
}

static long balloon(u64 bytes)
{
	struct hv_call call = { .object = domain };

	call.arg.mem_balloon.bytes = bytes;
	return hv_memory_balloon(&call);
}

/* What it is charged in all. */
static u64 held(void)
{
	u64 kinds[HVMOD_MEMORY_DRIVER + 1];

	return hv_domain_memory(domain, kinds);
}

static void ranges_are_checked(struct kunit *test)
{
	static const struct { u64 gpa, bytes, user; u32 flags; long result; } rows[] = {
		{ 0, 4096, USER, 2, -EINVAL }, { 0, 0, USER, 0, -EINVAL },
		{ 1, 4096, USER, 0, -EINVAL }, { 0, 4097, USER, 0, -EINVAL },
		{ 0, 4096, USER + 1, 0, -EINVAL }, { HV_GPA_MAX, 4096, USER, 0, -EINVAL },
		{ HV_GPA_MAX - 4096, 8192, USER, 0, -EINVAL },
		{ 4096, ~0ULL << 12, USER, 0, -EINVAL },
		{ 0, 4096, 1ULL << 63, 0, -EFAULT },
		{ 0, 64 * MIB + 4096, USER, 0, -EDQUOT },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ(test, map(rows[i].gpa, rows[i].bytes, rows[i].user, rows[i].flags),
				rows[i].result);
	KUNIT_EXPECT_EQ(test, domain->mem_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, held(), 0ULL);
	KUNIT_EXPECT_EQ(test, map(HV_GPA_MAX - 4096, 4096, USER, 0), 0L);
	KUNIT_EXPECT_EQ(test, domain->mem_bytes, 4096ULL);
}

static void ranges_do_not_overlap(struct kunit *test)
{
	static const struct { u64 gpa, bytes; long result; } rows[] = {
		{ 8 * MIB, 4 * MIB, -EEXIST }, { 11 * MIB, 2 * MIB, -EEXIST }, { 7 * MIB, 2 * MIB, -EEXIST },
		{ 9 * MIB, 4096, -EEXIST }, { 7 * MIB, 8 * MIB, -EEXIST }, { 12 * MIB - 4096, 4096, -EEXIST },
		{ 12 * MIB, MIB, 0 }, { 7 * MIB, MIB, 0 },
	};
	u64 before;
	u32 i;

	KUNIT_ASSERT_EQ(test, map(8 * MIB, 4 * MIB, USER, 0), 0L);
	before = held();
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ(test, map(rows[i].gpa, rows[i].bytes, USER, 0), rows[i].result);
	KUNIT_EXPECT_EQ(test, domain->mem_bytes, 6 * MIB);
	/* Each range is charged its record; those that were refused are not. */
	KUNIT_EXPECT_EQ(test, held(), 3 * before);
}

static void a_range_goes_as_it_came(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(8 * MIB, 4 * MIB, USER, 0), 0L);
	KUNIT_EXPECT_EQ(test, unmap(8 * MIB, 2 * MIB), (long)-ENOENT);
	KUNIT_EXPECT_EQ(test, unmap(10 * MIB, 2 * MIB), (long)-ENOENT);
	KUNIT_EXPECT_EQ(test, unmap(8 * MIB, 5 * MIB), (long)-ENOENT);
	KUNIT_EXPECT_EQ(test, unmap(8 * MIB, 4097), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, unmap(HV_GPA_MAX, 4096), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, domain->mem_bytes, 4 * MIB);
	KUNIT_EXPECT_EQ(test, unmap(8 * MIB, 4 * MIB), 0L);
	KUNIT_EXPECT_EQ(test, unmap(8 * MIB, 4 * MIB), (long)-ENOENT);
	KUNIT_EXPECT_EQ(test, domain->mem_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, held(), 0ULL);
}

static void what_has_no_page_is_not_a_matter_of_memory(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(0, MIB, USER, HVMOD_MEM_READONLY), 0L);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, MIB, 1), 1);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, HV_GPA_MAX, 1), 1);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, ~0ULL, 1), 1);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 4096, HV_ACCESS_WRITE), 1);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_MAP), 0U);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 4096, 1), 0);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_MAP), 1U);
	KUNIT_EXPECT_EQ(test, driver.call[0].d, HV_MAP_READONLY | 1ULL);
	/* The VMM's address space may have nothing there. */
	pin_result = -EFAULT;
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 8192, 1), -EFAULT);
}

static void a_page_comes_once(struct kunit *test)
{
	u64 before;

	KUNIT_ASSERT_EQ(test, map(MIB, MIB, USER + 4096, 0), 0L);
	before = held();
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, MIB + 3 * 4096 + 5, HV_ACCESS_WRITE), 0);
	KUNIT_ASSERT_EQ(test, driver_called(GATE_MAP), 1U);
	KUNIT_EXPECT_EQ(test, driver.call[0].a, domain->handle);
	KUNIT_EXPECT_EQ(test, driver.call[0].b, MIB + 3 * 4096);
	KUNIT_EXPECT_EQ(test, driver.call[0].c, (u64)page_to_phys(backing + 4));
	KUNIT_EXPECT_EQ(test, driver.call[0].d, 1ULL);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, MIB + 3 * 4096, 1), 0);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_MAP), 1U);
	KUNIT_EXPECT_EQ(test, pinned, 1);
	KUNIT_EXPECT_GE(test, held(), before + 4096);
	KUNIT_EXPECT_EQ(test, unmap(MIB, MIB), 0L);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_UNMAP), 1U);
	KUNIT_EXPECT_EQ(test, pinned, 0);
	KUNIT_EXPECT_EQ(test, held(), 0ULL);
}

/* Aligned alike in the guest and in the VMM, with nothing of it there yet. */
static void two_mib_come_at_once(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(2 * MIB, 4 * MIB, USER, 0), 0L);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 3 * MIB, 1), 0);
	KUNIT_ASSERT_EQ(test, driver_called(GATE_MAP), 1U);
	KUNIT_EXPECT_EQ(test, driver.call[0].b, 2 * MIB);
	KUNIT_EXPECT_EQ(test, driver.call[0].c, (u64)page_to_phys(backing));
	KUNIT_EXPECT_EQ(test, driver.call[0].d, (u64)HV_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 4 * MIB - 1, 1), 0);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_MAP), 1U);
	KUNIT_EXPECT_EQ(test, pinned, (int)HV_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, unmap(2 * MIB, 4 * MIB), 0L);
	KUNIT_EXPECT_EQ(test, held(), 0ULL);
}

static void what_is_not_aligned_comes_page_by_page(struct kunit *test)
{
	static const struct { u64 gpa, bytes, user, touch; } rows[] = {
		{ 2 * MIB + 4096, 2 * MIB, USER, 2 * MIB + 8192 },	/* begins within it */
		{ 8 * MIB, 2 * MIB, USER + 4096, 9 * MIB },		/* the VMM's is shifted */
		{ 16 * MIB, MIB, USER, 16 * MIB },			/* ends within it */
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_ASSERT_EQ(test, map(rows[i].gpa, rows[i].bytes, rows[i].user, 0), 0L);
		KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, rows[i].touch, 1), 0);
		KUNIT_EXPECT_EQ(test, pinned, (int)i + 1);
	}
	/* One page of it is there: the rest comes one by one too. */
	KUNIT_ASSERT_EQ(test, map(32 * MIB, 2 * MIB, USER, 0), 0L);
	pinned = 0;
	KUNIT_EXPECT_EQ(test, xa_err(xa_store(&domain->pages, 32 * MIB >> PAGE_SHIFT,
					      xa_tag_pointer(backing, 0), GFP_KERNEL)), 0);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 32 * MIB + 4096, 1), 0);
	KUNIT_EXPECT_EQ(test, pinned, 1);
	xa_erase(&domain->pages, 32 * MIB >> PAGE_SHIFT);
	pinned = ARRAY_SIZE(rows) + 1;
}

static void ring1_gets_memory_for_its_tables(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(0, MIB, USER, 0), 0L);
	driver.fail_op = GATE_MAP;
	driver.fail = -ENOMEM;
	driver.fails = HV_GROW_TRIES;
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_MAP), HV_GROW_TRIES + 1U);
	KUNIT_EXPECT_GE(test, driver_called(GATE_DONATE), (unsigned int)HV_GROW_TRIES);
	/* Not for ever. */
	driver.fails = 1000;
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 4096, 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pinned, 1);
	driver.fails = 0;
	hv_pool_exit();
}

static void a_failure_charges_nothing(struct kunit *test)
{
	u64 before;

	KUNIT_ASSERT_EQ(test, map(0, MIB, USER, 0), 0L);
	before = held();
	driver.fail_op = GATE_MAP;
	driver.fail = -EBUSY;
	driver.fails = 1;
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 0, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, held(), before);
	KUNIT_EXPECT_EQ(test, pinned, 0);
	domain->quota.max = before + 4096;
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 0, 1), -EDQUOT);
	KUNIT_EXPECT_EQ(test, held(), before);
	KUNIT_EXPECT_EQ(test, pinned, 0);
}

static void pages_are_discarded_one_by_one(struct kunit *test)
{
	u64 before, less;
	u32 i;

	KUNIT_ASSERT_EQ(test, map(2 * MIB, 2 * MIB, USER + 4096, 0), 0L);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 2 * MIB + i * 4096, 1), 0);
	before = held();
	KUNIT_EXPECT_EQ(test, discard(2 * MIB, 6, 0), 0L);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_UNMAP), 2U);
	KUNIT_EXPECT_EQ(test, pinned, 2);
	less = held();
	KUNIT_EXPECT_EQ(test, before - less, 8192ULL);
	/* Those that are not there cost nothing, and nobody waits for them. */
	i = driver_called(GATE_SYNC);
	KUNIT_EXPECT_GE(test, i, 1U);
	KUNIT_EXPECT_EQ(test, discard(2 * MIB, 6, ~0ULL), 0L);
	KUNIT_EXPECT_EQ(test, discard(2 * MIB, 0, 0), 0L);
	KUNIT_EXPECT_EQ(test, discard(HV_GPA_MAX - 2 * MIB, ~0ULL, ~0ULL), 0L);
	KUNIT_EXPECT_EQ(test, driver_called(GATE_SYNC), i);
	KUNIT_EXPECT_EQ(test, held(), less);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 2 * MIB + 4096, 1), 0);
	KUNIT_EXPECT_EQ(test, held(), less + 4096);
	KUNIT_EXPECT_EQ(test, discard(3 * MIB, 1, 0), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, discard(2 * MIB + 4096, 1, 0), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, discard(HV_GPA_MAX, 1, 0), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, discard(~0ULL << 21, 1, 0), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, unmap(2 * MIB, 2 * MIB), 0L);
	KUNIT_EXPECT_EQ(test, held(), 0ULL);
}

static void what_was_taken_out_of_2_mib_stays_out(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(2 * MIB, 2 * MIB, USER, 0), 0L);
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 3 * MIB, 1), 0);
	KUNIT_EXPECT_EQ(test, pinned, (int)HV_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, discard(2 * MIB, 0, 0), 0L);
	KUNIT_EXPECT_EQ(test, pinned, (int)HV_BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, discard(2 * MIB, 0, 1), 0L);
	KUNIT_EXPECT_EQ(test, pinned, 0);
	/* The VMM dropped a part of it, and has the rest by pages. */
	entire = 0;
	KUNIT_EXPECT_EQ(test, hv_memory_fault(domain, 3 * MIB, 1), 0);
	KUNIT_EXPECT_EQ(test, pinned, 1);
	/* It did not after all, and it is all one again. */
	entire = 1;
	KUNIT_EXPECT_EQ(test, discard(2 * MIB, ~0ULL, ~0ULL), 0L);
	KUNIT_EXPECT_EQ(test, pinned, 1);
	KUNIT_EXPECT_EQ(test, unmap(2 * MIB, 2 * MIB), 0L);
	KUNIT_EXPECT_EQ(test, held(), 0ULL);
}

static void what_a_guest_gave_up_it_has_not(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(0, 4 * MIB, USER, 0), 0L);
	KUNIT_EXPECT_EQ(test, balloon(MIB), 0L);
	KUNIT_EXPECT_EQ(test, hv_memory_current(domain), 3 * MIB);
	KUNIT_EXPECT_EQ(test, balloon(4 * MIB + 4096), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, balloon(1), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, hv_memory_current(domain), 3 * MIB);
	KUNIT_EXPECT_EQ(test, balloon(4 * MIB), 0L);
	KUNIT_EXPECT_EQ(test, hv_memory_current(domain), 0ULL);
	/* The range goes, the number stays: it is not less than nothing. */
	KUNIT_EXPECT_EQ(test, unmap(0, 4 * MIB), 0L);
	KUNIT_EXPECT_EQ(test, hv_memory_current(domain), 0ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ranges_are_checked),
	KUNIT_CASE(ranges_do_not_overlap),
	KUNIT_CASE(a_range_goes_as_it_came),
	KUNIT_CASE(what_has_no_page_is_not_a_matter_of_memory),
	KUNIT_CASE(a_page_comes_once),
	KUNIT_CASE(two_mib_come_at_once),
	KUNIT_CASE(what_is_not_aligned_comes_page_by_page),
	KUNIT_CASE(pages_are_discarded_one_by_one),
	KUNIT_CASE(what_was_taken_out_of_2_mib_stays_out),
	KUNIT_CASE(what_a_guest_gave_up_it_has_not),
	KUNIT_CASE(ring1_gets_memory_for_its_tables),
	KUNIT_CASE(a_failure_charges_nothing),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "hvmod_memory",
	.init = start,
	.exit = stop,
	.test_cases = cases,
};
kunit_test_suite(memory_suite);
