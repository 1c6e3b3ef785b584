// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux has a split lock raise #AC: IA32_TEST_CTRL bit 29, SDM volume 4. That is
 * for its own programs; a DomU can't turn it off and did not ask for it, and
 * its kernel would take the #AC for an oops. So it is off from a DomU's first
 * split lock to the end of the run.
 */
#include "domain.h"

#define CORE_CAP_SPLIT_LOCK	BIT(5)

/* As Linux finds it: some have it without saying so, and a guest never has it. */
void split_lock_init(void)
{
	static const u32 silent[] = { 0x606a0, 0x606c0, 0x706e0 };	/* Ice Lake X, D, L */
	struct cpuid r = cpuid(1, 0);

	machine.has_split_lock = false;
	if (r.ecx & BIT(31))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(silent); i++)
		if ((r.eax & 0x0fff3ff0) == silent[i])
			machine.has_split_lock = true;
	if (cpuid(0, 0).eax >= 7 && cpuid(7, 0).edx & BIT(30))
		machine.has_split_lock |= !!(rdmsr(MSR_CORE_CAPABILITIES) & CORE_CAP_SPLIT_LOCK);
}

/* What the guest turned on itself, as it is on a processor without detection. */
static bool guest_checks_alignment(void)
{
	return (vmread(GUEST_SS_ACCESS) >> 5 & 3) == 3 && vmread(GUEST_CR0) & CR0_AM &&
	       vmread(GUEST_RFLAGS) & RFLAGS_AC;
}

bool split_lock_allow(struct cpu *cpu)
{
	u64 value;

	if (!machine.has_split_lock || guest_checks_alignment())
		return false;
	/* The other thread of a core has the same register. */
	value = rdmsr(MSR_TEST_CTRL);
	if (!(value & TEST_CTRL_SPLIT_LOCK))
		return false;
	cpu->dom0_test_ctrl = value;
	wrmsr(MSR_TEST_CTRL, value & ~TEST_CTRL_SPLIT_LOCK);
	return true;
}

void split_lock_restore(struct cpu *cpu)
{
	wrmsr(MSR_TEST_CTRL, cpu->dom0_test_ctrl);
	cpu->dom0_test_ctrl = 0;
}
