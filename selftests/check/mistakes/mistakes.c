// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes of the kinds that kmod/ must not have. selftests/check/sparse wants a message at each line
 * that says so: an error in a kernel's headers would keep sparse silent about all that follows.
 * Linux 7.0 has left the balance of locks to Clang's analysis of contexts.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "../../../kmod/hvmod.h"
#include "../../../kmod/netlink.h"

MODULE_DESCRIPTION("mistakes for sparse");
MODULE_LICENSE("GPL");

void hv_mistakes(struct hv_domain *domain, void __user *user, void __iomem *io, u32 __rcu *number);

static u64 hv_of_user(void __user *user)
{
	return *(u64 *)user;		/* sparse: removes address space '__user' */
}

static u32 hv_of_device(void __iomem *io)
{
	u32 *p = io;			/* sparse: different address spaces */

	return *p;
}

static u32 hv_of_rcu(u32 __rcu *number)
{
	return *number;			/* sparse: dereference of noderef expression */
}

static u32 hv_endian(__be32 value)
{
	return value;			/* sparse: different base types */
}

static void hv_unbalanced(struct hv_domain *domain)	/* sparse before 7.0: context imbalance */
{
	spin_lock(&domain->quota.lock);
}

int hv_static;				/* sparse: was not declared. Should it be static? */

void hv_mistakes(struct hv_domain *domain, void __user *user, void __iomem *io, u32 __rcu *number)
{
	hv_unbalanced(domain);
	domain->id = hv_of_user(user) + hv_of_device(io) + hv_of_rcu(number) + hv_endian(0);
}
