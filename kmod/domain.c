// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a domain: made by HVMOD_DOMAIN_CREATE, gone with the last of its
 * descriptors.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <asm/tsc.h>

#include "hvmod.h"
#include "trace.h"

/* What a domain is charged from the start: itself, its descriptor, its batch. */
#define HV_DOMAIN_BYTES		(2 * PAGE_SIZE)
/* And the root of its EPT. */
#define HV_DOMAIN_TABLES	1

/* [A-Za-z][A-Za-z0-9._-]{0,62}, and nothing behind the NUL. */
static bool hv_name_valid(const char *name)
{
	size_t i, length = strnlen(name, HVMOD_NAME_MAX);

	if (!length || length == HVMOD_NAME_MAX)
		return false;
	if (!isascii(name[0]) || !isalpha(name[0]))
		return false;
	for (i = 1; i < length; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("._-", name[i])))
			return false;
	return !memchr_inv(name + length, 0, HVMOD_NAME_MAX - length);
}

static void hv_domain_free(struct hv_domain *domain)
{
	unsigned int i;

	for (i = 0; i < HVMOD_VCPUS_MAX; i++)
		if (domain->vcpu[i])
			hv_vcpu_free(domain->vcpu[i]);
	hv_memory_free(domain);
	put_pid(domain->pid);
	mmdrop(domain->mm);
	mutex_destroy(&domain->lock);
	mutex_destroy(&domain->memory_lock);
	mutex_destroy(&domain->eventfd_lock);
	kfree(domain);
}

/*
 * Limits of a user hold for the ids that he has in user namespaces too. Root's
 * namespaces are containers: whom root lets in there is somebody else.
 */
static kuid_t hv_payer(void)
{
	const struct user_namespace *ns;
	kuid_t payer = current_euid();

	for (ns = current_user_ns(); ns->parent; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			payer = ns->owner;
	return payer;
}

static struct hv_domain *hv_domain_alloc(const struct hvmod_domain_create *arg)
{
	struct hv_domain *domain;

	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return NULL;
	kref_init(&domain->users);
	mutex_init(&domain->lock);
	mutex_init(&domain->eventfd_lock);
	INIT_LIST_HEAD(&domain->irqfds);
	xa_init(&domain->doorbells);
	memcpy(domain->name, arg->name, sizeof(domain->name));
	memcpy(&domain->uuid, arg->uuid, sizeof(domain->uuid));
	if (uuid_is_null(&domain->uuid))
		uuid_gen(&domain->uuid);
	domain->vcpus_max = arg->vcpus;
	domain->mem_max = arg->mem_max;
	domain->state = HVMOD_STATE_CREATED;
	domain->uid = current_euid();
	domain->payer = hv_payer();
	domain->created_ns = ktime_get_boottime_ns();
	domain->pid = get_pid(task_tgid(current));
	domain->mm = current->mm;
	mmgrab(domain->mm);
	hv_quota_init(domain);
	if (hv_memory_init(domain)) {
		hv_domain_free(domain);
		return NULL;
	}
	return domain;
}

/* Make the domain in ring -1. */
static int hv_domain_launch(struct hv_domain *domain)
{
	unsigned int tries = HV_GROW_TRIES;
	struct hv_result result;
	long ret;

	ret = hv_charge(domain, HVMOD_MEMORY_DRIVER, HV_DOMAIN_BYTES) ?:
	      hv_charge(domain, HVMOD_MEMORY_CORE, PAGE_SIZE) ?:
	      hv_charge(domain, HVMOD_MEMORY_TABLES,
			HV_DOMAIN_TABLES << PAGE_SHIFT);
	if (ret)
		return ret;
	for (;;) {
		ret = hv_gate(GATE_DOM_CREATE, ktime_get_real_ns(), 0, 0, 0,
			      &result);
		if (ret != -ENOMEM || !tries--)
			break;
		if (hv_pool_grow())
			break;
	}
	if (ret)
		return ret;
	domain->handle = result.rdx;
	domain->created = true;
	hv_charge_tables(domain, result.rcx, HV_DOMAIN_TABLES);
	return 0;
}

static void hv_clear_all_here(void *unused)
{
	hv_gate(GATE_CLEAR_ALL, 0, 0, 0, 0, NULL);
}

/* Undo hv_domain_launch(). */
static long hv_domain_land(struct hv_domain *domain)
{
	unsigned int tries = 2 * nr_cpu_ids;
	struct hv_result result;
	unsigned int i;
	long ret;

	for (i = 0; i < HVMOD_VCPUS_MAX; i++)
		if (domain->vcpu[i])
			hv_vcpu_clear(domain->vcpu[i], domain->vcpu[i]->cpu);
	hv_memory_unmap_all(domain);
	for (;;) {
		ret = hv_gate(GATE_DOM_DESTROY, domain->handle, 0, 0, 0,
			      &result);
		if (ret != -EAGAIN || !tries--)
			return ret;
		/* A processor that goes offline clears everything itself. */
		smp_call_function_single(result.rdx, hv_clear_all_here, NULL, 1);
	}
}

static void hv_domain_release(struct kref *users)
{
	struct hv_domain *domain = container_of(users, struct hv_domain, users);
	long ret;

	mutex_lock(&domain->lock);
	WRITE_ONCE(domain->state, HVMOD_STATE_DYING);
	if (domain->listed)
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
	domain->gone = true;
	mutex_unlock(&domain->lock);

	hv_irqfd_end_all(domain);
	hv_doorbell_free_all(domain);
	if (domain->created) {
		ret = hv_domain_land(domain);
		if (ret) {
			/*
			 * Ring -1 still uses its run pages. It stays in the
			 * list, and the module in the kernel.
			 */
			pr_err("domain %u can't be destroyed (%ld)\n",
			       domain->id, ret);
			__module_get(THIS_MODULE);
			return;
		}
	}
	hv_domains_remove(domain);
	hv_domain_free(domain);
	hv_pool_shrink();
	hv_put();
}

/**
 * hv_domain_put() - a descriptor of a domain or of one of its vCPUs is gone
 * @domain: the domain
 *
 * Process context of any process. The last one takes the domain away; its
 * memory and name are free when this returns.
 */
void hv_domain_put(struct hv_domain *domain)
{
	kref_put(&domain->users, hv_domain_release);
}

/**
 * hv_domain_create() - HVMOD_DOMAIN_CREATE
 * @call: the call, on the device
 *
 * Process context.
 *
 * Return: 0 with call->file set, or a negative errno, see uapi/hvmod.h.
 */
long hv_domain_create(struct hv_call *call)
{
	struct hvmod_domain_create *arg = &call->arg.domain_create;
	struct hv_domain *domain;
	struct file *file;
	int ret;

	if (arg->flags || !hv_name_valid(arg->name))
		return -EINVAL;
	if (!arg->vcpus || arg->vcpus > HVMOD_VCPUS_MAX)
		return -EINVAL;
	if (!arg->mem_max || (arg->mem_max & ~PAGE_MASK))
		return -EINVAL;
	if (arg->mem_max >> PAGE_SHIFT > totalram_pages())
		return -ENOMEM;

	ret = hv_get();
	if (ret)
		return ret;
	domain = hv_domain_alloc(arg);
	if (!domain) {
		hv_put();
		return -ENOMEM;
	}
	ret = hv_domains_add(domain);
	if (ret) {
		hv_domain_free(domain);
		hv_put();
		return ret;
	}
	ret = hv_domain_launch(domain);
	if (ret)
		goto put;
	hv_domains_announce(domain);
	file = anon_inode_getfile("[hvmod-domain]", &hv_domain_fops, domain,
				  O_RDWR);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto put;
	}
	arg->id = domain->id;
	memcpy(arg->uuid, &domain->uuid, sizeof(arg->uuid));
	call->file = file;
	return 0;

put:
	hv_domain_put(domain);
	return ret;
}

/**
 * hv_domain_rename() - HVMOD_DOMAIN_RENAME
 * @call: the call, on a domain
 *
 * Process context; takes the domains lock and the domain's.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_domain_rename(struct hv_call *call)
{
	const struct hvmod_domain_rename *arg = &call->arg.domain_rename;

	if (arg->flags || !hv_name_valid(arg->name))
		return -EINVAL;
	return hv_domains_rename(call->object, arg->name);
}

static bool hv_state_valid(u32 state, u32 reason)
{
	switch (state) {
	case HVMOD_STATE_RUNNING:
	case HVMOD_STATE_PAUSED:
		return reason == HVMOD_REASON_NONE;
	case HVMOD_STATE_SHUTDOWN:
	case HVMOD_STATE_CRASHED:
		return reason > HVMOD_REASON_NONE &&
		       reason <= HVMOD_REASON_INTERNAL;
	default:
		return false;
	}
}

/**
 * hv_domain_set_state() - HVMOD_DOMAIN_SET_STATE
 * @call: the call, on a domain
 *
 * Process context; takes the domain's lock.
 *
 * Return: 0 or -EINVAL.
 */
long hv_domain_set_state(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_set_state *arg = &call->arg.set_state;
	unsigned int i;
	int ret = 0;

	if (arg->reserved || !hv_state_valid(arg->state, arg->reason))
		return -EINVAL;
	mutex_lock(&domain->lock);
	if (domain->state == HVMOD_STATE_SHUTDOWN ||
	    domain->state == HVMOD_STATE_CRASHED) {
		/* The end is final; the first reason stands. */
		if (arg->state != domain->state)
			ret = -EINVAL;
	} else if (arg->state != domain->state) {
		WRITE_ONCE(domain->state, arg->state);
		domain->reason = arg->reason;
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
		if (arg->state != HVMOD_STATE_RUNNING)
			for (i = 0; i < HVMOD_VCPUS_MAX; i++)
				if (domain->vcpu[i])
					hv_vcpu_kick(domain->vcpu[i]);
	}
	mutex_unlock(&domain->lock);
	return ret;
}

/**
 * hv_domain_poke() - vCPUs have something to look at
 * @domain: the domain
 * @vcpus: which ones, a bit each
 *
 * Any context but NMI; none of its vCPUs goes meanwhile.
 */
void hv_domain_poke(struct hv_domain *domain, u64 vcpus)
{
	struct hv_vcpu *vcpu;
	unsigned int i;

	for (; vcpus; vcpus &= vcpus - 1) {
		i = __ffs64(vcpus);
		vcpu = i < HVMOD_VCPUS_MAX ? READ_ONCE(domain->vcpu[i]) : NULL;
		if (vcpu)
			hv_vcpu_poke(vcpu);
	}
}

/**
 * hv_domain_message() - deliver a message-signalled interrupt
 * @domain: the domain, from before it goes from ring -1
 * @address: as in struct hvmod_msi
 * @data: message data
 *
 * Any context but NMI.
 *
 * Return: how many vCPUs took it, or a negative errno.
 */
long hv_domain_message(struct hv_domain *domain, u64 address, u32 data)
{
	struct hv_result result;
	long ret;

	ret = hv_gate(GATE_MSI, domain->handle, address, data, 0, &result);
	trace_hvmod_inject(domain, address, data, ret < 0 ? ret : (long)result.rdx);
	if (ret < 0)
		return ret;
	atomic64_inc(&domain->msis);
	hv_domain_poke(domain, result.rcx);
	return result.rdx;
}

/**
 * hv_domain_msi() - HVMOD_MSI
 * @call: the call, on a domain
 *
 * Process context; takes no lock.
 *
 * Return: how many vCPUs took it, or a negative errno.
 */
long hv_domain_msi(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_msi *arg = &call->arg.msi;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	return hv_domain_message(domain, arg->address, arg->data);
}
