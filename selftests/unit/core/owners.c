// SPDX-License-Identifier: GPL-2.0-only
#include "owners.h"
#include <sanitizer/asan_interface.h>

static struct known_page *pages;

/* Where a page of the core rests, and who has invalidated since it got there. */
enum place { IN_USE, IN_POOL, IN_LIMBO, IN_WAITING };
static u8 *place, *given;
static u32 (*stamp)[MODEL_CPUS];
static bool at_start;
static struct page_list last_pool, last_limbo, last_waiting;

struct known_page *known(u64 pa)
{
	static struct known_page outside;

	outside = (struct known_page){ NOT_RAM };
	return pa < RAM_HIGH_END ? &pages[pa >> PAGE_SHIFT] : &outside;
}

static void poison(u64 pa, bool on)
{
	if (on)
		__asan_poison_memory_region(ram(pa), PAGE_SIZE);
	else
		__asan_unpoison_memory_region(ram(pa), PAGE_SIZE);
}

void owners_set(u64 pa, u64 count, enum owner owner, u64 handle, u64 gpa)
{
	for (u64 i = 0; i < count; i++, pa += PAGE_SIZE, gpa += PAGE_SIZE) {
		struct known_page *page = known(pa);

		*page = (struct known_page){ owner, handle, gpa };
		poison(pa, owner == DOM0 || owner == MAPPED);
	}
}

bool owners_all(u64 pa, u64 count, enum owner owner)
{
	for (u64 i = 0; i < count; i++)
		if (known(pa + i * PAGE_SIZE)->owner != owner)
			return false;
	return true;
}

void owners_offer(u64 pa, u64 count)
{
	for (u64 i = 0; i < count && i < 512; i++)
		if (known(pa + i * PAGE_SIZE)->owner == DOM0)
			poison((pa & PAGE_MASK) + i * PAGE_SIZE, false);
}

void owners_withdraw(u64 pa, u64 count)
{
	for (u64 i = 0; i < count && i < 512; i++)
		if (known(pa + i * PAGE_SIZE)->owner == DOM0)
			poison((pa & PAGE_MASK) + i * PAGE_SIZE, true);
}

void owners_init(void)
{
	free(pages);
	free(place);
	free(given);
	free(stamp);
	pages = calloc(PFNS, sizeof(*pages));
	place = calloc(PFNS, 1);
	given = calloc(PFNS, 1);
	stamp = calloc(PFNS, sizeof(*stamp));
	memset(&last_pool, 0xff, sizeof(last_pool));
	for (u32 i = 0; i < boot.ram_count; i++)
		owners_set(boot.ram[i].start, (boot.ram[i].end - boot.ram[i].start) / PAGE_SIZE,
			   DOM0, 0, 0);
	owners_set(OWN_START, OWN_PAGES, CORE, 0, 0);
	at_start = true;
	owners_check_lists();
	at_start = false;
	for (u32 i = 0; i < MODEL_CPUS; i++)	/* read at launch and at leave */
		__asan_unpoison_memory_region(world_linux(i), PAGE_SIZE);
	__asan_unpoison_memory_region(ram(CRASH_PAGE), PAGE_SIZE);
}

bool owners_is_free(u64 pa)
{
	return place[pa >> PAGE_SHIFT] == IN_POOL;
}

bool owners_is_given(u64 pa)
{
	return known(pa)->owner == CORE && given[pa >> PAGE_SHIFT];
}

static void invalidated_since(u64 pa)
{
	for (u32 i = 0; i < boot.cpus; i++)
		if (machine.cpu[i] && stamp[pa >> PAGE_SHIFT][i] == model.cpu[i].invept_all)
			model_fatal("page %#lx is free though processor %u may still have it",
				    pa, i);
}

static void visit(u64 pa, enum place now, u8 *seen)
{
	u64 pfn = pa >> PAGE_SHIFT;

	if (pa & ~PAGE_MASK || known(pa)->owner != CORE || seen[pfn])
		model_fatal("page %#lx in list %d, owner %d, seen %d", pa, now, known(pa)->owner,
			    seen[pfn]);
	seen[pfn] = now;
	if (now == IN_POOL && (place[pfn] == IN_LIMBO || place[pfn] == IN_WAITING))
		invalidated_since(pa);
	if (now == IN_POOL && place[pfn] == IN_USE && !at_start)
		model_fatal("page %#lx is free without having been in limbo", pa);
	if (now == IN_LIMBO && place[pfn] != IN_LIMBO)
		for (u32 i = 0; i < MODEL_CPUS; i++)
			stamp[pfn][i] = model.cpu[i].invept_all;
	/* One operation cannot free a page and see it waited for. */
	if (now == IN_WAITING && place[pfn] != IN_WAITING && place[pfn] != IN_LIMBO)
		model_fatal("page %#lx waits but was never in limbo", pa);
}

/* Donations, linked where Domain-0 can't write: in its EPT. */
static u64 walk_given(const struct page_list *list, enum place now, u8 *seen)
{
	u64 count = 0, pa = list->given, entry;
	int level;

	for (; pa; pa = entry & EPT_ADDRESS) {
		entry = *ept_find(&machine.dom0_ept, pa, &level);
		if ((entry & (EPT_RWX | EPT_OWNER_CORE)) != EPT_OWNER_CORE)
			model_fatal("donated page %#lx has the entry %#lx", pa, entry);
		for (u64 i = 0; i < (entry >> EPT_GIVEN_SHIFT) + 1; i++, count++) {
			visit(pa + i * PAGE_SIZE, now, seen);
			given[(pa >> PAGE_SHIFT) + i] = 1;
		}
	}
	return count;
}

static void walk(const struct page_list *list, enum place now, u8 *seen)
{
	u64 count = 0, last = 0;

	for (u64 pa = list->first; pa; pa = *(u64 *)ram(pa)) {
		visit(pa, now, seen);
		count++;
		last = pa;
	}
	if (count && last != list->last)
		model_fatal("list %d ends at %#lx, not %#lx", now, last, list->last);
	count += walk_given(list, now, seen);
	if (count != list->count)
		model_fatal("list %d has %lu pages, not %lu", now, count, list->count);
}

static bool same(const struct page_list *a, struct page_list *was)
{
	bool equal = a->first == was->first && a->given == was->given && a->count == was->count;

	*was = *a;
	return equal;
}

void owners_check_lists(void)
{
	bool equal = same(&machine.pool, &last_pool);
	u8 *seen;

	equal &= same(&machine.limbo, &last_limbo);
	equal &= same(&machine.waiting, &last_waiting);
	if (equal)
		return;
	seen = calloc(PFNS, 1);
	memset(given, 0, PFNS);
	walk(&machine.pool, IN_POOL, seen);
	walk(&machine.limbo, IN_LIMBO, seen);
	walk(&machine.waiting, IN_WAITING, seen);
	free(place);
	place = seen;
}

static void use(u8 *used, u64 pa, const char *what)
{
	pa &= EPT_ADDRESS;
	if (known(pa)->owner != CORE || place[pa >> PAGE_SHIFT] != IN_USE || used[pa >> PAGE_SHIFT])
		model_fatal("%s at %#lx: owner %d, place %d, used %d", what, pa, known(pa)->owner,
			    place[pa >> PAGE_SHIFT], used[pa >> PAGE_SHIFT]);
	used[pa >> PAGE_SHIFT] = 1;
}

static u64 mapped;

static void check_leaf(u64 entry, int level, u64 gpa, const struct domain *domain)
{
	u64 pa = entry & EPT_ADDRESS;

	for (u64 i = 0; i < ept_level_size(level); i += PAGE_SIZE) {
		struct known_page *page = known(pa + i);

		if (page->owner != MAPPED || page->handle != domain->handle ||
		    page->gpa != gpa + i)
			model_fatal("a DomU has page %#lx at %#lx, whose owner is %d", pa + i,
				    gpa + i, page->owner);
		mapped++;
	}
}

static void check_tables(u8 *used, u64 table, int level, u64 gpa, const struct domain *domain)
{
	u64 *entries = ram(table & EPT_ADDRESS);

	use(used, table, "EPT table");
	for (u64 i = 0; i < 512; i++) {
		u64 at = gpa + i * ept_level_size(level);

		if (ept_is_table(entries[i], level))
			check_tables(used, entries[i], level - 1, at, domain);
		else if (domain && entries[i])
			check_leaf(entries[i], level, at, domain);
	}
}

static void check_domain(u8 *used, struct domain *domain)
{
	use(used, phys_of(domain), "domain");
	mapped = 0;
	check_tables(used, domain->ept.root, 4, 0, domain);
	if (mapped != domain->mapped)
		model_fatal("%lu pages mapped, %lu counted", mapped, domain->mapped);
	for (u32 i = 0; i < HV_VCPUS_MAX; i++) {
		struct vcpu *vcpu = domain->vcpu[i];

		if (!vcpu)
			continue;
		use(used, vcpu->self_pa, "vCPU");
		use(used, vcpu->ctx.vmcs, "VMCS");
		use(used, vcpu->xsave_pa, "XSAVE area");
		use(used, vcpu->counts_pa, "counters");
		if (known(vcpu->run_pa)->owner != RUN)
			model_fatal("run page %#lx", vcpu->run_pa);
	}
}

static void check_page(u64 pa)
{
	int level;
	u64 entry = *ept_find(&machine.dom0_ept, pa, &level);
	static const u64 bits[] = { [DOM0] = EPT_RWX, [MAPPED] = EPT_RWX | EPT_SHARED,
				    [RUN] = EPT_RWX | EPT_SHARED };
	enum owner owner = known(pa)->owner;

	/* The rest of it may link donations. */
	if (owner == CORE ? (entry & (EPT_RWX | EPT_OWNER_CORE)) != EPT_OWNER_CORE :
	    (entry & (EPT_RWX | EPT_SHARED)) != bits[owner] ||
	    ept_translate(&machine.dom0_ept, pa, EPT_RWX) != pa || (entry >> 3 & 7) != MEMORY_WB)
		model_fatal("page %#lx: owner %d, Domain-0's entry %#lx", pa, owner, entry);
}

void owners_check_all(void)
{
	u8 *used = calloc(PFNS, 1);
	u64 core = 0, accounted;

	last_pool.count = ~0ULL;
	owners_check_lists();
	for (u64 pfn = 0; pfn < PFNS; pfn++) {
		if (pfn == PFNS_LOW)
			pfn = PFN_HIGH;
		if (pages[pfn].owner == NOT_RAM)
			continue;
		/* Fixed MTRRs below 1 MiB have types of their own. */
		if (pfn >= 256)
			check_page(pfn << PAGE_SHIFT);
		core += pages[pfn].owner == CORE;
	}
	check_tables(used, machine.dom0_ept.root, 4, 0, NULL);
	for (u32 i = 0; i < HV_DOMAINS_MAX; i++)
		if (machine.domain[i])
			check_domain(used, machine.domain[i]);
	use(used, machine.msr_bitmap_dom0, "MSR bitmap");
	use(used, machine.msr_bitmap_domu, "MSR bitmap");
	accounted = MODEL_CPUS * AREA_PAGES + machine.pool.count + machine.limbo.count +
		    machine.waiting.count;
	for (u64 pfn = 0; pfn < PFNS; pfn++)
		accounted += used[pfn];
	if (core != machine.owned || accounted != core)
		model_fatal("%lu pages of the core, %lu counted, %lu accounted for", core,
			    machine.owned, accounted);
	free(used);
}
