// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which domains there are: names, UUIDs and ids. Domain-0 is not in the table.
 *
 * A domain is added before ring -1 makes it, so that nobody else gets its name,
 * and announced when it is complete. Who looks for domains finds those alone
 * that were announced and not removed, so what he finds agrees with the
 * events.
 */
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "hvmod.h"

/* Names, UUIDs and ids, and that no domain in the table is freed. */
DEFINE_MUTEX(hv_domains_lock);
static DEFINE_XARRAY(hv_domains);	/* struct hv_domain by id */
static u32 hv_last_id;

static bool hv_domains_taken(const struct hv_domain *mine)
{
	struct hv_domain *domain;
	unsigned long id;

	if (!strcmp(mine->name, HV_DOMAIN0))
		return true;
	xa_for_each(&hv_domains, id, domain)
		if (!strcmp(domain->name, mine->name) ||
		    uuid_equal(&domain->uuid, &mine->uuid))
			return true;
	return false;
}

/**
 * hv_domains_sum() - what domains have together
 * @but: a domain that does not count, or NULL
 * @payer: only those that count against this user's limits, or NULL for all
 * @sums: to be filled
 *
 * With the domains lock.
 */
void hv_domains_sum(const struct hv_domain *but, const kuid_t *payer,
		    struct hv_sums *sums)
{
	struct hv_domain *domain;
	unsigned long id;

	lockdep_assert_held(&hv_domains_lock);
	memset(sums, 0, sizeof(*sums));
	xa_for_each(&hv_domains, id, domain) {
		if (domain == but || (payer && !uid_eq(domain->payer, *payer)))
			continue;
		sums->domains++;
		sums->vcpus += READ_ONCE(domain->vcpus_max);
		sums->memory += READ_ONCE(domain->quota.max);
	}
}

static int hv_domains_admit(struct hv_domain *domain)
{
	struct hv_sums all, uid;

	hv_domains_sum(domain, NULL, &all);
	hv_domains_sum(domain, &domain->payer, &uid);
	return hv_quota_admit(domain->quota.max, domain->vcpus_max, &all, &uid);
}

/**
 * hv_domains_add() - give a domain its id
 * @domain: a domain with name and UUID that nobody knows yet
 *
 * Process context; takes the domains lock.
 *
 * Return: 0; -EEXIST: the name or UUID is in use; -ENOSPC: no id is left;
 * -ENOMEM, -EDQUOT: see hv_quota_admit().
 */
int hv_domains_add(struct hv_domain *domain)
{
	int ret;

	mutex_lock(&hv_domains_lock);
	if (hv_domains_taken(domain))
		ret = -EEXIST;
	else if (hv_last_id == INT_MAX)
		ret = -ENOSPC;
	else
		ret = hv_domains_admit(domain);
	if (!ret) {
		domain->id = hv_last_id + 1;
		ret = xa_insert(&hv_domains, domain->id, domain,
				GFP_KERNEL_ACCOUNT);
		if (!ret)
			hv_last_id = domain->id;
	}
	mutex_unlock(&hv_domains_lock);
	return ret;
}

/**
 * hv_domains_announce() - let a domain be found
 * @domain: a domain that was added and is complete
 *
 * Process context; takes the domains lock and the domain's.
 */
void hv_domains_announce(struct hv_domain *domain)
{
	mutex_lock(&hv_domains_lock);
	mutex_lock(&domain->lock);
	domain->listed = true;
	hv_event_domain(domain, HVMOD_CMD_DOMAIN_CREATED_NTF);
	mutex_unlock(&domain->lock);
	mutex_unlock(&hv_domains_lock);
}

static bool hv_domains_has(const char *name)
{
	struct hv_domain *domain;
	unsigned long id;

	xa_for_each(&hv_domains, id, domain)
		if (!strcmp(domain->name, name))
			return true;
	return !strcmp(name, HV_DOMAIN0);
}

/**
 * hv_domains_rename() - give a domain another name
 * @domain: a domain that was added
 * @name: a valid name, HVMOD_NAME_MAX bytes
 *
 * Process context; takes the domains lock and the domain's.
 *
 * Return: 0; -EEXIST: another domain has it.
 */
int hv_domains_rename(struct hv_domain *domain, const char *name)
{
	int ret = 0;

	mutex_lock(&hv_domains_lock);
	mutex_lock(&domain->lock);
	if (strcmp(domain->name, name)) {
		if (hv_domains_has(name)) {
			ret = -EEXIST;
		} else {
			memcpy(domain->name, name, sizeof(domain->name));
			if (domain->listed)
				hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
		}
	}
	mutex_unlock(&domain->lock);
	mutex_unlock(&hv_domains_lock);
	return ret;
}

/**
 * hv_domains_remove() - undo hv_domains_add() and hv_domains_announce()
 * @domain: the domain
 *
 * Process context; takes the domains lock and the domain's.
 */
void hv_domains_remove(struct hv_domain *domain)
{
	mutex_lock(&hv_domains_lock);
	xa_erase(&hv_domains, domain->id);
	mutex_lock(&domain->lock);
	if (domain->listed)
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_DELETED_NTF);
	mutex_unlock(&domain->lock);
	mutex_unlock(&hv_domains_lock);
}

/**
 * hv_domains_next() - the announced domain with the lowest id not below one
 * @id: where to begin (in), its id (out)
 *
 * With the domains lock, which keeps the domain.
 *
 * Return: the domain, or NULL.
 */
struct hv_domain *hv_domains_next(unsigned long *id)
{
	struct hv_domain *domain;

	lockdep_assert_held(&hv_domains_lock);
	for (domain = xa_find(&hv_domains, id, ULONG_MAX, XA_PRESENT); domain;
	     domain = xa_find_after(&hv_domains, id, ULONG_MAX, XA_PRESENT))
		if (domain->listed)
			return domain;
	return NULL;
}

/**
 * hv_domains_by_id() - an announced domain
 * @id: its id
 *
 * With the domains lock, which keeps the domain.
 *
 * Return: the domain, or NULL.
 */
struct hv_domain *hv_domains_by_id(u32 id)
{
	struct hv_domain *domain = xa_load(&hv_domains, id);

	lockdep_assert_held(&hv_domains_lock);
	return domain && domain->listed ? domain : NULL;
}

/**
 * hv_domains_by_name() - an announced domain
 * @name: its name
 *
 * With the domains lock, which keeps the domain.
 *
 * Return: the domain, or NULL.
 */
struct hv_domain *hv_domains_by_name(const char *name)
{
	struct hv_domain *domain;
	unsigned long id;

	lockdep_assert_held(&hv_domains_lock);
	xa_for_each(&hv_domains, id, domain)
		if (domain->listed && !strcmp(domain->name, name))
			return domain;
	return NULL;
}
