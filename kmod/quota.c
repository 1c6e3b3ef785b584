// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory quotas. All that a domain makes the kernel hold is charged to it
 * before it is allocated: guest pages, tables, what ring -1 keeps of it, and
 * the driver's own records. A VMM can't get around that, as it has no memory
 * of the kernel's but by these ways.
 *
 * And whether there may be a domain at all: what all of them may hold has to
 * leave Domain-0 its reserve, and a user has limits of his own.
 */
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/xarray.h>

#include "hvmod.h"
#include "trace.h"

/*
 * What a domain may hold beyond its guest memory, unless it is told otherwise:
 * tables for all of it in 4 KiB pages, twice (its EPT and Domain-0's), and
 * records of the driver take less than 1/64.
 */
#define HV_OVERHEAD_SHIFT	6
#define HV_OVERHEAD_VCPU	SZ_64K
#define HV_OVERHEAD_DOMAIN	SZ_1M

/* Domain-0's reserve if none is given: a part of RAM, and its upper limit. */
#define HV_RESERVE_SHIFT	3
#define HV_RESERVE_MOST		SZ_1G

static long dom0_reserve_mib = -1;
module_param(dom0_reserve_mib, long, 0644);
MODULE_PARM_DESC(dom0_reserve_mib,
		 "RAM that domains can't have, MiB (default -1: 1/8 of it, at most 1024)");

static ulong uid_memory_max_mib;
module_param(uid_memory_max_mib, ulong, 0644);
MODULE_PARM_DESC(uid_memory_max_mib,
		 "most memory of all domains of one user, MiB (default 0: no limit)");

static uint uid_domains_max;
module_param(uid_domains_max, uint, 0644);
MODULE_PARM_DESC(uid_domains_max, "most domains of one user (default 0: no limit)");

static uint uid_vcpus_max;
module_param(uid_vcpus_max, uint, 0644);
MODULE_PARM_DESC(uid_vcpus_max,
		 "most vCPUs of all domains of one user (default 0: no limit)");

/**
 * hv_charge() - a domain is about to make the kernel hold memory
 * @domain: the domain
 * @kind: enum hvmod_memory
 * @bytes: how much
 *
 * Process context; takes the quota's lock.
 *
 * Return: 0, or -EDQUOT: it may not.
 */
int hv_charge(struct hv_domain *domain, enum hvmod_memory kind, u64 bytes)
{
	struct hv_quota *quota = &domain->quota;
	int ret = 0;

	spin_lock(&quota->lock);
	if (quota->sum > quota->max || bytes > quota->max - quota->sum) {
		trace_hvmod_quota_memory(domain, kind, bytes);
		ret = -EDQUOT;
	} else {
		quota->held[kind] += bytes;
		quota->sum += bytes;
	}
	spin_unlock(&quota->lock);
	return ret;
}

/**
 * hv_uncharge() - undo hv_charge()
 * @domain: the domain
 * @kind: enum hvmod_memory
 * @bytes: how much
 *
 * Process context; takes the quota's lock.
 */
void hv_uncharge(struct hv_domain *domain, enum hvmod_memory kind, u64 bytes)
{
	struct hv_quota *quota = &domain->quota;

	spin_lock(&quota->lock);
	if (!WARN_ON_ONCE(bytes > quota->held[kind])) {
		quota->held[kind] -= bytes;
		quota->sum -= bytes;
	}
	spin_unlock(&quota->lock);
}

/**
 * hv_charge_tables() - ring -1 has told how many tables it made for a domain
 * @domain: the domain
 * @pages: number of tables that there are now
 * @reserved: number of pages that were charged before it was asked
 *
 * Process context; takes the quota's lock.
 */
void hv_charge_tables(struct hv_domain *domain, u64 pages, u64 reserved)
{
	struct hv_quota *quota = &domain->quota;
	s64 change = -(s64)(reserved << PAGE_SHIFT);

	spin_lock(&quota->lock);
	/* Answers of operations at the same time may come in any order. */
	if (pages > quota->tables) {
		change += (pages - quota->tables) << PAGE_SHIFT;
		quota->tables = pages;
	}
	quota->held[HVMOD_MEMORY_TABLES] += change;
	quota->sum += change;
	spin_unlock(&quota->lock);
}

/**
 * hv_domain_memory() - what a domain makes the kernel hold
 * @domain: the domain
 * @bytes: by kind, enum hvmod_memory
 *
 * Process context.
 *
 * Return: the sum.
 */
u64 hv_domain_memory(struct hv_domain *domain, u64 *bytes)
{
	u64 sum;

	spin_lock(&domain->quota.lock);
	memcpy(bytes, domain->quota.held, sizeof(domain->quota.held));
	sum = domain->quota.sum;
	spin_unlock(&domain->quota.lock);
	return sum;
}

/**
 * hv_quota_overhead() - what a domain may hold beyond its guest memory
 * @mem_max: guest memory, bytes
 * @vcpus: number of vCPUs
 *
 * Any context.
 *
 * Return: bytes.
 */
u64 hv_quota_overhead(u64 mem_max, u32 vcpus)
{
	return HV_OVERHEAD_DOMAIN + (mem_max >> HV_OVERHEAD_SHIFT) +
	       (u64)vcpus * HV_OVERHEAD_VCPU;
}

/**
 * hv_quota_init() - a new domain's quota
 * @domain: a domain that nobody knows yet, with mem_max and vcpus_max
 */
void hv_quota_init(struct hv_domain *domain)
{
	spin_lock_init(&domain->quota.lock);
	spin_lock_init(&domain->cap.lock);
	hv_cap_set(domain, 0, HVMOD_PERIOD_US);
	domain->quota.max = domain->mem_max +
			    hv_quota_overhead(domain->mem_max,
					      domain->vcpus_max);
}

static u64 hv_reserve(void)
{
	u64 ram = (u64)totalram_pages() << PAGE_SHIFT;
	long mib = READ_ONCE(dom0_reserve_mib);

	if (mib < 0)
		return min_t(u64, ram >> HV_RESERVE_SHIFT, HV_RESERVE_MOST);
	return min_t(u64, ram, (u64)mib << 20);
}

/**
 * hv_quota_admit() - may a domain have what it asks for?
 * @max: what it may hold then, bytes
 * @vcpus: most vCPUs then
 * @all: what all others have together
 * @uid: what those of the same user have
 *
 * With the domains lock. Limits of users do not hold for who may override
 * them (CAP_SYS_RESOURCE); Domain-0's reserve is for everybody.
 *
 * Return: 0; -ENOMEM: Domain-0 would have less than its reserve; -EDQUOT: the
 * user has no more.
 */
int hv_quota_admit(u64 max, u32 vcpus, const struct hv_sums *all,
		   const struct hv_sums *uid)
{
	u64 ram = (u64)totalram_pages() << PAGE_SHIFT;
	u64 reserve = hv_reserve();
	u64 memory = (u64)READ_ONCE(uid_memory_max_mib) << 20;
	u32 domains = READ_ONCE(uid_domains_max);
	u32 most = READ_ONCE(uid_vcpus_max);

	if (max > ram - reserve || all->memory > ram - reserve - max)
		return -ENOMEM;
	if ((!domains || uid->domains < domains) &&
	    (!most || uid->vcpus + vcpus <= most) &&
	    (!memory || uid->memory + max <= memory))
		return 0;
	return capable(CAP_SYS_RESOURCE) ? 0 : -EDQUOT;
}
