// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one may know of the machine and of a domain: HVMOD_GET_CAPS,
 * HVMOD_DOMAIN_INFO, and the same over netlink.
 */
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/user_namespace.h>
#include <asm/tsc.h>

#include "hvmod.h"

/**
 * hv_ticks_to_ns() - TSC ticks in nanoseconds
 * @ticks: ticks
 *
 * Any context.
 *
 * Return: nanoseconds, without overflow below 2^63 of them.
 */
u64 hv_ticks_to_ns(u64 ticks)
{
	u64 rest, seconds = div64_u64_rem(ticks, (u64)tsc_khz * 1000, &rest);

	return seconds * NSEC_PER_SEC + div_u64(rest * USEC_PER_SEC, tsc_khz);
}

/**
 * hv_host_fill_caps() - what this machine and module offer
 * @caps: to be filled
 *
 * Any context.
 */
void hv_host_fill_caps(struct hvmod_caps *caps)
{
	struct hv_result result;

	memset(caps, 0, sizeof(*caps));
	caps->size = sizeof(*caps);
	caps->abi_version = HVMOD_ABI_VERSION;
	caps->features = hv_features();
	caps->tsc_khz = tsc_khz;
	caps->vcpus_max = HVMOD_VCPUS_MAX;
	caps->domains_max = HV_DOMAINS_MAX;
	caps->run_size = PAGE_SIZE;
	caps->gpa_bits = HVMOD_GPA_BITS;
	if (!hv_gate(GATE_NOP, 0, 0, 0, 0, &result)) {
		caps->core_pages = result.rdx;
		caps->core_free_pages = result.rcx;
	}
	strscpy(caps->module_version, HVMOD_VERSION,
		sizeof(caps->module_version));
}

/**
 * hv_get_caps() - HVMOD_GET_CAPS
 * @call: the call
 *
 * Process context.
 *
 * Return: 0.
 */
long hv_get_caps(struct hv_call *call)
{
	hv_host_fill_caps(&call->arg.caps);
	return 0;
}

/* Sum up what the vCPUs did. */
static void hv_domain_sums(struct hv_domain *domain,
			   struct hvmod_domain_info *info)
{
	struct hv_result result;
	struct hv_vcpu *vcpu;
	unsigned int i;
	u64 ticks = 0;

	for (i = 0; i < HVMOD_VCPUS_MAX; i++) {
		vcpu = READ_ONCE(domain->vcpu[i]);
		if (!vcpu)
			continue;
		info->exits_driver += READ_ONCE(vcpu->exits_driver);
		info->exits_vmm += READ_ONCE(vcpu->exits_vmm);
		if (hv_gate(GATE_VCPU_STATS, domain->handle, i, 0, 0, &result))
			continue;
		info->exits += result.rdx;
		ticks += result.rcx;
	}
	info->run_ns = hv_ticks_to_ns(ticks);
	if (!hv_gate(GATE_DOM_PAGES, domain->handle, 0, 0, 0, &result))
		info->core_pages = result.rdx;
}

/**
 * hv_domain_fill_info() - what there is to know of a domain
 * @domain: the domain
 * @info: to be filled; user and process ids as the current process sees them
 *
 * Process context, with the domain's lock: so a dying domain is not destroyed
 * meanwhile.
 */
void hv_domain_fill_info(struct hv_domain *domain,
			 struct hvmod_domain_info *info)
{
	lockdep_assert_held(&domain->lock);
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->id = domain->id;
	memcpy(info->name, domain->name, sizeof(info->name));
	memcpy(info->uuid, &domain->uuid, sizeof(info->uuid));
	info->state = domain->state;
	info->reason = domain->reason;
	info->vcpus = domain->vcpus;
	info->seq = domain->seq;
	if (domain->created && !domain->gone)
		hv_domain_sums(domain, info);
	info->vcpus_max = domain->vcpus_max;
	info->mem_max = domain->mem_max;
	info->mem_current = hv_memory_current(domain);
	info->held = READ_ONCE(domain->quota.sum);
	info->held_max = READ_ONCE(domain->quota.max);
	info->cpu_cap = READ_ONCE(domain->cap.percent);
	info->cpu_period_us = READ_ONCE(domain->cap.period_us);
	info->owner_uid = from_kuid_munged(current_user_ns(), domain->uid);
	info->owner_pid = pid_nr_ns(domain->pid, task_active_pid_ns(current));
	info->created_ns = domain->created_ns;
}

/**
 * hv_domain0_fill_info() - the same of Domain-0
 * @info: to be filled
 *
 * Process context.
 */
void hv_domain0_fill_info(struct hvmod_domain_info *info)
{
	struct hv_result result;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	strscpy(info->name, HV_DOMAIN0, sizeof(info->name));
	info->state = HVMOD_STATE_RUNNING;
	info->vcpus = num_online_cpus();
	info->vcpus_max = num_possible_cpus();
	info->mem_max = (u64)totalram_pages() << PAGE_SHIFT;
	info->mem_current = info->mem_max;
	info->owner_uid = from_kuid_munged(current_user_ns(), GLOBAL_ROOT_UID);
	hv_domain0_sums(info);
	if (!hv_gate(GATE_NOP, 0, 0, 0, 0, &result))
		info->core_pages = result.rdx;
}

/**
 * hv_domain_find_info() - HVMOD_DOMAIN_INFO on the device
 * @call: the call
 *
 * Process context; takes the domains lock and a domain's.
 *
 * Return: 0 or -ENOENT.
 */
long hv_domain_find_info(struct hv_call *call)
{
	struct hvmod_domain_info *info = &call->arg.domain_info;
	struct hv_domain *domain;
	unsigned long id = info->id;

	if (!id) {
		hv_domain0_fill_info(info);
		return 0;
	}
	mutex_lock(&hv_domains_lock);
	domain = hv_domains_next(&id);
	if (domain) {
		mutex_lock(&domain->lock);
		hv_domain_fill_info(domain, info);
		mutex_unlock(&domain->lock);
	}
	mutex_unlock(&hv_domains_lock);
	return domain ? 0 : -ENOENT;
}

/**
 * hv_domain_info() - HVMOD_DOMAIN_INFO on a domain
 * @call: the call
 *
 * Process context; takes the domain's lock.
 *
 * Return: 0.
 */
long hv_domain_info(struct hv_call *call)
{
	struct hv_domain *domain = call->object;

	mutex_lock(&domain->lock);
	hv_domain_fill_info(domain, &call->arg.domain_info);
	mutex_unlock(&domain->lock);
	return 0;
}
