// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vCPUs and processors did. Ring -1 counts exits and the time in the guest;
 * the driver knows what a vCPU sleeps for and how long its thread had to wait.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hvmod.h"

/**
 * hv_vcpu_account() - note who runs a vCPU, and how long he had to wait
 * @vcpu: the vCPU, claimed by the caller
 *
 * Process context, any thread. Called when either has changed.
 */
void hv_vcpu_account(struct hv_vcpu *vcpu)
{
	u64 delay = hv_run_delay(current);
	struct pid *old = NULL;

	spin_lock(&vcpu->times);
	if (vcpu->thread == task_pid(current)) {
		vcpu->steal_ns += delay - vcpu->run_delay;
	} else {
		/* What another thread waited for before is not the vCPU's. */
		old = vcpu->thread;
		vcpu->thread = get_pid(task_pid(current));
	}
	vcpu->run_delay = delay;
	spin_unlock(&vcpu->times);
	put_pid(old);
}

/**
 * hv_vcpu_wait_begin() - the vCPU is about to sleep
 * @vcpu: the vCPU, claimed by the caller
 * @state: what for: HVMOD_ACTIVITY_HALTED or _CAPPED
 *
 * Process context.
 */
void hv_vcpu_wait_begin(struct hv_vcpu *vcpu, u32 state)
{
	spin_lock(&vcpu->times);
	vcpu->waits = state;
	vcpu->wait_start = ktime_get_ns();
	spin_unlock(&vcpu->times);
}

/**
 * hv_vcpu_wait_end() - undo hv_vcpu_wait_begin()
 * @vcpu: the vCPU
 *
 * Process context.
 */
void hv_vcpu_wait_end(struct hv_vcpu *vcpu)
{
	u64 ns;

	spin_lock(&vcpu->times);
	ns = ktime_get_ns() - vcpu->wait_start;
	if (vcpu->waits == HVMOD_ACTIVITY_CAPPED)
		vcpu->capped_ns += ns;
	else
		vcpu->halt_ns += ns;
	vcpu->waits = HVMOD_ACTIVITY_RUNNING;
	spin_unlock(&vcpu->times);
}

static void hv_vcpu_times(struct hv_vcpu *vcpu, struct hv_vcpu_stats *stats)
{
	spin_lock(&vcpu->times);
	stats->halt_ns = vcpu->halt_ns;
	stats->capped_ns = vcpu->capped_ns;
	if (vcpu->waits == HVMOD_ACTIVITY_HALTED)
		stats->halt_ns += ktime_get_ns() - vcpu->wait_start;
	if (vcpu->waits == HVMOD_ACTIVITY_CAPPED)
		stats->capped_ns += ktime_get_ns() - vcpu->wait_start;
	stats->steal_ns = vcpu->steal_ns;
	stats->tid = pid_nr_ns(vcpu->thread, task_active_pid_ns(current));
	stats->state = vcpu->waits;
	spin_unlock(&vcpu->times);
	if (!atomic_read(&vcpu->claimed))
		stats->state = HVMOD_ACTIVITY_STOPPED;
	if (!READ_ONCE(vcpu->plugged))
		stats->state = HVMOD_ACTIVITY_UNPLUGGED;
	stats->cpu = READ_ONCE(vcpu->cpu);
}

static void hv_take_counts(struct hv_vcpu_stats *stats,
			   const struct hv_counts *counts)
{
	unsigned int i;

	stats->run_ns = hv_ticks_to_ns(counts->ticks);
	stats->interrupts = counts->interrupts;
	stats->nmis = counts->nmis;
	for (i = 0; i < HV_EXIT_REASONS; i++) {
		stats->driver[i] = counts->driver[i];
		stats->vmm[i] = counts->vmm[i];
		/* The vCPU runs on: an exit may be in one number and not yet in another. */
		stats->resumed[i] = counts->exits[i] -
				    min(counts->exits[i],
					counts->driver[i] + counts->vmm[i]);
	}
}

/* Gate operations that write struct hv_counts into a page. */
static int hv_counts(enum hv_gate op, u64 a, u64 b,
		     struct hv_vcpu_stats *stats)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 pa;
	long ret;

	if (!page)
		return -ENOMEM;
	pa = page_to_phys(page);
	if (op == GATE_CPU_COUNTS)
		ret = hv_gate(op, a, pa, 0, 0, NULL);
	else
		ret = hv_gate(op, a, b, pa, 0, NULL);
	if (!ret)
		hv_take_counts(stats, page_address(page));
	__free_page(page);
	return ret;
}

static void hv_move(u64 *from, u64 *to, u64 count)
{
	count = min(count, *from);
	*from -= count;
	*to += count;
}

/* Ring -1 knows neither doorbells nor devices: the driver knows who was next. */
static void hv_correct(struct hv_vcpu_stats *stats, const struct hv_vcpu *vcpu)
{
	hv_move(&stats->vmm[HVMOD_HW_EXIT_IO],
		&stats->driver[HVMOD_HW_EXIT_IO],
		READ_ONCE(vcpu->doorbells));
	hv_move(&stats->driver[HVMOD_HW_EXIT_EPT_VIOLATION],
		&stats->vmm[HVMOD_HW_EXIT_EPT_VIOLATION],
		READ_ONCE(vcpu->faults_vmm));
}

/**
 * hv_vcpu_stats() - what a vCPU did
 * @vcpu: the vCPU
 * @stats: to be filled
 *
 * Process context, with the domain's lock, and the domain not dying.
 *
 * Return: 0 or a negative errno.
 */
int hv_vcpu_stats(struct hv_vcpu *vcpu, struct hv_vcpu_stats *stats)
{
	int ret;

	lockdep_assert_held(&vcpu->domain->lock);
	memset(stats, 0, sizeof(*stats));
	hv_vcpu_times(vcpu, stats);
	ret = hv_counts(GATE_VCPU_COUNTS, vcpu->domain->handle, vcpu->index,
			stats);
	if (!ret)
		hv_correct(stats, vcpu);
	return ret;
}

/**
 * hv_cpu_stats() - what a processor did for Domain-0
 * @cpu: the processor
 * @stats: to be filled
 *
 * Linux's accounting takes a DomU for a thread at work in the kernel; what
 * DomUs had is left out here. Process context.
 *
 * Return: 0, or a negative errno: there is no such processor, or it is offline.
 */
int hv_cpu_stats(unsigned int cpu, struct hv_vcpu_stats *stats)
{
	struct kernel_cpustat kernel;
	u64 busy, domus;
	int ret;

	memset(stats, 0, sizeof(*stats));
	if (cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -ENOENT;
	ret = hv_counts(GATE_CPU_COUNTS, cpu, 0, stats);
	if (ret)
		return ret;
	kcpustat_cpu_fetch(&kernel, cpu);
	busy = kernel.cpustat[CPUTIME_USER] + kernel.cpustat[CPUTIME_NICE] +
	       kernel.cpustat[CPUTIME_SYSTEM] + kernel.cpustat[CPUTIME_IRQ] +
	       kernel.cpustat[CPUTIME_SOFTIRQ];
	domus = stats->run_ns;
	stats->run_ns = busy - min(busy, domus);
	stats->halt_ns = kernel.cpustat[CPUTIME_IDLE] +
			 kernel.cpustat[CPUTIME_IOWAIT];
	stats->steal_ns = kernel.cpustat[CPUTIME_STEAL];
	stats->state = HVMOD_ACTIVITY_RUNNING;
	stats->cpu = cpu;
	return 0;
}

/**
 * hv_domain0_sums() - what Domain-0 did on all processors
 * @info: where to put exits and time
 *
 * Process context.
 */
void hv_domain0_sums(struct hvmod_domain_info *info)
{
	struct hv_vcpu_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	unsigned int cpu, i;

	if (!stats)
		return;
	for_each_online_cpu(cpu) {
		if (hv_cpu_stats(cpu, stats))
			continue;
		info->run_ns += stats->run_ns;
		for (i = 0; i < HV_EXIT_REASONS; i++)
			info->exits += stats->resumed[i];
	}
	kfree(stats);
}
