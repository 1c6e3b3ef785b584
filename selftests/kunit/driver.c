// SPDX-License-Identifier: GPL-2.0-only
/* The world around the driver's files under test. */
#include "driver.h"
#include "../../kmod/netlink.h"

struct driver driver;
DEFINE_MUTEX(hv_domains_lock);

void driver_init(void)
{
	memset(&driver, 0, sizeof(driver));
	driver.ram_pages = (1UL << 30) / PAGE_SIZE;
}

struct hv_domain *driver_domain(struct kunit *test, u64 mem_max, u32 vcpus)
{
	struct hv_domain *domain = kunit_kzalloc(test, sizeof(*domain), GFP_KERNEL);
	struct mm_struct *mm = kunit_kzalloc(test, sizeof(*mm), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, domain);
	KUNIT_ASSERT_NOT_NULL(test, mm);
	domain->id = 7;
	domain->handle = 0x700;
	domain->mm = mm;
	domain->mem_max = mem_max;
	domain->vcpus_max = vcpus;
	mutex_init(&domain->lock);
	mutex_init(&domain->memory_lock);
	mutex_init(&domain->eventfd_lock);
	xa_init(&domain->doorbells);
	hv_quota_init(domain);
	driver.domain = domain;
	return domain;
}

long driver_gate(enum hv_gate op, u64 a, u64 b, u64 c, u64 d, struct hv_result *result)
{
	unsigned int i = driver.calls++ % DRIVER_CALLS;

	driver.call[i].op = op;
	driver.call[i].a = a;
	driver.call[i].b = b;
	driver.call[i].c = c;
	driver.call[i].d = d;
	if (result) {
		result->rdx = driver.rdx;
		result->rcx = driver.rcx;
	}
	if (driver.fails && driver.fail_op == op) {
		driver.fails--;
		return driver.fail;
	}
	return 0;
}

unsigned int driver_called(u32 op)
{
	unsigned int i, count = 0;

	for (i = 0; i < driver.calls && i < DRIVER_CALLS; i++)
		count += driver.call[i].op == op;
	return count;
}

/* What the files under test call in others. */
void hv_cap_set(struct hv_domain *domain, u32 percent, u32 period_us)
{
	domain->cap.percent = percent;
	domain->cap.period_us = period_us;
}

void hv_domain_poke(struct hv_domain *domain, u64 vcpus)
{
	driver.poked |= vcpus;
}

long hv_domain_message(struct hv_domain *domain, u64 address, u32 data)
{
	driver.messages++;
	driver.rdx = address;
	driver.rcx = data;
	if (!driver.no_core)
		return 1;
	driver.no_core--;
	return -EIO;
}

void hv_event_domain(struct hv_domain *domain, u8 cmd)
{
	driver.events++;
}

u64 hv_event_seq(void)
{
	return driver.events;
}

struct hv_domain *hv_domains_by_id(u32 id)
{
	return driver.domain && driver.domain->id == id ? driver.domain : NULL;
}

void hv_domains_sum(const struct hv_domain *but, const kuid_t *uid, struct hv_sums *sums)
{
	*sums = driver.all;
}

/* Netlink's ways, which the records that they carry do not depend on. */
int hv_nl_reply(struct genl_info *info, hv_nl_put put, const void *what)
{
	return -EIO;
}

int hv_nl_dump_message(struct sk_buff *skb, struct netlink_callback *cb, hv_nl_put put,
		       const void *what)
{
	return -EIO;
}

int hv_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, size_t room, struct nlattr *only,
	       int (*one)(struct sk_buff *skb, struct netlink_callback *cb, struct hv_dump *dump,
			  struct hv_domain *domain))
{
	return -EIO;
}

int hv_nl_with_domain(struct genl_info *info, int id, int name,
		      int (*look)(struct genl_info *info, struct hv_domain *domain, void *record),
		      void *record)
{
	return -EIO;
}

void hv_domain_fill_info(struct hv_domain *domain, struct hvmod_domain_info *info)
{
}

void hv_domain0_fill_info(struct hvmod_domain_info *info)
{
}

void hv_host_fill_caps(struct hvmod_caps *caps)
{
}

int hv_vcpu_stats(struct hv_vcpu *vcpu, struct hv_vcpu_stats *stats)
{
	return -EIO;
}

int hv_cpu_stats(unsigned int cpu, struct hv_vcpu_stats *stats)
{
	return -EIO;
}

void hv_domain_put(struct hv_domain *domain)
{
}

long hv_vcpu_run(struct hv_vcpu *vcpu)
{
	return -EIO;
}

int hv_vcpu_mmap(struct hv_vcpu *vcpu, struct vm_area_struct *vma)
{
	return -EIO;
}

void hv_vcpu_kick(struct hv_vcpu *vcpu)
{
}

/* Handlers of ioctls that no suite is about take what they are given. files.mk has the list from chardev.c. */
#define H(name)							\
	long name(struct hv_call *call);			\
	__weak long name(struct hv_call *call)			\
	{							\
		return 0;					\
	}

DRIVER_HANDLERS

/* This one tells what it was given. */
long hv_get_caps(struct hv_call *call)
{
	driver.rdx = call->arg.size;
	call->arg.caps.abi_version = HVMOD_ABI_VERSION;
	call->arg.caps.tsc_khz = 1234;
	return 0;
}
