// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_VCPU_RUN: the guest runs until there is something for the VMM.
 */
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/task_work.h>
#include <linux/thread_info.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "hvmod.h"
#include "trace.h"

/* What Linux may want of a thread before it goes on in the guest. */
#define HV_TIF_SIGNAL	(_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL)
#define HV_TIF_WORK	(HV_TIF_SIGNAL | HV_TIF_RESCHED)

/* Longest sleep in HLT; the guest then asks again. */
#define HV_SLEEP_SECONDS	3600

/* Result of a step of the loop: go on in the guest. */
#define HV_GO_ON	1

/*
 * Task work is done on the way to user mode; it is rare, and a spurious exit
 * is allowed. TIF_NOTIFY_RESUME does not tell: restartable sequences set it
 * each time the thread has slept.
 */
static bool hv_vcpu_must_leave(struct hv_vcpu *vcpu)
{
	return hv_vcpu_stopped(vcpu) || task_work_pending(current);
}

/*
 * Fill in an exit that ring -1 does not know of. What the VMM has put into the
 * page and ring -1 has not taken yet is newer than the vCPU, and stays.
 */
static void hv_vcpu_exit(struct hv_vcpu *vcpu, u32 exit, u32 why)
{
	struct hvmod_run *run = vcpu->run;
	u32 wanted = READ_ONCE(run->wanted) & (HVMOD_STATE_REGS |
					       HVMOD_STATE_SREGS);
	u32 valid = READ_ONCE(run->dirty) & wanted;
	struct hv_result result;

	/* With nothing to export too: it finishes an IN that the VMM has answered. */
	if (!hv_vcpu_gate(vcpu, GATE_VCPU_EXPORT, wanted & ~valid, 0, &result))
		valid = wanted;
	WRITE_ONCE(run->exit, exit);
	WRITE_ONCE(run->why, why);
	WRITE_ONCE(run->valid, valid);
	WRITE_ONCE(vcpu->exits_vmm, vcpu->exits_vmm + 1);
}

/* Before the guest goes on: what do Linux and the VMM want? Interrupts on. */
static long hv_vcpu_work(struct hv_vcpu *vcpu)
{
	unsigned long flags = read_thread_flags();

	if (flags & HV_TIF_SIGNAL) {
		hv_vcpu_exit(vcpu, HVMOD_EXIT_KICK, HVMOD_WHY_NONE);
		return -EINTR;
	}
	if (hv_vcpu_stopped(vcpu)) {
		/* Before the VMM looks at what it may have been kicked for. */
		smp_store_mb(vcpu->kick, false);
		hv_vcpu_exit(vcpu, HVMOD_EXIT_KICK, HVMOD_WHY_NONE);
		return 0;
	}
	if (task_work_pending(current)) {
		hv_vcpu_exit(vcpu, HVMOD_EXIT_KICK, HVMOD_WHY_HOST_WORK);
		return 0;
	}
	if (flags & HV_TIF_RESCHED)
		schedule();
	return HV_GO_ON;
}

/**
 * hv_deadline() - a host TSC as a time that a timer understands
 * @deadline: the TSC
 *
 * Any context.
 *
 * Return: CLOCK_MONOTONIC, or 0: it is over.
 */
ktime_t hv_deadline(u64 deadline)
{
	u64 now = rdtsc_ordered();
	u64 most = (u64)tsc_khz * 1000 * HV_SLEEP_SECONDS;

	if ((s64)(deadline - now) <= 0)
		return 0;
	return ktime_add_ns(ktime_get(),
			    hv_ticks_to_ns(min(deadline - now, most)));
}

/*
 * The guest is in HLT. It goes on at its deadline or when somebody has set
 * @wake, which was cleared before ring -1 last looked for interrupts: what came
 * later is not lost. Whether there is one, ring -1 finds out.
 */
static void hv_vcpu_halt(struct hv_vcpu *vcpu, u64 deadline)
{
	ktime_t expires = deadline ? hv_deadline(deadline) : 0;
	DEFINE_WAIT(wait);

	if (deadline && !expires)
		return;
	if (vcpu->grant)
		hv_cap_halt(vcpu);
	hv_vcpu_wait_begin(vcpu, HVMOD_ACTIVITY_HALTED);
	for (;;) {
		prepare_to_wait(&vcpu->wait, &wait, TASK_INTERRUPTIBLE);
		if (READ_ONCE(vcpu->wake) || hv_vcpu_stopped(vcpu) ||
		    signal_pending(current))
			break;
		if (!schedule_hrtimeout_range(deadline ? &expires : NULL, 0,
					      HRTIMER_MODE_ABS))
			break;
	}
	finish_wait(&vcpu->wait, &wait);
	hv_vcpu_wait_end(vcpu);
}

/*
 * The guest waits for another vCPU. Its task is one for as long as it is
 * found: whoever runs a vCPU takes it away before it can end.
 */
static void hv_vcpu_yield_to(struct hv_domain *domain, u64 index)
{
	struct task_struct *task = NULL;
	struct hv_vcpu *vcpu;

	vcpu = index < HVMOD_VCPUS_MAX ? READ_ONCE(domain->vcpu[index]) : NULL;
	if (!vcpu)
		return;
	rcu_read_lock();
	task = READ_ONCE(vcpu->task);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return;
	yield_to(task, true);
	put_task_struct(task);
}

static long hv_vcpu_fault(struct hv_vcpu *vcpu, u64 gpa, u64 access)
{
	struct hv_result result;
	u32 why;
	long ret;

	ret = hv_memory_fault(vcpu->domain, gpa, access);
	trace_hvmod_ept_fault(vcpu->domain, gpa, access, ret);
	if (!ret)
		return HV_GO_ON;
	if (ret == 1) {
		ret = hv_vcpu_gate(vcpu, GATE_VCPU_MMIO, 0, 0, &result);
		WRITE_ONCE(vcpu->faults_vmm, vcpu->faults_vmm + 1);
		WRITE_ONCE(vcpu->exits_vmm, vcpu->exits_vmm + 1);
		return min(ret, 0L);
	}
	/* A signal, or the page is on the move: the loop looks again. */
	if (ret == -EINTR || ret == -EAGAIN)
		return HV_GO_ON;

	why = ret == -EBUSY ? HVMOD_WHY_OWNED :
	      ret == -EDQUOT ? HVMOD_WHY_QUOTA : HVMOD_WHY_NO_MEMORY;
	vcpu->run->mmio.gpa = gpa;
	vcpu->run->mmio.linear = 0;
	vcpu->run->mmio.access = access;
	vcpu->run->mmio.linear_valid = 0;
	WRITE_ONCE(vcpu->faults_vmm, vcpu->faults_vmm + 1);
	hv_vcpu_exit(vcpu, HVMOD_EXIT_MEMORY, why);
	return 0;
}

/* All outcomes of GATE_VCPU_RUN but HV_RUN_VMM. */
static long hv_vcpu_outcome(struct hv_vcpu *vcpu, long outcome,
			    const struct hv_result *result,
			    unsigned int *grows)
{
	switch (outcome) {
	case HV_RUN_INTERRUPT:
		return HV_GO_ON;
	case HV_RUN_HALT:
		hv_vcpu_halt(vcpu, result->rdx);
		return HV_GO_ON;
	case HV_RUN_FAULT:
		return hv_vcpu_fault(vcpu, result->rdx, result->rcx);
	case HV_RUN_IPI:
		hv_domain_poke(vcpu->domain, result->rdx);
		return HV_GO_ON;
	case HV_RUN_YIELD:
		hv_vcpu_yield_to(vcpu->domain, result->rdx);
		return HV_GO_ON;
	case -EAGAIN:
		hv_vcpu_clear(vcpu, result->rdx);
		return HV_GO_ON;
	case -EBUSY:
		/* Somebody asks for statistics just now. */
		return HV_GO_ON;
	case -ENOMEM:
		if (!(*grows)--)
			return -ENOMEM;
		return hv_pool_grow() ?: HV_GO_ON;
	default:
		return outcome < 0 ? outcome : -EIO;
	}
}

/* What the guest is told that others had of its time, nanoseconds. */
static u64 hv_vcpu_steal(struct hv_vcpu *vcpu)
{
	return vcpu->steal_ns + vcpu->capped_ns;
}

/*
 * For no longer than the vCPU's grant, of which the run is paid. A cap that was
 * lifted meanwhile has left no grant; then there is no limit either.
 */
static long hv_vcpu_enter_capped(struct hv_vcpu *vcpu, struct hv_result *result)
{
	u64 start = rdtsc_ordered();
	long ret;

	ret = hv_gate(GATE_VCPU_RUN, vcpu->domain->handle, vcpu->index,
		      max_t(s64, vcpu->grant, 0), hv_vcpu_steal(vcpu), result);
	vcpu->grant -= rdtsc_ordered() - start;
	return ret;
}

static long hv_vcpu_loop(struct hv_vcpu *vcpu)
{
	unsigned int grows = HV_GROW_TRIES;
	struct hv_domain *domain = vcpu->domain;
	struct hv_result result;
	bool capped;
	long ret;

	for (;;) {
		if (unlikely(hv_run_delay(current) != vcpu->run_delay ||
			     task_pid(current) != vcpu->thread))
			hv_vcpu_account(vcpu);
		capped = READ_ONCE(domain->cap.percent);
		if (unlikely(capped) && !hv_cap_granted(vcpu) &&
		    !hv_cap_admit(vcpu)) {
			ret = hv_vcpu_work(vcpu);
			if (ret != HV_GO_ON)
				return ret;
			continue;
		}
		local_irq_disable();
		WRITE_ONCE(vcpu->wake, false);
		WRITE_ONCE(vcpu->cpu, smp_processor_id());
		/* With hv_vcpu_interrupt(): flags are looked at after this. */
		smp_store_mb(vcpu->mode, HV_IN_GUEST);
		if (unlikely(hv_vcpu_must_leave(vcpu) ||
			     (read_thread_flags() & HV_TIF_WORK))) {
			WRITE_ONCE(vcpu->mode, HV_OUTSIDE);
			local_irq_enable();
			ret = hv_vcpu_work(vcpu);
			if (ret != HV_GO_ON)
				return ret;
			continue;
		}
		trace_hvmod_entry(vcpu, capped ? vcpu->grant : 0);
		if (unlikely(capped))
			ret = hv_vcpu_enter_capped(vcpu, &result);
		else
			ret = hv_gate(GATE_VCPU_RUN, domain->handle,
				      vcpu->index, 0, hv_vcpu_steal(vcpu),
				      &result);
		WRITE_ONCE(vcpu->mode, HV_OUTSIDE);
		local_irq_enable();
		trace_hvmod_exit(vcpu, ret, result.rdx);

		WRITE_ONCE(vcpu->exits_driver, vcpu->exits_driver + 1);
		if (likely(ret == HV_RUN_VMM)) {
			if (!xa_empty(&domain->doorbells) &&
			    hv_doorbell_ring(vcpu)) {
				WRITE_ONCE(vcpu->doorbells, vcpu->doorbells + 1);
				continue;
			}
			WRITE_ONCE(vcpu->exits_vmm, vcpu->exits_vmm + 1);
			return 0;
		}
		ret = hv_vcpu_outcome(vcpu, ret, &result, &grows);
		if (ret != HV_GO_ON)
			return ret;
	}
}

/**
 * hv_vcpu_run() - HVMOD_VCPU_RUN
 * @vcpu: the vCPU
 *
 * Process context, in the address space of the VMM. This is the path of every
 * exit that the VMM sees; keep it short.
 *
 * Return: 0 with the exit in the run page, or a negative errno, see
 * uapi/hvmod.h.
 */
long hv_vcpu_run(struct hv_vcpu *vcpu)
{
	long ret;

	if (unlikely(current->mm != vcpu->domain->mm))
		return -EIO;
	if (unlikely(!hv_vcpu_claim(vcpu)))
		return -EBUSY;
	/* With the claim, so that the kick of who unplugs it is for this run. */
	if (likely(READ_ONCE(vcpu->plugged))) {
		WRITE_ONCE(vcpu->task, current);
		ret = hv_vcpu_loop(vcpu);
		WRITE_ONCE(vcpu->task, NULL);
	} else {
		ret = -ENXIO;
	}
	hv_vcpu_unclaim(vcpu);
	return ret;
}
