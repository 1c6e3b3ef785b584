// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where Linux is a guest of KVM's it has called KVM since it booted, and goes
 * on to: Documentation/virt/kvm/x86/hypercalls.rst. What KVM sees of that is
 * the core's VMCALL.
 */
#include "domain.h"
#include "kvm_abi.h"

/*
 * Handed down is what Linux may wait for endlessly, and names processors. Of
 * the rest some take physical addresses, past Domain-0's EPT; all have an error
 * that Linux goes on with.
 */
void hypercall_below(u64 *gpr)
{
	u32 number = gpr[RAX];

	if (boot.flags & HV_BOOT_KVM && (number == KVM_HC_KICK_CPU ||
					 number == KVM_HC_SEND_IPI || number == KVM_HC_SCHED_YIELD))
		gpr[RAX] = vmcall(number, gpr[RBX], gpr[RCX], gpr[RDX], gpr[RSI]);
	else
		gpr[RAX] = -HV_KVM_ENOSYS;
}

/* Those that take no address. The others were written when Linux booted. */
bool msr_below_write(u32 msr, u64 value)
{
	return boot.flags & HV_BOOT_KVM &&
	       (msr == MSR_KVM_POLL_CONTROL || msr == MSR_KVM_ASYNC_PF_ACK) && wrmsr_ok(msr, value);
}
