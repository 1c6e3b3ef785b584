// SPDX-License-Identifier: GPL-2.0-only
/*
 * The APIC timer in all three modes, and its tie to the VMX-preemption timer.
 * All is kept as one deadline in host TSC; the timer counts 1 GHz.
 */
#include "apic_impl.h"

#define TIMER_KHZ	1000000ULL

static u32 divisor_shift(u32 divide)
{
	return (((divide & 3) | (divide >> 1 & 4)) + 1) & 7;
}

static u64 to_tsc(const struct apic *apic, u64 count)
{
	unsigned __int128 ticks = (unsigned __int128)count << divisor_shift(apic->timer_divide);

	return (u64)(ticks * machine.tsc_khz >> 6) / (TIMER_KHZ >> 6);
}

static u64 period(const struct apic *apic)
{
	u64 ticks = to_tsc(apic, apic->timer_initial);

	/* A shorter one would do nothing but exit. */
	return ticks < machine.tsc_khz / 20 ? machine.tsc_khz / 20 : ticks;
}

static u32 mode(const struct apic *apic)
{
	return apic->lvt[LVT_TIMER] & LVT_TIMER_MODE;
}

void apic_timer_stop(struct vcpu *vcpu)
{
	vcpu->apic.deadline = 0;
	vcpu->apic.tsc_deadline = 0;
	vcpu->apic.timer_initial = 0;
}

void apic_timer_start(struct vcpu *vcpu, u32 initial)
{
	struct apic *apic = &vcpu->apic;

	if (mode(apic) == TIMER_TSC_DEADLINE)
		return;
	apic->timer_initial = initial;
	apic->deadline = 0;
	if (initial)
		apic->deadline = rdtsc() + (mode(apic) == TIMER_PERIODIC ? period(apic) :
					    to_tsc(apic, initial));
	vcpu->rearm = true;
}

u32 apic_timer_current(struct vcpu *vcpu)
{
	struct apic *apic = &vcpu->apic;
	u64 now = rdtsc(), left;

	if (!apic->timer_initial || apic->deadline <= now)
		return 0;
	left = apic->deadline - now;
	left = left * TIMER_KHZ / machine.tsc_khz;
	left >>= divisor_shift(apic->timer_divide);
	return left < apic->timer_initial ? left : apic->timer_initial;
}

void apic_set_tsc_deadline(struct vcpu *vcpu, u64 guest_tsc)
{
	struct apic *apic = &vcpu->apic;

	if (mode(apic) != TIMER_TSC_DEADLINE)
		return;
	apic->tsc_deadline = guest_tsc;
	apic->deadline = 0;
	if (guest_tsc) {
		apic->deadline = guest_tsc - vcpu->tsc_offset;
		/* Far beyond what the host TSC will reach, or wrapped. */
		if ((s64)(apic->deadline - rdtsc()) < 0)
			apic->deadline = 1;
	}
	vcpu->rearm = true;
}

void apic_timer_fired(struct vcpu *vcpu, u64 now)
{
	struct apic *apic = &vcpu->apic;
	u32 lvt = apic->lvt[LVT_TIMER];

	if (mode(apic) == TIMER_PERIODIC && apic->timer_initial) {
		u64 step = period(apic);

		apic->deadline += step;
		if (apic->deadline <= now)
			apic->deadline = now + step;
	} else {
		apic->deadline = 0;
		apic->tsc_deadline = 0;
	}
	if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= 16)
		apic_set_irq(vcpu, lvt & 0xff, false);
}

bool timer_expire(struct vcpu *vcpu)
{
	u64 now;

	if (!vcpu->apic.deadline)
		return false;
	now = rdtsc();
	if (now < vcpu->apic.deadline)
		return false;
	apic_timer_fired(vcpu, now);
	return true;
}

/* The nearer of the time slice and the timer; its VMCS is current. */
void timer_arm(struct vcpu *vcpu)
{
	u64 next = vcpu->slice_end, now = rdtsc(), ticks;

	if (vcpu->apic.deadline && vcpu->apic.deadline < next)
		next = vcpu->apic.deadline;
	ticks = next > now ? (next - now) >> machine.caps.timer_shift : 0;
	if (ticks > 0xffffffff)
		ticks = 0xffffffff;
	vmwrite(PREEMPTION_TIMER, ticks);
	vcpu->rearm = false;
}
