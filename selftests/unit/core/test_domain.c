// SPDX-License-Identifier: GPL-2.0-only
/* Domains, vCPUs and memory: the error of each wrong call, and its undoing. */
#include "world.h"

#define NO_VCPU(op, c, d)	gate_call(0, op, domain, 5, c, d).rax

static void handles(void)
{
	u64 first, second;

	world_start(&skylake_server, 2, NULL);
	first = make_domain();
	ok(first >> 32 == 1 && (u32)first, "a handle has an index and a generation");
	ok(domain_get(first) && !domain_get((u32)first) && !domain_get(first + (1ULL << 32)) &&
	   !domain_get(first | BIT(12)) && !domain_get(~0ULL) && !domain_get(0),
	   "nothing but the handle itself finds the domain");
	ok(!gate_call(0, GATE_DOM_DESTROY, first, 0, 0, 0).rax, "destroyed");
	machine.domain_hint = (u32)first;
	second = make_domain();
	ok((u32)second == (u32)first && second != first, "the place is used again");
	ok(!domain_get(first) && domain_get(second), "the old handle is stale");
	ok(gate_call(0, GATE_DOM_DESTROY, first, 0, 0, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_VCPU_CREATE, first, 0, RUN_PAGE, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_MAP, first, 0, GUEST_RAM, 1).rax == -HV_ENOENT &&
	   gate_call(0, GATE_UNMAP, first, 0, 1, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_VCPU_RUN, first, 0, 0, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_MSI, first, 0xfee00000, 0x40, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_VCPU_STATS, first, 0, 0, 0).rax == -HV_ENOENT,
	   "every operation says so");
	machine.domain_hint = HV_DOMAINS_MAX - 1;
	first = make_domain();
	second = make_domain();
	ok((u32)first == HV_DOMAINS_MAX - 1 && (u32)second == 2, "the search wraps, past index 0");
	ok(gate_call(0, GATE_DOM_PAGES, first, 0, 0, 0).rdx == 2, "a new domain is two pages of the core");
	make_vcpu(first, 0);
	ok(gate_call(0, GATE_DOM_PAGES, first, 0, 0, 0).rdx >= 6, "a vCPU is four more, and tables");
	ok(gate_call(0, GATE_DOM_PAGES, first, 0, 0, 0).rdx ==
	   gate_call(0, GATE_DOM_PAGES, first, 0, 0, 0).rcx + 1 + 4, "which are told apart");
}

static void full_table(void)
{
	u32 count = 0;
	long ret;

	world_start(&skylake_server, 1, NULL);
	for (int i = 0; i < 16; i++)
		world_donate(512);
	while (!(ret = gate_call(0, GATE_DOM_CREATE, 0, 0, 0, 0).rax))
		count++;
	ok(ret == -HV_ENOSPC && count == HV_DOMAINS_MAX - 1, "%u domains, then -ENOSPC", count);
	ok(!gate_call(0, GATE_DOM_DESTROY, machine.domain[77]->handle, 0, 0, 0).rax &&
	   (u32)make_domain() == 77, "the one free place is found");
}

static void vcpus(void)
{
	u64 domain, pool;
	struct vcpu *vcpu;

	world_start(&skylake_server, 2, NULL);
	domain = make_domain();
	pool = machine.pool.count;
	ok(NO_VCPU(GATE_VCPU_RUN, 0, 0) == -HV_ENOENT && NO_VCPU(GATE_VCPU_CLEAR, 0, 0) == -HV_ENOENT &&
	   NO_VCPU(GATE_VCPU_GET, 1, GUEST_RAM) == -HV_ENOENT, "no such vCPU");
	ok(gate_call(0, GATE_VCPU_CREATE, domain, HV_VCPUS_MAX, RUN_PAGE, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_CREATE, domain, ~0ULL, RUN_PAGE, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 1ULL << 32, RUN_PAGE, 0).rax == -HV_EINVAL,
	   "indices out of range");
	ok(gate_call(0, GATE_VCPU_CREATE, domain, 0, RUN_PAGE + 8, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 0, OWN_START, 0).rax == -HV_EBUSY &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 0, 0xa0000, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 0, 1ULL << 46, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 0, ~0xfffULL, 0).rax == -HV_EINVAL,
	   "run pages that are the core's, no RAM or nowhere");
	ok(machine.pool.count + 1 >= pool && page_is_dom0(RUN_PAGE),
	   "nothing was taken for them but a table");
	vcpu = make_vcpu(domain, 0);
	ok(vcpu->vpid > 1 && vcpu->vmcs_cpu == -1, "a vCPU with a VPID of its own");
	ok(gate_call(0, GATE_VCPU_CREATE, domain, 0, GUEST_RAM, 0).rax == -HV_EEXIST &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 1, RUN_PAGE, 0).rax == -HV_EBUSY,
	   "a second time; a run page in use");
	ok(gate_call(0, GATE_DONATE, RUN_PAGE, 1, 0, 0).rax == -HV_EBUSY &&
	   gate_call(0, GATE_MAP, domain, 0, RUN_PAGE, 1).rax == -HV_EBUSY,
	   "a run page is not donated and not mapped");
	gate_call(0, GATE_MAP, domain, 0, GUEST_RAM, 512);
	guest_run(vcpu);
	ok(gate_call(1, GATE_VCPU_RUN, domain, 0, 0, 0).rax == -HV_EBUSY &&
	   gate_call(1, GATE_VCPU_GET, domain, 0, 1, GUEST_RAM).rax == -HV_EBUSY &&
	   gate_call(1, GATE_DOM_DESTROY, domain, 0, 0, 0).rax == -HV_EBUSY,
	   "a vCPU that runs is in use");
	ok(gate_call(1, GATE_UNMAP, domain, 0, 512, 0).rax == 0, "its memory may go any time");
	ok(gate_call(1, GATE_DOM_DESTROY, domain, 0, 0, 0).rax == -HV_EBUSY &&
	   vcpu->busy, "a refused destruction does not take the claim away");
	model_use(0);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(left.rax == HV_RUN_INTERRUPT && vcpu->vmcs_cpu == 0, "back; its VMCS stays here");
	left = gate_call(1, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(left.rax == -HV_EAGAIN && left.rdx == 0 && !vcpu->busy, "-EAGAIN with the processor");
	left = gate_call(1, GATE_VCPU_GET, domain, 0, 1, GUEST_RAM);
	ok(left.rax == -HV_EAGAIN && left.rdx == 0 && !vcpu->busy, "state: the same");
	left = gate_call(1, GATE_DOM_DESTROY, domain, 0, 0, 0);
	ok(left.rax == -HV_EAGAIN && left.rdx == 0 && !vcpu->busy, "destruction: the same");
	gate_call(1, GATE_VCPU_CLEAR, domain, 0, 0, 0);
	ok(vcpu->vmcs_cpu == 0, "CLEAR on another processor does nothing");
	gate_call(0, GATE_VCPU_CLEAR, domain, 0, 0, 0);
	ok(vcpu->vmcs_cpu == -1, "CLEAR on the right one");
	u32 before = model.cpu[1].invvpids;

	model_use(1);
	guest_run(vcpu);
	ok(model.cpu[1].invvpids > before && model.cpu[1].invvpid_last == vcpu->vpid,
	   "it runs on the other processor; its VPID is invalidated there");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(1, GATE_CLEAR_ALL, 0, 0, 0, 0);
	u64 vpid = vcpu->vpid;

	ok(!gate_call(0, GATE_DOM_DESTROY, domain, 0, 0, 0).rax &&
	   !(machine.vpid_used[vpid / 64] & BIT(vpid % 64)), "destroyed, VPID free");
	ok(page_is_dom0(RUN_PAGE) && machine.cpu[1]->last_vcpu != vcpu,
	   "the run page is plain again, no pointer stays");
}

static void vpids(void)
{
	u64 domain;

	world_start(&skylake_server, 1, NULL);
	domain = make_domain();
	memset(machine.vpid_used, 0xff, sizeof(machine.vpid_used));
	ok(gate_call(0, GATE_VCPU_CREATE, domain, 0, RUN_PAGE, 0).rax == -HV_ENOSPC,
	   "no VPID: -ENOSPC");
	ok(page_is_dom0(RUN_PAGE) && !vcpu_get(domain, 0), "undone");
	ok(machine.vpid_used[0] & 1, "VPID 0 stays the core's");
	machine.vpid_used[1023] = ~BIT(63);
	ok(make_vcpu(domain, 0)->vpid == 65535, "the last VPID is found");
}

static long map(u64 domain, u64 gpa, u64 pa, u64 pages)
{
	return gate_call(0, GATE_MAP, domain, gpa, pa, pages).rax;
}

static long unmap(u64 domain, u64 gpa, u64 pages)
{
	return gate_call(0, GATE_UNMAP, domain, gpa, pages, 0).rax;
}

static void memory(void)
{
	const u64 r = GUEST_RAM, p = PAGE_SIZE, far = BIT(30);
	struct domain *d;
	u64 domain, entry;
	int level;

	world_start(&skylake_server, 1, NULL);
	domain = make_domain();
	d = domain_get(domain);
	ok(map(domain, 0, r, 0) == -HV_EINVAL && map(domain, 0, r, 513) == -HV_EINVAL &&
	   map(domain, 0, r, ~HV_MAP_READONLY) == -HV_EINVAL, "0, 513, 2^63 - 1 pages");
	ok(map(domain, 1, r, 1) == -HV_EINVAL && map(domain, 0, r + 1, 1) == -HV_EINVAL,
	   "not aligned");
	ok(map(domain, 1ULL << HVMOD_GPA_BITS, r, 1) == -HV_EINVAL &&
	   map(domain, ~0xfffULL, r, 1) == -HV_EINVAL, "guest-physical address too large");
	ok(map(domain, 0, 1ULL << 46, 1) < 0 && map(domain, 0, ~0xfffULL, 1) < 0,
	   "physical address too large");
	ok(map(domain, p, r, 512) == -HV_EINVAL && map(domain, 511 * p, r, 2) == -HV_EINVAL,
	   "across 2 MiB");
	ok(map(domain, far, 0xa0000, 1) == -HV_EINVAL && map(domain, far, RAM_END, 1) == -HV_EINVAL &&
	   map(domain, far, RAM_LOW_END - p, 2) == -HV_EINVAL, "not RAM, or half of it");
	ok(map(domain, far, OWN_START, 1) == -HV_EBUSY && map(domain, far, OWN_START - p, 2) == -HV_EBUSY,
	   "the core's pages");
	ok(!d->mapped && page_is_dom0(OWN_START - p), "a map that fails half-way leaves nothing");
	ok(!map(domain, 0, r, 512) && d->mapped == 512, "2 MiB");
	entry = *ept_find(&d->ept, 0x1234, &level);
	ok(level == 2 && entry == (r | EPT_RWX | EPT_TYPE(6) | EPT_IGNORE_PAT | EPT_LARGE),
	   "one 2 MiB entry, write-back");
	entry = *ept_find(&machine.dom0_ept, r, &level);
	ok(level == 2 && entry & EPT_SHARED, "and one in Domain-0's");
	ok(map(domain, 0, r + BIT(21), 1) == -HV_EEXIST && map(domain, 5 * p, r + BIT(21), 1) < 0,
	   "mapped already");
	ok(map(domain, BIT(21), r, 1) == -HV_EBUSY && map(domain, BIT(21), r, 512) == -HV_EBUSY,
	   "a page is not given twice");
	ok(gate_call(0, GATE_DONATE, r + 7 * p, 1, 0, 0).rax == -HV_EBUSY, "nor donated");
	ok(unmap(domain, 0, 1) == -HV_EINVAL && unmap(domain, 5 * p, 507) == -HV_EINVAL &&
	   d->mapped == 512, "a part of a 2 MiB entry is not taken out");
	ok(!unmap(domain, 0, 512) && !d->mapped && page_is_dom0(r), "unmapped");
	ok(!unmap(domain, 0, 512) && !unmap(domain, BIT(40), 512), "nothing there: fine");
	ok(!map(domain, 3 * p, r + 3 * p, 2) && d->mapped == 2, "two pages");
	ok(*ept_find(&d->ept, 3 * p, &level) & EPT_RWX && level == 1 &&
	   !*ept_find(&d->ept, 5 * p, &level), "those and no other");
	ok(map(domain, 0, r + BIT(21), 512) == -HV_EEXIST && d->mapped == 2 &&
	   page_is_dom0(r + BIT(21)), "512 pages over them: undone");
	ok(domain_get(domain)->mapped == 2 && ept_translate(&d->ept, 3 * p, EPT_READ) == r + 3 * p,
	   "what was mapped before stays");
	ok(gate_call(0, GATE_DOM_DESTROY, domain, 0, 0, 0).rax == -HV_EBUSY, "busy while mapped");
	ok(!unmap(domain, 0, 512), "a wide unmap takes both");
	ok(!map(domain, 0, r, 512) && !unmap(domain, 0, 512), "512 pages where a table is");
	ok(!gate_call(0, GATE_MAP, domain, 0, r, 1 | HV_MAP_READONLY).rax &&
	   ept_translate(&d->ept, 0, EPT_WRITE) == ~0ULL &&
	   ept_translate(&d->ept, 0, EPT_READ | EPT_EXECUTE) == r, "read-only");
}

static void no_memory(void)
{
	u64 domain, owned;

	world_start(&skylake_server, 1, NULL);
	domain = make_domain();
	while (machine.pool.count > 17)
		gate_call(0, GATE_RECLAIM, 0, 0, 0, 0);
	owned = machine.owned;
	ok(gate_call(0, GATE_DOM_CREATE, 0, 0, 0, 0).rax == -HV_ENOMEM &&
	   gate_call(0, GATE_VCPU_CREATE, domain, 0, RUN_PAGE, 0).rax == -HV_ENOMEM &&
	   gate_call(0, GATE_MAP, domain, 0, GUEST_RAM, 1).rax == -HV_ENOMEM, "the pool is low");
	ok(machine.owned == owned && machine.pool.count == 17 && page_is_dom0(RUN_PAGE),
	   "nothing was taken");
	while (!gate_call(0, GATE_RECLAIM, 0, 0, 0, 0).rax)
		;
	ok(gate_call(0, GATE_RECLAIM, 0, 0, 0, 0).rax == -HV_ENOENT && !machine.pool.count, "empty");
	/* Its table in Domain-0's EPT has to be split, without a page for it. */
	ok(gate_call(0, GATE_DONATE, RAM_HIGH, 1, 0, 0).rax == -HV_ENOMEM && page_is_dom0(RAM_HIGH),
	   "a donation that needs a table fails whole");
	ok(gate_call(0, GATE_DONATE, OWN_START - PAGE_SIZE, 1, 0, 0).rax == 0 ||
	   machine.owned < owned, "one beside the core's may do without");
}

static void limbo(void)
{
	u64 pool;

	world_start(&skylake_server, 3, NULL);
	pool = machine.pool.count;
	ok(!gate_call(0, GATE_DONATE, FREE_RAM, 8, 0, 0).rax && machine.limbo.count == 8 &&
	   machine.pool.count <= pool, "donated pages are in limbo");
	gate_call(0, GATE_SYNC, 0, 0, 0, 0);
	gate_call(1, GATE_SYNC, 0, 0, 0, 0);
	gate_call(0, GATE_SYNC, 0, 0, 0, 0);
	gate_call(1, GATE_SYNC, 0, 0, 0, 0);
	ok(machine.waiting.count == 8 && machine.pool.count <= pool, "two of three have synchronised");
	ok(!gate_call(0, GATE_DONATE, FREE_RAM + 0x8000, 1, 0, 0).rax, "one more");
	gate_call(2, GATE_SYNC, 0, 0, 0, 0);
	ok(machine.limbo.count == 1 && !machine.waiting.count && machine.pool.count > pool,
	   "the third frees the first eight, not the later one");
	gate_call(2, GATE_SYNC, 0, 0, 0, 0);
	gate_call(2, GATE_SYNC, 0, 0, 0, 0);
	ok(machine.waiting.count == 1, "one processor alone does not count twice");
	world_sync();
	ok(!machine.waiting.count && !machine.limbo.count, "all free in the end");
}

static void events(void)
{
	u64 event, value;

	world_start(&skylake_server, 1, NULL);
	ok(gate_call(0, GATE_EVENT, 0, 0, 0, 0).rax == -HV_ENOENT, "no event");
	for (u64 i = 1; i <= EVENTS + 3; i++)
		event_post(HV_EVENT_PROTECTION, i);
	for (u64 i = 1; i <= EVENTS; i++)
		check(event_take(&event, &value) && value == i);
	ok(!event_take(&event, &value), "a full queue drops the newest");
	ok(gate_call(0, GATE_OPS, 0, 0, 0, 0).rax == -HV_KVM_ENOSYS &&
	   gate_call(0, ~0ULL, 0, 0, 0, 0).rax == -HV_KVM_ENOSYS &&
	   gate_call(0, 1ULL << 32, 0, 0, 0, 0).rax == -HV_KVM_ENOSYS, "unknown operations");
	make_domain();
	ok(gate_call(0, GATE_LEAVE, 0, 0, 0, 0).rax == -HV_EBUSY &&
	   gate_call(0, GATE_LEAVE, 2, 0, 0, 0).rax == -HV_EBUSY && !machine.leaving,
	   "LEAVE while there is a domain");
}

int main(void)
{
	handles();
	full_table();
	vcpus();
	vpids();
	memory();
	no_memory();
	limbo();
	events();
	return tap_done();
}
