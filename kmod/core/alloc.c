// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator: which machine page belongs to whom.
 *
 * Domain-0's EPT is the record. A page that is not Domain-0's is an entry that
 * is not present and names the owner; a page that a DomU (or the core, for a
 * run page) uses together with Domain-0 is a present entry with EPT_SHARED.
 * All else is plain Domain-0 memory, and only that can be shared or donated.
 *
 * A page that changes hands may still stand in some processor's TLB. Such
 * pages rest in limbo until every launched processor has done a GATE_SYNC, so
 * ring -1 needs neither an IPI nor to wait. Until then Domain-0, a DomU, or a
 * processor in root mode that translated an address without the lock, may write
 * to them: the core neither keeps nor believes anything in there.
 */
#include "machine.h"

struct machine machine;

#define LEVEL_2M	2

/* Donated pages that one GATE_SYNC makes free: ring -1 does nothing for long. */
#define GIVEN_A_SYNC	4096

static void list_push(struct page_list *list, u64 pa)
{
	*(u64 *)phys(pa) = list->first;
	if (!list->first)
		list->last = pa;
	list->first = pa;
	list->count++;
}

static u64 list_pop(struct page_list *list)
{
	u64 pa = list->first;

	if (pa) {
		list->first = *(u64 *)phys(pa);
		list->count--;
	}
	return pa;
}

static void list_splice(struct page_list *to, struct page_list *from)
{
	if (!from->first)
		return;
	*(u64 *)phys(from->last) = to->first;
	if (!to->first)
		to->last = from->last;
	to->first = from->first;
	to->count += from->count;
	*from = (struct page_list){ 0 };
}

static void list_give(struct page_list *list, u64 pa, u64 pages)
{
	int level;

	WRITE_ONCE(*ept_find(&machine.dom0_ept, pa, &level),
		   EPT_OWNER_CORE | list->given | (pages - 1) << EPT_GIVEN_SHIFT);
	list->given = pa;
	list->count += pages;
}

/* The first donation's pages are the core's for good. Return: how many */
static u64 list_take(struct page_list *to, struct page_list *from)
{
	u64 pa = from->given, *entry, pages;
	int level;

	entry = ept_find(&machine.dom0_ept, pa, &level);
	from->given = *entry & EPT_ADDRESS;
	pages = (*entry >> EPT_GIVEN_SHIFT) + 1;
	WRITE_ONCE(*entry, EPT_OWNER_CORE);
	from->count -= pages;
	for (u64 i = pages; i--;)
		list_push(to, pa + i * PAGE_SIZE);
	return pages;
}

u64 page_alloc(void)
{
	u64 pa = list_pop(&machine.pool);

	if (pa)
		zero_page(phys(pa));
	return pa;
}

void page_free(u64 pa)
{
	list_push(&machine.limbo, pa);
}

/* The entry of a page at the size of its owner's unit, split if need be. */
static u64 *dom0_entry(u64 pa, int level)
{
	u64 *entry;
	int at;

	if (pa >> machine.max_pa_bits)
		return NULL;
	entry = ept_find(&machine.dom0_ept, pa, &at);
	if (at == level)
		return entry;
	return ept_entry(&machine.dom0_ept, pa, level);
}

static bool plain(u64 entry)
{
	return (entry & EPT_RWX) == EPT_RWX && !(entry & EPT_SHARED);
}

/* Only RAM is in the core's direct map. */
static bool in_ram(u64 pa, u64 bytes)
{
	for (u32 i = 0; i < boot.ram_count; i++)
		if (pa >= boot.ram[i].start && pa < boot.ram[i].end)
			return boot.ram[i].end - pa >= bytes;
	return false;
}

bool page_is_dom0(u64 pa)
{
	int level;

	return in_ram(pa, PAGE_SIZE) &&
	       plain(*ept_find(&machine.dom0_ept, pa, &level));
}

/*
 * A 2 MiB unit whose pages were once handled one by one has a table of 4 KiB
 * entries; it is as good as one entry if all of them are.
 */
static int for_each_entry(u64 pa, int level, u64 clear, u64 set)
{
	u64 *entry = dom0_entry(pa, level);
	u64 *first = entry;
	int count = 1;

	if (!entry)
		return pa >> machine.max_pa_bits ? -HV_EINVAL : -HV_ENOMEM;
	if (ept_is_table(*entry, level)) {
		first = phys(*entry & EPT_ADDRESS);
		count = 512;
	}
	for (int i = 0; i < count && set; i++)
		if (!plain(first[i]))
			return -HV_EBUSY;
	for (int i = 0; i < count; i++)
		WRITE_ONCE(first[i], (first[i] & ~clear) | set);
	return 0;
}

int page_share(u64 pa, int level)
{
	int at;

	if (!in_ram(pa, ept_level_size(level)))
		return -HV_EINVAL;
	/* Looked at first: what is not Domain-0's is not split. */
	if (!plain(*ept_find(&machine.dom0_ept, pa, &at)))
		return -HV_EBUSY;
	return for_each_entry(pa, level, 0, EPT_SHARED);
}

void page_unshare(u64 pa, int level)
{
	for_each_entry(pa, level, EPT_SHARED, 0);
}

/* One walk over [start, end): make the entries, or with @commit take them. */
static int hide_walk(u64 start, u64 end, bool commit)
{
	while (start < end) {
		int level = !(start & (ept_level_size(LEVEL_2M) - 1)) &&
			    end - start >= ept_level_size(LEVEL_2M) ? LEVEL_2M : 1;
		u64 *entry = dom0_entry(start, level);

		if (!entry)
			return -HV_ENOMEM;
		if (ept_is_table(*entry, level)) {
			level = 1;
			entry = dom0_entry(start, level);
		}
		if (commit)
			WRITE_ONCE(*entry, EPT_OWNER_CORE);
		start += ept_level_size(level);
	}
	return 0;
}

/*
 * Take [start, end) from Domain-0, all or nothing: what may fail for want of a
 * table is done first. Tables come from the pool.
 */
static int hide(u64 start, u64 end)
{
	int ret = hide_walk(start, end, false);

	return ret ? ret : hide_walk(start, end, true);
}

static bool all_plain(u64 pa, u64 pages)
{
	for (u64 i = 0; i < pages; i++)
		if (!page_is_dom0(pa + i * PAGE_SIZE))
			return false;
	return true;
}

static bool overlaps(u64 pa, u64 bytes, u64 start, u64 end)
{
	return pa < end && start < pa + bytes;
}

/* Domain-0's pages that the core or the processor writes to as long as it lives. */
static bool any_kept(u64 pa, u64 bytes)
{
	for (u32 i = 0; i < machine.tables; i++)
		if (overlaps(pa, bytes, machine.table[i].start, machine.table[i].end))
			return true;
	for (u32 i = 0; i < boot.cpus; i++)
		if (overlaps(pa, bytes, boot.linux_pa[i],
			     boot.linux_pa[i] + sizeof(struct hv_linux)))
			return true;
	return overlaps(pa, bytes, boot.crash_pa, boot.crash_pa + sizeof(struct hv_crash));
}

int pool_donate(u64 pa, u64 pages)
{
	int ret;

	/* Address 0 is the lists' word for none. */
	if (!pa || !pages || pages > 512 || pa & ~PAGE_MASK || pa >> machine.max_pa_bits)
		return -HV_EINVAL;
	if (!all_plain(pa, pages) || any_kept(pa, pages * PAGE_SIZE))
		return -HV_EBUSY;
	ret = hide(pa, pa + pages * PAGE_SIZE);
	if (ret)
		return ret;
	list_give(&machine.limbo, pa, pages);
	machine.owned += pages;
	return 0;
}

int pool_reclaim(u64 *pa)
{
	u64 page = list_pop(&machine.pool);
	u64 *entry;

	if (!page)
		return -HV_ENOENT;
	entry = dom0_entry(page, 1);
	if (!entry) {
		list_push(&machine.pool, page);
		return -HV_ENOMEM;
	}
	zero_page(phys(page));
	WRITE_ONCE(*entry, page | EPT_RWX | EPT_TYPE(MEMORY_WB));
	machine.owned--;
	*pa = page;
	return 0;
}

static bool all_reached(u64 generation)
{
	for (u32 i = 0; i < boot.cpus; i++) {
		struct cpu *cpu = machine.cpu[i];

		if (cpu && cpu->launched && cpu->sync_generation < generation)
			return false;
	}
	return true;
}

void pool_sync(struct cpu *cpu)
{
	if (!machine.waiting.count && machine.limbo.count) {
		machine.waiting = machine.limbo;
		machine.limbo = (struct page_list){ 0 };
		machine.waiting_generation = ++machine.generation;
	}
	invept(INV_ALL, 0);
	cpu->sync_generation = machine.generation;
	if (!machine.waiting.count || !all_reached(machine.waiting_generation))
		return;
	for (u64 pages = 0; machine.waiting.given && pages < GIVEN_A_SYNC;)
		pages += list_take(&machine.pool, &machine.waiting);
	if (!machine.waiting.given)
		list_splice(&machine.pool, &machine.waiting);
}

/*
 * Nothing has run under Domain-0's EPT yet, so pages are usable at once. Where
 * the processor has no 1 GiB pages the tables grow with RAM; the driver sized
 * the pool for it.
 */
u64 alloc_init(void)
{
	struct mtrrs *mtrrs = phys(boot.pool[0].start);
	int largest = dom0_ept_largest();
	u64 limit = boot.max_pa;

	mtrr_read(mtrrs);
	boot.pool[0].start += PAGE_SIZE;
	for (u32 i = 0; i < boot.pool_count; i++)
		for (u64 pa = boot.pool[i].end; pa > boot.pool[i].start; pa -= PAGE_SIZE)
			list_push(&machine.pool, pa - PAGE_SIZE);

	limit = (limit + BIT(30) - 1) & ~(BIT(30) - 1);
	if (limit < BIT(32))
		limit = BIT(32);
	if (!ept_create(&machine.dom0_ept) ||
	    !dom0_ept_build(&machine.dom0_ept, mtrrs, limit, BIT(machine.max_pa_bits), largest))
		return HV_WHY_MEMORY;
	for (u32 i = 0; i < boot.own_count; i++) {
		if (hide(boot.own[i].start, boot.own[i].end))
			return HV_WHY_MEMORY;
		machine.owned += (boot.own[i].end - boot.own[i].start) / PAGE_SIZE;
	}
	list_push(&machine.pool, phys_of(mtrrs));
	return 0;
}

void event_post(u32 event, u64 value)
{
	u32 slot = (machine.event_first + machine.event_count) % EVENTS;

	if (machine.event_count == EVENTS)
		return;
	machine.event[slot].event = event;
	machine.event[slot].value = value;
	machine.event_count++;
}

bool event_take(u64 *event, u64 *value)
{
	if (!machine.event_count)
		return false;
	*event = machine.event[machine.event_first].event;
	*value = machine.event[machine.event_first].value;
	machine.event_first = (machine.event_first + 1) % EVENTS;
	machine.event_count--;
	return true;
}
