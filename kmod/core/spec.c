// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processor's mitigations around a DomU; what Linux does for KVM, with
 * instructions of our own. hv_boot.flags turns all of it off together.
 */
#include "domain.h"

#define ARCH_CAP_RDCL_NO	BIT(0)
#define ARCH_CAP_IBRS_ALL	BIT(1)
#define ARCH_CAP_SKIP_L1DFL	BIT(3)
#define ARCH_CAP_MDS_NO		BIT(5)
#define ARCH_CAP_TAA_NO		BIT(8)
#define ARCH_CAP_BHI_NO		BIT(20)
#define ARCH_CAP_RFDS_NO	BIT(27)
#define ARCH_CAP_RFDS_CLEAR	BIT(28)
#define SPEC_CTRL_IBRS		BIT(0)
#define SPEC_CTRL_BHI_DIS_S	BIT(10)
#define PRED_CMD_IBPB		BIT(0)
#define FLUSH_CMD_L1D		BIT(0)

/*
 * Does VERW clear buffers, and has the processor to be told? MMIO stale data
 * (CVE-2022-21123 and others) needs a device in the guest's hands; none is.
 */
static bool verw_needed(const struct cpuid *leaf7, u64 arch)
{
	bool clears = leaf7->edx & BIT(10), rtm = leaf7->ebx & BIT(11);

	if (clears && (!(arch & ARCH_CAP_MDS_NO) || (rtm && !(arch & ARCH_CAP_TAA_NO))))
		return true;
	return arch & ARCH_CAP_RFDS_CLEAR && !(arch & ARCH_CAP_RFDS_NO);
}

/*
 * What Linux relies on against indirect branches, set once at boot. Only legacy
 * IBRS is switched on and off later.
 */
static void branches_init(bool has_spec_ctrl, u64 arch)
{
	u64 spec_ctrl = has_spec_ctrl ? rdmsr(MSR_SPEC_CTRL) : 0;
	bool enhanced = arch & ARCH_CAP_IBRS_ALL;

	machine.has_ibpb = has_spec_ctrl;
	machine.legacy_ibrs = has_spec_ctrl && !enhanced;
	machine.ibpb_leave = enhanced && spec_ctrl & SPEC_CTRL_IBRS;
	machine.clear_history = enhanced && !(arch & ARCH_CAP_BHI_NO) &&
				!(spec_ctrl & SPEC_CTRL_BHI_DIS_S);
}

void spec_init(void)
{
	struct cpuid r;
	u64 arch = 0;

	if (!machine.mitigations || cpuid(0, 0).eax < 7)
		return;
	r = cpuid(7, 0);
	if (r.edx & BIT(29))
		arch = rdmsr(MSR_ARCH_CAPABILITIES);
	machine.has_verw = verw_needed(&r, arch);
	branches_init(r.edx & BIT(26), arch);
	machine.flush_l1d = r.edx & BIT(28) && !(arch & (ARCH_CAP_RDCL_NO | ARCH_CAP_SKIP_L1DFL));
}

/*
 * CVE-2017-5715 between guests and CVE-2018-3646, once for each time that
 * Domain-0 enters a DomU; VERW (CVE-2018-12130, CVE-2019-11135, CVE-2023-28746)
 * is at every entry, in entry.S. A DomU runs with Domain-0's SPEC_CTRL.
 */
void spec_enter_domu(struct cpu *cpu, struct vcpu *vcpu)
{
	if (!machine.mitigations)
		return;
	if (machine.has_ibpb && !machine.ibpb_leave && cpu->last_vcpu != vcpu)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	cpu->last_vcpu = vcpu;
	if (machine.flush_l1d)
		wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
}

/* Return predictions that a DomU left must not steer Domain-0 or the core. */
static inline void fill_return_buffer(void)
{
	asm volatile("	.rept 32\n"
		     "	call 1f\n"
		     "	int3\n"
		     "1:\n"
		     "	.endr\n"
		     "	add $32 * 8, %%rsp\n"
		     "	lfence"
		     : : : "memory", "cc");
}

/*
 * Linux goes on in the middle of its kernel, with whatever the DomU trained.
 * Retpolines don't mind. Legacy IBRS holds off what was trained before it was
 * written, so it is written again (CVE-2022-29901). Enhanced IBRS keeps root
 * mode's predictions apart from non-root mode's; but Domain-0 is in non-root
 * mode itself, so that takes an IBPB, as between two guests. And then there is
 * the history (CVE-2022-0001). The core's calls are retpolines and need none of it.
 */
void spec_leave_domu(struct cpu *cpu)
{
	u64 spec_ctrl;

	if (!machine.mitigations)
		return;
	if (machine.legacy_ibrs) {
		spec_ctrl = rdmsr(MSR_SPEC_CTRL);
		if (spec_ctrl & SPEC_CTRL_IBRS)
			wrmsr(MSR_SPEC_CTRL, spec_ctrl);
	}
	if (machine.ibpb_leave)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	fill_return_buffer();
	if (machine.clear_history)
		clear_branch_history();
}
