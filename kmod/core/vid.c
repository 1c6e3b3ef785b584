// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual-interrupt delivery, SDM volume 3, 30.1 and 30.2: the processor has TPR,
 * ISR and IRR of a vCPU in x2APIC mode in a page, and delivers and ends its
 * interrupts without an exit.
 *
 * It is so only while the vCPU runs. Who looks at its struct apic takes the
 * state out of the page first, and deliver_events() puts it back before the next
 * entry. Other processors always set their requests in apic.irr; an arbiter of
 * lowest priority sees what was last taken out.
 */
#include "apic_impl.h"

/* A register in the page. */
static u32 *reg(struct vcpu *vcpu, u32 number)
{
	return &vcpu->apic_page[number * 4];
}

/* The highest vector in eight registers, 0 if there is none. */
static u32 highest(struct vcpu *vcpu, u32 first)
{
	for (int i = 7; i >= 0; i--) {
		u32 word = *reg(vcpu, first + i);

		if (word)
			return i * 32 + 31 - __builtin_clz(word);
	}
	return 0;
}

void vid_take_state(struct vcpu *vcpu)
{
	struct apic *apic = &vcpu->apic;

	apic->tpr = *reg(vcpu, REG_TPR) & 0xff;
	for (u32 i = 0; i < 8; i++) {
		apic->isr[i] = *reg(vcpu, REG_ISR + i);
		__atomic_fetch_or(&apic->irr[i], *reg(vcpu, REG_IRR + i), __ATOMIC_SEQ_CST);
		*reg(vcpu, REG_IRR + i) = 0;
	}
	vcpu->vid_loaded = false;
	vcpu->event = 1;
}

static void load_state(struct vcpu *vcpu)
{
	*reg(vcpu, REG_TPR) = vcpu->apic.tpr;
	for (u32 i = 0; i < 8; i++)
		*reg(vcpu, REG_ISR + i) = vcpu->apic.isr[i];
	vcpu->vid_loaded = true;
}

/* The end of a level-triggered one is the VMM's to know. */
static void set_eoi_exits(struct vcpu *vcpu)
{
	const u32 *tmr = vcpu->apic.tmr;

	for (u32 i = 0; i < 4; i++) {
		u64 exits = READ_ONCE(tmr[2 * i]) | (u64)READ_ONCE(tmr[2 * i + 1]) << 32;

		if (exits != vcpu->eoi_exits[i]) {
			vcpu->eoi_exits[i] = exits;
			vmwrite(EOI_EXIT_BITMAP0 + 2 * i, exits);
		}
	}
}

void vid_post(struct vcpu *vcpu)
{
	if (!vcpu->vid_loaded)
		load_state(vcpu);
	/* An APIC that is off by software keeps its requests. */
	for (u32 i = 0; i < 8 && vcpu->apic.svr & SVR_ENABLED; i++) {
		u32 requests = __atomic_exchange_n(&vcpu->apic.irr[i], 0, __ATOMIC_SEQ_CST);

		*reg(vcpu, REG_IRR + i) |= requests;
		for (; requests; requests &= requests - 1)
			vcpu->counts->interrupts++;
	}
	/* After the requests: a vector's mode was set before its request. */
	set_eoi_exits(vcpu);
	vmwrite(GUEST_INTERRUPT_STATUS, highest(vcpu, REG_ISR) << 8 | highest(vcpu, REG_IRR));
}

bool vid_wanted(const struct vcpu *vcpu)
{
	return machine.vid && apic_is_x2apic(&vcpu->apic);
}

void vid_switch(struct vcpu *vcpu)
{
	u32 proc = vmread(PROC_BASED_CONTROLS), proc2 = vmread(PROC_BASED_CONTROLS2);

	vcpu->vid = !vcpu->vid;
	if (vcpu->vid) {
		vmwrite(VIRTUAL_APIC_PAGE, vcpu->apic_page_pa);
		vmwrite(TPR_THRESHOLD, 0);
		proc = (proc | PROC_TPR_SHADOW) & ~(PROC_CR8_LOAD | PROC_CR8_STORE);
		proc2 |= PROC2_X2APIC | PROC2_VIRTUAL_INTERRUPTS;
	} else {
		vmwrite(GUEST_INTERRUPT_STATUS, 0);
		proc = (proc & ~PROC_TPR_SHADOW) | PROC_CR8_LOAD | PROC_CR8_STORE;
		proc2 &= ~(PROC2_X2APIC | PROC2_VIRTUAL_INTERRUPTS);
	}
	vmwrite(PROC_BASED_CONTROLS, proc);
	vmwrite(PROC_BASED_CONTROLS2, proc2);
	vmwrite(MSR_BITMAP, vcpu->vid ? machine.msr_bitmap_x2apic : machine.msr_bitmap_domu);
}

/* The processor has ended it, and the instruction. */
enum verdict vmm_virtualized_eoi(struct vcpu *vcpu)
{
	if (unlikely(!vcpu->vid))
		return vmm_failure(vcpu, HVMOD_EXIT_UNHANDLED, HVMOD_WHY_NONE);
	vcpu->run->eoi.vector = vmread(EXIT_QUALIFICATION) & 0xff;
	return vmm_exit(vcpu, HVMOD_EXIT_EOI, HVMOD_WHY_NONE);
}

/* After the instruction; of the writes that do not exit before it, a self-IPI with a vector below 16. */
enum verdict exit_apic_write(struct vcpu *vcpu)
{
	u32 number = (vmread(EXIT_QUALIFICATION) & 0xfff) >> 4;

	if (unlikely(!vcpu->vid))
		return vmm_failure(vcpu, HVMOD_EXIT_UNHANDLED, HVMOD_WHY_NONE);
	apic_write(vcpu, number, *reg(vcpu, number));
	return RESUME;
}
