// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dispatcher: one table, exit reason -> handlers. A handler's verdict says
 * whether the guest goes on, the driver is next, or the VMM.
 *
 * Names tell the outcome: resume_* resumes the guest, exit_* may leave to the
 * driver or the VMM, driver_* and vmm_* always do.
 */
#include "domain.h"
#include "interp.h"

static enum verdict driver_interrupt(struct vcpu *vcpu)
{
	return TO_DRIVER;
}

/*
 * The exit does nothing of what delivery does beside the jump, and injection
 * does less: SDM volume 3, 28.1 and 27.6.1. Delivery clears DR7.GD, and ends
 * both shadows; were one left, VM entry would want BS in the pending debug
 * exceptions wherever TF is set, which this exit does not set
 * (CVE-2019-19583).
 */
static enum verdict resume_with_db(struct vcpu *vcpu, u32 info)
{
	vcpu->dr6 = (vcpu->owns_debug ? read_dr6() : vcpu->dr6) | vmread(EXIT_QUALIFICATION);
	if (vcpu->owns_debug)
		write_dr6(vcpu->dr6);
	vmwrite(GUEST_DR7, vmread(GUEST_DR7) & ~DR7_GD);
	vmwrite(GUEST_INTERRUPTIBILITY,
		vmread(GUEST_INTERRUPTIBILITY) & ~(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
	/* INT1: RIP is on it, and the length takes delivery behind it. */
	if (INFO_TYPE(info) == TYPE_PRIVILEGED_SOFTWARE)
		vmwrite(ENTRY_INSTRUCTION_LENGTH, vmread(EXIT_INSTRUCTION_LENGTH));
	vmwrite(ENTRY_INTERRUPTION_INFO, info & ~INFO_NMI_UNBLOCKING);
	return RESUME;
}

static enum verdict resume_with_ac(struct vcpu *vcpu, u32 info)
{
	if (!split_lock_allow(this_cpu())) {
		queue_exception(VECTOR_AC, true, 0);
		return RESUME;
	}
	/* The instruction runs again, or the event is delivered again. */
	if (info & INFO_NMI_UNBLOCKING && !(vmread(IDT_VECTORING_INFO) & INFO_VALID))
		vmwrite(GUEST_INTERRUPTIBILITY, vmread(GUEST_INTERRUPTIBILITY) | BLOCKED_BY_NMI);
	keep_interrupted_event(vcpu);
	return RESUME;
}

static enum verdict exit_exception(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();
	u64 info = vmread(EXIT_INTERRUPTION_INFO);
	u32 vector = info & 0xff;

	if (INFO_TYPE(info) == TYPE_NMI) {
		cpu->nmi_pending = true;
		return TO_DRIVER;
	}
	if (vector == VECTOR_MC) {
		cpu->mc_pending = true;
		return TO_DRIVER;
	}
	/*
	 * #DB and #AC are intercepted only because a guest can make their
	 * delivery loop for ever inside the processor (CVE-2015-5307, 8104).
	 */
	if (vector == VECTOR_DB)
		return resume_with_db(vcpu, info);
	return resume_with_ac(vcpu, info);
}

static enum verdict driver_machine_check(struct vcpu *vcpu)
{
	this_cpu()->mc_pending = true;
	return TO_DRIVER;
}

static enum verdict vmm_triple_fault(struct vcpu *vcpu)
{
	return vmm_exit(vcpu, HVMOD_EXIT_TRIPLE_FAULT, HVMOD_WHY_NONE);
}

static enum verdict exit_hlt(struct vcpu *vcpu)
{
	skip_instruction();
	/* One may wait behind the shadow of STI, with the window and without @event. */
	if (can_wake(vcpu)) {
		vcpu->unhalt = false;
		vcpu->event = 1;
		return RESUME;
	}
	vcpu->halted = true;
	vcpu->outcome = vcpu_halt(vcpu, &vcpu->run_value[0]);
	return TO_DRIVER;
}

static enum verdict exit_ept_violation(struct vcpu *vcpu)
{
	u64 qualification = vmread(EXIT_QUALIFICATION);

	/* SDM volume 3, 28.2.3: an IRET that faulted had unblocked NMIs. */
	if (qualification & BIT(12) && !(vmread(IDT_VECTORING_INFO) & INFO_VALID))
		vmwrite(GUEST_INTERRUPTIBILITY, vmread(GUEST_INTERRUPTIBILITY) | BLOCKED_BY_NMI);
	vcpu->fault_access = qualification;
	vcpu->run_value[0] = vmread(GUEST_PHYSICAL_ADDRESS);
	vcpu->run_value[1] = qualification & 7;
	return TO_DRIVER;
}

static enum verdict vmm_unhandled(struct vcpu *vcpu)
{
	return vmm_failure(vcpu, HVMOD_EXIT_UNHANDLED, HVMOD_WHY_NONE);
}

static enum verdict exit_preemption_timer(struct vcpu *vcpu)
{
	if (rdtsc() >= vcpu->slice_end)
		return TO_DRIVER;
	timer_expire(vcpu);
	timer_arm(vcpu);
	return RESUME;
}

static enum verdict resume_skip(struct vcpu *vcpu)
{
	skip_instruction();
	return RESUME;
}


/*
 * A row a reason. What is missing here is not enabled in the controls, or
 * can't happen to a DomU; it ends in vmm_unhandled.
 */
static const struct {
	enum verdict (*domu)(struct vcpu *vcpu);
	u8 outcome;			/* of TO_DRIVER */
} rows[EXIT_REASONS] = {
	[0 ... EXIT_REASONS - 1]	= { vmm_unhandled },
	[EXIT_EXCEPTION_NMI]		= { exit_exception },
	[EXIT_EXTERNAL_INTERRUPT]	= { driver_interrupt },
	[EXIT_TRIPLE_FAULT]		= { vmm_triple_fault },
	[EXIT_INTERRUPT_WINDOW]		= { resume_event },
	[EXIT_NMI_WINDOW]		= { resume_event },
	[EXIT_TASK_SWITCH]		= { vmm_unhandled },
	[EXIT_CPUID]			= { resume_cpuid },
	[EXIT_GETSEC]			= { resume_with_ud },
	[EXIT_HLT]			= { exit_hlt },
	[EXIT_INVD]			= { resume_skip },
	[EXIT_RDPMC]			= { resume_with_gp },
	[EXIT_VMCALL]			= { exit_vmcall },
	[EXIT_VMCLEAR ... EXIT_VMXON]	= { resume_with_ud },
	[EXIT_CR_ACCESS]		= { exit_cr_access },
	[EXIT_MOV_DR]			= { resume_mov_dr },
	[EXIT_IO]			= { exit_io },
	[EXIT_RDMSR]			= { resume_rdmsr },
	[EXIT_WRMSR]			= { exit_wrmsr },
	[EXIT_MWAIT]			= { resume_with_ud },
	[EXIT_MONITOR]			= { resume_with_ud },
	[EXIT_MACHINE_CHECK]		= { driver_machine_check },
	[EXIT_VIRTUALIZED_EOI]		= { vmm_virtualized_eoi },
	[EXIT_EPT_VIOLATION]		= { exit_ept_violation, HV_RUN_FAULT },
	[EXIT_INVEPT]			= { resume_with_ud },
	[EXIT_PREEMPTION_TIMER]		= { exit_preemption_timer },
	[EXIT_INVVPID]			= { resume_with_ud },
	[EXIT_WBINVD]			= { resume_skip },
	[EXIT_XSETBV]			= { resume_xsetbv },
	[EXIT_APIC_WRITE]		= { exit_apic_write },
	[EXIT_VMFUNC]			= { resume_with_ud },
	[EXIT_ENCLS]			= { resume_with_ud },
	[EXIT_SEAMCALL ... EXIT_TDCALL]	= { resume_with_ud },
};

static struct ctx *entry_refused(struct cpu *cpu, struct vcpu *vcpu, u32 reason)
{
	static const u8 why[] = {
		[EXIT_GUEST_STATE] = HVMOD_WHY_GUEST_STATE,
		[EXIT_MSR_LOADING] = HVMOD_WHY_MSR_LOAD,
		[EXIT_MACHINE_CHECK] = HVMOD_WHY_NONE,
	};
	u32 basic = reason & EXIT_REASON_BASIC;

	if (basic == EXIT_MACHINE_CHECK)
		cpu->mc_pending = true;
	vmm_failure(vcpu, HVMOD_EXIT_ENTRY_FAILED, basic < sizeof(why) ? why[basic] : 0);
	vmclear(vcpu->ctx.vmcs);
	vmptrld(vcpu->ctx.vmcs);
	vcpu->ctx.launched = 0;
	vcpu_leave(cpu, HV_RUN_VMM);
	return &cpu->dom0;
}

/* Not RESUME, or something waits: to the driver, unless it can be delivered. */
static noinline struct ctx *domu_leave(struct vcpu *vcpu, u32 reason, enum verdict verdict)
{
	struct cpu *cpu = this_cpu();
	u32 outcome = HV_RUN_VMM;

	if (verdict == RESUME) {
		if (vcpu->event)
			deliver_events(vcpu);
		if (likely(!cpu->pending))
			return &vcpu->ctx;
		outcome = HV_RUN_INTERRUPT;
	} else if (verdict == TO_DRIVER) {
		outcome = vcpu->outcome ? vcpu->outcome : rows[reason].outcome;
	}
	vcpu->outcome = 0;
	if (likely(reason < EXIT_REASONS))
		(outcome == HV_RUN_VMM ? vcpu->counts->vmm : vcpu->counts->driver)[reason]++;
	vcpu_leave(cpu, outcome);
	if (unlikely(cpu->pending))
		dom0_deliver_pending(cpu);
	return &cpu->dom0;
}

static noinline struct ctx *rare_exit(struct ctx *ctx, u32 reason)
{
	struct cpu *cpu = this_cpu();

	/* Domain-0 may have been in an enclave: bits 30:16 don't say which exit it is. */
	if (!ctx->domu)
		ctx = dom0_exit(cpu, reason & (EXIT_REASON_ENTRY_FAILURE | EXIT_REASON_BASIC));
	else if (reason & EXIT_REASON_ENTRY_FAILURE)
		ctx = entry_refused(cpu, vcpu_of(ctx), reason);
	else
		return domu_leave(vcpu_of(ctx), reason, vmm_unhandled(vcpu_of(ctx)));
	if (!ctx->domu && unlikely(cpu->pending))
		dom0_deliver_pending(cpu);
	return ctx;
}

/*
 * The short way: every instruction here is paid at every exit. A DomU has
 * trained the branch predictor: all indirect calls of the core are retpolines,
 * see Kbuild.
 */
struct ctx *dispatch(struct ctx *ctx)
{
	u32 reason = vmread(EXIT_REASON);
	struct vcpu *vcpu = vcpu_of(ctx);
	enum verdict verdict;

	if (unlikely(!ctx->domu || reason >= EXIT_REASONS))
		return rare_exit(ctx, reason);
	vcpu->counts->exits[reason]++;
	verdict = rows[reason].domu(vcpu);
	if (likely(verdict == RESUME && !vcpu->event && !this_cpu_pending()))
		return ctx;
	return domu_leave(vcpu, reason, verdict);
}

/* VMLAUNCH or VMRESUME itself failed: the fields are wrong, not the guest. */
__noreturn void entry_failed(struct ctx *ctx)
{
	struct cpu *cpu = this_cpu();
	u64 error = vmread(VM_INSTRUCTION_ERROR);

	if (!ctx->domu) {
		if (!cpu->entered)
			launch_failed(cpu, HV_WHY_LAUNCH | error << 32);
		core_panic("VM entry into Domain-0 failed");
	}
	vmm_failure(vcpu_of(ctx), HVMOD_EXIT_ENTRY_FAILED,
		    error == 8 ? HVMOD_WHY_HOST_STATE : HVMOD_WHY_CONTROLS);
	vmclear(ctx->vmcs);
	vmptrld(ctx->vmcs);
	ctx->launched = 0;
	vcpu_leave(cpu, HV_RUN_VMM);
	resume(&cpu->dom0);
}
