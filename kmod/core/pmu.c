// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performance counters are Domain-0's, and count while it runs alone: one that
 * overflows may write a PEBS record, by a linear address of Domain-0's and the
 * page tables of whoever runs. VM exits clear IA32_PERF_GLOBAL_CTRL and VM
 * entries into Domain-0 load it (machine.caps.perf_global), so that nothing is
 * done here for most of them. BTS goes by IA32_DEBUGCTL, which a VM exit clears.
 *
 * Where the controls are missing the counters go on in root mode, and Domain-0
 * has no PEBS.
 */
#include "domain.h"

#define MISC_ENABLE_NO_PEBS	BIT(12)

void pmu_init(void)
{
	machine.has_pebs = machine.has_pmu && cpuid(1, 0).edx & BIT(21) &&
			   !(rdmsr(MSR_MISC_ENABLE) & MISC_ENABLE_NO_PEBS);
	/*
	 * A record may be on its way though no counter counts any more: as Linux
	 * does for KVM's guests, PEBS is off in a DomU altogether.
	 */
	if (machine.caps.perf_global)
		machine.domu_clears = machine.has_pebs ? MSR_PEBS_ENABLE : 0;
	else
		machine.domu_clears = machine.has_pmu ? MSR_PERF_GLOBAL_CTRL : 0;
}

/*
 * The bits that VM entry lets pass: SDM volume 3, 20.2.2; volume 2, CPUID, leaves
 * 0AH and 23H; IA32_PERF_CAPABILITIES. Kinds of processor cores differ in them.
 */
static u64 global_bits(void)
{
	struct cpuid leaf = cpuid(0xa, 0), more;
	u32 counters = leaf.eax >> 8 & 0xff, fixed = leaf.edx & 31;
	u64 bits = (BIT(counters < 32 ? counters : 32) - 1) | (BIT(fixed) - 1) << 32;

	if ((leaf.eax & 0xff) >= 5)
		bits |= (u64)leaf.ecx << 32;
	if (cpuid(0, 0).eax >= 0x23 && cpuid(7, 1).eax & BIT(8)) {
		more = cpuid(0x23, 1);
		bits |= more.eax | (u64)more.ebx << 32;
	}
	/* Metrics are a counter of their own. */
	bits &= GENMASK(47, 0);
	if (cpuid(1, 0).ecx & BIT(15) && rdmsr(MSR_PERF_CAPABILITIES) & BIT(15))
		bits |= BIT(48);
	return bits;
}

bool pmu_dom0_write(u32 msr, u64 value)
{
	if (msr == MSR_PEBS_ENABLE && !machine.caps.perf_global)
		return machine.has_pebs && !value;
	if (msr != MSR_PERF_GLOBAL_CTRL || !machine.caps.perf_global || value & ~global_bits())
		return false;
	vmwrite(GUEST_PERF_GLOBAL_CTRL, value);
	return true;
}

bool pmu_setup_dom0(const struct hv_linux *lx)
{
	if (machine.caps.perf_global)
		return vmwrite_ok(GUEST_PERF_GLOBAL_CTRL, lx->perf_global) &&
		       vmwrite_ok(HOST_PERF_GLOBAL_CTRL, 0);
	if (machine.has_pebs)
		wrmsr(MSR_PEBS_ENABLE, 0);
	if (lx->perf_global)
		wrmsr(MSR_PERF_GLOBAL_CTRL, lx->perf_global);
	return true;
}

u64 pmu_dom0_global(void)
{
	if (machine.caps.perf_global)
		return vmread(GUEST_PERF_GLOBAL_CTRL);
	return machine.has_pmu ? rdmsr(MSR_PERF_GLOBAL_CTRL) : 0;
}
