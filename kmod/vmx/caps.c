// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the processor can do, and the control words that follow from it.
 * SDM volume 3, appendix A. Wishes stand in one table, one row a word.
 */
#include "vmx.h"
#include "../../uapi/hvmod.h"
#include "../core/machine.h"

struct wish {
	u32 msr, true_msr;
	u32 needed, wanted;
	u64 why;
	u32 *word;
};

u32 vmx_solve(u64 allowed, u32 needed, u32 wanted, u32 *word)
{
	u32 must = allowed, may = allowed >> 32;

	*word = ((needed | wanted) & may) | must;
	return needed & ~may;
}

/* SDM volume 3, A.2: bit 55 of IA32_VMX_BASIC says whether the TRUE MSRs are there. */
static u64 read_allowed(u64 basic, u32 msr, u32 true_msr)
{
	return rdmsr(basic & BIT(55) && true_msr ? true_msr : msr);
}

static u64 solve(struct wish *wish, u64 basic)
{
	u32 lacking = vmx_solve(read_allowed(basic, wish->msr, wish->true_msr), wish->needed,
				wish->wanted, wish->word);

	return lacking ? wish->why | (u64)lacking << 32 : 0;
}

/* SDM volume 3, 27.2.1.1: what virtual-interrupt delivery needs beside itself. */
static bool has_vid(u64 basic)
{
	const u32 wanted = PROC2_X2APIC | PROC2_VIRTUAL_INTERRUPTS;
	u64 proc = read_allowed(basic, MSR_VMX_PROCBASED, MSR_VMX_TRUE_PROCBASED);

	return proc >> 32 & PROC_TPR_SHADOW &&
	       (rdmsr(MSR_VMX_PROCBASED2) >> 32 & wanted) == wanted;
}

/*
 * Errata by which the timer does not count as it should, of those processors
 * that have been found with one: BA86, AAT59, AAU65, AAX65, AAO95, AAN92, AAP86,
 * AAM126, AAJ124, AAK139, and a Xeon E3-1220 v2. Return: CPUID's signature, or 0.
 */
static u64 broken_timer(void)
{
	static const u32 signatures[] = { 0x106a0, 0x106a1, 0x106a4, 0x106a5, 0x106e5, 0x206e6,
					  0x20652, 0x20655, 0x306a8 };
	u32 signature = cpuid(1, 0).eax & 0x0fff3fff;

	for (u32 i = 0; i < ARRAY_SIZE(signatures); i++)
		if (signature == signatures[i])
			return signature;
	return 0;
}

/*
 * Both controls and what they are for. In some models the one of VM entry does
 * not do what it says: errata AAK155, AAP115, AAT100, AAY89, BA97, BC86, BD102.
 */
static bool has_perf_global(u64 basic)
{
	static const u8 broken[] = { 0x1a, 0x1e, 0x25, 0x2c, 0x2e };
	u32 version = cpuid(1, 0).eax, model = (version >> 12 & 0xf0) | (version >> 4 & 15);

	if (cpuid(0, 0).eax < 0xa || (cpuid(0xa, 0).eax & 0xff) < 2)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(broken); i++)
		if ((version >> 8 & 15) == 6 && model == broken[i])
			return false;
	return read_allowed(basic, MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT) >> 32 & EXIT_LOAD_PERF_GLOBAL &&
	       read_allowed(basic, MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY) >> 32 & ENTRY_LOAD_PERF_GLOBAL;
}

/* What both kinds of VMCS need; each row fails with a reason of its own. */
u64 vmx_read_caps(struct vmx_caps *caps)
{
	struct vmx_controls *dom0 = &caps->dom0, *domu = &caps->domu;
	const u32 exit_needed = EXIT_HOST_64 | EXIT_SAVE_DEBUG | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
				EXIT_SAVE_EFER | EXIT_LOAD_EFER;
	const u32 entry_needed = ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER;
	const u32 proc_domu = PROC_TSC_OFFSETTING | PROC_HLT | PROC_MWAIT | PROC_RDPMC |
			      PROC_CR8_LOAD | PROC_CR8_STORE | PROC_MOV_DR |
			      PROC_UNCONDITIONAL_IO | PROC_MONITOR;
	const u64 basic = rdmsr(MSR_VMX_BASIC);
	const bool perf = has_perf_global(basic);
	const u32 proc2_both = PROC2_RDTSCP | PROC2_INVPCID;
	struct wish wishes[] = {
		{ MSR_VMX_PROCBASED, MSR_VMX_TRUE_PROCBASED, PROC_SECONDARY, 0,
		  HV_WHY_NO_SECONDARY, &dom0->proc },
		{ MSR_VMX_PROCBASED2, 0, PROC2_EPT, 0, HV_WHY_NO_EPT, &dom0->proc2 },
		{ MSR_VMX_PROCBASED2, 0, PROC2_UNRESTRICTED_GUEST, 0,
		  HV_WHY_NO_UNRESTRICTED, &dom0->proc2 },
		{ MSR_VMX_PROCBASED, MSR_VMX_TRUE_PROCBASED, PROC_MSR_BITMAPS, 0,
		  HV_WHY_NO_MSR_BITMAP, &dom0->proc },
		{ MSR_VMX_PINBASED, MSR_VMX_TRUE_PINBASED, PIN_PREEMPTION_TIMER, 0,
		  HV_WHY_NO_PREEMPT_TIMER, &dom0->pin },

		{ MSR_VMX_PINBASED, MSR_VMX_TRUE_PINBASED, 0, 0, HV_WHY_CONTROLS, &dom0->pin },
		{ MSR_VMX_PROCBASED, MSR_VMX_TRUE_PROCBASED, PROC_SECONDARY | PROC_MSR_BITMAPS, 0,
		  HV_WHY_CONTROLS, &dom0->proc },
		{ MSR_VMX_PROCBASED2, 0, PROC2_EPT | PROC2_UNRESTRICTED_GUEST | PROC2_VPID,
		  proc2_both | PROC2_XSAVES | PROC2_USER_WAIT, HV_WHY_CONTROLS, &dom0->proc2 },
		{ MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT, exit_needed, perf ? EXIT_LOAD_PERF_GLOBAL : 0,
		  HV_WHY_CONTROLS, &dom0->exit },
		{ MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY, entry_needed | ENTRY_IA32E,
		  perf ? ENTRY_LOAD_PERF_GLOBAL : 0, HV_WHY_CONTROLS, &dom0->entry },

		{ MSR_VMX_PINBASED, MSR_VMX_TRUE_PINBASED, PIN_EXTERNAL_INTERRUPT | PIN_NMI |
		  PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER, 0, HV_WHY_CONTROLS, &domu->pin },
		{ MSR_VMX_PROCBASED, MSR_VMX_TRUE_PROCBASED, PROC_SECONDARY | PROC_MSR_BITMAPS |
		  proc_domu, 0, HV_WHY_CONTROLS, &domu->proc },
		{ MSR_VMX_PROCBASED2, 0, PROC2_EPT | PROC2_UNRESTRICTED_GUEST | PROC2_VPID |
		  PROC2_WBINVD, proc2_both, HV_WHY_CONTROLS, &domu->proc2 },
		{ MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT, exit_needed | EXIT_SAVE_PREEMPTION_TIMER, 0,
		  HV_WHY_CONTROLS, &domu->exit },
		{ MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY, entry_needed, 0, HV_WHY_CONTROLS,
		  &domu->entry },
	};
	const u64 ept_needed = EPT_CAP_WALK_4 | EPT_CAP_WB | EPT_CAP_INVEPT | EPT_CAP_INVEPT_ALL |
			       EPT_CAP_INVVPID | EPT_CAP_INVVPID_SINGLE;
	u64 why;

	caps->basic = basic;
	caps->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0);
	caps->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
	caps->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
	caps->cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);
	caps->timer_shift = rdmsr(MSR_VMX_MISC) & 31;
	for (u32 i = 0; i < ARRAY_SIZE(wishes); i++) {
		why = solve(&wishes[i], caps->basic);
		if (why)
			return why;
		/* Reading the next capability MSRs is #GP without these. */
		if (i == 1)
			caps->ept_vpid = rdmsr(MSR_VMX_EPT_VPID_CAP);
	}
	why = broken_timer();
	if (why)
		return HV_WHY_BROKEN_TIMER | why << 32;
	caps->vid = has_vid(caps->basic);
	caps->perf_global = perf;
	/* What is lacking of EPT and, in the upper half, of VPID: no bit is in both. */
	why = ~caps->ept_vpid & ept_needed;
	return why ? HV_WHY_EPT_FEATURES | (why | why >> 32) << 32 : 0;
}

u64 vmx_features(const struct vmx_caps *caps)
{
	static const struct {
		u64 cap;
		u64 feature;
	} ept[] = {
		{ EPT_CAP_2M, HVMOD_FEATURE_EPT_2M },
		{ EPT_CAP_1G, HVMOD_FEATURE_EPT_1G },
	};
	u64 features = HVMOD_FEATURE_VPID | HVMOD_FEATURE_PREEMPT_TIMER | HVMOD_FEATURE_XSAVE;

	for (u32 i = 0; i < ARRAY_SIZE(ept); i++)
		if (caps->ept_vpid & ept[i].cap)
			features |= ept[i].feature;
	return features;
}
