// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits that the VMM gets to see.
 */
#include "domain.h"

enum verdict vmm_exit(struct vcpu *vcpu, enum hvmod_exit exit, enum hvmod_why why)
{
	struct hvmod_run *run = vcpu->run;
	u32 wanted = READ_ONCE(run->wanted);

	run->exit = exit;
	run->why = why;
	run->next_rip = vmread(GUEST_RIP);
	run->valid = unlikely(wanted) ? vcpu_export(vcpu, wanted) : 0;
	return TO_VMM;
}

enum verdict vmm_failure(struct vcpu *vcpu, enum hvmod_exit exit, enum hvmod_why why)
{
	struct hvmod_run *run = vcpu->run;

	run->failure.hw_reason = vmread(EXIT_REASON) & EXIT_REASON_BASIC;
	run->failure.vmx_error = exit == HVMOD_EXIT_ENTRY_FAILED && why < HVMOD_WHY_GUEST_STATE ?
				 vmread(VM_INSTRUCTION_ERROR) : 0;
	run->failure.qualification = vmread(EXIT_QUALIFICATION);
	vmm_exit(vcpu, exit, why);
	run->valid = vcpu_export(vcpu, HVMOD_STATE_REGS | HVMOD_STATE_SREGS);
	return TO_VMM;
}
