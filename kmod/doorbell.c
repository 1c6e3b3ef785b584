// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_DOORBELL: an OUT of the guest that signals an eventfd, and the guest
 * goes on.
 *
 * domain->doorbells has, by port, the first of a chain. vCPUs walk it under
 * RCU.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "hvmod.h"

#define HV_DOORBELL_FLAGS	(HVMOD_DOORBELL_DEASSIGN | \
				 HVMOD_DOORBELL_PORT | HVMOD_DOORBELL_MATCH)

/**
 * struct hv_doorbell - what rings it, and where
 * @next: the next one of this port
 * @eventfd: a reference
 * @port: port number
 * @bytes: width of the store, 0 for any
 * @any: whatever the value
 * @match: the value otherwise
 */
struct hv_doorbell {
	struct hv_doorbell __rcu *next;
	struct eventfd_ctx *eventfd;
	u16 port;
	u8 bytes;
	bool any;
	u32 match;
};

/* What a doorbell is charged: itself, and its part of the nodes for ports. */
#define HV_DOORBELL_BYTES	(sizeof(struct hv_doorbell) + sizeof(struct xa_node))

/**
 * hv_doorbell_ring() - does the exit in the run page ring a doorbell?
 * @vcpu: the vCPU, with HV_RUN_VMM
 *
 * If so, it has been rung. Process context. What the VMM may have changed in
 * the page rings another of its own doorbells at worst.
 *
 * Return: true if the guest goes on.
 */
bool hv_doorbell_ring(struct hv_vcpu *vcpu)
{
	struct hvmod_run *run = vcpu->run;
	u32 bytes = READ_ONCE(run->io.size);
	u64 data = READ_ONCE(run->io.data);
	struct hv_doorbell *doorbell;

	if (READ_ONCE(run->exit) != HVMOD_EXIT_IO || READ_ONCE(run->io.in))
		return false;
	rcu_read_lock();
	doorbell = xa_load(&vcpu->domain->doorbells, READ_ONCE(run->io.port));
	for (; doorbell; doorbell = rcu_dereference(doorbell->next)) {
		if (doorbell->bytes && doorbell->bytes != bytes)
			continue;
		if (doorbell->any || doorbell->match == data)
			break;
	}
	if (doorbell)
		eventfd_signal(doorbell->eventfd);
	rcu_read_unlock();
	return doorbell;
}

static bool hv_doorbell_valid(const struct hvmod_doorbell *arg)
{
	if (arg->flags & ~HV_DOORBELL_FLAGS || arg->address > U16_MAX)
		return false;
	if (!(arg->flags & HVMOD_DOORBELL_MATCH))
		return !arg->match && (arg->bytes <= 2 || arg->bytes == 4);
	switch (arg->bytes) {
	case 1:
		return arg->match <= U8_MAX;
	case 2:
		return arg->match <= U16_MAX;
	case 0:
	case 4:
		return arg->match <= U32_MAX;
	default:
		return false;
	}
}

static bool hv_doorbell_same(const struct hv_doorbell *a,
			     const struct hv_doorbell *b)
{
	return a->eventfd == b->eventfd && a->bytes == b->bytes &&
	       a->any == b->any && a->match == b->match;
}

/* Is there a store that both take? */
static bool hv_doorbell_overlap(const struct hv_doorbell *a,
				const struct hv_doorbell *b)
{
	return (!a->bytes || !b->bytes || a->bytes == b->bytes) &&
	       (a->any || b->any || a->match == b->match);
}

/* The next two hold domain->eventfd_lock, so that chains stand still. */
static struct hv_doorbell *hv_doorbell_next(struct hv_domain *domain,
					    struct hv_doorbell *doorbell)
{
	return rcu_dereference_protected(doorbell->next,
					 lockdep_is_held(&domain->eventfd_lock));
}

static int hv_doorbell_add(struct hv_domain *domain, struct hv_doorbell *new)
{
	struct hv_doorbell *first, *other;
	int ret;

	first = xa_load(&domain->doorbells, new->port);
	for (other = first; other; other = hv_doorbell_next(domain, other))
		if (hv_doorbell_overlap(new, other))
			return -EEXIST;
	if (domain->doorbell_count >= HVMOD_DOORBELLS_MAX)
		return -ENOSPC;
	ret = hv_charge(domain, HVMOD_MEMORY_DRIVER, HV_DOORBELL_BYTES);
	if (ret)
		return ret;
	RCU_INIT_POINTER(new->next, first);
	ret = xa_err(xa_store(&domain->doorbells, new->port, new,
			      GFP_KERNEL_ACCOUNT));
	if (!ret)
		domain->doorbell_count++;
	else
		hv_uncharge(domain, HVMOD_MEMORY_DRIVER, HV_DOORBELL_BYTES);
	return ret;
}

/* Take the one that is like @like out of its chain. */
static struct hv_doorbell *hv_doorbell_remove(struct hv_domain *domain,
					      const struct hv_doorbell *like)
{
	struct hv_doorbell *doorbell, *next, *before = NULL;

	doorbell = xa_load(&domain->doorbells, like->port);
	while (doorbell && !hv_doorbell_same(doorbell, like)) {
		before = doorbell;
		doorbell = hv_doorbell_next(domain, doorbell);
	}
	if (!doorbell)
		return NULL;
	next = hv_doorbell_next(domain, doorbell);
	if (before)
		rcu_assign_pointer(before->next, next);
	else if (next)
		/* In the place of another: this takes no memory. */
		xa_store(&domain->doorbells, like->port, next, 0);
	else
		xa_erase(&domain->doorbells, like->port);
	domain->doorbell_count--;
	hv_uncharge(domain, HVMOD_MEMORY_DRIVER, HV_DOORBELL_BYTES);
	return doorbell;
}

static void hv_doorbell_free(struct hv_doorbell *doorbell)
{
	eventfd_ctx_put(doorbell->eventfd);
	kfree(doorbell);
}

static struct hv_doorbell *hv_doorbell_alloc(const struct hvmod_doorbell *arg)
{
	struct hv_doorbell *doorbell;

	doorbell = kzalloc(sizeof(*doorbell), GFP_KERNEL_ACCOUNT);
	if (!doorbell)
		return ERR_PTR(-ENOMEM);
	doorbell->eventfd = eventfd_ctx_fdget(arg->fd);
	if (IS_ERR(doorbell->eventfd)) {
		kfree(doorbell);
		return ERR_PTR(-EBADF);
	}
	doorbell->port = arg->address;
	doorbell->bytes = arg->bytes;
	doorbell->any = !(arg->flags & HVMOD_DOORBELL_MATCH);
	doorbell->match = arg->match;
	return doorbell;
}

/**
 * hv_doorbell_ioctl() - HVMOD_DOORBELL
 * @call: the call, on a domain
 *
 * Process context; takes the domain's eventfd lock. DEASSIGN waits for vCPUs
 * that ring just now.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_doorbell_ioctl(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_doorbell *arg = &call->arg.doorbell;
	struct hv_doorbell *doorbell, *removed = NULL;
	bool deassign = arg->flags & HVMOD_DOORBELL_DEASSIGN;
	int ret;

	if (!(arg->flags & HVMOD_DOORBELL_PORT))
		return arg->flags & ~HV_DOORBELL_FLAGS ? -EINVAL : -EOPNOTSUPP;
	if (!hv_doorbell_valid(arg))
		return -EINVAL;
	doorbell = hv_doorbell_alloc(arg);
	if (IS_ERR(doorbell))
		return PTR_ERR(doorbell);

	mutex_lock(&domain->eventfd_lock);
	if (deassign) {
		removed = hv_doorbell_remove(domain, doorbell);
		ret = removed ? 0 : -ENOENT;
	} else {
		ret = hv_doorbell_add(domain, doorbell);
	}
	mutex_unlock(&domain->eventfd_lock);

	if (removed) {
		synchronize_rcu();
		hv_doorbell_free(removed);
	}
	if (deassign || ret)
		hv_doorbell_free(doorbell);
	return ret;
}

/**
 * hv_doorbell_free_all() - undo every HVMOD_DOORBELL of a domain
 * @domain: a domain without users
 *
 * Process context. No vCPU runs any more, so nobody walks a chain.
 */
void hv_doorbell_free_all(struct hv_domain *domain)
{
	struct hv_doorbell *doorbell, *next;
	unsigned long port;

	xa_for_each(&domain->doorbells, port, doorbell) {
		for (; doorbell; doorbell = next) {
			next = rcu_dereference_protected(doorbell->next, true);
			hv_doorbell_free(doorbell);
		}
	}
	xa_destroy(&domain->doorbells);
}
