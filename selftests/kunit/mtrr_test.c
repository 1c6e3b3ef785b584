// SPDX-License-Identifier: GPL-2.0-only
/* Memory types by the MTRRs, and Domain-0's identity map. SDM volume 3, 12.11. */
#include "core.h"

#define MAX_PA		BIT(36)
#define WT		4
#define WB		6
#define WC		1
#define ALL_WB		0x0606060606060606ULL

static void fill(struct mtrrs *m, u64 def)
{
	*m = (struct mtrrs){ .cap = 0xd08, .def_type = 0xc00 | def };
	for (int i = 0; i < 11; i++)
		m->fixed[i] = ALL_WB;
}

static void variable(struct mtrrs *m, int i, u64 base, u64 size, int type)
{
	m->base[i] = base | type;
	m->mask[i] = (~(size - 1) & (MAX_PA - 1)) | BIT(11);
}

static void fixed_ranges(struct kunit *test)
{
	static const struct { u64 address; int type; } rows[] = {
		{ 0x9f000, WB }, { 0xa0000, WC }, { 0xa4000, 0 }, { 0xbf000, WB },
		{ 0xc0000, WT }, { 0xc1000, WB }, { 0xff000, WB },
	};
	struct mtrrs m;
	bool uniform;

	fill(&m, WB);
	m.fixed[2] = (ALL_WB & ~0xffffULL) | WC;	/* A0000, 16 KiB each: WC, UC */
	m.fixed[3] = (ALL_WB & ~0xffULL) | WT;		/* C0000, 4 KiB each */
	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		KUNIT_EXPECT_EQ(test, mtrr_type(&m, rows[i].address, PAGE_SIZE, MAX_PA, &uniform),
				rows[i].type);
		KUNIT_EXPECT_TRUE(test, uniform);
	}
	mtrr_type(&m, 0, BIT(21), MAX_PA, &uniform);
	KUNIT_EXPECT_FALSE(test, uniform);
}

static void overlaps(struct kunit *test)
{
	static const struct { int a, b, result; } rows[] = {
		{ WB, 0, 0 }, { 0, WB, 0 }, { WB, WT, WT }, { WT, WB, WT }, { WB, WB, WB },
		{ WC, WB, 0 },
	};
	struct mtrrs m;
	bool uniform;

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(&m, WB);
		variable(&m, 0, BIT(29), BIT(29), rows[i].a);
		variable(&m, 1, BIT(29), BIT(28), rows[i].b);
		KUNIT_EXPECT_EQ(test, mtrr_type(&m, BIT(29), BIT(21), MAX_PA, &uniform),
				rows[i].result);
	}
}

static void off_is_uncached(struct kunit *test)
{
	struct mtrrs m;
	bool uniform;

	fill(&m, WB);
	m.def_type &= ~BIT(11);
	KUNIT_EXPECT_EQ(test, mtrr_type(&m, 0, PAGE_SIZE, MAX_PA, &uniform), 0);
	KUNIT_EXPECT_EQ(test, mtrr_type(&m, BIT(30), BIT(30), MAX_PA, &uniform), 0);
}

/* A page that is uncached must not be part of a larger cached one. */
static void large_pages_avoid_holes(struct kunit *test)
{
	struct mtrrs m;
	int level;
	u64 entry;
	struct ept ept;

	KUNIT_ASSERT_EQ(test, alloc_init(), 0ULL);
	fill(&m, WB);
	variable(&m, 0, 0x80000000, PAGE_SIZE, 0);
	KUNIT_ASSERT_TRUE(test, ept_create(&ept));
	KUNIT_ASSERT_TRUE(test, dom0_ept_build(&ept, &m, BIT(32), MAX_PA, 3));
	entry = *ept_find(&ept, 0x80000000, &level);
	KUNIT_EXPECT_EQ(test, level, 1);
	KUNIT_EXPECT_EQ(test, entry, 0x80000000 | EPT_RWX | EPT_TYPE(0));
	entry = *ept_find(&ept, 0x80001000, &level);
	KUNIT_EXPECT_EQ(test, entry & EPT_TYPE_MASK, EPT_TYPE(WB));
	entry = *ept_find(&ept, 0x40000000, &level);
	KUNIT_EXPECT_EQ(test, level, 3);
	KUNIT_EXPECT_EQ(test, entry, 0x40000000 | EPT_RWX | EPT_TYPE(WB) | EPT_LARGE);
}

static int start(struct kunit *test)
{
	model_start(test);
	return 0;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fixed_ranges),
	KUNIT_CASE(overlaps),
	KUNIT_CASE(off_is_uncached),
	KUNIT_CASE(large_pages_avoid_holes),
	{}
};

static struct kunit_suite mtrr_suite = {
	.name = "hvmod_mtrr",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(mtrr_suite);
