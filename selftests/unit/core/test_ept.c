// SPDX-License-Identifier: GPL-2.0-only
/* Memory types, Domain-0's identity map, and walks. SDM volume 3, 12.11, 29.3. */
#include "world.h"

#define MAX_PA	BIT(36)
#define WT	4
#define WB	6
#define WC	1
#define WP	5

static struct mtrrs mtrrs(u64 def)
{
	struct mtrrs m = { .cap = 0xd08, .def_type = 0xc00 | def };

	for (int i = 0; i < 11; i++)
		m.fixed[i] = 0x0606060606060606;
	return m;
}

static void variable(struct mtrrs *m, int i, u64 base, u64 size, int type)
{
	m->base[i] = base | type;
	m->mask[i] = (~(size - 1) & (MAX_PA - 1)) | BIT(11);
}

static int type_at(const struct mtrrs *m, u64 start, u64 size, bool *uniform)
{
	return mtrr_type(m, start, size, MAX_PA, uniform);
}

static void test_fixed(void)
{
	struct mtrrs m = mtrrs(WB);
	bool uniform;

	m.fixed[2] = 0x0001000100010001;		/* A0000: each 16 KiB */
	m.fixed[3] = 0x0504030405040506;		/* C0000: each 4 KiB, lowest byte first */
	ok(type_at(&m, 0, PAGE_SIZE, &uniform) == WB && uniform, "64 KiB ranges");
	ok(type_at(&m, 0xa0000, PAGE_SIZE, &uniform) == WC && uniform, "16 KiB range, first");
	ok(type_at(&m, 0xa4000, PAGE_SIZE, &uniform) == 0, "16 KiB range, second");
	ok(type_at(&m, 0xc0000, PAGE_SIZE, &uniform) == WB, "4 KiB range, first");
	ok(type_at(&m, 0xc1000, PAGE_SIZE, &uniform) == WP, "4 KiB range, second");
	ok(type_at(&m, 0xc7000, PAGE_SIZE, &uniform) == WP, "4 KiB range, last");
	ok(type_at(&m, 0xff000, PAGE_SIZE, &uniform) == WB, "the last page below 1 MiB");
	type_at(&m, 0, 0x200000, &uniform);
	ok(!uniform, "2 MiB over fixed ranges is not uniform");
	m.def_type &= ~BIT(10);
	ok(type_at(&m, 0xa0000, PAGE_SIZE, &uniform) == WB, "fixed ranges off: the default");
	m.def_type |= BIT(10);
	m.cap &= ~BIT(8);
	ok(type_at(&m, 0xa0000, PAGE_SIZE, &uniform) == WB, "no fixed ranges: the default");
	m.def_type = WB;
	ok(type_at(&m, 0xa0000, PAGE_SIZE, &uniform) == 0, "MTRRs off: UC");
	ok(type_at(&m, RAM_HIGH, BIT(30), &uniform) == 0 && uniform, "MTRRs off: UC, all alike");
}

static void test_variable(void)
{
	struct mtrrs m = mtrrs(0);
	bool uniform;

	variable(&m, 0, 0, BIT(31), WB);
	variable(&m, 1, 0x7f000000, BIT(24), 0);
	ok(type_at(&m, 0x200000, BIT(21), &uniform) == WB && uniform, "inside one");
	ok(type_at(&m, BIT(31), BIT(21), &uniform) == 0 && uniform, "outside: the default");
	ok(type_at(&m, 0x7f000000, BIT(21), &uniform) == 0 && uniform, "UC over WB is UC");
	ok(type_at(&m, 0x7ee00000, BIT(21), &uniform) == WB && uniform, "just below");
	type_at(&m, 0x40000000, BIT(30), &uniform);
	ok(!uniform, "1 GiB with a 16 MiB hole is not uniform");
	m = mtrrs(0);
	variable(&m, 0, 0, BIT(30), WB);
	variable(&m, 1, BIT(29), BIT(29), WT);
	ok(type_at(&m, BIT(29), BIT(21), &uniform) == WT, "WT over WB is WT");
	variable(&m, 1, 0, BIT(30), WT);
	variable(&m, 0, BIT(29), BIT(29), WB);
	ok(type_at(&m, BIT(29), BIT(21), &uniform) == WT, "in the other order too");
	variable(&m, 2, BIT(29), BIT(29), 0);
	ok(type_at(&m, BIT(29), BIT(21), &uniform) == 0, "UC over both");
	m.mask[2] &= ~BIT(11);
	ok(type_at(&m, BIT(29), BIT(21), &uniform) == WT, "one that is not valid does not count");
	m = mtrrs(WB);
	variable(&m, 0, 0x80000000, BIT(12), WC);
	ok(type_at(&m, 0x80000000, PAGE_SIZE, &uniform) == WC, "a range of one page");
	ok(type_at(&m, 0x80001000, PAGE_SIZE, &uniform) == WB, "the page behind it");
	type_at(&m, 0x80000000, BIT(21), &uniform);
	ok(!uniform, "2 MiB around it");
	m.base[0] |= BIT(40);
	m.mask[0] |= BIT(40);
	ok(type_at(&m, 0x80000000, PAGE_SIZE, &uniform) == WC,
	   "bits above the physical address width do not count");
	m = mtrrs(WB);
	m.cap = 0xd01;
	variable(&m, 1, 0, BIT(32), 0);
	ok(type_at(&m, BIT(24), BIT(21), &uniform) == WB, "only as many as IA32_MTRRCAP says");
	/* A mask with a hole: SDM volume 3, 12.11.3, discontinuous. */
	m = mtrrs(0);
	m.base[0] = 0x800000 | WB;
	m.mask[0] = (~(BIT(21) | (BIT(12) - 1)) & (BIT(22) - 1)) | (~(BIT(22) - 1) & (MAX_PA - 1)) |
		    BIT(11);
	ok(type_at(&m, 0x800000, PAGE_SIZE, &uniform) == WB &&
	   type_at(&m, 0xa00000, PAGE_SIZE, &uniform) == WB &&
	   type_at(&m, 0x801000, PAGE_SIZE, &uniform) == 0, "a mask with a hole");
	type_at(&m, 0x800000, BIT(21), &uniform);
	ok(!uniform, "a mask with a hole, 2 MiB");
}

/* Against a page-by-page answer, with random registers. */
static void test_random(void)
{
	u64 seed = 88172645463325252ULL, wrong = 0;

	for (int round = 0; round < 300; round++) {
		static const int types[] = { 0, WC, WT, WP, WB, WB };
		struct mtrrs m = mtrrs(types[tap_random(&seed) % 6]);
		u64 start = (tap_random(&seed) % 64) * BIT(21);

		for (int i = 0; i < 6; i++) {
			u64 size = BIT(12 + tap_random(&seed) % 16);
			u64 base = tap_random(&seed) % BIT(27) & ~(size - 1);

			variable(&m, i, base, size, types[tap_random(&seed) % 6]);
		}
		bool uniform, one, same = true;
		int type = type_at(&m, start, BIT(21), &uniform);
		int first = type_at(&m, start, PAGE_SIZE, &one);

		for (u64 a = start; a < start + BIT(21); a += PAGE_SIZE)
			same &= type_at(&m, a, PAGE_SIZE, &one) == first;
		/* "Uniform" may be denied too often, never given wrongly. */
		wrong += uniform && (!same || type != first);
	}
	ok(!wrong, "2 MiB are called uniform only if every page says so");
}

static struct { u64 k4, m2, g1, bad; } counted;

static void count(const struct ept *ept, u64 limit, const struct mtrrs *m, u64 max_pa)
{
	u64 a = 0;

	memset(&counted, 0, sizeof(counted));
	while (a < limit) {
		int level;
		u64 entry = *ept_find(ept, a, &level), size = ept_level_size(level);
		u64 reserved = level > 1 ? GENMASK(level == 2 ? 20 : 29, 12) : 0;
		int type = entry >> 3 & 7;
		bool uniform;

		if (!(entry & EPT_RWX)) {
			a += PAGE_SIZE;
			continue;
		}
		counted.bad += (entry & EPT_RWX) != EPT_RWX || entry & reserved ||
			       (entry & EPT_ADDRESS) != a || type == 2 || type == 3 || type == 7 ||
			       (level > 1) != !!(entry & EPT_LARGE) || level > 3 ||
			       entry >> 52 || (entry & EPT_ADDRESS) >= max_pa;
		counted.bad += type != mtrr_type(m, a, size, max_pa, &uniform) ||
			       (level > 1 && !uniform);
		*(level == 1 ? &counted.k4 : level == 2 ? &counted.m2 : &counted.g1) += 1;
		a += size;
	}
}

static void no_1g(void)
{
	model_msr(MSR_VMX_EPT_VPID_CAP)->value &= ~EPT_CAP_1G;
}

static void no_2m(void)
{
	boot.pool[0].end = boot.own[0].end += 2800 * PAGE_SIZE;
	model_msr(MSR_VMX_EPT_VPID_CAP)->value &= ~(EPT_CAP_1G | EPT_CAP_2M);
}

static void test_dom0(void)
{
	struct world_options o = { .no_launch = true };
	struct mtrrs m;
	u64 limit = 5ULL << 30, hidden = 0;

	world_start(&skylake_server, 1, &o);
	mtrr_read(&m);
	count(&machine.dom0_ept, limit, &m, BIT(46));
	ok(!counted.bad, "identity, types of the MTRRs, no misconfiguration");
	ok(counted.g1 == 4, "1 GiB pages wherever nothing needs less (%lu)", counted.g1);
	for (u64 a = 0; a < RAM_END; a += PAGE_SIZE) {
		int level;
		u64 entry = *ept_find(&machine.dom0_ept, a, &level);
		bool own = a >= OWN_START && a < OWN_START + OWN_PAGES * PAGE_SIZE;

		check(own == (entry == EPT_OWNER_CORE));
		hidden += own;
	}
	ok(hidden == OWN_PAGES && machine.owned == OWN_PAGES, "what is the core's is not there");

	o.before_init = no_1g;
	world_start(&skylake_server, 1, &o);
	count(&machine.dom0_ept, limit, &m, BIT(46));
	ok(!counted.bad && !counted.g1 && counted.m2 > 2500, "2 MiB pages without 1 GiB ones");
	o.before_init = no_2m;
	world_start(&skylake_server, 1, &o);
	count(&machine.dom0_ept, limit, &m, BIT(46));
	ok(!counted.bad && !counted.g1 && !counted.m2, "4 KiB pages alone");
}

static void test_walk(void)
{
	struct ept ept;
	int level;
	u64 *entry, free;

	world_start(&skylake_server, 1, NULL);
	ept_create(&ept);
	ok(*ept_find(&ept, 0, &level) == 0 && level == 4, "an empty set ends at the top");
	ok((ept.eptp & 0xfff) == 0x1e, "EPTP: write-back, four levels");
	entry = ept_entry(&ept, 0x40000000, 3);
	*entry = 0x80000000 | EPT_RWX | EPT_TYPE(WB) | EPT_LARGE | EPT_SHARED;
	ok(ept_find(&ept, 0x7fffffff, &level) == entry && level == 3, "1 GiB leaf");
	ok(ept_translate(&ept, 0x40123456, EPT_READ) == 0x80123456, "translated");
	ok(ept_translate(&ept, 0x3fffffff, EPT_READ) == ~0ULL, "not mapped");
	entry = ept_entry(&ept, 0x40200000, 1);
	ok(*entry == (0x80200000 | EPT_RWX | EPT_TYPE(WB) | EPT_SHARED),
	   "split twice: address, rights, type and ignored bits stay");
	for (u64 a = 0x40000000; a < 0x80000000; a += 0x101000)
		check(ept_translate(&ept, a, EPT_RWX) == a + 0x40000000);
	ok(ept_translate(&ept, 0x7fffffff, EPT_RWX) == 0xbfffffff, "no translation changed");
	ok(ept_is_table(*ept_entry(&ept, 0x40200000, 2), 2), "a table stays a table");
	*entry &= ~EPT_WRITE;
	ok(ept_translate(&ept, 0x40200000, EPT_WRITE) == ~0ULL &&
	   ept_translate(&ept, 0x40200fff, EPT_READ) == 0x80200fff, "rights are looked at");
	*ept_entry(&ept, 0x100000000, 3) = EPT_OWNER_CORE;
	ok(*ept_entry(&ept, 0x100001000, 1) == EPT_OWNER_CORE &&
	   *ept_entry(&ept, 0x13ffff000, 2) == EPT_OWNER_CORE, "an owner's mark is split too");
	ok(ept_translate(&ept, 1ULL << 48, EPT_READ) == ~0ULL &&
	   ept_translate(&ept, ~0ULL, EPT_READ) == ~0ULL, "addresses above 48 bits");
	free = machine.pool.count;
	machine.pool.first = machine.pool.count = 0;
	ok(!ept_entry(&ept, 0x8000000000, 1), "no page for a table");
	machine.pool.count = free;
}

int main(void)
{
	test_fixed();
	test_variable();
	test_random();
	test_dom0();
	test_walk();
	return tap_done();
}
