// SPDX-License-Identifier: GPL-2.0-only
/* Domain-0's exits: what hides VMX, what hides the core, NMIs, INIT and SIPI. */
#include "world.h"

static u64 *gpr;

static void fresh(void)
{
	world_start(&skylake_server, 2, NULL);
	gpr = this_cpu()->dom0.gpr;
}

static void no_vmx(void)
{
	static const u32 reasons[] = { EXIT_GETSEC, 19, 20, 21, 22, 23, 24, 25, 26, 27, EXIT_INVEPT,
				       EXIT_INVVPID, EXIT_VMFUNC, EXIT_SEAMCALL, EXIT_TDCALL };
	u64 rip;

	fresh();
	rip = vmread(GUEST_RIP);
	for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		dom0_do(reasons[i], 0);
		check(injected_ud() && vmread(GUEST_RIP) == rip);
	}
	ok(true, "VMX instructions, SEAMCALL and TDCALL are #UD, RIP stays");
	for (u32 msr = 0; msr < 0x2000; msr++) {
		if (msr == MSR_FEATURE_CONTROL)
			continue;
		gpr[RCX] = msr;
		dom0_do(EXIT_RDMSR, 0);
		check(injected_gp());
		dom0_do(EXIT_WRMSR, 0);
		check(injected_gp());
	}
	ok(true, "capability MSRs, and whatever else exits, are #GP");
	gpr[RCX] = MSR_FEATURE_CONTROL | BIT(40);
	gpr[RDX] = gpr[RAX] = ~0ULL;
	dom0_do(EXIT_RDMSR, 0);
	ok(injected() < 0 && gpr[RAX] == 1 && gpr[RDX] == 0, "FEATURE_CONTROL: locked, VMX off");
	gpr[RCX] = MSR_FEATURE_CONTROL;
	dom0_do(EXIT_WRMSR, 0);
	ok(injected_gp(), "and can't be written");
	ok(vmread(CR4_MASK) == CR4_VMXE && !(vmread(CR4_SHADOW) & CR4_VMXE) &&
	   vmread(GUEST_CR4) & CR4_VMXE, "CR4.VMXE reads as 0");
	gpr[RAX] = CR4_VMXE;
	dom0_do(EXIT_CR_ACCESS, 4);
	ok(injected_gp(), "and setting it is #GP");
	gpr[RBX] = vmread(GUEST_CR0) & ~CR0_NE;
	rip = vmread(GUEST_RIP);
	dom0_do(EXIT_CR_ACCESS, 0 | RBX << 8);
	ok(vmread(GUEST_CR0) & CR0_NE && !(vmread(CR0_SHADOW) & CR0_NE) &&
	   vmread(GUEST_RIP) == rip + 3, "CR0.NE stays on, unseen");
}

/* What no row is for: a processor that is newer than the table. */
static void unknown(void)
{
	static const u32 reasons[] = { 9, 11, 37, 42, 60, 77, 78, 200, 0xffff };
	u64 rip;

	fresh();
	rip = vmread(GUEST_RIP);
	for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		dom0_do(reasons[i], 0);
		check(injected_ud() && vmread(GUEST_RIP) == rip && !machine.dead);
	}
	ok(true, "an exit without a handler is #UD, and the core goes on");
}

/* The exit, in a place that the core does not return from. */
static enum model_exit no_return(u32 reason)
{
	struct cpu *cpu = this_cpu();
	jmp_buf here;
	int how;

	model_exit();
	model_set(EXIT_REASON, reason);
	model_way_out = &here;
	how = setjmp(here);
	if (!how)
		dispatch(&cpu->dom0);
	model_way_out = NULL;
	return how;
}

static void fatal(void)
{
	static const u32 reasons[] = { EXIT_EPT_MISCONFIGURATION,
				       EXIT_GUEST_STATE | EXIT_REASON_ENTRY_FAILURE };

	for (volatile u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		fresh();
		ok(no_return(reasons[i]) == MODEL_RESUMED && machine.dead && injected() == VECTOR_NMI,
		   "exit %#x is the core's fault: a panic", reasons[i]);
	}
}

/* The holder of the lock has faulted, now or while this processor waits. */
static void holder_dies(void)
{
	machine.dead = true;
}

static void lock_of_the_dead(void)
{
	u64 rip;

	fresh();
	rip = vmread(GUEST_RIP);
	machine.lock.held = 1;
	model.relax = holder_dies;
	gpr[RAX] = GATE_NOP;
	ok(no_return(EXIT_VMCALL) == MODEL_RESUMED && model_resumed == &this_cpu()->dom0 &&
	   vmread(GUEST_RIP) == rip && gpr[RAX] == GATE_NOP && injected() < 0,
	   "who waits for a dead processor's lock goes back to Domain-0, as it was");
	model.relax = NULL;
	machine.lock.held = 0;
	ok(gate_call(0, GATE_NOP, 0, 0, 0, 0).rax == -HV_EIO, "which tries again and is told");
	machine.lock.held = 1;
	exit_gpa = 0x4080000000ULL;
	ok(no_return(EXIT_EPT_VIOLATION) == MODEL_RESUMED && vmread(GUEST_RIP) == rip + 3,
	   "an access above what is mapped likewise");
	machine.lock.held = 0;
}

static void vmcall(void)
{
	fresh();
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	gpr[RAX] = GATE_NOP;
	dom0_do(EXIT_VMCALL, 0);
	ok(injected_ud() && gpr[RAX] == GATE_NOP, "VMCALL from CPL 3 is #UD");
	model_set(GUEST_SS_ACCESS, 0xc0b3);
	dom0_do(EXIT_VMCALL, 0);
	ok(injected_ud(), "from CPL 1 too");
	model_set(GUEST_SS_ACCESS, 0xc093);
	dom0_do(EXIT_VMCALL, 0);
	ok(injected() < 0 && gpr[RAX] == 0 && gpr[RDX] == machine.owned, "from CPL 0 it is the gate");
}

static void rip_wraps(void)
{
	fresh();
	model_set(GUEST_CS_ACCESS, 0xc0fb);
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	model_set(GUEST_RIP, 0xfffffffe);
	gpr[RAX] = 0;
	exit_length = 2;
	dom0_do(EXIT_CPUID, 0);
	ok(vmread(GUEST_RIP) == 0, "a 32-bit program at the end of its space does not stop the machine");
}

static void wrmsr_tracked(void)
{
	static const struct { u32 msr; u64 good, bad; } rows[] = {
		{ MSR_STAR, ~0ULL, 0 }, { MSR_LSTAR, 0xffffffff82000000ULL, BIT(47) },
		{ MSR_CSTAR, 0x1000, BIT(63) }, { MSR_SFMASK, 0x700, BIT(32) },
	};

	fresh();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		gpr[RCX] = rows[i].msr;
		gpr[RAX] = (u32)rows[i].good;
		gpr[RDX] = rows[i].good >> 32 | BIT(35);
		dom0_do(EXIT_WRMSR, 0);
		check(injected() < 0 && model_msr(rows[i].msr)->value == rows[i].good);
		if (!rows[i].bad)
			continue;
		gpr[RAX] = (u32)rows[i].bad;
		gpr[RDX] = rows[i].bad >> 32;
		dom0_do(EXIT_WRMSR, 0);
		check(injected_gp() && model_msr(rows[i].msr)->value == rows[i].good);
	}
	ok(true, "the SYSCALL MSRs are checked before the core writes them");
}

static void xsetbv(void)
{
	static const u64 good[] = { 1, 3, 7, 0xe7 };	/* with MPX, PKRU or both */
	bool wrong = false;

	fresh();
	for (u64 v = 0; v < 0x800; v++) {
		bool expect = false;

		for (u32 i = 0; i < ARRAY_SIZE(good); i++)
			expect |= good[i] == (v & ~0x218ULL);
		expect &= (v & 0x18) == 0 || (v & 0x18) == 0x18;
		gpr[RAX] = v;
		gpr[RCX] = gpr[RDX] = 0;
		dom0_do(EXIT_XSETBV, 0);
		wrong |= injected_gp() == expect || (expect && model.me->xcr0 != v);
	}
	ok(!wrong, "XSETBV: what the processor takes and no more");
	gpr[RAX] = 7;
	gpr[RCX] = 1;
	dom0_do(EXIT_XSETBV, 0);
	ok(injected_gp(), "XCR1");
	gpr[RCX] = 0;
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	dom0_do(EXIT_XSETBV, 0);
	ok(injected_gp(), "CPL 3");
}

static void hidden(void)
{
	struct answer r;
	u64 rip, pool;
	int level;

	fresh();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	rip = vmread(GUEST_RIP);
	exit_gpa = OWN_START + 0x3210;
	dom0_do(EXIT_EPT_VIOLATION, 2);
	ok(injected_gp() && vmread(GUEST_RIP) == rip, "an access to the core's memory is #GP");
	r = gate_call(0, GATE_EVENT, 0, 0, 0, 0);
	ok(!r.rax && r.rdx == HV_EVENT_PROTECTION && r.rcx == OWN_START + 0x3210, "and an event");
	ok(*ept_find(&machine.dom0_ept, OWN_START + 0x3210, &level) == EPT_OWNER_CORE,
	   "it stays hidden");
	exit_gpa = OWN_START;
	exit_vectoring = INFO_VALID | 0x30;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected_gp(), "in the middle of a delivery too");
	exit_gpa = 0x4080001000ULL;
	pool = machine.pool.count;
	exit_vectoring = INFO_VALID | 0x30;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	u64 entry = *ept_find(&machine.dom0_ept, 0x4080000000ULL, &level);

	ok(injected() == 0x30 && level == 3 &&
	   entry == (0x4080000000ULL | EPT_RWX | EPT_TYPE(MEMORY_UC) | EPT_LARGE),
	   "a device above what was mapped is filled in, the interrupt comes again");
	ok(machine.pool.count >= pool - 1, "at the price of a table");
	exit_gpa = 0x4100001000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4100001000ULL, &level);
	ok(level == 3 && entry == (0x4100000000ULL | EPT_RWX | EPT_TYPE(MEMORY_WB) | EPT_LARGE),
	   "RAM that came later is write-back, as the MTRRs say");
	model_msr(0x206)->value = 0x4000000000ULL;
	model_msr(0x207)->value = 0x3fffffc00800ULL;
	exit_gpa = 0x4000001000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4000001000ULL, &level);
	ok(level == 2 && entry == (0x4000000000ULL | EPT_RWX | EPT_LARGE), "a smaller page where the type changes");
	exit_gpa = 0x4000400000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4000400000ULL, &level);
	ok(level == 2 && entry == (0x4000400000ULL | EPT_RWX | EPT_TYPE(MEMORY_WB) | EPT_LARGE),
	   "and the other type beside it");
	exit_gpa = 0x100000;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected() < 0, "a stale translation: try again");
	exit_vectoring = INFO_VALID | INFO_NMI | VECTOR_NMI;
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	exit_gpa = 0x8000000000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected() == VECTOR_NMI, "an NMI that was cut off comes again");
}

static void small_pages(void)
{
	boot.pool[0].end = boot.own[0].end += 2800 * PAGE_SIZE;
	model_msr(MSR_VMX_EPT_VPID_CAP)->value &= ~(EPT_CAP_1G | EPT_CAP_2M);
}

static void far_small_page(void)
{
	const struct world_options o = { .before_init = small_pages };
	u64 entry;
	int level;

	world_start(&skylake_server, 1, &o);
	exit_gpa = 0x4080003000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4080003000ULL, &level);
	ok(level == 1 && entry == (0x4080003000ULL | EPT_RWX),
	   "without large pages a device is filled in page by page");
}

/* What Domain-0 could do to fill the pool's last pages: nothing dangerous. */
static void hidden_without_pool(void)
{
	fresh();
	while (!gate_call(0, GATE_RECLAIM, 0, 0, 0, 0).rax)
		;
	exit_gpa = 0x300000000000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected_gp(), "a far device without a page for its table is #GP");
}

static void nmi(void)
{
	struct cpu *cpu;
	bool timer;

	fresh();
	cpu = this_cpu();
	cpu->nmi_pending = true;
	gpr[RAX] = 0;
	dom0_do(EXIT_CPUID, 0);
	ok(injected() == VECTOR_NMI && !cpu->nmi_pending, "an NMI in root mode comes at the next entry");
	cpu->nmi_pending = true;
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	dom0_do(EXIT_CPUID, 0);
	timer = vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER;
	ok(injected() < 0 && cpu->nmi_pending && timer && vmread(PREEMPTION_TIMER),
	   "inside the NMI handler it waits, with the timer on");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER, "and again");
	model_set(GUEST_INTERRUPTIBILITY, 0);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI && !(vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER),
	   "until the handler is done; the timer is off");
	cpu->nmi_pending = true;
	cpu->mc_pending = true;
	dom0_do(EXIT_CPUID, 0);
	ok(injected() == VECTOR_MC && cpu->nmi_pending, "a machine check first");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI && !cpu->pending, "then the NMI");
	cpu->nmi_pending = true;
	gpr[RCX] = 0x480;
	dom0_do(EXIT_RDMSR, 0);
	ok(injected_gp() && cpu->nmi_pending, "behind a #GP it waits");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI, "and comes");
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_MOV_SS);
	cpu->nmi_pending = true;
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && cpu->nmi_pending, "not into the shadow of MOV SS");
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI, "that of STI does not matter to it");
}

/* As kmod/core/fault.c has it. */
struct frame {
	u64 gpr[16];
	u64 vector, error, rip, cs, rflags, rsp, ss;
};
void fault(struct frame *frame);

/* After the last look at what is pending and before VMRESUME. */
static void nmi_too_late(void)
{
	struct frame frame = { .vector = VECTOR_NMI };
	struct vcpu *vcpu;

	fresh();
	fault(&frame);
	ok(this_cpu()->nmi_pending && vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER &&
	   vmread(PREEMPTION_TIMER) == 0, "an NMI just before VMRESUME makes Domain-0 exit at once");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI, "and comes");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(!(vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER), "the timer goes off again");
	vcpu = running_guest();
	fault(&frame);
	ok(vmread(PREEMPTION_TIMER) == 0, "a DomU exits at once too");
	ok(!guest_exit(EXIT_PREEMPTION_TIMER, 0) && injected() == VECTOR_NMI && !vcpu->busy,
	   "and Domain-0 gets it");
	frame.vector = VECTOR_MC;
	fault(&frame);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_MC, "a machine check likewise");
}

/* SDM volume 3, 25.9.1: bits 16 to 30 say more about an exit, not which it is. */
static void in_an_enclave(void)
{
	static const u32 bits[] = { BIT(25), BIT(26), BIT(27) };

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		u64 count;

		fresh();
		count = this_cpu()->exits[EXIT_PREEMPTION_TIMER];
		this_cpu()->nmi_pending = true;
		dom0_do(EXIT_PREEMPTION_TIMER | bits[i], 0);
		ok(injected() == VECTOR_NMI && this_cpu()->exits[EXIT_PREEMPTION_TIMER] == count + 1,
		   "exit reason with bit %d: its handler, no #UD", __builtin_ctz(bits[i]));
	}
}

static void init_sipi(void)
{
	world_start(&skylake_server, 2, NULL);
	model_use(1);
	gpr = this_cpu()->dom0.gpr;
	gpr[RSI] = 5;
	dom0_do(EXIT_INIT, 0);
	ok(vmread(GUEST_ACTIVITY) == ACTIVITY_WAIT_FOR_SIPI && !vmread(GUEST_EFER) &&
	   !(vmread(ENTRY_CONTROLS) & ENTRY_IA32E) && vmread(GUEST_CR4) == CR4_VMXE &&
	   vmread(GUEST_CR0) == (CR0_ET | CR0_NE) && !vmread(GUEST_CR3) && gpr[RSI] == 0 &&
	   gpr[RDX] == 0x50654, "INIT: the state of SDM table 9-1, waiting");
	ok(vmread(GUEST_PAT) == 0x0007040600070406ULL, "PAT stays");
	dom0_do(EXIT_SIPI, 0x9a);
	ok(vmread(GUEST_ACTIVITY) == ACTIVITY_ACTIVE && vmread(GUEST_RIP) == 0 &&
	   vmread(GUEST_ES_SELECTOR + 2) == 0x9a00 && vmread(GUEST_CS_BASE) == 0x9a000,
	   "SIPI: starts at its vector");
}

static void faults(void)
{
	const struct world_options o = { .flags = HV_BOOT_SELFTEST };
	struct hv_crash *crash;
	jmp_buf here;

	for (volatile u64 kind = 0; kind < 3; kind++) {
		struct cpu *cpu;
		int how;

		world_start(&skylake_server, 1, &o);
		crash = ram(CRASH_PAGE);
		cpu = this_cpu();
		gpr = cpu->dom0.gpr;
		gpr[RAX] = GATE_FAULT;
		gpr[RDI] = kind;
		model_exit();
		model_set(EXIT_REASON, EXIT_VMCALL);
		model_way_out = &here;
		how = setjmp(here);
		if (!how)
			dispatch(&cpu->dom0);
		model_way_out = NULL;
		if (kind < 2) {
			ok(how == (kind ? MODEL_PAGE_0 : MODEL_UD2), "a fault on purpose");
			continue;
		}
		ok(how == MODEL_RESUMED && model_resumed == &cpu->dom0 && injected() == VECTOR_NMI &&
		   machine.dead, "a panic of the core is an NMI to Domain-0");
		ok(crash->magic == HV_CRASH_MAGIC && crash->exit_reason == EXIT_VMCALL &&
		   !strcmp(crash->text, "asked for"), "with the last words in the crash page");
		ok(gate_call(0, GATE_NOP, 0, 0, 0, 0).rax == -HV_EIO, "the gate is shut");
	}
}

int main(void)
{
	no_vmx();
	unknown();
	fatal();
	lock_of_the_dead();
	vmcall();
	rip_wraps();
	wrmsr_tracked();
	xsetbv();
	hidden();
	far_small_page();
	hidden_without_pool();
	nmi();
	nmi_too_late();
	in_an_enclave();
	init_sipi();
	faults();
	return tap_done();
}
