// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs of Domain-0. It has the processor's own but for those that hide VMX,
 * those that the core brings back after a DomU's run, and those by which the
 * processor reads, writes or maps physical memory past Domain-0's EPT.
 */
#include "domain.h"
#include "interp.h"

#define MSR_TRACE_HUB_BASE	0x80	/* processor's messages to the trace hub */
#define MSR_FZM_FIRST		0x82	/* fast zero memory */
#define MSR_FZM_LAST		0x86
#define MSR_PRMRR_BASE		0x1f4
#define MSR_PRMRR_MASK		0x1f5
#define MSR_PRMRR_BASE_FIRST	0x2a0
#define MSR_PRMRR_BASE_LAST	0x2a7
#define MSR_UNCORE_PRMRR_BASE	0x2f4
#define MSR_UNCORE_PRMRR_MASK	0x2f5
#define MSR_RTIT_OUTPUT_BASE	0x560	/* Intel PT */
#define MSR_RTIT_OUTPUT_MASK	0x561
#define MSR_RTIT_CTL		0x570
#define MSR_RTIT_LAST		0x58b
#define MSR_TME_ACTIVATE	0x982	/* memory encryption: what, and where not */
#define MSR_TME_EXCLUDE_BASE	0x984
#define MSR_SEAMRR_BASE		0x1400
#define MSR_SEAMRR_MASK		0x1401
#define MSR_HW_FEEDBACK_PTR	0x17d0

#define RTIT_CTL_TRACE_EN	BIT(0)
#define HW_FEEDBACK_VALID	BIT(0)
#define APIC_BASE_ADDRESS	GENMASK(51, 12)

#define READ	1
#define WRITE	2

/*
 * What exits. SDM volume 4, table 2-2 and those of the models. Not here: what
 * takes a linear address (IA32_DS_AREA, IA32_UINTR_*), what can only be written
 * in SMM (SMRRs, IA32_SMM_MONITOR_CTL) and what sets memory types.
 */
static const struct { u32 first, last; u8 access; } kept[] = {
	{ MSR_APIC_BASE,	MSR_APIC_BASE,		WRITE },
	{ MSR_FEATURE_CONTROL,	MSR_FEATURE_CONTROL,	READ | WRITE },
	{ MSR_TRACE_HUB_BASE,	MSR_TRACE_HUB_BASE,	WRITE },
	{ MSR_FZM_FIRST,	MSR_FZM_LAST,		WRITE },
	{ MSR_PRMRR_BASE,	MSR_PRMRR_MASK,		WRITE },
	{ MSR_PRMRR_BASE_FIRST,	MSR_PRMRR_BASE_LAST,	WRITE },
	{ MSR_UNCORE_PRMRR_BASE, MSR_UNCORE_PRMRR_MASK,	WRITE },
	{ MSR_VMX_BASIC,	MSR_VMX_BASIC + 0x13,	READ },
	{ MSR_RTIT_OUTPUT_BASE,	MSR_RTIT_OUTPUT_MASK,	READ | WRITE },
	{ MSR_RTIT_CTL,		MSR_RTIT_LAST,		READ | WRITE },
	{ MSR_TME_ACTIVATE,	MSR_TME_EXCLUDE_BASE,	WRITE },
	{ MSR_SEAMRR_BASE,	MSR_SEAMRR_MASK,	WRITE },
	{ MSR_HW_FEEDBACK_PTR,	MSR_HW_FEEDBACK_PTR,	WRITE },
	{ MSR_STAR,		MSR_SFMASK,		WRITE },
};

void dom0_msr_bitmap(u8 *bitmap)
{
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		for (u32 msr = kept[i].first; msr <= kept[i].last; msr++) {
			if (kept[i].access & READ)
				msr_bitmap_set(bitmap, msr, false, true);
			if (kept[i].access & WRITE)
				msr_bitmap_set(bitmap, msr, true, true);
		}
	/* See pmu.c. */
	msr_bitmap_set(bitmap, MSR_PERF_GLOBAL_CTRL, true, machine.caps.perf_global);
	msr_bitmap_set(bitmap, MSR_PEBS_ENABLE, true, !machine.dom0_pebs);
}

static bool is_tracing(void)
{
	return cpuid(0, 0).eax >= 7 && cpuid(7, 0).ebx & BIT(25) &&
	       rdmsr(MSR_RTIT_CTL) & RTIT_CTL_TRACE_EN;
}

static bool is_feedback_table(u64 pa)
{
	for (u32 i = 0; i < machine.tables; i++)
		if (machine.table[i].start == pa)
			return true;
	return false;
}

/*
 * SDM volume 3, 15.6. Some processors go on writing to a table after they were
 * told of another, so one that was ever seen stays Domain-0's.
 */
static u64 keep_feedback_table(void)
{
	u64 pointer, start, end;

	if (cpuid(0, 0).eax < 6 || !(cpuid(6, 0).eax & BIT(19)))
		return 0;
	pointer = rdmsr(MSR_HW_FEEDBACK_PTR);
	start = pointer & PAGE_MASK;
	end = start + ((cpuid(6, 0).edx >> 8 & 15) + 1) * PAGE_SIZE;
	if (!(pointer & HW_FEEDBACK_VALID) || is_feedback_table(start))
		return 0;
	for (u64 pa = start; pa < end; pa += PAGE_SIZE)
		if (!page_is_dom0(pa))
			return HV_WHY_FEEDBACK;
	if (machine.tables == ARRAY_SIZE(machine.table))
		return HV_WHY_FEEDBACK;
	machine.table[machine.tables++] = (struct hv_range){ start, end };
	return 0;
}

u64 dom0_msrs_check(void)
{
	u64 why;

	if (is_tracing())
		return HV_WHY_TRACING;
	lock(&machine.lock);
	why = keep_feedback_table();
	unlock(&machine.lock);
	return why;
}

static u64 *tracked_msr(struct cpu *cpu, u32 msr)
{
	switch (msr) {
	case MSR_STAR: return &cpu->dom0_star;
	case MSR_LSTAR: return &cpu->dom0_lstar;
	case MSR_CSTAR: return &cpu->dom0_cstar;
	case MSR_SFMASK: return &cpu->dom0_sfmask;
	}
	return NULL;
}

void dom0_read_msrs(struct cpu *cpu)
{
	static const u32 msrs[] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK };

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		*tracked_msr(cpu, msrs[i]) = rdmsr(msrs[i]);
}

static bool write_tracked(struct cpu *cpu, u32 msr, u64 value)
{
	u64 *tracked = tracked_msr(cpu, msr);

	if (!tracked || ((msr == MSR_LSTAR || msr == MSR_CSTAR) && !is_canonical(value)) ||
	    (msr == MSR_SFMASK && value >> 32))
		return false;
	*tracked = value;
	wrmsr(msr, value);
	return true;
}

/* The local APIC's page and the feedback table stay where they are. */
static bool write_msr(struct cpu *cpu, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_APIC_BASE:
		return !((value ^ rdmsr(msr)) & APIC_BASE_ADDRESS) && wrmsr_ok(msr, value);
	case MSR_HW_FEEDBACK_PTR:
		return is_feedback_table(value & PAGE_MASK) && wrmsr_ok(msr, value);
	}
	return pmu_dom0_write(cpu, msr, value) || write_tracked(cpu, msr, value) ||
	       msr_below_write(msr, value);
}

/* What is not allowed, or lies outside the bitmap, does not exist: #GP. */
void dom0_wrmsr(struct cpu *cpu)
{
	u64 *gpr = cpu->dom0.gpr;

	if (write_msr(cpu, gpr[RCX], (u32)gpr[RAX] | gpr[RDX] << 32))
		skip_instruction();
	else
		inject_gp();
}

/* IA32_FEATURE_CONTROL reads as locked with VMX off. */
void dom0_rdmsr(struct cpu *cpu)
{
	u64 *gpr = cpu->dom0.gpr;
	u64 value;

	if ((u32)gpr[RCX] != MSR_FEATURE_CONTROL) {
		inject_gp();
		return;
	}
	value = rdmsr(MSR_FEATURE_CONTROL) & ~(BIT(1) | FEATURE_CONTROL_VMX);
	gpr[RAX] = (u32)value;
	gpr[RDX] = value >> 32;
	skip_instruction();
}
