// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's paravirtual EOI, MSR_KVM_PV_EOI_EN: an end of interrupt without an exit.
 *
 * With an interrupt that nothing waits behind, ring -1 sets a bit in a word of the
 * guest's: a promise that clearing it is enough. It is settled before anybody
 * looks at the in-service register again: a bit that is still there is taken back,
 * and the guest writes EOI as usual; one that is gone was the EOI.
 */
#include "domain.h"

#define PV_EOI_ENABLE	BIT(0)
#define PV_EOI_RESERVED	BIT(1)		/* the word is aligned */
#define PV_EOI_PROMISE	BIT(0)

bool pv_eoi_valid(u64 value)
{
	return !(value & PV_EOI_RESERVED) && !(value >> HVMOD_GPA_BITS);
}

/* NULL while its page is not mapped: then nothing is promised. */
static u32 *eoi_word(struct vcpu *vcpu, u64 msr)
{
	u64 pa = ept_translate(&vcpu->domain->ept, msr & ~PV_EOI_ENABLE, EPT_READ | EPT_WRITE);

	return pa == ~0ULL ? NULL : phys(pa);
}

void pv_eoi_promise(struct vcpu *vcpu, u32 vector)
{
	u32 *word;

	if (!(vcpu->pv_eoi_msr & PV_EOI_ENABLE) || !apic_last_edge(&vcpu->apic, vector))
		return;
	word = eoi_word(vcpu, vcpu->pv_eoi_msr);
	if (!word)
		return;
	__atomic_fetch_or(word, PV_EOI_PROMISE, __ATOMIC_SEQ_CST);
	vcpu->eoi_promised = vcpu->pv_eoi_msr;
}

void pv_eoi_settle(struct vcpu *vcpu)
{
	u32 *word = eoi_word(vcpu, vcpu->eoi_promised);

	vcpu->eoi_promised = 0;
	/* A page that went away took the bit along: the guest will write EOI. */
	if (word && !(__atomic_fetch_and(word, ~PV_EOI_PROMISE, __ATOMIC_SEQ_CST) & PV_EOI_PROMISE))
		apic_end_highest(&vcpu->apic);
}

enum verdict pv_eoi_write(struct vcpu *vcpu, u64 value)
{
	u64 pa;

	if (!pv_eoi_valid(value))
		return RESUME;
	apic_settle(vcpu);
	return value & PV_EOI_ENABLE ? exit_without_page(vcpu, value & ~PV_EOI_ENABLE, &pa) : RESUME;
}
