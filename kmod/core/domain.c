// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains and vCPUs: their pages, their table, their memory. machine.lock is
 * held throughout.
 */
#include "domain.h"

#define PAGES_2M	512
#define BLOCK_2M	(PAGES_2M * PAGE_SIZE)

/* What GATE_DONATE may need for tables, so that an empty pool can be filled. */
#define POOL_RESERVE	16

int domain_create(u64 wall_ns, u64 *handle)
{
	u32 index = machine.domain_hint;
	struct domain *domain;
	struct ept ept;
	u64 pa;

	/* Index 0 stays free: handle 0 is nobody's. */
	for (u32 i = 0; i < HV_DOMAINS_MAX; i++, index++) {
		if (index >= HV_DOMAINS_MAX)
			index = 1;
		if (!machine.domain[index])
			break;
	}
	if (index >= HV_DOMAINS_MAX || machine.domain[index])
		return -HV_ENOSPC;
	if (machine.pool.count < 2 + POOL_RESERVE)
		return -HV_ENOMEM;
	pa = page_alloc();
	ept_create(&ept);
	domain = phys(pa);
	domain->ept = ept;
	domain->wall_ns = wall_ns;
	domain->tsc_offset = -rdtsc();
	domain->handle = (u64)++machine.domain_generation[index] << 32 | index;
	machine.domain[index] = domain;
	machine.domain_hint = index + 1;
	machine.domains++;
	*handle = domain->handle;
	return 0;
}

struct domain *domain_get(u64 handle)
{
	u32 index = handle;
	struct domain *domain;

	if (index >= HV_DOMAINS_MAX)
		return NULL;
	domain = machine.domain[index];
	return domain && domain->handle == handle ? domain : NULL;
}

struct vcpu *vcpu_get(u64 handle, u64 index)
{
	struct domain *domain = domain_get(handle);

	return domain && index < HV_VCPUS_MAX ? domain->vcpu[index] : NULL;
}

static void vcpu_destroy(struct vcpu *vcpu)
{
	u64 self = vcpu->self_pa;

	if (vcpu->vpid)
		machine.vpid_used[vcpu->vpid / 64] &= ~BIT(vcpu->vpid % 64);
	page_unshare(vcpu->run_pa, 1);
	page_free(vcpu->ctx.vmcs);
	page_free(vcpu->xsave_pa);
	page_free(vcpu->counts_pa);
	if (vcpu->apic_page_pa)
		page_free(vcpu->apic_page_pa);
	page_free(self);
}

/*
 * A processor in vcpu_run() may have looked the vCPU up without the lock. Its
 * page stays what it is until that processor synchronises, and it stays
 * claimed, so the claim there fails.
 */
static int claim_all(struct domain *domain, u64 *cpu)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < HV_VCPUS_MAX; i++) {
		struct vcpu *vcpu = domain->vcpu[i];

		if (!vcpu)
			continue;
		if (!vcpu_claim(vcpu)) {
			ret = -HV_EBUSY;
			break;
		}
		if (vcpu->vmcs_cpu >= 0) {
			vcpu_release(vcpu);
			*cpu = vcpu->vmcs_cpu;
			ret = -HV_EAGAIN;
			break;
		}
	}
	while (ret && i--)
		if (domain->vcpu[i])
			vcpu_release(domain->vcpu[i]);
	return ret;
}

int domain_destroy(u64 handle, u64 *cpu)
{
	struct domain *domain = domain_get(handle);
	int ret;

	if (!domain)
		return -HV_ENOENT;
	if (domain->mapped)
		return -HV_EBUSY;
	ret = claim_all(domain, cpu);
	if (ret)
		return ret;
	for (u32 i = 0; i < HV_CPUS_MAX; i++)
		if (machine.cpu[i] && machine.cpu[i]->last_vcpu &&
		    machine.cpu[i]->last_vcpu->domain == domain)
			machine.cpu[i]->last_vcpu = NULL;
	for (u32 i = 0; i < HV_VCPUS_MAX; i++)
		if (domain->vcpu[i])
			vcpu_destroy(domain->vcpu[i]);
	ept_destroy(&domain->ept);
	machine.domain[(u32)handle] = NULL;
	machine.domains--;
	page_free(phys_of(domain));
	return 0;
}

static u32 vpid_alloc(void)
{
	u32 words = ARRAY_SIZE(machine.vpid_used);

	for (u32 i = 0; i < words; i++) {
		u32 word = (machine.vpid_hint + i) % words;
		u64 free = ~machine.vpid_used[word];

		if (free) {
			u32 bit = __builtin_ctzll(free);

			machine.vpid_used[word] |= BIT(bit);
			machine.vpid_hint = word;
			return word * 64 + bit;
		}
	}
	return 0;
}

int vcpu_create(struct cpu *cpu, u64 handle, u64 index, u64 run_pa)
{
	struct domain *domain = domain_get(handle);
	u64 self, vmcs, xsave, counts;
	struct vcpu *vcpu;
	int ret;

	if (!domain)
		return -HV_ENOENT;
	if (index >= HV_VCPUS_MAX || run_pa & ~PAGE_MASK)
		return -HV_EINVAL;
	if (domain->vcpu[index])
		return -HV_EEXIST;
	if (machine.pool.count < vcpu_pages() + 3 + POOL_RESERVE)		/* with tables for page_share() */
		return -HV_ENOMEM;
	ret = page_share(run_pa, 1);
	if (ret)
		return ret;
	self = page_alloc();
	vmcs = page_alloc();
	xsave = page_alloc();
	counts = page_alloc();
	vcpu = phys(self);
	vcpu->self_pa = self;
	vcpu->ctx.vmcs = vmcs;
	vcpu->ctx.domu = 1;
	vcpu->xsave_pa = xsave;
	vcpu->xsave = phys(xsave);
	vcpu->counts_pa = counts;
	vcpu->counts = phys(counts);
	if (machine.vid) {
		vcpu->apic_page_pa = page_alloc();
		vcpu->apic_page = phys(vcpu->apic_page_pa);
	}
	vcpu->run_pa = run_pa;
	vcpu->run = phys(run_pa);
	vcpu->domain = domain;
	vcpu->index = index;
	vcpu->vmcs_cpu = -1;
	vcpu->last_cpu = -1;
	vcpu->tsc_offset = domain->tsc_offset;
	vcpu->vpid = vpid_alloc();
	if (!vcpu->vpid || !vmx_setup_domu(cpu, vcpu)) {
		vcpu_destroy(vcpu);
		return -HV_ENOSPC;
	}
	domain->vcpu[index] = vcpu;
	return 0;
}

int domain_map(u64 handle, u64 gpa, u64 pa, u64 pages, bool readonly)
{
	struct domain *domain = domain_get(handle);
	u64 attributes = EPT_READ | EPT_EXECUTE | EPT_TYPE(MEMORY_WB) | EPT_IGNORE_PAT |
			 (readonly ? 0 : EPT_WRITE);
	int level = 1;
	u64 done;
	int ret = 0;

	if (!domain)
		return -HV_ENOENT;
	if (!pages || pages > PAGES_2M || (gpa | pa) & ~PAGE_MASK || gpa >> HVMOD_GPA_BITS ||
	    pa >> machine.max_pa_bits || (gpa % BLOCK_2M) + pages * PAGE_SIZE > BLOCK_2M)
		return -HV_EINVAL;
	if (pages == PAGES_2M && !(pa % BLOCK_2M) && machine.caps.ept_vpid & EPT_CAP_2M)
		level = 2;
	/* Tables for the DomU's EPT and for splits of Domain-0's. */
	if (machine.pool.count < 8 + POOL_RESERVE)
		return -HV_ENOMEM;
	if (level == 2) {
		u64 *entry = ept_entry(&domain->ept, gpa, 2);

		/* A table that earlier 4 KiB mappings left behind. */
		if (ept_is_table(*entry, 2))
			level = 1;
	}

	u64 step = ept_level_size(level);

	for (done = 0; done < pages * PAGE_SIZE; done += step) {
		u64 *entry;
		int at;

		/* Looked at first: ept_entry() would split a larger page. */
		entry = ept_find(&domain->ept, gpa + done, &at);
		if (!*entry)
			entry = ept_entry(&domain->ept, gpa + done, level);
		if (!entry)
			ret = -HV_ENOMEM;
		else if (*entry)
			ret = -HV_EEXIST;
		else
			ret = page_share(pa + done, level);
		if (ret)
			break;
		WRITE_ONCE(*entry, (pa + done) | attributes | (level == 2 ? EPT_LARGE : 0));
		domain->mapped += step / PAGE_SIZE;
	}
	if (ret && done)
		domain_unmap(handle, gpa, done / PAGE_SIZE);
	return ret;
}

/* Absent pages are passed over, so that a failed map can be undone simply. */
int domain_unmap(u64 handle, u64 gpa, u64 pages)
{
	struct domain *domain = domain_get(handle);
	u64 end = gpa + pages * PAGE_SIZE;
	bool split;

	if (!domain)
		return -HV_ENOENT;
	if (!pages || pages > PAGES_2M || gpa & ~PAGE_MASK || gpa >> HVMOD_GPA_BITS ||
	    (gpa % BLOCK_2M) + pages * PAGE_SIZE > BLOCK_2M)
		return -HV_EINVAL;
	while (gpa < end) {
		int level;
		u64 *entry = ept_find(&domain->ept, gpa, &level);
		u64 step = PAGE_SIZE;

		split = level == 2 && end - gpa < BLOCK_2M;
		if (*entry & EPT_RWX && split)
			return -HV_EINVAL;
		if (*entry & EPT_RWX) {
			page_unshare(*entry & EPT_ADDRESS, level);
			WRITE_ONCE(*entry, 0);
			step = ept_level_size(level);
			domain->mapped -= step / PAGE_SIZE;
		}
		gpa += step;
	}
	return 0;
}
