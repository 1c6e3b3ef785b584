// SPDX-License-Identifier: GPL-2.0-only
/*
 * From Domain-0 to a DomU and back. What the VMCS does not switch is switched
 * here: x87/SSE/AVX state and XCR0, CR2, debug registers, and the MSRs of
 * SYSCALL, SWAPGS and RDTSCP.
 */
#include "domain.h"

#define SLICE_MS	4

static void write_syscall_msrs(u64 star, u64 lstar, u64 cstar, u64 sfmask)
{
	wrmsr(MSR_STAR, star);
	wrmsr(MSR_LSTAR, lstar);
	wrmsr(MSR_CSTAR, cstar);
	wrmsr(MSR_SFMASK, sfmask);
}

/*
 * Vector state is exchanged with all bits of XCR0 that a DomU may have, not
 * with those that it has: XMM registers need none, and what it turns on later
 * must not show what another left there.
 */
static void set_xcr0(u64 from, u64 to)
{
	if (from != to)
		xsetbv0(to);
}

static void load_domu(struct cpu *cpu, struct vcpu *vcpu)
{
	xsave(cpu->xsave);
	cpu->dom0_xcr0 = xgetbv0();
	set_xcr0(cpu->dom0_xcr0, machine.guest_xcr0);
	xrstor(vcpu->xsave);
	set_xcr0(machine.guest_xcr0, vcpu->xcr0);
	/* Counters of Domain-0 must not count a DomU: see pmu.c. */
	if (machine.domu_clears) {
		cpu->dom0_counters = rdmsr(machine.domu_clears);
		if (cpu->dom0_counters)
			wrmsr(machine.domu_clears, 0);
	}
	cpu->dom0_kernel_gs = rdmsr(MSR_KERNEL_GS_BASE);
	wrmsr(MSR_KERNEL_GS_BASE, vcpu->kernel_gs);
	write_syscall_msrs(vcpu->star, vcpu->lstar, vcpu->cstar, vcpu->sfmask);
	if (machine.has_rdtscp) {
		cpu->dom0_tsc_aux = rdmsr(MSR_TSC_AUX);
		wrmsr(MSR_TSC_AUX, vcpu->tsc_aux);
	}
	cpu->dom0_cr2 = read_cr2();
	write_cr2(vcpu->cr2);
	/* Armed breakpoints must be the guest's, not Domain-0's. */
	if (unlikely(vmread(GUEST_DR7) & 0xff))
		resume_mov_dr(vcpu);
}

static void load_dom0(struct cpu *cpu, struct vcpu *vcpu)
{
	vcpu->cr2 = read_cr2();
	write_cr2(cpu->dom0_cr2);
	if (machine.has_rdtscp) {
		vcpu->tsc_aux = rdmsr(MSR_TSC_AUX);
		wrmsr(MSR_TSC_AUX, cpu->dom0_tsc_aux);
	}
	if (machine.domu_clears && cpu->dom0_counters)
		wrmsr(machine.domu_clears, cpu->dom0_counters);
	if (unlikely(cpu->dom0_test_ctrl))
		split_lock_restore(cpu);
	write_syscall_msrs(cpu->dom0_star, cpu->dom0_lstar, cpu->dom0_cstar, cpu->dom0_sfmask);
	vcpu->kernel_gs = rdmsr(MSR_KERNEL_GS_BASE);
	wrmsr(MSR_KERNEL_GS_BASE, cpu->dom0_kernel_gs);
	set_xcr0(vcpu->xcr0, machine.guest_xcr0);
	xsave(vcpu->xsave);
	set_xcr0(machine.guest_xcr0, cpu->dom0_xcr0);
	xrstor(cpu->xsave);
	if (vcpu->owns_debug) {
		vcpu->dr[0] = read_dr0();
		vcpu->dr[1] = read_dr1();
		vcpu->dr[2] = read_dr2();
		vcpu->dr[3] = read_dr3();
		vcpu->dr6 = read_dr6();
		write_dr0(cpu->dom0_dr[0]);
		write_dr1(cpu->dom0_dr[1]);
		write_dr2(cpu->dom0_dr[2]);
		write_dr3(cpu->dom0_dr[3]);
		write_dr6(cpu->dom0_dr6);
		vcpu->owns_debug = false;
		vmwrite(PROC_BASED_CONTROLS, vmread(PROC_BASED_CONTROLS) | PROC_MOV_DR);
	}
}

/* The VMCS must be no other processor's: SDM volume 3, 25.11.1. */
int vcpu_vmcs_begin(struct cpu *cpu, struct vcpu *vcpu, u64 *on_cpu)
{
	s32 holder = __atomic_load_n(&vcpu->vmcs_cpu, __ATOMIC_ACQUIRE);

	if (holder >= 0 && holder != (s32)cpu->number) {
		*on_cpu = holder;
		return -HV_EAGAIN;
	}
	if (!vmptrld(vcpu->ctx.vmcs))
		core_panic("VMPTRLD of a vCPU failed");
	vcpu->vmcs_cpu = cpu->number;
	return 0;
}

void vcpu_vmcs_end(struct cpu *cpu)
{
	if (!vmptrld(cpu->dom0.vmcs))
		core_panic("VMPTRLD of Domain-0 failed");
}

void vcpu_vmcs_clear(struct cpu *cpu, struct vcpu *vcpu)
{
	vmclear(vcpu->ctx.vmcs);
	vcpu->ctx.launched = 0;
	__atomic_store_n(&vcpu->vmcs_cpu, -1, __ATOMIC_RELEASE);
}

/*
 * A VMCS that this processor holds is in no other's hands: whoever has claimed
 * the vCPU there is about to be turned away. So this needs no claim.
 */
void vcpu_clear_all(struct cpu *cpu)
{
	for (u32 d = 0; d < HV_DOMAINS_MAX; d++) {
		struct domain *domain = machine.domain[d];

		for (u32 i = 0; domain && i < HV_VCPUS_MAX; i++) {
			struct vcpu *vcpu = domain->vcpu[i];

			if (vcpu && vcpu->vmcs_cpu == (s32)cpu->number)
				vcpu_vmcs_clear(cpu, vcpu);
		}
	}
}

/* INIT and SIPI that came from another vCPU: SDM volume 3, 9.4.4. */
static void take_startup(struct vcpu *vcpu)
{
	u32 sipi;

	if (__atomic_exchange_n(&vcpu->init_pending, false, __ATOMIC_SEQ_CST)) {
		vcpu_reset(vcpu);
		vcpu->wait_for_sipi = true;
	}
	/* One that does not wait for it ignores it. */
	sipi = __atomic_exchange_n(&vcpu->sipi_pending, 0, __ATOMIC_SEQ_CST);
	if (vcpu->wait_for_sipi && sipi & SIPI_PENDING) {
		vcpu->wait_for_sipi = false;
		vmwrite(GUEST_ES_SELECTOR + 2, (sipi & 0xff) << 8);
		vmwrite(GUEST_CS_BASE, (sipi & 0xff) << 12);
		vmwrite(GUEST_RIP, 0);
	}
}

/* What the VMM has for it: the value of an IN, registers. */
static enum hvmod_why take_from_vmm(struct vcpu *vcpu)
{
	u32 dirty = READ_ONCE(vcpu->run->dirty);
	enum hvmod_why why;

	if (vcpu->in.size)
		io_finish_in(vcpu);
	if (likely(!dirty))
		return HVMOD_WHY_NONE;
	why = vcpu_import_run(vcpu, dirty);
	vcpu->run->dirty = 0;
	if (why)
		vcpu->run->why = why;
	return why;
}

/* May another vCPU do something that wakes this one? */
static u64 others_awake(struct vcpu *vcpu, u64 *others)
{
	u64 awake = 0;

	*others = 0;
	for (u32 i = 0; i < HV_VCPUS_MAX; i++) {
		struct vcpu *other = READ_ONCE(vcpu->domain->vcpu[i]);

		if (!other || other == vcpu)
			continue;
		*others |= BIT(i);
		if (READ_ONCE(other->wait_for_sipi))
			continue;
		/* @closed last: see before_entry(). */
		if (__atomic_load_n(&other->unhalt, __ATOMIC_SEQ_CST) || READ_ONCE(other->nmi_pending) ||
		    !__atomic_load_n(&other->closed, __ATOMIC_SEQ_CST))
			awake |= BIT(i);
	}
	return awake;
}

/*
 * With interrupts off it waits for what another vCPU does: NMI, INIT or
 * KVM_HC_KICK_CPU. Of several that halt at once at least the last sees that
 * there is none.
 */
enum hv_outcome vcpu_halt(struct vcpu *vcpu, u64 *value)
{
	bool first = !vcpu->closed;
	u64 others;

	if (vmread(GUEST_RFLAGS) & RFLAGS_IF) {
		*value = vcpu->apic.deadline;
		return HV_RUN_HALT;
	}
	*value = 0;
	__atomic_store_n(&vcpu->closed, true, __ATOMIC_SEQ_CST);
	if (others_awake(vcpu, &others))
		return HV_RUN_HALT;
	if (first && others) {
		*value = others;
		return HV_RUN_IPI;
	}
	vmm_exit(vcpu, HVMOD_EXIT_HALTED, HVMOD_WHY_NONE);
	return HV_RUN_VMM;
}

/*
 * Is there something else to do than to run? Return: an enum hv_outcome, or -1.
 * *value is for the driver.
 */
static long before_entry(struct vcpu *vcpu, u64 *value)
{
	*value = 0;
	if (unlikely(vcpu->init_pending || vcpu->sipi_pending || vcpu->wait_for_sipi))
		take_startup(vcpu);
	if (unlikely(vcpu->wait_for_sipi))
		return HV_RUN_HALT;
	if (unlikely(vcpu->eoi)) {
		vcpu->run->eoi.vector = vcpu->eoi;
		vcpu->eoi = 0;
		vmm_exit(vcpu, HVMOD_EXIT_EOI, HVMOD_WHY_NONE);
		return HV_RUN_VMM;
	}
	if (!vcpu->halted) {
		vcpu->closed = false;
		return -1;
	}
	timer_expire(vcpu);
	if (can_wake(vcpu)) {
		/* In this order: whoever looks finds one of the two. */
		vcpu->halted = false;
		__atomic_store_n(&vcpu->closed, false, __ATOMIC_SEQ_CST);
		__atomic_store_n(&vcpu->unhalt, false, __ATOMIC_SEQ_CST);
		vcpu->event = 1;
		return -1;
	}
	return vcpu_halt(vcpu, value);
}

long vcpu_run(struct cpu *cpu, u64 handle, u64 index, u64 limit, u64 steal, u64 *value)
{
	struct vcpu *vcpu = vcpu_get(handle, index);
	long ret, outcome;

	if (!vcpu)
		return -HV_ENOENT;
	if (!vcpu_claim(vcpu))
		return -HV_EBUSY;
	ret = vcpu_vmcs_begin(cpu, vcpu, value);
	if (ret) {
		vcpu_release(vcpu);
		return ret;
	}
	if (unlikely(take_from_vmm(vcpu))) {
		vcpu_vmcs_end(cpu);
		vcpu_release(vcpu);
		return -HV_EINVAL;
	}
	outcome = before_entry(vcpu, value);
	if (outcome >= 0) {
		cpu->dom0.gpr[RAX] = outcome;
		vcpu_vmcs_end(cpu);
		vcpu_release(vcpu);
		return 0;
	}
	cpu->vcpu = vcpu;
	if (vcpu->last_cpu != (s32)cpu->number) {
		vmx_host_state(cpu);
		invvpid(INV_SINGLE, vcpu->vpid, 0);
		vcpu->last_cpu = cpu->number;
	}
	load_domu(cpu, vcpu);
	vcpu->entered = rdtsc();
	if (!limit || limit > SLICE_MS * machine.tsc_khz)
		limit = SLICE_MS * machine.tsc_khz;
	vcpu->slice_end = vcpu->entered + limit;
	timer_expire(vcpu);
	timer_arm(vcpu);
	if (vcpu->event)
		deliver_events(vcpu);
	if (unlikely(vcpu->steal_msr) && (vcpu->preempted || steal != vcpu->steal_seen))
		steal_update(vcpu, steal);
	spec_enter_domu(cpu, vcpu);
	/* What came in root mode before the timer was armed: see fault(). */
	if (unlikely(cpu->pending))
		vmwrite(PREEMPTION_TIMER, 0);
	return 1;
}

void vcpu_leave(struct cpu *cpu, enum hv_outcome outcome)
{
	struct vcpu *vcpu = cpu->vcpu;
	u64 *gpr = cpu->dom0.gpr;
	u64 ticks;

	spec_leave_domu(cpu);
	keep_interrupted_event(vcpu);
	if (outcome == HV_RUN_INTERRUPT && unlikely(vcpu->steal_msr))
		steal_preempted(vcpu);
	load_dom0(cpu, vcpu);
	ticks = rdtsc() - vcpu->entered;
	vcpu->counts->ticks += ticks;
	cpu->domu_ticks += ticks;
	gpr[RAX] = outcome;
	gpr[RDX] = vcpu->run_value[0];
	gpr[RCX] = vcpu->run_value[1];
	cpu->vcpu = NULL;
	vcpu_vmcs_end(cpu);
	vcpu_release(vcpu);
}
