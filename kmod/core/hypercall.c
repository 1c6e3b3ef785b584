// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMCALL of a DomU: KVM's hypercalls, which every distribution's kernel knows.
 * The number is in RAX, arguments in RBX, RCX, RDX and RSI; outside 64-bit mode
 * all of them have 32 bits.
 */
#include "apic_impl.h"
#include "kvm_abi.h"

#define BITMAP_BITS(long_mode)	((long_mode) ? 64 : 32)

/* A guest's number, masked: no speculation beyond the table. */
static struct vcpu *by_id(struct vcpu *vcpu, u64 id)
{
	return id < HV_VCPUS_MAX ? vcpu->domain->vcpu[id & (HV_VCPUS_MAX - 1)] : NULL;
}

/* Ends the HLT of a vCPU that waits for a lock, be its interrupts on or off. */
static long kick_cpu(struct vcpu *vcpu, const u64 *a, bool long_mode)
{
	struct vcpu *target = by_id(vcpu, a[1]);

	if (target && target != vcpu) {
		__atomic_store_n(&target->unhalt, true, __ATOMIC_SEQ_CST);
		vcpu->apic.wake |= BIT(target->index);
	}
	return 0;
}

/* A bitmap of two words whose bit 0 is the APIC id in the third argument, and an ICR. */
static long send_ipi(struct vcpu *vcpu, const u64 *a, bool long_mode)
{
	u32 bits = BITMAP_BITS(long_mode);
	u64 targets = 0;

	for (u32 i = 0; i < 2; i++)
		for (u64 word = a[i]; word; word &= word - 1) {
			u64 id = a[2] + i * bits + __builtin_ctzll(word);

			if (id < HV_VCPUS_MAX && a[2] < HV_VCPUS_MAX)
				targets |= BIT(id);
		}
	return apic_send_to(vcpu, targets, a[3]);
}

/* The processor is better used by another, that does not run now. */
static long sched_yield(struct vcpu *vcpu, const u64 *a, bool long_mode)
{
	struct vcpu *target = by_id(vcpu, a[0]);

	if (target && target != vcpu) {
		vcpu->run_value[0] = target->index;
		vcpu->outcome = HV_RUN_YIELD;
	}
	return 0;
}

static const struct {
	u32 number;
	long (*call)(struct vcpu *vcpu, const u64 *a, bool long_mode);
} hypercalls[] = {
	{ KVM_HC_KICK_CPU, kick_cpu },
	{ KVM_HC_SEND_IPI, send_ipi },
	{ KVM_HC_SCHED_YIELD, sched_yield },
};

static long hypercall(struct vcpu *vcpu)
{
	u64 *gpr = vcpu->ctx.gpr;
	bool long_mode = vmread(GUEST_EFER) & EFER_LMA && vmread(GUEST_CS_ACCESS) & BIT(13);
	u64 mask = long_mode ? ~0ULL : 0xffffffff;
	const u64 a[4] = { gpr[RBX] & mask, gpr[RCX] & mask, gpr[RDX] & mask, gpr[RSI] & mask };

	if (vmread(GUEST_SS_ACCESS) >> 5 & 3)
		return -KVM_EPERM;
	for (u32 i = 0; i < ARRAY_SIZE(hypercalls); i++)
		if (hypercalls[i].number == (gpr[RAX] & mask))
			return hypercalls[i].call(vcpu, a, long_mode);
	return -HV_KVM_ENOSYS;
}

enum verdict exit_vmcall(struct vcpu *vcpu)
{
	vcpu->ctx.gpr[RAX] = hypercall(vcpu);
	skip_instruction();
	if (vcpu->apic.wake) {
		vcpu->run_value[0] = apic_take_wake(vcpu);
		vcpu->outcome = HV_RUN_IPI;
	}
	return vcpu->outcome ? TO_DRIVER : RESUME;
}
