// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile Domain-0: the gate's operations in any order with any arguments,
 * and guests that exit. After each step the answers must agree with who owned
 * which page before; every so often all tables are compared.
 */
#include "owners.h"
#include <sanitizer/asan_interface.h>

#define STEPS	100000
#define CPUS	3
#define HANDLES	12

static u64 seed = 0x9e3779b97f4a7c15ULL;
static u64 handles[HANDLES];
static u32 handle_count;
static u64 made, answers[GATE_OPS][2], runs, exits, stale_writes;

static u64 rnd(u64 below)
{
	return tap_random(&seed) % below;
}

static u64 any_handle(void)
{
	switch (rnd(12)) {
	case 0: return tap_random(&seed);
	case 1: return rnd(HV_DOMAINS_MAX + 2);
	case 2: return (rnd(4) << 32) | rnd(HV_DOMAINS_MAX + 2);
	}
	return handle_count ? handles[rnd(handle_count)] : 0;
}

static u64 any_index(void)
{
	return rnd(16) ? rnd(4) / 3 : rnd(2) ? rnd(130) : tap_random(&seed);
}

static u64 any_pa(void)
{
	static const u64 odd[] = { 0, RAM_LOW_END - PAGE_SIZE, RAM_LOW_END, 0xa0000, 0x100000,
				   RAM_END - PAGE_SIZE, RAM_END, RAM_HIGH, RAM_HIGH_END - PAGE_SIZE,
				   RAM_HIGH_END, OWN_START, 1ULL << 46, 1ULL << 52, ~0ULL, ~0xfffULL,
				   0xfee00000, LINUX_PAGE };
	u64 pa;

	switch (rnd(10)) {
	case 0:
		pa = odd[rnd(ARRAY_SIZE(odd))];
		break;
	case 1:
		pa = tap_random(&seed) >> rnd(60);
		break;
	case 2: case 3: case 4:
		pa = rnd(RAM_END >> 21) << 21;
		break;
	case 5:
		pa = RAM_HIGH + rnd(RAM_HIGH_END - RAM_HIGH);
		break;
	default:
		pa = rnd(RAM_END);
	}
	return rnd(20) ? pa & PAGE_MASK : pa + rnd(3) - 1;
}

static u64 any_gpa(void)
{
	switch (rnd(8)) {
	case 0: return tap_random(&seed) >> rnd(60);
	case 1: return (rnd(64) << 30) + (rnd(1024) << 12);
	case 2: case 3: return rnd(8) << 21;
	}
	return rnd(8 * 512) << 12;
}

static u64 any_pages(void)
{
	switch (rnd(6)) {
	case 0: return 512;
	case 1: return tap_random(&seed) >> rnd(60);
	case 2: return rnd(514);
	}
	return 1 + rnd(8);
}

static struct answer call(u32 cpu, u64 op, u64 a, u64 b, u64 c, u64 d)
{
	struct answer r = gate_call(cpu, op, a, b, c, d);

	if (op < GATE_OPS)
		answers[op][r.rax < 0]++;
	return r;
}

static void forget(u64 handle)
{
	for (u32 i = 0; i < handle_count; i++)
		if (handles[i] == handle)
			handles[i] = handles[--handle_count];
}

/* What was donated lately: Domain-0's TLBs still have it until they are told. */
static struct { u64 pa, pages; } lately[16];

static void remember(u64 pa, u64 pages)
{
	static u32 next;

	lately[next % ARRAY_SIZE(lately)].pa = pa;
	lately[next++ % ARRAY_SIZE(lately)].pages = pages;
}

static void stale_write(void)
{
	u32 i = rnd(ARRAY_SIZE(lately));
	u64 pa = lately[i].pages ? lately[i].pa + rnd(lately[i].pages) * PAGE_SIZE : 0;

	if (!pa || !owners_is_given(pa))
		return;
	*(u64 *)ram(pa) = rnd(2) ? OWN_START + rnd(OWN_PAGES) * PAGE_SIZE : tap_random(&seed);
	stale_writes++;
}

static void donate(u32 cpu)
{
	u64 pa = any_pa(), count = any_pages();
	bool good;

	if (machine.owned > 6000)
		return;
	good = !(pa & ~PAGE_MASK) && count && count <= 512 && owners_all(pa, count, DOM0);
	owners_offer(pa, count);
	if (!call(cpu, GATE_DONATE, pa, count, 0, 0).rax) {
		if (!good)
			model_fatal("donation of %#lx, %lu pages", pa, count);
		owners_set(pa, count, CORE, 0, 0);
		remember(pa, count);
	} else {
		owners_withdraw(pa, count);
	}
}

static bool reclaim_one(u32 cpu)
{
	struct answer r;
	u64 *page;

	r = call(cpu, GATE_RECLAIM, 0, 0, 0, 0);
	if (r.rax)
		return false;
	page = ram(r.rdx);
	if (known(r.rdx)->owner != CORE || !owners_is_free(r.rdx))
		model_fatal("reclaimed %#lx, which was not free", r.rdx);
	for (int i = 0; i < 512; i++)
		if (page[i])
			model_fatal("reclaimed page %#lx is not zero", r.rdx);
	owners_set(r.rdx, 1, DOM0, 0, 0);
	return true;
}

static void reclaim(u32 cpu)
{
	u64 count = rnd(400);

	owners_check_lists();
	while (count-- && reclaim_one(cpu))
		;
}

static void create(u32 cpu)
{
	static u64 last;
	struct answer r;

	if (handle_count == HANDLES)
		return;
	r = call(cpu, GATE_DOM_CREATE, tap_random(&seed), 0, 0, 0);
	if (r.rax)
		return;
	for (u32 i = 0; i < handle_count; i++)
		if (handles[i] == r.rdx)
			model_fatal("handle %#lx is in use", r.rdx);
	if (!r.rdx || r.rdx == last)
		model_fatal("handle %#lx", r.rdx);
	handles[handle_count++] = last = r.rdx;
	made++;
}

static void release(u64 handle, enum owner owner)
{
	for (u64 pfn = 0; pfn < PFNS; pfn++) {
		struct known_page *page;

		if (pfn == PFNS_LOW)
			pfn = PFN_HIGH;
		page = known(pfn << PAGE_SHIFT);
		if (page->owner == owner && page->handle == handle)
			owners_set(pfn << PAGE_SHIFT, 1, DOM0, 0, 0);
	}
}

static void destroy(u32 cpu)
{
	u64 handle = any_handle();
	struct domain *domain = domain_get(handle);
	bool good = domain && !domain->mapped;

	if (!call(cpu, GATE_DOM_DESTROY, handle, 0, 0, 0).rax) {
		if (!good)
			model_fatal("destroyed %#lx", handle);
		release(handle, RUN);
		forget(handle);
	}
}

static void make(u32 cpu)
{
	u64 handle = any_handle(), index = any_index(), pa = any_pa();
	bool good = !(pa & ~PAGE_MASK) && owners_all(pa, 1, DOM0);

	owners_offer(pa, 1);
	if (!call(cpu, GATE_VCPU_CREATE, handle, index, pa, 0).rax) {
		if (!good || index >= HV_VCPUS_MAX)
			model_fatal("vCPU %lu with run page %#lx", index, pa);
		owners_set(pa, 1, RUN, handle, 0);
		memset(ram(pa), 0, PAGE_SIZE);
	} else {
		owners_withdraw(pa, 1);
	}
}

static void map(u32 cpu)
{
	u64 handle = any_handle(), gpa = any_gpa(), pa = any_pa(), count = any_pages();
	bool good = !((gpa | pa) & ~PAGE_MASK) && count && count <= 512 &&
		    owners_all(pa, count, DOM0);
	u64 flag = rnd(4) ? 0 : HV_MAP_READONLY;

	if (!call(cpu, GATE_MAP, handle, gpa, pa, count | flag).rax) {
		if (!good || (count & HV_MAP_READONLY))
			model_fatal("mapped %#lx, %lu pages", pa, count);
		owners_set(pa, count, MAPPED, handle, gpa);
	}
}

static void unmap(u32 cpu)
{
	u64 handle = any_handle(), gpa = any_gpa(), count = any_pages();

	if (call(cpu, GATE_UNMAP, handle, gpa, count, 0).rax)
		return;
	for (u64 pfn = 0; pfn < PFNS; pfn++) {
		struct known_page *page;

		if (pfn == PFNS_LOW)
			pfn = PFN_HIGH;
		page = known(pfn << PAGE_SHIFT);
		if (page->owner == MAPPED && page->handle == handle && page->gpa >= gpa &&
		    page->gpa < gpa + count * PAGE_SIZE)
			owners_set(pfn << PAGE_SHIFT, 1, DOM0, 0, 0);
	}
}

static void state(u32 cpu)
{
	static const u64 sizes[] = { sizeof(struct hvmod_regs), sizeof(struct hvmod_sregs), 16 * 17,
				     8 + 2688, sizeof(struct hvmod_apic_state),
				     sizeof(struct hvmod_events) };
	u64 handle = any_handle(), index = any_index(), pa = any_pa();
	u64 i = rnd(8), group = i < 6 ? BIT(i) : tap_random(&seed);
	bool good = !(pa & ~PAGE_MASK) && owners_all(pa, 1, DOM0);

	owners_offer(pa, 1);
	if (rnd(2)) {
		if (!call(cpu, GATE_VCPU_GET, handle, index, group, pa).rax && !good)
			model_fatal("state read into %#lx", pa);
	} else {
		if (good) {
			u64 *page = ram(pa);

			if (rnd(2))
				for (int n = 1; n < 512; n++)
					page[n] = rnd(3) ? 0 : tap_random(&seed) >> rnd(64);
			page[0] = rnd(8) && i < 6 ? sizes[i] : tap_random(&seed) >> rnd(64);
		}
		if (!call(cpu, GATE_VCPU_SET, handle, index,
			  group | (rnd(3) ? 0 : HV_SET_CHECK), pa).rax && !good)
			model_fatal("state written from %#lx", pa);
	}
	owners_withdraw(pa, 1);
}

static void run(u32 cpu)
{
	u64 handle = any_handle(), index = any_index();
	struct vcpu *vcpu = vcpu_get(handle, index);

	if (vcpu && !rnd(4)) {
		vcpu->run->dirty = rnd(2) ? rnd(4) : tap_random(&seed);
		vcpu->run->wanted = tap_random(&seed);
		((u64 *)vcpu->run)[rnd(sizeof(*vcpu->run) / 8)] = tap_random(&seed) >> rnd(64);
	}
	call(cpu, GATE_VCPU_RUN, handle, index, tap_random(&seed), tap_random(&seed));
	runs += model.cpu[cpu].core->vcpu != NULL;
}

static void counts(u32 cpu)
{
	u64 pa = any_pa();
	bool good = !(pa & ~PAGE_MASK) && owners_all(pa, 1, DOM0);
	long ret;

	owners_offer(pa, 1);
	ret = rnd(2) ? call(cpu, GATE_VCPU_COUNTS, any_handle(), any_index(), pa, 0).rax :
	      call(cpu, GATE_CPU_COUNTS, rnd(CPUS + 2), pa, 0, 0).rax;
	if (!ret && !good)
		model_fatal("counters written to %#lx", pa);
	owners_withdraw(pa, 1);
}

static void exit_once(void)
{
	static const u32 reasons[] = { EXIT_EXTERNAL_INTERRUPT, EXIT_CPUID, EXIT_HLT, EXIT_IO,
				       EXIT_RDMSR, EXIT_EPT_VIOLATION, EXIT_PREEMPTION_TIMER,
				       EXIT_VMCALL, EXIT_TRIPLE_FAULT, EXIT_MOV_DR, EXIT_XSETBV,
				       EXIT_EPT_MISCONFIGURATION, EXIT_INTERRUPT_WINDOW };
	u64 *gpr = this_cpu()->vcpu->ctx.gpr;

	for (int i = 0; i < 4; i++)
		gpr[i] = tap_random(&seed) >> rnd(64);
	exit_gpa = tap_random(&seed) & (BIT(46) - 1);
	u32 reason = reasons[rnd(rnd(4) ? 2 : ARRAY_SIZE(reasons))];
	u64 qualification = rnd(BIT(20));

	if (reason == EXIT_IO)
		qualification = (qualification & ~7ULL) | (BIT(rnd(3)) - 1);
	guest_exit(reason, qualification);
	exits++;
}

/* A domain to its end, so that the table does not fill up. */
static void demolish(u32 cpu)
{
	u64 handle = handle_count ? handles[rnd(handle_count)] : 0;
	struct known_page page;

	for (u64 pfn = 0; handle && pfn < PFNS; pfn++) {
		if (pfn == PFNS_LOW)
			pfn = PFN_HIGH;
		page = *known(pfn << PAGE_SHIFT);
		if (page.owner != MAPPED || page.handle != handle)
			continue;
		if (call(cpu, GATE_UNMAP, handle, page.gpa, 1, 0).rax) {
			check(!call(cpu, GATE_UNMAP, handle, page.gpa & ~(BIT(21) - 1), 512, 0).rax);
			owners_set(pfn << PAGE_SHIFT, 512, DOM0, 0, 0);
		} else {
			owners_set(pfn << PAGE_SHIFT, 1, DOM0, 0, 0);
		}
	}
	for (u32 i = 0; i < CPUS; i++)
		if (!model.cpu[i].core->vcpu)
			call(i, GATE_CLEAR_ALL, 0, 0, 0, 0);
	if (!call(cpu, GATE_DOM_DESTROY, handle, 0, 0, 0).rax) {
		release(handle, RUN);
		forget(handle);
	}
}

/* Domain-0 touches what is hidden from it, or not there. */
static void touch(u32 cpu)
{
	exit_gpa = rnd(2) ? any_pa() & (BIT(46) - 1) : OWN_START + rnd(OWN_PAGES * PAGE_SIZE);
	dom0_do(EXIT_EPT_VIOLATION, rnd(8));
}

static void other(u32 cpu)
{
	static const u8 ops[] = { GATE_NOP, GATE_VCPU_CLEAR, GATE_CLEAR_ALL, GATE_VCPU_MMIO,
				  GATE_VCPU_EXPORT, GATE_APIC, GATE_MSI, GATE_VCPU_STATS,
				  GATE_EVENT, GATE_FAULT, GATE_DOM_PAGES };
	u64 op = ops[rnd(ARRAY_SIZE(ops))], c = tap_random(&seed) >> rnd(64);

	if (op == GATE_APIC)
		c = (rnd(260) << 4) | (rnd(2) ? HV_APIC_WRITE : 0);
	if (op == GATE_MSI)
		call(cpu, op, any_handle(), 0xfee00000 | rnd(BIT(20)), tap_random(&seed), 0);
	else if (!rnd(30))
		call(cpu, GATE_OPS + rnd(~0U), any_handle(), any_index(), c, 0);
	else
		call(cpu, op, any_handle(), any_index(), c, tap_random(&seed));
}

static void step(u32 number)
{
	static void (*const kinds[])(u32 cpu) = {
		create, destroy, make, make, map, map, map, unmap, unmap, state, run, run, run,
		run, counts, other, other, touch, donate, reclaim,
	};
	u32 cpu = rnd(CPUS), kind = rnd(ARRAY_SIZE(kinds) + 4);

	/* By turns the pool runs dry and is filled. */
	if (kind == ARRAY_SIZE(kinds) - 1 && number / 4096 & 1)
		kind--;

	model.tsc += rnd(3000000);
	stale_write();
	model_use(cpu);
	if (this_cpu()->vcpu)
		exit_once();
	else if (kind < ARRAY_SIZE(kinds))
		kinds[kind](cpu);
	else if (!rnd(100))
		demolish(cpu);
	else
		call(cpu, GATE_SYNC, 0, 0, 0, 0);
}

static void hostile_domain0(void)
{
	world_start(&skylake_server, CPUS, NULL);
	hostile_states = true;
	owners_init();
	owners_check_all();
	for (u32 i = 0; i < STEPS; i++) {
		step(i);
		owners_check_lists();
		if (i % 500 == 0)
			owners_check_all();
	}
	owners_check_all();
	hostile_states = false;
	ok(true, "%d random operations: no page is in two hands", STEPS);
	ok(made > 100 && runs > 1000 && exits > 1000, "%lu domains, %lu runs, %lu exits, %u refused",
	   made, runs, exits, entries_refused);
	ok(stale_writes > 100, "%lu writes by translations that were gone", stale_writes);
	for (u32 op = 0; op < GATE_OPS; op++) {
		bool never = op == GATE_LEAVE || op == GATE_FAULT;
		bool always = op == GATE_NOP || op == GATE_SYNC || op == GATE_CLEAR_ALL;

		ok(never || (answers[op][0] && (answers[op][1] || always)),
		   "operation %u: %lu taken, %lu refused", op, answers[op][0], answers[op][1]);
	}
}

static void clean_up(void)
{
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		model_use(cpu);
		while (this_cpu()->vcpu)
			guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	}
	for (u64 pfn = 0; pfn < PFNS; pfn++) {
		struct known_page page;

		if (pfn == PFNS_LOW)
			pfn = PFN_HIGH;
		page = *known(pfn << PAGE_SHIFT);
		if (page.owner != MAPPED)
			continue;
		/* A 2 MiB entry goes as a whole. */
		if (gate_call(0, GATE_UNMAP, page.handle, page.gpa, 1, 0).rax)
			check(!gate_call(0, GATE_UNMAP, page.handle, page.gpa & ~(BIT(21) - 1), 512,
					 0).rax);
	}
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		gate_call(cpu, GATE_CLEAR_ALL, 0, 0, 0, 0);
	while (handle_count)
		check(!gate_call(0, GATE_DOM_DESTROY, handles[--handle_count], 0, 0, 0).rax);
	world_sync();
	ok(!machine.domains && !machine.limbo.count && !machine.waiting.count,
	   "all can be undone");
	for (u32 i = 0; i < 1024; i++)
		if (machine.vpid_used[i] != (i ? 0 : 3))
			check(false);
	while (!gate_call(0, GATE_RECLAIM, 0, 0, 0, 0).rax)
		;
	ok(machine.owned < OWN_PAGES + 400, "all but the tables comes back: %lu pages",
	   machine.owned);
}

static void page_zero(void)
{
	world_start(&skylake_server, 1, NULL);
	ok(gate_call(0, GATE_DONATE, 0, 1, 0, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_DONATE, 0, 2, 0, 0).rax == -HV_EINVAL,
	   "page 0, whose address means none, is not taken");
	world_sync();
	ok(machine.pool.first && !machine.limbo.count, "and the lists are whole");
}

/*
 * Domain-0 still writes to what it gave away, by a translation that no
 * processor has dropped: no word in there may mean anything to the core.
 */
static void stale_translation(void)
{
	u64 victim = OWN_START + ((MODEL_CPUS - 1) * AREA_PAGES + AREA_STACK) * PAGE_SIZE;
	u32 given = 0, others = 0;

	world_start(&skylake_server, 2, NULL);
	memset(ram(victim), 0x5a, PAGE_SIZE);
	check(!gate_call(0, GATE_DONATE, FREE_RAM, 2, 0, 0).rax);
	for (u64 i = 0; i < 2; i++)
		*(u64 *)ram(FREE_RAM + i * PAGE_SIZE) = victim;
	world_sync();
	ok(machine.pool.count && !machine.limbo.count && !machine.waiting.count,
	   "donated pages whose first words Domain-0 wrote later are free");
	for (u32 i = 0; i < 3; i++) {
		struct answer r = gate_call(0, GATE_RECLAIM, 0, 0, 0, 0);

		given += !r.rax && r.rdx >> 13 == FREE_RAM >> 13;
		others += r.rax || r.rdx == victim;
	}
	ok(given == 2 && !others && !page_is_dom0(victim) && *(u8 *)ram(victim) == 0x5a,
	   "they come back, and no page that such a word names");
}

/* Pages of Domain-0's that the core goes on writing to. */
static void kept_pages(void)
{
	world_start(&skylake_server, 2, NULL);
	ok(gate_call(0, GATE_DONATE, LINUX_PAGE, 1, 0, 0).rax == -HV_EBUSY &&
	   gate_call(0, GATE_DONATE, LINUX_PAGE + PAGE_SIZE, 4, 0, 0).rax == -HV_EBUSY,
	   "the state that a processor goes back to Linux with is not taken");
	ok(gate_call(0, GATE_DONATE, CRASH_PAGE - PAGE_SIZE, 2, 0, 0).rax == -HV_EBUSY,
	   "nor the page for the last words");
	ok(!machine.limbo.count && !gate_call(0, GATE_DONATE, LINUX_PAGE + 2 * PAGE_SIZE, 1, 0, 0).rax,
	   "the one behind them is");
}

int main(void)
{
	page_zero();
	kept_pages();
	stale_translation();
	hostile_domain0();
	__asan_unpoison_memory_region(ram(0), RAM_END);
	__asan_unpoison_memory_region(ram(RAM_HIGH), RAM_HIGH_END - RAM_HIGH);
	clean_up();
	return tap_done();
}
