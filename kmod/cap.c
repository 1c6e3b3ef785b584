// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU-time caps. Before a vCPU of a capped domain enters the guest it takes
 * time out of the domain's bucket; ring -1 ends the run when that is used, by
 * the preemption timer; and when the bucket is empty the thread sleeps until
 * the next period, by a timer of its own. Nobody polls, and the VMM has no part
 * in it: there is no other way into the guest.
 *
 * What counts is the time in GATE_VCPU_RUN: the guest's, and ring -1's for it.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/time64.h>
#include <linux/wait.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "hvmod.h"
#include "trace.h"

/* What a vCPU takes at once, in ms, and at the end of the budget, in us. */
#define HV_GRANT_MS		4
#define HV_GRANT_LEAST_US	100

static u64 hv_us_to_ticks(u64 us)
{
	return us * tsc_khz / USEC_PER_MSEC;
}

/**
 * hv_cap_set() - cap a domain's CPU time
 * @domain: the domain
 * @percent: of one processor; 0: no cap
 * @period_us: length of a period, microseconds
 *
 * Process context, with the domain's lock. vCPUs have to be poked afterwards.
 */
void hv_cap_set(struct hv_domain *domain, u32 percent, u32 period_us)
{
	struct hv_cap *cap = &domain->cap;
	u64 period = hv_us_to_ticks(period_us);

	spin_lock(&cap->lock);
	hv_bucket_set(&cap->bucket, rdtsc_ordered(), period,
		      period * percent / 100);
	WRITE_ONCE(cap->percent, percent);
	cap->period_us = period_us;
	spin_unlock(&cap->lock);
}

/**
 * hv_cap_granted() - has a vCPU time to run for?
 * @vcpu: the vCPU, claimed by the caller, of a capped domain
 *
 * Any context.
 */
bool hv_cap_granted(const struct hv_vcpu *vcpu)
{
	return vcpu->grant > 0 && (s64)(rdtsc() - vcpu->grant_end) < 0;
}

/* With the cap's lock. What another period's grant leaves is nobody's. */
static void hv_cap_settle(struct hv_vcpu *vcpu, u64 now)
{
	if (vcpu->grant <= 0 || (s64)(now - vcpu->grant_end) < 0)
		hv_bucket_return(&vcpu->domain->cap.bucket, now, vcpu->grant);
	vcpu->grant = 0;
}

/*
 * Take time for a vCPU whose grant is used up. Return: 0, or when there is
 * more, as a TSC value.
 */
static u64 hv_cap_take(struct hv_vcpu *vcpu)
{
	struct hv_cap *cap = &vcpu->domain->cap;
	u64 now = rdtsc_ordered();
	u64 next = 0;

	spin_lock(&cap->lock);
	hv_cap_settle(vcpu, now);
	if (cap->bucket.budget) {
		vcpu->grant = hv_bucket_take(&cap->bucket, now,
					     hv_us_to_ticks(HV_GRANT_MS * USEC_PER_MSEC),
					     hv_us_to_ticks(HV_GRANT_LEAST_US));
		vcpu->grant_end = hv_bucket_next(&cap->bucket);
		if (!vcpu->grant)
			next = vcpu->grant_end;
	}
	spin_unlock(&cap->lock);
	return next;
}

/**
 * hv_cap_admit() - wait until a vCPU may run
 * @vcpu: the vCPU, claimed by the caller, of a capped domain
 *
 * Returns early for a signal or a kick; the caller looks for these. Process
 * context, may sleep.
 *
 * Return: true if there is time to run.
 */
bool hv_cap_admit(struct hv_vcpu *vcpu)
{
	u64 next = hv_cap_take(vcpu);
	DEFINE_WAIT(wait);
	ktime_t expires;

	if (!next)
		return true;
	trace_hvmod_cap_begin(vcpu);
	hv_vcpu_wait_begin(vcpu, HVMOD_ACTIVITY_CAPPED);
	for (;;) {
		prepare_to_wait(&vcpu->wait, &wait, TASK_INTERRUPTIBLE);
		next = hv_cap_take(vcpu);
		if (!next || hv_vcpu_stopped(vcpu) || signal_pending(current))
			break;
		expires = hv_deadline(next);
		if (expires)
			schedule_hrtimeout_range(&expires, 0, HRTIMER_MODE_ABS);
	}
	finish_wait(&vcpu->wait, &wait);
	hv_vcpu_wait_end(vcpu);
	trace_hvmod_cap_end(vcpu);
	return !next;
}

/**
 * hv_cap_halt() - a vCPU is about to sleep: what it does not use is others'
 * @vcpu: the vCPU, claimed by the caller
 *
 * Process context.
 */
void hv_cap_halt(struct hv_vcpu *vcpu)
{
	struct hv_cap *cap = &vcpu->domain->cap;

	spin_lock(&cap->lock);
	hv_cap_settle(vcpu, rdtsc_ordered());
	spin_unlock(&cap->lock);
}
