// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the netlink family tells: domains, vCPUs, statistics, the host. One
 * function writes a kind of record, for answers, dumps and events alike.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "netlink.h"

static int hv_put_domain_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, HVMOD_A_DOMAIN_PAD);
}

/**
 * hv_nl_put_identity() - what all messages about a domain have
 * @skb: where to
 * @info: the domain
 *
 * Return: 0 or -EMSGSIZE.
 */
int hv_nl_put_identity(struct sk_buff *skb, const struct hvmod_domain_info *info)
{
	return nla_put_u32(skb, HVMOD_A_DOMAIN_ID, info->id) ?:
	       nla_put_string(skb, HVMOD_A_DOMAIN_NAME, info->name) ?:
	       nla_put(skb, HVMOD_A_DOMAIN_UUID, sizeof(info->uuid),
		       info->uuid) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_REASON, info->reason) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_SEQ, info->seq);
}

/**
 * hv_nl_put_domain() - the record of a domain
 * @skb: where to
 * @what: struct hvmod_domain_info
 *
 * Return: 0 or -EMSGSIZE.
 */
int hv_nl_put_domain(struct sk_buff *skb, const void *what)
{
	const struct hvmod_domain_info *info = what;

	return hv_nl_put_identity(skb, info) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_STATE, info->state) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_OWNER_UID, info->owner_uid) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_OWNER_PID, info->owner_pid) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_CREATED_NS,
				 info->created_ns) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_VCPUS, info->vcpus) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_VCPUS_MAX, info->vcpus_max) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_MEM_MAX, info->mem_max) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_MEM_CURRENT,
				 info->mem_current) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_MEM_HELD, info->held) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_MEM_HELD_MAX,
				 info->held_max) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_CPU_CAP, info->cpu_cap) ?:
	       nla_put_u32(skb, HVMOD_A_DOMAIN_CPU_PERIOD_US,
			   info->cpu_period_us) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_CORE_PAGES,
				 info->core_pages) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_RUN_NS, info->run_ns) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_EXITS, info->exits) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_EXITS_DRIVER,
				 info->exits_driver) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_EXITS_VMM,
				 info->exits_vmm) ?:
	       hv_put_domain_u64(skb, HVMOD_A_DOMAIN_SEQ_NOW, hv_event_seq());
}

static int hv_look_domain(struct genl_info *info, struct hv_domain *domain,
			  void *record)
{
	if (domain)
		hv_domain_fill_info(domain, record);
	else
		hv_domain0_fill_info(record);
	return 0;
}

/**
 * hv_nl_domain_doit() - HVMOD_CMD_DOMAIN_GET of one
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or a negative errno.
 */
int hv_nl_domain_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct hvmod_domain_info record;
	int ret;

	ret = hv_nl_with_domain(info, HVMOD_A_DOMAIN_ID, HVMOD_A_DOMAIN_NAME,
				hv_look_domain, &record);
	return ret ?: hv_nl_reply(info, hv_nl_put_domain, &record);
}

static int hv_dump_domain(struct sk_buff *skb, struct netlink_callback *cb,
			  struct hv_dump *dump, struct hv_domain *domain)
{
	hv_look_domain(NULL, domain, dump->room);
	return hv_nl_dump_message(skb, cb, hv_nl_put_domain, dump->room);
}

/**
 * hv_nl_domain_dumpit() - HVMOD_CMD_DOMAIN_GET of all
 * @skb: where to
 * @cb: the dump
 *
 * Return: as a dumpit().
 */
int hv_nl_domain_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hv_nl_dump(skb, cb, sizeof(struct hvmod_domain_info), NULL,
			  hv_dump_domain);
}

/**
 * struct hv_vcpu_record - what hv_put_vcpu() writes
 * @domain: id
 * @index: number of the vCPU in its domain, or of the processor
 * @exits_driver: exits that the driver saw
 * @exits_vmm: exits that the VMM saw
 * @stats: all the rest
 */
struct hv_vcpu_record {
	u32 domain;
	u32 index;
	u64 exits_driver;
	u64 exits_vmm;
	struct hv_vcpu_stats stats;
};

static u64 hv_exits(const struct hv_vcpu_stats *stats)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < HV_EXIT_REASONS; i++)
		sum += stats->resumed[i] + stats->driver[i] + stats->vmm[i];
	return sum;
}

static int hv_put_vcpu_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, HVMOD_A_VCPU_PAD);
}

static int hv_put_vcpu(struct sk_buff *skb, const void *what)
{
	const struct hv_vcpu_record *record = what;
	const struct hv_vcpu_stats *stats = &record->stats;

	if (stats->cpu >= 0 && nla_put_u32(skb, HVMOD_A_VCPU_CPU, stats->cpu))
		return -EMSGSIZE;
	if (stats->tid && nla_put_u32(skb, HVMOD_A_VCPU_TID, stats->tid))
		return -EMSGSIZE;
	return nla_put_u32(skb, HVMOD_A_VCPU_DOMAIN, record->domain) ?:
	       nla_put_u32(skb, HVMOD_A_VCPU_INDEX, record->index) ?:
	       nla_put_u32(skb, HVMOD_A_VCPU_ACTIVITY, stats->state) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_RUN_NS, stats->run_ns) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_HALT_NS, stats->halt_ns) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_CAPPED_NS, stats->capped_ns) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_STEAL_NS, stats->steal_ns) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_EXITS, hv_exits(stats)) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_EXITS_DRIVER,
			       record->exits_driver) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_EXITS_VMM,
			       record->exits_vmm) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_INTERRUPTS,
			       stats->interrupts) ?:
	       hv_put_vcpu_u64(skb, HVMOD_A_VCPU_NMIS, stats->nmis);
}

/* With the domain's lock; NULL is Domain-0, whose vCPUs are processors. */
static int hv_take_vcpu(struct hv_domain *domain, unsigned int index,
			struct hv_vcpu_record *record)
{
	struct hv_vcpu *vcpu;

	memset(record, 0, sizeof(*record));
	record->index = index;
	if (!domain)
		return hv_cpu_stats(index, &record->stats);
	record->domain = domain->id;
	vcpu = index < HVMOD_VCPUS_MAX ? domain->vcpu[index] : NULL;
	if (!vcpu || domain->gone)
		return -ENOENT;
	record->exits_driver = READ_ONCE(vcpu->exits_driver);
	record->exits_vmm = READ_ONCE(vcpu->exits_vmm);
	return hv_vcpu_stats(vcpu, &record->stats);
}

static int hv_look_vcpu(struct genl_info *info, struct hv_domain *domain,
			void *record)
{
	struct nlattr *index = info->attrs[HVMOD_A_VCPU_INDEX];
	int ret;

	ret = hv_take_vcpu(domain, nla_get_u32(index), record);
	if (ret == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, index, "no such vCPU");
	return ret;
}

/**
 * hv_nl_vcpu_doit() - HVMOD_CMD_VCPU_GET of one
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or a negative errno.
 */
int hv_nl_vcpu_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct hv_vcpu_record *record;
	int ret;

	if (!info->attrs[HVMOD_A_VCPU_INDEX]) {
		GENL_SET_ERR_MSG(info, "the vCPU's index is needed");
		return -EINVAL;
	}
	record = kmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	ret = hv_nl_with_domain(info, HVMOD_A_VCPU_DOMAIN, 0, hv_look_vcpu,
				record);
	if (!ret)
		ret = hv_nl_reply(info, hv_put_vcpu, record);
	kfree(record);
	return ret;
}

static int hv_dump_vcpus(struct sk_buff *skb, struct netlink_callback *cb,
			 struct hv_dump *dump, struct hv_domain *domain)
{
	unsigned int count = domain ? HVMOD_VCPUS_MAX : nr_cpu_ids;

	for (; dump->index < count; dump->index++) {
		if (hv_take_vcpu(domain, dump->index, dump->room))
			continue;
		if (hv_nl_dump_message(skb, cb, hv_put_vcpu, dump->room))
			return -EMSGSIZE;
	}
	dump->index = 0;
	return 0;
}

/**
 * hv_nl_vcpu_dumpit() - HVMOD_CMD_VCPU_GET of all, or of one domain's
 * @skb: where to
 * @cb: the dump
 *
 * Return: as a dumpit().
 */
int hv_nl_vcpu_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hv_nl_dump(skb, cb, sizeof(struct hv_vcpu_record),
			  hv_dump_attrs(cb)[HVMOD_A_VCPU_DOMAIN],
			  hv_dump_vcpus);
}

/**
 * struct hv_stats_record - what hv_put_stats() writes
 * @domain: id
 * @name: name
 * @msis: message-signalled interrupts
 * @memory: bytes by kind, enum hvmod_memory
 * @sum: over all vCPUs
 * @one: room for one of them
 */
struct hv_stats_record {
	u32 domain;
	char name[HVMOD_NAME_MAX];
	u64 msis;
	u64 memory[HVMOD_MEMORY_DRIVER + 1];
	struct hv_vcpu_stats sum;
	struct hv_vcpu_stats one;
};

static int hv_put_stats_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, HVMOD_A_STATS_PAD);
}

static int hv_put_exit(struct sk_buff *skb, const struct hv_vcpu_stats *stats,
		       u32 reason)
{
	struct nlattr *nest = nla_nest_start(skb, HVMOD_A_STATS_EXIT);

	if (!nest || nla_put_u32(skb, HVMOD_A_EXIT_REASON, reason) ||
	    nla_put_u64_64bit(skb, HVMOD_A_EXIT_RESUMED,
			      stats->resumed[reason], HVMOD_A_EXIT_PAD) ||
	    nla_put_u64_64bit(skb, HVMOD_A_EXIT_DRIVER, stats->driver[reason],
			      HVMOD_A_EXIT_PAD) ||
	    nla_put_u64_64bit(skb, HVMOD_A_EXIT_VMM, stats->vmm[reason],
			      HVMOD_A_EXIT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int hv_put_memory(struct sk_buff *skb, u32 kind, u64 bytes)
{
	struct nlattr *nest = nla_nest_start(skb, HVMOD_A_STATS_MEMORY);

	if (!nest || nla_put_u32(skb, HVMOD_A_MEMORY_KIND, kind) ||
	    nla_put_u64_64bit(skb, HVMOD_A_MEMORY_BYTES, bytes,
			      HVMOD_A_MEMORY_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int hv_put_stats(struct sk_buff *skb, const void *what)
{
	const struct hv_stats_record *record = what;
	const struct hv_vcpu_stats *sum = &record->sum;
	u32 i;

	if (nla_put_u32(skb, HVMOD_A_STATS_DOMAIN, record->domain) ||
	    nla_put_string(skb, HVMOD_A_STATS_NAME, record->name) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_RUN_NS, sum->run_ns) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_HALT_NS, sum->halt_ns) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_CAPPED_NS, sum->capped_ns) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_STEAL_NS, sum->steal_ns) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_INTERRUPTS, sum->interrupts) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_NMIS, sum->nmis) ||
	    hv_put_stats_u64(skb, HVMOD_A_STATS_MSIS, record->msis))
		return -EMSGSIZE;
	for (i = 0; i < HV_EXIT_REASONS; i++)
		if ((sum->resumed[i] | sum->driver[i] | sum->vmm[i]) &&
		    hv_put_exit(skb, sum, i))
			return -EMSGSIZE;
	for (i = HVMOD_MEMORY_GUEST; i <= HVMOD_MEMORY_DRIVER; i++)
		if (hv_put_memory(skb, i, record->memory[i]))
			return -EMSGSIZE;
	return 0;
}

static void hv_add_stats(struct hv_vcpu_stats *sum,
			 const struct hv_vcpu_stats *one)
{
	unsigned int i;

	sum->run_ns += one->run_ns;
	sum->halt_ns += one->halt_ns;
	sum->capped_ns += one->capped_ns;
	sum->steal_ns += one->steal_ns;
	sum->interrupts += one->interrupts;
	sum->nmis += one->nmis;
	for (i = 0; i < HV_EXIT_REASONS; i++) {
		sum->resumed[i] += one->resumed[i];
		sum->driver[i] += one->driver[i];
		sum->vmm[i] += one->vmm[i];
	}
}

/* With the domain's lock; NULL is Domain-0. */
static int hv_look_stats(struct genl_info *info, struct hv_domain *domain,
			 void *what)
{
	unsigned int i, count = domain ? HVMOD_VCPUS_MAX : nr_cpu_ids;
	struct hv_stats_record *record = what;
	int ret;

	memset(record, 0, sizeof(*record));
	if (domain) {
		record->domain = domain->id;
		memcpy(record->name, domain->name, sizeof(record->name));
		record->msis = atomic64_read(&domain->msis);
		hv_domain_memory(domain, record->memory);
	} else {
		strscpy(record->name, HV_DOMAIN0, sizeof(record->name));
		record->memory[HVMOD_MEMORY_GUEST] =
			(u64)totalram_pages() << PAGE_SHIFT;
	}
	for (i = 0; i < count; i++) {
		if (!domain)
			ret = hv_cpu_stats(i, &record->one);
		else if (domain->vcpu[i] && !domain->gone)
			ret = hv_vcpu_stats(domain->vcpu[i], &record->one);
		else
			continue;
		if (ret == -ENOMEM)
			return ret;
		if (!ret)
			hv_add_stats(&record->sum, &record->one);
	}
	return 0;
}

/**
 * hv_nl_stats_doit() - HVMOD_CMD_STATS_GET of one domain
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or a negative errno.
 */
int hv_nl_stats_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct hv_stats_record *record = kmalloc(sizeof(*record), GFP_KERNEL);
	int ret;

	if (!record)
		return -ENOMEM;
	ret = hv_nl_with_domain(info, HVMOD_A_STATS_DOMAIN, 0, hv_look_stats,
				record);
	if (!ret)
		ret = hv_nl_reply(info, hv_put_stats, record);
	kfree(record);
	return ret;
}

static int hv_dump_stats(struct sk_buff *skb, struct netlink_callback *cb,
			 struct hv_dump *dump, struct hv_domain *domain)
{
	int ret = hv_look_stats(NULL, domain, dump->room);

	return ret ?: hv_nl_dump_message(skb, cb, hv_put_stats, dump->room);
}

/**
 * hv_nl_stats_dumpit() - HVMOD_CMD_STATS_GET of all domains
 * @skb: where to
 * @cb: the dump
 *
 * Return: as a dumpit().
 */
int hv_nl_stats_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return hv_nl_dump(skb, cb, sizeof(struct hv_stats_record), NULL,
			  hv_dump_stats);
}

static int hv_put_host_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, HVMOD_A_HOST_PAD);
}

/**
 * struct hv_host_record - what hv_put_host() writes
 * @caps: what there is
 * @sums: what domains have of it
 */
struct hv_host_record {
	struct hvmod_caps caps;
	struct hv_sums sums;
};

static int hv_put_host(struct sk_buff *skb, const void *what)
{
	const struct hv_host_record *record = what;
	const struct hvmod_caps *caps = &record->caps;

	return nla_put_u32(skb, HVMOD_A_HOST_ABI_VERSION, caps->abi_version) ?:
	       nla_put_string(skb, HVMOD_A_HOST_MODULE_VERSION,
			      caps->module_version) ?:
	       hv_put_host_u64(skb, HVMOD_A_HOST_FEATURES, caps->features) ?:
	       nla_put_u32(skb, HVMOD_A_HOST_TSC_KHZ, caps->tsc_khz) ?:
	       nla_put_u32(skb, HVMOD_A_HOST_CPUS, num_online_cpus()) ?:
	       nla_put_u32(skb, HVMOD_A_HOST_DOMAINS,
			   record->sums.domains) ?:
	       nla_put_u32(skb, HVMOD_A_HOST_DOMAINS_MAX, caps->domains_max) ?:
	       nla_put_u32(skb, HVMOD_A_HOST_VCPUS_MAX, caps->vcpus_max) ?:
	       nla_put_u32(skb, HVMOD_A_HOST_GPA_BITS, caps->gpa_bits) ?:
	       hv_put_host_u64(skb, HVMOD_A_HOST_MEM_TOTAL,
			       (u64)totalram_pages() << PAGE_SHIFT) ?:
	       hv_put_host_u64(skb, HVMOD_A_HOST_MEM_PROMISED,
			       record->sums.memory) ?:
	       hv_put_host_u64(skb, HVMOD_A_HOST_CORE_PAGES,
			       caps->core_pages) ?:
	       hv_put_host_u64(skb, HVMOD_A_HOST_CORE_FREE_PAGES,
			       caps->core_free_pages) ?:
	       hv_put_host_u64(skb, HVMOD_A_HOST_SEQ_NOW, hv_event_seq());
}

/**
 * hv_nl_host_doit() - HVMOD_CMD_HOST_GET
 * @skb: the request
 * @info: the request
 *
 * Return: 0 or a negative errno.
 */
int hv_nl_host_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct hv_host_record record;

	hv_host_fill_caps(&record.caps);
	mutex_lock(&hv_domains_lock);
	hv_domains_sum(NULL, NULL, &record.sums);
	mutex_unlock(&hv_domains_lock);
	return hv_nl_reply(info, hv_put_host, &record);
}
