// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate: Domain-0's VMCALLs. A row an operation; every argument is checked
 * here or in the function it goes to, as if Domain-0 were hostile.
 */
#include "domain.h"
#include "interp.h"

struct call {
	struct cpu *cpu;
	u64 a, b, c, d;
	u64 rdx, rcx;
};

static long gate_nop(struct call *call)
{
	call->rdx = machine.owned;
	call->rcx = machine.pool.count;
	return 0;
}

static long gate_leave(struct call *call)
{
	if (machine.domains && call->a != HV_LEAVE_FORCE)
		return -HV_EBUSY;
	if (call->a != HV_LEAVE_OFFLINE)
		machine.leaving = true;
	if (call->a == HV_LEAVE_FORCE)
		machine.abandoned = true;
	vcpu_clear_all(call->cpu);
	launch_leave(call->cpu);
}

static long gate_sync(struct call *call)
{
	pool_sync(call->cpu);
	return 0;
}

static long gate_donate(struct call *call)
{
	return pool_donate(call->a, call->b);
}

static long gate_reclaim(struct call *call)
{
	return pool_reclaim(&call->rdx);
}

/*
 * What an operation took from the pool is in use for its domain; all but
 * @objects of it are tables. RCX tells how many there are now.
 */
static void charge(struct call *call, u64 handle, u64 before, u64 objects)
{
	struct domain *domain = domain_get(handle);
	u64 pages = before - machine.pool.count;

	if (!domain)
		return;
	domain->pages += pages;
	domain->tables += pages - objects;
	call->rcx = domain->tables;
}

static long gate_dom_create(struct call *call)
{
	u64 before = machine.pool.count;
	long ret;

	if (machine.leaving)
		return -HV_EBUSY;
	ret = domain_create(call->a, &call->rdx);
	if (!ret)
		charge(call, call->rdx, before, 1);
	return ret;
}

static long gate_dom_destroy(struct call *call)
{
	return domain_destroy(call->a, &call->rdx);
}

static long gate_dom_pages(struct call *call)
{
	struct domain *domain = domain_get(call->a);

	if (!domain)
		return -HV_ENOENT;
	call->rdx = domain->pages;
	call->rcx = domain->tables;
	return 0;
}

static long gate_vcpu_create(struct call *call)
{
	u64 before = machine.pool.count;
	long ret = vcpu_create(call->cpu, call->a, call->b, call->c);

	/* What a failure took is on its way back; tables stay. */
	if (!ret)
		charge(call, call->a, before, vcpu_pages());
	return ret;
}

static long gate_map(struct call *call)
{
	u64 before = machine.pool.count;
	long ret = domain_map(call->a, call->b, call->c, call->d & ~HV_MAP_READONLY,
			      call->d & HV_MAP_READONLY);

	charge(call, call->a, before, 0);
	return ret;
}

static long gate_unmap(struct call *call)
{
	return domain_unmap(call->a, call->b, call->c);
}

static long gate_clear_all(struct call *call)
{
	vcpu_clear_all(call->cpu);
	return 0;
}

static long gate_event(struct call *call)
{
	return event_take(&call->rdx, &call->rcx) ? 0 : -HV_ENOENT;
}

static long gate_msi(struct call *call)
{
	struct domain *domain = domain_get(call->a);

	if (!domain)
		return -HV_ENOENT;
	call->rdx = apic_msi(domain, call->b, call->c, &call->rcx);
	return 0;
}

static long gate_fault(struct call *call)
{
	if (!(boot.flags & HV_BOOT_SELFTEST))
		return -HV_EPERM;
	unlock(&machine.lock);
	if (call->a == 0)
		ud2();
	if (call->a == 1)
		write_page_0();
	core_panic("asked for");
}

/*
 * Operations on one vCPU that does not run: claimed, and its VMCS current for
 * those that look into it.
 */
static long gate_vcpu_clear(struct call *call, struct vcpu *vcpu)
{
	if (vcpu->vmcs_cpu == (s32)call->cpu->number)
		vcpu_vmcs_clear(call->cpu, vcpu);
	return 0;
}

static long gate_vcpu_export(struct call *call, struct vcpu *vcpu)
{
	/* RUN has begun, so what the VMM has put there for an IN is its answer. */
	if (vcpu->in.size)
		io_finish_in(vcpu);
	vcpu->run->valid = vcpu_export(vcpu, call->c);
	return 0;
}

static long gate_vcpu_mmio(struct call *call, struct vcpu *vcpu)
{
	struct hvmod_run *run = vcpu->run;

	run->mmio.gpa = vcpu->run_value[0];
	run->mmio.access = vcpu->fault_access & 7;
	run->mmio.linear_valid = vcpu->fault_access >> 7 & 1;
	run->mmio.linear = run->mmio.linear_valid ? vmread(GUEST_LINEAR_ADDRESS) : 0;
	run->exit = HVMOD_EXIT_MMIO;
	run->why = HVMOD_WHY_NONE;
	run->valid = vcpu_export(vcpu, HVMOD_STATE_REGS | HVMOD_STATE_SREGS);
	return 0;
}

#define GROUP_BYTES	(PAGE_SIZE - 8)

static long gate_vcpu_get(struct call *call, struct vcpu *vcpu)
{
	if (call->d & ~PAGE_MASK || !page_is_dom0(call->d))
		return -HV_EINVAL;
	return vcpu_get_group(vcpu, call->c, phys(call->d), &call->rdx);
}

/* The page may change under our eyes: the group code reads each value once. */
static long gate_vcpu_set(struct call *call, struct vcpu *vcpu)
{
	u64 bytes;

	if (call->d & ~PAGE_MASK || !page_is_dom0(call->d))
		return -HV_EINVAL;
	bytes = READ_ONCE(*(u64 *)phys(call->d));
	if (bytes > GROUP_BYTES)
		return -HV_EINVAL;
	call->rdx = vcpu_set_group(vcpu, call->c & ~HV_SET_CHECK, phys(call->d + 8), bytes,
				   call->c & HV_SET_CHECK);
	return call->rdx ? -HV_EINVAL : 0;
}

static long gate_apic(struct call *call, struct vcpu *vcpu)
{
	u32 offset = call->c & ~HV_APIC_WRITE;

	if (!apic_is_xapic(&vcpu->apic))
		return -HV_ENXIO;
	if (offset > 0xff0 || offset & 15)
		return -HV_EINVAL;
	if (call->c & HV_APIC_WRITE) {
		apic_page_write(vcpu, offset, call->d);
		call->rcx = apic_take_wake(vcpu);
	} else {
		call->rdx = apic_page_read(vcpu, offset);
	}
	return 0;
}

/* Of a vCPU that may run: the numbers are read as they are. */
static long gate_vcpu_stats(struct call *call)
{
	struct vcpu *vcpu = vcpu_get(call->a, call->b);

	if (!vcpu)
		return -HV_ENOENT;
	for (u32 i = 0; i < EXIT_REASONS; i++)
		call->rdx += READ_ONCE(vcpu->counts->exits[i]);
	call->rcx = READ_ONCE(vcpu->counts->ticks);
	return 0;
}

static long gate_vcpu_counts(struct call *call)
{
	struct vcpu *vcpu = vcpu_get(call->a, call->b);

	if (!vcpu)
		return -HV_ENOENT;
	if (call->c & ~PAGE_MASK || !page_is_dom0(call->c))
		return -HV_EINVAL;
	__builtin_memcpy(phys(call->c), vcpu->counts, sizeof(*vcpu->counts));
	return 0;
}

static long gate_cpu_counts(struct call *call)
{
	struct hv_counts *counts;

	if (call->a >= HV_CPUS_MAX || !machine.cpu[call->a])
		return -HV_ENOENT;
	if (call->b & ~PAGE_MASK || !page_is_dom0(call->b))
		return -HV_EINVAL;
	counts = phys(call->b);
	__builtin_memset(counts, 0, sizeof(*counts));
	counts->ticks = machine.cpu[call->a]->domu_ticks;
	__builtin_memcpy(counts->exits, machine.cpu[call->a]->exits, sizeof(counts->exits));
	return 0;
}

static const struct {
	long (*machine)(struct call *call);
	long (*vcpu)(struct call *call, struct vcpu *vcpu);
	bool vmcs;		/* its VMCS is current meanwhile */
} ops[GATE_OPS] = {
	[GATE_NOP]		= { .machine = gate_nop },
	[GATE_LEAVE]		= { .machine = gate_leave },
	[GATE_SYNC]		= { .machine = gate_sync },
	[GATE_DONATE]		= { .machine = gate_donate },
	[GATE_RECLAIM]		= { .machine = gate_reclaim },
	[GATE_DOM_CREATE]	= { .machine = gate_dom_create },
	[GATE_DOM_DESTROY]	= { .machine = gate_dom_destroy },
	[GATE_VCPU_CREATE]	= { .machine = gate_vcpu_create },
	[GATE_VCPU_CLEAR]	= { .vcpu = gate_vcpu_clear },
	[GATE_CLEAR_ALL]	= { .machine = gate_clear_all },
	[GATE_VCPU_MMIO]	= { .vcpu = gate_vcpu_mmio, .vmcs = true },
	[GATE_VCPU_EXPORT]	= { .vcpu = gate_vcpu_export, .vmcs = true },
	[GATE_VCPU_GET]		= { .vcpu = gate_vcpu_get, .vmcs = true },
	[GATE_VCPU_SET]		= { .vcpu = gate_vcpu_set, .vmcs = true },
	[GATE_MAP]		= { .machine = gate_map },
	[GATE_UNMAP]		= { .machine = gate_unmap },
	[GATE_APIC]		= { .vcpu = gate_apic, .vmcs = true },
	[GATE_MSI]		= { .machine = gate_msi },
	[GATE_VCPU_STATS]	= { .machine = gate_vcpu_stats },
	[GATE_EVENT]		= { .machine = gate_event },
	[GATE_FAULT]		= { .machine = gate_fault },
	[GATE_DOM_PAGES]	= { .machine = gate_dom_pages },
	[GATE_VCPU_COUNTS]	= { .machine = gate_vcpu_counts },
	[GATE_CPU_COUNTS]	= { .machine = gate_cpu_counts },
};

static long on_vcpu(struct call *call, u64 op)
{
	struct vcpu *vcpu = vcpu_get(call->a, call->b);
	long ret;

	if (!vcpu)
		return -HV_ENOENT;
	if (!vcpu_claim(vcpu))
		return -HV_EBUSY;
	ret = ops[op].vmcs ? vcpu_vmcs_begin(call->cpu, vcpu, &call->rdx) : 0;
	if (!ret) {
		ret = ops[op].vcpu(call, vcpu);
		if (ops[op].vmcs)
			vcpu_vmcs_end(call->cpu);
	}
	vcpu_release(vcpu);
	return ret;
}

static long operate(struct call *call, u64 op)
{
	long ret;

	if (!ops[op].machine && !ops[op].vcpu)
		return -HV_ENOSYS;
	lock(&machine.lock);
	ret = ops[op].machine ? ops[op].machine(call) : on_vcpu(call, op);
	unlock(&machine.lock);
	return ret;
}

void gate(struct cpu *cpu, struct ctx *ctx)
{
	u64 *gpr = ctx->gpr, op = gpr[RAX] - HV_GATE_BASE;
	long ret;

	if (unlikely(op >= GATE_OPS)) {
		hypercall_below(gpr);
		skip_instruction();
		return;
	}
	if (unlikely(machine.dead || (machine.abandoned && op != GATE_LEAVE))) {
		skip_instruction();
		gpr[RAX] = -HV_EIO;
		return;
	}
	if (op == GATE_VCPU_RUN) {
		skip_instruction();
		ret = vcpu_run(cpu, gpr[RDI], gpr[RSI], gpr[RDX], gpr[RCX], &gpr[RDX]);
		if (ret < 0)
			gpr[RAX] = ret;
		return;
	}

	struct call call = {
		.cpu = cpu, .a = gpr[RDI], .b = gpr[RSI], .c = gpr[RDX], .d = gpr[RCX],
	};

	ret = operate(&call, op);
	gpr[RAX] = ret;
	gpr[RDX] = call.rdx;
	gpr[RCX] = call.rcx;
	skip_instruction();
}
