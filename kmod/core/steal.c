// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steal time, MSR_KVM_STEAL_TIME: how long a vCPU was ready to run and its
 * thread had no processor, and whether it has none just now. The time is what
 * Domain-0's scheduler says.
 */
#include "domain.h"

#define STEAL_ENABLE	BIT(0)
#define STEAL_RESERVED	GENMASK(5, 1)

/* KVM's struct kvm_steal_time, 64 bytes and aligned to them. */
struct steal_time {
	u64 steal;		/* ns */
	u32 version;		/* odd while it changes */
	u32 flags;
	u8 preempted;
	u8 pad0[3];
	u32 pad[11];
};

_Static_assert(sizeof(struct steal_time) == 64, "KVM's");

bool steal_valid(u64 value)
{
	return !(value & STEAL_RESERVED) && !(value >> HVMOD_GPA_BITS);
}

/* NULL while the guest's page is not mapped: the next update finds it again. */
static struct steal_time *steal_page(struct vcpu *vcpu)
{
	u64 pa;

	if (!(vcpu->steal_msr & STEAL_ENABLE))
		return NULL;
	pa = ept_translate(&vcpu->domain->ept, vcpu->steal_msr & ~STEAL_ENABLE,
			   EPT_READ | EPT_WRITE);
	return pa == ~0ULL ? NULL : phys(pa);
}

void steal_update(struct vcpu *vcpu, u64 total)
{
	struct steal_time *s = steal_page(vcpu);
	u32 version;

	if (!s)
		return;
	/* Another thread of Domain-0 may run it now, and starts with less. */
	if (total > vcpu->steal_seen)
		vcpu->steal += total - vcpu->steal_seen;
	vcpu->steal_seen = total;
	version = READ_ONCE(s->version) | 1;
	__atomic_store_n(&s->version, version, __ATOMIC_SEQ_CST);
	WRITE_ONCE(s->preempted, 0);
	WRITE_ONCE(s->steal, vcpu->steal);
	__atomic_store_n(&s->version, version + 1, __ATOMIC_SEQ_CST);
	vcpu->preempted = false;
}

void steal_preempted(struct vcpu *vcpu)
{
	struct steal_time *s = steal_page(vcpu);

	if (!s)
		return;
	WRITE_ONCE(s->preempted, 1);
	vcpu->preempted = true;
}

enum verdict steal_write(struct vcpu *vcpu, u64 value)
{
	u64 pa;

	if (!steal_valid(value) || !(value & STEAL_ENABLE))
		return RESUME;
	return exit_without_page(vcpu, value & ~STEAL_ENABLE, &pa);
}
