// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_GET_QUOTA and HVMOD_SET_QUOTA: who may change what a domain may have,
 * and that a change is made as a whole.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "hvmod.h"

#define HV_QUOTA_VALUES	(HVMOD_QUOTA_VCPUS | HVMOD_QUOTA_MEMORY | \
			 HVMOD_QUOTA_CPU)
#define HV_QUOTA_LOCKS	(HVMOD_QUOTA_LOCK | HVMOD_QUOTA_UNLOCK)

/* With the domain's lock. */
static void hv_quota_read(struct hv_domain *domain, struct hvmod_quota *quota)
{
	u64 kinds[HVMOD_MEMORY_DRIVER + 1];

	quota->id = domain->id;
	quota->flags = domain->locked ? HVMOD_QUOTA_LOCK : 0;
	quota->vcpus_max = domain->vcpus_max;
	quota->mem_max = domain->mem_max;
	quota->held_max = domain->quota.max;
	quota->cpu_cap = domain->cap.percent;
	quota->cpu_period_us = domain->cap.period_us;
	quota->mem_current = hv_memory_current(domain);
	quota->held = hv_domain_memory(domain, kinds);
}

/**
 * hv_quota_get() - HVMOD_GET_QUOTA on a domain
 * @call: the call
 *
 * Process context; takes the domain's lock.
 *
 * Return: 0.
 */
long hv_quota_get(struct hv_call *call)
{
	struct hv_domain *domain = call->object;

	mutex_lock(&domain->lock);
	hv_quota_read(domain, &call->arg.quota);
	mutex_unlock(&domain->lock);
	return 0;
}

/**
 * hv_quota_get_by_id() - HVMOD_GET_QUOTA on the device
 * @call: the call
 *
 * Process context; takes the domains lock and the domain's.
 *
 * Return: 0 or -ENOENT.
 */
long hv_quota_get_by_id(struct hv_call *call)
{
	struct hv_domain *domain;

	mutex_lock(&hv_domains_lock);
	domain = hv_domains_by_id(call->arg.quota.id);
	if (domain) {
		mutex_lock(&domain->lock);
		hv_quota_read(domain, &call->arg.quota);
		mutex_unlock(&domain->lock);
	}
	mutex_unlock(&hv_domains_lock);
	return domain ? 0 : -ENOENT;
}

/* Are the values that are to be set in range? */
static bool hv_quota_valid(const struct hvmod_quota *quota)
{
	u32 flags = quota->flags;

	if ((flags & ~(HV_QUOTA_VALUES | HV_QUOTA_LOCKS)) ||
	    (flags & HV_QUOTA_LOCKS) == HV_QUOTA_LOCKS)
		return false;
	if ((flags & HVMOD_QUOTA_VCPUS) &&
	    (!quota->vcpus_max || quota->vcpus_max > HVMOD_VCPUS_MAX))
		return false;
	if ((flags & HVMOD_QUOTA_MEMORY) &&
	    (!quota->mem_max || (quota->mem_max & ~PAGE_MASK) ||
	     quota->mem_max > 1ULL << HVMOD_GPA_BITS ||
	     quota->held_max > 2ULL << HVMOD_GPA_BITS ||
	     (quota->held_max && quota->held_max < quota->mem_max)))
		return false;
	if (!(flags & HVMOD_QUOTA_CPU))
		return true;
	return quota->cpu_cap <= 100 * HVMOD_VCPUS_MAX &&
	       (!quota->cpu_period_us ||
		(quota->cpu_period_us >= HVMOD_PERIOD_MIN_US &&
		 quota->cpu_period_us <= HVMOD_PERIOD_MAX_US));
}

/* What there will be: what is set, and the rest as it is. Domain's lock held. */
static void hv_quota_complete(struct hv_domain *domain,
			      const struct hvmod_quota *want,
			      struct hvmod_quota *quota)
{
	hv_quota_read(domain, quota);
	if (want->flags & HVMOD_QUOTA_VCPUS)
		quota->vcpus_max = want->vcpus_max;
	if (want->flags & HVMOD_QUOTA_MEMORY) {
		quota->mem_max = want->mem_max;
		quota->held_max = want->held_max ?: want->mem_max +
				  hv_quota_overhead(want->mem_max,
						    quota->vcpus_max);
	}
	if (want->flags & HVMOD_QUOTA_CPU) {
		quota->cpu_cap = want->cpu_cap;
		quota->cpu_period_us = want->cpu_period_us ?: HVMOD_PERIOD_US;
	}
}

/* Is any of it more than what it has now? A longer period is a larger burst. */
static bool hv_quota_more(struct hv_domain *domain,
			  const struct hvmod_quota *quota)
{
	u32 cap = domain->cap.percent;

	if (quota->vcpus_max > domain->vcpus_max ||
	    quota->mem_max > domain->mem_max ||
	    quota->held_max > domain->quota.max)
		return true;
	return cap && (!quota->cpu_cap || quota->cpu_cap > cap ||
		       quota->cpu_period_us > domain->cap.period_us);
}

static int hv_quota_admitted(struct hv_domain *domain,
			     const struct hvmod_quota *quota)
{
	struct hv_sums all, uid;

	if (quota->held_max <= domain->quota.max &&
	    quota->vcpus_max <= domain->vcpus_max)
		return 0;
	hv_domains_sum(domain, NULL, &all);
	hv_domains_sum(domain, &domain->payer, &uid);
	return hv_quota_admit(quota->held_max, quota->vcpus_max, &all, &uid);
}

/* With the domains lock and the domain's. */
static int hv_quota_apply(struct hv_domain *domain,
			  const struct hvmod_quota *quota)
{
	int ret = 0;

	if (quota->vcpus_max < domain->vcpus)
		return -EBUSY;
	spin_lock(&domain->quota.lock);
	if (quota->held_max < domain->quota.sum ||
	    quota->mem_max < hv_memory_current(domain)) {
		ret = -EBUSY;
	} else {
		domain->quota.max = quota->held_max;
		domain->mem_max = quota->mem_max;
	}
	spin_unlock(&domain->quota.lock);
	if (ret)
		return ret;
	WRITE_ONCE(domain->vcpus_max, quota->vcpus_max);
	hv_cap_set(domain, quota->cpu_cap, quota->cpu_period_us);
	return 0;
}

static long hv_quota_set(struct hv_domain *domain,
			 const struct hvmod_quota *want, bool tighten)
{
	u32 flags = want->flags;
	struct hvmod_quota quota;
	int ret;

	lockdep_assert_held(&hv_domains_lock);
	mutex_lock(&domain->lock);
	hv_quota_complete(domain, want, &quota);
	ret = 0;
	if ((tighten || domain->locked || (flags & HV_QUOTA_LOCKS)) &&
	    ((flags & HV_QUOTA_LOCKS) || hv_quota_more(domain, &quota)) &&
	    (tighten || !capable(CAP_SYS_ADMIN)))
		ret = -EPERM;
	if (!ret)
		ret = hv_quota_admitted(domain, &quota);
	if (!ret)
		ret = hv_quota_apply(domain, &quota);
	if (!ret) {
		if (flags & HV_QUOTA_LOCKS)
			domain->locked = flags & HVMOD_QUOTA_LOCK;
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
	}
	mutex_unlock(&domain->lock);
	/* Who sleeps for a cap looks again; who runs has a grant that ends soon. */
	if (!ret)
		hv_domain_poke(domain, ~0ULL);
	return ret;
}

/**
 * hv_quota_tighten() - HVMOD_SET_QUOTA on a domain
 * @call: the call
 *
 * Process context; takes the domains lock, the domain's and its quota's.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_quota_tighten(struct hv_call *call)
{
	long ret;

	if (!hv_quota_valid(&call->arg.quota))
		return -EINVAL;
	mutex_lock(&hv_domains_lock);
	ret = hv_quota_set(call->object, &call->arg.quota, true);
	mutex_unlock(&hv_domains_lock);
	return ret;
}

/**
 * hv_quota_set_by_id() - HVMOD_SET_QUOTA on the device
 * @call: the call
 *
 * Process context; takes the domains lock, the domain's and its quota's.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_quota_set_by_id(struct hv_call *call)
{
	const struct hvmod_quota *want = &call->arg.quota;
	struct hv_domain *domain;
	long ret;

	if (!hv_quota_valid(want))
		return -EINVAL;
	mutex_lock(&hv_domains_lock);
	domain = hv_domains_by_id(want->id);
	if (!domain)
		ret = -ENOENT;
	else if (!uid_eq(current_euid(), domain->uid) && !capable(CAP_SYS_ADMIN))
		ret = -EPERM;
	else
		ret = hv_quota_set(domain, want, false);
	mutex_unlock(&hv_domains_lock);
	return ret;
}
