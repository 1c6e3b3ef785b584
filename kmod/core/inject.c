// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events into a DomU, SDM volume 3, 25.8.3 and 27.6. One is injected an entry:
 * an interrupted one first, then an NMI, then the highest interrupt.
 */
#include "domain.h"

static void set_window(bool *is, bool wanted, u64 bit)
{
	u64 proc;

	if (*is == wanted)
		return;
	*is = wanted;
	proc = vmread(PROC_BASED_CONTROLS);
	vmwrite(PROC_BASED_CONTROLS, wanted ? proc | bit : proc & ~bit);
}

void queue_exception(u32 vector, bool has_error, u32 error)
{
	inject(INFO_HARDWARE | vector | (has_error ? INFO_ERROR_CODE : 0), error);
}

/* Not in real mode: exceptions have no error code there. */
enum verdict resume_with_gp(struct vcpu *vcpu)
{
	queue_exception(VECTOR_GP, vmread(GUEST_CR0) & CR0_PE, 0);
	return RESUME;
}

enum verdict resume_with_ud(struct vcpu *vcpu)
{
	queue_exception(VECTOR_UD, false, 0);
	return RESUME;
}

/* An event whose delivery the exit cut off must be delivered again. */
void keep_interrupted_event(struct vcpu *vcpu)
{
	u64 info = vmread(IDT_VECTORING_INFO);

	if (likely(!(info & INFO_VALID)) || vmread(ENTRY_INTERRUPTION_INFO) & INFO_VALID)
		return;
	switch (INFO_TYPE(info)) {
	case TYPE_SOFTWARE_INTERRUPT:
	case TYPE_PRIVILEGED_SOFTWARE:
	case TYPE_SOFTWARE_EXCEPTION:
		vmwrite(ENTRY_INSTRUCTION_LENGTH, vmread(EXIT_INSTRUCTION_LENGTH));
		break;
	case TYPE_NMI:
		vmwrite(GUEST_INTERRUPTIBILITY, vmread(GUEST_INTERRUPTIBILITY) & ~BLOCKED_BY_NMI);
		break;
	}
	if (info & INFO_ERROR_CODE)
		vmwrite(ENTRY_EXCEPTION_ERROR, vmread(IDT_VECTORING_ERROR));
	vmwrite(ENTRY_INTERRUPTION_INFO, info & ~INFO_NMI_UNBLOCKING & 0xffffffff);
}

enum verdict resume_event(struct vcpu *vcpu)
{
	vcpu->event = 1;
	return RESUME;
}

/* What ends HLT is what can be delivered: SDM volume 2, HLT. */
bool can_wake(struct vcpu *vcpu)
{
	if (unlikely(vcpu->unhalt))
		return true;
	if (vcpu->nmi_pending && !(vmread(GUEST_INTERRUPTIBILITY) & BLOCKED_BY_NMI))
		return true;
	apic_settle(vcpu);
	return vmread(GUEST_RFLAGS) & RFLAGS_IF && apic_deliverable(&vcpu->apic) >= 0;
}

/*
 * @event is cleared before the sources are looked at, so that one that sets it
 * meanwhile is seen next time.
 */
void deliver_events(struct vcpu *vcpu)
{
	bool busy = vmread(ENTRY_INTERRUPTION_INFO) & INFO_VALID;
	u64 blocked = vmread(GUEST_INTERRUPTIBILITY);
	bool window;
	int vector;

	__atomic_exchange_n(&vcpu->event, 0, __ATOMIC_SEQ_CST);
	if (vcpu->nmi_pending) {
		bool open = !busy && !(blocked & (BLOCKED_BY_NMI | BLOCKED_BY_MOV_SS | BLOCKED_BY_STI));

		if (open) {
			vcpu->nmi_pending = false;
			inject(INFO_NMI | VECTOR_NMI, 0);
			vcpu->counts->nmis++;
			busy = true;
		}
	}
	set_window(&vcpu->nmi_window, vcpu->nmi_pending, PROC_NMI_WINDOW);
	if (unlikely(vcpu->vid != vid_wanted(vcpu))) {
		apic_settle(vcpu);
		vid_switch(vcpu);
	}
	if (vcpu->vid) {
		vid_post(vcpu);
		set_window(&vcpu->window, false, PROC_INTERRUPT_WINDOW);
		return;
	}
	apic_settle(vcpu);
	vector = apic_deliverable(&vcpu->apic);
	window = vector >= 0;
	if (window && !busy && vmread(GUEST_RFLAGS) & RFLAGS_IF &&
	    !(blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))) {
		apic_accept(&vcpu->apic, vector);
		inject(INFO_EXTERNAL | vector, 0);
		vcpu->counts->interrupts++;
		pv_eoi_promise(vcpu, vector);
		window = apic_deliverable(&vcpu->apic) >= 0;
	}
	set_window(&vcpu->window, window, PROC_INTERRUPT_WINDOW);
}
