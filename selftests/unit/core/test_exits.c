// SPDX-License-Identifier: GPL-2.0-only
/* A DomU's other exits, and events into it. SDM volume 3, 27.6 and 28. */
#include "world.h"

#define INFO(type, vector)	(INFO_VALID | (type) << 8 | (vector))

static struct vcpu *vcpu;

static void fresh(void)
{
	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	guest_protected_mode();
	vcpu->apic.svr = SVR_ENABLED | 0xff;
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
}

static void vmx_instructions(void)
{
	static const u32 reasons[] = { EXIT_GETSEC, 19, 20, 21, 22, 23, 24, 25, 26, 27,
				       EXIT_INVEPT, EXIT_INVVPID, EXIT_VMFUNC, EXIT_ENCLS,
				       EXIT_MWAIT, EXIT_MONITOR, EXIT_SEAMCALL, EXIT_TDCALL };

	fresh();
	for (u32 cpl = 0; cpl < 4; cpl += 3) {
		model_set(GUEST_SS_ACCESS, 0xc093 | cpl << 5);
		for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
			u64 rip = vmread(GUEST_RIP);

			check(guest_exit(reasons[i], ~0ULL));
			check(injected_ud() && vmread(GUEST_RIP) == rip);
			check(!(vmread(ENTRY_INTERRUPTION_INFO) & INFO_ERROR_CODE));
		}
	}
	ok(true, "VMX, SMX and SGX instructions are #UD at any CPL, RIP stays");
	guest_exit(EXIT_RDPMC, 0);
	ok(injected_gp(), "RDPMC is #GP");
	u64 rip = vmread(GUEST_RIP), wbinvds = model.me->wbinvds;

	guest_exit(EXIT_WBINVD, 0);
	guest_exit(EXIT_INVD, 0);
	ok(vmread(GUEST_RIP) == rip + 6 && model.me->wbinvds == wbinvds, "WBINVD and INVD do nothing");
}

static void hypercall(void)
{
	fresh();
	vcpu->ctx.gpr[RAX] = GATE_DONATE;
	guest_exit(EXIT_VMCALL, 0);
	ok((long)vcpu->ctx.gpr[RAX] == -1000, "VMCALL: no such hypercall, and no gate");
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	guest_exit(EXIT_VMCALL, 0);
	ok((long)vcpu->ctx.gpr[RAX] == -1, "from CPL 3: not permitted");
}

static void unknown(void)
{
	fresh();
	for (u32 reason = 0; reason < 0x120; reason++) {
		static const u32 gone[] = { 5, 6, 9, 14, 16, 17, 33, 34, 35, 37, 38, 40, 42, 43, 44,
					    45, 46, 47, 49, 51, 56, 57, 58 };
		bool out = reason >= 60;

		for (u32 i = 0; i < ARRAY_SIZE(gone); i++)
			out |= gone[i] == reason;
		if (!out || reason == EXIT_ENCLS || reason == EXIT_SEAMCALL || reason == EXIT_TDCALL)
			continue;
		check(!guest_exit(reason, 77) && left.rax == HV_RUN_VMM &&
		      vcpu->run->exit == HVMOD_EXIT_UNHANDLED &&
		      vcpu->run->failure.hw_reason == reason &&
		      vcpu->run->failure.qualification == 77);
		guest_run(vcpu);
	}
	ok(true, "what has no handler goes to the VMM with reason and qualification");
	ok(!guest_exit(EXIT_TRIPLE_FAULT, 0) && vcpu->run->exit == HVMOD_EXIT_TRIPLE_FAULT,
	   "a triple fault");
}

static void entry_refused(void)
{
	fresh();
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(vcpu);
	ok(!guest_exit(EXIT_GUEST_STATE | EXIT_REASON_ENTRY_FAILURE, 4) && left.rax == HV_RUN_VMM &&
	   vcpu->run->exit == HVMOD_EXIT_ENTRY_FAILED && vcpu->run->why == HVMOD_WHY_GUEST_STATE &&
	   !vcpu->ctx.launched && !vcpu->busy, "the processor refuses the guest's state");
	guest_run(vcpu);
	ok(vcpu->ctx.launched, "it is launched anew");
	guest_exit(EXIT_MSR_LOADING | EXIT_REASON_ENTRY_FAILURE, 1);
	ok(vcpu->run->why == HVMOD_WHY_MSR_LOAD, "MSR loading");
	guest_run(vcpu);
	guest_exit(EXIT_MACHINE_CHECK | EXIT_REASON_ENTRY_FAILURE, 0);
	ok(vcpu->run->exit == HVMOD_EXIT_ENTRY_FAILED && injected() == VECTOR_MC,
	   "a machine check during entry is Domain-0's");
}

static void io(void)
{
	static const struct { u8 size; u64 in, before, after; } rows[] = {
		{ 1, 0x12345678aa, 0x1111111111111111, 0x11111111111111aa },
		{ 2, 0x12345678aa, 0x1111111111111111, 0x11111111111178aa },
		{ 4, 0x12345678aa, 0x1111111111111111, 0x00000000345678aa },
	};
	struct hvmod_run *run;
	u64 *gpr, rip;

	fresh();
	run = vcpu->run;
	gpr = vcpu->ctx.gpr;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 size = rows[i].size;

		gpr[RAX] = 0xfedcba9876543210;
		rip = vmread(GUEST_RIP);
		exit_length = 2;
		check(!guest_exit(EXIT_IO, (size - 1) | 0x3f8 << 16) && left.rax == HV_RUN_VMM);
		ok(run->exit == HVMOD_EXIT_IO && run->io.port == 0x3f8 && run->io.size == size &&
		   !run->io.in && run->io.data == (0x76543210 & (size == 4 ? ~0U : BIT(size * 8) - 1)),
		   "OUT of %u", size);
		guest_run(vcpu);
		check(vmread(GUEST_RIP) == rip + 2);
		gpr[RAX] = rows[i].before;
		guest_exit(EXIT_IO, (size - 1) | 8 | 0xcfcULL << 16);
		ok(run->io.in && run->io.port == 0xcfc, "IN of %u", size);
		run->io.data = rows[i].in;
		guest_run(vcpu);
		ok(gpr[RAX] == rows[i].after, "IN of %u: the rest of RAX", size);
	}
	guest_exit(EXIT_IO, 8 | 0x60 << 16);
	gpr[RAX] = 0;
	run->io.data = 0xff;
	run->dirty = HVMOD_STATE_REGS;
	run->regs = (struct hvmod_regs){ .rip = 0x4000, .rflags = 2 };
	run->regs.gpr[RAX] = 0x77;
	guest_run(vcpu);
	ok(gpr[RAX] == 0x77 && vmread(GUEST_RIP) == 0x4000, "registers that the VMM sets win");
	guest_exit(EXIT_IO, 8 | 0x60 << 16);
	gpr[RAX] = 0x1100;
	run->io.data = 0x5a;
	gate_call(0, GATE_VCPU_EXPORT, vcpu->domain->handle, 0, HVMOD_STATE_REGS, 0);
	ok(run->valid == HVMOD_STATE_REGS && run->regs.gpr[RAX] == 0x115a, "RUN that comes back at once has done the IN");
	run->io.data = 0xff;
	guest_run(vcpu);
	ok(gpr[RAX] == 0x115a, "once");
	rip = vmread(GUEST_RIP);
	exit_linear = 0x5555;
	exit_length = 2;
	guest_exit(EXIT_IO, 0 | 16 | 32 | 0x1f0 << 16);
	ok(run->exit == HVMOD_EXIT_IO_STRING && run->io.rep && run->io.linear == 0x5555 &&
	   run->next_rip == rip + 2 && run->regs.rip == rip &&
	   run->valid == (HVMOD_STATE_REGS | HVMOD_STATE_SREGS), "REP OUTS: RIP is on it");
	guest_run(vcpu);
	ok(vmread(GUEST_RIP) == rip, "and stays there");
}

static void hlt(void)
{
	fresh();
	ok(!guest_exit(EXIT_HLT, 0) && left.rax == HV_RUN_HALT && left.rdx == 0 && vcpu->halted,
	   "HLT without a timer");
	left = gate_call(0, GATE_VCPU_RUN, vcpu->domain->handle, 0, 0, 0);
	ok(!this_cpu()->vcpu && left.rax == HV_RUN_HALT, "RUN of a vCPU that sleeps on");
	apic_set_irq(vcpu, 0x41, false);
	guest_run(vcpu);
	ok(injected() == 0x41 && !vcpu->halted, "an interrupt wakes it");
	guest_exit(EXIT_CPUID, 0);
	vcpu->apic.isr[2] = 0;
	apic_set_irq(vcpu, 0x42, false);
	ok(guest_exit(EXIT_HLT, 0) && injected() == 0x42, "HLT with one pending goes on");
	guest_exit(EXIT_CPUID, 0);
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
	ok(!guest_exit(EXIT_HLT, 0) && left.rax == HV_RUN_VMM && vcpu->run->exit == HVMOD_EXIT_HALTED,
	   "HLT with interrupts off is told");
	vcpu->nmi_pending = true;
	vcpu->event = 1;
	guest_run(vcpu);
	ok(injected() == VECTOR_NMI, "an NMI wakes even that");
	fresh();
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	guest_exit(EXIT_HLT, 0);
	apic_set_irq(vcpu, 0x43, false);
	guest_run(vcpu);
	ok(injected() == 0x43, "STI; HLT: the shadow ends with HLT");
	fresh();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
	apic_set_irq(vcpu, 0x44, false);
	guest_exit(EXIT_CPUID, 0);
	guest_exit(EXIT_HLT, 0);
	ok(vcpu->run->exit == HVMOD_EXIT_HALTED, "CLI; HLT with an interrupt pending does not wake");
}

static bool runs_again(void)
{
	left = gate_call(0, GATE_VCPU_RUN, vcpu->domain->handle, 0, 0, 0);
	return this_cpu()->vcpu == vcpu;
}

/* Asleep with interrupts off: what can't be delivered does not end it. */
static void hlt_closed(void)
{
	fresh();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
	guest_exit(EXIT_HLT, 0);
	vcpu->run->exit = 0;
	apic_set_irq(vcpu, 0x46, false);
	ok(!runs_again() && left.rax == HV_RUN_VMM && vcpu->run->exit == HVMOD_EXIT_HALTED,
	   "CLI; HLT: an interrupt does not end it, and the VMM is told again");
	vcpu->nmi_pending = true;
	ok(runs_again() && injected() == VECTOR_NMI, "an NMI does");
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	guest_exit(EXIT_CPUID, 0);
	vcpu->nmi_pending = true;
	vcpu->event = 1;
	ok(!guest_exit(EXIT_HLT, 0) && vcpu->halted && !runs_again() && left.rax == HV_RUN_VMM,
	   "but not in an NMI's handler");
	vcpu->init_pending = true;
	ok(!runs_again() && left.rax == HV_RUN_HALT && vcpu->wait_for_sipi && !vcpu->halted, "INIT does");
}

/* Registers from the VMM change no activity; they are taken all the same. */
static void hlt_dirty(void)
{
	fresh();
	guest_exit(EXIT_HLT, 0);
	vcpu->run->regs = (struct hvmod_regs){ .rip = 0x7777, .rflags = RFLAGS_FIXED | RFLAGS_IF };
	vcpu->run->dirty = HVMOD_STATE_REGS;
	ok(!runs_again() && left.rax == HV_RUN_HALT && !vcpu->run->dirty,
	   "registers for a halted vCPU do not wake it");
	apic_set_irq(vcpu, 0x47, false);
	ok(runs_again() && vmread(GUEST_RIP) == 0x7777, "it wakes with them");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu->run->regs.rip = 0x8888;
	vcpu->run->dirty = HVMOD_STATE_REGS;
	vcpu->run->wanted = HVMOD_STATE_REGS;
	vcpu->eoi = 0x48;
	ok(!runs_again() && left.rax == HV_RUN_VMM && vcpu->run->exit == HVMOD_EXIT_EOI &&
	   vcpu->run->regs.rip == 0x8888 && !vcpu->run->dirty,
	   "registers are not lost in an exit that comes before the entry");
}

/* The window opens behind the shadow of STI, where HLT comes first. */
static void sti_hlt(void)
{
	fresh();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
	apic_set_irq(vcpu, 0x45, false);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() < 0 && vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW, "CLI: it waits");
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	ok(guest_exit(EXIT_HLT, 0) && injected() == 0x45 && !vcpu->halted,
	   "STI; HLT with one that was pending all the while does not sleep");
	fresh();
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	vcpu->nmi_pending = true;
	vcpu->event = 1;
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && guest_exit(EXIT_HLT, 0) && injected() == VECTOR_NMI,
	   "nor with an NMI");
}

static void skip(void)
{
	fresh();
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	guest_exit(EXIT_CPUID, 0);
	ok(!vmread(GUEST_INTERRUPTIBILITY), "a skipped instruction ends the shadow of STI");
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_MOV_SS | BLOCKED_BY_NMI);
	guest_exit(EXIT_CPUID, 0);
	ok(vmread(GUEST_INTERRUPTIBILITY) == BLOCKED_BY_NMI, "of MOV SS, not NMI blocking");
	ok(!vmread(GUEST_PENDING_DEBUG), "no trap without TF");
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_TF);
	guest_exit(EXIT_CPUID, 0);
	ok(vmread(GUEST_PENDING_DEBUG) & BIT(14), "with TF a single-step trap is pending");
	model_set(GUEST_PENDING_DEBUG, 0);
	model_set(GUEST_DEBUGCTL, BIT(1));
	guest_exit(EXIT_CPUID, 0);
	ok(!vmread(GUEST_PENDING_DEBUG), "with BTF too it is not: only branches trap");
	fresh();
	model_set(GUEST_RIP, 0xfffffffd);
	guest_exit(EXIT_CPUID, 0);
	ok(vmread(GUEST_RIP) == 0, "EIP wraps at 4 GiB outside 64-bit mode");
	guest_long_mode();
	model_set(GUEST_RIP, 0xfffffffe);
	guest_exit(EXIT_CPUID, 0);
	ok(vmread(GUEST_RIP) == 0x100000001, "RIP does not in it");
	model_set(GUEST_CS_ACCESS, 0xc09b);
	model_set(GUEST_RIP, 0xffffffff);
	guest_exit(EXIT_CPUID, 0);
	ok(vmread(GUEST_RIP) == 2, "compatibility mode wraps");
}

static void priorities(void)
{
	fresh();
	apic_set_irq(vcpu, 0x31, false);
	apic_set_irq(vcpu, 0x52, false);
	vcpu->nmi_pending = true;
	guest_exit(EXIT_CPUID, 0);
	ok(injected() == VECTOR_NMI && vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW,
	   "an NMI first, and a window for the rest");
	guest_exit(EXIT_INTERRUPT_WINDOW, 0);
	ok(injected() == 0x52, "then the highest vector");
	ok(!(vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW),
	   "no window: the other is below the one in service");
	guest_exit(EXIT_CPUID, 0);
	ok(injected() < 0 && vcpu->apic.irr[1] & BIT(0x31 - 32), "it waits");
	apic_write(vcpu, REG_EOI, 0);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() == 0x31, "until EOI");
	apic_set_irq(vcpu, 0x33, false);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() < 0, "the same class does not interrupt");
	apic_set_irq(vcpu, 0x61, false);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() == 0x61, "a higher one does");
	fresh();
	vcpu->apic.tpr = 0x50;
	apic_set_irq(vcpu, 0x5f, false);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() < 0, "TPR masks its class");
	vcpu->ctx.gpr[RBX] = 4;
	guest_exit(EXIT_CR_ACCESS, 8 | RBX << 8);
	ok(injected() == 0x5f, "and lets go by CR8");
	fresh();
	vcpu->apic.svr = 0xff;
	apic_set_irq(vcpu, 0x40, false);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() < 0, "an APIC that is off delivers nothing");
}

static void blocking(void)
{
	fresh();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED);
	apic_set_irq(vcpu, 0x40, false);
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW, "IF = 0: a window");
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	guest_exit(EXIT_INTERRUPT_WINDOW, 0);
	ok(injected() == 0x40 && !(vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW),
	   "at the window it comes");
	static const u32 shadows[] = { BLOCKED_BY_STI, BLOCKED_BY_MOV_SS };

	for (int i = 0; i < 2; i++) {
		fresh();
		model_set(GUEST_INTERRUPTIBILITY, shadows[i]);
		apic_set_irq(vcpu, 0x40, false);
		vcpu->nmi_pending = true;
		guest_exit(EXIT_PREEMPTION_TIMER, 0);
		ok(injected() < 0 && vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW &&
		   vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW, "shadow of %s: both windows",
		   i ? "MOV SS" : "STI");
	}
	fresh();
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	vcpu->nmi_pending = true;
	vcpu->event = 1;
	guest_exit(EXIT_CPUID, 0);
	ok(injected() < 0 && vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW && vcpu->nmi_pending,
	   "inside an NMI handler: an NMI window");
	apic_set_irq(vcpu, 0x40, false);
	guest_exit(EXIT_CPUID, 0);
	ok(injected() == 0x40, "interrupts are not held by it");
	model_set(GUEST_INTERRUPTIBILITY, 0);
	guest_exit(EXIT_NMI_WINDOW, 0);
	ok(injected() == VECTOR_NMI && !(vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW),
	   "the NMI comes, the window closes");
	fresh();
	vcpu->event = 1;
	vcpu->nmi_pending = true;
	vcpu->ctx.gpr[RCX] = 0x12345;
	guest_exit(EXIT_RDMSR, 0);
	ok(injected_gp() && vcpu->nmi_pending && vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW,
	   "behind an exception an NMI waits");
}

static void interrupted(void)
{
	static const struct { u64 info, error; bool length; const char *name; } rows[] = {
		{ INFO(0, 0x55), 0, false, "an interrupt" },
		{ INFO(3, VECTOR_PF) | INFO_ERROR_CODE, 0x6, false, "#PF" },
		{ INFO(3, VECTOR_UD), 0, false, "#UD" },
		{ INFO(4, 0x80), 0, true, "INT 0x80" },
		{ INFO(5, 1), 0, true, "INT1" },
		{ INFO(6, 3), 0, true, "#BP" },
		{ INFO(2, 2), 0, false, "an NMI" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		fresh();
		if (INFO_TYPE(rows[i].info) == TYPE_NMI)
			model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
		exit_vectoring = rows[i].info;
		exit_vectoring_error = rows[i].error;
		exit_length = 2;
		exit_gpa = 0x40000000;
		check(!guest_exit(EXIT_EPT_VIOLATION, 1));
		check(left.rax == HV_RUN_FAULT && left.rdx == 0x40000000 && left.rcx == 1);
		guest_run(vcpu);
		ok(vmread(ENTRY_INTERRUPTION_INFO) == rows[i].info &&
		   (!rows[i].length || vmread(ENTRY_INSTRUCTION_LENGTH) == 2) &&
		   (!rows[i].error || vmread(ENTRY_EXCEPTION_ERROR) == rows[i].error),
		   "%s that a fault cut off comes again", rows[i].name);
	}
	fresh();
	exit_vectoring = INFO(0, 0x55);
	apic_set_irq(vcpu, 0x99, false);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(vcpu);
	ok(injected() == 0x55 && vmread(PROC_BASED_CONTROLS) & PROC_INTERRUPT_WINDOW,
	   "before a new one of higher priority");
	fresh();
	exit_gpa = 0x1000000;
	guest_exit(EXIT_EPT_VIOLATION, 1 | BIT(12));
	guest_run(vcpu);
	ok(vmread(GUEST_INTERRUPTIBILITY) & BLOCKED_BY_NMI,
	   "an IRET that faulted leaves NMIs blocked");
}

/*
 * CVE-2019-19583: a guest's program sets TF, loads SS and executes INT1. The
 * processor sets no BS at an exit that a #DB makes, and refuses an entry
 * without it.
 */
static void debug_in_shadow(void)
{
	static const struct { u64 type; u32 length; const char *name; } rows[] = {
		{ 3, 0, "#DB" },
		{ TYPE_PRIVILEGED_SOFTWARE, 1, "INT1" },
	};
	static const u32 shadows[] = { 0, BLOCKED_BY_STI, BLOCKED_BY_MOV_SS, BLOCKED_BY_NMI };

	for (u32 i = 0; i < 16; i++) {
		u32 shadow = shadows[i & 3];
		bool steps = i & 4;
		u64 rip;

		fresh();
		model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF | (steps ? RFLAGS_TF : 0));
		model_set(GUEST_INTERRUPTIBILITY, shadow);
		rip = vmread(GUEST_RIP);
		exit_interruption = INFO(rows[i >> 3].type, VECTOR_DB);
		exit_length = rows[i >> 3].length;
		hostile_states = true;
		entries_refused = 0;
		ok(guest_exit(EXIT_EXCEPTION_NMI, 0) && !entries_refused && injected() == VECTOR_DB &&
		   INFO_TYPE(vmread(ENTRY_INTERRUPTION_INFO)) == rows[i >> 3].type &&
		   vmread(GUEST_RIP) == rip &&
		   vmread(GUEST_INTERRUPTIBILITY) == (shadow & BLOCKED_BY_NMI),
		   "%s, TF %d, interruptibility %x: delivery ends the shadow", rows[i >> 3].name, steps, shadow);
		hostile_states = false;
	}
}

/* SDM volume 3, 18.2.4: the handler may touch the debug registers. */
static void general_detect(void)
{
	fresh();
	model_set(GUEST_DR7, 0x2400);
	exit_interruption = INFO(3, VECTOR_DB);
	ok(guest_exit(EXIT_EXCEPTION_NMI, BIT(13)) && injected() == VECTOR_DB && vcpu->dr6 & BIT(13) &&
	   vmread(GUEST_DR7) == 0x400, "#DB clears DR7.GD, as its delivery does");
}

static void exceptions(void)
{
	fresh();
	exit_interruption = INFO(3, VECTOR_AC) | INFO_ERROR_CODE;
	ok(guest_exit(EXIT_EXCEPTION_NMI, 0) && injected() == VECTOR_AC &&
	   vmread(ENTRY_INTERRUPTION_INFO) & INFO_ERROR_CODE, "#AC goes back to the guest");
	exit_interruption = INFO(3, VECTOR_DB);
	ok(guest_exit(EXIT_EXCEPTION_NMI, BIT(14)) && injected() == VECTOR_DB &&
	   vcpu->dr6 & BIT(14), "#DB too, with DR6");
	exit_interruption = INFO(5, VECTOR_DB);
	exit_length = 1;
	ok(guest_exit(EXIT_EXCEPTION_NMI, 0) && vmread(ENTRY_INSTRUCTION_LENGTH) == 1,
	   "INT1 with its length");
	exit_interruption = INFO(2, 2);
	ok(!guest_exit(EXIT_EXCEPTION_NMI, 0) && left.rax == HV_RUN_INTERRUPT &&
	   injected() == VECTOR_NMI, "an NMI is Domain-0's");
	guest_run(vcpu);
	ok(injected() != VECTOR_NMI, "not the guest's");
	exit_interruption = INFO(3, VECTOR_MC);
	ok(!guest_exit(EXIT_EXCEPTION_NMI, 0) && injected() == VECTOR_MC, "so is a machine check");
	guest_run(vcpu);
	this_cpu()->nmi_pending = true;
	ok(!guest_exit(EXIT_CPUID, 0) && left.rax == HV_RUN_INTERRUPT && injected() == VECTOR_NMI,
	   "an NMI that came in root mode ends the run");
}

static u32 leaf1_eax, leaf1_ecx, leaf7_edx;

static void with_split_lock_detection(void)
{
	model_leaf(1, 0)->eax = leaf1_eax;
	model_leaf(1, 0)->ecx |= leaf1_ecx;
	model_leaf(7, 0)->edx |= leaf7_edx;
	if (leaf7_edx & BIT(30))
		model_msr_add(MSR_CORE_CAPABILITIES, MODEL_READ, BIT(5));
	model_msr_add(MSR_TEST_CTRL, MODEL_BOTH, TEST_CTRL_SPLIT_LOCK | 0x80);
}

/* A processor with detection on, as Linux has it; what the guest does is not to be detected. */
static struct model_msr *fresh_split_lock(u32 eax, u32 ecx, u32 edx)
{
	static const struct world_options o = { .before_init = with_split_lock_detection };

	leaf1_eax = eax;
	leaf1_ecx = ecx;
	leaf7_edx = edx;
	world_start(&skylake_server, 1, &o);
	vcpu = running_guest();
	guest_protected_mode();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	return model_msr(MSR_TEST_CTRL);
}

static bool alignment_check(void)
{
	exit_interruption = INFO(3, VECTOR_AC) | INFO_ERROR_CODE;
	check(guest_exit(EXIT_EXCEPTION_NMI, 0));
	return injected() == VECTOR_AC;
}

static void split_lock(void)
{
	static const struct { u32 cpl; u64 cr0, rflags; bool its_own; } rows[] = {
		{ 0, CR0_AM, RFLAGS_AC, false }, { 3, 0, RFLAGS_AC, false }, { 3, CR0_AM, 0, false },
		{ 3, CR0_AM, RFLAGS_AC, true },
	};
	static const struct { u32 eax, ecx, edx; bool detects; const char *what; } processors[] = {
		{ 0x806c1, 0, BIT(30), true, "IA32_CORE_CAPABILITIES" },
		{ 0x606a6, 0, 0, true, "Ice Lake server does not tell" },
		{ 0x606c1, 0, 0, true, "nor does Ice Lake D" },
		{ 0x706e5, 0, 0, true, "nor the client" },
		{ 0x606a6, BIT(31), 0, false, "in a guest it has none" },
		{ 0x806c1, BIT(31), BIT(30), false, "and Linux looks for none" },
		{ 0x50654, 0, 0, false, "nor has Skylake" },
	};
	struct model_msr *test;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		test = fresh_split_lock(0x806c1, 0, BIT(30));
		model_set(GUEST_SS_ACCESS, 0xc093 | rows[i].cpl << 5);
		model_set(GUEST_CS_ACCESS, 0xc09b | rows[i].cpl << 5);
		model_set(GUEST_CR0, vmread(GUEST_CR0) | rows[i].cr0);
		model_set(GUEST_RFLAGS, vmread(GUEST_RFLAGS) | rows[i].rflags);
		ok(alignment_check() == rows[i].its_own &&
		   test->value == (rows[i].its_own ? TEST_CTRL_SPLIT_LOCK | 0x80 : 0x80),
		   "#AC at CPL %u, CR0.AM %d, RFLAGS.AC %d %s", rows[i].cpl, !!rows[i].cr0, !!rows[i].rflags,
		   rows[i].its_own ? "is the guest's" : "is a split lock: on with it, undetected");
		guest_exit(EXIT_CPUID, 0);
		check(!(test->value & TEST_CTRL_SPLIT_LOCK) == !rows[i].its_own);
		guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
		ok(test->value == (TEST_CTRL_SPLIT_LOCK | 0x80) && test->writes == (rows[i].its_own ? 0 : 2),
		   "Domain-0 detects as before");
		guest_run(vcpu);
		guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
		check(test->writes == (rows[i].its_own ? 0 : 2));
	}
	for (u32 i = 0; i < ARRAY_SIZE(processors); i++) {
		fresh_split_lock(processors[i].eax, processors[i].ecx, processors[i].edx);
		ok(alignment_check() != processors[i].detects, "%s", processors[i].what);
	}
	test = fresh_split_lock(0x806c1, 0, BIT(30));
	test->value = 0;
	ok(alignment_check() && !test->writes, "Linux does not detect: #AC is the guest's");
	fresh_split_lock(0x806c1, 0, BIT(30));
	exit_vectoring = INFO(0, 0x55);
	alignment_check();
	ok(injected() == 0x55, "an interrupt that it cut off comes again");
	fresh_split_lock(0x806c1, 0, BIT(30));
	exit_interruption = INFO(3, VECTOR_AC) | INFO_ERROR_CODE | INFO_NMI_UNBLOCKING;
	guest_exit(EXIT_EXCEPTION_NMI, 0);
	ok(vmread(GUEST_INTERRUPTIBILITY) & BLOCKED_BY_NMI, "IRET is tried again with NMIs blocked");
}

static void slice(void)
{
	u64 now;

	fresh();
	now = model.tsc;
	ok(vcpu->slice_end == now + 4 * machine.tsc_khz &&
	   vmread(PREEMPTION_TIMER) == 4 * machine.tsc_khz >> machine.caps.timer_shift,
	   "the timer is armed for 4 ms");
	model.tsc += machine.tsc_khz;
	ok(guest_exit(EXIT_PREEMPTION_TIMER, 0) &&
	   vmread(PREEMPTION_TIMER) == 3 * machine.tsc_khz >> machine.caps.timer_shift,
	   "too early: armed for the rest");
	model.tsc += 3 * machine.tsc_khz;
	ok(!guest_exit(EXIT_PREEMPTION_TIMER, 0) && left.rax == HV_RUN_INTERRUPT, "the end of it");
	ok(gate_call(0, GATE_VCPU_STATS, vcpu->domain->handle, 0, 0, 0).rcx == 4 * machine.tsc_khz,
	   "the time is counted");

	gate_call(0, GATE_VCPU_RUN, vcpu->domain->handle, 0, machine.tsc_khz / 2, 0);
	ok(vcpu->slice_end == model.tsc + machine.tsc_khz / 2 &&
	   vmread(PREEMPTION_TIMER) == (machine.tsc_khz / 2) >> machine.caps.timer_shift,
	   "the driver's limit is kept");
	model.tsc += machine.tsc_khz / 2;
	ok(!guest_exit(EXIT_PREEMPTION_TIMER, 0) && left.rax == HV_RUN_INTERRUPT, "to its end");
	gate_call(0, GATE_VCPU_RUN, vcpu->domain->handle, 0, ~0ULL, 0);
	ok(vcpu->slice_end == model.tsc + 4 * machine.tsc_khz, "a longer one than 4 ms is none");
}

static void counts(void)
{
	struct hv_counts *counts;
	u64 handle;

	fresh();
	counts = ram(FREE_RAM);
	handle = vcpu->domain->handle;
	guest_exit(EXIT_CPUID, 0);
	guest_exit(EXIT_CPUID, 0);
	exit_gpa = 0x100000000;
	guest_exit(EXIT_EPT_VIOLATION, 1);
	guest_run(vcpu);
	guest_exit(EXIT_TRIPLE_FAULT, 0);
	ok(!gate_call(0, GATE_VCPU_COUNTS, handle, 0, FREE_RAM, 0).rax, "counters of a vCPU");
	ok(counts->exits[EXIT_CPUID] == 2 && !counts->driver[EXIT_CPUID] && !counts->vmm[EXIT_CPUID],
	   "CPUID: all resumed");
	ok(counts->exits[EXIT_EPT_VIOLATION] == 1 && counts->driver[EXIT_EPT_VIOLATION] == 1 &&
	   !counts->vmm[EXIT_EPT_VIOLATION], "a fault was the driver's");
	ok(counts->exits[EXIT_TRIPLE_FAULT] == 1 && counts->vmm[EXIT_TRIPLE_FAULT] == 1 &&
	   !counts->driver[EXIT_TRIPLE_FAULT], "a triple fault the VMM's");

	vcpu->nmi_pending = true;
	vcpu->event = 1;
	guest_run(vcpu);
	ok(vcpu->counts->nmis == 1 && !vcpu->counts->interrupts, "an NMI is counted");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(gate_call(0, GATE_VCPU_COUNTS, handle, 1, FREE_RAM, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_VCPU_COUNTS, handle + 1, 0, FREE_RAM, 0).rax == -HV_ENOENT,
	   "no such vCPU");
	ok(gate_call(0, GATE_VCPU_COUNTS, handle, 0, FREE_RAM + 8, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_COUNTS, handle, 0, vcpu->self_pa, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_COUNTS, handle, 0, GUEST_RAM, 0).rax == -HV_EINVAL,
	   "only into plain pages of Domain-0");

	ok(!gate_call(0, GATE_CPU_COUNTS, 0, FREE_RAM, 0, 0).rax &&
	   counts->exits[EXIT_VMCALL] >= 6 && counts->ticks == vcpu->counts->ticks,
	   "Domain-0's own exits");
	ok(gate_call(0, GATE_CPU_COUNTS, 1, FREE_RAM, 0, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_CPU_COUNTS, ~0ULL, FREE_RAM, 0, 0).rax == -HV_ENOENT &&
	   gate_call(0, GATE_CPU_COUNTS, 0, OWN_START, 0, 0).rax == -HV_EINVAL,
	   "no such processor, no such page");
}

int main(void)
{
	counts();
	vmx_instructions();
	hypercall();
	unknown();
	entry_refused();
	io();
	hlt();
	hlt_closed();
	hlt_dirty();
	sti_hlt();
	skip();
	priorities();
	blocking();
	interrupted();
	exceptions();
	debug_in_shadow();
	general_detect();
	split_lock();
	slice();
	return tap_done();
}
