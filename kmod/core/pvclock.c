// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmclock: MSR_KVM_SYSTEM_TIME_NEW and MSR_KVM_WALL_CLOCK_NEW. Guest TSC 0 is
 * guest time 0, so what is in the page depends on the TSC's frequency alone
 * and is written once.
 */
#include "domain.h"
#include "kvm_abi.h"

#define PVCLOCK_ENABLE		BIT(0)
#define PVCLOCK_TSC_STABLE	BIT(0)

struct pvclock_time {
	u32 version;
	u32 pad0;
	u64 tsc_timestamp;
	u64 system_time;
	u32 tsc_to_system_mul;
	s8 tsc_shift;
	u8 flags;
	u8 pad[2];
};

struct pvclock_wall {
	u32 version;
	u32 sec;
	u32 nsec;
};

/* ns = (tsc << shift) * mul >> 32, with mul in [2^31, 2^32) */
static void scale(u64 khz, u32 *mul, s8 *shift)
{
	u64 ns_per_tick32;

	*shift = 0;
	while (khz > 1000000) {
		khz = (khz + 1) >> 1;
		--*shift;
	}
	/* Exact again: 10^6 / khz as a fraction of 2^32, pre-shifted. */
	ns_per_tick32 = (1000000ULL << (32 - *shift)) / machine.tsc_khz;
	while (ns_per_tick32 >> 32) {
		ns_per_tick32 >>= 1;
		++*shift;
	}
	*mul = ns_per_tick32;
}

/* Within one page, so that one translation is enough. */
bool pvclock_valid(u32 msr, u64 value)
{
	bool wall = msr == MSR_KVM_WALL_CLOCK;
	u64 size = wall ? sizeof(struct pvclock_wall) : sizeof(struct pvclock_time);
	u64 gpa = wall ? value : value & ~PVCLOCK_ENABLE;

	if (!wall && !(value & PVCLOCK_ENABLE))
		return true;
	return !(gpa & 3) && !(gpa >> HVMOD_GPA_BITS) && (gpa & ~PAGE_MASK) + size <= PAGE_SIZE;
}

enum verdict pvclock_write(struct vcpu *vcpu, u32 msr, u64 value)
{
	bool wall = msr == MSR_KVM_WALL_CLOCK;
	u64 gpa = wall ? value : value & ~PVCLOCK_ENABLE;
	u64 pa;

	if (!pvclock_valid(msr, value) || (!wall && !(value & PVCLOCK_ENABLE)))
		return RESUME;
	if (exit_without_page(vcpu, gpa, &pa) != RESUME)
		return TO_DRIVER;
	if (wall) {
		struct pvclock_wall *w = phys(pa);
		u32 version = w->version;

		w->version = (version | 1);
		w->sec = vcpu->domain->wall_ns / 1000000000;
		w->nsec = vcpu->domain->wall_ns % 1000000000;
		__atomic_store_n(&w->version, (version | 1) + 1, __ATOMIC_RELEASE);
	} else {
		struct pvclock_time *t = phys(pa);

		__atomic_store_n(&t->version, 1, __ATOMIC_RELEASE);
		t->tsc_timestamp = vcpu->tsc_adjust;
		t->system_time = 0;
		scale(machine.tsc_khz, &t->tsc_to_system_mul, &t->tsc_shift);
		t->flags = PVCLOCK_TSC_STABLE;
		__atomic_store_n(&t->version, 2, __ATOMIC_RELEASE);
	}
	return RESUME;
}
