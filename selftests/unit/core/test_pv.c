// SPDX-License-Identifier: GPL-2.0-only
/* KVM's hypercalls, steal time and the EOI without an exit. */
#include "world.h"

#define KICK_CPU	5
#define SEND_IPI	10
#define SCHED_YIELD	11
#define STEAL_TIME	0x4b564d03
#define PV_EOI_EN	0x4b564d04
#define X2APIC_EOI	0x80b
#define X2APIC_ISR	0x810

static struct vcpu *vcpu, *other[4];
static u64 domain;

static void fresh(void)
{
	world_start(&skylake_server, 1, NULL);
	domain = make_domain();
	vcpu = make_vcpu(domain, 0);
	for (u32 i = 1; i < 4; i++) {
		other[i] = make_vcpu(domain, i);
		other[i]->apic.svr = SVR_ENABLED | 0xff;
		other[i]->wait_for_sipi = false;
	}
	if (gate_call(0, GATE_MAP, domain, 0, GUEST_RAM, 512).rax)
		model_fatal("no memory for the guest");
	guest_run(vcpu);
	guest_long_mode();
	vcpu->apic.svr = SVR_ENABLED | 0xff;
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
}

/* Return: RAX. The guest runs again afterwards; @left is how it left, if it did. */
static long call(u64 number, u64 a, u64 b, u64 c, u64 d)
{
	u64 *gpr = vcpu->ctx.gpr, rip = vmread(GUEST_RIP);

	gpr[RAX] = number;
	gpr[RBX] = a;
	gpr[RCX] = b;
	gpr[RDX] = c;
	gpr[RSI] = d;
	left = (struct answer){ -1 };
	if (!guest_exit(EXIT_VMCALL, 0)) {
		struct answer how = left;

		guest_run(vcpu);
		left = how;
	}
	check(vmread(GUEST_RIP) == rip + 3);
	return gpr[RAX];
}

static bool requested(const struct vcpu *which, u32 vector)
{
	return which->apic.irr[vector / 32] & BIT(vector % 32);
}

static void send_ipi(void)
{
	fresh();
	ok(call(SEND_IPI, 0xa, 0, 0, 0x41) == 2 && requested(other[1], 0x41) && !requested(other[2], 0x41) &&
	   requested(other[3], 0x41) && left.rax == HV_RUN_IPI && left.rdx == 0xa,
	   "an IPI to two of four, whom the driver wakes");
	ok(call(SEND_IPI, 0xa, 0, 0, 0x41) == 0 && left.rax == -1,
	   "pending already: none takes it, nobody is woken");
	ok(call(SEND_IPI, 3, 0, 2, 0x42) == 2 && requested(other[2], 0x42) && requested(other[3], 0x42),
	   "counted from an APIC id");
	ok(call(SEND_IPI, 0, 2, ~0ULL - 64, 0x43) == 0 && call(SEND_IPI, ~0ULL, ~0ULL, 64, 0x43) == 0 &&
	   call(SEND_IPI, ~0ULL, ~0ULL, 1ULL << 63, 0x43) == 0 && !requested(other[1], 0x43),
	   "ids that nobody has");
	ok(call(SEND_IPI, ~0ULL, ~0ULL, 0, 0x44) == 4, "all, and itself");
	ok(requested(vcpu, 0x44), "which stays pending while its interrupts are off");
	ok(call(SEND_IPI, 2, 0, 0, 4 << 8) == 1 && other[1]->nmi_pending, "an NMI");
	ok(call(SEND_IPI, 2, 0, 0, 0x0f) == -22 && call(SEND_IPI, 2, 0, 0, 0x45 | 5 << 8) == -22 &&
	   call(SEND_IPI, 2, 0, 0, 0x45 | 6 << 8) == -22 && call(SEND_IPI, 2, 0, 0, 0x45 | 1 << 8) == -22 &&
	   call(SEND_IPI, 2, 0, 0, 0x45 | BIT(11)) == -22 && call(SEND_IPI, 2, 0, 0, 0x45 | 2 << 18) == -22 &&
	   !other[1]->init_pending && !other[1]->sipi_pending && !requested(other[1], 0x45),
	   "low vectors, INIT, SIPI, lowest priority, logical and shorthand are refused");
	other[2]->apic.svr = 0xff;
	ok(call(SEND_IPI, 4, 0, 0, 0x46) == 0 && !requested(other[2], 0x46), "an APIC that is off takes none");
	guest_protected_mode();
	model_set(GUEST_EFER, 0);
	model_set(ENTRY_CONTROLS, vmread(ENTRY_CONTROLS) & ~ENTRY_IA32E);
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE);
	ok(call(SEND_IPI, 2ULL | 1ULL << 35, 0, 0, 0x47 | 1ULL << 43) == 1 && requested(other[1], 0x47) &&
	   !requested(other[3], 0x47), "outside 64-bit mode registers have 32 bits");
	ok(call(SEND_IPI, 0, 1, 0, 0x48) == 0, "and the second word begins with 32");
}

static void privilege(void)
{
	fresh();
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	ok(call(SEND_IPI, 2, 0, 0, 0x41) == -1 && call(KICK_CPU, 0, 1, 0, 0) == -1 &&
	   call(SCHED_YIELD, 1, 0, 0, 0) == -1 && call(99, 0, 0, 0, 0) == -1 && !requested(other[1], 0x41) &&
	   !other[1]->unhalt, "from CPL 3 none");
	model_set(GUEST_SS_ACCESS, 0xc093);
	for (u32 n = 0; n < 20; n++)
		if (n != KICK_CPU && n != SEND_IPI && n != SCHED_YIELD)
			check(call(n, 0, 0, 0, 0) == -1000);
	ok(call(5 | 1ULL << 32, 0, 1, 0, 0) == -1000, "others, and numbers above 32 bits: there are none");
}

static bool runs(struct vcpu *which)
{
	left = gate_call(0, GATE_VCPU_RUN, domain, which->index, 0, 0);
	return this_cpu()->vcpu == which;
}

/* A lock's waiter sleeps with its interrupts off until the holder kicks it. */
static void kick(void)
{
	fresh();
	ok(!guest_exit(EXIT_HLT, 0) && left.rax == HV_RUN_HALT && left.rdx == 0 && vcpu->closed,
	   "HLT with interrupts off sleeps while another vCPU may kick");
	ok(!runs(vcpu) && left.rax == HV_RUN_HALT, "and sleeps on");
	guest_run(other[1]);
	guest_long_mode();
	other[1]->ctx.gpr[RAX] = KICK_CPU;
	other[1]->ctx.gpr[RBX] = 0;
	other[1]->ctx.gpr[RCX] = 0;
	ok(!guest_exit(EXIT_VMCALL, 0) && left.rax == HV_RUN_IPI && left.rdx == 1 &&
	   other[1]->ctx.gpr[RAX] == 0, "the kick tells the driver whom to wake");
	ok(runs(vcpu) && !vcpu->halted && !vcpu->closed && !vcpu->unhalt && injected() < 0,
	   "and the vCPU goes on, without an interrupt");
	vcpu->unhalt = true;
	ok(guest_exit(EXIT_HLT, 0) && !vcpu->unhalt, "a kick before HLT: HLT does not sleep, once");
	ok(!guest_exit(EXIT_HLT, 0) && vcpu->halted, "the next one does");
}

/* Nobody can wake anybody: that is told, by each of them. */
static void all_asleep(void)
{
	fresh();
	other[3]->wait_for_sipi = true;
	guest_exit(EXIT_HLT, 0);
	for (u32 i = 1; i < 3; i++) {
		guest_run(other[i]);
		guest_long_mode();
		model_set(GUEST_RFLAGS, RFLAGS_FIXED);
		guest_exit(EXIT_HLT, 0);
		ok(left.rax == (i == 1 ? HV_RUN_HALT : HV_RUN_IPI), "vCPU %u halts: %s", i,
		   i == 1 ? "another is awake" : "the last one, the others hear of it");
	}
	ok(left.rdx == 0xb, "all of them");
	for (u32 i = 0; i < 3; i++) {
		struct vcpu *v = i ? other[i] : vcpu;

		ok(!runs(v) && left.rax == HV_RUN_VMM && v->run->exit == HVMOD_EXIT_HALTED,
		   "vCPU %u: the VMM is told", i);
	}
	vcpu->unhalt = true;
	ok(!runs(other[2]) && left.rax == HV_RUN_HALT, "one that was kicked and has not run yet is awake");
	vcpu->unhalt = false;
	other[1]->nmi_pending = true;
	ok(!runs(other[2]) && left.rax == HV_RUN_HALT, "and so is one with an NMI");
	ok(runs(other[1]) && injected() == VECTOR_NMI, "an NMI from outside wakes one");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(!runs(vcpu) && left.rax == HV_RUN_HALT, "then the others sleep on");
}

static void yield(void)
{
	fresh();
	ok(call(SCHED_YIELD, 2, 0, 0, 0) == 0 && left.rax == HV_RUN_YIELD && left.rdx == 2,
	   "yielding to a vCPU is the driver's");
	ok(call(SCHED_YIELD, 0, 0, 0, 0) == 0 && left.rax == -1, "to itself: nothing");
	ok(call(SCHED_YIELD, 9, 0, 0, 0) == 0 && left.rax == -1 &&
	   call(SCHED_YIELD, ~0ULL, 0, 0, 0) == 0 && left.rax == -1, "to nobody: nothing");
}

struct steal_time {
	u64 steal;
	u32 version, flags;
	u8 preempted;
};

static void wrmsr_guest(u32 msr, u64 value)
{
	vcpu->ctx.gpr[RCX] = msr;
	vcpu->ctx.gpr[RAX] = (u32)value;
	vcpu->ctx.gpr[RDX] = value >> 32;
	guest_exit(EXIT_WRMSR, 0);
}

static void run_with(u64 steal)
{
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, steal);
}

static void steal(void)
{
	volatile struct steal_time *s = ram(GUEST_RAM + 0x1040);
	u32 version;

	fresh();
	for (int bit = 0; bit < 64; bit++) {
		if ((bit >= 1 && bit <= 5) || bit >= HVMOD_GPA_BITS) {
			wrmsr_guest(STEAL_TIME, BIT(bit) | 1);
			check(injected_gp() && !vcpu->steal_msr);
		}
	}
	ok(true, "reserved bits and addresses too far are #GP");
	wrmsr_guest(STEAL_TIME, 0x40000000 | 1);
	ok(left.rax == HV_RUN_FAULT && left.rdx == 0x40000000 && !vcpu->steal_msr,
	   "a page that is not there is asked for");
	guest_run(vcpu);
	wrmsr_guest(STEAL_TIME, 0x1040 | 1);
	ok(injected() < 0 && vcpu->steal_msr == 0x1041, "it is taken");
	version = s->version;
	run_with(5000);
	ok(s->steal == 5000 && !(s->version & 1) && s->version != version && !s->preempted,
	   "the time that its thread waited");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(s->preempted == 1, "it is preempted while Domain-0 has the processor");
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 5000);
	ok(s->preempted == 0 && s->steal == 5000, "and is not any more");
	run_with(5700);
	ok(s->steal == 5700, "it grows");
	run_with(300);
	ok(s->steal == 5700, "another thread that waited less: it never goes back");
	run_with(400);
	ok(s->steal == 5800, "and grows from there");
	guest_exit(EXIT_HLT, 0);
	ok(s->preempted == 0, "a halted vCPU is not preempted");
	vcpu->unhalt = true;
	guest_run(vcpu);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_UNMAP, domain, 0, 512, 0);
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 9000);
	ok(this_cpu()->vcpu == vcpu && s->steal == 5800, "a page that went away is not written to");
	wrmsr_guest(STEAL_TIME, 0);
	ok(!vcpu->steal_msr && injected() < 0, "it can be turned off");
}

#define EOI_WORD	0x2080ULL

static volatile u32 *eoi_word(void)
{
	return ram(GUEST_RAM + EOI_WORD);
}

static bool in_service(u32 vector)
{
	return vcpu->apic.isr[vector / 32] & BIT(vector % 32);
}

/* An interrupt comes and the guest exits for something else. Return: what is injected. */
static int interrupt(u32 vector, bool level)
{
	apic_set_irq(vcpu, vector, level);
	guest_exit(EXIT_CPUID, 0);
	return injected();
}

static void with_pv_eoi(void)
{
	fresh();
	vcpu->apic.base |= APIC_BASE_EXTD;
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	wrmsr_guest(PV_EOI_EN, EOI_WORD | 1);
}

static void pv_eoi_msr(void)
{
	fresh();
	for (int bit = 1; bit < 64; bit++)
		if (bit == 1 || bit >= HVMOD_GPA_BITS) {
			wrmsr_guest(PV_EOI_EN, BIT(bit) | 1);
			check(injected_gp() && !vcpu->pv_eoi_msr);
		}
	ok(true, "EOI: an unaligned word and one too far are #GP");
	wrmsr_guest(PV_EOI_EN, 0x40000000 | 1);
	ok(left.rax == HV_RUN_FAULT && left.rdx == 0x40000000 && !vcpu->pv_eoi_msr,
	   "EOI: a page that is not there is asked for");
	with_pv_eoi();
	ok(injected() < 0 && vcpu->pv_eoi_msr == (EOI_WORD | 1), "EOI: a word is taken");
	vcpu->ctx.gpr[RCX] = PV_EOI_EN;
	guest_exit(EXIT_RDMSR, 0);
	ok(vcpu->ctx.gpr[RAX] == (EOI_WORD | 1), "EOI: and read back");
	interrupt(0x41, false);
	wrmsr_guest(PV_EOI_EN, 0);
	ok(!*eoi_word() && in_service(0x41) && interrupt(0x51, false) == 0x51 && !*eoi_word(),
	   "EOI: turned off, what was promised is taken back and nothing is promised");
}

static void pv_eoi(void)
{
	with_pv_eoi();
	ok(interrupt(0x41, false) == 0x41 && *eoi_word() == 1 && in_service(0x41),
	   "EOI: one interrupt, and the promise that clearing is enough");
	*eoi_word() = 0;
	ok(interrupt(0x31, false) == 0x31 && !in_service(0x41) && in_service(0x31) && *eoi_word() == 1,
	   "EOI: cleared, a lower one is injected");
	ok(interrupt(0x21, false) < 0 && *eoi_word() == 0 && in_service(0x31),
	   "EOI: not cleared when another waits: the promise is taken back");
	wrmsr_guest(X2APIC_EOI, 0);
	ok(!in_service(0x31) && injected() == 0x21 && *eoi_word() == 1, "EOI: the register works as ever");
	ok(interrupt(0x61, false) == 0x61 && in_service(0x21) && *eoi_word() == 1, "EOI: a higher one nests");
	*eoi_word() = 0;
	vcpu->ctx.gpr[RCX] = X2APIC_ISR + 3;
	guest_exit(EXIT_RDMSR, 0);
	ok(!vcpu->ctx.gpr[RAX] && !in_service(0x61) && in_service(0x21), "EOI: ISR is true when it is read");
	wrmsr_guest(X2APIC_EOI, 0);
	ok(!in_service(0x21), "EOI: and the lower one ends by the register");

	with_pv_eoi();
	ok(interrupt(0x41, true) == 0x41 && !*eoi_word(), "EOI: a level-triggered one promises nothing");
	wrmsr_guest(X2APIC_EOI, 0);
	ok(left.rax == HV_RUN_VMM && vcpu->run->exit == HVMOD_EXIT_EOI, "EOI: the VMM hears of its end");

	with_pv_eoi();
	apic_set_irq(vcpu, 0x41, false);
	ok(interrupt(0x51, false) == 0x51 && !*eoi_word(), "EOI: two at once: the first promises nothing");
	wrmsr_guest(X2APIC_EOI, 0);
	ok(injected() == 0x41 && *eoi_word() == 1, "EOI: the last one does");
	*eoi_word() = 0;
	ok(!guest_exit(EXIT_HLT, 0) && left.rax == HV_RUN_HALT && !in_service(0x41), "EOI: HLT settles it");
	apic_set_irq(vcpu, 0x31, false);
	ok(runs(vcpu) && injected() == 0x31, "EOI: and a lower one wakes it");
}

static void pv_eoi_lost(void)
{
	with_pv_eoi();
	interrupt(0x41, false);
	wrmsr_guest(X2APIC_EOI, 0);
	ok(!in_service(0x41) && !*eoi_word(), "EOI: by the register in spite of the promise: one ends");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(vcpu);
	interrupt(0x41, false);
	ok(*eoi_word() == 1, "EOI: promised again");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_UNMAP, domain, 0, 512, 0);
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(interrupt(0x31, false) < 0 && in_service(0x41), "EOI: the page went away: nothing has ended");
	wrmsr_guest(X2APIC_EOI, 0);
	ok(!in_service(0x41) && injected() == 0x31, "EOI: the register ends it");

	with_pv_eoi();
	interrupt(0x41, false);
	vcpu->init_pending = true;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_VCPU_RUN, domain, 0, 0, 0);
	ok(!vcpu->pv_eoi_msr && !in_service(0x41) && !*eoi_word() && !vcpu->eoi_promised,
	   "EOI: INIT forgets it");
}

int main(void)
{
	send_ipi();
	privilege();
	kick();
	all_asleep();
	yield();
	steal();
	pv_eoi_msr();
	pv_eoi();
	pv_eoi_lost();
	return tap_done();
}
