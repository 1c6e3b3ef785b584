// SPDX-License-Identifier: GPL-2.0-only
/* Virtual-interrupt delivery, with a processor that does it. SDM volume 3, 30. */
#include "world.h"

#define TPR	0x08
#define PPR	0x0a
#define ISR	0x10
#define IRR	0x20

static struct vcpu *vcpu, *second;
static u64 domain;

static void has_vid(void)
{
	const u64 bits = (u64)(PROC2_X2APIC | PROC2_VIRTUAL_INTERRUPTS) << 32;

	model_msr(MSR_VMX_PROCBASED2)->value |= bits;
}

static void lacks_x2apic(void)
{
	has_vid();
	model_msr(MSR_VMX_PROCBASED2)->value &= ~((u64)PROC2_X2APIC << 32);
}

static u32 *page(u32 number)
{
	u32 *apic_page = ram(vmread(VIRTUAL_APIC_PAGE));

	return &apic_page[number * 4];
}

static int highest(u32 first)
{
	for (int v = 255; v > 0; v--)
		if (*page(first + v / 32) & BIT(v % 32))
			return v;
	return 0;
}

static void set_status(void)
{
	model_set(GUEST_INTERRUPT_STATUS, highest(ISR) << 8 | highest(IRR));
}

/* What the processor does between an entry and an exit: 30.2.2. Return: the vector that it delivers, or 0. */
static int delivered(void)
{
	u32 rvi = vmread(GUEST_INTERRUPT_STATUS) & 0xff, svi = vmread(GUEST_INTERRUPT_STATUS) >> 8;
	u32 tpr = *page(TPR) & 0xff, ppr = (tpr & 0xf0) >= (svi & 0xf0) ? tpr : svi & 0xf0;

	check(!this_cpu()->vcpu->window && this_cpu()->vcpu == vcpu);
	*page(PPR) = ppr;
	if ((rvi & 0xf0) <= (ppr & 0xf0) || !(vmread(GUEST_RFLAGS) & RFLAGS_IF))
		return 0;
	*page(ISR + rvi / 32) |= BIT(rvi % 32);
	*page(IRR + rvi / 32) &= ~BIT(rvi % 32);
	set_status();
	return rvi;
}

/* WRMSR of EOI: 30.1.4. Return: whether the guest goes on. */
static bool guest_eoi(void)
{
	u32 vector = vmread(GUEST_INTERRUPT_STATUS) >> 8;

	*page(ISR + vector / 32) &= ~BIT(vector % 32);
	set_status();
	if (!(vmread(EOI_EXIT_BITMAP0 + 2 * (vector / 64)) & BIT(vector % 64)))
		return true;
	exit_length = 0;
	return guest_exit(EXIT_VIRTUALIZED_EOI, vector);
}

static int interrupt(u32 vector, bool level)
{
	apic_set_irq(vcpu, vector, level);
	guest_exit(EXIT_CPUID, 0);
	return delivered();
}

static void wrmsr_guest(u32 msr, u64 value)
{
	vcpu->ctx.gpr[RCX] = msr;
	vcpu->ctx.gpr[RAX] = (u32)value;
	vcpu->ctx.gpr[RDX] = value >> 32;
	guest_exit(EXIT_WRMSR, 0);
}

static u64 rdmsr_guest(u32 msr)
{
	vcpu->ctx.gpr[RCX] = msr;
	guest_exit(EXIT_RDMSR, 0);
	return vcpu->ctx.gpr[RAX];
}

static void start(u32 flags, void (*processor)(void))
{
	const struct world_options o = { .flags = flags, .before_init = processor };

	world_start(&skylake_server, 1, &o);
	domain = make_domain();
	vcpu = make_vcpu(domain, 0);
	second = make_vcpu(domain, 1);
	guest_run(vcpu);
	guest_long_mode();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	vcpu->apic.svr = second->apic.svr = SVR_ENABLED | 0xff;
}

static void x2apic(bool on)
{
	wrmsr_guest(MSR_APIC_BASE, APIC_DEFAULT_BASE | APIC_BASE_BSP | (on ? APIC_BASE_ENABLE | APIC_BASE_EXTD : 0));
}

static bool controls(bool on)
{
	u64 proc = vmread(PROC_BASED_CONTROLS), proc2 = vmread(PROC_BASED_CONTROLS2);
	const u64 vid = PROC2_X2APIC | PROC2_VIRTUAL_INTERRUPTS;

	return vcpu->vid == on && !!(proc & PROC_TPR_SHADOW) == on && !(proc & PROC_CR8_LOAD) == on &&
	       !(proc & PROC_CR8_STORE) == on && (proc2 & vid) == (on ? vid : 0) &&
	       vmread(MSR_BITMAP) == (on ? machine.msr_bitmap_x2apic : machine.msr_bitmap_domu);
}

static bool intercepted(u64 bitmap, u32 msr, bool write)
{
	const u8 *bits = ram(bitmap);

	return bits[(write ? 2048 : 0) + msr / 8] & 1 << (msr & 7);
}

static void when(void)
{
	u32 let = 0;

	start(HV_BOOT_APICV, has_vid);
	ok(machine.vid && boot.features & HVMOD_FEATURE_VIRTUAL_INTERRUPTS && controls(false),
	   "the processor has it: an xAPIC does without");
	x2apic(true);
	ok(controls(true), "an x2APIC has it");
	for (u32 msr = 0; msr < 0x2000; msr++) {
		let += !intercepted(machine.msr_bitmap_x2apic, msr, true) &&
		       intercepted(machine.msr_bitmap_domu, msr, true);
		let += 0x100 * (!intercepted(machine.msr_bitmap_x2apic, msr, false) &&
				intercepted(machine.msr_bitmap_domu, msr, false));
	}
	ok(let == 0x103 && !intercepted(machine.msr_bitmap_x2apic, 0x808, false) &&
	   !intercepted(machine.msr_bitmap_x2apic, 0x808, true) &&
	   !intercepted(machine.msr_bitmap_x2apic, 0x80b, true) &&
	   !intercepted(machine.msr_bitmap_x2apic, 0x83f, true), "TPR, EOI and SELF IPI do not exit, no other does not");
	x2apic(false);
	ok(controls(false), "turned off it has it no more");
	start(0, has_vid);
	x2apic(true);
	ok(!machine.vid && controls(false) && !vcpu->apic_page_pa, "apicv=0: none has it");
	start(HV_BOOT_APICV, NULL);
	x2apic(true);
	ok(!machine.vid && controls(false) && !(boot.features & HVMOD_FEATURE_VIRTUAL_INTERRUPTS),
	   "a processor without it");
	start(HV_BOOT_APICV, lacks_x2apic);
	ok(!machine.vid, "one that can't virtualise an x2APIC");
}

static void fresh(void)
{
	start(HV_BOOT_APICV, has_vid);
	x2apic(true);
}

static void delivery(void)
{
	u64 before;

	fresh();
	before = vcpu->counts->interrupts;
	ok(interrupt(0x41, false) == 0x41 && injected() < 0 && !vcpu->apic.irr[2], "an interrupt is the processor's to deliver");
	ok(interrupt(0x31, false) == 0 && !vcpu->window, "a lower one waits there, without a window");
	ok(guest_eoi() && delivered() == 0x31, "until EOI, which does not exit");
	ok(interrupt(0x51, false) == 0x51 && guest_eoi() && highest(ISR) == 0x31, "a higher one nests");
	ok(guest_eoi() && vcpu->counts->interrupts - before == 3, "three were counted");
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
	ok(interrupt(0x61, false) == 0 && vmread(GUEST_INTERRUPT_STATUS) == 0x61, "with interrupts off it stays requested");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	apic_set_irq(vcpu, 0x71, false);
	guest_run(vcpu);
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	ok(delivered() == 0x71 && guest_eoi() && delivered() == 0x61, "and outlives Domain-0's turn");
}

static void reads(void)
{
	fresh();
	interrupt(0x41, false);
	interrupt(0x31, false);
	*page(TPR) = 0x20;
	ok(rdmsr_guest(0x812) == BIT(1) && rdmsr_guest(0x821) == BIT(17) && rdmsr_guest(0x80a) == 0x40 &&
	   rdmsr_guest(0x808) == 0x20, "ISR, IRR, PPR and TPR are read as they are");
	ok(vmread(GUEST_INTERRUPT_STATUS) == 0x4131 && highest(ISR) == 0x41 && highest(IRR) == 0x31 &&
	   *page(TPR) == 0x20, "and stay so");
	ok(guest_eoi() && delivered() == 0x31, "the lower one comes after all");
	wrmsr_guest(0x80f, 0xff);
	guest_eoi();
	ok(interrupt(0x51, false) == 0 && !(vmread(GUEST_INTERRUPT_STATUS) & 0xff), "off by software nothing is delivered");
	wrmsr_guest(0x80f, 0x1ff);
	ok(delivered() == 0x51, "on again it is");
}

static void level(void)
{
	fresh();
	ok(interrupt(0x41, true) == 0x41 && !guest_eoi() && left.rax == HV_RUN_VMM &&
	   vcpu->run->exit == HVMOD_EXIT_EOI && vcpu->run->eoi.vector == 0x41,
	   "the end of a level-triggered one is the VMM's");
	guest_run(vcpu);
	ok(interrupt(0x41, false) == 0x41 && guest_eoi(), "of an edge with the same vector it is not");
	for (u32 v = 16; v < 256; v += 17) {
		check(interrupt(v, true) == (int)v);
		check(!guest_eoi() && vcpu->run->eoi.vector == v);
		guest_run(vcpu);
	}
	ok(true, "any vector");
}

static void self_ipi(void)
{
	fresh();
	*page(0x3f) = 0x0f;
	exit_length = 0;
	ok(guest_exit(EXIT_APIC_WRITE, 0x3f0) && vcpu->apic.esr_pending == BIT(5), "a self-IPI below 16 is an error");
	wrmsr_guest(0x830, 1ULL << 18 | 0x45);
	ok(delivered() == 0x45, "one by ICR arrives");
	ok(guest_eoi(), "and ends");
	wrmsr_guest(0x830, 1ULL << 32 | 0x46);
	ok(left.rax == HV_RUN_IPI && second->apic.irr[2] == BIT(6), "one to a vCPU that has no x2APIC");
}

static void halts(void)
{
	fresh();
	ok(interrupt(0x41, false) == 0x41 && guest_eoi() && !guest_exit(EXIT_HLT, 0) && left.rax == HV_RUN_HALT,
	   "HLT with nothing pending halts");
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(this_cpu()->vcpu != vcpu, "and halts on");
	apic_set_irq(vcpu, 0x42, false);
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(this_cpu()->vcpu == vcpu && delivered() == 0x42, "a request wakes it");
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	apic_set_irq(vcpu, 0x52, false);
	ok(guest_exit(EXIT_HLT, 0) && delivered() == 0x52, "one that is there already: HLT goes on");
	guest_eoi();
	apic_set_irq(vcpu, 0x32, false);
	ok(!guest_exit(EXIT_HLT, 0) && vcpu->halted, "one below what is in service does not wake");
	vcpu->nmi_pending = true;
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(this_cpu()->vcpu == vcpu && injected() == VECTOR_NMI, "an NMI is injected as ever");
}

static void forgets(void)
{
	fresh();
	interrupt(0x41, false);
	interrupt(0x31, false);
	*page(TPR) = 0x10;
	x2apic(false);
	ok(controls(false) && !vcpu->apic.isr[2] && !vcpu->apic.irr[1] && !vcpu->apic.tpr &&
	   !vmread(GUEST_INTERRUPT_STATUS), "an APIC that is turned off forgets all");
	fresh();
	interrupt(0x41, false);
	interrupt(0x31, false);
	vcpu->init_pending = true;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu->sipi_pending = SIPI_PENDING | 0x10;
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(this_cpu()->vcpu == vcpu && controls(true) && !highest(ISR) && !highest(IRR) &&
	   !vmread(GUEST_INTERRUPT_STATUS), "so does INIT, which leaves the mode");
}

/* Out, into another vCPU, and back: what was pending and in service is. */
static void state(void)
{
	static u8 blob[4096];
	u64 bytes;

	fresh();
	interrupt(0x41, false);
	interrupt(0x31, false);
	*page(TPR) = 0x20;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu_vmcs_begin(this_cpu(), vcpu, &bytes);
	ok(!vcpu_get_group(vcpu, HVMOD_STATE_APIC, blob, &bytes) &&
	   ((struct hvmod_apic_state *)blob)->reg[0x12] == BIT(1) &&
	   ((struct hvmod_apic_state *)blob)->reg[0x21] == BIT(17) &&
	   ((struct hvmod_apic_state *)blob)->reg[0x08] == 0x20, "the state has what was in the page");
	vcpu->apic.isr[2] = vcpu->apic.irr[1] = vcpu->apic.tpr = 0;
	ok(!vcpu_set_group(vcpu, HVMOD_STATE_APIC, blob, bytes, false), "it is taken back");
	vcpu_vmcs_end(this_cpu());
	guest_run(vcpu);
	ok(vmread(GUEST_INTERRUPT_STATUS) == 0x4131 && *page(TPR) == 0x20 && delivered() == 0 && guest_eoi() &&
	   delivered() == 0x31, "and the processor goes on with it");
}

int main(void)
{
	when();
	delivery();
	reads();
	level();
	self_ipi();
	halts();
	forgets();
	state();
	return tap_done();
}
