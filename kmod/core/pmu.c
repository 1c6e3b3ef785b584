// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performance counters are Domain-0's, and count while it runs alone: one that
 * overflows may write a PEBS record, by a linear address of Domain-0's and the
 * page tables of whoever runs. VM exits clear IA32_PERF_GLOBAL_CTRL and VM
 * entries into Domain-0 load it (machine.caps.perf_global), so that nothing is
 * done here for most of them. BTS goes by IA32_DEBUGCTL, which a VM exit clears.
 *
 * Where the controls are missing the counters go on in root mode. There, and
 * where a record may come after the counter was stopped, Domain-0 has no PEBS.
 */
#include "domain.h"

#define MISC_ENABLE_NO_PEBS	BIT(12)

/*
 * Processors with architectural performance monitoring 4 and earlier whose
 * microcode lets no record come late: CPUID.1:EAX and the first revision. Of
 * others there is none (arch/x86/events/intel/core.c, pebs_no_isolation).
 */
static const struct { u32 signature, revision; } isolating[] = {
	{ 0x306c3, 0x1f }, { 0x40651, 0x1e }, { 0x40661, 0x15 },	/* Haswell */
	{ 0x306f2, 0x37 }, { 0x306f4, 0x0a },
	{ 0x306d4, 0x23 }, { 0x40671, 0x14 },				/* Broadwell */
	{ 0x50662, 0x10 }, { 0x50663, 0x7000009 }, { 0x50664, 0xf000009 },
	{ 0x50665, 0xe000002 }, { 0x406f1, 0xb000014 },
	{ 0x406e3, 0x7c }, { 0x506e3, 0x7c },				/* Skylake */
	{ 0x50653, 0x21 }, { 0x50654, 0 },
	{ 0x50655, 0 }, { 0x50656, 0 }, { 0x50657, 0 }, { 0x5065b, 0 },	/* Cascade, Cooper Lake */
	{ 0x806e9, 0x4e }, { 0x806ea, 0x4e }, { 0x806eb, 0x4e }, { 0x806ec, 0x4e },
	{ 0x906e9, 0x4e }, { 0x906ea, 0x4e }, { 0x906eb, 0x4e }, { 0x906ec, 0x4e },
	{ 0x906ed, 0x4e },						/* Kaby, Coffee Lake */
};

/* SDM volume 3, microcode update resources: the revision is there after CPUID. */
static bool pebs_isolated(void)
{
	u64 revision;
	u32 signature;

	if ((cpuid(0xa, 0).eax & 0xff) >= 5)
		return true;
	wrmsr_ok(MSR_BIOS_SIGN_ID, 0);
	signature = cpuid(1, 0).eax;
	if (!rdmsr_ok(MSR_BIOS_SIGN_ID, &revision))
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(isolating); i++)
		if (isolating[i].signature == signature)
			return revision >> 32 >= isolating[i].revision;
	return false;
}

/* A hypervisor below this one may show the flags of PEBS and not have its MSR. */
void pmu_init(void)
{
	u64 pebs;

	machine.has_pebs = machine.has_pmu && cpuid(1, 0).edx & BIT(21) &&
			   !(rdmsr(MSR_MISC_ENABLE) & MISC_ENABLE_NO_PEBS) &&
			   rdmsr_ok(MSR_PEBS_ENABLE, &pebs);
	machine.dom0_pebs = machine.has_pebs && machine.caps.perf_global && pebs_isolated();
	/* As Linux does for KVM's guests, PEBS is off in a DomU altogether. */
	if (machine.caps.perf_global)
		machine.domu_clears = machine.dom0_pebs ? MSR_PEBS_ENABLE : 0;
	else
		machine.domu_clears = machine.has_pmu ? MSR_PERF_GLOBAL_CTRL : 0;
}

static bool has_leaf_23h(void)
{
	return cpuid(0, 0).eax >= 0x23 && cpuid(7, 1).eax & BIT(8);
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
	if (has_leaf_23h()) {
		more = cpuid(0x23, 1);
		bits |= more.eax | (u64)more.ebx << 32;
	}
	/* Metrics are a counter of their own. */
	bits &= GENMASK(47, 0);
	if (cpuid(1, 0).ecx & BIT(15) && rdmsr(MSR_PERF_CAPABILITIES) & BIT(15))
		bits |= BIT(48);
	return bits;
}

/*
 * Processors with two kinds of cores and no leaf 23H have in leaf 0AH what is in
 * both, so there the processor itself is asked, which starts the counters for
 * two instructions: without PEBS.
 */
static bool processor_takes(struct cpu *cpu, u64 bits)
{
	u64 pebs;
	bool ok;

	if (has_leaf_23h())
		return false;
	pebs = machine.dom0_pebs ? rdmsr(MSR_PEBS_ENABLE) : 0;
	if (pebs)
		wrmsr(MSR_PEBS_ENABLE, 0);
	ok = wrmsr_ok(MSR_PERF_GLOBAL_CTRL, bits);
	if (ok) {
		wrmsr(MSR_PERF_GLOBAL_CTRL, 0);
		cpu->counter_bits |= bits;
	}
	if (pebs)
		wrmsr(MSR_PEBS_ENABLE, pebs);
	return ok;
}

bool pmu_dom0_write(struct cpu *cpu, u32 msr, u64 value)
{
	u64 unknown = value & ~cpu->counter_bits;

	if (msr == MSR_PEBS_ENABLE && !machine.dom0_pebs)
		return machine.has_pebs && !value;
	if (msr != MSR_PERF_GLOBAL_CTRL || !machine.caps.perf_global ||
	    (unknown && !processor_takes(cpu, unknown)))
		return false;
	vmwrite(GUEST_PERF_GLOBAL_CTRL, value);
	return true;
}

bool pmu_setup_dom0(struct cpu *cpu, const struct hv_linux *lx)
{
	if (machine.has_pebs && !machine.dom0_pebs)
		wrmsr(MSR_PEBS_ENABLE, 0);
	if (machine.caps.perf_global) {
		cpu->counter_bits = global_bits() | lx->perf_global;
		return vmwrite_ok(GUEST_PERF_GLOBAL_CTRL, lx->perf_global) &&
		       vmwrite_ok(HOST_PERF_GLOBAL_CTRL, 0);
	}
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
